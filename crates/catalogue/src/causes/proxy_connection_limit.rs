//! # Proxy's own connection limit
//!
//! ## What happens
//!
//! A proxy bounds what it holds open at one time: connections per worker process, file
//! descriptors, connections and waiting requests per group of targets. A proxied request needs
//! two connections, one on each side. When the bound is reached the proxy can take or pass on no
//! more, and says so at once, whatever the targets could do.
//!
//! The bound is often far below what the machine could hold; or the targets have become slow, so
//! that more requests are under way at the same rate: requests under way are rate times
//! duration.
//!
//! ## How it shows
//!
//! - nginx, error log: `1024 worker_connections are not enough` (alert), `socket() failed (24:
//!   Too many open files)`, `accept4() failed (24: …)`; the client gets `500`, or nothing.
//! - Envoy: `503` with the flag `UO`, details `upstream_reset_before_response_started{overflow}`
//!   (circuit breaker: 1024 connections, 1024 pending requests, unless set); `OM`, `DO` for the
//!   overload manager.
//! - HAProxy: `PC--`; at `maxconn` of the process it stops accepting and logs nothing for those
//!   who wait.
//! - Apache httpd: `AH00952` with `(24)Too many open files`.
//! - AWS ALB: the metric `RejectedConnectionCount`. Google Cloud: `proxyStatus` with
//!   `error="connection_limit_reached"`.
//!
//! ## What it is mistaken for
//!
//! - `gateway-quota-throttle`: a rule refused some requests; here there was room for none.
//! - `worker-pool-saturated`: the workers of the target are busy and the proxy waits for them.
//! - `ephemeral-port-exhaustion`: the proxy may open connections and has no source port for them
//!   (`EADDRNOTAVAIL`).
//! - `listen-backlog-overflow`: the target's kernel refuses, and connecting takes seconds.
//!
//! ## Before it happens
//!
//! - `worker_connections` at 512 or 1024 (twice the requests under way, per worker), or
//!   `LimitNOFILE` of the service below it.
//! - Peak rate × slowest usual duration > half the bound. One slow dependency multiplies it.
//! - WebSockets and server-sent events: each holds both connections for as long as it lives.
//! - Envoy's circuit breaker at its default in front of a target that takes long.
//!
//! ## Reproduce it
//!
//! `why502 drill proxy-connection-limit`: 30 requests a second of 1 s each through an nginx with
//! 24 `worker_connections`, and through an Envoy whose circuit breaker allows 10 requests; with
//! bounds above rate times duration all are answered.
//!
//! ## Remedy
//!
//! 1. Compute what is needed: requests per second × seconds each × 2 (nginx), with a margin of
//!    two. It is below the bound afterwards.
//! 2. Raise the bound, and the file descriptors of the process with it. The message is gone from
//!    the error log at the same load.
//! 3. If the targets have become slow, mend that: time out sooner, shed load. Requests under way
//!    fall back to their usual number.
//!
//! ## Sources
//!
//! - nginx `worker_connections`, `worker_rlimit_nofile`:
//!   <https://nginx.org/en/docs/ngx_core_module.html> ; `src/core/ngx_connection.c`.
//! - Envoy, circuit breaking (`circuit_breaker.proto`) and response flags; HAProxy configuration
//!   manual, `maxconn` and termination states.
//! - AWS, CloudWatch metrics for your Application Load Balancer; RFC 9209 section 2.3.12
//!   (`connection_limit_reached`).

use model::Condition::AtLeast;
use model::{
    Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S, Test, Text,
};

use crate::drills::{STEADY, envoy, nginx};
use crate::{sentences, visibility};

