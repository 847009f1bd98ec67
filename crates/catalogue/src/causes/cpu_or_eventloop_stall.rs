//! # Process stands still
//!
//! ## What happens
//!
//! One process stops doing anything for a while and then goes on. Its event loop is held by a
//! long computation or a synchronous call, a garbage collector stops all threads, the container
//! has used up its CPU quota, or the machine is starved. New connections are still completed by
//! the kernel and requests still arrive, so nobody is refused: everything sent to that process
//! waits. Requests whose timer fires meanwhile fail; the moment the process goes on, all others
//! are answered at once.
//!
//! ## How it shows
//!
//! - Requests of all paths on one target fail at the gateway's timer (`504`, nginx `upstream
//!   timed out … while reading response header`, HAProxy `sH`, Envoy `UT`), in a burst as long as
//!   the pause less the timer.
//! - Requests begun at different moments are finished by that target within the same second, with
//!   durations like 3.9, 3.6, 3.4 s: the end is common, not the duration.
//! - Health checks of that target time out (`Layer7 timeout`) and succeed again afterwards.
//! - The process's own watch, where it has one: Vert.x `Thread … has been blocked for 2345 ms`,
//!   Kestrel `the heartbeat has been running for`, HikariCP `Thread starvation or clock leap
//!   detected`, asyncio in debug mode `Executing <…> took 3.002 seconds`, or a line such as
//!   `event loop blocked for 6741 ms`.
//! - Collector and quota: long pauses in the GC log, `nr_throttled` in `cpu.stat` rising.
//!
//! ## What it is mistaken for
//!
//! - `worker-pool-saturated`: all workers wait and the server says so; latency rises over minutes
//!   rather than at one moment. From outside, a pool with one blocked worker looks the same.
//! - `target-response-timeout`: the symptom one step further out. One slow path leaves the others
//!   quick; here every path waits.
//! - A lock or a pause of the database: all targets stop at once, and only the paths that need it.
//! - `app-crash`: connections are cut; here none is.
//!
//! ## Before it happens
//!
//! - Node.js and asyncio: `JSON.parse` of large bodies, synchronous cryptography or file access,
//!   regular expressions that backtrack, large loops in a handler.
//! - A heap close to its limit; CPU quota below what one request can use; Cloud Run with CPU only
//!   during requests.
//! - One process per container, so that everything stops together.
//!
//! ## Reproduce it
//!
//! `why502 drill cpu-or-eventloop-stall`: two Node.js processes behind nginx or HAProxy with a
//! timer of 3 s; an export computes for 7 s in one of them. Requests to that one are `504`, those
//! begun in the last 3 s end together. With the export in a worker thread none fails.
//!
//! ## Remedy
//!
//! 1. Find what holds the process: a CPU profile or stack during the pause (`node --cpu-prof`,
//!    `py-spy dump`, `jstack`), the GC log, `cpu.stat`. The request at fault is the one that
//!    began just before the pause and ended with it.
//! 2. Move the computation out: worker threads, a job, streaming in pieces. The loop's delay
//!    stays in milliseconds.
//! 3. Give it CPU and memory to work with: quota, heap, more processes. `nr_throttled` stands
//!    still.
//! 4. Watch the loop's delay and log it, so that the next pause names itself.
//!
//! ## Sources
//!
//! - Node.js, "Don't Block the Event Loop" and `perf_hooks.monitorEventLoopDelay`; Python
//!   asyncio, "Developing with asyncio" (debug mode); Vert.x core manual (blocked thread
//!   checker); ASP.NET Core Kestrel `Heartbeat`; HikariCP `HikariPool` (housekeeper).
//! - Linux, `Documentation/scheduler/sched-bwc.rst` (`nr_throttled`).
//! - Measured with Node.js 20, nginx 1.22 and HAProxy 2.6.

use model::Condition::AtLeast;
use model::{
    Action, Arrivals, Ask, Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load,
    Mechanism as M, Part, Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Side,
    Signal as S, Step, Test, Text,
};

use crate::drills::nginx;
use crate::{sentences, visibility};

