//! # All workers busy
//!
//! ## What happens
//!
//! An application server handles as many requests at a time as it has workers, threads or
//! slots. Requests in flight are rate times duration (Little's law): when more arrive, or when
//! each takes longer, the pool fills and the rest wait, first in the server's queue, then in
//! the kernel's listen queue. Waiting time grows until timers fire further out. When the listen
//! queue is full, too, new connections are ignored or, on a unix socket, refused with EAGAIN.
//!
//! Latency rises first; errors come afterwards. Health checks wait in the same queue and fail
//! as well.
//!
//! ## How it shows
//!
//! - PHP-FPM: `server reached pm.max_children setting (N), consider raising it`. Apache httpd:
//!   `AH00161: server reached MaxRequestWorkers setting`, `AH00484`, `AH03490: scoreboard is
//!   full`.
//! - uWSGI: `*** uWSGI listen queue of socket … full !!! (a/b) ***`. gunicorn and Puma log
//!   nothing by default.
//! - nginx: `connect() to unix:… failed (11: Resource temporarily unavailable)`, `502`;
//!   `upstream timed out … while reading response header`, `504`.
//! - HAProxy: `Tw` above 0, queue numbers above 0, then `sQ`, `503`. Envoy: `UO`, `503`, if its
//!   own breaker is smaller.
//! - CLB: `SurgeQueueLength` up to 1,024, then `SpilloverCount`, `503`. ALB: `504`,
//!   `TargetResponseTime` rising before.
//! - Kernel: `Possible SYN flooding on port P`, `TcpExtListenOverflows`; `ss -ltn` with Recv-Q
//!   at Send-Q.
//!
//! ## What it is mistaken for
//!
//! - `nat-port-exhaustion`: calls outward hang, and that fills the pool too; CPU is idle and
//!   connect timeouts come first. The same with a slow or locked database.
//! - `target-response-timeout`: the symptom one hop further out; shown at the end of the chain.
//! - A firewall that drops (`target-connect-timeout`): does not depend on load.
//! - CPU starvation or a blocked event loop (`cpu-or-eventloop-stall`): one process stops at one
//!   moment and everything sent to it ends together; CPU is at its limit or one thread is at 100 %.
//! - A backlog that is too small (`listen-backlog-overflow`): workers are free between bursts.
//!
//! ## Before it happens
//!
//! - Workers × 1/duration < arrival rate at peak. PHP-FPM's stock pool has 5 children,
//!   gunicorn's default is 1 worker, Puma's 5 threads, Apache's MaxRequestWorkers 400 with the
//!   event MPM.
//! - Calls inside requests without timers, so that one slow dependency takes all workers.
//! - `net.core.somaxconn` (4,096 since Linux 5.4) caps every listen queue.
//! - `why502 check` finds servers with one worker of one thread.
//!
//! ## Reproduce it
//!
//! `why502 drill worker-pool-saturated`. Ten requests a second, each of which keeps a worker busy
//! for 0.4 or 1 s, meet two workers of gunicorn behind HAProxy's queue, or four threads of Apache
//! httpd behind nginx. Durations climb up to the timer, then come `503` with `sQ` or `504`. With
//! enough workers the same load passes.
//!
//! ## Remedy
//!
//! 1. See what the busy workers do: stack dumps, `pm.status_path`, `mod_status`. They compute,
//!    or they wait for something that has a name.
//! 2. If they wait: give that call a timer and its own limit; repair it. Workers become free.
//! 3. If they compute: more workers, or more instances, up to what CPU and memory carry. Queue
//!    time returns to zero at peak.
//! 4. Refuse early what cannot be served in time (queue limits, `503` with `Retry-After`).
//!    Latency of what is accepted stays flat.
//!
//! ## Sources
//!
//! - PHP-FPM configuration (`pm.max_children`); Apache `MaxRequestWorkers`:
//!   <https://httpd.apache.org/docs/2.4/mod/mpm_common.html>
//! - gunicorn settings (`workers`, `backlog`); uWSGI `core/master_checks.c`; HAProxy
//!   configuration manual, sections 8.4 and 8.5.
//! - AWS, Classic Load Balancer CloudWatch metrics (`SurgeQueueLength`, `SpilloverCount`).
//! - Linux kernel, `Documentation/networking/ip-sysctl.rst` (`somaxconn`,
//!   `tcp_abort_on_overflow`).

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Arrivals, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S, Test, Text,
};

