//! # Proxy ejected all its targets
//!
//! ## What happens
//!
//! Many proxies count failed requests and stop sending to a target that failed, for some
//! seconds. That protects clients from one bad target. But when the count is one, when slow
//! requests count as failures, or when there is only one target besides, a few real failures
//! take everything out, and for the rest of the period every request is refused without any
//! attempt, although the targets could answer.
//!
//! It is a consequence: the first failure in each block is the one to explain.
//!
//! ## How it shows
//!
//! - nginx: `no live upstreams while connecting to upstream`, `502`, `$upstream_addr` the name
//!   of the group, time 0.000; before it `upstream server temporarily disabled` (warn) and the
//!   first real error. Blocks of about `fail_timeout` (10 s).
//! - Apache httpd: `AH00959: ap_proxy_connect_backend disabling worker for (HOST:PORT) for
//!   60s`, then `AH00940` and `503` for 60 s. A balancer whose workers are all out tries them
//!   again at once (`forcerecovery`, on by default), so that this hits single `ProxyPass` workers.
//! - Envoy: outlier detection ejects hosts (`envoy.outlier_detection` event log,
//!   `ejections_active`), then `UH`; not while the panic threshold lets all hosts be used.
//! - HAProxy: `observe layer7` with `on-error mark-down`, then `<NOSRV>`.
//!
//! ## What it is mistaken for
//!
//! - `no-healthy-targets`: there active health checks marked the targets down; here the proxy
//!   counted requests of clients.
//! - An outage of all targets: a direct request to a target succeeds during the block.
//! - The failures that set it off (`target-connect-refused`, `target-response-timeout`,
//!   `keepalive-race` and others) are shown in front where they are in the evidence.
//!
//! ## Before it happens
//!
//! - nginx: `max_fails` 1 and `fail_timeout` 10 s by default, in groups of two or more servers;
//!   with a single server the parameters are ignored. A timeout always counts;
//!   `proxy_next_upstream` with `http_502` or `http_503` makes such answers count as well.
//! - Apache httpd: one failed connection blocks a worker for `retry` (60 s by default).
//! - Envoy: `max_ejection_percent` is 10 by default; whether one host may be ejected regardless
//!   depends on the version (`always_eject_one_host`).
//! - Small groups, and one slow route shared by all targets.
//! - `why502 check` finds groups of two or more targets that are left out for a minute or
//!   longer after one failure, and requests that are sent again although their method is not
//!   idempotent.
//!
//! ## Reproduce it
//!
//! `why502 drill passive-ejection-cascade`: two instances are restarted one after the other,
//! half a second each, which costs no request by itself: nginx tries the other one. But each
//! stays out for `fail_timeout` (10 s), so that from the second restart on both are out, and
//! everything gets `502` and `no live upstreams`. With `max_fails=0` all pass. Envoy does the
//! same with outlier detection.
//!
//! ## Remedy
//!
//! 1. Find the first error of a block and treat that. Blocks stop when it stops.
//! 2. Count less eagerly: nginx `max_fails=0` or a higher number, Apache `retry=0`, Envoy
//!    `max_ejection_percent`. No `no live upstreams` when one request fails.
//! 3. Do not try a slow request on one target after the other: keep `timeout` out of
//!    `proxy_next_upstream` on slow routes, limit the tries. It still counts, but on one target.
//! 4. Use active health checks for taking targets out. Ejections match what the checks say.
//!
//! ## Sources
//!
//! - nginx `max_fails`, `fail_timeout`:
//!   <https://nginx.org/en/docs/http/ngx_http_upstream_module.html> ; `proxy_next_upstream`:
//!   <https://nginx.org/en/docs/http/ngx_http_proxy_module.html>
//! - Apache `modules/proxy/proxy_util.c`, mod_proxy `retry`:
//!   <https://httpd.apache.org/docs/2.4/mod/mod_proxy.html>
//! - Envoy, outlier detection.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Action, Arrivals, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M,
    Part, Place, Predicts, Remedy, Rival, Scenario, Server, Shows, Signal as S, Step, Test, Text,
};

use crate::drills::{STEADY, envoy_routes};
use crate::rules::{attempts, ejection};
use crate::visibility;

