//! # Timeouts in the wrong order
//!
//! ## What happens
//!
//! Every hop on a path has a timer for the hop behind it. They must fall from the outside to
//! the inside, so that the innermost gives up first and its error can travel outwards. If an
//! outer timer is shorter than, or equal to, an inner one, the outer hop answers with its error
//! and hangs up while the inner hop is still working within its rights. The work is done for
//! nobody, the client's retry doubles it, and each hop's log tells another story.
//!
//! ## How it shows
//!
//! - One request id with two results: outside `504`, `499`, `460` or status 0 at T1; inside
//!   `200`, or its own `504`, at T2 > T1.
//! - nginx as the inner hop: `client prematurely closed connection, so upstream connection is
//!   closed too`, `499`, at the outer hop's value again and again.
//! - HAProxy as the inner hop: `CH` or `CD`. Envoy: `DC`. Google Cloud:
//!   `client_disconnected_before_any_response`.
//! - Pairs met in practice: CloudFront 30 s in front of ALB 60 s; API Gateway 29 s in front of
//!   a Lambda function with 60 s; ALB 60 s in front of nginx 60 s, where chance decides between
//!   `504` from the one and from the other; ESPv2 or Google API Gateway 15 s in front of Cloud
//!   Run 300 s.
//! - ESPv2's answer is JSON `{"code":504,"message":"upstream request timeout"}`: that timer is
//!   the gateway's, not Cloud Run's.
//!
//! ## What it is mistaken for
//!
//! - `client-abort`: people leave at any time; an outer timer leaves at one and the same
//!   duration, and the hop in front logged an error of its own.
//! - `target-response-timeout`: there the target does not answer at all in a reasonable time;
//!   here it does, just after the outer hop has left.
//! - `worker-pool-saturated`, `nat-port-exhaustion`: they make the inside slow; the inversion
//!   decides who complains.
//!
//! ## Before it happens
//!
//! Write down the timers along the path from the client to the database. Each must be at least
//! a second or two shorter than the one in front of it. Defaults that collide: ALB 60 s with
//! nginx 60 s; CloudFront 30 s with everything; HTTP clients with 10 s or 30 s in front of a
//! gateway with 60 s; Envoy 15 s for the whole response; Node.js `fetch` 300 s inside anything.
//!
//! `why502 check` does so for every chain of hops. Equal timers pass, and so do two defaults:
//! somebody has to have written one of them. Attempts count together.
//!
//! ## Reproduce it
//!
//! `why502 drill timeout-ladder-inversion`: Envoy (or nginx) waits 5 s for an nginx that waits
//! 10 s for an application that needs 6 s. The one in front answers `504` at 5 s; the inner one,
//! which is told to go on when its client has left (`proxy_ignore_client_abort on`), logs `200`
//! at 6 s with the same request id. With 10 s in front and 8 s behind all pass.
//!
//! ## Remedy
//!
//! 1. Order the timers from the outside in: each inner one at least 1 to 2 s shorter. The same
//!    request id ends with the same status on all hops.
//! 2. Give the application itself the shortest one, for the whole of its work, and let it
//!    answer with an error that says what it waited for. Outer `504`s turn into that error.
//! 3. Pass the deadline along (`grpc-timeout`, `x-envoy-expected-rq-timeout-ms`) and stop work
//!    whose caller has left. The inner hop no longer finishes requests that nobody waits for.
//!
//! ## Sources
//!
//! - AWS, Application Load Balancer connection idle timeout; CloudFront origin response
//!   timeout; API Gateway quotas (integration timeout).
//! - Google Cloud, Cloud Endpoints `x-google-backend` `deadline` (15 s).
//! - nginx `proxy_ignore_client_abort`; Envoy FAQ, "How do I configure timeouts?":
//!   <https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts>

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Arrivals, Ask, Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M,
    Part, Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Signal as S, Test,
    Text,
};

use crate::drills::envoy_routes;
use crate::rules::{attempts, ladder};
use crate::visibility;