use crate::drills::{STEADY, haproxy};
use crate::rules::workers;
use crate::{sentences, visibility};

/// All workers busy: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "worker-pool-saturated",
    title: Text::new("All workers busy", "ワーカープールの飽和"),
    explanation: Text::new(
        "All workers of the application server were busy, so requests \
        queued until timers fired.",
        "アプリケーションサーバーのワーカーがすべて使用中で、リクエストが待\
        たされ、タイマーが切れました。",
    ),
    place: Place::Capacity,
    statuses: &[500, 502, 503, 504],
    leads_to: &[
        "listen-backlog-overflow",
        "timeout-ladder-inversion",
        "target-response-timeout",
        "target-connect-timeout",
        "no-healthy-targets",
        "backend-own-5xx",
    ],
    source: include_str!("worker_pool_saturated.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::QueueTimeout]).states(),
            Claim::of(&[
                M::ListenQueueFull,
                M::ResponseTimeout,
                M::UpstreamTimeout,
                M::RequestDeadline,
                M::ConnectTimeout,
            ])
            .sides(&[Side::Upstream]),
            Claim::of(&[M::Unspecified, M::StatusFromUpstream, M::StatusFromApplication])
                .statuses(&[503, 504]),
        ],
        claims_effects: false,
        needs: &[
            Test::new(
                S::PoolSaturations,
                AtLeast(1.0),
                Text::new(
                    "The application server reported {value} times that all its \
                workers were busy.",
                    "アプリケーションサーバーは、全ワーカーが使用中だと {value} 回報告\
                しました。",
                ),
            )
            .otherwise(Text::new(
                "Nothing reported that all workers were busy.",
                "全ワーカーが使用中だという報告はありません。",
            ))
            .independent()
            .or(&Test::new(
                S::StatedShare,
                AtLeast(0.01),
                Text::new(
                    "{value} of the failing requests found a full queue.",
                    "失敗したリクエストの {value} は、キューが満杯でした。",
                ),
            )),
            Test::new(S::LatencyRise, AtLeast(1.2), sentences::SLOWER)
                .otherwise(Text::new(
                    "Healthy requests took only {value} as long as outside the window; \
where all workers are busy, everyone waits.",
                    "正常なリクエストの所要時間は期間外の {value} にとどまります。全ワ\
ーカーが使用中なら全体が待たされます。",
                ))
                .or(&Test::new(
                    S::PoolSaturations,
                    AtLeast(1.0),
                    Text::new(
                        "Whether or not healthy requests were slower, {value} reports say \
that all workers were busy.",
                        "正常なリクエストが遅くなったかどうかによらず、全ワーカーが使用中と\
いう報告が {value} 件あります。",
                    ),
                )
                .or(&Test::new(
                    S::StatedShare,
                    AtLeast(0.01),
                    Text::new(
                        "Whether or not healthy requests were slower, {value} of the \
failing ones found a full queue.",
                        "正常なリクエストが遅くなったかどうかによらず、失敗したリクエストの \
{value} はキューが満杯でした。",
                    ),
                ))),
        ],
        supports: &[
            Test::new(
                S::PoolSaturations,
                AtLeast(1.0),
                Text::new(
                    "The application server reported {value} times that all its \
                    workers were busy.",
                    "アプリケーションサーバーは、全ワーカーが使用中だと {value} 回報告\
                    しました。",
                ),
            )
            .independent(),
            Test::new(
                S::ListenOverflows,
                AtLeast(1.0),
                Text::new(
                    "The kernel saw {value} listen queues overflow.",
                    "カーネルは接続待ちキューのあふれを {value} 件記録しました。",
                ),
            )
            .independent(),
            Test::new(S::LatencyRise, AtLeast(1.5), sentences::SLOWER),
            Test::new(S::LoadRise, AtLeast(1.2), sentences::LOAD),
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
        rivals: &[
            Rival {
                slug: "nat-port-exhaustion",
                separates: Text::new(
                    "What the busy workers wait for: CPU, or outward connections that \
                    nobody answers.",
                    "使用中のワーカーが待っているものです。CPU か、応答のない外向き接続\
                    かで分かれます。",
                ),
            },
            Rival {
                slug: "cpu-or-eventloop-stall",
                separates: Text::new(
                    "Whether the server says that all its workers were busy, or one \
                    process answered nothing at all for a while.",
                    "全ワーカーが使用中だとサーバーが記録しているのか、1 つのプロセスが\
                    しばらく何も応答しなかったのかです。",
                ),
            },
        ],
        visible: &[visibility::POOLS, visibility::LISTEN_OVERFLOWS, visibility::LATENCY],
    },
    predicts: Predicts::By(&[Rule::Look(workers::single)]),
    drill: Drill::Runs(&[
        Scenario {
            name: "haproxy-gunicorn",
            happens: Text::new(
                "gunicorn has two sync workers for requests of 400 ms each, ten of them a second; \
                HAProxy gives it no more than it can work on and lets the rest wait.",
                "1 件 400 ms のリクエストが毎秒 10 件届くのに、gunicorn の sync ワーカーは 2 つです。\
                HAProxy は処理できる数だけを渡し、残りを待たせます。",
            ),
            cure: Text::new(
                "There are as many workers as requests arrive during one request, and some.",
                "1 件の処理中に届く数に余裕を加えたワーカー数にします。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Gunicorn, "orders", 3000, WSGI_APP)
                        .options(&["--workers {{workers}}"])],
                ),
                Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]),
            ],
            knobs: &[Knob { name: "workers", fault: "2", remedy: "8" }],
            expect: Expect::failing(0.1, &[503]),
            ..SATURATED
        },
        Scenario {
            name: "nginx-apache",
            happens: Text::new(
                "Apache httpd has four threads in front of an application that takes a second for \
                each of ten requests a second; nginx waits two seconds for an answer.",
                "毎秒 10 件、1 件 1 秒かかるアプリケーションの前で Apache httpd のスレッドは 4 つしか\
                なく、nginx は応答を 2 秒待ちます。",
            ),
            cure: Text::new(
                "Apache httpd has threads for all requests that are under way at a time.",
                "同時に処理中になる数だけ Apache httpd のスレッドを用意します。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[
                        Part::new(Server::Node, "orders", 3000, NODE_APP),
                        Part::new(Server::Apache, "apache", 8000, APACHE),
                    ],
                ),
                Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)]),
            ],
            knobs: &[Knob { name: "threads", fault: "4", remedy: "32" }],
            expect: Expect::failing(0.1, &[504]),
            ..SATURATED
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "See what the busy workers do, and give whatever they wait for a \
                timer of its own.",
                "使用中のワーカーが何をしているかを調べ、待っている対象に専用のタイ\
                マーを設けます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "Workers are free again although the dependency is slow.",
                "依存先が遅くてもワーカーが空くようになります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "gunicorn",
            action: Text::new(
                "More workers, and threads where requests wait for others.",
                "ワーカーを増やし、待ちの多い処理にはスレッドも使います。",
            ),
            setting: "workers",
            direction: Direction::Raise,
            snippet: "gunicorn --workers 5 --worker-class gthread --threads 8 app:app",
            verify: Text::new(
                "The time between the proxy's send and the application's start is \
                near zero at peak.",
                "ピーク時でも、プロキシの送信からアプリケーションの処理開始までがほ\
                ぼ 0 になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "PHP-FPM",
            action: Text::new(
                "More children, as many as memory carries.",
                "メモリの許す範囲で子プロセスを増やします。",
            ),
            setting: "pm.max_children",
            direction: Direction::Raise,
            snippet: "pm.max_children = 40
pm.status_path = /fpm-status",
            verify: Text::new(
                "\"listen queue\" on the status page is 0 and \"max children \
                reached\" no longer rises.",
                "状態ページの「listen queue」が 0 で、「max children reached」が増\
                えなければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Limit what each server gets, queue for a short time, and refuse \
                the rest early.",
                "サーバーごとの同時数を制限し、短時間だけ待たせ、残りは早めに断りま\
                す。",
            ),
            setting: "maxconn",
            direction: Direction::Set,
            snippet: "timeout queue 2s
server app1 10.0.0.11:8080 maxconn 40",
            verify: Text::new(
                "Tr of accepted requests stays flat under overload.",
                "過負荷でも、受け付けたリクエストの Tr が一定に保たれます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Linux",
            action: Text::new(
                "A longer listen queue only bridges short bursts; raise the \
                application's backlog with it.",
                "接続待ちキューを長くしても短い集中をしのぐだけです。アプリケーショ\
                ンの backlog も合わせて増やします。",
            ),
            setting: "net.core.somaxconn",
            direction: Direction::Raise,
            snippet: "sysctl -w net.core.somaxconn=8192",
            verify: Text::new(
                "TcpExtListenOverflows stands still.",
                "TcpExtListenOverflows が増えなければ有効です。",
            ),
            arithmetic: None,
        },
    ],
};

