//! Slow links: rate by a token bucket, delay by netem where the kernel has it.

use std::process::{Command, Stdio};

/// What a link does to the packets that leave by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Kilobits per second; 0 for no limit.
    pub rate: u32,
    /// Milliseconds. With netem every packet takes so much longer; without it a packet waits at
    /// most so long in the queue of a link that is busy, and not at all on an idle one.
    pub delay: u32,
}

/// True if the kernel can delay packets (the queueing discipline netem). Tries it on the loopback
/// interface of the calling thread's network namespace, and takes it off again.
#[must_use]
pub fn has_netem() -> bool {
    let tc = |arguments: &[&str]| {
        let mut command = Command::new("tc");
        command.args(arguments).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let has = tc(&["qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"]);
    if has {
        tc(&["qdisc", "del", "dev", "lo", "root"]);
    }
    has
}

/// The `tc` commands that make what leaves by this interface slow, in order; none if nothing is
/// to be done, or nothing can be: without netem, delay needs a rate.
#[must_use]
pub fn commands(interface: &str, link: Link, netem: bool) -> Vec<String> {
    let Link { rate, delay } = link;
    // A bucket for 10 ms, and for at least two full packets with segmentation offloaded.
    let burst = (u64::from(rate) * 1000 / 8 / 100).max(16_384);
    let bucket = |latency: u32| format!("tbf rate {rate}kbit burst {burst}b latency {latency}ms");
    let start = format!("tc qdisc replace dev {interface}");
    match (rate, delay, netem) {
        (0, 0, _) | (0, _, false) => Vec::new(),
        (0, _, true) => vec![format!("{start} root netem delay {delay}ms")],
        (_, 0, _) => vec![format!("{start} root {}", bucket(50))],
        (_, _, false) => vec![format!("{start} root {}", bucket(delay))],
        (_, _, true) => vec![
            format!("{start} root handle 1: netem delay {delay}ms"),
            format!("{start} parent 1: handle 2: {}", bucket(50)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netem_delays_where_it_is_there_and_the_queue_where_it_is_not() {
        let link = Link { rate: 1000, delay: 200 };
        assert_eq!(
            commands("public", link, false),
            ["tc qdisc replace dev public root tbf rate 1000kbit burst 16384b latency 200ms"]
        );
        assert_eq!(
            commands("public", link, true),
            [
                "tc qdisc replace dev public root handle 1: netem delay 200ms",
                "tc qdisc replace dev public parent 1: handle 2: tbf rate 1000kbit burst 16384b \
                 latency 50ms"
            ]
        );
    }

    #[test]
    fn nothing_is_claimed_that_cannot_be_done() {
        assert!(commands("public", Link { rate: 0, delay: 100 }, false).is_empty());
        assert!(commands("public", Link { rate: 0, delay: 0 }, true).is_empty());
        assert_eq!(commands("eth0", Link { rate: 800_000, delay: 0 }, false).len(), 1);
    }
}
