//! # Health checks too slow to notice
//!
//! ## What happens
//!
//! A target is gone, and the gateway goes on sending it its share of the requests until enough health
//! checks in a row have failed: interval times threshold, plus the check's own timeout. In that time
//! one request in N fails, N being the number of targets; then the target is marked down and the
//! failures stop, although nothing was repaired. Why the target went is another cause; why clients
//! saw it for so long is this one.
//!
//! ## How it shows
//!
//! - All failures are on one target while the others of its group serve, and they end when that target
//!   is marked down: HAProxy `Server app/app-1 is DOWN, reason: …`; Envoy `ejected` or
//!   `eject_unhealthy_event`; Amazon ECS `(instance …) (port …) is unhealthy in (target-group …)`.
//! - AWS ALB: `502` or `504` with one address; `HealthyHostCount` falls later. The default of 30 s times
//!   2 makes a minute of failures.
//! - HAProxy: `SC` or `sC` on one server; the default of 2 s times 3 makes six seconds.
//!
//! ## What it is mistaken for
//!
//! - `target-connect-refused` and `target-connect-timeout` say how the requests failed.
//! - `deploy-without-drain`: the target left on purpose and was told to stop; then it has to be taken
//!   out before it stops, and no check can be fast enough.
//! - `passive-ejection-cascade`: the gateway counts failed requests itself and takes out all targets.
//!
//! ## Before it happens
//!
//! - A long interval or a high threshold where targets come and go; the check's timeout as long as its
//!   interval.
//! - No retry on another target for requests that were never sent (`proxy_next_upstream`, `option
//!   redispatch`, `retry_on: connect-failure`), and no passive checks beside the active ones.
//! - `why502 check` finds checks that may take longer than the time between two.
//!
//! ## Reproduce it
//!
//! `why502 drill health-check-lag`: one of two servers behind HAProxy leaves; checks every two
//! seconds need three failures, and every other request fails until then. Then checks come every
//! 200 ms and failed connections are tried on the other server.
//!
//! ## Remedy
//!
//! 1. Let the gateway try another target where connecting failed. One dead target of several costs no
//!    request.
//! 2. Shorten interval times threshold to what clients may notice, and the timeout below the interval.
//!    The next such burst is that much shorter.
//! 3. Add passive checks (outlier detection, `observe layer4`): the first failing requests take the
//!    target out.
//!
//! ## Sources
//!
//! - AWS, Health checks for your target groups; HAProxy Configuration Manual, `inter`, `fall`, `observe`,
//!   `option redispatch`; Envoy, "Health checking" and "Outlier detection". HAProxy 2.6 was observed.

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Action, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part, Place,
    Predicts, Remedy, Scenario, Server, Shows, Side, Signal as S, Step, Test, Text,
};

use crate::drills::STEADY;
use crate::rules::check_timers;
use crate::{sentences, visibility};

/// Health checks too slow to notice: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "health-check-lag",
    title: Text::new("Health checks too slow to notice", "ヘルスチェックの検知の遅れ"),
    explanation: Text::new(
        "A target that was gone kept getting requests until enough health checks in a row had failed.",
        "停止したターゲットに、ヘルスチェックが規定の回数失敗するまでリクエストが送られ続けました。",
    ),
    place: Place::Routing,
    statuses: &[502, 503, 504],
    leads_to: &["target-connect-refused", "target-connect-timeout", "target-unreachable"],
    source: include_str!("health_check_lag.rs"),
    shows: Shows {
        claims: &[Claim::of(&[
            M::ConnectRefused,
            M::ConnectTimeout,
            M::ConnectUnreachable,
            M::ConnectFailed,
        ])
        .sides(&[Side::Upstream])],
        claims_effects: false,
        needs: &[
            Test::new(
                S::DownAfterShare,
                AtLeast(0.8),
                Text::new(
                    "{value} of these requests failed on a target that a health check marked down \
                    only afterwards.",
                    "これらのリクエストの {value} は、その後にヘルスチェックで停止と判定されたターゲッ\
                    トで失敗しました。",
                ),
            )
            .independent()
            .otherwise(Text::new(
                "Only {value} of these requests came before their own target was marked down.",
                "自分のターゲットが停止と判定される前のリクエストは {value} だけです。",
            )),
            Test::new(
                S::HealthyTargetShare,
                AtLeast(0.2),
                Text::new(
                    "{value} of the targets went on serving: there was somewhere else to send to.",
                    "ターゲットの {value} は応答を続けていました。ほかに送り先がありました。",
                ),
            )
            .otherwise(Text::new(
                "Only {value} of the targets served at all: there was nowhere else to send to.",
                "応答していたターゲットは {value} だけです。ほかに送り先がありませんでした。",
            )),
        ],
        supports: &[
            Test::new(
                S::TopTargetShare,
                AtLeast(0.9),
                sentences::ONE_TARGET,
            ),
            Test::new(
                S::HealthDowns,
                AtLeast(1.0),
                Text::new(
                    "Health checks marked {value} targets down at the end of it.",
                    "その終わりに、ヘルスチェックが {value} 個のターゲットを停止と判定しました。",
                ),
            )
            .independent(),
        ],
        rules_out: &[],
        rivals: &[],
        visible: &[visibility::DOWN_AFTER, visibility::HEALTHY_TARGETS],
    },
    predicts: Predicts::By(&[Rule::Look(check_timers::overlapping), Rule::Look(check_timers::notices_late)]),
    drill: Drill::Runs(&[HAPROXY]),
    remedies: &[
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Try failed connections on another server, check more often, and let failing requests \
                count.",
                "失敗した接続をほかのサーバーで再試行し、チェックの間隔を縮め、失敗したリクエストも数\
                えます。",
            ),
            setting: "inter",
            direction: Direction::Lower,
            snippet: "option redispatch 1\nretries 2\ndefault-server check inter 1s fall 2 observe layer4 \
            error-limit 3 on-error mark-down",
            verify: Text::new(
                "Killing one server leaves no 503 in the log.",
                "サーバーを 1 台止めても、ログに 503 が残りません。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Try the next server where connecting failed.",
                "接続に失敗したら次のサーバーを試します。",
            ),
            setting: "proxy_next_upstream",
            direction: Direction::Set,
            snippet: "proxy_next_upstream error timeout;\nproxy_connect_timeout 2s;",
            verify: Text::new(
                "$upstream_addr lists two addresses and the status is 200.",
                "$upstream_addr に 2 つのアドレスが並び、ステータスが 200 になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Shorten the interval and the number of failures.",
                "チェックの間隔と失敗回数を減らします。",
            ),
            setting: "HealthCheckIntervalSeconds",
            direction: Direction::Lower,
            snippet: "aws elbv2 modify-target-group --target-group-arn ARN \
            --health-check-interval-seconds 5 --health-check-timeout-seconds 2 \
            --unhealthy-threshold-count 2",
            verify: Text::new(
                "The next burst is no longer than ten seconds.",
                "次に起きても 10 秒以内に収まります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Retry failed connections on another host, and take out hosts that fail.",
                "失敗した接続をほかのホストで再試行し、失敗するホストを外します。",
            ),
            setting: "outlier_detection",
            direction: Direction::Set,
            snippet: "retry_policy: { retry_on: connect-failure, num_retries: 2, \
            retry_host_predicate: [{ name: envoy.retry_host_predicates.previous_hosts }] }\n\
            outlier_detection: { consecutive_gateway_failure: 3, interval: 1s }",
            verify: Text::new(
                "A dead host is named by an eject event within a second or two.",
                "停止したホストが 1~2 秒で eject のイベントに現れます。",
            ),
            arithmetic: None,
        },
    ],
};

