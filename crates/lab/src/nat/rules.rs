//! The NAT as an nft ruleset.
//!
//! The kernel has no limit "so many at once for each key": a dynamic set has one size, and
//! `ct count` does not count connections in TIME_WAIT, which is what Cloud NAT's ports are held
//! by. So there is a pool of sets, each of the size of a block of ports, and a map that gives a
//! set of its own to each (instance, destination address, protocol, destination port) when its
//! first packet comes, in the kernel and without a packet lost. A connection is an element of its
//! pair's set, refreshed by each of its packets; the size of a set is kept by an atomic counter,
//! so the limit is exact on any number of processors. What does not fit is logged and dropped.
//!
//! The connection mark says which set a connection is in and how far its end has come:
//! bits 0 and 1 the ends seen (from the instance, from the destination), bit 2 logged, bit 3 has a
//! port, bits 4 to 7 the tier, the rest the pair.

use std::fmt::Write as _;

use super::{LogFilter, NAT_GROUP, PRIVATE, PUBLIC, Settings};

/// The table everything is in.
pub(super) const TABLE: &str = "why502_nat";

/// Seconds for which a half-open connection keeps its port (`tcpTransitoryIdleTimeoutSec`'s
/// default), and an idle UDP mapping too (`udpIdleTimeoutSec`'s default). Source: Google Cloud
/// documentation, "Tune NAT configuration".
const TRANSITORY: u32 = 30;

/// Sets that go into one transaction: without privileges outside of its namespace, nft cannot
/// enlarge its socket's buffer, and larger ones end as "Message too long".
const BATCH: u32 = 32;

/// Prefix of the log entry of a dropped packet.
pub(super) const DROPPED: &str = "nat-dropped";
/// Prefix of the log entry of a connection that got a port, before translation.
pub(super) const ADMITTED: &str = "nat-admitted";
/// Prefix of the log entry of the same connection after translation.
pub(super) const TRANSLATED: &str = "nat-translated";

/// The rules, to be given to [`super::load`] (or to `nft -f`) one after the other, in this order.
/// Loading them again replaces the table; connections that are open stay so.
///
/// The port of a closed connection comes free up to a quarter of a second after its time.
#[must_use]
pub fn rules(settings: &Settings) -> Vec<String> {
    let mut batches = vec![tables(settings)];
    let per_batch = (BATCH / settings.tiers()).max(1);
    let mut first = 1;
    while first <= settings.pairs() {
        let last = (first + per_batch - 1).min(settings.pairs());
        batches.push(pool(settings, first, last));
        first = last + 1;
    }
    batches.push(paths(settings));
    batches
}

/// Kernel settings of the router's namespace that belong to the rules: how long the kernel itself
/// remembers a connection, and that it does not adopt connections whose beginning it has not seen.
#[must_use]
pub fn sysctls(settings: &Settings) -> Vec<(&'static str, String)> {
    let (idle, time_wait) = (settings.idle.to_string(), settings.time_wait.to_string());
    vec![
        ("net.netfilter.nf_conntrack_tcp_loose", "0".to_owned()),
        ("net.netfilter.nf_conntrack_tcp_timeout_syn_sent", TRANSITORY.to_string()),
        ("net.netfilter.nf_conntrack_tcp_timeout_syn_recv", TRANSITORY.to_string()),
        ("net.netfilter.nf_conntrack_tcp_timeout_established", idle.clone()),
        ("net.netfilter.nf_conntrack_tcp_timeout_fin_wait", idle.clone()),
        ("net.netfilter.nf_conntrack_tcp_timeout_close_wait", idle),
        ("net.netfilter.nf_conntrack_tcp_timeout_time_wait", time_wait.clone()),
        ("net.netfilter.nf_conntrack_tcp_timeout_close", time_wait),
        ("net.netfilter.nf_conntrack_udp_timeout", TRANSITORY.to_string()),
        ("net.netfilter.nf_conntrack_udp_timeout_stream", TRANSITORY.to_string()),
    ]
}

/// The name of a set of connections.
pub(super) fn set_name(pair: u32, tier: u32) -> String {
    format!("ports_{pair}_{tier}")
}

