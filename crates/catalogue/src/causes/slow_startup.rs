//! # Traffic before the start is finished
//!
//! ## What happens
//!
//! A process has been started and is not ready: it loads models, warms caches, migrates a
//! database, compiles, waits for its own dependencies. Traffic is sent to it all the same. Until
//! it listens, connections are refused; where a platform holds requests back, they wait, and
//! those with short timers fail. A little later it works, without anybody doing anything.
//!
//! It returns with every release, every scale-out and every restart.
//!
//! ## How it shows
//!
//! - nginx: `connect() failed (111: Connection refused)` for the new address from its first
//!   request on, then `200` from the same address. HAProxy: `SC`, then `UP` by its health check.
//!   Envoy: `UF` `connect error: 111`. ALB: `502` with target time -1, GCLB
//!   `failed_to_connect_to_backend`.
//! - The process's own log: its first lines, and seconds or minutes later `Listening on …`, with
//!   the failures in between. systemd: `Started …`, which for most units only means that the
//!   process exists.
//! - Cloud Run: long first requests of an instance, `429` or `500` `no available instance`;
//!   `Starting new instance` and, when that is over, `Default STARTUP TCP probe succeeded after N
//!   attempts` in the system log.
//! - Kubernetes: `Started container`, then `Liveness probe failed` or `Readiness probe failed` with
//!   `connection refused` for the same pod. With a liveness probe alone a pod gets requests from its
//!   first moment.
//! - Amazon ECS: `has started 1 tasks`, `registered 1 targets`, then `is unhealthy in … Health checks
//!   failed` for the same task. A load balancer all of whose targets are unhealthy sends to them all
//!   the same.
//! - Spring Boot: `Starting …Application`, and `Tomcat started on port 8080` when it can answer.
//!   Traefik: `502` to the new address, and why at level debug only.
//!
//! ## What it is mistaken for
//!
//! - `app-not-listening`: never listens where it must, however long one waits. Here it does, by
//!   itself.
//! - `deploy-without-drain`: the address that fails is an old one that was told to stop, or
//!   nobody is left between stop and start.
//! - `app-crash`: a process ended just before; the gap is the time its restart takes.
//! - `bad-release`: the failures stay.
//!
//! ## Before it happens
//!
//! - Targets registered, or DNS and upstream lists rewritten, when the process is launched rather
//!   than when it is ready; readiness by TCP port, or none.
//! - Work before `listen()`: models, caches, migrations, class loading.
//! - Minimum instances 0; ALB slow start off; Cloud Run without start-up CPU boost.
//! - One instance that is restarted in place.
//! - `why502 check` finds pods that get requests without any readiness probe, and liveness
//!   probes that kill what is not up within ten seconds.
//!
//! ## Reproduce it
//!
//! `why502 drill slow-startup`: new Node.js instances need 7 s before they listen, and nginx or
//! HAProxy sends everything to them as soon as they are launched. Every request is `502` or `503`
//! until they listen. With the switch after they accept connections none fails.
//!
//! ## Remedy
//!
//! 1. Send traffic only to what is ready: a readiness or startup probe that asks for a page which
//!    needs everything. The first request a new instance gets is answered with `200`.
//! 2. Keep the old instances until then. A release costs no request.
//! 3. Make the start shorter: load lazily, build at image time, boost CPU at start. The time
//!    between the first log line and `Listening` shrinks.
//! 4. Keep a minimum of warm instances.
//!
//! ## Sources
//!
//! - Kubernetes, "Configure Liveness, Readiness and Startup Probes"; Google Cloud, Cloud Run
//!   "Minimum instances", "Startup CPU boost" and "Troubleshoot Cloud Run issues"; AWS, target
//!   groups (`slow_start.duration_seconds`, health checks); systemd.service(5) (`Type=notify`).
//! - Measured with Node.js 20 behind nginx 1.22.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Action, Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load,
    Mechanism as M, Part, Place, Predicts, Protocol, Remedy, Rival, Rollout, Scenario, Server,
    Shows, Side, Signal as S, Step, Test, Text,
};

