//! # No healthy target
//!
//! ## What happens
//!
//! Targets exist, but health checks have marked every one of them as down, and the load
//! balancer refuses to send to them. Either they are really down, or they are too busy to
//! answer the check in time, or the check asks for the wrong thing. The answer comes at once
//! and no connection to a target is tried.
//!
//! Load balancers differ: some refuse, some send to all targets when all are unhealthy (fail
//! open).
//!
//! ## How it shows
//!
//! - HAProxy: `Server b/s is DOWN, reason: Layer4 connection problem`, `backend b has no server
//!   available!`, then `SC` with `<NOSRV>`, `503`. Check results `L4CON`, `L4TOUT`, `L7STS`,
//!   `L7TOUT` say why.
//! - Envoy: `UH`, `503`, body `no healthy upstream`; the event log of the health checks has
//!   `eject_unhealthy_event`. By default Envoy sends to all hosts when fewer than half are healthy
//!   (`healthy_panic_threshold`); a value of 0 switches that off.
//! - Google Cloud Load Balancing: `failed_to_pick_backend`, `502` or `503`.
//! - CLB: `503` with `HealthyHostCount` 0.
//! - AWS ALB and NLB fail open: no `503`, but `502` or `504` from unhealthy targets,
//!   `UnhealthyRoutingRequestCount` above 0; target health reasons such as `Target.Timeout`,
//!   `Target.ResponseCodeMismatch`, `Target.FailedHealthChecks`.
//! - Kubernetes: Service without ready endpoints, events `Unhealthy`.
//! - Apache httpd with mod_proxy_hcheck: `AH01170 … All workers are in error state`, `503`; with
//!   `LogLevel proxy_hcheck:info` before it `AH03303 … Health check DISABLING`.
//!
//! ## What it is mistaken for
//!
//! - `no-registered-targets`: the group is empty; no health transition comes before it. A `503`
//!   from an ALB means that, not this.
//! - `passive-ejection-cascade`: the proxy took the targets out itself because of failed
//!   requests, for some seconds; no health check was involved.
//! - Overload: targets slow down first and fail their checks afterwards. The rise of latency
//!   comes before the transition; the health check is the messenger.
//! - `health-check-misconfigured`: checks fail while direct requests succeed; it leads to this.
//!
//! ## Before it happens
//!
//! - A check path that redirects, asks for a login, or touches the database; a matcher of `200`
//!   only; a check port other than the serving port.
//! - A check timeout close to the service's latency under load. ALB: every 30 s, timeout 5 s, 2
//!   failures; HAProxy: every 2 s, 3 failures.
//! - Firewall without the checkers' addresses (Google Cloud: 35.191.0.0/16, 130.211.0.0/22).
//! - `why502 check` evaluates the firewalls for the port of the health check, where it is not
//!   the serving port.
//!
//! ## Reproduce it
//!
//! `why502 drill no-healthy-targets`: the health check of two instances asks a service behind
//! them as well, and that service stops. Both instances still serve pages, and HAProxy, Envoy or
//! Apache httpd answers `503` to everything. With a check that asks the instance for itself
//! only, or in Envoy with the panic threshold, nobody notices.
//!
//! ## Remedy
//!
//! 1. Read why the checks failed (reason, code, timeout) and ask the target the same thing
//!    directly. The answer shows whether the target or the check is wrong.
//! 2. If the check is wrong: a cheap path without login, redirect or database; the serving
//!    port; timers above the latency at peak. Targets are up again within rise times interval.
//! 3. If the targets are down or overloaded: see what is shown in front of this cause. Health
//!    follows.
//! 4. Decide what should happen when all are down (fail open, Envoy `healthy_panic_threshold`,
//!    a fallback group). A wrong check then no longer is an outage.
//!
//! ## Sources
//!
//! - AWS, Health checks for Application Load Balancer target groups:
//!   <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
//! - HAProxy configuration manual, `option httpchk`, section 8; Envoy, panic threshold and
//!   `UH`.
//! - Google Cloud, health checks overview and load balancer logging.

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Action, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part, Place,
    Predicts, Remedy, Rival, Scenario, Server, Shows, Signal as S, Step, Test, Text,
};

use crate::drills::{STEADY, envoy_routes};
use crate::rules::filters;
use crate::{sentences, visibility};

