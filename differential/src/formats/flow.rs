//! AWS VPC flow logs: the default format and custom ones. Fields: Amazon VPC user guide, "Flow log
//! records".

use std::net::IpAddr;

use dialects::{Context, Quick};
use model::{Event, OccurrenceKind};

use super::{Format, Unusual, unusual};
use crate::line::{Kind, Line};
use crate::ours::Ours;
use crate::pairs::Pairs;
use crate::random::Random;
use crate::theirs::Values;
use crate::words;

const NAMES_2: &str = "version account_id interface_id srcaddr dstaddr srcport dstport protocol \
                       packets bytes start end action log_status";
const NAMES_5: &str = "version srcaddr dstaddr srcport dstport protocol start end type packets \
                       bytes account_id vpc_id subnet_id instance_id interface_id region az_id \
                       sublocation_type sublocation_id action tcp_flags pkt_srcaddr pkt_dstaddr \
                       pkt_src_aws_service pkt_dst_aws_service traffic_path flow_direction \
                       log_status";
const NAMES_8: &str = "version interface_id start end action srcaddr srcport dstaddr dstport \
                       protocol tcp_flags flow_direction ecs_cluster_name ecs_service_name \
                       ecs_task_id reject_reason log_status";
const NAMES_FEW: &str = "srcaddr dstaddr action";

pub(super) const DEFAULT: Format = Format {
    name: "vpc-flow",
    dialect: "aws-vpc-flow",
    context: Context::default,
    call: "parse_aws_vpc_flow_log!(.line)",
    ordinary: |random| line(random, NAMES_2),
    unusual: UNUSUAL,
    pairs: compare,
};

pub(super) const VERSION_5: Format = Format {
    name: "vpc-flow-5",
    context: || columns(NAMES_5),
    call: "parse_aws_vpc_flow_log!(.line, format: \"version srcaddr dstaddr srcport dstport \
           protocol start end type packets bytes account_id vpc_id subnet_id instance_id \
           interface_id region az_id sublocation_type sublocation_id action tcp_flags pkt_srcaddr \
           pkt_dstaddr pkt_src_aws_service pkt_dst_aws_service traffic_path flow_direction \
           log_status\")",
    ordinary: |random| line(random, NAMES_5),
    unusual: UNUSUAL_FLAGS,
    ..DEFAULT
};

pub(super) const VERSION_8: Format = Format {
    name: "vpc-flow-8",
    context: || columns(NAMES_8),
    call: "parse_aws_vpc_flow_log!(.line, format: \"version interface_id start end action srcaddr \
           srcport dstaddr dstport protocol tcp_flags flow_direction ecs_cluster_name \
           ecs_service_name ecs_task_id reject_reason log_status\")",
    ordinary: |random| line(random, NAMES_8),
    unusual: UNUSUAL_FLAGS,
    ..DEFAULT
};

pub(super) const FEW: Format = Format {
    name: "vpc-flow-few",
    context: || columns(NAMES_FEW),
    call: "parse_aws_vpc_flow_log!(.line, format: \"srcaddr dstaddr action\")",
    ordinary: |random| line(random, NAMES_FEW),
    unusual: UNUSUAL_FEW,
    ..DEFAULT
};

/// The columns as our program is told them: in the form in which AWS shows a format.
fn columns(names: &str) -> Context {
    let shown: Vec<String> =
        names.split(' ').map(|name| format!("${{{}}}", name.replace('_', "-"))).collect();
    match dialects::flow_columns(&shown.join(" ")) {
        Ok(columns) => Context { columns, ..Context::default() },
        Err(why) => panic!("{names}: {why}"),
    }
}

