//! Kernel messages: OOM kills, connection table, listen queues, crashes; and systemd's lines about
//! services.
//!
//! Sources: Linux `mm/oom_kill.c`, `net/netfilter/nf_conntrack_core.c`, `net/ipv4/tcp_input.c`,
//! `arch/x86/mm/fault.c`.

use std::borrow::Cow;

use model::{Event, Occurrence, OccurrenceKind, Timestamp};

use super::prefix::{self, Message};
use super::systemd;
use crate::{About, Context, Dialect, Marks, Understood};

/// Kernel messages: OOM kills, connection table, listen queues.
pub(crate) struct Kernel;

impl Dialect for Kernel {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn about(&self) -> &'static About {
        &super::about::KERNEL
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&[
            "oom-kill",
            "oom_reaper",
            "Memory cgroup ",
            "Killed ",
            "Kill process ",
            "conntrack: table full",
            "Possible SYN flooding",
            "segfault at ",
            "traps: ",
            "Process ",
            " OUT=",
            ".service",
            "systemd",
        ]])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record, &Context::default()).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record, context), out)
    }
}

/// What stands before the kernel's words where somebody quotes them.
const QUOTES: [char; 2] = ['`', '"'];

/// `None` if the record is no message of these; `Some(None)` if it has nothing of its own to tell.
fn read<'a>(record: &'a str, context: &Context) -> Option<Option<Occurrence<'a>>> {
    if record.len() > 4096 || record.trim().contains('\n') {
        return None;
    }
    let message = prefix::read(record, context);
    let host = message
        .host
        .map(Cow::Borrowed)
        .or_else(|| context.hop.clone().map(Cow::Owned))
        .unwrap_or(Cow::Borrowed("host"));
    oom(&message)
        .or_else(|| network(&message, host.clone()))
        .or_else(|| super::netfilter::read(&message))
        .or_else(|| crash(message.text, message.at))
        .or_else(|| core_dump(&message))
        .or_else(|| systemd::read(&message))
}

/// `Out of memory: Killed process 1154 (php) total-vm:…`, and the lines that accompany a kill.
/// Kernels before 5.0 announce the kill on one line and report it on the next.
fn oom<'a>(message: &Message<'a>) -> Option<Option<Occurrence<'a>>> {
    let text = message.text;
    let announced = text
        .strip_prefix("Memory cgroup out of memory: Kill process ")
        .or_else(|| text.strip_prefix("Out of memory: Kill process "));
    let accompanies = text
        .split_once(" invoked oom-killer: gfp_mask=")
        .is_some_and(|(process, _)| !process.contains(QUOTES))
        || text.starts_with("oom-kill:constraint=")
        || text.starts_with("Memory cgroup stats for ")
        || text.starts_with("oom_reaper: reaped process ")
        || announced.is_some_and(|rest| rest.contains("sacrifice child"));
    if accompanies {
        return Some(None);
    }
    let (before, rest) = text.split_once("Killed process ")?;
    let scope = match before {
        "Memory cgroup out of memory: " => "memory cgroup",
        "Out of memory: " | "Out of memory (oom_kill_allocating_task): " => "host memory",
        "" => "memory",
        _ => return None,
    };
    let (pid, rest) = rest.split_once(" (")?;
    if pid.is_empty() || !pid.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (named, sizes) = rest.split_at(rest.find("total-vm:")?);
    let (name, _) = named.rsplit_once(')')?;
    let mut kill = Occurrence::new(OccurrenceKind::OomKill, message.at, name).object(pid);
    let resident =
        sizes.split_once("anon-rss:").and_then(|(_, rest)| rest.split([',', ' ']).next());
    kill.detail = Some(match resident {
        Some(size) => Cow::Owned(format!("{scope}, anon-rss {size}")),
        None => Cow::Borrowed(scope),
    });
    Some(Some(kill))
}

/// Connection table and listen queues.
fn network<'a>(message: &Message<'a>, host: Cow<'a, str>) -> Option<Option<Occurrence<'a>>> {
    let text = message.text;
    let table = text.strip_prefix("nf_conntrack: ").unwrap_or(text);
    let table = table.strip_prefix("nf_").or_else(|| table.strip_prefix("ip_"));
    if table.is_some_and(|text| text.starts_with("conntrack: table full")) {
        let full = Occurrence::new(OccurrenceKind::ConntrackFull, message.at, host);
        return Some(Some(full.detail("table full, dropping packet")));
    }
    let (before, rest) = text.split_once("Possible SYN flooding on port ")?;
    // The protocol's names stand before it, and what is done about it behind.
    if !before.split_ascii_whitespace().all(|word| word.ends_with(':') && word.len() > 1) {
        return None;
    }
    // Since Linux 6.1 the port is written with its address.
    let (address, what) = rest.split_once(' ')?;
    (what.starts_with("Sending cookies") || what.starts_with("Dropping request")).then_some(())?;
    let address = address.trim_end_matches('.');
    let port = address.rsplit(':').next().unwrap_or(address);
    let mut overflow = Occurrence::new(OccurrenceKind::ListenOverflow, message.at, host);
    if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) {
        overflow.object = Some(Cow::Borrowed(port));
    }
    Some(Some(overflow.detail("possible SYN flooding")))
}

/// `node[1154]: segfault at 0 ip …` and `traps: node[1154] general protection fault ip:…`.
fn crash(text: &str, at: Option<Timestamp>) -> Option<Option<Occurrence<'_>>> {
    let (process, rest) = match text.strip_prefix("traps: ") {
        Some(trap) => trap.split_once("] ").filter(|(_, rest)| {
            rest.starts_with("general protection") || rest.starts_with("trap ")
        })?,
        None => text.split_once("]: ").filter(|(_, rest)| rest.starts_with("segfault at "))?,
    };
    let (name, pid) = process.rsplit_once('[')?;
    if name.is_empty() || name.contains(QUOTES) || !pid.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut exit = Occurrence::new(OccurrenceKind::ProcessExit, at, name);
    if rest.starts_with("segfault at ") {
        exit.object = Some(Cow::Borrowed("signal 11"));
    }
    let what = rest.split(" ip").next().unwrap_or(rest);
    Some(Some(exit.detail(what)))
}

/// systemd-coredump: `Process 812 (node) of user 1000 dumped core.`
fn core_dump<'a>(message: &Message<'a>) -> Option<Option<Occurrence<'a>>> {
    let (pid, rest) = message.text.strip_prefix("Process ")?.split_once(" (")?;
    let (name, rest) = rest.split_once(") of user ")?;
    let (user, rest) = rest.split_once(' ')?;
    let numbers = [pid, user].iter().all(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let whole = rest.starts_with("dumped core.") || rest.starts_with("terminated abnormally");
    (numbers && whole).then(|| {
        let exit = Occurrence::new(OccurrenceKind::ProcessExit, message.at, name);
        Some(exit.detail("dumped core"))
    })
}
