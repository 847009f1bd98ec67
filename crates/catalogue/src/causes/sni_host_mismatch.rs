//! # Server name does not match the certificate
//!
//! ## What happens
//!
//! The gateway opens TLS to the target and announces a server name (SNI), or none. The target
//! picks its certificate by that name. If it does not know the name it sends an alert or a
//! default certificate, and if the gateway verifies names and they differ from the one it used,
//! it breaks off. The handshake fails for every request, within a round trip, from the moment
//! the name, the certificate or the origin was changed.
//!
//! ## How it shows
//!
//! - nginx: `upstream SSL certificate does not match "NAME" while SSL handshaking to upstream`;
//!   `SSL_do_handshake() failed (… tlsv1 unrecognized name … SSL alert number 112)`; often
//!   `sslv3 alert handshake failure … SSL alert number 40` when no name was sent. `502`.
//! - CloudFront: `502`, `OriginConnectError`, when the certificate covers neither the origin's
//!   domain nor the forwarded Host.
//! - Google Cloud Load Balancing: `ssl_certificate_san_verification_failed`.
//! - Envoy: `UF`, `503`, `TLS error: … CERTIFICATE_VERIFY_FAILED` with `verify SAN list`.
//! - Apache httpd: `500`, `AH00898: Error during SSL Handshake with remote server`; with
//!   `LogLevel ssl:info` also `AH02411: SSL Proxy: Peer certificate does not match for hostname
//!   NAME`. HAProxy: `SC`, or a check with `L6RSP`.
//! - Node.js as the caller: `ERR_TLS_CERT_ALTNAME_INVALID`.
//! - AWS ALB does not validate targets' certificates: it cannot fail in this way.
//!
//! ## What it is mistaken for
//!
//! - `upstream-tls-negotiation`: no common protocol or cipher, a client certificate that is
//!   missing, or plain HTTP on the port. With the right `-servername` the handshake still fails
//!   then.
//! - `upstream-cert-invalid`: an expired, self-signed or incomplete certificate; the name matches and
//!   verification fails for another reason, which the record names.
//! - A wrong Host field: the handshake succeeds and the answer is a 404 or 421 of another site.
//!
//! ## Before it happens
//!
//! - nginx: `proxy_ssl_server_name` is off by default, so no name is sent; `proxy_ssl_name`
//!   defaults to the host of `proxy_pass`, which may be the name of an `upstream` block.
//! - HAProxy: no `sni` on the `server` line. CloudFront: forwarding the viewer's Host to an
//!   origin whose certificate has other names.
//! - Targets addressed by IP, or moved to a shared host that needs SNI.
//! - `why502 check` compares the name that is verified with the names of the certificate, and
//!   finds handshakes without a name where the host cannot do without.
//!
//! ## Reproduce it
//!
//! `why502 drill sni-host-mismatch` gives a Node.js application a certificate for
//! `shop.internal` and has nginx, Envoy, Apache httpd and `fetch` verify it against the name
//! `app`; then against the right one.
//!
//! ## Remedy
//!
//! 1. Compare what the target presents with and without the name: `openssl s_client -connect
//!    TARGET:443 -servername NAME`. One name gives a certificate that covers it.
//! 2. Make the gateway send that name and verify against it. The first request passes.
//! 3. Where the Host must differ from the certificate, forward another Host (CloudFront
//!    `AllViewerExceptHostHeader`) or issue a certificate that covers it.
//!
//! ## Sources
//!
//! - RFC 6066 section 3 (server_name); RFC 9110 section 4.3.4 (https certificate verification).
//! - nginx `proxy_ssl_server_name`, `proxy_ssl_name`, `proxy_ssl_verify`:
//!   <https://nginx.org/en/docs/http/ngx_http_proxy_module.html>
//! - AWS, CloudFront HTTP 502, "SSL/TLS negotiation failure between CloudFront and a custom
//!   origin server"; Google Cloud load balancer logging.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Cause, Certificate, Claim, Direction, Drill, Expect, Host, Knob, Mechanism as M, Part, Place,
    Predicts, Remedy, Rival, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{NODE_FRONT, STEADY, envoy, envoy_app};
use crate::rules::certificates;
use crate::{sentences, visibility};

