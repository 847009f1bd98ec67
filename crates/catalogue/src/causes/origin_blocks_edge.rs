//! # Origin refuses the CDN
//!
//! ## What happens
//!
//! The CDN's servers cannot open connections to the origin although the origin is in good order and
//! answers others: its firewall, security group or load balancer does not know the addresses that the
//! CDN asks from, the origin is private, or it only lets in networks of the company. A CDN asks from
//! many addresses and changes them, so that it may also begin for some places and not for others.
//!
//! ## How it shows
//!
//! - CloudFront: `OriginConnectError`, `502`, or `OriginCommError`, `504` after 30 s (three attempts of
//!   10 s); the page *CloudFront wasn't able to connect to the origin*. The log does not say why.
//! - The origin's own logs have no line of these requests, and lines of requests that came another way.
//! - The origin's firewall or flow log: `REJECT` for the CDN's addresses at the origin's port.
//!
//! ## What it is mistaken for
//!
//! - `target-connect-timeout` and `target-connect-refused` name the symptom: from the CDN's log alone
//!   an origin that is down looks the same. What separates them is that others are served meanwhile.
//! - `security-group-block` is the same between two hops of one's own; here it stands for the rule that
//!   this cause brought into play.
//! - `upstream-tls-negotiation` and `sni-host-mismatch`: CloudFront counts failed TLS handshakes as
//!   `OriginConnectError` as well. A TCP connection from outside tells them apart.
//! - `origin-dns-failure`: then the token is `OriginDnsError`.
//! - `upstream-cert-invalid`: `OriginConnectError` as well, when the origin's certificate does not
//!   pass. It begins in the second in which the certificate runs out; a handshake from elsewhere
//!   fails then too.
//!
//! ## Before it happens
//!
//! - An allow list of addresses written by hand instead of the CDN's managed prefix list
//!   (`com.amazonaws.global.cloudfront.origin-facing`, Cloudflare's and Fastly's published ranges).
//! - The quota of rules per security group, of which that prefix list takes 55.
//! - An internal load balancer or a private address as the origin without a VPC origin.
//! - `why502 check` finds origins whose rules for the port name private addresses and groups
//!   only.
//!
//! ## Reproduce it
//!
//! Not in the lab: it has no CDN. Between two hops of one's own it is `security-group-block`, which has
//! a drill.
//!
//! ## Remedy
//!
//! 1. Try the origin from outside: `nc -vz -w 3 ORIGIN 443` from a network the origin does not know. It
//!    hangs or is refused, while it connects from an address that is allowed.
//! 2. Allow the CDN's ranges at the origin, from the provider's list and not by hand. The CDN's log shows
//!    answers with `Miss` again.
//! 3. Keep the list in step: a managed prefix list, or a job that reads the published ranges. No place
//!    begins to fail when the CDN adds addresses.
//!
//! ## Sources
//!
//! - AWS, HTTP 502 and HTTP 504 of CloudFront; Locations and IP address ranges of CloudFront edge servers:
//!   <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html>
//! - Cloudflare, Error 521 and Error 522.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Rival, Shows, Side,
    Signal as S, Test, Text,
};

use crate::rules::filters;
use crate::visibility;