const SATURATED: Scenario = Scenario {
    name: "",
    happens: Text::new("", ""),
    cure: Text::new("", ""),
    hosts: &[],
    router: None,
    knobs: &[],
    steps: &[],
    load: Load {
        arrivals: Arrivals::Constant { rate: "10" },
        lasts: "6000",
        patience: "9000",
        ..STEADY
    },
    expect: Expect::failing(0.1, &[]),
    everyday: true,
};

const WSGI_APP: &str = r"
import time

def app(environ, start_response):
    time.sleep(0.4)
    start_response('200 OK', [('Content-Length', '3')])
    return [b'{}\n']
";

const HAPROXY: &str = haproxy!(
    "    default-server maxconn {{workers}}\n    timeout queue 1s\n",
    "    {{members:app:3000}}\n"
);

const NODE_APP: &str = r"
require('http').createServer((request, response) => {
  setTimeout(() => response.end('{}\n'), 1000);
}).listen(process.env.PORT, () => {
  console.log(`${new Date().toISOString()} listening on port ${process.env.PORT}`);
});
";

const APACHE: &str = r"
Listen 8000
ServerLimit 1
StartServers 1
ThreadsPerChild {{threads}}
MaxRequestWorkers {{threads}}
<VirtualHost *:8000>
    ProxyPass / http://127.0.0.1:3000/