/// Proxy ejected all its targets: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "passive-ejection-cascade",
    title: Text::new("Proxy ejected all its targets", "プロキシによる全ターゲットの除外"),
    explanation: Text::new(
        "After a few failed requests the proxy had taken out every target \
        and refused the rest without trying.",
        "数件の失敗の後、プロキシがすべてのターゲットを外し、以降は接続を試\
        みずに拒否しました。",
    ),
    place: Place::Routing,
    statuses: &[502, 503],
    leads_to: &[],
    source: include_str!("passive_ejection_cascade.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::AllTargetsEjected]).states(), Claim::of(&[M::NoHealthyTarget])],
        claims_effects: false,
        needs: &[
            Test::new(
                S::StatedShare,
                AtLeast(0.01),
                Text::new(
                    "{value} of the records say that the proxy had taken out every \
                target.",
                    "記録の {value} が、プロキシがすべてのターゲットを外したと示してい\
                ます。",
                ),
            )
            .otherwise(Text::new(
                "Next to none of the records say that the proxy had taken out \
every target, and it reported taking out none.",
                "プロキシがすべてのターゲットを外したという記録はほとんどなく、外し\
たという報告もありません。",
            ))
            .or(&Test::new(
                S::Ejections,
                AtLeast(1.0),
                Text::new(
                    "The proxy took {value} targets out because of failed requests.",
                    "プロキシは失敗したリクエストを理由に {value} 個のターゲットを外し\
                ました。",
                ),
            )
            .independent()),
            Test::new(
                S::HealthDowns,
                AtMost(0.0),
                Text::new(
                    "No health check marked a target down at the time.",
                    "この間、ヘルスチェックが停止と判定したターゲットはありません。",
                ),
            )
            .otherwise(Text::new(
                "Health checks marked {value} targets down: it was not the proxy's \
own count of failures.",
                "ヘルスチェックが {value} 個のターゲットを停止と判定しています。プ\
ロキシ自身の失敗の計数によるものではありません。",
            ))
            .or(&Test::new(
                S::StatedShare,
                AtLeast(0.01),
                Text::new(
                    "Whatever health checks found, {value} of the records name the \
proxy's own count of failures.",
                    "ヘルスチェックの結果によらず、記録の {value} がプロキシ自身の失敗\
の計数を示しています。",
                ),
            )),
        ],
        supports: &[
            Test::new(
                S::PrecededByTargetFailure,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests came within 15 s after another failure \
                    to reach or read from a target.",
                    "これらのリクエストの {value} は、ターゲットとの別の失敗から 15 秒\
                    以内に起きました。",
                ),
            ),
            Test::new(
                S::Ejections,
                AtLeast(1.0),
                Text::new(
                    "The proxy took {value} targets out because of failed requests.",
                    "プロキシは失敗したリクエストを理由に {value} 個のターゲットを外し\
                    ました。",
                ),
            )
            .independent(),
            Test::new(
                S::ShortWaitShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of these requests were refused within 50 ms, without any \
                    attempt.",
                    "これらのリクエストの {value} が、接続を試みることなく 50 ms 以内に\
                    拒否されました。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "no-healthy-targets",
            separates: Text::new(
                "Whether health checks took the targets out, or the proxy's own \
                count of failed requests.",
                "ターゲットを外したのがヘルスチェックか、プロキシ自身の失敗の計数か\
                です。",
            ),
        }],
        visible: &[
            visibility::HEALTH,
            visibility::EJECTIONS,
            visibility::PRECEDING,
            visibility::DURATIONS,
        ],
    },
    predicts: Predicts::By(&[Rule::Look(ejection::long_out), Rule::Look(attempts::unsafe_methods)]),
    drill: Drill::Runs(&[
        NGINX_NODE,
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "Two instances are restarted one after the other, half a second each; Envoy \
            ejects each for 30 s after three failed attempts and may eject all of them.",
                "2 つのインスタンスを順に 0.5 秒ずつ再起動します。Envoy は 3 回の失敗で各インス\
            タンスを 30 秒間除外し、すべてを除外できます。",
            ),
            cure: Text::new(
                "Envoy ejects an instance only after fifty failures in a row, and retries on \
            the other one meanwhile.",
                "50 回連続の失敗で初めて除外し、それまではもう一方のインスタンスで再試行します\
            。",
            ),
            hosts: &[
                Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]).instances("2"),
                Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)]),
            ],
            knobs: &[Knob { name: "failures", fault: "3", remedy: "50" }],
            expect: Expect::failing(0.2, &[503]).at_most(0.8),
            everyday: false,
            ..NGINX_NODE
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Find the first error before each block and treat that.",
                "各ブロックの前の最初のエラーを探し、それに対処します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The blocks stop when that error stops.",
                "そのエラーがなくなればブロックもなくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Count less eagerly, or not at all.",
                "失敗の計数を緩めるか、やめます。",
            ),
            setting: "max_fails",
            direction: Direction::Raise,
            snippet: "upstream app {
    server 10.0.0.11:8080 max_fails=10 fail_timeout=5s;
    server 10.0.0.12:8080 max_fails=10 fail_timeout=5s;
}",
            verify: Text::new(
                "One failing request is not followed by \"no live upstreams\".",
                "1 件の失敗の後に「no live upstreams」が続かなければ有効です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Do not try a slow request on one target after the other: each try that \
                times out counts against its target.",
                "遅いリクエストを複数のターゲットで順に試さないようにします。タイムアウトし\
                た試行は、そのたびにターゲットの失敗として数えられます。",
            ),
            setting: "proxy_next_upstream",
            direction: Direction::Set,
            snippet: "proxy_next_upstream error;