/// Origin refuses the CDN: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "origin-blocks-edge",
    title: Text::new("Origin refuses the CDN", "オリジンによる CDN の遮断"),
    explanation: Text::new(
        "The origin does not let the CDN's addresses in, although it serves others.",
        "オリジンはほかの要求には応答していますが、CDN のアドレスからの接続を許可していません。",
    ),
    place: Place::Connect,
    statuses: &[502, 504, 521, 522],
    leads_to: &[
        "security-group-block",
        "target-connect-timeout",
        "target-connect-refused",
        "target-unreachable",
    ],
    source: include_str!("origin_blocks_edge.rs"),
    shows: Shows {
        claims: &[Claim::of(&[
            M::ConnectTimeout,
            M::UpstreamTimeout,
            M::ConnectRefused,
            M::ConnectUnreachable,
            M::ConnectFailed,
        ])
        .sides(&[Side::Upstream])],
        claims_effects: false,
        needs: &[
            Test::new(
                S::CdnShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of these requests failed between the CDN and its origin.",
                    "これらのリクエストの {value} は、CDN とオリジンの間で失敗しました。",
                ),
            )
            .otherwise(Text::new(
                "Only {value} of these requests failed between a CDN and its origin.",
                "CDN とオリジンの間で失敗したリクエストは {value} だけです。",
            )),
            Test::new(
                S::BehindServed,
                AtLeast(10.0),
                Text::new(
                    "Meanwhile the origin's own log shows {value} requests that it answered well.",
                    "その間、オリジン自身のログには正常に応答したリクエストが {value} 件あります。",
                ),
            )
            .otherwise(Text::new(
                "The origin's own log shows only {value} requests that it answered meanwhile, and its \
                firewall dropped none at that time.",
                "その間にオリジンが応答したリクエストは {value} 件だけで、ファイアウォールの破棄もあり\
                ません。",
            ))
            .or(&Test::new(
                S::FirewallFocus,
                AtLeast(0.8),
                Text::new(
                    "{value} of all the connections that the origin's firewall dropped fall into the \
                    time of these failures.",
                    "オリジンのファイアウォールが破棄した接続の {value} が、これらの失敗と同じ時間帯に\
                    起きました。",
                ),
            )
            .independent()),
        ],
        supports: &[
            // Drops are daily life at an origin's border: only their concentration says something.
            Test::new(
                S::FirewallFocus,
                AtLeast(0.8),
                Text::new(
                    "{value} of all the connections that the origin's firewall dropped fall into the \
                    time of these failures.",
                    "オリジンのファイアウォールが破棄した接続の {value} が、これらの失敗と同じ時間帯に\
                    起きました。",
                ),
            )
            .independent()
            .or(&Test::new(
                S::FirewallMatch,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests went to an address and port towards which the origin's \
                    firewall dropped connections at that time.",
                    "これらのリクエストの {value} は、同じころオリジンのファイアウォールが接続を破棄したア\
                    ドレスとポート宛てでした。",
                ),
            )
            .independent()),
            Test::new(
                S::ChangeLead,
                AtMost(600.0),
                Text::new(
                    "The first failure came {value} after a change of the settings.",
                    "最初の失敗は、設定の変更の {value} 後でした。",
                ),
            )
            .independent(),
        ],
        rules_out: &[Test::new(
            S::CertificateLead,
            AtMost(600.0),
            Text::new(
                "The first failure came {value} after the origin's certificate had run out.",
                "最初の失敗は、オリジンの証明書の期限が切れてから {value} 後でした。",
            ),
        )],
        rivals: &[Rival {
            slug: "upstream-cert-invalid",
            separates: Text::new(
                "Whether a TLS handshake with the origin succeeds from elsewhere (curl -v \
                https://ORIGIN/).",
                "別の場所からオリジンとの TLS ハンドシェイクが成功するかどうかです(curl -v \
                https://ORIGIN/)。",
            ),
        }],
        visible: &[visibility::CDN, visibility::BEHIND, visibility::FIREWALL_FOCUS],
    },
    predicts: Predicts::By(&[Rule::Look(filters::origin)]),
    drill: Drill::NotYet(
        "The lab has no CDN whose log says what CloudFront's says; security-group-block has the drill of \
        the same rule between two hops of one's own.",
    ),
    remedies: &[
        Remedy {
            product: "CloudFront",
            action: Text::new(
                "Allow CloudFront's managed prefix list in the origin's security group.",
                "オリジンのセキュリティグループで、CloudFront のマネージドプレフィックスリストを許可し\
                ます。",
            ),
            setting: "security group",
            direction: Direction::Set,
            snippet: "aws ec2 describe-managed-prefix-lists --filters \
            Name=prefix-list-name,Values=com.amazonaws.global.cloudfront.origin-facing\naws ec2 \
            authorize-security-group-ingress --group-id ORIGIN_SG --ip-permissions \
            'IpProtocol=tcp,FromPort=443,ToPort=443,PrefixListIds=[{PrefixListId=PL_ID}]'",
            verify: Text::new(
                "x-edge-detailed-result-type is Miss, and no longer OriginConnectError or \
                OriginCommError.",
                "x-edge-detailed-result-type が Miss になり、OriginConnectError や OriginCommError が出\
                なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "CloudFront",
            action: Text::new(
                "Make a private load balancer a VPC origin instead of opening it.",
                "プライベートなロードバランサーは、公開せずに VPC オリジンにします。",
            ),
            setting: "VPC origin",
            direction: Direction::Change,
            snippet: "aws cloudfront create-vpc-origin --vpc-origin-endpoint-config \
            Name=shop,Arn=LOAD_BALANCER_ARN,HTTPPort=80,HTTPSPort=443,OriginProtocolPolicy=https-only",
            verify: Text::new(
                "The distribution answers while the load balancer has no public address.",
                "ロードバランサーに公開アドレスがなくても、ディストリビューションが応答します。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloudflare",
            action: Text::new(
                "Allow the published ranges, and read them again when they change.",
                "公開されているアドレス範囲を許可し、変更があれば読み直します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "curl -s https://www.cloudflare.com/ips-v4 https://www.cloudflare.com/ips-v6",
            verify: Text::new("No 521 or 522 any more.", "521 と 522 が出なくなれば解消です。"),
            arithmetic: None,
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_the_origin_served_others_meanwhile() {
        let seen = [(S::CdnShare, 1.0), (S::BehindServed, 240.0), (S::FirewallFocus, 1.0)];
        assert_eq!(
            judge(&CAUSE, &seen),
            Judgement::Holds { supports: vec![S::FirewallFocus], independent: true, proved: false }
        );
    }

    #[test]
    fn quiet_between_hops_of_ones_own() {
        assert_eq!(
            judge(&CAUSE, &[(S::CdnShare, 0.0), (S::FirewallFocus, 1.0)]),
            Judgement::NotThis(S::CdnShare)
        );
    }

    #[test]
    fn quiet_when_the_origin_served_nobody() {
        let seen = [(S::CdnShare, 1.0), (S::BehindServed, 0.0), (S::FirewallFocus, 0.0)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::NotThis(S::BehindServed));
    }

    #[test]
    fn blind_with_the_cdns_log_alone() {
        assert_eq!(
            judge(&CAUSE, &[(S::CdnShare, 1.0)]),
            Judgement::CannotTell(vec![S::BehindServed, S::FirewallFocus])
        );
    }

    #[test]
    fn a_failed_connection_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectFailed, 502)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::NameNotFound, 502)), None);
    }
}
