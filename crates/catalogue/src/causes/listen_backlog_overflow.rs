//! # Accept queue full
//!
//! ## What happens
//!
//! A connection that the kernel has completed waits in the listening socket's accept queue until
//! the program calls `accept()`. The queue holds as many as the smaller of the program's backlog
//! and `net.core.somaxconn`. When the program accepts more slowly than connections arrive, the
//! queue fills. On TCP, Linux then ignores further SYNs: the caller tries again after 1, 3 and 7
//! seconds, so connections are slow and some run into the connect timer. On a unix socket nobody
//! waits: `connect()` fails at once with EAGAIN.
//!
//! Why nothing accepts is a second question: all workers busy, a blocked event loop, a stopped
//! process, or a backlog that is too small for a burst that the program would have managed.
//!
//! ## How it shows
//!
//! - nginx, unix socket: `connect() to unix:… failed (11: Resource temporarily unavailable)`,
//!   `502`, instantly. TCP: `upstream timed out … while connecting to upstream`, `504`, while
//!   `$upstream_connect_time` of requests that succeed sits near 1.0, 3.0 and 7.0 s.
//! - HAProxy: `sC`, `503`, and `Tc` near 1000 or 3000 ms in lines that succeed. Envoy: `UF`, `503`,
//!   `connection_timeout`. Apache httpd: `AH00957`, `(110)Connection timed out`.
//! - Kernel: `Possible SYN flooding on port P. Sending cookies.` (written once per socket, and only
//!   when half-open connections overflow too), `TcpExtListenOverflows` and `TcpExtListenDrops`
//!   rising; `ss -ltn` shows Recv-Q at or above Send-Q on the port.
//! - uWSGI: `*** uWSGI listen queue of socket … full !!! (a/b) ***`. gunicorn, uvicorn and Node.js
//!   log nothing.
//! - ALB: `504` with target time -1 after 10 s; the target logs none of these requests.
//!
//! ## What it is mistaken for
//!
//! - A firewall that drops packets or a dead address (`target-connect-timeout`): does not depend
//!   on load, and the target's `ListenOverflows` stands still.
//! - `worker-pool-saturated`: the usual reason why the queue is full, and then the one to treat; it
//!   is named where the application server says that its workers are busy.
//! - `unix-socket-upstream`: errno 2 or 13 instead of 11; the socket is absent or forbidden, at any
//!   load.
//! - `nat-port-exhaustion`: connect timeouts of calls that leave through a NAT; its log shows
//!   drops.
//! - With `net.ipv4.tcp_abort_on_overflow=1` the kernel resets instead of ignoring, which reads as
//!   a refusal under load.
//!
//! ## Before it happens
//!
//! - gunicorn and uvicorn ask for 2,048, Node.js and Apache httpd for 511, nginx for 511, uWSGI and
//!   many small servers for 100 or fewer. `net.core.somaxconn` caps all of them: 4,096 since Linux
//!   5.4, 128 before, and containers have a value of their own.
//! - One process that both accepts and computes.
//! - Many gateways, each without a limit of connections, in front of one small backend.
//! - `why502 check` finds queues of fewer than 32 connections that somebody wrote.
//!
//! ## Reproduce it
//!
//! `why502 drill listen-backlog-overflow`: gunicorn with one worker and a backlog of 4 on a unix
//! socket behind nginx, twelve requests a second of which a third take half a second. nginx logs
//! errno 11. With eight workers and the default backlog the same load passes.
//!
//! ## Remedy
//!
//! 1. Find out why nothing accepts: worker status, stack dumps, CPU. Free workers empty the queue;
//!    Recv-Q in `ss -ltn` falls to 0.
//! 2. More workers or instances for the load at peak. `ListenOverflows` stands still.
//! 3. Raise the backlog and `somaxconn` together if short bursts overflow a program that keeps up
//!    on average. The counter stands still during the next burst.
//! 4. Limit connections per backend at the gateway, so that waiting happens where it is seen.
//!
//! ## Sources
//!
//! - Linux, `net/ipv4/tcp_input.c` (`tcp_conn_request`, `tcp_syn_flood_action`),
//!   `net/unix/af_unix.c` (`unix_stream_connect`), listen(2);
//!   `Documentation/networking/ip-sysctl.rst` (`somaxconn`, `tcp_abort_on_overflow`,
//!   `tcp_syn_retries`).
//! - gunicorn settings (`backlog`), uvicorn settings (`--backlog`), Node.js `server.listen()`,
//!   Apache `ListenBackLog`.
//! - Measured with nginx 1.22, gunicorn 20.1 and Linux 6.18 on loopback.

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Arrivals, Ask, Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M,
    Part, Place, Predicts, Protocol, Remedy, Scenario, Server, Shows, Side, Signal as S, Test,
    Text,
};