fn line(random: &mut Random, names: &'static str) -> Line {
    let (source, target) = (words::ipv4(random), words::ipv4(random));
    let usual = *random.pick(&[80, 443, 8080, 5432, 22, 3306, 53]);
    let (from, to) = match random.chance(0.5) {
        true => (words::port(random), usual),
        false => (usual, words::port(random)),
    };
    let start = random.between(1_400_000_000, 2_000_000_000);
    let tcp = random.chance(0.8);
    let mut line = Line::default();
    for name in names.split(' ') {
        let (kind, text) = match name {
            "version" => (Kind::Number, if names == NAMES_2 { "2" } else { "5" }.to_owned()),
            "account_id" => (Kind::Word, "123456789012".to_owned()),
            "interface_id" => (Kind::Word, format!("eni-{}", words::hex(random, 17))),
            "srcaddr" | "pkt_srcaddr" => (Kind::Word, source.clone()),
            "dstaddr" | "pkt_dstaddr" => (Kind::Word, target.clone()),
            "srcport" => (Kind::Number, if tcp { from } else { 0 }.to_string()),
            "dstport" => (Kind::Number, if tcp { to } else { 0 }.to_string()),
            "protocol" => (Kind::Number, if tcp { "6" } else { "1" }.to_owned()),
            "packets" => (Kind::Number, random.between(1, 900).to_string()),
            "bytes" => (Kind::Number, random.between(40, 900_000).to_string()),
            "start" => (Kind::Number, start.to_string()),
            "end" => (Kind::Number, (start + random.below(600)).to_string()),
            "action" => (Kind::Word, (*random.pick(&["ACCEPT", "REJECT", "REJECT"])).to_owned()),
            "log_status" => (Kind::Word, "OK".to_owned()),
            "tcp_flags" => {
                let flags = if tcp { *random.pick(&[0, 1, 2, 3, 4, 5, 18, 19]) } else { 0 };
                (Kind::Number, flags.to_string())
            }
            "flow_direction" => (Kind::Word, (*random.pick(&["ingress", "egress"])).to_owned()),
            "type" => (Kind::Word, "IPv4".to_owned()),
            "vpc_id" => (Kind::Word, format!("vpc-{}", words::hex(random, 17))),
            "subnet_id" => (Kind::Word, format!("subnet-{}", words::hex(random, 17))),
            "region" => (Kind::Word, "eu-west-1".to_owned()),
            "az_id" => (Kind::Word, "euw1-az3".to_owned()),
            "ecs_service_name" | "ecs_cluster_name" => (Kind::Word, "shop-api".to_owned()),
            _ => (Kind::Word, "-".to_owned()),
        };
        line = line.word(name, kind, text);
    }
    line
}

const IPV6: Unusual = unusual("IPv6", |random, line| {
    let (source, target) = (words::ipv6(random), words::ipv6(random));
    for name in ["srcaddr", "pkt_srcaddr"] {
        line.set(name, source.clone());
    }
    for name in ["dstaddr", "pkt_dstaddr"] {
        line.set(name, target.clone());
    }
    line.set("type", "IPv6");
});
const LONG_IPV6: Unusual = unusual("IPv6 in full", |_, line| {
    line.set("srcaddr", "2001:0db8:0000:0000:0000:0000:0000:0001");
    line.set("dstaddr", "2001:db8:0:0:1:0:0:1");
});
const NO_DATA: Unusual = unusual("no data", |random, line| {
    let status = *random.pick(&["NODATA", "SKIPDATA"]);
    for field in &mut line.fields {
        match field.name {
            "version" | "account_id" | "interface_id" | "start" | "end" => {}
            "log_status" => field.text = status.into(),
            _ => field.text = "-".into(),
        }
    }
});
const REJECTED: Unusual = unusual("rejected TCP", |random, line| {
    line.set("protocol", "6");
    line.set("action", "REJECT");
    let port = words::port(random).to_string();
    line.set("srcport", port);
    line.set("dstport", "8080");
});
const UDP: Unusual = unusual("rejected UDP", |_, line| {
    line.set("protocol", "17");
    line.set("action", "REJECT");
});
const EQUAL_TIMES: Unusual = unusual("of one second", |_, line| {
    line.set("start", "1794000845");
    line.set("end", "1794000845");
});
const BOTH_HIGH: Unusual = unusual("two high ports", |random, line| {
    let port = words::port(random).to_string();
    line.set("srcport", port);
    let port = words::port(random).to_string();
    line.set("dstport", port);
});
const LARGE: Unusual = unusual("more than 4 GB", |_, line| line.set("bytes", "8589934592"));

const UNUSUAL: &[Unusual] =
    &[IPV6, LONG_IPV6, NO_DATA, REJECTED, UDP, EQUAL_TIMES, BOTH_HIGH, LARGE];

const UNUSUAL_FEW: &[Unusual] = &[IPV6, LONG_IPV6, NO_DATA, REJECTED];

