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
//!   60s`, then `AH00940` and `503` for 60 s; `AH01167 … All workers are in error state`.
//! - Envoy: outlier detection ejects hosts (`envoy.outlier_detection` event log,
//!   `ejections_active`), then `UH`.
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
//!   with a single server the parameters are ignored. `proxy_next_upstream` with `http_502`,
//!   `http_503` or `timeout` makes slow answers count.
//! - Apache httpd: one failed connection blocks a worker for `retry` (60 s by default).
//! - Envoy: `max_ejection_percent` is 10 by default; whether one host may be ejected regardless
//!   depends on the version (`always_eject_one_host`).
//! - Small groups, and one slow route shared by all targets.
//!
//! ## Reproduce it
//!
//! Not yet automated. On loopback: nginx with two servers in `upstream`, `proxy_read_timeout
//! 1s`, each answering `/slow` after 3 s and `/` at once. One request to `/slow` times out on
//! both and takes both out; for the next 10 s requests to `/` get `502` and `no live
//! upstreams`.
//!
//! ## Remedy
//!
//! 1. Find the first error of a block and treat that. Blocks stop when it stops.
//! 2. Count less eagerly: nginx `max_fails=0` or a higher number, Apache `retry=0`, Envoy
//!    `max_ejection_percent`. No `no live upstreams` when one request fails.
//! 3. Do not let slow requests count: keep `timeout` out of `proxy_next_upstream` on slow
//!    routes, limit the tries. A slow request costs itself only.
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
use model::{
    Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Rival, Shows,
    Signal as S, Test, Text,
};

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
    predicts: Predicts::NotYet(
        "Needs the readers of configuration: failure counts and periods \
        against the number of targets and the slow routes.",
    ),
    drill: Drill::NotYet(
        "Needs the lab: nginx with two targets and one slow route that \
        times out on both.",
    ),
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
                "Do not let slow requests count on slow routes, and limit the \
                tries.",
                "遅い経路では遅いリクエストを失敗に数えず、試行回数を制限します。",
            ),
            setting: "proxy_next_upstream",
            direction: Direction::Set,
            snippet: "proxy_next_upstream error;
proxy_next_upstream_tries 2;",
            verify: Text::new(
                "A slow request costs only itself.",
                "遅いリクエストの影響がそれ自身に留まります。",
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