use crate::drills::nginx;
use crate::rules::workers;
use crate::{sentences, visibility};

/// Accept queue full: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "listen-backlog-overflow",
    title: Text::new("Accept queue full", "接続待ちキューのあふれ"),
    explanation: Text::new(
        "The backend's queue of connections waiting to be accepted was \
        full, so new connections were ignored or turned away.",
        "バックエンドの接続待ちキューが満杯で、新しい接続が無視されるか断ら\
        れました。",
    ),
    place: Place::Connect,
    statuses: &[502, 503, 504],
    leads_to: &[
        "target-connect-timeout",
        "target-response-timeout",
        "passive-ejection-cascade",
        "no-healthy-targets",
        "backend-own-5xx",
    ],
    source: include_str!("listen_backlog_overflow.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ListenQueueFull]).states(),
            Claim::of(&[M::ConnectTimeout]).sides(&[Side::Upstream]),
            Claim::of(&[M::ConnectFailed])
                .sides(&[Side::Upstream])
                .bands(&[Band::Medium, Band::Long]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::StatedShare,
            AtLeast(0.01),
            Text::new(
                "{value} of the failing requests found the queue full.",
                "失敗したリクエストの {value} は、キューが満杯でした。",
            ),
        )
        .otherwise(Text::new(
            "No record tells of a full queue, and neither the kernel nor the \
            server saw one overflow.",
            "キューが満杯だったという記録はなく、カーネルもサーバーもあふれを記\
            録していません。",
        ))
        .or(&Test::new(
            S::ListenOverflows,
            AtLeast(1.0),
            Text::new(
                "A listen queue was reported to overflow {value} times.",
                "接続待ちキューのあふれが {value} 件報告されました。",
            ),
        )
        .independent())],
        supports: &[
            Test::new(
                S::ListenOverflows,
                AtLeast(1.0),
                Text::new(
                    "A listen queue was reported to overflow {value} times.",
                    "接続待ちキューのあふれが {value} 件報告されました。",
                ),
            )
            .independent(),
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
                S::Stalls,
                AtLeast(1.0),
                Text::new(
                    "A process reported {value} times that it had stood still.",
                    "プロセスが停止していたという報告が {value} 件あります。",
                ),
            )
            .independent(),
            Test::new(S::LatencyRise, AtLeast(1.5), sentences::SLOWER),
            Test::new(S::LoadRise, AtLeast(1.2), sentences::LOAD),
            Test::new(S::TopTargetShare, AtLeast(0.9), sentences::ONE_TARGET),
        ],
        rules_out: &[],
        rivals: &[],
        visible: &[
            visibility::LISTEN_OVERFLOWS,
            visibility::POOLS,
            visibility::STALLS,
            visibility::LATENCY,
        ],
    },
    predicts: Predicts::By(&[Rule::Look(workers::short_queue)]),
    drill: Drill::Runs(DRILLS),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Find out why nothing accepts connections, and free or add workers.",
                "なぜ接続が受け付けられないのかを調べ、ワーカーを空けるか増やします。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "ss -ltn # Recv-Q at Send-Q: full