</VirtualHost>
";

const NGINX: &str = r"
server {
    listen 8080;
    location / {
        proxy_pass http://{{ip:app}}:8000;
        proxy_read_timeout 2s;
    }
}
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_the_pool_says_so_under_load() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 60.0),
                    (S::StatedShare, 0.0),
                    (S::PoolSaturations, 2.0),
                    (S::LatencyRise, 4.0),
                    (S::LoadRise, 1.6)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::PoolSaturations, S::LatencyRise, S::LoadRise],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_workers_are_free() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 60.0),
                    (S::StatedShare, 0.0),
                    (S::PoolSaturations, 0.0),
                    (S::ListenOverflows, 0.0),
                    (S::LatencyRise, 4.0)
                ]
            ),
            Judgement::NotThis(S::PoolSaturations)
        );
    }

    #[test]
    fn the_slow_target_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::target_response_timeout::CAUSE,
                &[
                    (S::Failures, 60.0),
                    (S::StatedShare, 1.0),
                    (S::PoolSaturations, 0.0),
                    (S::LatencyRise, 4.0)
                ]
            ),
            Judgement::Holds { supports: vec![S::LatencyRise], independent: false, proved: false }
        );
    }

    #[test]
    fn blind_without_the_servers_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 60.0), (S::StatedShare, 0.0), (S::LatencyRise, 4.0)]),
            Judgement::CannotTell(vec![S::PoolSaturations])
        );
    }

    #[test]
    fn a_full_unix_socket_states_only_that_its_queue_was_full() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ListenQueueFull, 502)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::QueueTimeout, 503)), Some(true));
    }

    #[test]
    fn a_read_timeout_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseTimeout, 504)), Some(false));
    }

    #[test]
    fn an_outward_timeout_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 0).outward()), None);
    }
}
