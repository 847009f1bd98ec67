//! # Target answers too slowly
//!
//! ## What happens
//!
//! The connection is open, the request has been sent, and the target does not begin its answer
//! before the gateway's timer fires. The gateway gives up and writes the error; the target
//! usually goes on working and may well finish, so the work may have been done.
//!
//! It is a symptom: the reason is found one hop further in, among slow queries, locks, busy
//! workers, calls outward that hang, or a timer that is too short for an honest long request.
//!
//! ## How it shows
//!
//! - nginx: `upstream timed out (110: Connection timed out) while reading response header from
//!   upstream`, `504`, at `proxy_read_timeout` (60 s).
//! - AWS ALB: `504`, times `0.00x -1 -1`, target named, age equal to
//!   `idle_timeout.timeout_seconds` (60 s).
//! - Google Cloud Load Balancing: `backend_timeout` at the backend service's timeout (30 s),
//!   logged as `502` or `504`.
//! - HAProxy: `sH`, `504`, at `timeout server`. Envoy: `UT`, `504`, `upstream request timeout`,
//!   15 s.
//! - Apache httpd: `(70007)The timeout specified has expired` with `AH01102`; mod_proxy_http
//!   writes `502`, not `504`.
//! - Cloud Run: `504` `The request has been terminated because it has reached the maximum
//!   request timeout` at 300 s. API Gateway: `Endpoint request timed out` at 29 s.
//! - CloudFront: `504` with `OriginCommError`, after 30 s or, for `GET`, after 90 s (three attempts);
//!   up to 30 s the same word also means a connection that nobody answered.
//! - Node.js as the caller: `UND_ERR_HEADERS_TIMEOUT` (300 s).
//!
//! ## What it is mistaken for
//!
//! - `client-abort`: the same slow target, but an impatient client or outer hop left first; the
//!   status is 499, 460 or 0 and not the gateway's own.
//! - `timeout-ladder-inversion`: the target did answer, within the limit of its own hop, after
//!   the outer one had gone; shown as the deeper cause where both hops log the same request id.
//! - `target-connect-timeout`: the connection was never opened; nginx says `while connecting to
//!   upstream`.
//! - `worker-pool-saturated`, `nat-port-exhaustion`, slow or locked databases: these are what
//!   makes a target slow, and are shown in front of it where evidence for them exists.
//!
//! ## Before it happens
//!
//! - The slowest route's 99.9th percentile close to the smallest timer on the path.
//! - Calls to databases and third parties without a timer of their own, or with one longer than
//!   the gateway's.
//! - Defaults: nginx 60 s, ALB 60 s, Google Cloud 30 s, Envoy 15 s, API Gateway 29 s, Cloud Run
//!   300 s, HAProxy none unless set.
//!
//! ## Reproduce it
//!
//! `why502 drill target-response-timeout`: a report takes 2.5 s, and nginx, HAProxy, Envoy or
//! Apache httpd waits 1 s for it. Every fourth request fails with `504` (`502` from Apache
//! httpd) after 1.0 s; with 10 s on that route none does.
//!
//! ## Remedy
//!
//! 1. Find out what the target was waiting for: a trace, a thread dump, the database's list of
//!    running queries, at the time of the failures. The slow part has a name.
//! 2. Remove that, or move it out of the request (queue and poll). The 95th percentile falls
//!    well below the timer.
//! 3. Give each call inward a timer shorter than the one in front, so that the application
//!    answers with an error of its own. The gateway's `504` turns into the application's
//!    message.
//! 4. Only if the request is honestly long: raise the timer on every hop of the path, outermost
//!    highest.
//!
//! ## Sources
//!
//! - nginx, `proxy_read_timeout`: <https://nginx.org/en/docs/http/ngx_http_proxy_module.html>
//! - AWS, Application Load Balancer attributes and troubleshooting, HTTP 504.
//! - Google Cloud, backend service timeout; Envoy FAQ, "How do I configure timeouts?"; Apache
//!   `modules/proxy/mod_proxy_http.c`.
//! - RFC 9110 section 15.6.5 (504 Gateway Timeout).