/// No healthy target: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "no-healthy-targets",
    title: Text::new("No healthy target", "正常なターゲットなし"),
    explanation: Text::new(
        "Health checks had marked every target as down, so the load \
        balancer had nobody to send to.",
        "すべてのターゲットがヘルスチェックで停止と判定され、ロードバランサ\
        ーの送り先がありませんでした。",
    ),
    place: Place::Routing,
    statuses: &[502, 503],
    leads_to: &["backend-own-5xx"],
    source: include_str!("no_healthy_targets.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::NoHealthyTarget, M::NoTarget, M::AllTargetsEjected])],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "For {value} requests the proxy found no target that it held for \
usable.",
                "{value} 件のリクエストで、プロキシは使えるターゲットを見つけられま\
せんでした。",
            ),
        )],
        supports: &[
            Test::new(
                S::HealthDowns,
                AtLeast(1.0),
                Text::new(
                    "Health checks marked {value} targets down in or just before the \
                    window.",
                    "この期間またはその直前に、ヘルスチェックが {value} 個のターゲット\
                    を停止と判定しました。",
                ),
            )
            .independent(),
            Test::new(
                S::NoServerLeft,
                AtLeast(1.0),
                Text::new(
                    "The proxy reported {value} times that a group had no server left.",
                    "プロキシは、グループに使えるサーバーがないと {value} 回報告しまし\
                    た。",
                ),
            )
            .proves(),
            Test::new(S::ShortWaitShare, AtLeast(0.9), sentences::NO_ATTEMPT),
            Test::new(
                S::LatencyRise,
                AtLeast(1.5),
                Text::new(
                    "Healthy requests took {value} as long as outside the window: \
                    overload can fail the checks.",
                    "正常なリクエストの所要時間も期間外の {value} でした。過負荷でもチ\
                    ェックは失敗します。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "no-registered-targets",
                separates: Text::new(
                    "Whether the group is empty, or has targets that are all marked \
                    down.",
                    "グループが空か、全ターゲットが停止と判定されているかです。",
                ),
            },
            Rival {
                slug: "passive-ejection-cascade",
                separates: Text::new(
                    "Whether health checks took the targets out, or the proxy's own \
                    count of failed requests.",
                    "ターゲットを外したのがヘルスチェックか、プロキシ自身の失敗の計数か\
                    です。",
                ),
            },
        ],
        visible: &[visibility::HEALTH, visibility::NO_SERVER_LEFT, visibility::LATENCY],
    },
    predicts: Predicts::By(&[Rule::Look(filters::checking)]),
    drill: Drill::Runs(&[
        HAPROXY_NODE,
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "The health check of both instances asks a service behind them as well; that \
            service stops, and Envoy has no healthy instance left although both still \
            serve pages.",
                "両インスタンスのヘルスチェックは背後のサービスにも問い合わせます。そのサービス\
            が止まると、どちらもページを返せるのに、Envoy に正常なインスタンスがなくなりま\
            す。",
            ),
            cure: Text::new(
                "With fewer than half of the instances healthy, Envoy sends to all of them.",
                "正常なインスタンスが半数を下回ったら、Envoy はすべてに送ります。",
            ),
            hosts: &[
                Host::new("stock", &[Part::new(Server::Node, "node", 3000, STOCK)]),
                Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]).instances("2"),
                Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)]),
            ],
            knobs: &[Knob { name: "panic", fault: "0", remedy: "50" }],
            ..HAPROXY_NODE
        },
        Scenario {
            name: "apache-node",
            happens: Text::new(
                "The health check of both instances asks a service behind them as well; that \
            service stops, and Apache httpd has no healthy instance left although both \
            still serve pages.",
                "両インスタンスのヘルスチェックは背後のサービスにも問い合わせます。そのサービス\
            が止まると、どちらもページを返せるのに、Apache httpd に正常なインスタンスがな\
            くなります。",
            ),
            hosts: &[
                Host::new("stock", &[Part::new(Server::Node, "node", 3000, STOCK)]),
                Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]).instances("2"),
                Host::new("gateway", &[Part::new(Server::Apache, "apache", 8080, APACHE)]),
            ],
            everyday: false,
            ..HAPROXY_NODE
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Ask the target what the health check asks, from the checker's \
                network, and compare with its reason.",
                "チェック元のネットワークから同じ内容をターゲットに問い合わせ、失敗\
                理由と照合します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "curl -sv -m 5 http://TARGET:PORT/health -o /dev/null",
            verify: Text::new(
                "The answer shows whether the target or the check is wrong.",
                "誤っているのがターゲットかチェックかが分かります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Check a cheap path without login, redirect or database, and \
                accept what it answers.",
                "ログイン、リダイレクト、データベースを伴わない軽いパスをチェックし、\
                その応答を許容します。",
            ),
            setting: "health check",
            direction: Direction::Set,
            snippet: "aws elbv2 modify-target-group --target-group-arn ARN \
            --health-check-path /health --matcher HttpCode=200-299 \
            --health-check-timeout-seconds 5",
            verify: Text::new(
                "All targets are healthy after five checks.",
                "5 回のチェック後に全ターゲットが healthy になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Check a cheap path, and tolerate a few slow answers.",
                "軽いパスをチェックし、多少の遅い応答は許容します。",
            ),
            setting: "option httpchk",
            direction: Direction::Set,
            snippet: "option httpchk GET /health
