//! The kernel's connection table, filled to its real limit.
//!
//! The limit (`nf_conntrack_max`) is the machine's and can only be read in a namespace, but each
//! namespace is counted on its own. So the router's table is filled with entries of connections
//! nobody has, of addresses nobody uses, until the kernel itself says that it is full.
//!
//! Source: Linux `net/netfilter/nf_conntrack_core.c`, `nf_conntrack_netlink.c`.

use std::fs;
use std::io;
use std::time::Duration;

use super::netlink::{CREATE, ERROR, Request, Socket, error_of, messages};

/// What the kernel says, without the namespace that newer kernels add: for the evidence of a run
/// whose user may not read the kernel's own messages ([`super::KernelLog`]) but sees
/// [`dropped`] rise.
pub const TABLE_FULL: &str = "nf_conntrack: nf_conntrack: table full, dropping packet";

/// Most entries that are ever made: about 400 bytes of the kernel's memory each.
const MOST: u32 = 1 << 20;

/// Entries sent in one piece: the kernel works on them before it returns.
const PIECE: u32 = 256;

/// `NFNL_SUBSYS_CTNETLINK` and `IPCTNL_MSG_CT_NEW`.
const NEW: u16 = 1 << 8;

/// `IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED`: without them the kernel gives up such an entry
/// for a new connection instead of dropping that.
const ASSURED: u32 = 0xe;

/// What filling the table came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The limit, `nf_conntrack_max`.
    pub limit: u32,
    /// Entries in the table now.
    pub entries: u32,
}

