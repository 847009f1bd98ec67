//! # Target's certificate is not valid
//!
//! ## What happens
//!
//! The gateway opens TLS to the target and checks the certificate it is shown. The certificate
//! has expired, is not valid yet, is self-signed, or the chain up to an authority the gateway
//! trusts is incomplete. The gateway breaks off within a round trip. Every new connection fails
//! from the second in which the certificate ended or was replaced; connections that are open
//! already go on working, which hides the fault for a while.
//!
//! ## How it shows
//!
//! - nginx with `proxy_ssl_verify on`: `upstream SSL certificate verify error: (10:certificate has
//!   expired)`, `(18:self-signed certificate)`, `(20:unable to get local issuer certificate)`,
//!   `(21:unable to verify the first certificate)`; `502`.
//! - Apache httpd with `SSLProxyVerify require`: `AH02039: Certificate Verification: Error (10):
//!   certificate has expired`, then `AH00898: Error during SSL Handshake`; `500`.
//! - Envoy: `UF`, `503`, `TLS_error: … CERTIFICATE_VERIFY_FAILED: … certificate has expired`;
//!   versions before 1.27 give no reason after `CERTIFICATE_VERIFY_FAILED`.
//! - HAProxy with `verify required`: `SC`, `503`, as for a refused connection, after the retries;
//!   only a health check (`L6RSP`, `SSL handshake failure`) tells that it was TLS.
//! - Google Cloud Load Balancing: `ssl_certificate_chain_verification_failed`,
//!   `server_cert_exceeded_size_limit`. CloudFront: `502`.
//! - Node.js as the caller: `CERT_HAS_EXPIRED`, `DEPTH_ZERO_SELF_SIGNED_CERT`,
//!   `UNABLE_TO_VERIFY_LEAF_SIGNATURE` (the intermediate is missing).
//!
//! ## What it is mistaken for
//!
//! - `sni-host-mismatch`: the certificate is valid, but for other names. The record then speaks of
//!   names (`does not match`, `verify SAN list`).
//! - `upstream-tls-negotiation`: the handshake fails before any certificate is judged.
//! - A wrong clock on the gateway: the certificate is valid everywhere else at that moment.
//! - `origin-blocks-edge`: CloudFront reports a connection that was not let in and a certificate it
//!   does not accept as the same `OriginConnectError`. A handshake from elsewhere tells.
//!
//! ## Before it happens
//!
//! - `notAfter` less than a renewal period away, or renewed on disk and not reloaded by the server.
//! - Only the leaf in `ssl_certificate`: browsers fetch the intermediate themselves, proxies do
//!   not.
//! - A private authority that is not in `proxy_ssl_trusted_certificate`, `ca-file` or
//!   `NODE_EXTRA_CA_CERTS`; nginx `proxy_ssl_verify_depth` 1 with two intermediates.
//! - `why502 check` reads certificates that are among the files and finds those that have ended
//!   or end within two weeks.
//!
//! ## Reproduce it
//!
//! `why502 drill upstream-cert-invalid`: nginx verifies a TLS server whose certificate ended
//! yesterday; every request is a `502` within milliseconds. With one that is good for 90 days none
//! is.
//!
//! ## Remedy
//!
//! 1. Read what the target presents, with its dates and its chain: `openssl s_client -connect
//!    TARGET:443 -servername NAME -showcerts`. It names the certificate at fault.
//! 2. Renew it, install the full chain, and reload the server. The first new connection succeeds.
//! 3. Where the authority is private, give its root to the gateway. The verify error ends.
//! 4. Watch the days that are left, from the gateway's place. The alarm comes before users do.
//!
//! ## Sources
//!
//! - RFC 5280 section 6.1 (path validation); OpenSSL `X509_STORE_CTX_get_error` (numbers 10, 18,
//!   20, 21).
//! - nginx `proxy_ssl_verify`: <https://nginx.org/en/docs/http/ngx_http_proxy_module.html>;
//!   Apache `SSLProxyVerify`; Envoy `CertificateValidationContext`; Google Cloud load balancer
//!   logging.
//! - The records of nginx 1.22, Apache 2.4, HAProxy 2.6, Envoy 1.40 and Node.js 20 were observed.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Arrivals, Ask, Cause, Certificate, Claim, Direction, Drill, Expect, Host, Knob, Load,
    Mechanism as M, Part, Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Side,
    Signal as S, Test, Text,
};

use crate::rules::certificates;
use crate::{sentences, visibility};

