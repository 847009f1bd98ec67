//! # Gateway and target speak different protocols
//!
//! ## What happens
//!
//! The gateway sends one protocol and the target understands another: HTTP/1.1 to a port that speaks
//! HTTP/2 or gRPC, HTTP/2 to a server of HTTP/1, FastCGI to a web server, a WebSocket handshake that
//! is not answered as one. The connection opens, bytes come back, and the gateway cannot make a
//! response of them. It fails from the first request on, for every request of that route.
//!
//! ## How it shows
//!
//! - AWS ALB: `464`, no target named: the client's version does not fit the target group's.
//! - nginx: `upstream sent unsupported FastCGI protocol version: 72 while reading response header from
//!   upstream` (72 is the `H` of `HTTP`); `upstream sent unexpected FastCGI record`; `502`.
//! - Apache httpd: `AH01068: Got bogus version`. Google Cloud Load Balancing:
//!   `websocket_handshake_failed`. RFC 9209: `http_upgrade_failed`.
//! - Go: `malformed HTTP response "\x00\x00\x12\x04…"`, `net/http: HTTP/1.x transport connection
//!   broken: malformed HTTP response`: those bytes are HTTP/2 settings.
//!
//! ## What it is mistaken for
//!
//! - `malformed-response`: the protocol is right and one line breaks its grammar, on one route.
//! - `upstream-tls-negotiation`: TLS against a port without TLS, or the two agree on no protocol in
//!   the handshake; there the failure is in the handshake.
//! - `keepalive-race`: a server of another protocol may simply close; then the record says no more
//!   than that, and it fails every time instead of now and then.
//!
//! ## Before it happens
//!
//! - A target group with protocol version `GRPC` or `HTTP2` and clients of HTTP/1.1, or the reverse.
//! - `proxy_pass` where `grpc_pass` or `fastcgi_pass` is meant, and the reverse; PHP-FPM's port 9000
//!   asked with HTTP.
//! - A Kubernetes Service port without `appProtocol` or with a name that says another protocol.
//! - `why502 check` finds FastCGI, HTTP/2 or HTTP/1 spoken to a server that is known not to
//!   understand it.
//!
//! ## Reproduce it
//!
//! `why502 drill protocol-version-mismatch`: nginx speaks FastCGI to a Node.js server of HTTP. Then it
//! speaks HTTP.
//!
//! ## Remedy
//!
//! 1. Ask the port in each protocol: `curl -sv --http1.1 http://TARGET:PORT/`, `curl -sv
//!    --http2-prior-knowledge http://TARGET:PORT/`. One of them is answered.
//! 2. Tell the gateway: `proxy_pass`, `grpc_pass` or `fastcgi_pass`; HAProxy `proto h2`; Envoy
//!    `http2_protocol_options`; the target group's protocol version. The first request passes.
//! 3. Name it where the platform guesses: `appProtocol` in Kubernetes. The listener's protocol is what
//!    the name says.
//!
//! ## Sources
//!
//! - AWS, Troubleshoot your Application Load Balancers, HTTP 464:
//!   <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html>
//! - nginx `src/http/modules/ngx_http_fastcgi_module.c`; RFC 9113, section 3.4; nginx 1.22 was observed.

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Cause, Claim, Direction, Drill, Expect, Host, Knob, Mechanism as M, Part, Place, Predicts,
    Remedy, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{APP, STEADY};
use crate::rules::protocols;
use crate::{sentences, visibility};

