//! # TLS with the target cannot be agreed
//!
//! ## What happens
//!
//! The connection to the target opens, and the TLS handshake on it does not come to an end: the
//! two sides have no protocol version, cipher or application protocol in common, the target
//! demands a client certificate that the gateway has not got, the port does not speak TLS at
//! all, or the target is too busy to answer in time. The request is never sent.
//!
//! ## How it shows
//!
//! - nginx: `SSL_do_handshake() failed (… wrong version number …) while SSL handshaking to
//!   upstream` (plain HTTP on the port), `… tlsv1 alert protocol version …`, `… handshake
//!   failure …`, `… certificate required …`; `peer closed connection in SSL handshake`;
//!   `upstream timed out (110) while SSL handshaking to upstream`, `504`.
//! - AWS ALB: `502` with `-1 -1 -1`, up to 10 s, metric `TargetTLSNegotiationErrorCount`.
//! - Google Cloud Load Balancing: `failed_to_negotiate_alpn`.
//! - Envoy: `UF`, `503`, `TLS error: … WRONG_VERSION_NUMBER` or `TLSV1_ALERT_…`.
//! - HAProxy: `SC` or `sC`, as if the connection had been refused; checks with `L6RSP` or
//!   `L6TOUT` tell. Apache httpd: `AH00898: Error during SSL Handshake with remote server`,
//!   `500`; the reason only with `LogLevel ssl:info`.
//! - CloudFront: `OriginConnectError`. Node.js as the caller: `ERR_SSL_WRONG_VERSION_NUMBER`,
//!   `EPROTO`.
//!
//! ## What it is mistaken for
//!
//! - `sni-host-mismatch`: the handshake succeeds once the right server name is sent. Alert 40
//!   (`handshake failure`) is sent by some servers for a missing name, too.
//! - `target-connect-refused`: the connection itself is refused; here `nc -z` succeeds. An
//!   ALB's `-1 -1 -1` does not tell the two apart.
//! - An invalid certificate (expired, self-signed, chain incomplete): the gateway breaks off
//!   after it has seen the certificate, and names the reason.
//!
//! ## Before it happens
//!
//! - `https` in the gateway's target against a plain HTTP port, or the reverse (nginx answers
//!   that with `400 The plain HTTP request was sent to HTTPS port`).
//! - A target raised to TLS 1.3 only, or a gateway with an old library; policies that drop
//!   ciphers.
//! - Mutual TLS switched on at the target (Istio `PeerAuthentication` `STRICT`) before callers
//!   have certificates.
//! - HTTP/2 demanded by the gateway, not offered by the target (ALPN).
//! - `why502 check` finds TLS spoken to a plain port and plain HTTP spoken to one of TLS.
//!
//! ## Reproduce it
//!
//! `why502 drill upstream-tls-negotiation` points nginx and Envoy with TLS at a port that does
//! not speak it, and nginx with TLS 1.2 at an application that accepts TLS 1.3 only; then the
//! two sides agree.
//!
//! ## Remedy
//!
//! 1. Try the handshake from the gateway's host: `openssl s_client -connect TARGET:PORT
//!    -servername NAME`, with `-tls1_2`, `-tls1_3` and `-alpn h2`. The variant that fails names
//!    the setting.
//! 2. Make scheme and port agree, or versions, ciphers, ALPN. `openssl s_client` with the
//!    gateway's settings completes.
//! 3. Give the gateway the client certificate the target asks for. The alert disappears.
//!
//! ## Sources
//!
//! - RFC 8446 section 6.2 (error alerts), RFC 7301 (ALPN).
//! - AWS, Application Load Balancer troubleshooting and CloudWatch metrics
//!   (`TargetTLSNegotiationErrorCount`).
//! - nginx `proxy_ssl_protocols`, `proxy_ssl_certificate`:
//!   <https://nginx.org/en/docs/http/ngx_http_proxy_module.html>
//! - Google Cloud load balancer logging, `failed_to_negotiate_alpn`.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Cause, Certificate, Claim, Direction, Drill, Expect, Host, Knob, Mechanism as M, Part, Place,
    Predicts, Remedy, Rival, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{APP, STEADY, envoy, envoy_app};
use crate::rules::certificates;
use crate::{sentences, visibility};