/// Target's certificate is not valid: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "upstream-cert-invalid",
    title: Text::new("Target's certificate is not valid", "ターゲットの証明書が無効"),
    explanation: Text::new(
        "The certificate the target presented has expired, is self-signed or has no complete chain \
        to an authority the gateway trusts.",
        "ターゲットが提示した証明書が期限切れか自己署名、または信頼できる認証局までのチェーンが\
        不完全です。",
    ),
    place: Place::Tls,
    statuses: &[500, 502, 503, 525, 526],
    leads_to: &["passive-ejection-cascade", "no-healthy-targets", "backend-own-5xx"],
    source: include_str!("upstream_cert_invalid.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::TlsCertificateInvalid]).states(),
            Claim::of(&[M::TlsCertificateUnverified]),
            // Some gateways do not tell a failed handshake from a failed connection.
            Claim::of(&[M::ConnectFailed]).sides(&[Side::Upstream]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::HandshakeShare,
            AtLeast(0.5),
            Text::new(
                "{value} of these requests ended when the target's certificate was verified.",
                "これらのリクエストの {value} が、ターゲットの証明書の検証で終了しました。",
            ),
        )
        .otherwise(Text::new(
            "The records do not tell of a handshake, and no certificate is known to have run out \
            just before.",
            "ハンドシェイクの失敗を示す記録はなく、直前に期限が切れた証明書も知られていません。",
        ))
        .or(&Test::new(
            S::CertificateLead,
            AtMost(600.0),
            Text::new(
                "The first failure came {value} after a certificate had run out.",
                "最初の失敗は、証明書の期限が切れてから {value} 後でした。",
            ),
        )
        .independent())],
        supports: &[
            Test::new(
                S::CertificateLead,
                AtMost(600.0),
                Text::new(
                    "The first failure came {value} after a certificate had run out.",
                    "最初の失敗は、証明書の期限が切れてから {value} 後でした。",
                ),
            )
            .independent(),
            Test::new(
                S::CertificateProblems,
                AtLeast(1.0),
                Text::new(
                    "Other records tell {value} times of a certificate that had run out or could not \
                    be renewed.",
                    "期限切れ、または更新できない証明書の記録が {value} 件あります。",
                ),
            )
            .independent(),
            Test::new(
                S::TargetSuccessShare,
                AtMost(0.0),
                Text::new(
                    "None of the requests to the same targets succeeded in the window.",
                    "この期間、同じターゲットへのリクエストは 1 件も成功していません。",
                ),
            ),
            Test::new(
                S::HealthDowns,
                AtLeast(1.0),
                sentences::TARGETS_DOWN,
            )
            .independent(),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "origin-blocks-edge",
                separates: Text::new(
                "Whether a TLS handshake with the origin succeeds from elsewhere (curl -v \
                https://ORIGIN/).",
                "別の場所からオリジンとの TLS ハンドシェイクが成功するかどうかです(curl -v \
                https://ORIGIN/)。",
                ),
            },
            Rival {
            slug: "sni-host-mismatch",
            separates: Text::new(
                "Whether the certificate fails for its names, or for its dates or its chain \
                (openssl s_client -servername NAME -showcerts).",
                "証明書の問題が名前か、期限やチェーンかです(\
                openssl s_client -servername NAME -showcerts)。",
            ),
        },
        ],
        visible: &[
            visibility::CERTIFICATE_END,
            visibility::CERTIFICATES,
            visibility::SUCCESSES,
            visibility::HEALTH,
        ],
    },
    predicts: Predicts::By(&[Rule::Look(certificates::expiry_behind)]),
    drill: Drill::Runs(&[NGINX]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Read the dates and the chain that the target presents.",
                "ターゲットが提示する証明書の期限とチェーンを調べます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "openssl s_client -connect TARGET:443 -servername NAME -showcerts </dev/null \
            | openssl x509 -noout -subject -issuer -dates",
            verify: Text::new(
                "It shows the certificate whose date or issuer is wrong.",
                "期限または発行者に問題のある証明書がわかります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "On the target, install the renewed certificate with its whole chain and reload.",
                "ターゲットに、更新した証明書をチェーン全体とともに設置し、再読み込みします。",
            ),
            setting: "ssl_certificate",
            direction: Direction::Set,
            snippet: "ssl_certificate /etc/ssl/fullchain.pem; # leaf first, then the \
            intermediates\nssl_certificate_key /etc/ssl/key.pem;",
            verify: Text::new(
                "The gateway's log shows no further verify error.",
                "ゲートウェイのログに検証エラーが新たに出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "On the gateway, trust the private authority that issued it.",
                "ゲートウェイで、発行した私設認証局を信頼します。",
            ),
            setting: "proxy_ssl_trusted_certificate",
            direction: Direction::Set,
            snippet: "proxy_ssl_verify on;\nproxy_ssl_verify_depth 2;\n\
            proxy_ssl_trusted_certificate /etc/ssl/private-ca.pem;",
            verify: Text::new(
                "Errors 18, 19, 20 and 21 stop.",
                "エラー 18、19、20、21 が出なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Give the cluster the authority it has to trust.",
                "クラスターに信頼すべき認証局を指定します。",
            ),
            setting: "validation_context.trusted_ca",
            direction: Direction::Set,
            snippet: "common_tls_context:\n  validation_context:\n    trusted_ca: { filename: \
            /etc/ssl/private-ca.pem }",
            verify: Text::new(
                "No UF with CERTIFICATE_VERIFY_FAILED.",
                "CERTIFICATE_VERIFY_FAILED を伴う UF が出なければ解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const TLS_SERVER: &str = r#"server {
  listen 8443 ssl;
  ssl_certificate {{dir}}/cert.pem;
  ssl_certificate_key {{dir}}/key.pem;
  location / { return 200 "ok\n"; }
}"#;

const VERIFYING_EDGE: &str = "server {
  listen 8080;
  location / {
    proxy_pass https://api:8443;
    proxy_ssl_server_name on;
    proxy_ssl_name api;
    proxy_ssl_verify on;
    proxy_ssl_trusted_certificate {{dir}}/ca.pem;
  }
}";

const NGINX: Scenario = Scenario {
    name: "nginx",
    happens: Text::new(
        "nginx verifies a TLS server whose certificate ended yesterday.",
        "nginx が、前日に期限の切れた証明書を持つ TLS サーバーを検証します。",
    ),
    cure: Text::new(
        "The certificate is renewed for 90 days.",
        "証明書を 90 日有効なものに更新します。",
    ),
    hosts: &[
        Host::new(
            "api",
            &[Part::new(Server::Nginx, "tls", 8443, TLS_SERVER)
                .certificate(Certificate::names("api").days("{{days}}"))],
        ),
        Host::new(
            "edge",
            &[Part::new(Server::Nginx, "nginx", 8080, VERIFYING_EDGE)
                .certificate(Certificate::names("edge"))],
        ),
    ],
    router: None,
    knobs: &[Knob { name: "days", fault: "-1", remedy: "90" }],
    steps: &[],
    load: Load {
        target: "edge:8080",
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Constant { rate: "10" },
        lasts: "5000",
        patience: "5000",
        requests: &[Ask::new("GET", "/api/items"), Ask::new("POST", "/api/orders").body("64")],
    },
    expect: Expect::failing(1.0, &[502]),
    everyday: true,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_verification_fails_for_every_request() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 60.0),
                    (S::HandshakeShare, 1.0),
                    (S::StatedShare, 1.0),
                    (S::TargetSuccessShare, 0.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::TargetSuccessShare],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn a_failed_connection_is_its_own_only_after_a_certificate_ran_out() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 60.0), (S::HandshakeShare, 0.0), (S::CertificateLead, 4.0)]
            ),
            Judgement::Holds {
                supports: vec![S::CertificateLead],
                independent: true,
                proved: false
            }
        );
        let seen =
            [(S::Failures, 60.0), (S::HandshakeShare, 0.0), (S::CertificateLead, f64::INFINITY)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::NotThis(S::HandshakeShare));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 60.0), (S::HandshakeShare, 0.0)]),
            Judgement::CannotTell(vec![S::CertificateLead])
        );
    }

    #[test]
    fn a_named_reason_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsCertificateInvalid, 502)), Some(true));
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsCertificateInvalid, 0).outward()), Some(true));
    }

    #[test]
    fn verification_that_failed_for_no_named_reason_states_nothing() {
        let seen = Seen::of(M::TlsCertificateUnverified, 503);
        assert_eq!(claims(&CAUSE, seen), Some(false));
        assert_eq!(claims(&crate::causes::sni_host_mismatch::CAUSE, seen), Some(false));
    }

    #[test]
    fn other_names_are_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsNameMismatch, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsHandshakeFailed, 502)), None);
    }
}
