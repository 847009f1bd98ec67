//! # Worker killed for taking too long
//!
//! ## What happens
//!
//! A supervisor inside the application server watches its workers. One that handles a request for
//! longer than allowed, or does not report in, is killed, and its connections with it: the
//! request at fault, and whatever else that worker had in hand. The gateway sees a connection
//! that closes without an answer after about the supervisor's limit, although its own timers have
//! not fired.
//!
//! ## How it shows
//!
//! - gunicorn: `[CRITICAL] WORKER TIMEOUT (pid:N)`, then `Booting worker with pid`; default 30 s.
//!   If the worker ignores SIGABRT, `Worker (pid:N) was sent SIGKILL! Perhaps out of memory?`
//!   follows, which is gunicorn's guess and wrong here.
//! - uWSGI: `*** HARAKIRI ON WORKER n (pid: p, try: 1) ***`. PHP-FPM: `child N, script '…'
//!   execution timed out (60.1 sec), terminating`. Puma (cluster mode): `! Terminating timed out
//!   worker`.
//! - nginx: `upstream prematurely closed connection while reading response header from upstream`,
//!   `502`, with `$upstream_response_time` just above the limit. For PHP-FPM `recv() failed (104:
//!   Connection reset by peer)`.
//! - HAProxy: `SH--`, `502`. Envoy: `UC`, `503`. Apache httpd: `AH01102`, `502`, and for PHP-FPM
//!   `AH01067`, `AH01075` with `(104)`, `503`. ALB: `502` with a target time of -1, or of the limit.
//!   Caddy: `502` with `EOF` or `connection reset by peer`. Traefik: `502`, and why at level debug
//!   only.
//! - systemd: `Watchdog timeout (limit 30s)!` for a unit with `WatchdogSec`.
//!
//! ## What it is mistaken for
//!
//! - `oom-kill`: the kernel killed the worker for its memory; its log or the platform's says so,
//!   and no WORKER TIMEOUT precedes the SIGKILL.
//! - `app-crash`: the worker ended by itself, at any age of the request. A killed one is logged
//!   by the supervisor; the same end, and this is its cause.
//! - `keepalive-race`: fails within milliseconds on a connection that had been idle.
//! - `target-response-timeout`: the gateway's timer fired, `504`; here the server hung up first.
//!
//! ## Before it happens
//!
//! - gunicorn `timeout` 30 s with sync workers: it limits each request. With gthread, gevent and
//!   uvicorn workers it only notices a worker that stopped reporting, which a blocked loop does.
//! - uWSGI `harakiri`, PHP-FPM `request_terminate_timeout` (off by default), Puma
//!   `worker_timeout` 60 s.
//! - Reports, exports and uploads served by the same pool as everything else; calls without a timer
//!   inside a request.
//! - The gateway's timer is longer than the supervisor's, so clients get `502` rather than `504`.
//! - `why502 check` compares the supervisor's limit with the timers of the calls that a worker
//!   makes.
//!
//! ## Reproduce it
//!
//! `why502 drill worker-timeout-kill`: gunicorn with six sync workers and `--timeout 2`, one path
//! that takes 5 s, behind nginx or HAProxy. That path is `502` after 2 to 3 s, and WORKER TIMEOUT
//! is in gunicorn's log at the same second. With `--timeout 30` none fails.
//!
//! ## Remedy
//!
//! 1. Find the path: the gateway's log at the seconds of the kills. Make it faster, or move it to
//!    a job that answers `202` at once.
//! 2. Put timers on the calls inside it, shorter than the supervisor's limit: the request then
//!    ends with an error of its own and the worker lives.
//! 3. Raise the limit for the pool that serves such paths, and keep it below the gateway's timer.
//!    WORKER TIMEOUT no longer appears.
//!
//! ## Sources
//!
//! - gunicorn `arbiter.py` (`murder_workers`) and settings (`timeout`); uWSGI options (`harakiri`);
//!   PHP-FPM configuration (`request_terminate_timeout`); Puma `lib/puma/cluster.rb`.
//! - Measured with gunicorn 20.1 and nginx 1.22.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S, Test,
    Text,
};

use crate::drills::nginx;
use crate::rules::{ladder, longest};
use crate::visibility;