/// TLS with the target cannot be agreed: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "upstream-tls-negotiation",
    title: Text::new("TLS with the target cannot be agreed", "ターゲットとの TLS の不成立"),
    explanation: Text::new(
        "The connection opened, but the TLS handshake with the target \
        failed: protocol, cipher, client certificate, or no TLS on that \
        port.",
        "接続は開きましたが、ターゲットとの TLS ハンドシェイクが失敗しまし\
        た。プロトコル、暗号、クライアント証明書の不一致か、そのポートが \
        TLS ではありません。",
    ),
    place: Place::Tls,
    statuses: &[500, 502, 503, 504, 525],
    leads_to: &["passive-ejection-cascade", "no-healthy-targets", "backend-own-5xx"],
    source: include_str!("upstream_tls_negotiation.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::TlsPlaintextPeer, M::TlsAlert]).states(),
            Claim::of(&[M::TlsHandshakeFailed, M::TlsTimeout]),
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
        supports: &[
            Test::new(
                S::StatedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of the records give the reason: the peer's TLS alert, or a port that \
                    does not speak TLS.",
                    "記録の {value} に理由があります。相手の TLS アラート、または TLS ではない\
                    ポートです。",
                ),
            ),
            Test::new(S::HealthDowns, AtLeast(1.0), sentences::TARGETS_DOWN).independent(),
            Test::new(S::DeployLead, AtMost(600.0), sentences::AFTER_DEPLOY).independent(),
            Test::new(
                S::TargetSuccessShare,
                AtMost(0.0),
                Text::new(
                    "None of the requests to these targets succeeded in the window, \
whatever their name.",
                    "この期間、これらのターゲットへのリクエストは名前によらず 1 件も成\
功していません。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "sni-host-mismatch",
                separates: Text::new(
                    "Whether the handshake succeeds once the right server name is sent \
                    (openssl s_client -servername).",
                    "正しいサーバー名を送ればハンドシェイクが成功するかどうかです(\
                    openssl s_client -servername)。",
                ),
            },
            Rival {
                slug: "target-connect-refused",
                separates: Text::new(
                    "Whether a plain TCP connection to the port succeeds.",
                    "そのポートへの TCP 接続自体は成功するかどうかです。",
                ),
            },
        ],
        visible: &[visibility::HEALTH, visibility::DEPLOYS, visibility::SUCCESSES],
    },
    predicts: Predicts::By(&[Rule::Look(certificates::spoken)]),
    drill: Drill::Runs(&[
        NGINX_PLAINTEXT,
        Scenario {
            name: "nginx-version",
            happens: Text::new(
                "The application accepts TLS 1.3 only, and nginx is set to TLS 1.2.",
                "アプリケーションは TLS 1.3 のみ、nginx の設定は TLS 1.2 のみです。",
            ),
            cure: Text::new("nginx may use TLS 1.3 as well.", "nginx で TLS 1.3 も有効にします。"),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Node, "node", 3000, TLS13)
                        .certificate(Certificate::names("app.internal"))],
                ),
                Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX_VERSION)]),
            ],
            knobs: &[Knob { name: "protocols", fault: "TLSv1.2", remedy: "TLSv1.2 TLSv1.3" }],
            ..NGINX_PLAINTEXT
        },
        Scenario {
            name: "envoy-plaintext",
            happens: Text::new(
                "Envoy speaks TLS to a port of the application that does not.",
                "Envoy が、TLS に対応していないアプリケーションのポートへ TLS で接続します。",
            ),
            hosts: &[APP, Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)])],
            knobs: &[Knob { name: "transport", fault: ENVOY_TLS, remedy: "" }],
            expect: Expect::failing(1.0, &[503]),
            ..NGINX_PLAINTEXT
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Try the handshake from the gateway's host, one variant at a time.",
                "ゲートウェイのホストから、条件を 1 つずつ変えてハンドシェイクを試\
                します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "openssl s_client -connect TARGET:PORT -servername NAME -tls1_2 \
            </dev/null\nopenssl s_client -connect TARGET:PORT -servername \
            NAME -tls1_3 -alpn h2 </dev/null",
            verify: Text::new(
                "One variant completes; the setting it differs in is the one at \
                fault.",
                "成功する条件が見つかり、その違いが原因の設定です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Make the scheme agree with what the port speaks.",
                "スキームを、そのポートが話すものに合わせます。",
            ),
            setting: "proxy_pass",
            direction: Direction::Set,
            snippet: "proxy_pass http://app:8080;   # plain
