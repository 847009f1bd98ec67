//! VPC flow log of the checkout service's network interfaces, default format, from half past
//! twelve to five past one.

use std::fmt::Write as _;

use super::super::File;
use super::shop::CHECKOUT;
use super::{ACCOUNT, CLOSED, SEED, START, at, text};
use crate::clock::SECOND;
use crate::random::Random;

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol \
packets bytes start end action log-status\n";
const INTERFACES: [&str; 2] = ["eni-0d2f6b1a7c3e49580", "eni-04b8e91c5d7a3f620"];
/// The load balancer's addresses in the two subnets.
const BALANCER: [&str; 2] = ["10.0.1.20", "10.0.2.37"];

/// The file, gzip as in the bucket.
pub(super) fn file() -> File {
    let mut random = Random::part(SEED, "flow");
    let mut out = HEADER.to_owned();
    let mut minute = START.0 / SECOND;
    while minute < at(13, 5, 0) {
        for (interface, target) in INTERFACES.into_iter().zip(CHECKOUT) {
            for balancer in BALANCER {
                connections(&mut out, minute, interface, balancer, target, &mut random);
            }
            stranger(&mut out, minute, interface, target, &mut random);
        }
        minute += 60;
    }
    text(
        "flow-logs/123456789012_vpcflowlogs_eu-central-1_fl-0a7c5e91b3d2f4860_20261117T1305Z_c41f20d9.log.gz",
        out,
    )
}

fn record(
    out: &mut String,
    interface: &str,
    flow: &str,
    packets: u64,
    span: (i64, i64),
    action: &str,
) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "2 {ACCOUNT} {interface} {flow} 6 {packets} {} {} {} {action} OK",
        packets * 52,
        span.0,
        span.1
    );
}

/// The load balancer's connections to one task in a minute, health checks among them.
fn connections(
    out: &mut String,
    minute: i64,
    interface: &str,
    balancer: &str,
    target: &str,
    random: &mut Random,
) {
    let closed = (CLOSED.0..CLOSED.1).contains(&(minute + 30));
    for _ in 0..random.between(2, 4) {
        let port = random.between(1_024, 65_535);
        let begin = minute + random.below(20) as i64;
        let span = (begin, begin + random.between(20, 38) as i64);
        if closed {
            record(
                out,
                interface,
                &format!("{balancer} {target} {port} 8080"),
                random.between(1, 4),
                span,
                "REJECT",
            );
        } else {
            let packets = random.between(9, 40);
            record(
                out,
                interface,
                &format!("{balancer} {target} {port} 8080"),
                packets,
                span,
                "ACCEPT",
            );
            record(
                out,
                interface,
                &format!("{target} {balancer} 8080 {port}"),
                packets - 2,
                span,
                "ACCEPT",
            );
        }
    }
}

/// Somebody inside the network who knocks at a port that nobody serves: rejected at any time.
fn stranger(out: &mut String, minute: i64, interface: &str, target: &str, random: &mut Random) {
    if random.chance(0.12) {
        let port = random.between(32_768, 60_999);
        let begin = minute + random.below(40) as i64;
        record(
            out,
            interface,
            &format!("10.0.9.200 {target} {port} 9100"),
            1,
            (begin, begin + 3),
            "REJECT",
        );
    }
}
