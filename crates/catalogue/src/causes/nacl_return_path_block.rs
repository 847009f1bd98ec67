//! # Answers blocked on the way back
//!
//! ## What happens
//!
//! A filter that keeps no state (an AWS network ACL, a rule of nftables before connection tracking,
//! a router's access list) lets the gateway's SYN through to the target and rejects the answer to it,
//! because answers go to the *ephemeral port* that the gateway chose, 1024 to 65535, and no rule
//! allows that range. The target answers each SYN and nobody ever hears it; the gateway's connect
//! timer fires. Security groups and stateful firewalls cannot do this: they let an answer through
//! where they let the opening through.
//!
//! ## How it shows
//!
//! - The symptom is that of an unanswered connection: AWS ALB `504` with `-1 -1 -1` after 10 s; nginx
//!   `upstream timed out … while connecting to upstream`, `504`.
//! - AWS VPC flow logs: `ACCEPT` from gateway to target port and `REJECT` from the target's port to
//!   the gateway's ephemeral port; with `tcp-flags` the rejected record has 18 (SYN and ACK), which
//!   proves it. Without that field (the default format has none) the rejected packets may be
//!   leftovers of older connections, which a security group rejects too.
//! - Netfilter, where a rule logs: `SRC=<target> … SPT=8080 … ACK SYN`.
//! - On the target `ss -tn state syn-recv` shows connections that wait for the third packet.
//!
//! ## What it is mistaken for
//!
//! - `security-group-block`: there the opening itself is rejected; the flow log has `REJECT` towards
//!   the target's port.
//! - `target-connect-timeout` names the symptom; without the filter's log no more can be said.
//! - `listen-backlog-overflow`: there the target's kernel does not answer, under load.
//!
//! ## Before it happens
//!
//! - A custom network ACL that allows the service's port inbound and lacks 1024-65535 outbound (on the
//!   target's subnet) or inbound (on the gateway's subnet). A new ACL denies everything.
//! - A deny rule with a lower number than the rule that allows the ephemeral ports.
//! - `why502 check` evaluates the ACLs of both subnets for the answers, where both subnets and
//!   all rules are known.
//!
//! ## Reproduce it
//!
//! `why502 drill nacl-return-path-block`: while requests run, the gateway's host gets a rule without
//! state that drops the target's answers. Every request ends at the connect timer with `504`. Then
//! the rule allows the ephemeral ports.
//!
//! ## Remedy
//!
//! 1. Look at both directions of one pair of addresses in the flow log. The opening is `ACCEPT`, the
//!    answer `REJECT`.
//! 2. Allow TCP 1024-65535 in the direction of the answer, in the ACL of the subnet whose interface
//!    logged the rejection. `nc -vz TARGET PORT` from the gateway's subnet connects.
//! 3. Leave the finer rules to security groups, which keep state. The ACL has no rule by port left.
//!
//! ## Sources
//!
//! - AWS, Control traffic to subnets using network ACLs, "Ephemeral ports":
//!   <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>
//! - AWS, Flow log records (the example of an ACL that rejects the answer): "Flow log record examples".
//! - nginx 1.22 was observed behind a stateless nftables rule.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Action, Band, Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Rival,
    Scenario, Shows, Signal as S, Step, Test, Text, When,
};

use crate::causes::security_group_block::NGINX_IN;
use crate::rules::filters;
use crate::visibility;