use crate::drills::nginx;
use crate::rules::{check_timers, readiness};
use crate::visibility;

/// Traffic before the start is finished: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "slow-startup",
    title: Text::new("Traffic before the start is finished", "起動完了前のトラフィック"),
    explanation: Text::new(
        "Requests were sent to a process that had been started and was not \
        ready yet.",
        "起動はしたものの準備の終わっていないプロセスに、リクエストが送られ\
        ました。",
    ),
    place: Place::Release,
    statuses: &[429, 500, 502, 503, 504],
    leads_to: &[
        "target-connect-refused",
        "target-connect-timeout",
        "instance-limit-or-scale-lag",
        "no-healthy-targets",
        "passive-ejection-cascade",
        "backend-own-5xx",
    ],
    source: include_str!("slow_startup.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ConnectRefused, M::ConnectTimeout]).sides(&[Side::Upstream]),
            Claim::of(&[M::ConnectFailed]).sides(&[Side::Upstream]),
            Claim::of(&[M::NoInstance, M::InstanceStartFailed]),
            // Some proxies log the status alone (Traefik, unless it is told to debug).
            Claim::of(&[M::Unspecified]).statuses(&[502, 503, 504]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::StartAlignedShare,
            AtLeast(0.5),
            Text::new(
                "{value} of these requests failed until an instance reported that it had started.",
                "これらのリクエストの {value} が、インスタンスの起動が報告されるまでに失\
                敗しました。",
            ),
        )
        .otherwise(Text::new(
            "The failures did not end with a start, and no target answered \
            for the first time soon after them.",
            "失敗は起動とともに終わっておらず、直後に初めて応答したターゲ\
            ットもありません。",
        ))
        .independent()
        .or(&Test::new(
            S::FirstAnswerShare,
            AtLeast(0.5),
            Text::new(
                "{value} of them went to a target that answered its first request \
                only after them.",
                "{value} は、その後に初めて応答したターゲットへのものです。",
            ),
        ))],
        supports: &[
            Test::new(
                S::FirstAnswerShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of them went to a target that answered its first request \
                    only after them.",
                    "{value} は、その後に初めて応答したターゲットへのものです。",
                ),
            ),
            Test::new(
                S::StartAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests failed until an instance reported that it had started.",
                    "これらのリクエストの {value} が、インスタンスの起動が報告されるまでに失\
                    敗しました。",
                ),
            )
            .independent(),
            Test::new(
                S::EarlyCheckFailures,
                AtLeast(1.0),
                Text::new(
                    "{value} checks of instances failed within minutes of their start: the platform \
                    did not find them ready either.",
                    "起動から数分以内のインスタンスで、ヘルスチェックが {value} 回失敗しました。プラッ\
                    トフォームから見ても準備ができていませんでした。",
                ),
            )
            .independent(),
            Test::new(
                S::DeployLead,
                AtMost(600.0),
                Text::new(
                    "The first failure came {value} after a deploy.",
                    "最初の失敗はデプロイの {value} 後でした。",
                ),
            )
            .independent(),
        ],
        rules_out: &[
            Test::new(
                S::AnswersLaterShare,
                AtMost(0.05),
                Text::new(
                    "It did not pass by itself: only {value} of these requests went to \
                    a target that answered anything later.",
                    "自然には収まっていません。その後に応答したターゲットへのリクエスト\
                    は {value} だけです。",
                ),
            ),
            Test::new(
                S::TargetSuccessShare,
                AtLeast(0.9),
                Text::new(
                    "The same targets answered {value} of their requests meanwhile.",
                    "同じターゲットが、その間もリクエストの {value} に応答していました。",
                ),
            ),
            Test::new(
                S::ExitAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests failed within 5 s of the end of a \
                    process.",
                    "これらのリクエストの {value} は、プロセスの終了から 5 秒以内に失敗\
                    しました。",
                ),
            ),
        ],
        rivals: &[Rival {
            slug: "app-not-listening",
            separates: Text::new(
                "Whether the process begins to answer by itself a little later.",
                "しばらくすると、プロセスが自ら応答を始めるかどうかです。",
            ),
        }],
        visible: &[
            visibility::STARTS,
            visibility::FIRST_ANSWER,
            visibility::EARLY_CHECKS,
            visibility::DEPLOYS,
        ],
    },
    predicts: Predicts::By(&[Rule::Look(readiness::unasked), Rule::Look(check_timers::kills_starters)]),
    drill: Drill::Runs(DRILLS),
    remedies: &[
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Send requests to a pod only when a page that needs everything \
                answers.",
                "すべてを必要とするページが応答してから、Pod にリクエストを送ります。",
            ),
            setting: "startupProbe",
            direction: Direction::Set,
            snippet: "startupProbe:
  httpGet: { path: /ready, port: 8080 }
  periodSeconds: 2
  failureThreshold: 60",
            verify: Text::new(
                "A new pod's first request is answered with 200.",
                "新しい Pod の最初のリクエストが 200 になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Probe over HTTP, boost CPU at start and keep instances warm.",
                "HTTP で起動を確認し、起動時の CPU を増やし、インスタンスを常時確保\
                します。",
            ),
            setting: "startup probe",
            direction: Direction::Set,
            snippet: "gcloud run services update SERVICE --min-instances=1 --cpu-boost \\
  --startup-probe=httpGet.path=/ready,httpGet.port=8080,periodSeconds=2,failureThreshold=60",
            verify: Text::new(
                "The longest request after a release is as short as usual.",
                "リリース直後でも最長の所要時間が普段どおりです。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Register targets when they are ready, and let their share grow.",
                "準備ができてからターゲットを登録し、割合を徐々に増やします。",
            ),
            setting: "slow_start.duration_seconds",
            direction: Direction::Set,
            snippet: "aws elbv2 modify-target-group-attributes --target-group-arn ARN \
            --attributes Key=slow_start.duration_seconds,Value=60",
            verify: Text::new(
                "No 502 from a target in its first minute.",
                "登録直後の 1 分間に、そのターゲットからの 502 がありません。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "systemd",
            action: Text::new(
                "Call the unit started when it is ready, so that what comes after \
                waits for it.",
                "準備完了を起動完了とみなし、後続を待たせます。",
            ),
            setting: "Type",
            direction: Direction::Set,
            snippet: "[Service]
Type=notify
TimeoutStartSec=120",
            verify: Text::new(
                "\"Started\" is logged after the first answer is possible.",
                "応答可能になってから「Started」が記録されます。",
            ),
            arithmetic: None,
        },
    ],
};

