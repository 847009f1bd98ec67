//! The kernel's log groups: the packets that rules with `log group N` have logged.
//!
//! Source: Linux `include/uapi/linux/netfilter/nfnetlink_log.h`.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, SystemTime};

use super::netlink::{ACK, Request, Socket, messages};
use super::packet::Packet;

/// `NFNL_SUBSYS_ULOG` and `NFULNL_MSG_PACKET`.
const PACKET: u16 = 4 << 8;
/// `NFNL_SUBSYS_ULOG` and `NFULNL_MSG_CONFIG`.
const CONFIG: u16 = 4 << 8 | 1;

/// Bytes copied of each packet: the longest IP header and the longest TCP header.
const COPIED: u32 = 120;

/// A packet that a rule has logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// When it passed, or when it was read if the kernel did not stamp it.
    pub time: SystemTime,
    /// The log group.
    pub group: u16,
    /// The rule's own words.
    pub prefix: String,
    /// The packet's mark.
    pub mark: u32,
    /// The interface it came from; empty for none.
    pub input: String,
    /// The interface it was to leave by; empty for none.
    pub output: String,
    /// Its link-layer header; empty for none.
    pub link: Vec<u8>,
    /// Its head.
    pub packet: Packet,
}

/// Reads log groups of one network namespace.
pub struct DropLog {
    socket: Socket,
    buffer: Vec<u8>,
    interfaces: BTreeMap<u32, String>,
    expected: BTreeMap<u16, u32>,
    lost: u64,
}

impl DropLog {
    /// Listens to these groups in the network namespace of the calling thread. What is logged
    /// from now on is kept by the kernel until it is read, up to about a thousand packets.
    ///
    /// # Errors
    ///
    /// The kernel has no log groups, somebody else listens to one of them, or the caller is not
    /// an administrator of the namespace.
    pub fn open(groups: &[u16]) -> io::Result<DropLog> {
        let socket = Socket::open()?;
        socket.receive_buffer(4 << 20)?;
        for &group in groups {
            let mut copy = COPIED.to_be_bytes().to_vec();
            copy.extend([2, 0]);
            let request = Request::new(CONFIG, ACK, 0, group)
                .attribute(1, &[1])
                .attribute(2, &copy)
                .attribute(4, &1u32.to_be_bytes())
                .attribute(5, &1u32.to_be_bytes())
                .attribute(6, &1u16.to_be_bytes());
            socket.confirmed(request).map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("the kernel's log group {group} cannot be read: {error}"),
                )
            })?;
        }
        let expected = groups.iter().map(|&group| (group, 0)).collect();
        let buffer = vec![0; 1 << 16];
        Ok(DropLog { socket, buffer, interfaces: BTreeMap::new(), expected, lost: 0 })
    }

    /// The packets logged since the last call; waits up to this time for the first of them.
    ///
    /// # Errors
    ///
    /// The socket broke.
    pub fn wait(&mut self, within: Duration) -> io::Result<Vec<Logged>> {
        let mut found = Vec::new();
        let mut patience = within;
        loop {
            let datagram = match self.socket.receive(&mut self.buffer, patience) {
                Ok(Some(datagram)) => datagram,
                Ok(None) => return Ok(found),
                // The buffer ran over: the gap in the sequence says how many were lost.
                Err(error) if error.raw_os_error() == Some(105) => continue,
                Err(error) => return Err(error),
            };
            for entry in read(datagram, SystemTime::now()) {
                let due = self.expected.entry(entry.group).or_default();
                if let Some(sequence) = entry.sequence {
                    self.lost += u64::from(sequence.wrapping_sub(*due));
                    *due = sequence.wrapping_add(1);
                }
                let mut name = |index: Option<u32>| match index {
                    None => String::new(),
                    Some(index) => self
                        .interfaces
                        .entry(index)
                        .or_insert_with(|| {
                            self.socket.interface(index).unwrap_or_else(|| format!("if{index}"))
                        })
                        .clone(),
                };
                found.push(Logged {
                    time: entry.time,
                    group: entry.group,
                    prefix: entry.prefix,
                    mark: entry.mark,
                    input: name(entry.input),
                    output: name(entry.output),
                    link: entry.link,
                    packet: entry.packet,
                });
            }
            if found.len() >= 4096 {
                return Ok(found);
            }
            patience = Duration::ZERO;
        }
    }

    /// How many logged packets were lost because they were not read in time.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