nstat -az TcpExtListenOverflows TcpExtListenDrops",
            verify: Text::new(
                "Recv-Q of the port is 0 at peak.",
                "ピーク時でも、そのポートの Recv-Q が 0 です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "gunicorn",
            action: Text::new(
                "More workers, threads where requests wait for others, and a \
                backlog that carries a burst.",
                "ワーカーを増やし、待ちの多い処理にはスレッドを使い、集中に耐える \
                backlog にします。",
            ),
            setting: "workers",
            direction: Direction::Raise,
            snippet: "gunicorn --workers 5 --worker-class gthread --threads 8 --backlog \
            2048 app:app",
            verify: Text::new(
                "nginx logs no further errno 11, or no connect time near 1 or 3 s.",
                "nginx に errno 11 や、1 秒・3 秒付近の接続時間が出なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Linux",
            action: Text::new(
                "Raise the cap on all listen queues, then restart the program: the \
                length is set when it begins to listen.",
                "すべての接続待ちキューの上限を上げ、プログラムを再起動します。長さ\
                は待ち受けの開始時に決まります。",
            ),
            setting: "net.core.somaxconn",
            direction: Direction::Raise,
            snippet: "sysctl -w net.core.somaxconn=8192",
            verify: Text::new(
                "Send-Q of the port in ss -ltn shows the new length, and \
                TcpExtListenOverflows stands still.",
                "ss -ltn の Send-Q が新しい長さになり、TcpExtListenOverflows が増え\
                ません。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Limit the connections per server, so that the rest waits in the \
                proxy's queue, where it is counted.",
                "サーバーごとの接続数を制限し、残りは記録の残るプロキシのキューで待\
                たせます。",
            ),
            setting: "maxconn",
            direction: Direction::Set,
            snippet: "timeout queue 5s
server app1 10.0.0.11:8080 maxconn 64",
            verify: Text::new(
                "Tw rises at peak instead of Tc, and no sC is logged.",
                "ピーク時に Tc ではなく Tw が増え、sC が出なくなります。",
            ),
            arithmetic: None,
        },
    ],
};

const DRILLS: &[Scenario] = &[Scenario {
    name: "nginx-gunicorn",
    happens: Text::new(
        "gunicorn with one worker and a queue of 4 on a unix socket gets \
        more work than it can do.",
        "ワーカー 1 つ、キュー 4 の gunicorn が、Unix ソケットで能力以上の\
        リクエストを受けます。",
    ),
    cure: Text::new(
        "Eight workers and gunicorn's own backlog.",
        "ワーカーを 8 つにし、backlog を gunicorn の既定値に戻します。",
    ),
    hosts: &[Host::new("gw", &[GUNICORN, Part::new(Server::Nginx, "nginx", 8080, NGINX)])],
    router: None,
    knobs: &[
        Knob { name: "workers", fault: "1", remedy: "8" },
        Knob { name: "backlog", fault: "4", remedy: "2048" },
    ],
    steps: &[],
    load: Load {
        target: "{{ip:gw}}:8080",
        protocol: Protocol::Http1,
        keep_alive: false,
        arrivals: Arrivals::Constant { rate: "12" },
        lasts: "12000",
        patience: "20000",
        requests: &[Ask::new("GET", "/report"), Ask::new("GET", "/"), Ask::new("GET", "/cart")],
    },
    expect: Expect::failing(0.1, &[502]),
    everyday: true,
}];

/// One path of three takes half a second.
const APP: &str = "import time

def app(environ, start_response):
    if environ['PATH_INFO'] == '/report':
        time.sleep(0.5)
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '3')])
    return [b'ok\\n']
";

const GUNICORN: Part = Part::new(Server::Gunicorn, "shop", 8000, APP).options(&[
    "--bind",
    "unix:{{dir}}/shop.sock",
    "--bind",
    "127.0.0.1:8000",
    "--workers",
    "{{workers}}",
    "--backlog",
    "{{backlog}}",
]);

const NGINX: &str = nginx!(
    "  server unix:{{dir}}/../shop/shop.sock max_fails=0;",
    "    proxy_next_upstream off;\n"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn an_errno_of_the_socket_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ListenQueueFull, 502)), Some(true));
        let signals = [(S::Failures, 83.0), (S::StatedShare, 1.0), (S::LoadRise, 1.6)];
        assert_eq!(
            judge(&CAUSE, &signals),
            Judgement::Holds { supports: vec![S::LoadRise], independent: false, proved: false }
        );
    }

    #[test]
    fn the_kernel_supports_it_for_connect_timeouts() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504)), Some(false));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 40.0), (S::StatedShare, 0.0), (S::ListenOverflows, 1.0)]),
            Judgement::Holds {
                supports: vec![S::ListenOverflows],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_the_kernel_saw_no_overflow() {
        let signals = [(S::Failures, 40.0), (S::StatedShare, 0.0), (S::ListenOverflows, 0.0)];
        assert_eq!(judge(&CAUSE, &signals), Judgement::NotThis(S::StatedShare));
    }

    #[test]
    fn blind_without_the_kernels_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 40.0), (S::StatedShare, 0.0)]),
            Judgement::CannotTell(vec![S::ListenOverflows])
        );
    }
}