const HAPROXY: Scenario = Scenario {
    name: "haproxy-server-gone",
    happens: Text::new(
        "One of two servers leaves; HAProxy goes on sending to it until three checks have failed.",
        "2 台のうち 1 台のサーバーが停止し、HAProxy はチェックが 3 回失敗するまで送り続けます。",
    ),
    cure: Text::new(
        "Checks come every 200 ms, and a failed connection is tried on the other server.",
        "チェックは 200 ms ごとで、失敗した接続はもう 1 台で再試行します。",
    ),
    hosts: &[
        Host::new("app-1", &[Part::new(Server::Node, "one", 3000, LEAVES)]),
        Host::new("app-2", &[Part::new(Server::Node, "two", 3000, LEAVES)]),
        Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, CONFIG)]),
    ],
    router: None,
    knobs: &[
        Knob { name: "inter", fault: "2s", remedy: "200ms" },
        Knob { name: "retries", fault: "0", remedy: "3" },
    ],
    steps: &[Step::at("2000", Action::Signal { part: "app-1/one", signal: "TERM" })],
    load: Load { lasts: "12000", ..STEADY },
    expect: Expect::failing(0.1, &[503]).at_most(0.5),
    everyday: true,
};

/// Told to stop, it finishes what it has and listens no more.
const LEAVES: &str = "\
const server = require('http').createServer((request, response) => response.end('ok'));
server.listen(process.env.PORT);
process.on('SIGTERM', () => server.close());
";

const CONFIG: &str = "\
defaults
    mode http
    log global
    option httplog
    option redispatch 1
    option http-server-close
    retries {{retries}}
    timeout connect 1s
    timeout client 30s
    timeout server 30s
frontend web
    bind :8080
    default_backend app
backend app
    server app-1 {{ip:app-1}}:3000 check inter {{inter}} fall 3
    server app-2 {{ip:app-2}}:3000 check inter {{inter}} fall 3
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_the_target_was_marked_down_only_afterwards() {
        let seen = [
            (S::Failures, 30.0),
            (S::DownAfterShare, 1.0),
            (S::HealthyTargetShare, 0.5),
            (S::TopTargetShare, 1.0),
            (S::HealthDowns, 1.0),
        ];
        assert_eq!(
            judge(&CAUSE, &seen),
            Judgement::Holds {
                supports: vec![S::TopTargetShare, S::HealthDowns],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_where_no_other_target_serves() {
        let seen = [(S::Failures, 30.0), (S::DownAfterShare, 1.0), (S::HealthyTargetShare, 0.0)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::NotThis(S::HealthyTargetShare));
    }

    #[test]
    fn quiet_where_failures_went_on_after_the_mark() {
        let seen = [(S::Failures, 30.0), (S::DownAfterShare, 0.2), (S::HealthyTargetShare, 0.5)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::NotThis(S::DownAfterShare));
    }

    #[test]
    fn blind_without_the_health_checks_transitions() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 30.0), (S::HealthyTargetShare, 0.5)]),
            Judgement::CannotTell(vec![S::DownAfterShare])
        );
    }

    #[test]
    fn only_what_never_reached_the_target_is_claimed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectRefused, 503)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseTimeout, 504)), None);
    }
}