/// Why the table was not filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// `/proc` does not tell.
    #[error("{path} could not be read ({source}): connection tracking is not in use here")]
    Unknown {
        /// The file.
        path: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Too large to be filled for a drill.
    #[error("nf_conntrack_max is {limit}, and more than {MOST} entries are not made for a drill")]
    TooLarge {
        /// The limit.
        limit: u32,
    },
    /// The kernel refused.
    #[error("the kernel refused entries for its connection table: {0}")]
    Refused(#[from] io::Error),
}

/// Fills the connection table of the calling thread's network namespace but for `spare` entries;
/// they last for `seconds`. From then on the kernel drops the packets of new connections and says
/// `table full, dropping packet`, as long as rules in the namespace use connection tracking.
///
/// # Errors
///
/// The table's limit is unknown or above a million, or the kernel refuses.
pub fn fill(spare: u32, seconds: u32) -> Result<Filled, FillError> {
    let limit = value("/proc/sys/net/netfilter/nf_conntrack_max")?;
    if limit > MOST {
        return Err(FillError::TooLarge { limit });
    }
    let socket = Socket::open()?;
    socket.receive_buffer(1 << 20)?;
    let (template, mut bytes, mut number) = (Template::new(seconds), Vec::new(), 0);
    // Twice the limit: entries a former call has made already are refused.
    while number < limit * 2 {
        let entries = value("/proc/sys/net/netfilter/nf_conntrack_count")?;
        let missing = limit.saturating_sub(spare).saturating_sub(entries);
        if missing == 0 {
            return Ok(Filled { limit, entries });
        }
        let piece = missing.min(PIECE);
        bytes.clear();
        (number..number + piece).for_each(|number| template.write(number, &mut bytes));
        socket.send(&bytes)?;
        number += piece;
        refusal(&socket)?;
    }
    let entries = value("/proc/sys/net/netfilter/nf_conntrack_count")?;
    Ok(Filled { limit, entries })
}

/// Packets the kernel has dropped in this namespace for want of an entry or of memory
/// (`drop` of `/proc/net/stat/nf_conntrack`).
///
/// # Errors
///
/// `/proc` does not tell.
pub fn dropped() -> io::Result<u64> {
    let table = fs::read_to_string("/proc/thread-self/net/stat/nf_conntrack")?;
    Ok(counted(&table, "drop"))
}

/// The sum of a column of hexadecimal counters, one line per processor.
fn counted(table: &str, column: &str) -> u64 {
    let mut lines = table.lines();
    let names = lines.next().unwrap_or_default();
    let Some(at) = names.split_ascii_whitespace().position(|name| name == column) else { return 0 };
    lines
        .filter_map(|line| line.split_ascii_whitespace().nth(at))
        .filter_map(|value| u64::from_str_radix(value, 16).ok())
        .sum()
}

/// What the kernel said about the last piece; entries that are there already are no failure, and
/// neither is the table being full, which is what is wanted.
fn refusal(socket: &Socket) -> io::Result<()> {
    let mut buffer = [0; 1 << 16];
    loop {
        let answer = match socket.receive(&mut buffer, Duration::ZERO) {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ok(()),
            Err(error) if error.raw_os_error() == Some(105) => continue,
            Err(error) => return Err(error),
        };
        let errors = messages(answer).filter(|message| message.kind == ERROR);
        for error in errors.filter_map(|message| error_of(message.body)) {
            if !matches!(error.raw_os_error(), Some(12 | 17)) {
                return Err(error);
            }
        }
    }
}

/// An established TCP connection between two addresses of 10.254.0.0/16 and 10.255.0.0/16.
fn entry(number: u32, seconds: u32) -> Request {
    let [_, block, high, low] = number.to_be_bytes();
    let (from, to) = ([10, 254, block, 1], [10, 255, 0, 1]);
    let port = [high, low];
    let tuple = |source: [u8; 4], target: [u8; 4], ports: ([u8; 2], [u8; 2])| {
        move |outer: Request| {
            outer.nested(1, |ip| ip.attribute(1, &source).attribute(2, &target)).nested(2, |tcp| {
                tcp.attribute(1, &[6]).attribute(2, &ports.0).attribute(3, &ports.1)
            })
        }
    };
    Request::new(NEW, CREATE, 2, 0)
        .nested(1, tuple(from, to, (port, [0, 9])))
        .nested(2, tuple(to, from, ([0, 9], port)))
        .attribute(3, &ASSURED.to_be_bytes())
        .attribute(7, &seconds.to_be_bytes())
        // CTA_PROTOINFO_TCP_STATE: established.
        .nested(4, |info| info.nested(1, |tcp| tcp.attribute(1, &[3])))
}

/// An entry with gaps for its number: writing a quarter of a million of them has to be quick.
struct Template {
    bytes: Vec<u8>,
    blocks: Vec<usize>,
    ports: Vec<usize>,
}

impl Template {
    fn new(seconds: u32) -> Template {
        let bytes = entry(0x00ab_cdef, seconds).finish();
        let places = |pattern: &[u8]| -> Vec<usize> {
            let windows = bytes.windows(pattern.len()).enumerate();
            windows.filter(|(_, window)| *window == pattern).map(|(at, _)| at).collect()
        };
        let (blocks, ports) = (places(&[10, 254, 0xab, 1]), places(&[0xcd, 0xef]));
        Template { bytes, blocks, ports }
    }

    fn write(&self, number: u32, out: &mut Vec<u8>) {
        let [_, block, high, low] = number.to_be_bytes();
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        for at in &self.blocks {
            out[start + at + 2] = block;
        }
        for at in &self.ports {
            out[start + at..start + at + 2].copy_from_slice(&[high, low]);
        }
    }
}

fn value(path: &'static str) -> Result<u32, FillError> {
    let text = fs::read_to_string(path).map_err(|source| FillError::Unknown { path, source })?;
    text.trim().parse().map_err(|_| FillError::Unknown {
        path,
        source: io::Error::new(io::ErrorKind::InvalidData, text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_all_processors_are_added() {
        let table = "entries  clashres found drop early_drop\n\
                     00000011 00000000 00000000 0000000a 00000001\n\
                     00000011 00000000 00000000 00000010 00000000\n";
        assert_eq!(counted(table, "drop"), 26);
        assert_eq!(counted(table, "absent"), 0);
    }

    #[test]
    fn a_filled_template_is_the_entry_of_its_number() {
        let template = Template::new(60);
        for number in [0, 1, 0xcdef, 0x0003_ffff, 0x000f_0a0b] {
            let mut bytes = Vec::new();
            template.write(number, &mut bytes);
            assert_eq!(bytes, entry(number, 60).finish());
            assert_eq!(messages(&bytes).count(), 1);
        }
        assert_ne!(entry(1, 60).finish(), entry(1 << 16 | 1, 60).finish());
    }
}
