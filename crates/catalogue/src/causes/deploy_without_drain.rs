//! # Deploy without draining
//!
//! ## What happens
//!
//! A roll-out replaces instances. Two things then happen at the same time and race each other:
//! the old process is told to stop (SIGTERM), and the load balancer learns that it must not
//! send there any more. The second takes seconds: endpoint lists have to reach every proxy,
//! health checks have to fail, targets have to be deregistered. A process that stops at once
//! leaves a gap in which requests still arrive at an address where nobody answers, or on
//! connections that are being closed.
//!
//! The failures come from the old instances only, last for seconds per instance, and come back
//! with every release and every scale-in.
//!
//! ## How it shows
//!
//! - AWS ALB: `502` with `-1 -1 -1` (the port is closed already) or `0.00x 0.00x -1` (the
//!   connection was reset), target status `-`, the target ones that are `draining`
//!   (`Target.DeregistrationInProgress`).
//! - Google Cloud Load Balancing: `failed_to_connect_to_backend` or
//!   `backend_connection_closed_before_data_sent_to_client`; container-native groups show it
//!   for some 10 to 20 s after a pod ended.
//! - Envoy, Istio: `UF` and `UC`, `503`, for upstream hosts that vanish afterwards.
//! - HAProxy: `SC` (refused) and `SH` (closed before headers) for one server after the other.
//! - nginx: `connect() failed (111: Connection refused)`, `(113: No route to host)` or
//!   `prematurely closed`, one upstream address after the other.
//! - AWS ALB, once the address of a stopped task is gone: `504` with `-1 -1 -1` after 10 s.
//! - Caddy: `502`, `connect: connection refused`, `EOF`. Traefik: `502`, and why at level debug only.
//! - Kubernetes: event `Killing` for the pod in the same seconds. Cloud Run sends SIGTERM and, 10 s
//!   later, SIGKILL.
//! - Amazon ECS: the service's events `deregistered 1 targets`, `has begun draining connections`, `has
//!   stopped 1 running tasks`, and the tasks' `stoppingAt` with exit code 143. CloudTrail:
//!   `DeregisterTargets`.
//! - `aws elbv2 describe-target-health` while it lasts: the targets that fail are `draining`.
//!
//! ## What it is mistaken for
//!
//! - `keepalive-race`: the same closes, but spread evenly in time; here they stand in bursts
//!   around stops.
//! - `app-crash`: a process that ends by itself, without having been told to; here a stop order
//!   comes first.
//! - `bad-release`: the failures are on the new version and stay; here they are on the old one
//!   and end.
//! - `deploy-surge`: failures for minutes, on old and new alike, because old and new together
//!   use up something shared; here each old instance fails for seconds.
//! - `app-not-listening`: the refusing address is a new one that has never answered; here it is
//!   an old one that did.
//! - `drain-too-short`: the grace period is shorter than the longest request; the cut requests are
//!   long ones and all end that period after the stop, not at once.
//! - `stale-upstream-address`: the proxy keeps an old address; the failures go on until it is
//!   reloaded.
//!
//! ## Before it happens
//!
//! - Kubernetes: no `preStop` hook, an application that exits on SIGTERM at once;
//!   `terminationGracePeriodSeconds` is 30 s and includes the hook.
//! - AWS: `deregistration_delay.timeout_seconds` (300 s by default) set to 0, or an ECS
//!   `stopTimeout` below the slowest request.
//! - Google Cloud: connection draining timeout 0 on the backend service.
//! - Applications: `server.close()` waits for idle keep-alive connections that nobody closes,
//!   until SIGKILL comes.
//! - `why502 check` finds programs that end at the signal without anything that delays it, pods
//!   behind a platform's load balancer without a `preStop` hook, and a deregistration delay of
//!   0.
//!
//! ## Reproduce it
//!
//! `why502 drill deploy-without-drain`. Two instances behind nginx, HAProxy or Envoy are replaced
//! under steady load. The old ones are told to stop 1.5 s before the gateway learns of it: it logs
//! refused connections to them. Told a second after the traffic has moved, no request fails.
//!
//! ## Remedy
//!
//! 1. Keep serving after SIGTERM for as long as the routing needs to learn about it: a
//!    `preStop` sleep of 10 to 30 s. In the next roll-out no failure falls within 30 s of a
//!    stop.
//! 2. Fail the readiness check first, finish requests in flight, answer with `Connection:
//!    close`, then exit. No `-1` lines for draining targets.
//! 3. Give the drain more time than the slowest request needs. No request ends at exactly the
//!    drain time.
//! 4. Have the new instances healthy before the old ones stop (`maxUnavailable: 0`, ECS minimum
//!    healthy percent 100).
//!
//! ## Sources
//!
//! - Kubernetes, Pod Lifecycle, "Termination of Pods":
//!   <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/>
//! - AWS, Edit target group attributes, "Deregistration delay"; Application Load Balancer
//!   troubleshooting, HTTP 502.
//! - Google Cloud, Cloud Run container runtime contract (SIGTERM, 10 s); enable connection
//!   draining.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Action, Arrivals, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M,
    Part, Place, Predicts, Remedy, Rival, Rollout, Scenario, Server, Shows, Side, Signal as S,
    Step, Test, Text,
};

