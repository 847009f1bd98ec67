//! # Firewall between gateway and target
//!
//! ## What happens
//!
//! A firewall, a security group, a network ACL or a network policy on the way drops the gateway's
//! packets to the target. The SYN is lost, the kernel repeats it, and the gateway's connect timer
//! fires. It hits all connections of that direction, from the
//! second in which a rule or a group was changed; connections that are open may go on. A rule that
//! rejects instead of dropping makes it quick: a reset or an ICMP message comes back.
//!
//! ## How it shows
//!
//! - The symptom is that of an unanswered connection: nginx `upstream timed out … while connecting to
//!   upstream`, `504`; AWS ALB `504` with `-1 -1 -1` after 10 s; HAProxy `sC`; Envoy `UF`
//!   `connection_timeout`; Node.js `UND_ERR_CONNECT_TIMEOUT`. With `reject`: refused, or `(113: No
//!   route to host)`.
//! - Netfilter, where a rule logs: `[UFW BLOCK] IN=eth0 OUT= … SRC=<gateway> DST=<target> … PROTO=TCP
//!   … DPT=8080 … SYN`.
//! - AWS VPC flow logs: `REJECT` from the gateway to the target's port; AWS CloudTrail:
//!   `RevokeSecurityGroupIngress` just before. Google Cloud firewall logs: `DENIED`.
//!
//! ## What it is mistaken for
//!
//! - `target-connect-timeout` names the symptom; without the firewall's own log no more can be said.
//! - `conntrack-table-full`: also dropped on the way, but at random and only while the table is full;
//!   the kernel says so.
//! - `nat-port-exhaustion`: only new connections to public destinations, and the NAT names them.
//! - A full accept queue: only under load, and for one process.
//! - `nacl-return-path-block`: the opening passes, and a filter without state rejects the answer.
//! - `stale-upstream-address`: nobody owns the address any more; no firewall drops anything.
//!
//! ## Before it happens
//!
//! - A rule by address for gateways whose addresses change; on Google Cloud without 35.191.0.0/16 and
//!   130.211.0.0/22; a target's security group without that of the load balancer.
//! - A Kubernetes NetworkPolicy that selects the pods and lists no ingress for the gateway.
//! - `why502 check` evaluates the rules of both ends for the serving port; it is silent where a
//!   peer's addresses are not known, and unsure where rules may be written elsewhere. It finds calls
//!   that Cloud Run or Cloud Armor accepts from inside the network only, made by a service whose
//!   egress (`private-ranges-only`, or none) leads past it.
//!
//! ## Reproduce it
//!
//! `why502 drill security-group-block`: while requests run, the target's firewall gets a rule that
//! drops what the gateway opens. Every request ends at the connect timer with `504`.
//!
//! ## Remedy
//!
//! 1. Try the port from the gateway's host and from a neighbour of the target: `nc -vz -w 3 TARGET
//!    PORT`. It hangs from the one and connects from the other.
//! 2. Find the rule (the log's prefix, `nft list ruleset`, security groups and ACLs both ways) and
//!    allow the gateway's group. `nc` connects, and no further drop is logged.
//! 3. Shorten the connect timer to 3 to 5 s, so that the next such mistake costs seconds.
//!
//! ## Sources
//!
//! - Linux `net/netfilter/nf_log_syslog.c`; nftables wiki, "Logging traffic".
//! - AWS, VPC flow log records:
//!   <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>; security groups and
//!   network ACLs; Application Load Balancer troubleshooting, HTTP 504.
//! - Google Cloud, Restrict network ingress for Cloud Run:
//!   <https://docs.cloud.google.com/run/docs/securing/ingress>
//! - nginx 1.22 and HAProxy 2.6 were observed behind nftables rules, both directions.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Action, Arrivals, Ask, Band, Cause, Claim, Direction, Drill, Expect, Host, Load,
    Mechanism as M, Part, Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows,
    Signal as S, Step, Test, Text, When,
};

use crate::rules::{filters, inside_only};
use crate::visibility;

