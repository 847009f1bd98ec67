//! # No target registered
//!
//! ## What happens
//!
//! The rule that matched the request points at a group of targets that is empty: nobody has
//! registered, everybody has been taken out, or what is registered lies in a zone that is not
//! enabled or is already draining. The load balancer has nobody to ask and answers at once, for
//! every request that takes this rule, without any connection to a target.
//!
//! ## How it shows
//!
//! - AWS ALB: `503`, target `-`, target status `-`, within a millisecond; body `503 Service
//!   Temporarily Unavailable`. CLB: `503` with `HealthyHostCount` 0.
//! - Target health: an empty list, or all `unused` (`Target.NotInUse`) or `draining`
//!   (`Target.DeregistrationInProgress`).
//! - HAProxy: `SC` with `<NOSRV>`, `503`. Envoy: `UH`, `503`, `no_healthy_upstream`, which it
//!   also sends for an empty cluster.
//! - Google Cloud Load Balancing: `failed_to_pick_backend`. Kubernetes ingress controllers:
//!   `503` for a Service without endpoints.
//! - nginx has no such state: an `upstream` without servers does not load.
//!
//! ## What it is mistaken for
//!
//! - `no-healthy-targets`: targets exist and are marked down. An ALB does not answer `503`
//!   then: with unhealthy targets only, it sends to all of them (fail open), and one sees `502`
//!   or `504` and a target address in the log.
//! - `backend-own-5xx`: a `503` from a proxy or application behind; there the target status is
//!   `503` too.
//! - `deploy-without-drain`: a roll-out that takes all old targets out before the new ones are
//!   in leads here; it is shown in front then.
//!
//! ## Before it happens
//!
//! - ECS `desiredCount` 0 or minimum healthy percent 0; an Auto Scaling group at 0; a Service
//!   selector that matches no pod label.
//! - A listener rule that points at a group nobody registers with; a zone not enabled on the
//!   load balancer.
//! - Blue-green switches that move the rule before the new group is filled.
//! - `why502 check` finds services that requests are sent to and that may have no instance.
//!
//! ## Reproduce it
//!
//! `why502 drill no-registered-targets` scales the application behind HAProxy and Envoy to
//! zero, so that their lists of servers are empty: `503` at once for every request. Then two
//! instances are in the list.
//!
//! ## Remedy
//!
//! 1. List the group's targets. If it is empty, find out who should register: service, scaling
//!    group, selector. The list has entries in state `healthy`.
//! 2. Check that the rule points at the intended group and that its zones are enabled. A
//!    request to that rule names a target in the log.
//! 3. Start new targets and wait for them to be healthy before the old ones go. The next
//!    roll-out shows no `503` with target `-`.
//!
//! ## Sources
//!
//! - AWS, Troubleshoot your Application Load Balancers, HTTP 503:
//!   <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html>
//! - AWS, Health checks for Application Load Balancer target groups (fail open, reason codes).
//! - HAProxy configuration manual, section 8.5 (`SC`); Kubernetes, Debug Services.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Cause, Claim, Direction, Drill, Expect, Host, Knob, Mechanism as M, Part, Place, Predicts,
    Remedy, Rival, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{APP, STEADY, envoy, haproxy};
use crate::rules::instances;
use crate::{sentences, visibility};

