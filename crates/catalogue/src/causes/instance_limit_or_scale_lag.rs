//! # No instance to give the request to
//!
//! ## What happens
//!
//! A platform that starts instances as requests come in has an upper bound (the service's own
//! maximum, a quota of the region) and a pace: a new instance takes seconds to start. A request
//! that finds all instances full waits for a while in the platform's queue and is then refused.
//! The instances that run are well; there are too few of them, for a moment or for good.
//!
//! ## How it shows
//!
//! - Cloud Run, request log: `The request was aborted because there was no available instance`,
//!   with `429` where the maximum of instances is reached, and `500` or `503` where starting
//!   more did not keep up. Behind Google Cloud Load Balancing the same status comes from the
//!   backend.
//! - AWS Lambda behind an ALB: `LambdaSubnetIPAddressLimitReachedException`,
//!   `LambdaENILimitReachedException`: no address for a further execution environment.
//! - Amazon ECS: `was unable to place a task`; Kubernetes: `FailedScheduling`,
//!   `FailedCreate … exceeded quota`; the HorizontalPodAutoscaler at `maxReplicas`.
//! - Where tasks cannot be placed at all, the load balancer's group is empty: `503` without a target.
//! - Bursts: many in the first seconds of a rise in traffic, and none once instances are there.
//!
//! ## What it is mistaken for
//!
//! - `slow-startup`: the instances that were started take long to become ready; it is often why
//!   scaling lags, and the log of the platform then has starts just before the end of it.
//! - `app-not-listening`: instances are started and never become ready, so that none is there.
//! - `gateway-quota-throttle`: a rule counted requests; here nobody counted them.
//! - `lambda-throttled-or-denied`: a bound on calls at one time, which AWS calls throttling.
//! - `worker-pool-saturated`: the instance has the request and lets it wait.
//!
//! ## Before it happens
//!
//! - Maximum instances × concurrency < peak rate × duration.
//! - Minimum instances 0 or 1 with an initialisation of many seconds, and traffic that comes in
//!   bursts: timers on the hour, webhooks, a mailing.
//! - A release that sets the minimum back to what its template says.
//! - A slow dependency: each request holds its place longer.
//! - `why502 check` multiplies instances by concurrency on both sides of a call: a caller that
//!   may have four times as many requests under way as the service takes is worth a note.
//!
//! ## Reproduce it
//!
//! There is no drill: it is the platform's scheduler that refuses, and no server of the lab is
//! one. On Cloud Run: `--max-instances 1 --concurrency 1` in front of a handler of one second,
//! and three requests at once.
//!
//! ## Remedy
//!
//! 1. See which bound it was: 429 is the maximum, 500 the pace; instance count against the
//!    maximum. The count is below the maximum at peak afterwards.
//! 2. Keep enough instances warm for the burst: minimum instances ≥ rate in the burst × duration
//!    / concurrency. No such refusals at the next burst.
//! 3. Raise the maximum, after what it protects (database connections, NAT ports) allows it.
//! 4. Start faster, or let each instance take more at a time. Starts take less than the queue
//!    waits.
//!
//! ## Sources
//!
//! - Google Cloud, "Troubleshoot Cloud Run issues" (no available instance: 429 and 500) and
//!   "About instance autoscaling in Cloud Run services".
//! - AWS, "Access logs for your Application Load Balancer" (error reason codes); "Lambda
//!   quotas"; Amazon ECS, service event messages; Kubernetes, Resource quotas.

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Rival, Shows,
    Signal as S, Test, Text,
};

use crate::rules::instances;
use crate::{sentences, visibility};