timeout check 5s
default-server inter 3s fall 3 rise 2",
            verify: Text::new(
                "No \"is DOWN\" line while direct requests succeed.",
                "直接のリクエストが成功する間は「is DOWN」が出なければ有効です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Google Cloud Load Balancing",
            action: Text::new("Let the checkers in.", "チェック元からの通信を許可します。"),
            setting: "firewall",
            direction: Direction::Change,
            snippet: "gcloud compute firewall-rules create allow-health-checks \
            --network=VPC --allow=tcp:8080 \
            --source-ranges=35.191.0.0/16,130.211.0.0/22\ngcloud compute \
            backend-services get-health BACKEND --global",
            verify: Text::new(
                "The backend service reports HEALTHY.",
                "バックエンドサービスが HEALTHY になります。",
            ),
            arithmetic: None,
        },
    ],
};

const HAPROXY_NODE: Scenario = Scenario {
    name: "haproxy-node",
    happens: Text::new(
        "The health check of both instances asks a service behind them as well; that \
            service stops, and HAProxy has no healthy instance left although both still \
            serve pages.",
        "両インスタンスのヘルスチェックは背後のサービスにも問い合わせます。そのサービス\
            が止まると、どちらもページを返せるのに、HAProxy に正常なインスタンスがなくなり\
            ます。",
    ),
    cure: Text::new(
        "The check asks the instance for nothing but itself.",
        "チェックはインスタンス自身だけを確認します。",
    ),
    hosts: &[
        Host::new("stock", &[Part::new(Server::Node, "node", 3000, STOCK)]),
        Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]).instances("2"),
        Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]),
    ],
    router: None,
    knobs: &[Knob { name: "check", fault: "/health/deep", remedy: "/health" }],
    steps: &[Step::at("1000", Action::Signal { part: "stock/node", signal: "TERM" })],
    load: Load { lasts: "5000", ..STEADY },
    expect: Expect::failing(0.3, &[503]),
    everyday: true,
};

const APP: &str = r"
require('http').createServer(async (request, response) => {
  if (request.url !== '/health/deep') return response.end('ok');
  try {
    const answer = await fetch('http://{{ip:stock}}:3000/', { signal: AbortSignal.timeout(1000) });
    response.end(await answer.text());
  } catch {
    response.writeHead(503).end('stock service unavailable');
  }
}).listen(process.env.PORT);
";

const STOCK: &str = r"
require('http').createServer((request, response) => response.end('ok')).listen(process.env.PORT);
";

const HAPROXY: &str = r"
defaults
  mode http
  log global
  option httplog
  timeout connect 1s
  timeout client 10s
  timeout server 10s
  timeout check 2s
frontend web
  bind :8080
  default_backend app
backend app
  option httpchk GET {{check}}
  server app-1 {{ip:app-1}}:3000 check inter 300ms fall 2 rise 2
  server app-2 {{ip:app-2}}:3000 check inter 300ms fall 2 rise 2
";

const ENVOY: &str = envoy_routes!(
    r#"              - match: {prefix: "/"}
                route: {cluster: app}
"#,
    r#"    common_lb_config: {healthy_panic_threshold: {value: {{panic}}}}
    health_checks:
    - timeout: 2s
      interval: 0.3s
      no_traffic_interval: 0.3s
      unhealthy_threshold: 2
      healthy_threshold: 2
      http_health_check: {path: /health/deep}
      event_logger:
      - name: envoy.health_check.event_sinks.file
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.health_check.event_sinks.file.v3.HealthCheckEventFileSink
          event_log_path: {{dir}}/logs/health.json
    {{members:app:3000}}
"#
);

const APACHE: &str = r#"
LogLevel warn proxy_hcheck:info
Listen 8080
<Proxy balancer://app>
  BalancerMember "http://{{ip:app-1}}:3000" hcmethod=GET hcuri={{check}} hcinterval=300ms hcfails=2 hcpasses=2
  BalancerMember "http://{{ip:app-2}}:3000" hcmethod=GET hcuri={{check}} hcinterval=300ms hcfails=2 hcpasses=2
</Proxy>
ProxyPass "/" "balancer://app/"
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_after_health_transitions() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 70.0),
                    (S::StatedShare, 1.0),
                    (S::HealthDowns, 3.0),
                    (S::NoServerLeft, 1.0),
                    (S::ShortWaitShare, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::HealthDowns, S::NoServerLeft, S::ShortWaitShare],
                independent: true,
                proved: true
            }
        );
    }

    #[test]
    fn the_empty_group_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::no_registered_targets::CAUSE,
                &[
                    (S::Failures, 70.0),
                    (S::StatedShare, 0.0),
                    (S::HealthDowns, 0.0),
                    (S::NoServerLeft, 0.0)
                ]
            ),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn without_the_health_log_nothing_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 70.0), (S::StatedShare, 0.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn the_record_alone_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::NoHealthyTarget, 503)), Some(false));
    }

    #[test]
    fn ejected_targets_state_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::AllTargetsEjected, 502)), Some(false));
    }
}