/// The table, with what the rest fills.
fn tables(settings: &Settings) -> String {
    let mut text = format!(
        "table ip {TABLE}\n\
         delete table ip {TABLE}\n\
         table ip {TABLE} {{\n\
         \tmap pairs {{\n\
         \t\ttype ipv4_addr . ipv4_addr . inet_proto . inet_service : mark\n\
         \t\tsize 65536\n\
         \t\tflags dynamic\n\
         \t}}\n\
         \tmap takes {{ type mark : verdict; }}\n\
         \tmap keeps {{ type mark : verdict; }}\n\
         \tcounter dropped {{ }}\n\
         \tcounter forgotten {{ }}\n"
    );
    for tier in 1..settings.tiers() {
        let _ = writeln!(text, "\tset granted_{tier} {{ type ipv4_addr; }}");
    }
    text.push_str("}\n");
    text
}

/// The sets of some pairs, how a new connection takes a place in them and how it keeps it.
fn pool(settings: &Settings, first: u32, last: u32) -> String {
    let (idle, time_wait) = (settings.idle, settings.time_wait);
    let mut text = format!("table ip {TABLE} {{\n");
    let (mut takes, mut keeps) = (Vec::new(), Vec::new());
    for pair in first..=last {
        for tier in 0..settings.tiers() {
            let set = set_name(pair, tier);
            let size = settings.ports_of_tier(tier);
            let _ = write!(
                text,
                "\tset {set} {{\n\
                 \t\ttypeof ct id\n\
                 \t\tsize {size}\n\
                 \t\tflags dynamic,timeout\n\
                 \t\tgc-interval 250ms\n\
                 \t}}\n\
                 \tchain keep_{pair}_{tier} {{\n\
                 \t\tct mark & 0x3 == 0x3 update @{set} {{ ct id timeout {time_wait}s }} accept\n\
                 \t\tct state new update @{set} {{ ct id timeout {TRANSITORY}s }} accept\n\
                 \t\tip protocol udp update @{set} {{ ct id timeout {TRANSITORY}s }} accept\n\
                 \t\tupdate @{set} {{ ct id timeout {idle}s }} accept\n\
                 \t}}\n"
            );
            let mark = pair << 8 | tier << 4;
            keeps.push(format!("0x{mark:x} : goto keep_{pair}_{tier}"));
        }
        let _ = writeln!(text, "\tchain take_{pair} {{");
        for tier in 0..settings.tiers() {
            let granted =
                if tier == 0 { String::new() } else { format!("ip saddr @granted_{tier} ") };
            let mark = pair << 8 | tier << 4 | 0x8;
            let set = set_name(pair, tier);
            let logged = match settings.log {
                LogFilter::ErrorsOnly => String::new(),
                LogFilter::All => format!("meta mark set ct id {} ", log(ADMITTED)),
            };
            let _ = writeln!(
                text,
                "\t\t{granted}add @{set} {{ ct id timeout {TRANSITORY}s }} \
                 ct mark set 0x{mark:x} {logged}accept"
            );
        }
        text.push_str("\t}\n");
        takes.push(format!("0x{pair:x} : goto take_{pair}"));
    }
    text.push_str("}\n");
    let _ = writeln!(text, "add element ip {TABLE} takes {{ {} }}", takes.join(", "));
    let _ = writeln!(text, "add element ip {TABLE} keeps {{ {} }}", keeps.join(", "));
    text
}

