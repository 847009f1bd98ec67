//! # Killed for memory
//!
//! ## What happens
//!
//! The process, or the container around it, used more memory than its limit allows. The kernel,
//! or the platform, kills it with SIGKILL. There is no clean-up: every request in flight on
//! that process loses its connection in the same instant, whatever its age, and the
//! application's own log just stops. Then the process starts again, the memory fills again, and
//! the pattern repeats like a saw.
//!
//! ## How it shows
//!
//! - Kernel: `Out of memory: Killed process N (name)` or `Memory cgroup out of memory: Killed
//!   process N (name)`.
//! - Kubernetes: `OOMKilled`, exit code 137. AWS ECS: `OutOfMemoryError: Container killed due
//!   to memory usage`.
//! - Cloud Run: `Memory limit of 512 MiB exceeded with 516 MiB used`; `While handling this
//!   request, the container instance was found to be using too much memory and was terminated.`
//!   The requests in flight end as `500` or `503`.
//! - AWS Lambda: `Runtime exited with error: signal: killed`, `Max Memory Used` equal to
//!   `Memory Size`.
//! - gunicorn: `Worker (pid:N) was sent SIGKILL! Perhaps out of memory?` uWSGI: `died, killed
//!   by signal 9`. PHP-FPM: `child N exited on signal 9 (SIGKILL)`.
//! - Gateways: as with a crash. ALB `502` with `0.001 T -1`, nginx `prematurely closed` or
//!   `(104: Connection reset by peer)`, Envoy `UC`, HAProxy `SH`, several of them in the same
//!   millisecond.
//!
//! ## What it is mistaken for
//!
//! - `keepalive-race`: single requests that fail within milliseconds while the process lives
//!   on; here several fail together at any age and a kill is logged.
//! - A crash of the application's own making: exit code 1, 134 or 139 instead of 137, and no
//!   kill in the kernel's or the platform's log.
//! - `worker-timeout-kill`: the supervisor killed the worker for its time and says so first;
//!   gunicorn's `Perhaps out of memory?` after a WORKER TIMEOUT is a guess.
//! - Heap exhaustion inside a runtime (JVM `OutOfMemoryError`, V8 `heap out of memory`): the
//!   process ends itself or lives on and hangs; the kernel is not involved.
//!
//! ## Before it happens
//!
//! - Memory limit below baseline plus concurrency times memory per request. Cloud Run gives 512
//!   MiB and 80 concurrent requests per instance by default.
//! - Files written to Cloud Run's file system count as memory.
//! - A JVM or Node.js heap limit above the container's limit; worker counts raised without
//!   raising the limit.
//! - `why502 check` compares the heap's bound, times the processes, with the container's
//!   memory.
//!
//! ## Reproduce it
//!
//! `why502 drill oom-kill`. Node.js or gunicorn runs in a control group of 128 MB behind nginx, and
//! one route needs 200 MB. The kernel's log names the kill, and nginx logs several closed connections
//! in the same second. With a limit of 1 GB the same requests pass. The kernel's log can be read as
//! root only.
//!
//! ## Remedy
//!
//! 1. Raise the memory limit above the observed peak to stop the bleeding. No further kill at
//!    the same load.
//! 2. Lower the number of requests, or workers, that share one instance. Peak memory falls in
//!    proportion.
//! 3. Find what grows: compare memory after a thousand equal requests. The saw turns into a
//!    flat line.
//! 4. Bound the runtime's heap below the container's limit, so that it collects or fails with a
//!    message.
//!
//! ## Sources
//!
//! - Linux kernel, `mm/oom_kill.c` (`Killed process`); cgroup v2 `memory.max`.
//! - Google Cloud, Cloud Run memory limits:
//!   <https://cloud.google.com/run/docs/configuring/memory-limits>
//! - Kubernetes, Assign Memory Resources to Containers and Pods; gunicorn
//!   `gunicorn/arbiter.py`.

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Arrivals, Ask, Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M,
    Part, Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S,
    Test, Text,
};

use crate::drills::NGINX_ORDERS;
use crate::rules::memory;
use crate::{sentences, visibility};