/// Server name does not match the certificate: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "sni-host-mismatch",
    title: Text::new("Server name does not match the certificate", "サーバー名と証明書の不一致"),
    explanation: Text::new(
        "The name the gateway used in the TLS handshake is not one the \
        target knows or its certificate covers.",
        "ゲートウェイが TLS ハンドシェイクで使った名前を、ターゲットが知ら\
        ないか、証明書が対象としていません。",
    ),
    place: Place::Tls,
    statuses: &[500, 502, 503, 525, 526],
    leads_to: &["passive-ejection-cascade", "backend-own-5xx"],
    source: include_str!("sni_host_mismatch.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::TlsNameMismatch]).states(),
            Claim::of(&[M::TlsHandshakeFailed, M::TlsCertificateUnverified]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests failed in the TLS handshake with the target.",
                "{value} 件のリクエストが、ターゲットとの TLS ハンドシェイクで失敗\
                しました。",
            ),
        )],
        supports: &[Test::new(S::DeployLead, AtMost(600.0), sentences::AFTER_DEPLOY).independent()],
        rules_out: &[Test::new(
            S::TargetSuccessShare,
            AtLeast(0.5),
            Text::new(
                "{value} of the requests to the same targets succeeded; a name \
                that does not match fails always.",
                "同じターゲットへのリクエストの {value} は成功しています。名前の不\
                一致なら常に失敗します。",
            ),
        )],
        rivals: &[
            Rival {
                slug: "upstream-tls-negotiation",
                separates: Text::new(
                    "Whether the handshake succeeds once the right server name is sent \
                (openssl s_client -servername).",
                    "正しいサーバー名を送ればハンドシェイクが成功するかどうかです(\
                openssl s_client -servername)。",
                ),
            },
            Rival {
                slug: "upstream-cert-invalid",
                separates: Text::new(
                    "Whether the certificate fails for its names, or for its dates or its chain \
                (openssl s_client -servername NAME -showcerts).",
                    "証明書の問題が名前か、期限やチェーンかです(\
                openssl s_client -servername NAME -showcerts)。",
                ),
            },
        ],
        visible: &[visibility::SUCCESSES, visibility::DEPLOYS],
    },
    predicts: Predicts::By(&[Rule::Look(certificates::name), Rule::Look(certificates::no_name)]),
    drill: Drill::Runs(&[
        NGINX_NODE,
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "The application's certificate is for shop.internal, and Envoy verifies it \
                against another name.",
                "アプリケーションの証明書は shop.internal のもので、Envoy は別の名前で検証しま\
                す。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Node, "node", 3000, APPLICATION)
                        .certificate(Certificate::names("shop.internal"))],
                ),
                Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)]),
            ],
            expect: Expect::failing(1.0, &[503]),
            ..NGINX_NODE
        },
        Scenario {
            name: "apache-node",
            happens: Text::new(
                "The application's certificate is for shop.internal, and Apache httpd verifies \
                it against another name.",
                "アプリケーションの証明書は shop.internal のもので、Apache httpd は別の名前で検\
                証します。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Node, "node", 3000, APPLICATION)
                        .certificate(Certificate::names("shop.internal"))],
                ),
                Host::new("gateway", &[Part::new(Server::Apache, "apache", 8080, APACHE)])
                    .hosts_file(NAMES),
            ],
            expect: Expect::failing(1.0, &[500, 502, 503]),
            everyday: false,
            ..NGINX_NODE
        },
        Scenario {
            name: "node-fetch",
            happens: Text::new(
                "The API's certificate is for shop.internal, and a Node.js service calls it \
                with fetch by another name.",
                "API の証明書は shop.internal のもので、Node.js サービスが別の名前で fetch しま\
                す。",
            ),
            cure: Text::new(
                "The service calls it by the name in the certificate.",
                "サービスが証明書の名前で呼び出します。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Node, "node", 3000, APPLICATION)
                        .certificate(Certificate::names("shop.internal"))],
                ),
                Host::new(
                    "gateway",
                    &[Part::new(Server::Node, "front", 8080, NODE_FRONT).options(&[
                        "API=https://{{name}}:3000",
                        "NODE_EXTRA_CA_CERTS={{dir}}/ca.pem",
                    ])],
                )
                .hosts_file(NAMES),
            ],
            everyday: false,
            ..NGINX_NODE
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "See what the target presents with the name and without it.",
                "名前を送る場合と送らない場合に、ターゲットが何を提示するかを調べま\
                す。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "openssl s_client -connect TARGET:443 -servername NAME </dev/null \
            | openssl x509 -noout -subject -ext subjectAltName\nopenssl \
            s_client -connect TARGET:443 -noservername </dev/null",
            verify: Text::new(
                "With one name the certificate covers that name.",
                "ある名前で、その名前を対象とする証明書が返ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Send the server name, and use the one the certificate covers.",
                "サーバー名を送り、証明書が対象とする名前を使います。",
            ),
            setting: "proxy_ssl_server_name",
            direction: Direction::Set,
            snippet: "proxy_ssl_server_name on;