/// No instance to give the request to: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "instance-limit-or-scale-lag",
    title: Text::new("No instance to give the request to", "割り当て可能なインスタンスの不足"),
    explanation: Text::new(
        "All instances were full, and the platform had reached their maximum or could not \
        start more in time.",
        "すべてのインスタンスが埋まっており、上限に達していたか、追加の起動が間に合いませんでした。",
    ),
    place: Place::Capacity,
    statuses: &[429, 500, 502, 503],
    leads_to: &["no-registered-targets", "backend-own-5xx"],
    source: include_str!("instance_limit_or_scale_lag.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::NoInstance]).states(), Claim::of(&[M::NoTarget])],
        claims_effects: false,
        needs: &[Test::new(
            S::ScaleLimits,
            AtLeast(1.0),
            Text::new(
                "{value} times the platform had no instance to give, or could start none.",
                "割り当てるインスタンスがない、または起動できないという記録が {value} 件あります。",
            ),
        )
        .otherwise(Text::new(
            "The platform never reported that it had no instance to give.",
            "割り当てるインスタンスがないというプラットフォームの報告はありません。",
        ))],
        supports: &[
            Test::new(
                S::StatedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of the failing requests' own records say so.",
                    "失敗したリクエスト自身の記録の {value} がそう述べています。",
                ),
            ),
            Test::new(
                S::PlacementFailures,
                AtLeast(1.0),
                Text::new(
                    "The platform reported {value} times that it could start or place no instance.",
                    "インスタンスを起動または配置できないというプラットフォームの報告が {value} 件あります。",
                ),
            )
            .independent(),
            Test::new(
                S::LoadRise,
                AtLeast(1.2),
                sentences::LOAD,
            ),
            Test::new(
                S::InstanceStarts,
                AtLeast(1.0),
                Text::new(
                    "{value} instances were started shortly before or meanwhile.",
                    "直前または期間中に {value} 個のインスタンスが起動されました。",
                ),
            )
            .independent(),
            Test::new(
                S::LatencyRise,
                AtLeast(1.5),
                Text::new(
                    "Healthy requests took {value} as long as outside the window: each held its \
                    place longer.",
                    "正常なリクエストの所要時間が期間外の {value} になり、それぞれが枠を長く占めていました。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "gateway-quota-throttle",
                separates: Text::new(
                    "Whether a rate was exceeded, or the platform had no instance to give.",
                    "レートを超えたのか、割り当てるインスタンスがなかったのかです。",
                ),
            },
            Rival {
                slug: "lambda-throttled-or-denied",
                separates: Text::new(
                    "Whether the number of calls at one time met a bound, or there was no place \
                    or address to start an instance.",
                    "同時に呼べる数の上限に達したのか、インスタンスを起動する場所やアドレスがなかったのかです。",
                ),
            },
        ],
        visible: &[visibility::SCALING, visibility::STARTS, visibility::LATENCY],
    },
    predicts: Predicts::By(&[Rule::Look(instances::callers)]),
    drill: Drill::NotYet(
        "The refusal comes from the scheduler of a managed platform; the lab has real servers and \
        no autoscaler, and an imitation would prove nothing.",
    ),
    remedies: &[
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Keep as many instances warm as a burst needs before further ones are up.",
                "追加の起動が終わるまでのバーストに必要な数だけ、インスタンスを常時起動しておきます。",
            ),
            setting: "min-instances",
            direction: Direction::Raise,
            snippet: "gcloud run services update SERVICE --min-instances=3",
            verify: Text::new(
                "At the next burst no request was aborted for want of an instance.",
                "次のバーストで、インスタンス不足により中断されたリクエストがありません。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "With 429: raise the maximum, if the database and the NAT behind allow it.",
                "429 の場合は、背後のデータベースと NAT が許す範囲で上限を上げます。",
            ),
            setting: "max-instances",
            direction: Direction::Raise,
            snippet: "gcloud run services update SERVICE --max-instances=50",
            verify: Text::new(
                "The metric container/instance_count stays below the maximum at peak.",
                "ピーク時も指標 container/instance_count が上限を下回ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Let an instance take more requests at a time, if its memory and CPU allow it.",
                "メモリと CPU が許すなら、1 インスタンスの同時処理数を増やします。",
            ),
            setting: "concurrency",
            direction: Direction::Raise,
            snippet: "gcloud run services update SERVICE --concurrency=80",
            verify: Text::new(
                "Fewer instances serve the same rate at the same latency.",
                "同じレートと遅延を、より少ないインスタンスで処理できます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Start faster: CPU boost, fewer things done before listening.",
                "起動を速くします。CPU ブーストを使い、待ち受け前の処理を減らします。",
            ),
            setting: "cpu-boost",
            direction: Direction::Set,
            snippet: "gcloud run services update SERVICE --cpu-boost",
            verify: Text::new(
                "The metric container/startup_latencies falls.",
                "指標 container/startup_latencies が下がります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "For the subnet limits: attach the function to larger subnets.",
                "サブネットの上限が原因なら、関数をより大きなサブネットに接続します。",
            ),
            setting: "VpcConfig",
            direction: Direction::Change,
            snippet: "aws lambda update-function-configuration --function-name FUNCTION --vpc-config \
            SubnetIds=SUBNET_A,SUBNET_B,SecurityGroupIds=GROUP",
            verify: Text::new(
                "AvailableIpAddressCount of the subnets stays above zero at peak.",
                "ピーク時もサブネットの AvailableIpAddressCount が 0 になりません。",
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
    fn fires_on_what_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::NoInstance, 429)), Some(true));
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 40.0),
                    (S::ScaleLimits, 40.0),
                    (S::StatedShare, 1.0),
                    (S::InstanceStarts, 3.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::StatedShare, S::InstanceStarts],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn fires_on_an_empty_group_when_the_platform_finds_no_place() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 53.0),
                    (S::ScaleLimits, 2.0),
                    (S::StatedShare, 0.0),
                    (S::PlacementFailures, 2.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::PlacementFailures],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_where_instances_do_not_become_ready() {
        assert_eq!(claims(&CAUSE, Seen::of(M::InstanceStartFailed, 503)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::Throttled, 429)), None);
    }

    #[test]
    fn blind_where_the_platform_says_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::StatusFromUpstream, 503)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::NoTarget, 503)), Some(false));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 40.0)]),
            Judgement::CannotTell(vec![S::ScaleLimits])
        );
    }
}
