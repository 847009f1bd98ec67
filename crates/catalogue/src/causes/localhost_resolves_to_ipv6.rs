//! # localhost means ::1
//!
//! ## What happens
//!
//! A proxy or a client is told to connect to `localhost`. The name has two addresses, `::1` and
//! `127.0.0.1`, and the caller takes the IPv6 one; the server listens on 127.0.0.1 alone. Nobody
//! listens on `[::1]`, so the kernel refuses at once, although the server is up and answers
//! whoever names 127.0.0.1.
//!
//! It begins when the caller, its resolver or `/etc/hosts` changes, not when the server does:
//! Node.js 17 stopped sorting IPv4 first, container images gain a line for `::1`.
//!
//! ## How it shows
//!
//! - nginx: `connect() failed (111: Connection refused) while connecting to upstream`, with
//!   `upstream: "http://[::1]:3000/"`. nginx takes both addresses in turn: with
//!   `proxy_next_upstream off` one request in two is a `502` until `[::1]` is out for
//!   `fail_timeout`; otherwise the other address is tried and only the error log tells. `no live
//!   upstreams … upstream: "http://localhost/"`: both addresses are out, one of them for this reason.
//! - Envoy with a `STRICT_DNS` or `LOGICAL_DNS` cluster: `UF`, `503`, `Connection refused`, upstream
//!   host `[::1]:3000`; it prefers IPv6, so all requests fail.
//! - Node.js 17 to 19, and later with `autoSelectFamily: false`: `connect ECONNREFUSED ::1:3000`.
//!   From 20 on Node.js tries both addresses.
//! - Apache httpd and curl try both addresses and succeed.
//!
//! ## What it is mistaken for
//!
//! - `app-not-listening`: nothing listens at all. Then 127.0.0.1 refuses as well.
//! - `target-connect-refused` names the symptom: something refused. Here the address it refused on
//!   says why.
//! - A process that crashed: before the crash the same address had answered.
//!
//! ## Before it happens
//!
//! - `proxy_pass http://localhost:…`, `server localhost:…`, a cluster address or a base URL with
//!   `localhost`, and a server bound to 127.0.0.1 (gunicorn and uvicorn bind to it by default,
//!   `app.listen(port, '127.0.0.1')`).
//! - `getent ahosts localhost` begins with `::1`.
//! - `why502 check` finds callers that take the IPv6 address, by their version or setting, in
//!   front of a server that listens on IPv4 only.
//!
//! ## Reproduce it
//!
//! `why502 drill localhost-resolves-to-ipv6`: Envoy resolves `localhost` in front of a Node.js
//! server that listens on 127.0.0.1. Every request is a `503`; with `127.0.0.1` written out none
//! is.
//!
//! ## Remedy
//!
//! 1. Write the address the server listens on: `127.0.0.1` instead of `localhost`. The first
//!    request passes.
//! 2. Or let the server listen on both loopback addresses. `ss -ltn` shows `[::1]:PORT` too.
//! 3. Or make the caller try both addresses or IPv4 first (Envoy `dns_lookup_family: V4_ONLY`,
//!    Node.js `--dns-result-order=ipv4first`). No refusal on `[::1]` any more.
//!
//! ## Sources
//!
//! - Node.js `dns.setDefaultResultOrder` (`verbatim` from 17) and `net` `autoSelectFamily` (20):
//!   <https://nodejs.org/api/net.html>; nodejs/node issue 40702.
//! - Envoy `dns_lookup_family`; RFC 6724 (order of addresses); RFC 8305.
//! - nginx 1.22, Envoy 1.40, Apache 2.4 and Node.js 20.20 were observed with both addresses in
//!   `/etc/hosts`.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Arrivals, Ask, Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M,
    Part, Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Signal as S, Test,
    Text,
};

use crate::rules::addresses;
use crate::visibility;