/// Killed for memory: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "oom-kill",
    title: Text::new("Killed for memory", "メモリ超過による強制終了"),
    explanation: Text::new(
        "The kernel or the platform killed the process because it exceeded \
        its memory limit, and the requests in flight were lost.",
        "メモリの上限を超えたため、カーネルまたはプラットフォームがプロセス\
        を強制終了し、処理中のリクエストが失われました。",
    ),
    place: Place::Process,
    statuses: &[500, 502, 503],
    leads_to: &[
        "app-crash",
        "lambda-function-error",
        "target-connect-refused",
        "no-healthy-targets",
        "backend-own-5xx",
    ],
    source: include_str!("oom_kill.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::InstanceOutOfMemory]).states(),
            Claim::of(&[
                M::ClosedBeforeResponse,
                M::ResetBeforeResponse,
                M::EndedBeforeResponse,
                M::RequestSendFailed,
                M::ResponseTruncated,
                M::InstanceConnectionError,
                M::FunctionError,
            ]),
            Claim::of(&[M::ConnectRefused]).sides(&[Side::Upstream]),
            // Some proxies log the status alone (Traefik, unless it is told to debug).
            Claim::of(&[M::Unspecified]).statuses(&[502, 503, 504]),
            Claim::of(&[M::ConnectFailed]).sides(&[Side::Upstream]).bands(&[
                Band::Instant,
                Band::Short,
                Band::Unknown,
            ]),
        ],
        claims_effects: false,
        needs: &[
            Test::new(
                S::OomKills,
                AtLeast(1.0),
                Text::new(
                    "{value} processes were killed for their memory in or just before \
                    the window.",
                    "この期間またはその直前に、{value} 個のプロセスがメモリ超過で強制終\
                    了されました。",
                ),
            )
            .independent()
            .otherwise(Text::new(
                "No process was killed for its memory in the window or in the \
minute before.",
                "この期間とその前の 1 分間に、メモリ超過で強制終了されたプロセスは\
ありません。",
            ))
            .or(&Test::new(
                S::StatedShare,
                AtLeast(0.01),
                Text::new(
                    "{value} of the failing records name the memory limit.",
                    "失敗した記録の {value} がメモリの上限に言及しています。",
                ),
            )
            .or(&Test::new(
                S::FunctionKills,
                AtLeast(1.0),
                Text::new(
                    "{value} processes of functions were ended by SIGKILL, which their platform \
                    hardly sends for anything but memory.",
                    "関数のプロセス {value} 個が SIGKILL で終了しています。基盤がメモリ以外の理由で\
                    これを送ることはほとんどありません。",
                ),
            ))),
            Test::new(
                S::ExitAlignedShare,
                AtLeast(0.1),
                Text::new(
                    "{value} of these requests failed within 5 s of a process being \
                    killed or ending.",
                    "これらのリクエストの {value} が、プロセスの強制終了または終了から \
                    5 秒以内に失敗しました。",
                ),
            )
            .independent()
            .otherwise(Text::new(
                "Only {value} of these requests failed within 5 s of a process \
being killed or ending.",
                "プロセスの強制終了または終了から 5 秒以内に失敗したのは {value} だ\
けです。",
            ))
            .or(&Test::new(
                S::StatedShare,
                AtLeast(0.01),
                Text::new(
                    "{value} of the failing records tie the failure itself to the \
memory limit.",
                    "失敗した記録の {value} が、失敗そのものをメモリの上限に結び付けて\
います。",
                ),
            )
            .or(&Test::new(
                S::FunctionKills,
                AtLeast(1.0),
                Text::new(
                    "{value} calls ended with the kill of the function's process.",
                    "{value} 件の呼び出しが、関数のプロセスの強制終了で終わっています。",
                ),
            ))),
        ],
        supports: &[
            Test::new(
                S::ExitAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests failed within 5 s of such a kill.",
                    "これらのリクエストの {value} が、その強制終了から 5 秒以内に失敗し\
                    ました。",
                ),
            )
            .independent(),
            Test::new(
                S::OomKills,
                AtLeast(1.0),
                Text::new(
                    "The kernel or the platform logged {value} memory kills.",
                    "カーネルまたはプラットフォームが {value} 件のメモリ超過による強制\
                    終了を記録しました。",
                ),
            )
            .independent(),
            Test::new(
                S::FunctionKills,
                AtLeast(1.0),
                Text::new(
                    "{value} of these ends name a signal, and neither an error of the code nor a time limit.",
                    "そのうち {value} 件の記録にあるのはシグナルだけで、コードのエラーや時間の上限はありません。",
                ),
            ),
            Test::new(S::LoadRise, AtLeast(1.2), sentences::LOAD),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "keepalive-race",
                separates: Text::new(
                    "Whether the kernel or the platform killed a process for its \
                    memory at that second.",
                    "その秒にカーネルまたはプラットフォームがメモリ超過でプロセスを終了\
                    させたかどうかです。",
                ),
            },
            Rival {
                slug: "worker-timeout-kill",
                separates: Text::new(
                    "Whether the supervisor says that the worker took too long, or the \
                    kernel that it took too much memory.",
                    "時間超過だと監視プロセスが記録したのか、メモリ超過だとカーネルが記\
                    録したのかです。",
                ),
            },
        ],
        visible: &[visibility::OOM_KILLS, visibility::FUNCTION_KILLS, visibility::EXIT_ALIGNED],
    },
    predicts: Predicts::By(&[Rule::Look(memory::heap)]),
    drill: Drill::Runs(&[
        Scenario {
            name: "nginx-node",
            happens: Text::new(
                "A Node.js service reads whole exports into memory; the kernel kills it when it \
                passes the 128 MB of its control group.",
                "Node.js サービスがエクスポート全体をメモリに読み込み、制御グループの上限 128 MB を超えると\
                カーネルに強制終了されます。",
            ),
            hosts: &[NODE, GATEWAY],
            ..KILL
        },
        Scenario {
            name: "nginx-gunicorn",
            happens: Text::new(
                "A worker of gunicorn reads whole exports into memory; the kernel kills it when the \
                service passes the 128 MB of its control group.",
                "gunicorn のワーカーがエクスポート全体をメモリに読み込み、制御グループの上限 128 MB を超え\
                るとカーネルに強制終了されます。",
            ),
            hosts: &[GUNICORN, GATEWAY],
            ..KILL
        },
    ]),
    remedies: &[
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Raise the memory limit above the observed peak.",
                "メモリの上限を実測のピークより大きくします。",
            ),
            setting: "--memory",
            direction: Direction::Raise,
            snippet: "gcloud run services update SERVICE --region=REGION --memory=1Gi",
            verify: Text::new(
                "No further \"Memory limit of … exceeded\" at the same load.",
                "同じ負荷で「Memory limit of … exceeded」が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Raise the limit above the observed peak, and the request to the \
                same value.",
                "上限を実測のピークより大きくし、要求値も同じ値にします。",
            ),
            setting: "resources.limits.memory",
            direction: Direction::Raise,
            snippet: "kubectl set resources deployment/NAME --limits=memory=1Gi \
            --requests=memory=1Gi",
            verify: Text::new(
                "No container's last state is OOMKilled.",
                "前回の状態が OOMKilled のコンテナがなければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Let fewer requests share one instance.",
                "1 インスタンスが同時に扱うリクエストを減らします。",
            ),
            setting: "--concurrency",
            direction: Direction::Lower,
            snippet: "gcloud run services update SERVICE --region=REGION --concurrency=20",
            verify: Text::new(
                "The peak of container/memory/utilizations falls.",
                "container/memory/utilizations のピークが下がります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "Bound the heap to about three quarters of the container's limit, \
                so that it is collected in time.",
                "ヒープをコンテナの上限の約 4 分の 3 に制限し、早めに回収されるよう\
                にします。",
            ),
            setting: "--max-old-space-size",
            direction: Direction::Set,
            snippet: "NODE_OPTIONS=--max-old-space-size=768",
            verify: Text::new(
                "Memory levels off below the limit under a steady load test.",
                "一定負荷の試験でメモリが上限より下で安定します。",
            ),
            arithmetic: None,
        },
    ],
};