/// Worker killed for taking too long: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "worker-timeout-kill",
    title: Text::new("Worker killed for taking too long", "時間超過によるワーカーの強制終了"),
    explanation: Text::new(
        "The application server's supervisor killed workers that had taken \
        too long, and the requests they held were cut off.",
        "アプリケーションサーバーの監視プロセスが、時間のかかりすぎたワーカ\
        ーを強制終了し、処理中のリクエストが切断されました。",
    ),
    place: Place::Process,
    statuses: &[500, 502, 503],
    leads_to: &[
        "app-crash",
        "response-body-truncated",
        "passive-ejection-cascade",
        "no-healthy-targets",
        "backend-own-5xx",
    ],
    source: include_str!("worker_timeout_kill.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[
                M::ClosedBeforeResponse,
                M::ResetBeforeResponse,
                M::EndedBeforeResponse,
                M::ResponseTruncated,
                M::InstanceConnectionError,
            ])
            .sides(&[Side::Upstream]),
            // Some proxies log the status alone (Traefik, unless it is told to debug).
            Claim::of(&[M::Unspecified]).statuses(&[502, 503, 504]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::WorkerKills,
            AtLeast(1.0),
            Text::new(
                "A supervisor killed {value} workers for their time in the window.",
                "この期間に監視プロセスが、時間超過のワーカーを {value} 個終了させ\
                ました。",
            ),
        )
        .otherwise(Text::new(
            "The application server's log tells of no worker that was killed \
            in the window.",
            "アプリケーションサーバーのログには、この期間に終了させられたワーカ\
            ーの記録がありません。",
        ))
        .independent()],
        supports: &[
            Test::new(
                S::KillAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests failed within 5 s of such a kill.",
                    "これらのリクエストの {value} が、その終了から 5 秒以内に失敗しまし\
                    た。",
                ),
            )
            .independent(),
            Test::new(
                S::LongWaitShare,
                AtLeast(0.8),
                Text::new(
                    "{value} of them had waited for a second or longer.",
                    "{value} が 1 秒以上待っていました。",
                ),
            ),
            Test::new(
                S::TimerShare,
                AtLeast(0.7),
                Text::new(
                    "{value} of them ended after the same time, {timer}.",
                    "{value} が同じ時間 {timer} で終わりました。",
                ),
            ),
            Test::new(
                S::TopPathShare,
                AtLeast(0.8),
                Text::new(
                    "{value} of them are for one path, {top_path}.",
                    "{value} が同じパス {top_path} へのリクエストです。",
                ),
            ),
        ],
        rules_out: &[Test::new(
            S::KillAlignedShare,
            AtMost(0.05),
            Text::new(
                "Workers were killed, but only {value} of these requests failed \
                near such a kill.",
                "ワーカーの強制終了はありましたが、その近くで失敗したリクエストは \
                {value} だけです。",
            ),
        )],
        rivals: &[Rival {
            slug: "oom-kill",
            separates: Text::new(
                "Whether the supervisor says that the worker took too long, or the \
                kernel that it took too much memory.",
                "時間超過だと監視プロセスが記録したのか、メモリ超過だとカーネルが記\
                録したのかです。",
            ),
        }],
        visible: &[visibility::WORKER_KILLS, visibility::DURATIONS],
    },
    predicts: Predicts::By(&[
        Rule::Order(&ladder::CALLS_OF_A_WORKER),
        Rule::Look(longest::of_a_worker),
    ]),
    drill: Drill::Runs(DRILLS),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Find the path that takes so long, and make it faster or a job \
                that answers at once.",
                "時間のかかるパスを特定し、速くするか、すぐ応答するジョブにします。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The path's longest duration stays below the supervisor's limit.",
                "そのパスの最長時間が監視の上限を下回ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "gunicorn",
            action: Text::new(
                "Give slow paths a pool whose limit exceeds them, below the \
                gateway's timer.",
                "遅いパスには、所要時間より長くゲートウェイのタイマーより短い上限の\
                プールを与えます。",
            ),
            setting: "timeout",
            direction: Direction::Raise,
            snippet: "gunicorn --workers 4 --timeout 55 app:app # nginx: \
            proxy_read_timeout 60s",
            verify: Text::new(
                "No further WORKER TIMEOUT in the log.",
                "ログに WORKER TIMEOUT が出なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "uWSGI",
            action: Text::new("The same.", "同じ対処です。"),
            setting: "harakiri",
            direction: Direction::Raise,
            snippet: "harakiri = 55
harakiri-verbose = true",
            verify: Text::new(
                "No further HARAKIRI in the log.",
                "ログに HARAKIRI が出なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "PHP-FPM",
            action: Text::new(
                "Limit the script itself first, so that it ends with an error of \
                its own, and the child a little later.",
                "まずスクリプト自体を制限して自らエラーで終わらせ、子プロセスの上限\
                はそれより少し長くします。",
            ),
            setting: "request_terminate_timeout",
            direction: Direction::Raise,
            snippet: "php_admin_value[max_execution_time] = 50
request_terminate_timeout = 55s",
            verify: Text::new(
                "No further \"execution timed out\" in the pool's log.",
                "プールのログに「execution timed out」が出なくなります。",
            ),
            arithmetic: None,
        },
    ],
};

