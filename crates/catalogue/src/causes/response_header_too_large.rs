//! # Response header too large
//!
//! ## What happens
//!
//! A gateway reads the header section of a response into a buffer of fixed size. If the target
//! sends more than fits (large or many `Set-Cookie` fields, a token, a long
//! `Content-Security-Policy` or `Link`), the gateway cannot go on and answers with an error of
//! its own, although the target's answer was complete and, in its own log, a success.
//!
//! It depends on the user and the route, not on load: the same person gets it every time, after
//! a login for instance, and others never.
//!
//! ## How it shows
//!
//! - nginx: `upstream sent too big header while reading response header from upstream`, `502`.
//!   The limit is `proxy_buffer_size` (4 or 8 KB, one memory page).
//! - AWS ALB: `502`, target named, target status `-`; more than 32 KB in total. The record does
//!   not name the reason.
//! - Google Cloud Load Balancing: `backend_response_headers_too_long`. CloudFront:
//!   `OriginHeaderTooBigError`.
//! - HAProxy: `PH`, `502`; more than `tune.bufsize` minus `tune.maxrewrite` (16,384 - 1,024).
//! - Apache httpd: `AH10124: header size is over the limit allowed by ResponseFieldSize` (8,192
//!   per field).
//! - Envoy: `UPE` or a reset for an oversized or overlong section. Node.js as the caller:
//!   `UND_ERR_HEADERS_OVERFLOW` (16 KB), `HPE_HEADER_OVERFLOW`.
//!
//! ## What it is mistaken for
//!
//! - `malformed-response`: the header breaks HTTP's grammar; there the size does not matter and
//!   every client gets it.
//! - A request header that is too large: that is a 400, 414, 431 or 494 and the target never
//!   sees the request.
//! - A crash (`app-crash`): the target's log shows a complete answer here.
//!
//! ## Before it happens
//!
//! - nginx: `proxy_buffer_size`, `fastcgi_buffer_size`, `uwsgi_buffer_size`, `grpc_buffer_size`
//!   at their default, with an identity provider or session-in-cookie framework behind.
//! - Cookies per feature flag or per tenant, chunked session cookies, debug fields
//!   (`Server-Timing`, `X-Debug-*`), long `Link` preload lists.
//! - Limits that differ between hops.
//! - `why502 check` finds a limit that somebody raised at one hop and that is smaller at the
//!   one in front.
//!
//! ## Reproduce it
//!
//! `why502 drill response-header-too-large` has a Node.js application set a large cookie on one
//! path, behind nginx with `proxy_buffer_size 4k`, behind Apache httpd, and called by `fetch`;
//! then the limit is raised.
//!
//! ## Remedy
//!
//! 1. Measure the header section at the target: `curl -s -o /dev/null -D - URL | wc -c`, with
//!    the cookies of someone affected. It exceeds the gateway's limit.
//! 2. Make it smaller: store sessions on the server, drop fields nobody reads. The size is
//!    below every hop's limit.
//! 3. Raise the buffer on every hop that has a smaller one. The same request succeeds with the
//!    same cookies.
//!
//! ## Sources
//!
//! - nginx `proxy_buffer_size`: <https://nginx.org/en/docs/http/ngx_http_proxy_module.html> ;
//!   `src/http/ngx_http_upstream.c`.
//! - AWS, Quotas for Application Load Balancers (response headers 32 K) and troubleshooting,
//!   HTTP 502.
//! - HAProxy `tune.bufsize`, `tune.maxrewrite`; Apache mod_proxy `responsefieldsize`; undici
//!   `maxHeaderSize`; Node.js, Command-line API (`--max-http-header-size`).
//! - RFC 9110 section 5.4 (field limits).

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part, Place,
    Predicts, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S, Test, Text,
};

use crate::drills::{NODE_FRONT, STEADY};
use crate::rules::sizes;
use crate::{sentences, visibility};