/// Process stands still: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "cpu-or-eventloop-stall",
    title: Text::new("Process stands still", "プロセスの一時停止"),
    explanation: Text::new(
        "A process stopped doing anything for a while (blocked event loop, \
        garbage collection, no CPU), and everything sent to it had to \
        wait.",
        "プロセスがしばらく何も処理しなくなり(イベントループの占有、GC、\
        CPU 不足など)、送られたリクエストがすべて待たされました。",
    ),
    place: Place::Process,
    statuses: &[502, 503, 504],
    leads_to: &[
        "listen-backlog-overflow",
        "timeout-ladder-inversion",
        "target-response-timeout",
        "target-connect-timeout",
        "no-healthy-targets",
        "backend-own-5xx",
    ],
    source: include_str!("cpu_or_eventloop_stall.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ResponseTimeout, M::UpstreamTimeout, M::RequestDeadline])
                .sides(&[Side::Upstream]),
            Claim::of(&[M::ConnectTimeout, M::ListenQueueFull]).sides(&[Side::Upstream]),
            Claim::of(&[M::Unspecified]).statuses(&[504]).bands(&[Band::Long]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::Stalls,
            AtLeast(1.0),
            Text::new(
                "A process reported {value} times that it had stood still.",
                "プロセスが停止していたという報告が {value} 件あります。",
            ),
        )
        .otherwise(Text::new(
            "No process reported a pause, and no requests that had begun at \
            different moments ended together.",
            "停止の報告はなく、別々に始まったリクエストが同時に終わった形跡もあ\
            りません。",
        ))
        .independent()
        .or(&Test::new(
            S::FinishedTogether,
            AtLeast(5.0),
            Text::new(
                "{value} requests that had begun at different moments were \
                finished by one target at one moment.",
                "別々の時刻に始まった {value} 件のリクエストが、1 つのターゲットで\
                同時に終わりました。",
            ),
        )
        .or(&Test::new(
            S::ProcessorSaturations,
            AtLeast(3.0),
            Text::new(
                "The processor was used up in {value} measurements of that time, and not at others.",
                "同じころに限り、CPU が {value} 回の測定で使い切られていました。",
            ),
        )
        .independent()))],
        supports: &[
            Test::new(
                S::ProcessorSaturations,
                AtLeast(1.0),
                Text::new(
                    "The processor was used up in {value} measurements of that time.",
                    "同じころの測定で、CPU が {value} 回使い切られていました。",
                ),
            )
            .independent(),
            Test::new(
                S::Stalls,
                AtLeast(1.0),
                Text::new(
                    "A process reported {value} times that it had stood still.",
                    "プロセスが停止していたという報告が {value} 件あります。",
                ),
            )
            .independent(),
            Test::new(
                S::FinishedTogether,
                AtLeast(5.0),
                Text::new(
                    "{value} requests that had begun at different moments were \
                    finished by one target at one moment.",
                    "別々の時刻に始まった {value} 件のリクエストが、1 つのターゲットで\
                    同時に終わりました。",
                ),
            ),
            Test::new(
                S::TopTargetShare,
                AtLeast(0.8),
                sentences::ONE_TARGET,
            ),
            Test::new(
                S::HealthDowns,
                AtLeast(1.0),
                sentences::TARGETS_DOWN,
            )
            .independent(),
        ],
        rules_out: &[Test::new(
            S::NatDestinationMatch,
            AtLeast(0.5),
            Text::new(
                "{value} of the outward calls that failed went to a destination \
                the NAT was dropping packets to: whoever was busy waited for \
                those.",
                "失敗した外向き通信の {value} は NAT がパケットを破棄していた宛先で\
                した。使用中の処理はその応答を待っていました。",
            ),
        )],
        rivals: &[Rival {
            slug: "worker-pool-saturated",
            separates: Text::new(
                "Whether the server says that all its workers were busy, or one \
                process answered nothing at all for a while.",
                "全ワーカーが使用中だとサーバーが記録しているのか、1 つのプロセスが\
                しばらく何も応答しなかったのかです。",
            ),
        }],
        visible: &[
            visibility::PROCESSORS,
            visibility::STALLS,
            visibility::FINISHED_TOGETHER,
            visibility::HEALTH,
        ],
    },
    predicts: Predicts::Never(
        "No setting tells: what holds a process is code; quota and heap against use need \
        figures that no configuration holds.",
    ),
    drill: Drill::Runs(DRILLS),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Find what holds the process: the request that began just before \
                the pause and ended with it, and a profile of it.",
                "プロセスを占有した処理を特定します。停止の直前に始まり、停止ととも\
                に終わったリクエストのプロファイルを取ります。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "cat /sys/fs/cgroup/cpu.stat # nr_throttled
py-spy dump --pid PID; jstack PID",
            verify: Text::new(
                "The profile names a function or the collector.",
                "プロファイルに関数名または GC が表れます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "Compute in a worker thread, and log the delay of the event loop.",
                "計算をワーカースレッドに移し、イベントループの遅延を記録します。",
            ),
            setting: "worker_threads",
            direction: Direction::Change,
            snippet: "const { Worker } = require('node:worker_threads');