const DRILLS: &[Scenario] = &[
    NGINX_GUNICORN,
    Scenario {
        name: "haproxy-gunicorn",
        hosts: &[
            GUNICORN,
            Host::new("gw", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]),
        ],
        everyday: false,
        ..NGINX_GUNICORN
    },
];

const NGINX_GUNICORN: Scenario = Scenario {
    name: "nginx-gunicorn",
    happens: Text::new(
        "A report takes 5 s, and gunicorn's supervisor kills workers after \
            2.",
        "レポートに 5 秒かかり、gunicorn は 2 秒を超えたワーカーを終了させ\
            ます。",
    ),
    cure: Text::new(
        "The limit is longer than the report.",
        "上限をレポートの所要時間より長くします。",
    ),
    hosts: &[GUNICORN, Host::new("gw", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)])],
    router: None,
    knobs: &[Knob { name: "limit", fault: "2", remedy: "30" }],
    steps: &[],
    load: Load {
        target: "{{ip:gw}}:8080",
        protocol: Protocol::Http1,
        keep_alive: false,
        arrivals: Arrivals::Constant { rate: "8" },
        lasts: "14000",
        patience: "30000",
        requests: &[
            Ask::new("GET", "/").weight(5),
            Ask::new("GET", "/cart").weight(5),
            Ask::new("GET", "/report/monthly"),
        ],
    },
    expect: Expect::failing(0.02, &[502]).at_most(0.4),
    everyday: true,
};

/// One path takes five seconds.
const APP: &str = "import time

def app(environ, start_response):
    if environ['PATH_INFO'].startswith('/report'):
        time.sleep(5)
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '3')])
    return [b'ok\\n']
";

const GUNICORN: Host = Host::new(
    "app",
    &[Part::new(Server::Gunicorn, "shop", 8000, APP).options(&[
        "--workers",
        "6",
        "--timeout",
        "{{limit}}",
    ])],
)
.known(&[("longest-request", "5s")]);

const NGINX: &str = nginx!("  server {{ip:app}}:8000 max_fails=0;");

const HAPROXY: &str = "defaults
  mode http
  log global
  option httplog

  timeout connect 2s
  timeout client 30s
  timeout server 60s
frontend web
  bind :8080
  default_backend app
backend app
  server app {{ip:app}}:8000";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_kills_line_up() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 9.0),
                    (S::WorkerKills, 9.0),
                    (S::KillAlignedShare, 1.0),
                    (S::LongWaitShare, 1.0),
                    (S::TopPathShare, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::KillAlignedShare, S::LongWaitShare, S::TopPathShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_kills_are_elsewhere() {
        let signals = [(S::Failures, 9.0), (S::WorkerKills, 2.0), (S::KillAlignedShare, 0.0)];
        assert_eq!(judge(&CAUSE, &signals), Judgement::Excluded(S::KillAlignedShare));
    }

    #[test]
    fn quiet_without_kills_and_memory_holds_there() {
        let signals = [
            (S::Failures, 9.0),
            (S::StatedShare, 0.0),
            (S::WorkerKills, 0.0),
            (S::OomKills, 3.0),
            (S::ExitAlignedShare, 1.0),
        ];
        assert_eq!(judge(&CAUSE, &signals), Judgement::NotThis(S::WorkerKills));
        let other = judge(&crate::causes::oom_kill::CAUSE, &signals);
        assert!(matches!(other, Judgement::Holds { independent: true, .. }), "{other:?}");
    }

    #[test]
    fn blind_without_the_servers_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 9.0), (S::LongWaitShare, 1.0)]),
            Judgement::CannotTell(vec![S::WorkerKills])
        );
    }

    #[test]
    fn a_status_without_a_reason_needs_the_kill_beside_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 502)), Some(false));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 9.0), (S::WorkerKills, 0.0)]),
            Judgement::NotThis(S::WorkerKills)
        );
    }
}