const DRILLS: &[Scenario] = &[
    NGINX_NODE,
    Scenario {
        name: "haproxy-node",
        hosts: &[NODES, Host::new("gw", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)])],
        steps: &[Step::at("12000", Action::Rollout(at_once(&["gw/haproxy"])))],
        expect: Expect::failing(0.1, &[503]).at_most(0.5),
        everyday: false,
        ..NGINX_NODE
    },
];

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "New instances need 7 s before they listen, and get traffic as \
            soon as they are launched.",
        "新しいインスタンスは待ち受けまで 7 秒かかりますが、起動した直後か\
            らトラフィックを受けます。",
    ),
    cure: Text::new(
        "Traffic moves when they accept connections.",
        "接続を受け付けるようになってからトラフィックを移します。",
    ),
    hosts: &[NODES, Host::new("gw", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)])],
    router: None,
    knobs: &[Knob { name: "ready", fault: "300", remedy: "" }],
    steps: &[Step::at("12000", Action::Rollout(at_once(&["gw/nginx"])))],
    load: Load {
        target: "{{ip:gw}}:8080",
        protocol: Protocol::Http1,
        keep_alive: false,
        arrivals: Arrivals::Constant { rate: "10" },
        lasts: "30000",
        patience: "10000",
        requests: &[Ask::new("GET", "/"), Ask::new("GET", "/cart")],
    },
    expect: Expect::failing(0.1, &[502]).at_most(0.5),
    everyday: true,
};