/// Response header too large: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "response-header-too-large",
    title: Text::new("Response header too large", "レスポンスヘッダーの超過"),
    explanation: Text::new(
        "The target's answer was complete, but its header section did not \
        fit into the gateway's buffer.",
        "ターゲットの応答は完全でしたが、ヘッダー部がゲートウェイのバッファ\
        ーに収まりませんでした。",
    ),
    place: Place::ResponseFormat,
    statuses: &[502, 503],
    leads_to: &["passive-ejection-cascade", "backend-own-5xx"],
    source: include_str!("response_header_too_large.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ResponseHeaderTooLarge]).states(),
            Claim::of(&[M::Unspecified]).sides(&[Side::Upstream]).statuses(&[502]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "The header section of {value} responses did not fit into the \
                gateway's buffer.",
                "{value} 件の応答で、ヘッダー部がゲートウェイのバッファーに収まりま\
                せんでした。",
            ),
        )],
        supports: &[
            Test::new(S::TopPathShare, AtLeast(0.8), sentences::ONE_PATH),
            Test::new(
                S::TargetSuccessShare,
                AtLeast(0.5),
                Text::new(
                    "The same targets answered {value} of all their requests in the \
                    window.",
                    "同じターゲットは、この期間の全リクエストの {value} に正常に応答し\
                    ました。",
                ),
            ),
            Test::new(S::DeployLead, AtMost(1800.0), sentences::AFTER_DEPLOY).independent(),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "malformed-response",
            separates: Text::new(
                "Whether the header section is too large, or breaks the grammar at \
                any size (curl -D - against the target).",
                "ヘッダー部が大きすぎるか、大きさに関係なく文法に反するかです(ター\
                ゲットへの curl -D - で確認)。",
            ),
        }],
        visible: &[visibility::SUCCESSES, visibility::DEPLOYS],
    },
    predicts: Predicts::By(&[Rule::Look(sizes::response_heads)]),
    drill: Drill::Runs(&[
        NGINX_NODE,
        Scenario {
            name: "apache-node",
            happens: Text::new(
                "The application sets a cookie of 10,000 bytes after a login; Apache httpd accepts \
                8 KB per field.",
                "アプリケーションがログイン後に 10,000 バイトの Cookie を設定し、Apache httpd の上限\
                はフィールドあたり 8 KB です。",
            ),
            cure: Text::new("responsefieldsize is 32768.", "responsefieldsize を 32768 にします。"),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Node, "node", 3000, APPLICATION)
                        .options(&["COOKIE=10000"])],
                ),
                Host::new("gateway", &[Part::new(Server::Apache, "apache", 8080, APACHE)]),
            ],
            knobs: &[Knob { name: "size", fault: "8192", remedy: "32768" }],
            everyday: false,
            ..NGINX_NODE
        },
        Scenario {
            name: "node-fetch",
            happens: Text::new(
                "A Node.js service calls another with fetch; the answer has a cookie of 20,000 \
                bytes and undici accepts 16 KB of headers.",
                "Node.js サービスが別のサービスを fetch で呼び出します。応答に 20,000 バイトの \
                Cookie があり、undici のヘッダーの上限は 16 KB です。",
            ),
            cure: Text::new(
                "The caller runs with --max-http-header-size=65536.",
                "呼び出し側を --max-http-header-size=65536 で起動します。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Node, "node", 3000, APPLICATION)
                        .options(&["COOKIE=20000"])],
                ),
                Host::new(
                    "gateway",
                    &[Part::new(Server::Node, "front", 8080, NODE_FRONT).options(&[
                        "--max-http-header-size={{limit}}",
                        "API=http://{{ip:app}}:3000",
                    ])],
                ),
            ],
            knobs: &[Knob { name: "limit", fault: "16384", remedy: "65536" }],
            ..NGINX_NODE
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Measure the header section at the target, with the cookies of \
                someone affected, and make it smaller.",
                "影響を受ける人の Cookie でターゲットのヘッダー部の大きさを測り、小\
                さくします。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "curl -s -o /dev/null -D - -b 'COOKIES' http://TARGET:PORT/PATH | wc -c",
            verify: Text::new(
                "The size is below the limit of every hop.",
                "すべてのホップの上限を下回れば解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Raise the buffer for the header section, and the buffers that \
                depend on it.",
                "ヘッダー部のバッファーと、それに依存するバッファーを大きくします。",
            ),
            setting: "proxy_buffer_size",
            direction: Direction::Raise,
            snippet: "proxy_buffer_size 16k;
