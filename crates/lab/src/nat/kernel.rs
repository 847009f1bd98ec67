//! What the kernel would write about a logged packet, and what it writes about a full connection
//! table.
//!
//! Source of the line: Linux `net/netfilter/nf_log_syslog.c`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::time::SystemTime;

use rustix::fs::{Mode, OFlags};

use super::cloud::stamp;
use super::nflog::Logged;
use super::packet::Transport;

/// The line of the `LOG` target (`log prefix "…"` without a group) about a packet: `IN=private
/// OUT=public MAC=… SRC=… DST=… LEN=60 … PROTO=TCP SPT=… DPT=… WINDOW=… RES=0x00 SYN URGP=0`.
#[must_use]
pub fn log_line(logged: &Logged) -> String {
    let packet = &logged.packet;
    let mut line = format!("{}IN={} OUT={} ", logged.prefix, logged.input, logged.output);
    if !logged.input.is_empty() {
        let bytes: Vec<String> = logged.link.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = write!(line, "MAC={} ", bytes.join(":"));
    }
    let _ = write!(
        line,
        "SRC={} DST={} LEN={} TOS=0x{:02X} PREC=0x{:02X} TTL={} ID={} ",
        packet.source,
        packet.destination,
        packet.length,
        packet.service & 0x1e,
        packet.service & 0xe0,
        packet.time_to_live,
        packet.id
    );
    for (bit, name) in [(0x8000, "CE "), (0x4000, "DF "), (0x2000, "MF ")] {
        if packet.fragment & bit != 0 {
            line.push_str(name);
        }
    }
    if packet.fragment & 0x1fff != 0 {
        let _ = write!(line, "FRAG:{} ", packet.fragment & 0x1fff);
    }
    let _ = match packet.transport {
        Transport::Tcp { source, destination, window, flags, reserved, urgent } => {
            let _ = write!(
                line,
                "PROTO=TCP SPT={source} DPT={destination} WINDOW={window} RES=0x{:02x} ",
                reserved << 2
            );
            for (bit, name) in [
                (0x80, "CWR "),
                (0x40, "ECE "),
                (0x20, "URG "),
                (0x10, "ACK "),
                (0x08, "PSH "),
                (0x04, "RST "),
                (0x02, "SYN "),
                (0x01, "FIN "),
            ] {
                if flags & bit != 0 {
                    line.push_str(name);
                }
            }
            write!(line, "URGP={urgent} ")
        }
        Transport::Udp { source, destination, length } => {
            write!(line, "PROTO=UDP SPT={source} DPT={destination} LEN={length} ")
        }
        Transport::Icmp { kind, code } => write!(line, "PROTO=ICMP TYPE={kind} CODE={code} "),
        Transport::Other => write!(line, "PROTO={} ", packet.protocol),
    };
    if logged.mark != 0 {
        let _ = write!(line, "MARK=0x{:x} ", logged.mark);
    }
    line
}

/// A kernel message as a syslog daemon writes it to its file: time, host, `kernel:`, message.
#[must_use]
pub fn syslog_line(time: SystemTime, host: &str, message: &str) -> String {
    format!("{} {host} kernel: {}", stamp(time), message.trim_end())
}

/// The kernel's own messages, from the moment of opening on. Only the administrator of the whole
/// machine may read them, so it is opened before the lab enters its own user namespace.
pub struct KernelLog(File);

impl KernelLog {
    /// Opens the messages and passes over those there are.
    ///
    /// # Errors
    ///
    /// The caller may not read them, or there are none (in most containers).
    pub fn open() -> io::Result<KernelLog> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::open("/dev/kmsg", flags, Mode::empty())?);
        file.seek(SeekFrom::End(0))?;
        Ok(KernelLog(file))
    }

    /// The messages since the last call, without their numbers.
    ///
    /// # Errors
    ///
    /// The kernel gave none for another reason than that there are none.
    pub fn read(&mut self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut buffer = [0; 8192];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => return Ok(found),
                Ok(length) => {
                    let record = String::from_utf8_lossy(&buffer[..length]);
                    // `6,2154,12243726518,-;message`, then lines of a dictionary.
                    let message = record.split_once(';').and_then(|(_, rest)| rest.lines().next());
                    found.extend(message.map(str::to_owned));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(found),
                // Messages were overwritten before they were read: the next read goes on behind.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dialects::{Context, Dialect, Understood};

    use super::*;
    use crate::nat::nflog::tests::fixture;

    #[test]
    fn a_dropped_packet_reads_as_in_dmesg() {
        let logged = &fixture()[1];
        assert_eq!(
            log_line(logged).trim_end(),
            "why502-drop: IN=private OUT=public MAC=4a:66:7f:66:c0:8e:3e:9f:5d:30:ca:d0:08:00 \
             SRC=10.50.0.11 DST=203.0.113.10 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=39751 DF \
             PROTO=TCP SPT=38502 DPT=81 WINDOW=64240 RES=0x00 SYN URGP=0"
        );
        let line = syslog_line(logged.time, "router", &log_line(logged));
        let start = "2026-11-22T14:21:15.031543Z router kernel: why502-drop: IN=private OUT=public";
        assert!(line.starts_with(start), "{line}");
    }

    #[test]
    fn a_full_connection_table_is_what_our_dialect_reads() {
        let message = "nf_conntrack: nf_conntrack: table full in netns 4026532180, dropping packet";
        let line = syslog_line(SystemTime::UNIX_EPOCH, "router", message);
        let kernel: &dyn Dialect = dialects::by_name("kernel").unwrap();
        let mut events = Vec::new();
        assert_eq!(kernel.parse(&line, &Context::default(), &mut events), Understood::Yes);
        assert_eq!(events.len(), 1);
    }
}
