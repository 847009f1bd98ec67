//! The kernel's messages of a run, as `/var/log/kern.log` has them: only those that concern the
//! lab, because the rest of the machine's is nobody's evidence.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::time::{Duration, SystemTime};

use crate::clock;
use crate::tap::read_available;

/// Which messages concern the lab. Those about the network name no process and no namespace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Concern {
    /// The lab's control group.
    pub(crate) group: Option<String>,
    /// Ports on which its servers listen.
    pub(crate) ports: Vec<u16>,
    /// Whether a step of the drill fills a connection table.
    pub(crate) connection_table: bool,
}

impl Concern {
    fn network(&self, text: &str) -> bool {
        if text.contains("nf_conntrack: table full") {
            return self.connection_table;
        }
        // `request_sock_TCP: Possible SYN flooding on port 10.50.0.11:8080. Sending cookies.`
        let flooded = text.split_once("Possible SYN flooding on port ").map(|(_, rest)| rest);
        let port = flooded.and_then(|rest| {
            let place = rest.split(". ").next()?;
            place.rsplit(':').next()?.parse().ok()
        });
        port.is_some_and(|port: u16| self.ports.contains(&port))
    }
}

/// Passes over everything that was said before.
pub(crate) fn skip(log: &mut File) {
    // A log that cannot be positioned is filtered by its contents alone.
    let _ = log.seek(SeekFrom::End(0));
}

/// What the kernel said since, in the format of syslog.
pub(crate) fn read(log: &mut File, concern: &Concern) -> String {
    let mut messages = Vec::new();
    read_available(log, |record| {
        // One read is one message: `priority,sequence,microseconds,flags;text`.
        let record = String::from_utf8_lossy(record).into_owned();
        if let Some((head, text)) = record.split_once(';') {
            let since_boot = head.split(',').nth(2).and_then(|n| n.parse::<u64>().ok());
            let text = text.lines().next().unwrap_or_default().to_owned();
            messages.push((since_boot.unwrap_or(0), text));
        }
    });
    concerning(messages, concern, boot())
}

fn concerning(messages: Vec<(u64, String)>, concern: &Concern, boot: Option<SystemTime>) -> String {
    let group = concern.group.as_deref();
    // The summary of a kill names the group and the process; the line people know only the latter.
    let mut ours: BTreeSet<String> = BTreeSet::new();
    for (_, text) in &messages {
        if group.is_some_and(|group| text.contains(group)) {
            ours.extend(value(text, "pid=").map(str::to_owned));
        }
    }
    let mut out = String::new();
    for (microseconds, text) in messages {
        let killed =
            text.split_once("Killed process ").and_then(|(_, rest)| rest.split(' ').next());
        let mine = killed.is_some_and(|pid| ours.contains(pid))
            || group.is_some_and(|group| text.contains(group))
            || concern.network(&text);
        if !mine {
            continue;
        }
        let at = boot.map(|boot| boot + Duration::from_micros(microseconds));
        let stamp = at.map(clock::rfc3339).unwrap_or_default();
        let seconds = microseconds as f64 / 1e6;
        out.push_str(&format!("{stamp} lab kernel: [{seconds:12.6}] {text}\n"));
    }
    out
}

fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.split([',', ' ']).find_map(|pair| pair.strip_prefix(key))
}

/// When the machine was started, by its own clock.
fn boot() -> Option<SystemTime> {
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = uptime.split(' ').next()?.parse().ok()?;
    SystemTime::now().checked_sub(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_labs_own_kills_are_kept() {
        let messages = vec![
            (
                1,
                "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/why502-lab-7/a,task=node,pid=12,uid=0",
            ),
            (2, "Memory cgroup out of memory: Killed process 12 (node) total-vm:1kB"),
            (3, "Memory cgroup out of memory: Killed process 99 (other) total-vm:1kB"),
            (4, "usb 1-1: new device"),
        ];
        let messages = messages.into_iter().map(|(at, text)| (at, text.to_owned())).collect();
        let concern = Concern { group: Some("why502-lab-7".to_owned()), ..Concern::default() };
        let text = concerning(messages, &concern, Some(SystemTime::UNIX_EPOCH));
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("Killed process 12"), "{text}");
    }

    #[test]
    fn a_flood_is_the_labs_if_it_listens_on_the_port() {
        let flood = "TCP: request_sock_TCP: Possible SYN flooding on port 10.50.0.11:8080. \
                     Sending cookies.  Check SNMP counters.";
        let concern = |port| Concern { ports: vec![port], ..Concern::default() };
        assert!(concern(8080).network(flood));
        assert!(!concern(3000).network(flood));
        assert!(!concern(8080).network("nf_conntrack: nf_conntrack: table full, dropping packet"));
    }
}