/// Answers blocked on the way back: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "nacl-return-path-block",
    title: Text::new("Answers blocked on the way back", "戻りの通信の遮断"),
    explanation: Text::new(
        "A filter without state, such as a network ACL, let the connection's opening pass and \
        rejected the target's answer to it.",
        "ネットワーク ACL などのステートレスなフィルターが、接続の開始は通し、ターゲットからの応答\
        を拒否しました。",
    ),
    place: Place::Connect,
    statuses: &[502, 503, 504],
    leads_to: &["target-connect-timeout"],
    source: include_str!("nacl_return_path_block.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ConnectTimeout, M::UpstreamTimeout]),
            Claim::of(&[M::ConnectFailed]).bands(&[Band::Medium, Band::Long, Band::Unknown]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::ReturnMatch,
            AtLeast(0.5),
            Text::new(
                "{value} of these requests went to an address and port whose answers a filter without \
                state rejected at that time.",
                "これらのリクエストの {value} は、同じころステートレスなフィルターが応答を拒否したア\
                ドレスとポート宛てでした。",
            ),
        )
        .proves()
        .otherwise(Text::new(
            "Only {value} of these requests went to an address and port whose answers were rejected.",
            "応答が拒否されたアドレスとポート宛てのリクエストは {value} だけです。",
        ))
        .or(&Test::new(
            S::BackwardMatch,
            AtLeast(0.5),
            Text::new(
                "{value} of these requests went to an address and port whose packets back were rejected \
                at that time. By their ports these may be the answers; without TCP flags they may as \
                well be left over from older connections.",
                "これらのリクエストの {value} は、同じころ戻りのパケットが拒否されたアドレスとポート\
                宛てでした。ポートから見て応答の可能性がありますが、TCP フラグの記録がないため、以前の\
                接続の残りかもしれません。",
            ),
        )
.independent())],
        supports: &[
            Test::new(
                S::ReturnDrops,
                AtLeast(1.0),
                Text::new(
                    "{value} answers to openings were logged as rejected.",
                    "接続開始への応答の拒否が {value} 件記録されました。",
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
        rivals: &[Rival {
            slug: "security-group-block",
            separates: Text::new(
                "Which direction was rejected: the opening towards the target's port, or the answer \
                from it.",
                "拒否されたのがターゲットのポートへの接続開始か、そこからの応答かです。",
            ),
        }],
        visible: &[visibility::RETURNS, visibility::BACKWARD, visibility::RETURN_FLAGS],
    },
    predicts: Predicts::By(&[Rule::Look(filters::return_path)]),
    drill: Drill::Runs(&[NGINX_ONE_WAY]),
    remedies: &[
        Remedy {
            product: "AWS",
            action: Text::new(
                "Allow the ephemeral ports in the direction of the answer: outbound on the target's \
                subnet, inbound on the gateway's.",
                "応答の向きにエフェメラルポートを許可します(ターゲットのサブネットではアウトバウンド、\
                ゲートウェイのサブネットではインバウンド)。",
            ),
            setting: "network ACL",
            direction: Direction::Set,
            snippet: "aws ec2 create-network-acl-entry --network-acl-id ACL --egress --rule-number 120 \
            --protocol tcp --port-range From=1024,To=65535 --cidr-block GATEWAY_SUBNET --rule-action \
            allow",
            verify: Text::new(
                "The flow log shows ACCEPT for both directions of one connection.",
                "フローログで 1 つの接続の両方向が ACCEPT になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS",
            action: Text::new(
                "See which rule comes first: a lower number wins.",
                "どの規則が先に適用されるかを確認します。番号の小さいものが優先されます。",
            ),
            setting: "network ACL",
            direction: Direction::Change,
            snippet: "aws ec2 describe-network-acls --filters Name=association.subnet-id,Values=SUBNET \
            --query 'NetworkAcls[].Entries'",
            verify: Text::new(
                "No deny entry with a lower number covers the ephemeral ports.",
                "エフェメラルポートを含む deny が、より小さい番号にありません。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Linux",
            action: Text::new(
                "Accept answers by the connection's state instead of by ports.",
                "ポートではなく接続の状態で応答を許可します。",
            ),
            setting: "ct state",
            direction: Direction::Set,
            snippet: "nft insert rule inet filter input ct state established,related accept",
            verify: Text::new(
                "nc -vz TARGET PORT connects, and no further drop is logged.",
                "nc -vz TARGET PORT が接続でき、破棄の記録が増えなければ解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_ONE_WAY: Scenario = Scenario {
    name: "nginx-one-way",
    happens: Text::new(
        "A stateless rule at the gateway drops the target's answers.",
        "ゲートウェイ側のステートレスな規則が、ターゲットからの応答を破棄します。",
    ),
    cure: Text::new("The return ports are allowed.", "戻りのポートを許可します。"),
    steps: &[
        Step::at(
            "3000",
            Action::Firewall {
                host: "edge",
                rules: "table inet firewall {
  chain input {
    type filter hook input priority 0;
    ip saddr {{ip:api}} tcp sport 8080 log prefix \"DROP-return \" group 6 drop
  }
}",
            },
        )
        .when(When::Fault),
        Step::at(
            "3000",
            Action::Firewall {
                host: "edge",
                rules: "table inet firewall {
  chain input {
    type filter hook input priority 0;
    ip saddr {{ip:api}} tcp sport 8080 tcp dport 1024-65535 accept
  }
}",
            },
        )
        .when(When::Remedy),
    ],
    ..NGINX_IN
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_the_answers_of_the_same_address_were_rejected() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 24.0), (S::ReturnMatch, 1.0), (S::ReturnDrops, 80.0)]),
            Judgement::Holds { supports: vec![S::ReturnDrops], independent: true, proved: false }
        );
    }

    /// The default format of a flow log has no TCP flags.
    #[test]
    fn packets_back_that_are_told_by_their_ports_alone_prove_nothing() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 24.0), (S::BackwardMatch, 1.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
        let need = CAUSE.shows.needs[0];
        assert!(need.proves && !need.or.is_some_and(|by_ports| by_ports.proves));
        assert!(need.or.is_some_and(|by_ports| by_ports.independent));
    }

    #[test]
    fn quiet_when_the_openings_were_rejected() {
        let seen = [
            (S::Failures, 24.0),
            (S::ReturnMatch, 0.0),
            (S::BackwardMatch, 0.0),
            (S::FirewallMatch, 1.0),
            (S::FirewallDrops, 80.0),
        ];
        assert_eq!(judge(&CAUSE, &seen), Judgement::NotThis(S::ReturnMatch));
        assert!(matches!(
            judge(&crate::causes::security_group_block::CAUSE, &seen),
            Judgement::Holds { .. }
        ));
    }

    #[test]
    fn blind_without_the_filters_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 24.0)]),
            Judgement::CannotTell(vec![S::ReturnMatch, S::BackwardMatch])
        );
    }

    #[test]
    fn an_unanswered_connection_alone_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectRefused, 502)), None);
    }
}