/// Which packets go where.
fn paths(settings: &Settings) -> String {
    let (pairs, address) = (settings.pairs(), settings.address);
    let key = "ip saddr . ip daddr . ip protocol . th dport";
    let dropped = log(DROPPED);
    let translated = match settings.log {
        LogFilter::ErrorsOnly => String::new(),
        LogFilter::All => format!(
            "\tchain translated {{\n\
             \t\ttype filter hook postrouting priority 110; policy accept;\n\
             \t\tct mark & 0xc == 0x8 meta mark set ct id {} ct mark set ct mark | 0x4\n\
             \t}}\n",
            log(TRANSLATED)
        ),
    };
    // A chain entered by `goto` ends its caller's: what falls out of `take_…` has found no port,
    // so the verdict map is entered by `jump` from `fresh`, and the next rule drops.
    format!(
        "table ip {TABLE} {{\n\
         \tchain find {{\n\
         \t\tmeta mark vmap @takes\n\
         \t}}\n\
         \tchain fresh {{\n\
         \t\t{key} != @pairs add @pairs {{ {key} : numgen inc mod {pairs} offset 1 }}\n\
         \t\tmeta mark set {key} map @pairs\n\
         \t\tjump find\n\
         \t\tcounter name dropped {dropped} drop\n\
         \t}}\n\
         \tchain known {{\n\
         \t\ttcp flags & rst == rst ct mark set ct mark | 0x3\n\
         \t\ttcp flags & fin == fin ct direction original ct mark set ct mark | 0x1\n\
         \t\ttcp flags & fin == fin ct direction reply ct mark set ct mark | 0x2\n\
         \t\tct mark & 0xfffffff0 vmap @keeps\n\
         \t}}\n\
         \tchain forward {{\n\
         \t\ttype filter hook forward priority filter; policy accept;\n\
         \t\tct state invalid counter name forgotten drop\n\
         \t\tct mark & 0x8 == 0x8 goto known\n\
         \t\tiifname \"{PRIVATE}\" oifname \"{PUBLIC}\" ct state new \
         ip protocol {{ tcp, udp }} goto fresh\n\
         \t}}\n\
         \tchain unasked {{\n\
         \t\ttype filter hook input priority filter; policy accept;\n\
         \t\tiifname \"{PUBLIC}\" ip daddr {address} ip protocol {{ tcp, udp }} \
         ct state new,invalid drop\n\
         \t}}\n\
         \tchain translate {{\n\
         \t\ttype nat hook postrouting priority srcnat; policy accept;\n\
         \t\tiifname \"{PRIVATE}\" oifname \"{PUBLIC}\" snat to {address}\n\
         \t}}\n\
         {translated}}}\n"
    )
}

fn log(prefix: &str) -> String {
    format!("log prefix \"{prefix}\" group {NAT_GROUP} queue-threshold 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn static_64() -> Settings {
        Settings::new(64, 120, None, 1200).unwrap()
    }

    #[test]
    fn every_pair_has_its_set_and_is_reached_by_both_maps() {
        let settings = static_64();
        let text = rules(&settings).concat();
        for pair in 1..=settings.pairs() {
            assert!(
                text.contains(&format!("\tset ports_{pair}_0 {{\n\t\ttypeof ct id\n\t\tsize 64\n"))
            );
            assert!(text.contains(&format!("0x{pair:x} : goto take_{pair}")));
            assert!(text.contains(&format!("0x{:x} : goto keep_{pair}_0", pair << 8)));
        }
        assert!(text.contains("numgen inc mod 128 offset 1"));
        assert!(!text.contains("ports_129_0") && !text.contains("granted"));
    }

    #[test]
    fn dynamic_allocation_asks_for_the_grant_of_each_tier_above_the_first() {
        let settings = Settings::new(32, 120, Some(128), 1200).unwrap();
        let text = rules(&settings).concat();
        assert!(text.contains("\t\tadd @ports_1_0 "));
        assert!(text.contains("\t\tip saddr @granted_1 add @ports_1_1 "));
        assert!(text.contains("\t\tip saddr @granted_2 add @ports_1_2 "));
        assert!(!text.contains("granted_3"));
    }

    #[test]
    fn connections_are_logged_only_on_request() {
        let mut settings = static_64();
        assert!(!rules(&settings).concat().contains(ADMITTED));
        settings.log = LogFilter::All;
        let text = rules(&settings).concat();
        assert!(text.contains(ADMITTED) && text.contains(TRANSLATED));
    }

    #[test]
    fn no_transaction_outgrows_an_unprivileged_socket() {
        for settings in [static_64(), Settings::new(32, 120, Some(65_536), 1200).unwrap()] {
            assert!(
                rules(&settings).iter().all(|batch| batch.matches("\tset ports_").count() <= 32)
            );
        }
    }
}