/// localhost means ::1: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "localhost-resolves-to-ipv6",
    title: Text::new("localhost means ::1", "localhost が ::1 に解決される"),
    explanation: Text::new(
        "The caller took localhost for the IPv6 address ::1, where nobody listens; the server \
        listens on 127.0.0.1.",
        "呼び出し側は localhost を IPv6 アドレス ::1 に解決しましたが、サーバーが待ち受けている\
        のは 127.0.0.1 です。",
    ),
    place: Place::Connect,
    statuses: &[502, 503],
    leads_to: &["target-connect-refused", "passive-ejection-cascade"],
    source: include_str!("localhost_resolves_to_ipv6.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ConnectRefused]).to_ipv6_loopback(),
            Claim::of(&[M::ConnectFailed])
                .bands(&[Band::Instant, Band::Short, Band::Unknown])
                .to_ipv6_loopback(),
            Claim::of(&[M::AllTargetsEjected]),
        ],
        claims_effects: false,
        needs: &[
            Test::new(
                S::Failures,
                AtLeast(1.0),
                Text::new(
                    "{value} connections to localhost failed.",
                    "localhost への接続 {value} 件が失敗しました。",
                ),
            ),
            Test::new(
                S::LocalhostShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests were refused on ::1, or found that the proxy had taken out \
                    all of the addresses of localhost, of which there have to be several.",
                    "これらのリクエストの {value} は ::1 で拒否されたか、プロキシが localhost の複数のアド\
                    レスをすべて外した状態でした。",
                ),
            )
            .otherwise(Text::new(
                "Only {value} of these requests went to ::1 or to a group called localhost.",
                "::1 または localhost という名前のグループ宛てのリクエストは {value} だけです。",
            )),
        ],
        supports: &[
            Test::new(
                S::LocalhostShare,
                AtLeast(0.9),
                Text::new(
                    "The target was written as a name, localhost, that has an IPv6 address here.",
                    "ターゲットは localhost という名前で指定され、ここでは IPv6 アドレスも持ちます。",
                ),
            ),
            Test::new(
                S::Ipv6LoopbackShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of these connections went to the IPv6 loopback address ::1.",
                    "これらの接続の {value} は IPv6 のループバックアドレス ::1 宛てでした。",
                ),
            ),
            Test::new(
                S::Ipv4LoopbackListens,
                AtLeast(1.0),
                Text::new(
                    "The server reported {value} times that it listens on 127.0.0.1 and the same \
                    port.",
                    "サーバーは、127.0.0.1 の同じポートで待ち受けていると {value} 回報告しました。",
                ),
            )
            .independent(),
            Test::new(
                S::Ipv4LoopbackServes,
                AtLeast(1.0),
                Text::new(
                    "127.0.0.1 answered {value} requests on the same port.",
                    "同じポートで 127.0.0.1 は {value} 件のリクエストに応答しました。",
                ),
            ),
            Test::new(
                S::TargetSuccessShare,
                AtMost(0.0),
                Text::new(
                    "No request to ::1 succeeded.",
                    "::1 へのリクエストは 1 件も成功していません。",
                ),
            ),
        ],
        rules_out: &[
            Test::new(
                S::Ipv4LoopbackServes,
                AtMost(0.0),
                Text::new(
                    "127.0.0.1 was asked on the same port and answered no request either.",
                    "同じポートで 127.0.0.1 も試されましたが、1 件も応答していません。",
                ),
            ),
            Test::new(
                S::ListenFailures,
                AtLeast(1.0),
                Text::new(
                    "{value} reports say that a process did not listen where it had to.",
                    "待ち受けるべき場所で待ち受けていないという報告が {value} 件あります。",
                ),
            ),
        ],
        rivals: &[Rival {
            slug: "app-not-listening",
            separates: Text::new(
                "Whether 127.0.0.1 answers on the same port (ss -ltn, curl http://127.0.0.1:PORT/).",
                "同じポートで 127.0.0.1 が応答するかどうかです(\
                ss -ltn、curl http://127.0.0.1:PORT/)。",
            ),
        }],
        visible: &[visibility::LISTEN_ADDRESS, visibility::LISTEN, visibility::SUCCESSES],
    },
    predicts: Predicts::By(&[Rule::Look(addresses::localhost)]),
    drill: Drill::Runs(&[ENVOY]),
    remedies: &[
        Remedy {
            product: "nginx",
            action: Text::new(
                "Write the address the server listens on instead of the name.",
                "名前ではなく、サーバーが待ち受けるアドレスを書きます。",
            ),
            setting: "proxy_pass",
            direction: Direction::Set,
            snippet: "proxy_pass http://127.0.0.1:3000;",
            verify: Text::new(
                "The log names 127.0.0.1 and no longer [::1].",
                "ログに [::1] ではなく 127.0.0.1 が出れば有効です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Give the endpoint's address, or resolve to IPv4 only.",
                "エンドポイントをアドレスで指定するか、IPv4 だけに解決させます。",
            ),
            setting: "dns_lookup_family",
            direction: Direction::Set,
            snippet: "clusters:\n- name: api\n  dns_lookup_family: V4_ONLY",
            verify: Text::new(
                "%UPSTREAM_HOST% is 127.0.0.1.",
                "%UPSTREAM_HOST% が 127.0.0.1 になれば有効です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "As the caller, take IPv4 first; as the server, listen on both.",
                "呼び出し側では IPv4 を優先し、サーバー側では両方で待ち受けます。",
            ),
            setting: "--dns-result-order",
            direction: Direction::Set,
            snippet: "NODE_OPTIONS=--dns-result-order=ipv4first\n# server: app.listen(3000, '::') \
            takes IPv4 too",
            verify: Text::new(
                "No ECONNREFUSED ::1 any more.",
                "ECONNREFUSED ::1 が出なくなれば解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const LOOPBACK_SERVER: &str = "const server = require('http').createServer((request, response) => \
response.end('ok\\n'));
server.listen(3000, '127.0.0.1', () => console.log('Listening on http://127.0.0.1:3000'));
";

const ENVOY_BY_NAME: &str = r#"  listeners:
  - name: edge
    address: { socket_address: { address: 0.0.0.0, port_value: 8080 } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: edge
          {{access_log}}
          route_config:
            virtual_hosts:
            - { name: all, domains: ["*"], routes: [ { match: { prefix: "/" }, route: { cluster: api } } ] }
          http_filters:
          - name: envoy.filters.http.router
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
  clusters:
  - name: api
    type: STRICT_DNS
    connect_timeout: 2s
    load_assignment:
      cluster_name: api
      endpoints: [ { lb_endpoints: [ { endpoint: { address: { socket_address: { address: "{{address}}", port_value: 3000 } } } } ] } ]
"#;

const ENVOY: Scenario = Scenario {
    name: "envoy-node",
    happens: Text::new(
        "Envoy resolves localhost to ::1; the Node.js server beside it listens on 127.0.0.1.",
        "Envoy が localhost を ::1 に解決しますが、隣の Node.js サーバーは 127.0.0.1 で待ち受けて\
        います。",
    ),
    cure: Text::new("The cluster names 127.0.0.1.", "クラスターに 127.0.0.1 を指定します。"),
    hosts: &[Host::new(
        "web",
        &[
            Part::new(Server::Node, "api", 0, LOOPBACK_SERVER),
            Part::new(Server::Envoy, "envoy", 8080, ENVOY_BY_NAME),
        ],
    )
    .hosts_file("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n")],
    router: None,
    knobs: &[Knob { name: "address", fault: "localhost", remedy: "127.0.0.1" }],
    steps: &[],
    load: Load {
        target: "web:8080",
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Constant { rate: "10" },
        lasts: "5000",
        patience: "5000",
        requests: &[Ask::new("GET", "/api/items"), Ask::new("GET", "/api/cart")],
    },
    expect: Expect::failing(1.0, &[503]),
    everyday: true,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_the_server_listens_on_the_other_loopback() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 45.0),
                    (S::LocalhostShare, 1.0),
                    (S::Ipv6LoopbackShare, 1.0),
                    (S::Ipv4LoopbackListens, 1.0),
                    (S::TargetSuccessShare, 0.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![
                    S::LocalhostShare,
                    S::Ipv6LoopbackShare,
                    S::Ipv4LoopbackListens,
                    S::TargetSuccessShare
                ],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_the_other_loopback_refuses_too() {
        let seen = [(S::Failures, 9.0), (S::LocalhostShare, 1.0), (S::Ipv4LoopbackServes, 0.0)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::Excluded(S::Ipv4LoopbackServes));
    }

    #[test]
    fn the_server_that_listens_is_not_the_neighbours() {
        let seen = [
            (S::Failures, 45.0),
            (S::LocalhostShare, 1.0),
            (S::Ipv6LoopbackShare, 1.0),
            (S::Ipv4LoopbackListens, 1.0),
            (S::TargetSuccessShare, 0.0),
        ];
        assert_eq!(
            judge(&crate::causes::app_not_listening::CAUSE, &seen),
            Judgement::Excluded(S::Ipv4LoopbackListens)
        );
    }

    #[test]
    fn quiet_when_nothing_listens() {
        let seen = [
            (S::Failures, 9.0),
            (S::LocalhostShare, 1.0),
            (S::Ipv6LoopbackShare, 1.0),
            (S::ListenFailures, 2.0),
        ];
        assert_eq!(judge(&CAUSE, &seen), Judgement::Excluded(S::ListenFailures));
    }

    #[test]
    fn without_the_servers_own_word_nothing_independent_supports_it() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 45.0), (S::LocalhostShare, 1.0), (S::Ipv6LoopbackShare, 1.0)]
            ),
            Judgement::Holds {
                supports: vec![S::LocalhostShare, S::Ipv6LoopbackShare],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn only_the_ipv6_loopback_is_claimed() {
        let refused = Seen::of(M::ConnectRefused, 502);
        assert_eq!(claims(&CAUSE, refused.to_ipv6_loopback()), Some(false));
        assert_eq!(claims(&CAUSE, refused), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504).to_ipv6_loopback()), None);
    }

    #[test]
    fn a_group_called_localhost_that_is_all_out_had_several_addresses() {
        assert_eq!(claims(&CAUSE, Seen::of(M::AllTargetsEjected, 502)), Some(false));
        assert!(matches!(
            judge(&CAUSE, &[(S::Failures, 2.0), (S::LocalhostShare, 1.0)]),
            Judgement::Holds { independent: false, .. }
        ));
        let elsewhere = [(S::Failures, 2.0), (S::LocalhostShare, 0.0)];
        assert_eq!(judge(&CAUSE, &elsewhere), Judgement::NotThis(S::LocalhostShare));
    }
}
