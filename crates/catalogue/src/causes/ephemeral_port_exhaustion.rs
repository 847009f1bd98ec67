//! # Host out of source ports
//!
//! ## What happens
//!
//! Each connection a host opens needs a source port of its own for that destination (address
//! and port). Linux has 28,232 of them by default, and the side that closes first keeps its
//! port in TIME_WAIT for 60 s. A proxy that opens a new connection per request to one address
//! therefore stops at about 470 new connections a second. The next attempt fails inside the
//! host, at once, before any packet is sent. It ends about a minute after the rate has fallen.
//!
//! ## How it shows
//!
//! - nginx: `connect() to ADDRESS failed (99: Cannot assign requested address) while connecting
//!   to upstream` (crit), `502`.
//! - HAProxy: `Connect() failed for backend b: no free ports.`, flags `RC`.
//! - Apache httpd: `(99)Cannot assign requested address: AH00957`; `AH00956` when binding a
//!   source address.
//! - Node.js as the caller: `connect EADDRNOTAVAIL`. Go: `cannot assign requested address`.
//! - Envoy: `UF` with `immediate connect error: Cannot assign requested address`, or `99` in
//!   older versions.
//! - `ss -s` shows some 28,000 sockets in `timewait`. Cloud Run: `503` above some 800 requests
//!   a second per instance over HTTP/1.
//!
//! ## What it is mistaken for
//!
//! - `nat-port-exhaustion`: the SYN leaves the host and is dropped in the NAT; the caller waits
//!   for its connect timer. Here the failure is immediate and `EADDRNOTAVAIL` is logged.
//! - A source address that the host does not have (`proxy_bind`, `source`) gives errno 99 too,
//!   but from the first request on and at any load.
//! - A limit of the proxy (file descriptors, `worker_connections`): nginx answers `500` then
//!   and names the limit.
//!
//! ## Before it happens
//!
//! - nginx before 1.29.7 speaks HTTP/1.0 to upstreams and closes after each request, unless
//!   `keepalive`, `proxy_http_version 1.1` and an empty `Connection` are set.
//! - All traffic to one address and port, such as a sidecar on 127.0.0.1 or one internal load
//!   balancer.
//! - `net.ipv4.ip_local_port_range` 32768 to 60999 (default). Rate × 60 s above the range's
//!   size.
//!
//! ## Reproduce it
//!
//! `why502 drill ephemeral-port-exhaustion` gives the gateway's host 100 source ports; nginx
//! and Envoy open a connection per request and close it themselves, so that exactly 100
//! requests get through. With connections that are used again all pass.
//!
//! ## Remedy
//!
//! 1. Reuse connections to the upstream. `ss -s` shows few sockets in `timewait`, and the
//!    errors stop.
//! 2. Widen the port range. The rate at which it happens rises in proportion.
//! 3. Spread over more destination addresses or ports, or more source addresses. Each pair has
//!    its own range.
//! 4. `net.ipv4.tcp_tw_reuse=1` lets new outward connections take over ports in TIME_WAIT. The
//!    count no longer limits the rate.
//!
//! ## Sources
//!
//! - Linux kernel, `Documentation/networking/ip-sysctl.rst` (`ip_local_port_range`,
//!   `tcp_tw_reuse`); `include/net/tcp.h` (`TCP_TIMEWAIT_LEN`).
//! - RFC 9293 section 3.6.1 (TIME-WAIT); nginx `src/event/ngx_event_connect.c` and CHANGES
//!   1.29.7.
//! - HAProxy `src/proto_tcp.c`; nginx `keepalive`:
//!   <https://nginx.org/en/docs/http/ngx_http_upstream_module.html>