/// An entry as the kernel sends it, interfaces by number.
struct Entry {
    time: SystemTime,
    group: u16,
    sequence: Option<u32>,
    prefix: String,
    mark: u32,
    input: Option<u32>,
    output: Option<u32>,
    link: Vec<u8>,
    packet: Packet,
}

/// The IPv4 packets of a datagram.
fn read(datagram: &[u8], now: SystemTime) -> Vec<Entry> {
    let packets = messages(datagram).filter(|message| message.kind == PACKET);
    packets.filter_map(|message| entry(message.resource(), message.attributes(), now)).collect()
}

fn entry<'a>(
    group: u16,
    attributes: impl Iterator<Item = (u16, &'a [u8])>,
    now: SystemTime,
) -> Option<Entry> {
    let mut packet = None;
    let (mut sequence, mut mark, mut input, mut output) = (None, 0, None, None);
    let (mut time, mut prefix, mut link) = (now, String::new(), Vec::new());
    let number = |value: &[u8]| value.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
    for (kind, value) in attributes {
        match kind {
            2 => mark = number(value).unwrap_or_default(),
            3 => time = stamp(value).unwrap_or(now),
            4 => input = number(value),
            5 => output = number(value),
            9 => packet = Packet::read(value),
            10 => {
                let text = value.split(|&byte| byte == 0).next().unwrap_or_default();
                prefix = String::from_utf8_lossy(text).into_owned();
            }
            12 => sequence = number(value),
            16 => link = value.to_vec(),
            _ => {}
        }
    }
    let packet = packet?;
    Some(Entry { time, group, sequence, prefix, mark, input, output, link, packet })
}

/// Seconds and microseconds since 1970.
fn stamp(value: &[u8]) -> Option<SystemTime> {
    let seconds = u64::from_be_bytes(*value.first_chunk()?);
    let micros = u64::from_be_bytes(*value.get(8..)?.first_chunk()?);
    let since = Duration::from_secs(seconds).checked_add(Duration::from_micros(micros))?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::nat::Transport;

    /// What Linux 6.18 sent for a SYN dropped by the NAT's rules, and for one dropped by
    /// `log prefix "why502-drop: " group 6`.
    const DATAGRAMS: &str = include_str!("nflog.hex");

    /// The datagrams of the fixture.
    pub(in crate::nat) fn datagrams() -> Vec<Vec<u8>> {
        let lines = DATAGRAMS.lines().filter(|line| !line.starts_with('#'));
        let bytes = |line: &str| {
            let pairs = line.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
        };
        lines.map(bytes).collect()
    }

    /// The packets of the fixture.
    pub(in crate::nat) fn fixture() -> Vec<Logged> {
        let entries = datagrams().into_iter().flat_map(|d| read(&d, SystemTime::UNIX_EPOCH));
        let name = |index: Option<u32>| match index {
            Some(2) => "private".to_owned(),
            Some(3) => "public".to_owned(),
            other => panic!("interface {other:?}"),
        };
        let logged = entries.map(|entry| Logged {
            time: entry.time,
            group: entry.group,
            prefix: entry.prefix,
            mark: entry.mark,
            input: name(entry.input),
            output: name(entry.output),
            link: entry.link,
            packet: entry.packet,
        });
        logged.collect()
    }

    #[test]
    fn the_kernels_own_datagrams_are_read() {
        let [dropped, refused] = &fixture()[..] else { panic!("two packets expected") };
        assert_eq!((dropped.group, dropped.prefix.as_str()), (5, "nat-dropped"));
        assert_eq!(dropped.packet.source.to_string(), "10.50.0.11");
        assert_eq!(dropped.packet.destination.to_string(), "203.0.113.10");
        assert_eq!(dropped.packet.ports(), Some((46_842, 80)));
        let since = dropped.time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(since, Duration::from_micros(1_795_357_274_651_301));
        assert!(matches!(dropped.packet.transport, Transport::Tcp { flags: 2, .. }));
        assert_eq!((refused.group, refused.prefix.as_str()), (6, "why502-drop: "));
    }

    #[test]
    fn a_datagram_cut_short_gives_nothing_and_does_not_panic() {
        let whole = &datagrams()[0];
        for end in 0..whole.len() {
            assert!(read(&whole[..end], SystemTime::UNIX_EPOCH).is_empty());
        }
    }
}
