//! # Connection table is full
//!
//! ## What happens
//!
//! A Linux machine that filters by state or translates addresses keeps an entry for every
//! connection: a NAT box, a Kubernetes node, a host with a stateful firewall. The table has a limit.
//! When it is reached, the kernel drops the first packet of every further connection and goes on
//! serving those it knows. Callers see connection attempts that are not answered, at random, on all
//! destinations at once, and only through that machine.
//!
//! Closed connections stay in the table for a while (TIME_WAIT 120 s), and idle ones for five days
//! by default, so that the table fills by rate as well as by number.
//!
//! ## How it shows
//!
//! - The kernel of that machine: `nf_conntrack: nf_conntrack: table full, dropping packet`, limited
//!   in rate, so that few lines stand for many drops; `nf_conntrack_count` equals
//!   `nf_conntrack_max`.
//! - nginx: `upstream timed out (110: Connection timed out) while connecting to upstream`, `504`, for
//!   some requests and any target; connect times of 1, 3 and 7 s among those that succeed.
//! - HAProxy: `sC`. Envoy: `UF` `connection_timeout`. AWS ALB: `504` with `-1 -1 -1`.
//! - Node.js as the caller: `UND_ERR_CONNECT_TIMEOUT`, `ETIMEDOUT`; lookups fail as well
//!   (`EAI_AGAIN`), for DNS needs entries too.
//!
//! ## What it is mistaken for
//!
//! - `security-group-block`: a rule drops all connections of one direction; here only some, of every
//!   direction, and the kernel says why.
//! - `nat-port-exhaustion`: ports towards one destination run out; here the table, for all.
//! - `target-connect-timeout` names the symptom.
//! - A full accept queue: one process on one port.
//!
//! ## Before it happens
//!
//! - `nf_conntrack_max` (by memory; 262144 on many machines) against new connections per second
//!   times the time their entries stay: 2000 a second times 120 s is 240000.
//! - Short-lived connections without keep-alive; health checks and DNS of many pods on a node.
//! - `nf_conntrack_tcp_timeout_established` 432000 s with peers that vanish.
//!
//! ## Reproduce it
//!
//! `why502 drill conntrack-table-full`: the lab fills the table of the router between nginx and a
//! service to the kernel's real limit. Connections beyond the few free entries hang and end with
//! `504`, and the kernel says `table full`. With connections that are used again none does. By hand,
//! on a machine of its own: `sysctl net.netfilter.nf_conntrack_max=200`, a stateful rule, and `ab -n
//! 2000 -c 50` through it.
//!
//! ## Remedy
//!
//! 1. Look at count and limit: `sysctl net.netfilter.nf_conntrack_count
//!    net.netfilter.nf_conntrack_max`. They are equal while it happens.
//! 2. Raise the limit (about 320 bytes an entry) and the number of buckets to a quarter of it. The
//!    line stops.
//! 3. Reuse connections towards the busiest destinations. The count falls.
//! 4. Shorten the timers of closed and idle entries, or exempt traffic that needs no state
//!    (`notrack`). The count falls within the timer.
//!
//! ## Sources
//!
//! - Linux `net/netfilter/nf_conntrack_core.c` (`nf_conntrack: table full, dropping packet`);
//!   `Documentation/networking/nf_conntrack-sysctl.rst`:
//!   <https://docs.kernel.org/networking/nf_conntrack-sysctl.html>
//! - kube-proxy `conntrack.maxPerCore`.

use model::Condition::AtLeast;
use model::{
    Action, Arrivals, Ask, Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load,
    Mechanism as M, Part, Place, Predicts, Protocol, Remedy, Rival, Router, Scenario, Server,
    Shows, Signal as S, Step, Test, Text,
};

use crate::visibility;