use model::Condition::AtLeast;
use model::{
    Arrivals, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Remedy, Rival, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{APP, STEADY, envoy, envoy_app};
use crate::{sentences, visibility};

/// Host out of source ports: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "ephemeral-port-exhaustion",
    title: Text::new("Host out of source ports", "ホストの送信元ポート枯渇"),
    explanation: Text::new(
        "The calling host had no free source port left for this \
        destination, so connecting failed before any packet was sent.",
        "呼び出し側のホストに、この宛先に使える送信元ポートが残っておらず、\
        パケットを送る前に接続が失敗しました。",
    ),
    place: Place::Connect,
    statuses: &[500, 502, 503],
    leads_to: &["passive-ejection-cascade", "backend-own-5xx"],
    source: include_str!("ephemeral_port_exhaustion.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::NoLocalPort]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "For {value} requests the calling host had no free source port.",
                "{value} 件のリクエストで、呼び出し側のホストに空きの送信元ポートが\
                ありませんでした。",
            ),
        )],
        supports: &[
            Test::new(
                S::ShortWaitShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of these requests failed within 50 ms, inside the host.",
                    "これらのリクエストの {value} が、ホスト内で 50 ms 以内に失敗しまし\
                    た。",
                ),
            ),
            Test::new(S::LoadRise, AtLeast(1.2), sentences::LOAD),
            Test::new(
                S::TopTargetShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of them are for one destination, {top_target}.",
                    "{value} が 1 つの宛先 {top_target} に集中しています。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "nat-port-exhaustion",
            separates: Text::new(
                "Whether the call failed at once with EADDRNOTAVAIL on the host, \
                or after a wait without an answer.",
                "ホスト上で EADDRNOTAVAIL により即座に失敗したか、応答がないまま待\
                って失敗したかです。",
            ),
        }],
        visible: &[visibility::DURATIONS],
    },
    predicts: Predicts::Never(
        "No setting tells: connections that are closed after each request use the ports up \
        from some rate on, which only measurement gives.",
    ),
    drill: Drill::Runs(&[
        Scenario {
            name: "nginx-node",
            happens: Text::new(
                "nginx opens a new connection for each request, and its host has 100 source \
                ports.",
                "nginx がリクエストごとに新しい接続を開き、そのホストの送信元ポートは 100 個で\
                す。",
            ),
            cure: Text::new(
                "nginx keeps eight connections to the application open.",
                "nginx がアプリケーションへの接続を 8 本保持して再利用します。",
            ),
            hosts: &[
                APP,
                Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)])
                    .sysctls(HUNDRED_PORTS),
            ],
            router: None,
            knobs: &[Knob { name: "keepalive", fault: "", remedy: "keepalive 8;" }],
            steps: &[],
            load: Load { arrivals: Arrivals::Constant { rate: "60" }, ..STEADY },
            expect: Expect::failing(0.3, &[502]).passes("100"),
            everyday: true,
        },
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "Envoy may send one request on each connection, and its host has 100 source \
                ports.",
                "Envoy が 1 接続につき 1 リクエストしか送らず、そのホストの送信元ポートは 100 \
                個です。",
            ),
            cure: Text::new(
                "The limit of requests per connection is gone.",
                "接続あたりのリクエスト数の上限を外します。",
            ),
            hosts: &[
                APP,
                Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)])
                    .sysctls(HUNDRED_PORTS),
            ],
            router: None,
            knobs: &[Knob { name: "requests", fault: "1", remedy: "0" }],
            steps: &[],
            load: Load { arrivals: Arrivals::Constant { rate: "60" }, ..STEADY },
            expect: Expect::failing(0.3, &[503]).passes("100"),
            everyday: false,
        },
    ]),
    remedies: &[
        Remedy {
            product: "nginx",
            action: Text::new(
                "Reuse connections to the upstream.",
                "アップストリームへの接続を再利用します。",
            ),
            setting: "keepalive",
            direction: Direction::Set,
            snippet: r#"upstream app {
    server 10.0.0.11:8080;
    keepalive 64;
}
proxy_http_version 1.1;
proxy_set_header Connection "";"#,
            verify: Text::new(
                "ss -s shows few sockets in timewait, and errno 99 is gone.",
                "ss -s の timewait が少なくなり、errno 99 が出なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Linux",
            action: Text::new(
                "Widen the range; keep the ports that services listen on out of it.",
                "範囲を広げます。サービスが待ち受けるポートは除外します。",
            ),
            setting: "net.ipv4.ip_local_port_range",
            direction: Direction::Raise,
            snippet: r#"sysctl -w net.ipv4.ip_local_port_range="10240 65535""#,
            verify: Text::new(
                "The rate at which errors begin has more than doubled: 55,296 \
                ports instead of 28,232.",
                "エラーが始まる接続数が倍近くになります(28,232 から 55,296 ポート)。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Send more than one request on each connection: without the setting \
                there is no limit.",
                "1 つの接続で複数のリクエストを送ります。この設定がなければ上限はあり\
                ません。",
            ),
            setting: "max_requests_per_connection",
            direction: Direction::Raise,
            snippet: "common_http_protocol_options:
  max_requests_per_connection: 1000",
            verify: Text::new(
                "upstream_cx_total grows much more slowly than upstream_rq_total.",
                "upstream_cx_total の増え方が upstream_rq_total よりずっと緩やかになり\
                ます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Reuse connections between clients where the application allows it.",
                "アプリケーションが許す範囲で、クライアント間で接続を再利用します。",
            ),
            setting: "http-reuse",
            direction: Direction::Set,
            snippet: "http-reuse always
pool-max-conn 200",
            verify: Text::new(
                "No \"no free ports\" in the log.",
                "ログに「no free ports」が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Linux",
            action: Text::new(
                "Let outward connections take over ports in TIME_WAIT.",
                "外向きの接続が TIME_WAIT のポートを引き継げるようにします。",
            ),
            setting: "net.ipv4.tcp_tw_reuse",
            direction: Direction::Set,
            snippet: "sysctl -w net.ipv4.tcp_tw_reuse=1",
            verify: Text::new(
                "The number of timewait sockets no longer limits the rate.",
                "timewait の数が接続数の上限にならなくなります。",
            ),
            arithmetic: None,
        },
    ],
};