use crate::drills::{HAPROXY_CHECKED, NGINX_ORDERS, STEADY, envoy};
use crate::rules::drain;
use crate::{sentences, visibility};

/// Deploy without draining: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "deploy-without-drain",
    title: Text::new("Deploy without draining", "ドレインなしのデプロイ"),
    explanation: Text::new(
        "Old instances stopped while the load balancer was still sending \
        requests to them.",
        "ロードバランサーがまだリクエストを送っている間に、古いインスタンス\
        が停止しました。",
    ),
    place: Place::Release,
    statuses: &[502, 503, 504],
    leads_to: &[
        "response-body-truncated",
        "target-connect-refused",
        "target-connect-timeout",
        "target-unreachable",
        "no-registered-targets",
        "backend-own-5xx",
    ],
    source: include_str!("deploy_without_drain.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[
                M::ClosedBeforeResponse,
                M::ResetBeforeResponse,
                M::EndedBeforeResponse,
                M::RequestSendFailed,
                M::ResponseTruncated,
                M::InstanceConnectionError,
            ]),
            Claim::of(&[
                M::ConnectRefused,
                M::ConnectTimeout,
                M::ConnectUnreachable,
                M::ConnectFailed,
            ])
            .sides(&[Side::Upstream]),
            // After the first refusals a proxy may take the targets out by itself.
            Claim::of(&[M::AllTargetsEjected]),
            // Some proxies log the status alone (Traefik, unless it is told to debug).
            Claim::of(&[M::Unspecified]).statuses(&[502, 503, 504]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::StopAlignedShare,
            AtLeast(0.5),
            Text::new(
                "{value} of these requests failed within 30 s after an instance \
                was told to stop or a deploy completed.",
                "これらのリクエストの {value} が、インスタンスの停止指示またはデプ\
                ロイ完了から 30 秒以内に失敗しました。",
            ),
        )
        .independent()
        .otherwise(Text::new(
            "Only {value} of these requests failed within 30 s after an \
instance was told to stop or a deploy completed, and less than \
half went to targets that were gone afterwards.",
            "インスタンスの停止指示またはデプロイ完了から 30 秒以内に失敗したの\
は {value} だけで、その後いなくなったターゲット宛ても半数に達しま\
せん。",
        ))
        .or(&Test::new(
            S::VanishedTargetShare,
            AtLeast(0.5),
            Text::new(
                "{value} of these requests went to targets that never served \
                again, although others did.",
                "これらのリクエストの {value} が、その後二度と応答しなかったターゲ\
                ット宛てでした。ほかのターゲットは応答を続けています。",
            ),
        ))],
        supports: &[
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
            Test::new(
                S::DrainingShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of them went to targets that were being taken out of their group.",
                    "{value} が、グループから外されつつあるターゲット宛てでした。",
                ),
            )
            .independent(),
            Test::new(
                S::DeployLead,
                AtMost(600.0),
                Text::new(
                    "The first of these failures came {value} after a deploy.",
                    "最初の失敗はデプロイの {value} 後でした。",
                ),
            )
            .independent(),
            Test::new(
                S::VanishedTargetShare,
                AtLeast(0.8),
                Text::new(
                    "{value} of them went to targets that never served again.",
                    "{value} が、その後二度と応答しなかったターゲット宛てでした。",
                ),
            ),
            Test::new(S::BurstShare, AtLeast(0.6), sentences::ONE_MINUTE),
        ],
        rules_out: &[
            Test::new(
                S::DrainCutShare,
                AtLeast(0.6),
                Text::new(
                    "{value} of them were in flight when an instance was told to stop and were cut off \
                    {drain} later: they had been given time, though not enough.",
                    "{value} は停止の指示時に処理中で、{drain} 後に切断されました。猶予はありましたが、足\
                    りませんでした。",
                ),
            ),
            Test::new(
                S::MovedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of them failed on an old address, away from any stop, until the proxy was \
                    reloaded and took up a new one.",
                    "{value} は、停止とは関係なく、プロキシが再読み込みで新しいアドレスに替えるまで古いア\
                    ドレスで失敗しました。",
                ),
            ),
            Test::new(
                S::ExitAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of them failed within 5 s of a process ending that nobody \
                    had told to stop.",
                    "{value} が、停止を指示されていないプロセスの終了から 5 秒以内に失\
                    敗しました。",
                ),
            ),
            Test::new(
                S::LoopbackListeners,
                AtLeast(1.0),
                Text::new(
                    "{value} processes say that they listen on a loopback address only: the \
                    gateway is refused there whether or not anything is being stopped.",
                    "{value} 個のプロセスがループバックアドレスだけで待ち受けていると記録してお\
                    り、停止の有無によらずゲートウェイは拒否されます。",
                ),
            ),
            Test::new(
                S::NewTargetShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of them went to targets that had just appeared; draining \
                    concerns the old ones.",
                    "{value} が、現れたばかりのターゲット宛てでした。ドレインは古いター\
                    ゲットの問題です。",
                ),
            ),
            Test::new(
                S::FirstAnswerShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of them went to a target that had never answered before: \
                    draining concerns the old ones.",
                    "{value} が、それまで一度も応答していないターゲット宛てでした。ドレイ\
                    ンは古いターゲットの問題です。",
                ),
            ),
        ],
        rivals: &[
            Rival {
                slug: "keepalive-race",
                separates: Text::new(
                    "When the failures fall: in a burst while instances stop, or \
                    evenly between roll-outs.",
                    "失敗の時刻です。インスタンス停止中に集中していればドレイン不足、リ\
                    リースの間にも散発していれば競合です。",
                ),
            },
            Rival {
                slug: "app-crash",
                separates: Text::new(
                    "Whether the process had been told to stop before it ended.",
                    "プロセスが終了前に停止を指示されていたかどうかです。",
                ),
            },
            Rival {
                slug: "bad-release",
                separates: Text::new(
                    "Which version fails: the old one for seconds, or the new one for \
                    good.",
                    "失敗する版です。古い版が数秒だけか、新しい版がずっとかで分かれます。",
                ),
            },
            Rival {
                slug: "deploy-surge",
                separates: Text::new(
                    "Whether only stopping instances fail, or all instances while old \
                    and new run together.",
                    "停止中のインスタンスだけが失敗するか、新旧が並走する間すべてが失敗\
                    するかです。",
                ),
            },
            Rival {
                slug: "app-not-listening",
                separates: Text::new(
                    "Whether the refusing address had answered before.",
                    "接続を拒否したアドレスが、以前は応答していたかどうかです。",
                ),
            },
            Rival {
                slug: "stale-upstream-address",
                separates: Text::new(
                    "Whether the failures end by themselves seconds after a stop, or only when the \
                proxy is reloaded.",
                    "停止の数秒後に自然に収まるか、プロキシの再読み込みまで続くかです。",
                ),
            },
            Rival {
                slug: "drain-too-short",
                separates: Text::new(
                    "When they fail: from the second of the stop on whatever their length, or only long \
                ones and all at once when the grace period is over.",
                    "失敗の時刻です。停止と同時に長さを問わず失敗するか、長いものだけが猶予の終わりに一斉に\
                失敗するかで分かれます。",
                ),
            },
        ],
        visible: &[
            visibility::STOPS,
            visibility::DRAINING,
            visibility::TARGETS_AFTER,
            visibility::DEPLOYS,
            visibility::NEW_TARGETS,
            visibility::EXIT_ALIGNED,
        ],
    },
    predicts: Predicts::By(&[
        Rule::Look(drain::stops_at_once),
        Rule::Look(drain::signal_before_rotation),
        Rule::Look(drain::no_delay),
    ]),
    drill: Drill::Runs(&[
        Scenario {
            name: "nginx-node",
            happens: Text::new(
                "Two instances of a Node.js service are told to stop a second and a half before nginx \
                sends the traffic to the new ones.",
                "nginx が新しいインスタンスへ切り替える 1.5 秒前に、Node.js サービスの古い 2 つのインスタ\
                ンスが停止を指示されます。",
            ),
            hosts: &[
                NODE,
                Host::new("gateway", &[Part::new(Server::Nginx, "gateway", 8080, NGINX_ORDERS)]),
            ],
            ..ROLLED_OUT
        },
        Scenario {
            name: "haproxy-gunicorn",
            happens: Text::new(
                "Two instances of a gunicorn service are told to stop a second and a half before \
                HAProxy sends the traffic to the new ones.",
                "HAProxy が新しいインスタンスへ切り替える 1.5 秒前に、gunicorn サービスの古い 2 つのイン\
                スタンスが停止を指示されます。",
            ),
            hosts: &[
                GUNICORN,
                Host::new(
                    "gateway",
                    &[Part::new(Server::HAProxy, "gateway", 8080, HAPROXY_CHECKED)],
                ),
            ],
            load: Load { keep_alive: false, ..ROLLED_OUT.load },
            expect: Expect::failing(0.05, &[502, 503]),
            ..ROLLED_OUT
        },
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "Two instances of a Node.js service are told to stop a second and a half before Envoy \
                sends the traffic to the new ones.",
                "Envoy が新しいインスタンスへ切り替える 1.5 秒前に、Node.js サービスの古い 2 つのインスタン\
                スが停止を指示されます。",
            ),
            hosts: &[
                NODE,
                Host::new("gateway", &[Part::new(Server::Envoy, "gateway", 8080, ENVOY)]),
            ],
            expect: Expect::failing(0.05, &[503]),
            ..ROLLED_OUT
        },
    ]),
    remedies: &[
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Let the pod go on serving until every proxy has stopped sending \
                to it.",
                "すべてのプロキシが送信をやめるまで、Pod が応答を続けるようにします。",
            ),
            setting: "lifecycle.preStop",
            direction: Direction::Set,
            snippet: r#"lifecycle:
  preStop:
    sleep: { seconds: 15 } # 1.30 and later; before that:
    # exec: { command: ["sleep", "15"] }