use model::Condition::AtLeast;
use model::{
    Ask, Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Remedy, Rival, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{STEADY, envoy_routes};
use crate::{sentences, visibility};

/// Target answers too slowly: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "target-response-timeout",
    title: Text::new("Target answers too slowly", "ターゲットの応答遅延"),
    explanation: Text::new(
        "The target had the request but did not begin its answer before \
        the gateway's timer fired.",
        "ターゲットはリクエストを受け取りましたが、ゲートウェイのタイマーま\
        でに応答を始めませんでした。",
    ),
    place: Place::ResponseWait,
    statuses: &[502, 503, 504],
    leads_to: &["passive-ejection-cascade", "backend-own-5xx"],
    source: include_str!("target_response_timeout.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ResponseTimeout]).states(),
            Claim::of(&[M::RequestDeadline, M::ResponseStalled, M::UpstreamTimeout]),
            Claim::of(&[M::Unspecified]).statuses(&[504]).bands(&[Band::Long, Band::Unknown]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests got no answer before a timer fired.",
                "{value} 件のリクエストで、タイマーまでに応答がありませんでした。",
            ),
        )],
        supports: &[
            Test::new(
                S::TimerShare,
                AtLeast(0.7),
                Text::new(
                    "{value} of these requests ended at the same duration, {timer}: a \
                    timer.",
                    "これらのリクエストの {value} が同じ時間 {timer} で終了しました。タ\
                    イマーです。",
                ),
            ),
            Test::new(S::LatencyRise, AtLeast(1.5), sentences::SLOWER),
            Test::new(S::TopPathShare, AtLeast(0.8), sentences::ONE_PATH),
            Test::new(
                S::InnerFinishedLater,
                AtLeast(1.0),
                Text::new(
                    "The hop behind finished {value} of these requests after the \
                    gateway had given up.",
                    "背後のホップは、ゲートウェイが見切った後に {value} 件のリクエスト\
                    を完了しました。",
                ),
            )
            .independent(),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "client-abort",
            separates: Text::new(
                "Who left first: the gateway at its own timer, or the client \
                before it.",
                "先に離れた側です。ゲートウェイが自身のタイマーで見切ったか、その前\
                にクライアントが離れたかで分かれます。",
            ),
        }],
        visible: &[visibility::DURATIONS, visibility::LATENCY, visibility::JOINED],
    },
    predicts: Predicts::Never(
        "No setting tells: how long a route takes is measured; that a timer is shorter than \
        the ones behind it is `timeout-ladder-inversion`.",
    ),
    drill: Drill::Runs(&[
        NGINX_NODE,
        Scenario {
            name: "haproxy-node",
            happens: Text::new(
                "A report takes 2.5 s, and HAProxy waits 1 s for an answer.",
                "レポートの生成に 2.5 秒かかりますが、HAProxy は応答を 1 秒しか待ちません。",
            ),
            hosts: &[
                Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]),
                Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]),
            ],
            ..NGINX_NODE
        },
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "A report takes 2.5 s, and Envoy waits 1 s for an answer.",
                "レポートの生成に 2.5 秒かかりますが、Envoy は応答を 1 秒しか待ちません。",
            ),
            hosts: &[
                Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]),
                Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)]),
            ],
            everyday: false,
            ..NGINX_NODE
        },
        Scenario {
            name: "apache-gunicorn",
            happens: Text::new(
                "A report takes 2.5 s, and Apache httpd waits 1 s for an answer.",
                "レポートの生成に 2.5 秒かかりますが、Apache httpd は応答を 1 秒しか待ちません\
            。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Gunicorn, "gunicorn", 3000, WSGI)
                        .options(&["--threads 16"])],
                ),
                Host::new("gateway", &[Part::new(Server::Apache, "apache", 8080, APACHE)]),
            ],
            knobs: &[Knob { name: "reports", fault: "1", remedy: "10" }],
            expect: Expect::failing(0.15, &[502, 504]).at_most(0.35),
            everyday: false,
            ..NGINX_NODE
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Find out what the target waited for at the time of the failures, \
                and remove that wait.",
                "失敗の時刻にターゲットが何を待っていたかを調べ、その待ちをなくしま\
                す。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The 95th percentile of the route falls well below the timer.",
                "その経路の 95 パーセンタイルがタイマーを大きく下回ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Give every call to a database or another service a timer shorter \
                than the gateway's.",
                "データベースやほかのサービスへの呼び出しすべてに、ゲートウェイより\
                短いタイマーを設けます。",
            ),
            setting: "",
            direction: Direction::Set,
            snippet: "const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });",
            verify: Text::new(
                "The gateway's 504 turns into an error that the application writes \
                and logs.",
                "ゲートウェイの 504 が、アプリケーション自身の記録するエラーに変わ\
                ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Only for requests that are honestly long, and on that route alone.",
                "本来時間のかかるリクエストに限り、その経路だけで延ばします。",
            ),
            setting: "proxy_read_timeout",
            direction: Direction::Raise,
            snippet: "location /reports/ {
    proxy_pass http://app;
    proxy_read_timeout 180s;
}",
            verify: Text::new(
                "The route's requests finish with 200, and no other route has \
                become slower.",
                "その経路のリクエストが 200 で完了し、ほかの経路が遅くなっていませ\
                ん。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Only for requests that are honestly long; keep the target's \
                keep-alive timer above it.",
                "本来時間のかかるリクエストに限ります。ターゲットのキープアライブは\
                これより長く保ちます。",
            ),
            setting: "idle_timeout.timeout_seconds",
            direction: Direction::Raise,
            snippet: "aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN \
            --attributes Key=idle_timeout.timeout_seconds,Value=120",
            verify: Text::new(
                "No 504 at the former value.",
                "以前の値での 504 が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Google Cloud Load Balancing",
            action: Text::new(
                "Only for requests that are honestly long.",
                "本来時間のかかるリクエストに限ります。",
            ),
            setting: "timeoutSec",
            direction: Direction::Raise,
            snippet: "gcloud compute backend-services update BACKEND --global --timeout=120s",
            verify: Text::new(
                "No backend_timeout at the former value.",
                "以前の値での backend_timeout が出なければ解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "A report takes 2.5 s, and nginx waits 1 s for an answer.",
        "レポートの生成に 2.5 秒かかりますが、nginx は応答を 1 秒しか待ちません。",
    ),
    cure: Text::new(
        "The timer of that route, and of no other, is 10 s.",
        "その経路だけ、タイマーを 10 秒にします。",
    ),
    hosts: &[
        Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, GATEWAY)]),
    ],
    router: None,
    knobs: &[Knob { name: "reports", fault: "1s", remedy: "10s" }],
    steps: &[],
    load: Load {
        lasts: "4000",
        requests: &[Ask::new("GET", "/orders").weight(3), Ask::new("GET", "/reports/monthly")],
        ..STEADY
    },
    expect: Expect::failing(0.15, &[504]).at_most(0.35),
    everyday: true,
};