proxy_pass https://app:8443;  # TLS",
            verify: Text::new(
                "No \"wrong version number\" in the error log.",
                "エラーログに「wrong version number」が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Allow the version the target asks for, and present the client \
                certificate it wants.",
                "ターゲットが求めるバージョンを許可し、求められるクライアント証明書\
                を提示します。",
            ),
            setting: "proxy_ssl_protocols",
            direction: Direction::Set,
            snippet: "proxy_ssl_protocols TLSv1.2 TLSv1.3;
proxy_ssl_certificate     /etc/nginx/client.pem;
proxy_ssl_certificate_key /etc/nginx/client.key;",
            verify: Text::new(
                "No TLS alert in the error log.",
                "エラーログに TLS アラートが出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Make the target group's protocol agree with the target's port; \
                the protocol of a group cannot be changed, so create another.",
                "ターゲットグループのプロトコルをターゲットのポートに合わせます。後\
                から変更できないため、新しいグループを作ります。",
            ),
            setting: "target group protocol",
            direction: Direction::Set,
            snippet: "aws elbv2 create-target-group --name app-http --protocol HTTP \
            --port 8080 --vpc-id VPC",
            verify: Text::new(
                "TargetTLSNegotiationErrorCount stays at zero.",
                "TargetTLSNegotiationErrorCount が 0 のままなら解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_PLAINTEXT: Scenario = Scenario {
    name: "nginx-plaintext",
    happens: Text::new(
        "nginx speaks TLS to a port of the application that does not.",
        "nginx が、TLS に対応していないアプリケーションのポートへ TLS で接続します。",
    ),
    cure: Text::new(
        "The gateway speaks plain HTTP to the port.",
        "ゲートウェイがそのポートに平文の HTTP で接続します。",
    ),
    hosts: &[APP, Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)])],
    router: None,
    knobs: &[Knob { name: "scheme", fault: "https", remedy: "http" }],
    steps: &[],
    load: STEADY,
    expect: Expect::failing(1.0, &[502]),
    everyday: true,
};

const NGINX: &str = "\
upstream app { server {{ip:app}}:3000; }
server { listen 8080; location / { proxy_pass {{scheme}}://app; } }
";

const TLS13: &str = r#"
const { readFileSync } = require('fs');
const options = {
  key: readFileSync('key.pem'),
  cert: readFileSync('cert.pem'),
  minVersion: 'TLSv1.3',
};
require('https').createServer(options, (request, response) => response.end('ok'))
  .listen(process.env.PORT);
"#;

const NGINX_VERSION: &str = "\
upstream app { server {{ip:app}}:3000; }
server {
    listen 8080;
    location / { proxy_pass https://app; proxy_ssl_protocols {{protocols}}; }
}
";

const ENVOY_TLS: &str = r#"transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
"#;

const ENVOY: &str = envoy!("    {{transport}}\n", envoy_app!());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_on_a_plain_port_after_a_change() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 40.0),
                    (S::StatedShare, 1.0),
                    (S::HealthDowns, 2.0),
                    (S::DeployLead, 5.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::StatedShare, S::HealthDowns, S::DeployLead],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn a_vague_handshake_failure_is_no_more_than_consistent() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 4.0), (S::StatedShare, 0.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn the_name_mismatch_is_excluded_when_some_succeed() {
        assert_eq!(
            judge(
                &crate::causes::sni_host_mismatch::CAUSE,
                &[(S::Failures, 4.0), (S::TargetSuccessShare, 0.9)]
            ),
            Judgement::Excluded(S::TargetSuccessShare)
        );
    }

    #[test]
    fn without_other_logs_nothing_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 4.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn plain_http_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsPlaintextPeer, 502)), Some(true));
    }

    #[test]
    fn a_timeout_in_the_handshake_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsTimeout, 504)), Some(false));
    }

    #[test]
    fn a_name_mismatch_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsNameMismatch, 502)), None);
    }
}