const { monitorEventLoopDelay } = require('node:perf_hooks');",
            verify: Text::new(
                "The largest delay of the event loop stays below 100 ms.",
                "イベントループの最大遅延が 100 ms 未満に収まります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Raise the CPU limit, or leave it out and set the request.",
                "CPU の上限を上げるか、上限を外して request を設定します。",
            ),
            setting: "resources.limits.cpu",
            direction: Direction::Raise,
            snippet: "resources:
  requests: { cpu: \"1\" }
  limits: { memory: 1Gi }",
            verify: Text::new(
                "nr_throttled in cpu.stat stands still.",
                "cpu.stat の nr_throttled が増えません。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Take a target out while it does not answer, and send requests \
                that have not been answered elsewhere.",
                "応答しない間はターゲットを外し、未応答のリクエストを別のターゲット\
                へ送ります。",
            ),
            setting: "retry-on",
            direction: Direction::Set,
            snippet: "option httpchk GET /health
retry-on conn-failure response-timeout
server app1 10.0.0.11:8080 check inter 1s fall 2",
            verify: Text::new(
                "A pause of one process costs only requests that must not be \
                repeated.",
                "1 つのプロセスが停止しても、再送できないリクエストだけが失敗します。",
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
        everyday: false,
        ..NGINX_NODE
    },
];

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "An export computes for 7 s in the event loop of one of two \
            Node.js processes, twice.",
        "2 つの Node.js プロセスの一方で、エクスポートがイベントループを 7 \
            秒間占有します(2 回)。",
    ),
    cure: Text::new("It computes in a worker thread.", "計算をワーカースレッドで行います。"),
    hosts: &[NODES, Host::new("gw", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)])],
    router: None,
    knobs: &[Knob { name: "where", fault: "loop", remedy: "thread" }],
    steps: &[
        Step::at("6000", Action::Run { host: "gw", command: EXPORT }),
        Step::at("17000", Action::Run { host: "gw", command: EXPORT }),
    ],
    load: Load {
        target: "{{ip:gw}}:8080",
        protocol: Protocol::Http1,
        keep_alive: false,
        arrivals: Arrivals::Constant { rate: "10" },
        lasts: "28000",
        patience: "20000",
        requests: &[Ask::new("GET", "/"), Ask::new("GET", "/cart"), Ask::new("GET", "/orders")],
    },
    expect: Expect::failing(0.05, &[504]).at_most(0.5),
    everyday: true,
};

/// An export computes for seven seconds, in the event loop or beside it; a watch says when the
/// loop was blocked.
const APP: &str = "const http = require('node:http');
const { Worker } = require('node:worker_threads');
const work = 'const end = Date.now() + 7000; while (Date.now() < end);';
let last = performance.now();
setInterval(() => {
  const late = performance.now() - last - 500;
  last = performance.now();
  if (late > 1000) {
    console.warn(`${new Date().toISOString()} WARN event loop blocked for ${Math.round(late)} ms`);
  }
}, 500);
http.createServer((request, response) => {
  if (request.url.startsWith('/export')) {
    if ('{{where}}' === 'thread') {
      return new Worker(work, { eval: true }).on('exit', () => response.end('done\\n'));
    }
    eval(work);
  }
  setTimeout(() => response.end('ok\\n'), 5);
}).listen(3000, () => console.log(`${new Date().toISOString()} Server listening on port 3000`));
";

const NODES: Host = Host::new("app", &[Part::new(Server::Node, "app", 3000, APP)]).instances("2");

const NGINX: &str = nginx!(
    "{{members:app:3000 max_fails=0}}",
    "    proxy_read_timeout 3s;\n    proxy_next_upstream off;\n"
);

const HAPROXY: &str = "defaults
  mode http
  log global
  option httplog
  option log-health-checks
  timeout check 1s
  retries 0
  timeout connect 2s
  timeout client 30s
  timeout server 3s
frontend web
  bind :8080
  default_backend app
backend app
  option httpchk GET /health
{{members:app:3000 check inter 1s fall 3 rise 2}}";

const EXPORT: &str = "curl -s -m 20 -o /dev/null http://{{ip:app-1}}:3000/export/all.csv &";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, judge};

    #[test]
    fn fires_when_the_process_says_so() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 32.0),
                    (S::Stalls, 2.0),
                    (S::FinishedTogether, 8.0),
                    (S::TopTargetShare, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::Stalls, S::FinishedTogether, S::TopTargetShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn a_common_end_alone_is_only_consistent() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 32.0), (S::FinishedTogether, 8.0)]),
            Judgement::Holds {
                supports: vec![S::FinishedTogether],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn a_processor_used_up_at_that_time_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 32.0), (S::ProcessorSaturations, 12.0)]),
            Judgement::Holds {
                supports: vec![S::ProcessorSaturations],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_nothing_stood_still() {
        let signals = [
            (S::Failures, 32.0),
            (S::Stalls, 0.0),
            (S::FinishedTogether, 0.0),
            (S::ProcessorSaturations, 0.0),
        ];
        assert_eq!(judge(&CAUSE, &signals), Judgement::NotThis(S::Stalls));
    }

    #[test]
    fn blind_without_a_watch_on_the_loop() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 32.0), (S::FinishedTogether, 1.0), (S::ProcessorSaturations, 0.0)]
            ),
            Judgement::CannotTell(vec![S::Stalls])
        );
    }
}
