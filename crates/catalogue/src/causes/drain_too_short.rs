//! # Drain shorter than the longest request
//!
//! ## What happens
//!
//! An instance is told to stop and does it in order: it takes no new requests and finishes those in
//! flight. But it is given only so many seconds, and some requests take longer: reports, uploads,
//! exports, streams. When the time is over the process is killed, or the load balancer cuts the
//! connections, and exactly those requests fail, all at the same moment, that many seconds after the
//! stop. Short requests never notice, so that the release looks clean but for a few odd errors.
//!
//! ## How it shows
//!
//! - nginx: `upstream prematurely closed connection while reading response header` or `recv() failed
//!   (104: Connection reset by peer)`, `502`, after a long `$upstream_response_time`, several in one
//!   second.
//! - HAProxy: `SH--`, `502`, or `SD--` within a body, with a large `Tr`, several in one second. On a
//!   client's second or later request of a connection it may close that without an answer and without
//!   a line (2.6).
//! - AWS ALB: `502` with a long target time at `deregistration_delay.timeout_seconds` after the
//!   deregistration. Google Cloud: `backend_connection_closed_before_data_sent_to_client` at the
//!   draining timeout. Envoy: `UC`, `503`, with a long duration.
//! - Traefik: `502` at that time, and why at level debug only.
//! - The order to stop, so many seconds before the cut: gunicorn `Handling signal: term`, Spring Boot
//!   `Commencing graceful shutdown`, Puma `Gracefully shutting down workers`, `SIGTERM received`,
//!   Kubernetes `Killing`, Amazon ECS `has begun draining connections` or the task's `stoppingAt`,
//!   CloudTrail `DeregisterTargets`.
//! - The kill at the cut: exit code 137 without a word of memory (a pod's `terminated` with reason
//!   `Error`, a task's container), systemd `State 'stop-sigterm' timed out. Killing.`, Spring Boot
//!   `Graceful shutdown aborted with one or more requests still active`.
//!
//! ## What it is mistaken for
//!
//! - `deploy-without-drain`: nothing in flight is finished, requests of any length fail from the
//!   second of the stop on. Here only long ones, and all of them at once when the time is over.
//! - `oom-kill`: exit code 137 as well, but the platform or the kernel gives the memory as the reason,
//!   and nobody had told the instance to stop.
//! - `app-crash`: a process ends by itself, without having been told to; here the order came first,
//!   and the kill belongs to it.
//! - `target-response-timeout`: the gateway gives up on each request after the same wait; here the
//!   waits differ and the ends are the same.
//!
//! ## Before it happens
//!
//! - The slowest request (p99.9) against the shortest of the grace periods: Kubernetes
//!   `terminationGracePeriodSeconds` 30 s including `preStop`, gunicorn `graceful_timeout` 30 s,
//!   Cloud Run 10 s, ECS `stopTimeout` 30 s, systemd `TimeoutStopSec` 90 s, ALB deregistration delay
//!   300 s, Docker 10 s.
//! - `why502 check` adds the `preStop` delay and the program's own time to finish and compares
//!   the sum with the time until the kill; where somebody wrote how long a request may take,
//!   that has to fit, too, and into the deregistration delay.
//!
//! ## Reproduce it
//!
//! `why502 drill drain-too-short`: gunicorn behind HAProxy with a graceful timeout of 3 s gets SIGTERM
//! while requests of 8 s are running. They all end with `502` 3 s later; with 30 s none does.
//!
//! ## Remedy
//!
//! 1. Measure the slowest request that has to survive. The number goes into every grace period on the
//!    way: process, supervisor, platform, load balancer.
//! 2. Give the drain more time than that, the inner ones less than the outer ones. In the next
//!    release no request ends at exactly the grace period after a stop.
//! 3. What takes longer than any sensible drain belongs into a job that can be taken up again. Long
//!    requests vanish from the access log.
//!
//! ## Sources
//!
//! - Kubernetes, Pod Lifecycle, "Termination of Pods":
//!   <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/>
//! - gunicorn, settings, `graceful_timeout`; systemd.service, `TimeoutStopSec`; Cloud Run container
//!   runtime contract; AWS, deregistration delay.
//! - gunicorn 20.1 behind nginx 1.22 and HAProxy 2.6 was observed.

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Action, Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load,
    Mechanism as M, Part, Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows,
    Signal as S, Step, Test, Text,
};