/// Proxy's own connection limit: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "proxy-connection-limit",
    title: Text::new("Proxy's own connection limit", "プロキシ自身の接続数の上限"),
    explanation: Text::new(
        "The proxy held as many connections or requests as it allows itself, and could take no \
        more.",
        "プロキシが自身に許す数の接続またはリクエストを保持しており、それ以上受け付けられませんでした。",
    ),
    place: Place::Capacity,
    statuses: &[500, 502, 503],
    leads_to: &["backend-own-5xx"],
    source: include_str!("proxy_connection_limit.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::ProxyLimit]).sides(&[Side::Gateway, Side::Upstream]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests met a limit of the proxy on its own connections.",
                "{value} 件のリクエストが、プロキシ自身の接続数の上限に達しました。",
            ),
        )],
        supports: &[
            Test::new(S::LoadRise, AtLeast(1.2), sentences::LOAD),
            Test::new(
                S::LatencyRise,
                AtLeast(1.5),
                Text::new(
                    "Healthy requests took {value} as long as outside the window, so that more \
                    were under way at a time.",
                    "正常なリクエストの所要時間が期間外の {value} になり、同時に処理中の数が増えました。",
                ),
            ),
            Test::new(
                S::ShortWaitShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of them were answered within 50 ms: no target was asked.",
                    "{value} が 50 ms 以内に応答を受けています。ターゲットには届いていません。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "gateway-quota-throttle",
            separates: Text::new(
                "Whether a rule refused these requests, or the proxy had room for nobody.",
                "規則がこれらのリクエストを拒否したのか、プロキシに誰の余地もなかったのかです。",
            ),
        }],
        visible: &[visibility::LATENCY, visibility::DURATIONS],
    },
    predicts: Predicts::Never(
        "No setting tells: the bound is written, but what has to fit below it is a rate times \
        a duration, which only measurement gives.",
    ),
    drill: Drill::Runs(&[
        NGINX_NODE,
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "30 requests a second take 1 s each; Envoy's circuit breaker allows 10 at a time.",
                "毎秒 30 件が 1 秒ずつかかりますが、Envoy のサーキットブレーカーの上限は同時 10 件です。",
            ),
            cure: Text::new("It allows 200.", "上限を 200 件にします。"),
            hosts: &[
                Host::new("app", &[Part::new(Server::Node, "node", 3000, APPLICATION)]),
                Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)]),
            ],
            knobs: &[Knob { name: "limit", fault: "10", remedy: "200" }],
            expect: Expect::failing(0.3, &[503]).at_most(0.9),
            everyday: false,
            ..NGINX_NODE
        },
    ]),
    remedies: &[
        Remedy {
            product: "nginx",
            action: Text::new(
                "Allow more connections per worker: twice the requests under way, and as much \
                again.",
                "ワーカーあたりの接続数を増やします。同時処理数の 2 倍に、さらに同じだけの余裕を見ます。",
            ),
            setting: "worker_connections",
            direction: Direction::Raise,
            snippet: "worker_rlimit_nofile 65536;
events {
    worker_connections 16384;
}",
            verify: Text::new(
                "\"worker_connections are not enough\" is gone from the error log at the same \
                load.",
                "同じ負荷でエラーログに「worker_connections are not enough」が出なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Linux",
            action: Text::new(
                "Give the service the file descriptors for it.",
                "サービスにその分のファイルディスクリプターを与えます。",
            ),
            setting: "LimitNOFILE",
            direction: Direction::Raise,
            snippet: "systemctl edit nginx
[Service]
LimitNOFILE=65536",
            verify: Text::new(
                "grep 'open files' /proc/PID/limits shows the new number.",
                "grep 'open files' /proc/PID/limits に新しい値が表示されます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Set the cluster's circuit breaker above rate times duration.",
                "クラスターのサーキットブレーカーを、レートと所要時間の積より大きくします。",
            ),
            setting: "circuit_breakers",
            direction: Direction::Raise,
            snippet: "circuit_breakers:
  thresholds:
  - {max_connections: 4096, max_pending_requests: 4096, max_requests: 4096}",
            verify: Text::new(
                "upstream_rq_pending_overflow of the cluster stops rising.",
                "クラスターの upstream_rq_pending_overflow の増加が止まります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Raise the process's maxconn; the file descriptors follow it.",
                "プロセスの maxconn を上げます。ファイルディスクリプターはそれに従います。",
            ),
            setting: "maxconn",
            direction: Direction::Raise,
            snippet: "global
    maxconn 20000",
            verify: Text::new(
                "show info: CurrConns stays below Maxconn at peak.",
                "ピーク時も show info の CurrConns が Maxconn を下回ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "If healthy requests have become slower, mend that first: at half the duration \
                half the connections do.",
                "正常なリクエストが遅くなっているなら、先にそれを直します。所要時間が半分なら接続も半分で足ります。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "Open connections fall with the duration of the requests.",
                "リクエストの所要時間とともに、開いている接続の数が減ります。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "30 requests a second take 1 s each, and nginx may hold 24 connections.",
        "毎秒 30 件が 1 秒ずつかかりますが、nginx が保持できる接続は 24 本です。",
    ),
    cure: Text::new("worker_connections is 1024.", "worker_connections を 1024 にします。"),
    hosts: &[
        Host::new("app", &[Part::new(Server::Node, "node", 3000, APPLICATION)]),
        Host::new(
            "gateway",
            &[Part::new(Server::Nginx, "nginx", 8080, NGINX)
                .options(&["worker_processes 1;", "worker_connections {{limit}};"])],
        ),
    ],
    router: None,
    knobs: &[Knob { name: "limit", fault: "24", remedy: "1024" }],
    steps: &[],
    load: Load {
        keep_alive: false,
        arrivals: Arrivals::Constant { rate: "30" },
        lasts: "4000",
        requests: &[Ask::new("GET", "/orders")],
        ..STEADY
    },
    expect: Expect::failing(0.2, &[500, 0]).at_most(0.95),
    everyday: true,
};

/// Takes a second for every answer.
const APPLICATION: &str = "const http = require('node:http');
http.createServer((request, response) => {
  setTimeout(() => response.end('ok\\n'), 1000);
}).listen(3000, () => console.log(new Date().toISOString(), 'Server listening on port 3000'));
";

const NGINX: &str = nginx!("  server {{ip:app}}:3000;");

const ENVOY: &str = envoy!(
    "    connect_timeout: 1s
    circuit_breakers:
      thresholds:
      - {max_connections: {{limit}}, max_pending_requests: {{limit}}, max_requests: {{limit}}}
    {{members:app:3000}}
"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_on_what_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ProxyLimit, 500)), Some(true));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 60.0), (S::LatencyRise, 4.0), (S::ShortWaitShare, 0.2)]),
            Judgement::Holds { supports: vec![S::LatencyRise], independent: false, proved: false }
        );
    }

    #[test]
    fn quiet_for_rules_ports_and_the_applications_own_limits() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Throttled, 503)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::NoLocalPort, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::ProxyLimit, 0).outward()), None);
    }

    #[test]
    fn blind_on_a_bare_status() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 500)), None);
    }
}