const APP: &str = r"
require('http').createServer((request, response) => {
  const work = request.url.startsWith('/reports/') ? 2500 : 5;
  setTimeout(() => response.end('ok'), work);
}).listen(process.env.PORT);
";

const WSGI: &str = r#"
import time

def app(environ, start_response):
    time.sleep(2.5 if environ["PATH_INFO"].startswith("/reports/") else 0.005)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
"#;

const GATEWAY: &str = r"
upstream app { server {{ip:app}}:3000; }
server {
  listen 8080;
  proxy_read_timeout 1s;
  location / { proxy_pass http://app; }
  location /reports/ { proxy_pass http://app; proxy_read_timeout {{reports}}; }
}
";

const HAPROXY: &str = r"
defaults
  mode http
  log global
  option httplog
  timeout connect 1s
  timeout client 10s
  timeout server 1s
frontend web
  bind :8080
  use_backend reports if { path_beg /reports/ }
  default_backend app
backend app
  server app {{ip:app}}:3000
backend reports
  timeout server {{reports}}
  server app {{ip:app}}:3000
";

const ENVOY: &str = envoy_routes!(
    r#"              - match: {prefix: "/reports/"}
                route: {cluster: app, timeout: {{reports}}}
              - match: {prefix: "/"}
                route: {cluster: app, timeout: 1s}
"#,
    "    {{members:app:3000}}\n"
);

const APACHE: &str = r#"
Listen 8080
ProxyPass "/reports/" "http://{{ip:app}}:3000/reports/" timeout={{reports}}
ProxyPass "/" "http://{{ip:app}}:3000/" timeout=1
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_at_a_timer_with_slow_neighbours() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 25.0),
                    (S::StatedShare, 1.0),
                    (S::TimerShare, 0.96),
                    (S::LatencyRise, 3.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::TimerShare, S::LatencyRise],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn the_record_alone_supports_nothing_independent() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 1.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn a_read_timeout_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseTimeout, 504)), Some(true));
    }

    #[test]
    fn a_bare_504_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 504)), Some(false));
    }

    #[test]
    fn a_quick_504_is_not_claimed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 504).after(Band::Instant)), None);
    }

    #[test]
    fn a_client_that_left_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ClientClosed, 499)), None);
    }
}