/// No target registered: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "no-registered-targets",
    title: Text::new("No target registered", "登録済みターゲットなし"),
    explanation: Text::new(
        "The group of targets that the request was routed to is empty.",
        "リクエストの振り分け先のグループに、ターゲットが 1 つもありません。",
    ),
    place: Place::Routing,
    statuses: &[502, 503],
    leads_to: &["backend-own-5xx"],
    source: include_str!("no_registered_targets.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::NoTarget]).states(), Claim::of(&[M::NoHealthyTarget])],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "For {value} requests the load balancer had no target to send to.",
                "{value} 件のリクエストで、送り先のターゲットがありませんでした。",
            ),
        )],
        supports: &[
            Test::new(S::ShortWaitShare, AtLeast(0.9), sentences::NO_ATTEMPT),
            Test::new(
                S::InstanceStops,
                AtLeast(1.0),
                Text::new(
                    "{value} instances were told to stop in or just before the window.",
                    "この期間またはその直前に {value} 個のインスタンスが停止を指示され\
                    ました。",
                ),
            )
            .independent(),
            Test::new(S::DeployLead, AtMost(600.0), sentences::AFTER_DEPLOY).independent(),
        ],
        rules_out: &[
            Test::new(
                S::HealthDowns,
                AtLeast(1.0),
                Text::new(
                    "{value} targets were marked down just before: the group was not \
                    empty.",
                    "直前に {value} 個のターゲットが停止と判定されています。グループは\
                    空ではありませんでした。",
                ),
            ),
            Test::new(
                S::Ejections,
                AtLeast(1.0),
                Text::new(
                    "A proxy took {value} targets out because of failed requests: the \
                    group was not empty.",
                    "プロキシが失敗したリクエストを理由に {value} 個のターゲットを外し\
                    ています。グループは空ではありませんでした。",
                ),
            ),
        ],
        rivals: &[Rival {
            slug: "no-healthy-targets",
            separates: Text::new(
                "Whether the group is empty, or has targets that are all marked \
                down.",
                "グループが空か、全ターゲットが停止と判定されているかです。",
            ),
        }],
        visible: &[
            visibility::HEALTH,
            visibility::EJECTIONS,
            visibility::STOPS,
            visibility::DEPLOYS,
        ],
    },
    predicts: Predicts::By(&[Rule::Look(instances::none)]),
    drill: Drill::Runs(&[
        HAPROXY_EMPTY,
        Scenario {
            name: "envoy-empty",
            happens: Text::new(
                "The application is scaled to zero, and Envoy has an empty list of servers.",
                "アプリケーションのインスタンス数が 0 になり、Envoy のサーバー一覧が空です。",
            ),
            hosts: &[
                APP.instances("{{count}}"),
                Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)]),
            ],
            ..HAPROXY_EMPTY
        },
    ]),
    remedies: &[
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "List the group's targets and their states, and register what is \
                missing.",
                "グループのターゲットと状態を一覧し、足りないものを登録します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "aws elbv2 describe-target-health --target-group-arn ARN\naws \
            elbv2 register-targets --target-group-arn ARN --targets \
            Id=i-0123456789abcdef0",
            verify: Text::new(
                "At least one target is healthy, and requests name a target in the \
                log.",
                "少なくとも 1 つが healthy になり、ログにターゲットが記録されます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "See whether the Service has endpoints, and make its selector \
                match the pods' labels.",
                "Service にエンドポイントがあるかを確認し、セレクターを Pod のラベ\
                ルに合わせます。",
            ),
            setting: "selector",
            direction: Direction::Change,
            snippet: "kubectl get endpointslices -l kubernetes.io/service-name=NAME
kubectl get pods --show-labels",
            verify: Text::new(
                "The list shows addresses that are ready.",
                "準備完了のアドレスが一覧に表示されます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ECS",
            action: Text::new(
                "Start new tasks before old ones stop.",
                "古いタスクを止める前に新しいタスクを起動します。",
            ),
            setting: "minimumHealthyPercent",
            direction: Direction::Raise,
            snippet: "aws ecs update-service --cluster CLUSTER --service SERVICE \
            --deployment-configuration \
            minimumHealthyPercent=100,maximumPercent=200",
            verify: Text::new(
                "The next roll-out shows no 503 with target \"-\".",
                "次のリリースで、ターゲット「-」の 503 が出なければ解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const HAPROXY_EMPTY: Scenario = Scenario {
    name: "haproxy-empty",
    happens: Text::new(
        "The application is scaled to zero, and HAProxy has an empty list of servers.",
        "アプリケーションのインスタンス数が 0 になり、HAProxy のサーバー一覧が空です。",
    ),
    cure: Text::new(
        "Two instances are there and in the list.",
        "2 つのインスタンスが一覧に登録されます。",
    ),
    hosts: &[
        APP.instances("{{count}}"),
        Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]),
    ],
    router: None,
    knobs: &[Knob { name: "count", fault: "0", remedy: "2" }],
    steps: &[],
    load: STEADY,
    expect: Expect::failing(1.0, &[503]),
    everyday: true,
};

const HAPROXY: &str = haproxy!("{{members:app:3000}}\n");

const ENVOY: &str = envoy!("    {{members:app:3000}}\n");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_a_rollout_emptied_the_group() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 70.0),
                    (S::ShortWaitShare, 1.0),
                    (S::InstanceStops, 2.0),
                    (S::DeployLead, 15.0),
                    (S::HealthDowns, 0.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::ShortWaitShare, S::InstanceStops, S::DeployLead],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_targets_were_marked_down() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 70.0), (S::HealthDowns, 2.0)]),
            Judgement::Excluded(S::HealthDowns)
        );
    }

    #[test]
    fn the_unhealthy_group_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::no_healthy_targets::CAUSE,
                &[(S::Failures, 70.0), (S::StatedShare, 0.0), (S::HealthDowns, 2.0)]
            ),
            Judgement::Holds { supports: vec![S::HealthDowns], independent: true, proved: false }
        );
    }

    #[test]
    fn without_other_logs_nothing_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 70.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn an_empty_group_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::NoTarget, 503)), Some(true));
    }

    #[test]
    fn a_group_without_a_usable_target_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::NoHealthyTarget, 503)), Some(false));
    }
}