terminationGracePeriodSeconds: 60"#,
            verify: Text::new(
                "In the next roll-out no failure falls within 30 s of a pod's \
                Killing event.",
                "次のリリースで、Pod の Killing イベントから 30 秒以内の失敗がなけ\
                れば解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "On SIGTERM fail the readiness check, wait, stop accepting, close \
                idle connections, finish what is in flight, then exit.",
                "SIGTERM を受けたら準備状態のチェックを失敗させ、少し待ってから受け\
                付けを止め、アイドル接続を閉じ、処理中のものを終えて終了します。",
            ),
            setting: "server.closeIdleConnections",
            direction: Direction::Change,
            snippet: "process.on('SIGTERM', () => {\n  ready = false;\n  setTimeout(() \
            => { server.close(() => process.exit(0)); \
            server.closeIdleConnections(); }, 10_000);\n});",
            verify: Text::new(
                "The stopping instance's log ends after its last request, not in \
                the middle of one.",
                "停止するインスタンスのログが、処理の途中ではなく最後のリクエストの\
                後で終わります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Give draining targets more time than the slowest request needs, \
                and stop tasks only after it.",
                "ドレイン時間を最も遅いリクエストより長くし、その後でタスクを停止し\
                ます。",
            ),
            setting: "deregistration_delay.timeout_seconds",
            direction: Direction::Raise,
            snippet: "aws elbv2 modify-target-group-attributes --target-group-arn ARN \
            --attributes Key=deregistration_delay.timeout_seconds,Value=120",
            verify: Text::new(
                "No 502 lines for targets that are draining during the next \
                deployment.",
                "次のデプロイで、ドレイン中のターゲットに 502 の行が出なければ解消\
                です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Google Cloud Load Balancing",
            action: Text::new(
                "Enable connection draining on the backend service.",
                "バックエンドサービスで接続ドレインを有効にします。",
            ),
            setting: "connectionDraining.drainingTimeoutSec",
            direction: Direction::Raise,
            snippet: "gcloud compute backend-services update BACKEND --global \
            --connection-draining-timeout=60",
            verify: Text::new(
                "No failed_to_connect_to_backend within a minute of a removal.",
                "取り外しから 1 分以内に failed_to_connect_to_backend が出なければ\
                解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const ROLLED_OUT: Scenario = Scenario {
    name: "",
    happens: Text::new("", ""),
    cure: Text::new(
        "The old instances are told to stop a second after the traffic has moved.",
        "切り替えの 1 秒後に、古いインスタンスへ停止を指示します。",
    ),
    hosts: &[],
    router: None,
    knobs: &[Knob { name: "drain", fault: "-1500", remedy: "1000" }],
    steps: &[Step::at(
        "1500",
        Action::Rollout(Rollout {
            host: "app",
            gateways: &["gateway/gateway"],
            pace: "0",
            ready: "",
            drain: "{{drain}}",
            grace: "3000",
            environment: &[],
        }),
    )],
    load: Load {
        arrivals: Arrivals::Constant { rate: "25" },
        lasts: "6500",
        patience: "5000",
        ..STEADY
    },
    expect: Expect::failing(0.05, &[502]),
    everyday: true,
};

const NODE: Host =
    Host::new("app", &[Part::new(Server::Node, "orders", 3000, NODE_APP)]).instances("2");

/// Told to stop, it accepts nothing more, answers what it has, and ends after half a second even if
/// a gateway goes on using the connections it has.
const NODE_APP: &str = r"
const http = require('http');
const say = (text) => console.log(`${new Date().toISOString()} ${text}`);
const server = http.createServer((request, response) => {
  setTimeout(() => response.end('{}\n'), 50);
});
server.listen(process.env.PORT, () => say(`listening on port ${process.env.PORT}`));
process.on('SIGTERM', () => {
  say('SIGTERM received, closing');
  server.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 500).unref();
});
";