/// Firewall between gateway and target: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "security-group-block",
    title: Text::new("Firewall between gateway and target", "ゲートウェイとターゲット間の遮断"),
    explanation: Text::new(
        "A firewall, security group or network ACL dropped the packets between the gateway and its \
        target.",
        "ファイアウォール、セキュリティグループ、またはネットワーク ACL が、ゲートウェイとターゲッ\
        トの間のパケットを破棄しました。",
    ),
    place: Place::Connect,
    statuses: &[502, 503, 504],
    leads_to: &["target-connect-timeout", "target-connect-refused", "target-unreachable"],
    source: include_str!("security_group_block.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ConnectTimeout, M::ConnectUnreachable, M::UpstreamTimeout]),
            Claim::of(&[M::ConnectFailed]).bands(&[Band::Medium, Band::Long, Band::Unknown]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::FirewallMatch,
            AtLeast(0.5),
            Text::new(
                "{value} of these requests went to an address and port towards which a firewall \
                logged dropped connections at that time.",
                "これらのリクエストの {value} は、同じころファイアウォールが接続を破棄したと記録した\
                アドレスとポート宛てでした。",
            ),
        )
        .proves()
        .otherwise(Text::new(
            "Only {value} of these requests went to an address and port towards which the firewall \
            dropped connections.",
            "ファイアウォールが接続を破棄したアドレスとポート宛てのリクエストは {value} だけです。",
        ))
        .or(&Test::new(
            S::FirewallFocus,
            AtLeast(0.8),
            Text::new(
                "{value} of all the connections that the firewall dropped fall into the time of \
                these failures.",
                "ファイアウォールが破棄した接続の {value} が、これらの失敗と同じ時間帯に起きました。",
            ),
        )
        .independent())],
        supports: &[
            Test::new(
                S::FirewallDrops,
                AtLeast(1.0),
                Text::new(
                    "The firewall logged {value} dropped or rejected packets that open connections.",
                    "ファイアウォールは、接続を開くパケットの破棄または拒否を {value} 件記録しました。",
                ),
            )
            .independent(),
            Test::new(
                S::ChangeLead,
                AtMost(600.0),
                Text::new(
                    "The first failure came {value} after a change of the network's settings.",
                    "最初の失敗は、ネットワーク設定の変更の {value} 後でした。",
                ),
            )
            .independent(),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "conntrack-table-full",
                separates: Text::new(
                    "Whether a rule of the firewall dropped the packets, or the kernel because its \
                    connection table was full.",
                    "破棄したのがファイアウォールの規則か、接続テーブルが満杯のカーネルかです。",
                ),
            },
            Rival {
                slug: "nacl-return-path-block",
                separates: Text::new(
                    "Which direction was rejected: the opening towards the target's port, or the answer \
                    from it.",
                    "拒否されたのがターゲットのポートへの接続開始か、そこからの応答かです。",
                ),
            },
        ],
        visible: &[visibility::FIREWALL, visibility::FIREWALL_FOCUS],
    },
    predicts: Predicts::By(&[Rule::Look(filters::serving), Rule::Look(inside_only::refused)]),
    drill: Drill::Runs(&[NGINX_IN]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Try the port from the gateway's host, find the rule that drops, and allow the \
                gateway.",
                "ゲートウェイのホストからポートを試し、破棄している規則を見つけて、ゲートウェイを許\
                可します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "nc -vz -w 3 TARGET PORT\nnft list ruleset | grep -n 'drop\\|reject'",
            verify: Text::new(
                "nc connects and no further drop is logged.",
                "nc が接続でき、破棄の記録が増えなければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS",
            action: Text::new(
                "Allow the load balancer's security group on the target's port and on its health \
                check port; in a network ACL also the ports 1024 to 65535 back.",
                "ターゲットのポートとヘルスチェックのポートで、ロードバランサーのセキュリティグルー\
                プを許可します。ネットワーク ACL では戻りのポート 1024~65535 も許可します。",
            ),
            setting: "security group",
            direction: Direction::Change,
            snippet: "aws ec2 authorize-security-group-ingress --group-id TARGET_SG --protocol tcp \
            --port 8080 --source-group ALB_SG",
            verify: Text::new(
                "The flow log shows ACCEPT for both directions.",
                "フローログで両方向が ACCEPT になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Google Cloud",
            action: Text::new(
                "Allow the load balancers' and the health checkers' ranges.",
                "ロードバランサーとヘルスチェッカーのアドレス範囲を許可します。",
            ),
            setting: "firewall rule",
            direction: Direction::Change,
            snippet: "gcloud compute firewall-rules create allow-lb --network=NETWORK --allow=tcp:8080 \
            --source-ranges=35.191.0.0/16,130.211.0.0/22",
            verify: Text::new(
                "The backend turns healthy.",
                "バックエンドが正常と判定されます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Give up on a silent target after a few seconds and try the next.",
                "無応答のターゲットは数秒で見切り、次を試します。",
            ),
            setting: "proxy_connect_timeout",
            direction: Direction::Lower,
            snippet: "proxy_connect_timeout 3s;\nproxy_next_upstream error timeout;",
            verify: Text::new(
                "$upstream_connect_time never exceeds 3 s.",
                "$upstream_connect_time が 3 秒を超えなければ有効です。",
            ),
            arithmetic: None,
        },
    ],
};