/// Timeouts in the wrong order: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "timeout-ladder-inversion",
    title: Text::new("Timeouts in the wrong order", "タイムアウトの順序の逆転"),
    explanation: Text::new(
        "An outer hop gave up before the hop behind it had to, which then \
        finished its work for nobody.",
        "外側のホップが内側より先に見切りを付け、内側は誰も待っていない処理\
        を続けました。",
    ),
    place: Place::ResponseWait,
    statuses: &[0, 408, 460, 499, 502, 503, 504],
    leads_to: &["target-response-timeout"],
    source: include_str!("timeout_ladder_inversion.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[
                M::ResponseTimeout,
                M::UpstreamTimeout,
                M::RequestDeadline,
                M::ClientClosed,
            ]),
            Claim::of(&[M::Unspecified]).statuses(&[504]).bands(&[
                Band::Medium,
                Band::Long,
                Band::Unknown,
            ]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::InnerFinishedLater,
            AtLeast(1.0),
            Text::new(
                "The hop behind finished {value} of these requests after the outer \
                hop had given up.",
                "背後のホップは、外側のホップが見切った後に {value} 件のリクエスト\
                を完了しました。",
            ),
        )
        .independent()
        .otherwise(Text::new(
            "No hop behind finished any of these requests after the outer hop \
had given up.",
            "外側のホップが見切った後に、背後のホップが完了したリクエストはあり\
ません。",
        ))],
        supports: &[
            Test::new(
                S::InnerFinishedLater,
                AtLeast(1.0),
                Text::new(
                    "For {value} requests both hops logged the same id, and the inner \
                    one finished later.",
                    "{value} 件のリクエストで両ホップが同じ ID を記録し、内側のほうが後\
                    に完了しています。",
                ),
            )
            .proves(),
            Test::new(
                S::TimerShare,
                AtLeast(0.7),
                Text::new(
                    "{value} of these requests ended at the same duration, {timer}: a \
                    timer, not people.",
                    "これらのリクエストの {value} が同じ時間 {timer} で終了しました。人\
                    ではなくタイマーです。",
                ),
            ),
        ],
        rules_out: &[Test::new(
            S::TimerShare,
            AtMost(0.3),
            Text::new(
                "At most {value} of these requests ended at the same duration: \
people leave at any time, a timer does not.",
                "同じ時間で終わったリクエストは最大でも {value} です。人はいつでも\
離れますが、タイマーは一定です。",
            ),
        )],
        rivals: &[Rival {
            slug: "client-abort",
            separates: Text::new(
                "Whether the hop in front logged an error of its own at that \
                moment, at one and the same duration each time.",
                "手前のホップがその時刻に、毎回同じ所要時間で自身のエラーを記録して\
                いるかどうかです。",
            ),
        }],
        visible: &[visibility::JOINED, visibility::DURATIONS],
    },
    predicts: Predicts::By(&[
        Rule::Order(&ladder::LINKS),
        Rule::Order(&ladder::PASSED_ON),
        Rule::Order(&ladder::HANDLER),
        Rule::Order(&ladder::STATEMENT),
        Rule::Order(&ladder::CALLS_OF_A_PROGRAM),
        Rule::Look(attempts::longer_than_the_wait),
    ]),
    drill: Drill::Runs(&[
        ENVOY_NGINX,
        Scenario {
            name: "nginx-nginx",
            happens: Text::new(
                "The nginx in front waits 5 s for nginx, which waits 10 s for an application \
            that needs 6 s for a report.",
                "The nginx in front は nginx を 5 秒、nginx はアプリケーションを 10 秒待ちます\
            。レポートの生成には 6 秒かかります。",
            ),
            hosts: &[
                Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]),
                Host::new("ingress", &[Part::new(Server::Nginx, "nginx", 8081, INGRESS)]),
                Host::new("edge", &[Part::new(Server::Nginx, "nginx", 8080, EDGE_NGINX)]),
            ],
            everyday: false,
            ..ENVOY_NGINX
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Order the timers from the outside in, each inner one at least one \
                to two seconds shorter than the one in front.",
                "タイマーを外側から内側へ順に並べ、内側を手前より 1〜2 秒以上短くし\
                ます。",
            ),
            setting: "",
            direction: Direction::Set,
            snippet: "client 65s > load balancer 60s > proxy 55s > application 50s > \
            database 45s",
            verify: Text::new(
                "One request id has the same status on every hop.",
                "1 つのリクエスト ID が、すべてのホップで同じ状態コードになります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Give up before the hop in front does.",
                "手前のホップより先に見切ります。",
            ),
            setting: "proxy_read_timeout",
            direction: Direction::Lower,
            snippet: "proxy_read_timeout 55s; # in front: 60 s",
            verify: Text::new(
                "499 at 60 s disappears; what remains are 504 of nginx itself at \
                55 s.",
                "60 秒での 499 がなくなり、残るのは nginx 自身の 55 秒の 504 だけに\
                なります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Or raise the outer timer above the inner one.",
                "または外側のタイマーを内側より長くします。",
            ),
            setting: "idle_timeout.timeout_seconds",
            direction: Direction::Raise,
            snippet: "aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN \
            --attributes Key=idle_timeout.timeout_seconds,Value=75",
            verify: Text::new(
                "The load balancer's 504 disappears for requests that the target \
                finishes.",
                "ターゲットが完了するリクエストで、ロードバランサーの 504 が出なく\
                なります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "Give the application's own work the shortest timer and answer \
                with what it waited for.",
                "アプリケーション自身の処理に最も短いタイマーを設け、何を待っていた\
                かを応答に含めます。",
            ),
            setting: "AbortSignal.timeout",
            direction: Direction::Set,
            snippet: "const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });",
            verify: Text::new(
                "The outer 504 turns into an error of the application.",
                "外側の 504 がアプリケーションのエラーに変わります。",
            ),
            arithmetic: None,
        },
    ],
};