proxy_buffers 8 16k;
proxy_busy_buffers_size 32k;",
            verify: Text::new(
                "The same request with the same cookies gets 200.",
                "同じ Cookie の同じリクエストが 200 になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new("The same for FastCGI.", "FastCGI でも同様にします。"),
            setting: "fastcgi_buffer_size",
            direction: Direction::Raise,
            snippet: "fastcgi_buffer_size 16k;
fastcgi_buffers 8 16k;
fastcgi_busy_buffers_size 32k;",
            verify: Text::new(
                "No \"upstream sent too big header\" in the error log.",
                "エラーログに「upstream sent too big header」が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Raise the buffer; it costs memory for every connection.",
                "バッファーを大きくします。接続ごとにメモリを消費します。",
            ),
            setting: "tune.bufsize",
            direction: Direction::Raise,
            snippet: "global
    tune.bufsize 32768",
            verify: Text::new("No PH for these paths.", "これらのパスの PH が出なければ解消です。"),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "Raise the limit of the service that calls; undici takes it from here \
                unless its Agent has a maxHeaderSize of its own.",
                "呼び出し側のサービスの上限を上げます。undici は、Agent に \
                maxHeaderSize の指定がなければこの値を使います。",
            ),
            setting: "--max-http-header-size",
            direction: Direction::Raise,
            snippet: "node --max-http-header-size=65536 server.js",
            verify: Text::new(
                "The same call no longer fails with UND_ERR_HEADERS_OVERFLOW.",
                "同じ呼び出しで UND_ERR_HEADERS_OVERFLOW が出なくなれば解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Apache httpd",
            action: Text::new(
                "Allow longer fields from this backend.",
                "このバックエンドからの長いフィールドを許可します。",
            ),
            setting: "responsefieldsize",
            direction: Direction::Raise,
            snippet: r#"ProxyPass "/" "http://10.0.0.11:8080/" responsefieldsize=16384"#,
            verify: Text::new(
                "No AH10124 in the error log.",
                "エラーログに AH10124 が出なければ解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "The application sets a cookie of 10,000 bytes after a login; nginx reads \
                response headers into 4 KB.",
        "アプリケーションがログイン後に 10,000 バイトの Cookie を設定し、nginx は応答ヘ\
                ッダーを 4 KB のバッファーに読み込みます。",
    ),
    cure: Text::new("proxy_buffer_size is 16k.", "proxy_buffer_size を 16k にします。"),
    hosts: &[
        Host::new(
            "app",
            &[Part::new(Server::Node, "node", 3000, APPLICATION).options(&["COOKIE=10000"])],
        ),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)]),
    ],
    router: None,
    knobs: &[Knob { name: "buffer", fault: "4k", remedy: "16k" }],
    steps: &[],
    load: LOGIN,
    expect: Expect::failing(0.2, &[502]).at_most(0.3),
    everyday: true,
};

const LOGIN: Load =
    Load { requests: &[Ask::new("GET", "/orders").weight(3), Ask::new("GET", "/login")], ..STEADY };

const APPLICATION: &str = r#"
const { COOKIE, PORT } = process.env;
require('http').createServer((request, response) => {
  if (request.url === '/login') response.setHeader('set-cookie', 'session=' + 'x'.repeat(COOKIE));
  response.end('ok');
}).listen(PORT);
"#;

const NGINX: &str = "\
upstream app { server {{ip:app}}:3000; }
proxy_buffer_size {{buffer}};
proxy_buffers 8 16k;
server { listen 8080; location / { proxy_pass http://app; } }
";

const APACHE: &str = "\
Listen 8080
<VirtualHost *:8080>
    ProxyPass / http://{{ip:app}}:3000/ responsefieldsize={{size}}
</VirtualHost>
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_on_one_path_of_working_targets() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 14.0),
                    (S::StatedShare, 1.0),
                    (S::TopPathShare, 0.93),
                    (S::TargetSuccessShare, 0.98)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::TopPathShare, S::TargetSuccessShare],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn a_response_refused_for_no_named_reason_is_the_neighbours_as_well() {
        let refused = [(S::Failures, 14.0), (S::StatedShare, 0.0), (S::UnreadableShare, 1.0)];
        assert!(matches!(
            judge(&crate::causes::malformed_response::CAUSE, &refused),
            Judgement::Holds { independent: false, .. }
        ));
    }

    #[test]
    fn without_an_access_log_nothing_independent_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 14.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn too_big_header_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseHeaderTooLarge, 502)), Some(true));
    }

    #[test]
    fn a_broken_header_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseMalformed, 502)), None);
    }
}