/// Connection table is full: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "conntrack-table-full",
    title: Text::new("Connection table is full", "接続追跡テーブルの満杯"),
    explanation: Text::new(
        "The kernel's table of connections on a machine on the way was full, so it dropped the \
        first packet of new connections.",
        "経路上のマシンでカーネルの接続追跡テーブルが満杯になり、新しい接続の最初のパケットが破棄さ\
        れました。",
    ),
    place: Place::Connect,
    statuses: &[502, 503, 504],
    leads_to: &["target-connect-timeout"],
    source: include_str!("conntrack_table_full.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ConnectTimeout]),
            Claim::of(&[M::ConnectFailed]).bands(&[Band::Medium, Band::Long, Band::Unknown]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::ConntrackDrops,
            AtLeast(1.0),
            Text::new(
                "The kernel reported {value} times in or just before the window that its connection \
                table was full and packets were dropped.",
                "この期間またはその直前に、接続テーブルが満杯でパケットを破棄したとカーネルが {value} \
                回報告しました。",
            ),
        )
        .independent()
        .otherwise(Text::new(
            "The kernel's log has no report of a full connection table.",
            "カーネルのログに、接続テーブルが満杯という報告はありません。",
        ))],
        supports: &[
            Test::new(
                S::TargetSuccessShare,
                AtLeast(0.3),
                Text::new(
                    "The same targets answered {value} of their requests in the window: only some \
                    connections were lost.",
                    "同じターゲットはこの期間のリクエストの {value} に応答しました。失われたのは一部の\
                    接続だけです。",
                ),
            ),
            Test::new(
                S::FailingTargets,
                AtLeast(2.0),
                Text::new(
                    "{value} targets were affected alike.",
                    "{value} 個のターゲットが同じように影響を受けました。",
                ),
            ),
            Test::new(
                S::LoadRise,
                AtLeast(1.3),
                Text::new(
                    "The request rate was {value} that of the rest of the log.",
                    "リクエスト数は期間外の {value} でした。",
                ),
            ),
            Test::new(
                S::EgressLookupFailures,
                AtLeast(1.0),
                Text::new(
                    "{value} outward calls failed at the lookup at the same time: DNS needs entries \
                    too.",
                    "同じころ、外向き通信 {value} 件が名前解決で失敗しました。DNS にもエントリが必要です。",
                ),
            )
            .independent(),
        ],
        rules_out: &[Test::new(
            S::FirewallMatch,
            AtLeast(0.5),
            Text::new(
                "{value} of these requests went to an address towards which a rule of a firewall \
                dropped connections.",
                "これらのリクエストの {value} は、ファイアウォールの規則が接続を破棄したアドレス宛\
                てでした。",
            ),
        )],
        rivals: &[Rival {
            slug: "security-group-block",
            separates: Text::new(
                "Whether a rule of the firewall dropped the packets, or the kernel because its \
                connection table was full.",
                "破棄したのがファイアウォールの規則か、接続テーブルが満杯のカーネルかです。",
            ),
        }],
        visible: &[visibility::CONNTRACK, visibility::SUCCESSES, visibility::FIREWALL],
    },
    predicts: Predicts::Never(
        "No setting tells: the table's limit is the kernel's, and what it has to hold is a \
        rate of connections that only measurement gives.",
    ),
    drill: Drill::Runs(&[NGINX]),
    remedies: &[
        Remedy {
            product: "Linux",
            action: Text::new(
                "Compare the number of entries with the limit, and raise the limit.",
                "エントリ数と上限を比べ、上限を上げます。",
            ),
            setting: "net.netfilter.nf_conntrack_max",
            direction: Direction::Raise,
            snippet: "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max\nsysctl -w \
            net.netfilter.nf_conntrack_max=1048576\necho 262144 > \
            /sys/module/nf_conntrack/parameters/hashsize",
            verify: Text::new(
                "The kernel logs no further: table full.",
                "カーネルログに「table full」が出なくなれば解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Reuse connections to the upstream, so that each request no longer needs an entry.",
                "アップストリームへの接続を再利用し、リクエストごとにエントリを使わないようにします。",
            ),
            setting: "keepalive",
            direction: Direction::Set,
            snippet: "upstream app {\n    server 10.0.0.1:8080;\n    keepalive 64;\n}\n# location: \
            proxy_http_version 1.1; proxy_set_header Connection \"\";",
            verify: Text::new("nf_conntrack_count falls.", "nf_conntrack_count が下がります。"),
            arithmetic: None,
        },
        Remedy {
            product: "Linux",
            action: Text::new(
                "Forget closed and idle connections sooner.",
                "終了した接続とアイドル接続を早く忘れさせます。",
            ),
            setting: "net.netfilter.nf_conntrack_tcp_timeout_time_wait",
            direction: Direction::Lower,
            snippet: "sysctl -w net.netfilter.nf_conntrack_tcp_timeout_time_wait=30\nsysctl -w \
            net.netfilter.nf_conntrack_tcp_timeout_established=86400",
            verify: Text::new(
                "nf_conntrack_count falls within the new timer.",
                "新しい時間内に nf_conntrack_count が下がります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Raise kube-proxy's limit per core on the nodes.",
                "ノードで kube-proxy のコアあたりの上限を上げます。",
            ),
            setting: "conntrack.maxPerCore",
            direction: Direction::Raise,
            snippet: "kind: KubeProxyConfiguration\nconntrack: { maxPerCore: 131072, min: 524288 }",
            verify: Text::new(
                "sysctl on the node shows the new limit.",
                "ノードの sysctl に新しい上限が出ます。",
            ),
            arithmetic: None,
        },
    ],
};