const ENVOY_NGINX: Scenario = Scenario {
    name: "envoy-nginx",
    happens: Text::new(
        "Envoy waits 5 s for nginx, which waits 10 s for an application that needs 6 s \
            for a report.",
        "Envoy は nginx を 5 秒、nginx はアプリケーションを 10 秒待ちます。レポートの生\
            成には 6 秒かかります。",
    ),
    cure: Text::new(
        "The outer timer is longer than the inner one: 10 s and 8 s.",
        "外側のタイマーを内側より長くします(10 秒と 8 秒)。",
    ),
    hosts: &[
        Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]),
        Host::new("ingress", &[Part::new(Server::Nginx, "nginx", 8081, INGRESS)]),
        Host::new("edge", &[Part::new(Server::Envoy, "envoy", 8080, EDGE_ENVOY)]),
    ],
    router: None,
    knobs: &[
        Knob { name: "outer", fault: "5s", remedy: "10s" },
        Knob { name: "inner", fault: "10s", remedy: "8s" },
    ],
    steps: &[],
    load: Load {
        target: "edge:8080",
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Constant { rate: "20" },
        lasts: "2000",
        patience: "15000",
        requests: &[Ask::new("GET", "/orders").weight(3), Ask::new("GET", "/reports/monthly")],
    },
    expect: Expect::failing(0.15, &[504]).at_most(0.35),
    everyday: true,
};

const APP: &str = r"
require('http').createServer((request, response) => {
  const work = request.url.startsWith('/reports/') ? 6000 : 5;
  setTimeout(() => response.end('ok'), work);
}).listen(process.env.PORT);
";

const INGRESS: &str = r#"
log_format joined '$remote_addr - $remote_user [$time_local] "$request" $status '
  '$body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time '
  'uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time" '
  'ua="$upstream_addr" us="$upstream_status" rid=$http_x_request_id';
upstream app { server {{ip:app}}:3000; }
server {
  listen 8081;
  access_log {{dir}}/logs/access.log joined;
  proxy_ignore_client_abort on;
  location / { proxy_pass http://app; proxy_read_timeout {{inner}}; }
}
"#;

const EDGE_ENVOY: &str = envoy_routes!(
    r#"              - match: {prefix: "/"}
                route: {cluster: app, timeout: {{outer}}}
"#,
    "    {{members:ingress:8081}}\n"
);

const EDGE_NGINX: &str = r#"
log_format joined '$remote_addr - $remote_user [$time_local] "$request" $status '
  '$body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time '
  'uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time" '
  'ua="$upstream_addr" us="$upstream_status" rid=$http_x_request_id';
upstream ingress { server {{ip:ingress}}:8081; }
server {
  listen 8080;
  access_log {{dir}}/logs/access.log joined;
  location / { proxy_pass http://ingress; proxy_read_timeout {{outer}}; }
}
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, judge};

    #[test]
    fn proved_when_the_inner_hop_finished_later() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 18.0), (S::InnerFinishedLater, 12.0), (S::TimerShare, 1.0)]
            ),
            Judgement::Holds {
                supports: vec![S::InnerFinishedLater, S::TimerShare],
                independent: true,
                proved: true
            }
        );
    }

    #[test]
    fn quiet_when_the_inner_hop_never_finished_later() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 18.0), (S::InnerFinishedLater, 0.0), (S::TimerShare, 1.0)]
            ),
            Judgement::NotThis(S::InnerFinishedLater)
        );
    }

    #[test]
    fn the_slow_target_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::target_response_timeout::CAUSE,
                &[(S::Failures, 18.0), (S::InnerFinishedLater, 0.0), (S::TimerShare, 1.0)]
            ),
            Judgement::Holds { supports: vec![S::TimerShare], independent: false, proved: false }
        );
    }

    #[test]
    fn blind_without_shared_ids() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 18.0), (S::TimerShare, 1.0)]),
            Judgement::CannotTell(vec![S::InnerFinishedLater])
        );
    }
}