use crate::rules::{drain, longest};
use crate::visibility;

/// Drain shorter than the longest request: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "drain-too-short",
    title: Text::new("Drain shorter than the longest request", "最長リクエストより短いドレイン"),
    explanation: Text::new(
        "Instances that were told to stop were ended before the requests they were still working on \
        had finished.",
        "停止を指示されたインスタンスが、処理中のリクエストの完了前に終了させられました。",
    ),
    place: Place::Release,
    statuses: &[502, 503, 504],
    leads_to: &["backend-own-5xx"],
    source: include_str!("drain_too_short.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[
                M::ClosedBeforeResponse,
                M::ResetBeforeResponse,
                M::EndedBeforeResponse,
                M::ResponseTruncated,
                M::InstanceConnectionError,
            ]),
            // Some proxies log the status alone (Traefik, unless it is told to debug).
            Claim::of(&[M::Unspecified]).statuses(&[502, 503, 504]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::DrainCutShare,
            AtLeast(0.6),
            Text::new(
                "{value} of these requests were in flight when an instance was told to stop, and were \
                cut off {drain} after that order.",
                "これらのリクエストの {value} は、インスタンスが停止を指示されたとき処理中で、指示から \
                {drain} 後に切断されました。",
            ),
        )
        .independent()
        .otherwise(Text::new(
            "Only {value} of these requests were in flight when an instance was told to stop and \
            ended at one and the same delay after it.",
            "停止の指示時に処理中で、そこから同じ時間後に終わったのは {value} だけです。",
        ))],
        supports: &[
            Test::new(
                S::LongWaitShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of them had taken one second or longer.",
                    "{value} が 1 秒以上かかっていました。",
                ),
            ),
            Test::new(
                S::InstanceStops,
                AtLeast(1.0),
                Text::new(
                    "{value} instances were told to stop in or just before the window.",
                    "この期間またはその直前に {value} 個のインスタンスが停止を指示されました。",
                ),
            )
            .independent(),
            Test::new(
                S::TopPathShare,
                AtLeast(0.8),
                Text::new(
                    "{value} of them are for one path, {top_path}.",
                    "{value} が 1 つのパス {top_path} へのものです。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "deploy-without-drain",
            separates: Text::new(
                "When they fail: from the second of the stop on whatever their length, or only long \
                ones and all at once when the grace period is over.",
                "失敗の時刻です。停止と同時に長さを問わず失敗するか、長いものだけが猶予の終わりに一斉に\
                失敗するかで分かれます。",
            ),
        }],
        visible: &[visibility::DRAIN_CUT, visibility::DURATIONS],
    },
    predicts: Predicts::By(&[Rule::Look(drain::does_not_fit), Rule::Order(&drain::GRACE), Rule::Order(&drain::DEREGISTRATION), Rule::Look(longest::at_the_stop)]),
    drill: Drill::Runs(&[GUNICORN]),
    remedies: &[
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Give the pod more time than its slowest request needs, hook included.",
                "フックも含め、最も遅いリクエストより長い猶予を Pod に与えます。",
            ),
            setting: "terminationGracePeriodSeconds",
            direction: Direction::Raise,
            snippet: "spec:\n  terminationGracePeriodSeconds: 120",
            verify: Text::new(
                "No container ends with 137 in the next roll-out.",
                "次のリリースで、終了コード 137 のコンテナがなければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "gunicorn",
            action: Text::new(
                "Raise the worker's graceful timeout above the slowest request.",
                "ワーカーの graceful timeout を最も遅いリクエストより長くします。",
            ),
            setting: "graceful_timeout",
            direction: Direction::Raise,
            snippet: "gunicorn --graceful-timeout 120 app:app",
            verify: Text::new(
                "The last line of each worker comes after its last request.",
                "各ワーカーの最後の行が、最後のリクエストより後に出ます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Let the load balancer wait longer for draining targets than the slowest request.",
                "ドレイン中のターゲットを、最も遅いリクエストより長く待たせます。",
            ),
            setting: "deregistration_delay.timeout_seconds",
            direction: Direction::Raise,
            snippet: "aws elbv2 modify-target-group-attributes --target-group-arn ARN --attributes \
            Key=deregistration_delay.timeout_seconds,Value=300",
            verify: Text::new(
                "No 502 at exactly that delay after a deregistration.",
                "登録解除からちょうどその時間後の 502 がなければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "systemd",
            action: Text::new(
                "Let systemd wait longer before it kills.",
                "systemd が強制終了するまでの時間を延ばします。",
            ),
            setting: "TimeoutStopSec",
            direction: Direction::Raise,
            snippet: "[Service]\nTimeoutStopSec=180",
            verify: Text::new(
                "The journal shows no: State 'stop-sigterm' timed out.",
                "ジャーナルに「State 'stop-sigterm' timed out」が出なければ解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const SLOW_APP: &str = "import time

def app(environ, start_response):
    if environ['PATH_INFO'] == '/api/export':
        time.sleep(8)
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '3')])
    return [b'ok\\n']