const KILL: Scenario = Scenario {
    name: "",
    happens: Text::new("", ""),
    cure: Text::new(
        "The limit is above what the exports need.",
        "上限をエクスポートに必要な量より大きくします。",
    ),
    hosts: &[],
    router: None,
    knobs: &[Knob { name: "memory", fault: "128M", remedy: "1G" }],
    steps: &[],
    load: Load {
        target: "gateway:8080",
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Constant { rate: "25" },
        lasts: "6000",
        patience: "5000",
        requests: &[Ask::new("GET", "/orders/7").weight(49), Ask::new("GET", "/orders/export")],
    },
    // The kill may fall between the head of a response and the end of its content.
    expect: Expect::failing(0.03, &[502, 0]),
    everyday: true,
};

const NODE: Host = Host::new(
    "app",
    &[Part::new(Server::Node, "orders", 3000, NODE_APP).memory("{{memory}}").restarts()],
);

const NODE_APP: &str = r"
const http = require('http');
http.createServer((request, response) => {
  const rows = [];
  if (request.url.endsWith('/export')) {
    for (let i = 0; i < 20; i++) rows.push(Buffer.alloc(10 << 20, 'x'));
  }
  setTimeout(() => response.end(JSON.stringify({ chunks: rows.length })), 100);
}).listen(process.env.PORT, () => {
  console.log(`${new Date().toISOString()} listening on port ${process.env.PORT}`);
});
";

