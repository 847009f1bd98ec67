//! What to switch on so that packets which never arrived can be seen.

use model::{Evidence, Signal, Text, Visibility};

use super::on;

const FIREWALL_LOG: &[Evidence] = &[
    on(
        "nftables",
        "nft insert rule inet filter input ct state new log prefix \"DROP \" # before the rule that drops",
    ),
    on("Linux", "journalctl -k -o short-iso --since '-2h' > kernel.log"),
    on("UFW", "ufw logging low"),
    on(
        "AWS VPC",
        "aws ec2 create-flow-logs --resource-type Subnet --resource-ids SUBNET --traffic-type REJECT --log-group-name vpc-rejects --deliver-logs-permission-arn ROLE\naws logs filter-log-events --log-group-name vpc-rejects > rejects.json",
    ),
    on(
        "Google Cloud",
        "gcloud compute firewall-rules update RULE --enable-logging\ngcloud logging read 'log_id(\"compute.googleapis.com/firewall\")' --freshness=1d --format=json > firewall.json",
    ),
];

/// Openings of connections that a firewall drops.
pub(crate) const FIREWALL: Visibility = Visibility {
    signal: Signal::FirewallMatch,
    what: Text::new(
        "the firewall's log of dropped connections",
        "ファイアウォールが破棄した接続のログ",
    ),
    how: FIREWALL_LOG,
};

/// The same, where the failing records name no address.
pub(crate) const FIREWALL_FOCUS: Visibility =
    Visibility { signal: Signal::FirewallFocus, what: FIREWALL.what, how: FIREWALL_LOG };

/// Answers that a filter without state rejects.
pub(crate) const RETURNS: Visibility =
    Visibility { signal: Signal::ReturnMatch, what: FIREWALL.what, how: FIREWALL_LOG };

/// Packets on their way back that a filter rejects.
pub(crate) const BACKWARD: Visibility =
    Visibility { signal: Signal::BackwardMatch, what: FIREWALL.what, how: FIREWALL_LOG };

/// Packets of connections that a firewall does not know.
pub(crate) const FLOWS: Visibility = Visibility {
    signal: Signal::FlowMatch,
    what: Text::new(
        "the firewall's log of packets that belong to no connection it knows",
        "ファイアウォールが知らない接続のパケットを破棄したログ",
    ),
    how: &[
        on(
            "nftables",
            "nft insert rule inet filter forward ct state invalid log prefix \"DROP invalid \"",
        ),
        on("Linux", "sysctl net.netfilter.nf_conntrack_log_invalid=6 # then journalctl -k"),
        on(
            "AWS NAT gateway",
            "the metric IdleTimeoutCount # read it yourself, why502 does not yet",
        ),
    ],
};

/// The connection table.
pub(crate) const CONNTRACK: Visibility = Visibility {
    signal: Signal::ConntrackDrops,
    what: Text::new(
        "the kernel's messages of the hosts on the way",
        "経路上のホストのカーネルメッセージ",
    ),
    how: &[
        on("Linux", "journalctl -k -o short-iso --since '-2h' > kernel.log"),
        on("Linux", "conntrack -S > counters.txt # sums since the start of the host"),
        on(
            "Linux",
            "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max # read it yourself, why502 does not yet",
        ),
    ],
};

/// What rejected packets were.
pub(crate) const RETURN_FLAGS: Visibility = Visibility {
    signal: Signal::ReturnDrops,
    what: Text::new(
        "the TCP flags of the rejected packets: an answer to an opening has SYN and ACK",
        "拒否されたパケットの TCP フラグ(接続開始への応答には SYN と ACK が付きます)",
    ),
    how: &[
        on(
            "AWS VPC",
            "aws ec2 create-flow-logs --resource-type Subnet --resource-ids SUBNET --traffic-type REJECT \
            --log-destination-type s3 --log-destination arn:aws:s3:::BUCKET --log-format '${version} \
            ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${start} ${end} \
            ${action} ${tcp-flags} ${flow-direction} ${log-status}'",
        ),
        on(
            "Linux",
            "nft insert rule inet filter input log prefix \"DROP \" # before the rule that drops",
        ),
    ],
};