";

const CHECKING_EDGE: &str = "defaults
  mode http
  log global
  option httplog
  option http-server-close
  option redispatch 1
  retries 3
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend edge
  bind :8080
  default_backend api
backend api
  server api-1 {{ip:api-1}}:8080 check inter 300ms fall 1
  server api-2 {{ip:api-2}}:8080 check inter 300ms fall 1
";

const GUNICORN: Scenario = Scenario {
    name: "haproxy-gunicorn",
    happens: Text::new(
        "One of two gunicorns behind HAProxy is told to stop, with 3 s of grace, while exports of 8 s \
        are running.",
        "HAProxy の背後にある 2 つの gunicorn の一方が、8 秒のエクスポート処理中に、猶予 3 秒で停止を\
        指示されます。",
    ),
    cure: Text::new("The grace is 30 s.", "猶予を 30 秒にします。"),
    hosts: &[
        Host::new(
            "api-1",
            &[Part::new(Server::Gunicorn, "gunicorn", 8080, SLOW_APP).options(&[
                "--worker-class=gthread",
                "--threads=64",
                "--graceful-timeout={{grace}}",
            ])],
        )
        .known(&[("longest-request", "8s")]),
        Host::new(
            "api-2",
            &[Part::new(Server::Gunicorn, "gunicorn", 8080, SLOW_APP)
                .options(&["--worker-class=gthread", "--threads=64"])],
        )
        .known(&[("longest-request", "8s")]),
        Host::new("edge", &[Part::new(Server::HAProxy, "haproxy", 8080, CHECKING_EDGE)]),
    ],
    router: None,
    knobs: &[Knob { name: "grace", fault: "3", remedy: "30" }],
    steps: &[Step::at("10000", Action::Signal { part: "api-1/gunicorn", signal: "TERM" })],
    load: Load {
        target: "edge:8080",
        protocol: Protocol::Http1,
        keep_alive: false,
        arrivals: Arrivals::Constant { rate: "8" },
        lasts: "20000",
        patience: "15000",
        requests: &[
            Ask::new("GET", "/api/items").weight(2),
            Ask::new("POST", "/api/export").body("64"),
        ],
    },
    expect: Expect::failing(0.01, &[502]).at_most(0.2),
    everyday: false,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_long_requests_end_at_one_delay_after_the_stop() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 14.0),
                    (S::DrainCutShare, 1.0),
                    (S::LongWaitShare, 1.0),
                    (S::InstanceStops, 1.0),
                    (S::StopAlignedShare, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::LongWaitShare, S::InstanceStops],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn the_neighbour_is_excluded_then() {
        let seen = [(S::Failures, 14.0), (S::DrainCutShare, 1.0), (S::StopAlignedShare, 1.0)];
        assert_eq!(
            judge(&crate::causes::deploy_without_drain::CAUSE, &seen),
            Judgement::Excluded(S::DrainCutShare)
        );
    }

    #[test]
    fn quiet_when_they_fail_from_the_stop_on() {
        let seen = [(S::Failures, 40.0), (S::DrainCutShare, 0.1), (S::StopAlignedShare, 1.0)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::NotThis(S::DrainCutShare));
    }

    #[test]
    fn blind_without_the_stops() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 14.0), (S::LongWaitShare, 1.0)]),
            Judgement::CannotTell(vec![S::DrainCutShare])
        );
    }

    #[test]
    fn refused_connections_are_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ClosedBeforeResponse, 502)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectRefused, 502)), None);
    }
}