const HUNDRED_PORTS: &[(&str, &str)] = &[("net.ipv4.ip_local_port_range", "40000 40099")];

/// What is often copied: HTTP/1.1 and an empty `Connection`, but no `keepalive` in the upstream.
/// Then it is nginx that closes each connection and keeps the port in TIME_WAIT.
const NGINX: &str = "\
upstream app { server {{ip:app}}:3000; {{keepalive}} }
server {
    listen 8080;
    location / {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_set_header Connection '';
    }
}
";

const ENVOY: &str = envoy!(
    r#"    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        common_http_protocol_options: {max_requests_per_connection: {{requests}}}
        explicit_http_config: {http_protocol_options: {}}
"#,
    envoy_app!()
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_under_load_on_one_destination() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 400.0),
                    (S::StatedShare, 1.0),
                    (S::ShortWaitShare, 1.0),
                    (S::LoadRise, 1.8),
                    (S::TopTargetShare, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::ShortWaitShare, S::LoadRise, S::TopTargetShare],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn the_nat_does_not_hold_without_silence() {
        assert_eq!(
            judge(
                &crate::causes::nat_port_exhaustion::CAUSE,
                &[(S::Failures, 400.0), (S::EgressConnectTimeouts, 0.0), (S::NatDrops, 0.0)]
            ),
            Judgement::NotThis(S::EgressConnectTimeouts)
        );
    }

    #[test]
    fn without_an_access_log_nothing_independent_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 400.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn errno_99_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::NoLocalPort, 502)), Some(true));
    }

    #[test]
    fn an_outward_eaddrnotavail_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::NoLocalPort, 0).outward()), Some(true));
    }

    #[test]
    fn a_connect_timeout_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 0).outward()), None);
    }
}