/// Gateway and target speak different protocols: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "protocol-version-mismatch",
    title: Text::new("Gateway and target speak different protocols", "プロトコルの不一致"),
    explanation: Text::new(
        "The gateway spoke another protocol, or another version of it, than the target or the client \
        understands.",
        "ゲートウェイが、ターゲットまたはクライアントの理解しないプロトコル(またはバージョン)で通信\
        しました。",
    ),
    place: Place::ResponseFormat,
    statuses: &[464, 502, 505],
    leads_to: &["passive-ejection-cascade", "no-healthy-targets", "backend-own-5xx"],
    source: include_str!("protocol_version_mismatch.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::ProtocolMismatch]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests failed because the two sides speak different protocols.",
                "{value} 件のリクエストが、双方のプロトコルが異なるために失敗しました。",
            ),
        )],
        supports: &[
            Test::new(S::TopPathShare, AtLeast(0.8), sentences::ONE_PATH),
            Test::new(S::HealthDowns, AtLeast(1.0), sentences::TARGETS_DOWN).independent(),
        ],
        rules_out: &[],
        rivals: &[],
        visible: &[visibility::HEALTH],
    },
    predicts: Predicts::By(&[Rule::Look(protocols::not_understood)]),
    drill: Drill::Runs(&[NGINX_FASTCGI]),
    remedies: &[
        Remedy {
            product: "nginx",
            action: Text::new(
                "Use the directive of the target's protocol.",
                "ターゲットのプロトコルに合うディレクティブを使います。",
            ),
            setting: "proxy_pass",
            direction: Direction::Set,
            snippet: "proxy_pass http://app;          # HTTP/1\n# grpc_pass grpc://app;         # gRPC, \
            HTTP/2\n# fastcgi_pass app:9000;        # PHP-FPM",
            verify: Text::new(
                "The first request is answered with the application's status.",
                "最初のリクエストに、アプリケーションのステータスが返ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Give the route a target group of the protocol version that clients use; the version \
                of a group cannot be changed.",
                "クライアントと同じプロトコルバージョンのターゲットグループを用意します(既存のグルー\
                プのバージョンは変更できません)。",
            ),
            setting: "ProtocolVersion",
            direction: Direction::Set,
            snippet: "aws elbv2 create-target-group --name NAME --protocol HTTP --protocol-version HTTP1 \
            --port 8080 --vpc-id VPC",
            verify: Text::new("No 464 any more.", "464 が出なくなれば解消です。"),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Say which protocol the cluster speaks.",
                "クラスターのプロトコルを明示します。",
            ),
            setting: "explicit_http_config",
            direction: Direction::Set,
            snippet: "typed_extension_protocol_options:\n  \
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:\n    \"@type\": \
            type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions\n    \
            explicit_http_config: { http2_protocol_options: {} }",
            verify: Text::new("No UPE any more.", "UPE が出なくなれば解消です。"),
            arithmetic: None,
        },
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Name the protocol of the Service's port.",
                "Service のポートにプロトコルを明示します。",
            ),
            setting: "appProtocol",
            direction: Direction::Set,
            snippet: "ports:\n- name: grpc\n  port: 8080\n  appProtocol: kubernetes.io/h2c",
            verify: Text::new(
                "The gateway's configuration shows HTTP/2 for the cluster.",
                "ゲートウェイの設定で、そのクラスターが HTTP/2 になります。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_FASTCGI: Scenario = Scenario {
    name: "nginx-fastcgi",
    happens: Text::new(
        "nginx speaks FastCGI to a server of HTTP.",
        "nginx が HTTP サーバーに FastCGI で通信します。",
    ),
    cure: Text::new("nginx speaks HTTP.", "nginx が HTTP で通信します。"),
    hosts: &[APP, Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)])],
    router: None,
    knobs: &[Knob { name: "pass", fault: "fastcgi_pass ", remedy: "proxy_pass http://" }],
    steps: &[],
    load: STEADY,
    expect: Expect::failing(1.0, &[502]),
    everyday: true,
};

const NGINX: &str = "\
upstream app { server {{ip:app}}:3000; }
server { listen 8080; location / { {{pass}}app; } }
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn a_record_of_it_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ProtocolMismatch, 502)), Some(true));
        assert_eq!(claims(&CAUSE, Seen::of(M::ProtocolMismatch, 464)), Some(true));
    }

    #[test]
    fn checks_that_fail_as_well_support_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 40.0), (S::HealthDowns, 1.0)]),
            Judgement::Holds { supports: vec![S::HealthDowns], independent: true, proved: false }
        );
    }

    #[test]
    fn quiet_where_the_grammar_is_broken() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseMalformed, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsPlaintextPeer, 502)), None);
    }

    #[test]
    fn blind_where_the_peer_only_closed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::EndedBeforeResponse, 502)), None);
    }
}