const GUNICORN: Host = Host::new(
    "app",
    &[Part::new(Server::Gunicorn, "orders", 3000, WSGI_APP)
        .options(&["--worker-class gthread --threads 8"])
        .memory("{{memory}}")],
);

const WSGI_APP: &str = r"
import time

def app(environ, start_response):
    rows = []
    if environ['PATH_INFO'].endswith('/export'):
        rows = [b'x' * (10 << 20) for _ in range(20)]
    time.sleep(0.1)
    body = b'%d\n' % len(rows)
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
";

const GATEWAY: Host =
    Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX_ORDERS)]);

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
                    (S::Failures, 7.0),
                    (S::OomKills, 2.0),
                    (S::StatedShare, 0.0),
                    (S::ExitAlignedShare, 0.9)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::ExitAlignedShare, S::OomKills],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn fires_when_the_records_say_so() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 7.0), (S::StatedShare, 0.8)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn quiet_when_another_process_was_killed() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 7.0),
                    (S::OomKills, 1.0),
                    (S::StatedShare, 0.0),
                    (S::FunctionKills, 0.0),
                    (S::ExitAlignedShare, 0.0)
                ]
            ),
            Judgement::NotThis(S::ExitAlignedShare)
        );
    }

    #[test]
    fn quiet_when_nothing_was_killed() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 7.0),
                    (S::OomKills, 0.0),
                    (S::StatedShare, 0.0),
                    (S::FunctionKills, 0.0),
                    (S::ProcessExits, 2.0),
                    (S::ExitAlignedShare, 1.0)
                ]
            ),
            Judgement::NotThis(S::OomKills)
        );
    }

    #[test]
    fn the_crash_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::app_crash::CAUSE,
                &[
                    (S::Failures, 7.0),
                    (S::OomKills, 0.0),
                    (S::ProcessExits, 2.0),
                    (S::ExitAlignedShare, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::ExitAlignedShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn blind_without_kernel_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 7.0), (S::StatedShare, 0.0)]),
            Judgement::CannotTell(vec![S::OomKills, S::FunctionKills, S::ExitAlignedShare])
        );
    }

    #[test]
    fn the_platforms_own_words_state_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::InstanceOutOfMemory, 503)), Some(true));
    }

    #[test]
    fn the_kill_of_a_function_without_a_report_is_no_more_than_consistent() {
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionError, 502)), Some(false));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 3.0), (S::StatedShare, 0.0), (S::FunctionKills, 3.0)]),
            Judgement::Holds {
                supports: vec![S::FunctionKills],
                independent: false,
                proved: false
            }
        );
    }
}