/// All new instances are launched together, and `ready` says when traffic goes to them.
const fn at_once(gateways: &'static [&'static str]) -> Rollout {
    Rollout {
        host: "app",
        gateways,
        pace: "0",
        ready: "{{ready}}",
        drain: "25000",
        grace: "5000",
        environment: &["LOADING=7000"],
    }
}

/// Listens after as long as its revision needs.
const APP: &str = "const http = require('node:http');
const say = (text) => console.log(`${new Date().toISOString()} ${text}`);
say('starting');
setTimeout(() => {
  const server = http.createServer((request, response) => response.end('ok\\n'));
  server.listen(3000, () => say('Server listening on port 3000'));
}, Number(process.env.LOADING || 0));
";

const NODES: Host = Host::new("app", &[Part::new(Server::Node, "app", 3000, APP)]).instances("2");

const NGINX: &str = nginx!("{{members:app:3000 max_fails=0}}", "    proxy_next_upstream off;\n");

const HAPROXY: &str = "defaults
  mode http
  log global
  option httplog
  retries 0
  timeout connect 2s
  timeout client 30s
  timeout server 10s
frontend web
  bind :8080
  default_backend app
backend app
{{members:app:3000}}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_on_a_target_that_answers_later() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 94.0), (S::StartAlignedShare, 1.0), (S::FirstAnswerShare, 1.0)]
            ),
            Judgement::Holds {
                supports: vec![S::FirstAnswerShare, S::StartAlignedShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_a_process_had_ended() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 9.0), (S::StartAlignedShare, 1.0), (S::ExitAlignedShare, 1.0)]
            ),
            Judgement::Excluded(S::ExitAlignedShare)
        );
    }

    #[test]
    fn quiet_when_it_never_answers_and_that_holds_there() {
        let signals = [
            (S::Failures, 60.0),
            (S::StartAlignedShare, 1.0),
            (S::AnswersLaterShare, 0.0),
            (S::TargetSuccessShare, 0.0),
        ];
        assert_eq!(judge(&CAUSE, &signals), Judgement::Excluded(S::AnswersLaterShare));
        let other = judge(&crate::causes::app_not_listening::CAUSE, &signals);
        assert!(matches!(other, Judgement::Holds { .. }), "{other:?}");
    }

    #[test]
    fn blind_without_starts_and_targets() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 9.0)]),
            Judgement::CannotTell(vec![S::StartAlignedShare, S::FirstAnswerShare])
        );
    }

    #[test]
    fn an_answer_of_the_application_is_not_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::StatusFromUpstream, 503)), None);
    }

    #[test]
    fn checks_that_fail_right_after_the_start_agree() {
        let seen = [(S::Failures, 34.0), (S::FirstAnswerShare, 1.0), (S::EarlyCheckFailures, 1.0)];
        assert_eq!(
            judge(&CAUSE, &seen),
            Judgement::Holds {
                supports: vec![S::FirstAnswerShare, S::EarlyCheckFailures],
                independent: true,
                proved: false
            }
        );
        let alone = [
            (S::Failures, 34.0),
            (S::FirstAnswerShare, 0.0),
            (S::StartAlignedShare, 0.0),
            (S::EarlyCheckFailures, 1.0),
        ];
        assert_eq!(judge(&CAUSE, &alone), Judgement::NotThis(S::StartAlignedShare));
    }

    #[test]
    fn a_status_without_a_reason_may_be_of_a_start() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 502)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 500)), None);
    }
}