proxy_ssl_name app.example.com;",
            verify: Text::new(
                "The error log shows no further line \"while SSL handshaking to \
                upstream\".",
                "エラーログに「while SSL handshaking to upstream」が新たに出なけれ\
                ば解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Send the server name and verify against it.",
                "サーバー名を送り、その名前で検証します。",
            ),
            setting: "sni",
            direction: Direction::Set,
            snippet: "server app TARGET:443 ssl sni str(app.example.com) verify \
            required ca-file /etc/ssl/certs/ca-certificates.crt",
            verify: Text::new(
                "The server's health check turns from L6RSP to L7OK.",
                "ヘルスチェックが L6RSP から L7OK に変わります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Set the server name in the cluster's TLS context.",
                "クラスターの TLS 設定にサーバー名を指定します。",
            ),
            setting: "sni",
            direction: Direction::Set,
            snippet: "transport_socket:\n  name: envoy.transport_sockets.tls\n  \
            typed_config:\n    \"@type\": \
            type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext\
            \n    sni: app.example.com",
            verify: Text::new("No UF with a TLS error.", "TLS エラーの UF が出なければ解消です。"),
            arithmetic: None,
        },
    ],
};

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "The application's certificate is for shop.internal, and nginx verifies it \
                against another name.",
        "アプリケーションの証明書は shop.internal のもので、nginx は別の名前で検証しま\
                す。",
    ),
    cure: Text::new(
        "The gateway announces and verifies the name in the certificate.",
        "ゲートウェイが証明書の名前を送り、その名前で検証します。",
    ),
    hosts: &[
        Host::new(
            "app",
            &[Part::new(Server::Node, "node", 3000, APPLICATION)
                .certificate(Certificate::names("shop.internal"))],
        ),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)]),
    ],
    router: None,
    knobs: &[Knob { name: "name", fault: "app", remedy: "shop.internal" }],
    steps: &[],
    load: STEADY,
    expect: Expect::failing(1.0, &[502]),
    everyday: true,
};

const NAMES: &str = "\
127.0.0.1 localhost
{{ip:app}} app shop.internal
";

const APPLICATION: &str = r#"
const { readFileSync } = require('fs');
const options = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') };
require('https').createServer(options, (request, response) => response.end('ok'))
  .listen(process.env.PORT);
"#;

const NGINX: &str = "\
upstream app { server {{ip:app}}:3000; }
server {
    listen 8080;
    location / {
        proxy_pass https://app;
        proxy_ssl_server_name on;
        proxy_ssl_name {{name}};
        proxy_ssl_verify on;
        proxy_ssl_trusted_certificate {{dir}}/ca.pem;
    }
}
";

const ENVOY: &str = envoy!(
    r#"    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        sni: {{name}}
        common_tls_context:
          validation_context:
            trusted_ca: {filename: {{dir}}/ca.pem}
            match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: {{name}}}}]
"#,
    envoy_app!()
);

const APACHE: &str = "\
Listen 8080
<VirtualHost *:8080>
    SSLProxyEngine on
    SSLProxyVerify require
    LogLevel ssl:info
    SSLProxyCACertificateFile {{dir}}/ca.pem
    ProxyPass / https://{{name}}:3000/
</VirtualHost>
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_all_fail_after_a_change() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 200.0),
                    (S::StatedShare, 1.0),
                    (S::TargetSuccessShare, 0.0),
                    (S::DeployLead, 3.0)
                ]
            ),
            Judgement::Holds { supports: vec![S::DeployLead], independent: true, proved: false }
        );
    }

    #[test]
    fn quiet_when_most_handshakes_succeed() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 20.0), (S::TargetSuccessShare, 0.97)]),
            Judgement::Excluded(S::TargetSuccessShare)
        );
    }

    #[test]
    fn the_other_handshake_failure_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::upstream_tls_negotiation::CAUSE,
                &[(S::Failures, 20.0), (S::TargetSuccessShare, 0.97)]
            ),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn without_successes_or_deploys_nothing_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 20.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn alert_112_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsNameMismatch, 502)), Some(true));
    }

    #[test]
    fn a_handshake_that_failed_for_no_named_reason_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsHandshakeFailed, 502)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsAlert, 502)), None);
    }

    #[test]
    fn plain_http_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsPlaintextPeer, 502)), None);
    }
}