const GUNICORN: Host = Host::new(
    "app",
    &[Part::new(Server::Gunicorn, "orders", 3000, WSGI_APP)
        .options(&["--worker-class gthread --threads 8"])],
)
.instances("2");

const WSGI_APP: &str = r"
import time

def app(environ, start_response):
    time.sleep(0.05)
    start_response('200 OK', [('Content-Length', '3')])
    return [b'{}\n']
";

const ENVOY: &str = envoy!("    connect_timeout: 2s\n    {{members:app:3000}}\n");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, judge};

    #[test]
    fn fires_when_failures_follow_stops() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 40.0),
                    (S::StopAlignedShare, 0.95),
                    (S::InstanceStops, 3.0),
                    (S::DeployLead, 42.0),
                    (S::VanishedTargetShare, 1.0),
                    (S::NewTargetShare, 0.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::InstanceStops, S::DeployLead, S::VanishedTargetShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_on_an_even_trickle() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 12.0), (S::StopAlignedShare, 0.02), (S::VanishedTargetShare, 0.0)]
            ),
            Judgement::NotThis(S::StopAlignedShare)
        );
    }

    #[test]
    fn the_race_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::keepalive_race::CAUSE,
                &[
                    (S::Failures, 12.0),
                    (S::ShortWaitShare, 1.0),
                    (S::StopAlignedShare, 0.02),
                    (S::VanishedTargetShare, 0.0),
                    (S::TargetSuccessShare, 0.99)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::ShortWaitShare, S::TargetSuccessShare, S::StopAlignedShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_the_new_targets_fail() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 40.0), (S::StopAlignedShare, 0.9), (S::NewTargetShare, 1.0)]
            ),
            Judgement::Excluded(S::NewTargetShare)
        );
    }

    #[test]
    fn blind_without_stops_and_targets() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 40.0), (S::DeployLead, 42.0)]),
            Judgement::CannotTell(vec![S::StopAlignedShare, S::VanishedTargetShare])
        );
    }

    #[test]
    fn vanished_targets_do_as_well() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 40.0), (S::VanishedTargetShare, 1.0)]),
            Judgement::Holds {
                supports: vec![S::VanishedTargetShare],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn targets_that_are_draining_are_other_evidence() {
        let seen = [(S::Failures, 34.0), (S::VanishedTargetShare, 0.6), (S::DrainingShare, 1.0)];
        assert_eq!(
            judge(&CAUSE, &seen),
            Judgement::Holds { supports: vec![S::DrainingShare], independent: true, proved: false }
        );
    }
}