proxy_next_upstream_tries 2;",
            verify: Text::new(
                "A slow request takes out one target at most.",
                "遅いリクエスト 1 件で外れるターゲットは最大でも 1 つになります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Apache httpd",
            action: Text::new(
                "Try a worker again at once instead of after 60 s.",
                "60 秒後ではなく、すぐにワーカーを再試行します。",
            ),
            setting: "retry",
            direction: Direction::Lower,
            snippet: r#"ProxyPass "/" "http://10.0.0.11:8080/" retry=0 connectiontimeout=3"#,
            verify: Text::new(
                "No AH00940 in the error log.",
                "エラーログに AH00940 が出なければ有効です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Never eject more than part of a cluster.",
                "クラスターの一部までしか除外しないようにします。",
            ),
            setting: "max_ejection_percent",
            direction: Direction::Lower,
            snippet: "outlier_detection: { consecutive_5xx: 10, max_ejection_percent: 10 }",
            verify: Text::new(
                "ejections_active stays at a tenth of the hosts or below.",
                "ejections_active がホストの 1 割以下に留まります。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "Two instances are restarted one after the other, half a second each; nginx \
            leaves each alone for 10 s after one failed attempt, so that both are out at \
            once.",
        "2 つのインスタンスを順に 0.5 秒ずつ再起動します。nginx は 1 回の失敗で各インス\
            タンスを 10 秒間外すため、両方が同時に外れます。",
    ),
    cure: Text::new(
        "nginx does not count failed attempts; each request tries the other instance \
            instead.",
        "nginx は失敗を数えず、リクエストごとにもう一方のインスタンスを試します。",
    ),
    hosts: &[
        Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]).instances("2"),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, GATEWAY)]),
    ],
    router: None,
    knobs: &[Knob { name: "count", fault: "max_fails=1 fail_timeout=10s", remedy: "max_fails=0" }],
    steps: &[
        Step::at("1000", Action::Signal { part: "app-1/node", signal: "TERM" }),
        Step::at("1500", Action::Start { part: "app-1/node" }),
        Step::at("2500", Action::Signal { part: "app-2/node", signal: "TERM" }),
        Step::at("3000", Action::Start { part: "app-2/node" }),
    ],
    load: Load { arrivals: Arrivals::Constant { rate: "30" }, lasts: "6000", ..STEADY },
    expect: Expect::failing(0.2, &[502]).at_most(0.8),
    everyday: true,
};

const APP: &str = r"
require('http').createServer((request, response) => response.end('ok')).listen(process.env.PORT);
";

const GATEWAY: &str = r"
upstream app {
  zone app 64k;
  server {{ip:app-1}}:3000 {{count}};
  server {{ip:app-2}}:3000 {{count}};
}
server {
  listen 8080;
  location / { proxy_pass http://app; proxy_connect_timeout 1s; }
}
";

const ENVOY: &str = envoy_routes!(
    r#"              - match: {prefix: "/"}
                route: {cluster: app, retry_policy: {retry_on: "connect-failure,reset", num_retries: 2, host_selection_retry_max_attempts: 5, retry_host_predicate: [{name: envoy.retry_host_predicates.previous_hosts, typed_config: {"@type": type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate}}]}}
"#,
    r#"    common_lb_config: {healthy_panic_threshold: {value: 0}}
    outlier_detection:
      consecutive_5xx: {{failures}}
      interval: 0.5s
      base_ejection_time: 30s
      max_ejection_percent: 100
    health_checks:
    - timeout: 1s
      interval: 30s
      unhealthy_threshold: 3
      healthy_threshold: 1
      http_health_check: {path: /}
      event_logger:
      - name: envoy.health_check.event_sinks.file
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.health_check.event_sinks.file.v3.HealthCheckEventFileSink
          event_log_path: {{dir}}/logs/health.json
    {{members:app:3000}}
cluster_manager:
  outlier_detection: {event_log_path: {{dir}}/logs/outlier.json}
"#
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_right_after_real_errors() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 120.0),
                    (S::StatedShare, 1.0),
                    (S::PrecededByTargetFailure, 0.98),
                    (S::Ejections, 2.0),
                    (S::ShortWaitShare, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::PrecededByTargetFailure, S::Ejections, S::ShortWaitShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_the_proxy_took_nothing_out() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 70.0), (S::StatedShare, 0.0), (S::Ejections, 0.0)]),
            Judgement::NotThis(S::StatedShare)
        );
    }

    #[test]
    fn the_health_checks_hold_there() {
        assert_eq!(
            judge(
                &crate::causes::no_healthy_targets::CAUSE,
                &[(S::Failures, 70.0), (S::StatedShare, 1.0), (S::HealthDowns, 3.0)]
            ),
            Judgement::Holds { supports: vec![S::HealthDowns], independent: true, proved: false }
        );
    }

    #[test]
    fn quiet_when_health_checks_took_the_targets_out() {
        let signals = [(S::Failures, 70.0), (S::StatedShare, 0.0), (S::HealthDowns, 3.0)];
        assert_eq!(judge(&CAUSE, &signals), Judgement::NotThis(S::HealthDowns));
    }

    #[test]
    fn blind_without_ejection_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 70.0), (S::StatedShare, 0.0)]),
            Judgement::CannotTell(vec![S::Ejections, S::HealthDowns])
        );
    }

    #[test]
    fn no_live_upstreams_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::AllTargetsEjected, 502)), Some(true));
    }

    #[test]
    fn a_bare_unhealthy_group_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::NoHealthyTarget, 503)), Some(false));
    }
}