const UNUSUAL_FLAGS: &[Unusual] = &[
    IPV6,
    LONG_IPV6,
    NO_DATA,
    REJECTED,
    UDP,
    EQUAL_TIMES,
    BOTH_HIGH,
    unusual("no flags", |_, line| line.set("tcp_flags", "-")),
    unusual("behind another address", |random, line| {
        let address = words::ipv4(random);
        line.set("pkt_srcaddr", address);
        let address = words::ipv4(random);
        line.set("pkt_dstaddr", address);
    }),
    unusual("blocked for the public", |_, line| {
        line.set("action", "REJECT");
        line.set("reject_reason", "BPA");
    }),
    unusual("all flags", |random, line| line.set("tcp_flags", random.below(64).to_string())),
];

/// The event a record is, worked out from their values alone: a rejected packet of TCP that is not
/// the end of a connection. By the flags: SYN opens, SYN with ACK answers, others are in the midst.
fn compare(theirs: &Values, ours: &Ours<'_>, pairs: &mut Pairs) {
    let action = theirs.text("action");
    let flags = theirs.number("tcp_flags");
    let is_tcp = match theirs.number("protocol") {
        Some(protocol) => protocol == 6,
        None => flags.is_some_and(|flags| flags & 2 == 2),
    };
    let closing = flags.is_some_and(|flags| flags & 2 == 0 && flags & 5 != 0);
    let end = |address: &str, packet: &str, port: &str| {
        let address = theirs.text(packet).or_else(|| theirs.text(address))?;
        let address: IpAddr = address.parse().ok()?;
        let port = u16::try_from(theirs.number(port)?).ok()?;
        Some(format!("{address} port {port}"))
    };
    let source = end("srcaddr", "pkt_srcaddr", "srcport");
    let target = end("dstaddr", "pkt_dstaddr", "dstport");
    let told = action.as_deref() == Some("REJECT")
        && is_tcp
        && !closing
        && source.is_some()
        && target.is_some();
    let event = ours.events.first();
    pairs.put("a rejected connection", Some(told), Some(event.is_some()));
    if matches!(ours.quick, Quick::Nothing) {
        pairs.put("quick action", action, Some("ACCEPT".to_owned()));
    }
    let Some(Event::Occurrence(drop)) = event else { return };
    let moment = |name| theirs.number(name).filter(|seconds| *seconds > 0);
    let start = moment("start").or_else(|| moment("end")).and_then(|at| at.checked_mul(1_000_000));
    pairs.put("start", start, drop.at.map(|at| at.0));
    let interface = theirs.text("interface_id");
    let ours_interface = drop.detail.as_deref().and_then(|detail| {
        let (_, rest) = detail.split_once("REJECT at ")?;
        Some(rest.split(", ").next().unwrap_or(rest).to_owned())
    });
    pairs.put("interface_id", interface, ours_interface);
    let client = drop.subject.parse::<IpAddr>().ok().zip(drop.source_port);
    let client = client.map(|(address, port)| format!("{address} port {port}"));
    let server = drop.object.as_deref().and_then(|object| {
        let socket: std::net::SocketAddr = object.parse().ok()?;
        Some(format!("{} port {}", socket.ip(), socket.port()))
    });
    let kind = match flags {
        Some(flags) if flags & 18 == 18 => Some(OccurrenceKind::ReturnDrop),
        Some(flags) if flags & 2 == 2 => Some(OccurrenceKind::FirewallDrop),
        Some(_) => Some(OccurrenceKind::FlowDrop),
        None => None,
    };
    match kind {
        Some(OccurrenceKind::FirewallDrop) => {
            pairs.put(
                "kind",
                kind.map(|kind| format!("{kind:?}")),
                Some(format!("{:?}", drop.kind)),
            );
            pairs.put("client", source, client);
            pairs.put("server", target, server);
        }
        Some(OccurrenceKind::ReturnDrop) => {
            pairs.put(
                "kind",
                kind.map(|kind| format!("{kind:?}")),
                Some(format!("{:?}", drop.kind)),
            );
            pairs.put("client", target, client);
            pairs.put("server", source, server);
        }
        // Which end is the server is a judgement; which two ends there are is not.
        _ => {
            let both = |a: Option<String>, b: Option<String>| {
                let mut ends = [a?, b?];
                ends.sort();
                Some(ends.join(" and "))
            };
            pairs.put("both ends", both(source, target), both(client, server));
        }
    }
}