const APP: &str = "require('http').createServer((request, response) => response.end('ok\\n'))\
.listen(8080);
";

const EDGE: &str = "server {
  listen 8080;
  location / {
    proxy_pass http://{{ip:api}}:8080;
    proxy_connect_timeout 2s;
    proxy_read_timeout 3s;
  }
}";

const LOAD: Load = Load {
    target: "edge:8080",
    protocol: Protocol::Http1,
    keep_alive: true,
    arrivals: Arrivals::Constant { rate: "5" },
    lasts: "9000",
    patience: "6000",
    requests: &[Ask::new("GET", "/api/items"), Ask::new("POST", "/api/orders").body("64")],
};

pub(crate) const NGINX_IN: Scenario = Scenario {
    name: "nginx-in",
    happens: Text::new(
        "The target's firewall begins to drop what the gateway opens.",
        "ターゲットのファイアウォールが、ゲートウェイからの接続を破棄し始めます。",
    ),
    cure: Text::new("The rule allows the gateway.", "規則でゲートウェイを許可します。"),
    hosts: &[
        Host::new("api", &[Part::new(Server::Node, "api", 8080, APP)]),
        Host::new("edge", &[Part::new(Server::Nginx, "nginx", 8080, EDGE)]),
    ],
    router: None,
    knobs: &[],
    steps: &[
        Step::at(
            "3000",
            Action::Firewall {
                host: "api",
                rules: "table inet firewall {
  chain input {
    type filter hook input priority 0;
    ct state established,related accept
    tcp dport 8080 log prefix \"DROP-in \" group 6 drop
  }
}",
            },
        )
        .when(When::Fault),
        Step::at(
            "3000",
            Action::Firewall {
                host: "api",
                rules: "table inet firewall {
  chain input {
    type filter hook input priority 0;
    ct state established,related accept
    ip saddr {{ip:edge}} tcp dport 8080 accept
    tcp dport 8080 log prefix \"DROP-in \" group 6 drop
  }
}",
            },
        )
        .when(When::Remedy),
    ],
    load: LOAD,
    expect: Expect::failing(0.4, &[504]).at_most(0.9),
    everyday: true,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_the_firewall_dropped_towards_the_same_address() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 24.0), (S::FirewallMatch, 1.0), (S::FirewallDrops, 80.0)]
            ),
            Judgement::Holds { supports: vec![S::FirewallDrops], independent: true, proved: false }
        );
    }

    #[test]
    fn the_time_does_where_names_stand_for_addresses() {
        assert!(matches!(
            judge(&CAUSE, &[(S::Failures, 24.0), (S::FirewallFocus, 1.0)]),
            Judgement::Holds { .. }
        ));
    }

    #[test]
    fn quiet_when_it_dropped_something_else() {
        let seen = [(S::Failures, 24.0), (S::FirewallMatch, 0.0), (S::FirewallFocus, 0.1)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::NotThis(S::FirewallMatch));
        assert!(matches!(
            judge(&crate::causes::target_connect_timeout::CAUSE, &seen),
            Judgement::Holds { .. }
        ));
    }

    #[test]
    fn blind_without_the_firewalls_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 24.0)]),
            Judgement::CannotTell(vec![S::FirewallMatch, S::FirewallFocus])
        );
    }

    #[test]
    fn an_unanswered_connection_alone_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseTimeout, 504)), None);
    }
}