const APP: &str = "const server = require('http').createServer((request, response) => \
response.end('ok\\n'));
server.keepAliveTimeout = 60000;
server.listen(8080);
";

const EDGE: &str = "upstream api {
  server {{ip:api}}:8080;
  {{keepalive}}
}
server {
  listen 8080;
  location / {
    proxy_pass http://api;
    proxy_http_version 1.1;
    proxy_set_header Connection \"\";
    proxy_connect_timeout 2s;
  }
}";

const NGINX: Scenario = Scenario {
    name: "nginx",
    happens: Text::new(
        "The connection table of the router between nginx and the service is filled but for twenty \
        entries; nginx opens a connection for each request.",
        "nginx とサービスの間のルーターで接続テーブルが残り 20 件まで埋まり、nginx はリクエストごとに接\
        続を開きます。",
    ),
    cure: Text::new(
        "nginx uses its connections again; the table is as full as before.",
        "nginx が接続を再利用します。テーブルは埋まったままです。",
    ),
    hosts: &[
        Host::new("api", &[Part::new(Server::Node, "api", 8080, APP)]).public(),
        Host::new("edge", &[Part::new(Server::Nginx, "nginx", 8080, EDGE)]),
    ],
    router: Some(Router {
        nat: None,
        firewall: "table inet firewall {
  chain through {
    type filter hook forward priority 0;
    ct state established,related,new accept
  }
}",
        sysctls: &[],
    }),
    knobs: &[Knob { name: "keepalive", fault: "", remedy: "keepalive 8;" }],
    steps: &[Step::at(
        "3000",
        Action::FillConnectionTable { host: "router", spare: "5", seconds: "60" },
    )],
    load: Load {
        target: "edge:8080",
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Constant { rate: "10" },
        lasts: "12000",
        patience: "6000",
        requests: &[Ask::new("GET", "/api/items"), Ask::new("POST", "/api/orders").body("64")],
    },
    expect: Expect::failing(0.1, &[504]).at_most(0.9),
    everyday: false,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_the_kernel_says_so() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 31.0),
                    (S::ConntrackDrops, 6.0),
                    (S::TargetSuccessShare, 0.8),
                    (S::FailingTargets, 2.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::TargetSuccessShare, S::FailingTargets],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_a_rule_dropped_them() {
        let seen = [(S::Failures, 31.0), (S::ConntrackDrops, 1.0), (S::FirewallMatch, 1.0)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::Excluded(S::FirewallMatch));
    }

    #[test]
    fn quiet_when_the_kernels_log_has_nothing() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 31.0), (S::ConntrackDrops, 0.0)]),
            Judgement::NotThis(S::ConntrackDrops)
        );
    }

    #[test]
    fn blind_without_the_kernels_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 31.0)]),
            Judgement::CannotTell(vec![S::ConntrackDrops])
        );
    }

    #[test]
    fn an_unanswered_connection_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 0).outward()), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectRefused, 502)), None);
    }
}
