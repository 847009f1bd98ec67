//! What stands in front of a kernel or systemd message: syslog header, time since boot, date.

use model::Timestamp;

use crate::node::leading_stamp;
use crate::{Context, scan};

/// A message with what its prefix said.
pub(super) struct Message<'a> {
    /// When, if the prefix or the context says.
    pub(super) at: Option<Timestamp>,
    /// The host, if the prefix names it.
    pub(super) host: Option<&'a str>,
    /// Whether the prefix says that systemd wrote it.
    pub(super) from_systemd: bool,
    /// The message itself.
    pub(super) text: &'a str,
}

/// Programs whose messages are read, as they stand before the process number or the colon.
const TAGS: [&str; 5] = ["kernel", "systemd", "systemd-oomd", "systemd-coredump", "setroubleshoot"];

/// What stands before and after `tag: ` or `tag[812]: `.
fn tagged<'a>(line: &'a str, tag: &str) -> Option<(&'a str, &'a str)> {
    let (head, rest) = line.match_indices(tag).take(4).find_map(|(at, _)| {
        let rest = &line[at + tag.len()..];
        rest.starts_with([':', '[']).then_some((&line[..at], rest))
    })?;
    if let Some(rest) = rest.strip_prefix(": ") {
        return Some((head, rest));
    }
    let (pid, rest) = rest.strip_prefix('[')?.split_once("]: ")?;
    // A user's own manager runs what that user started.
    let system = tag != "systemd" || pid == "1";
    (system && !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit())).then_some((head, rest))
}

/// Takes the prefix off a line: `Apr  6 22:28:06 web-1 kernel: [ 2170.37] …`,
/// `2026-04-06T22:28:06+00:00 web-1 systemd[1]: …` (journalctl in any of its `short` forms), `[Fri Nov 21 14:22:56 2025] …`, `[ 2170.37] …`.
pub(super) fn read<'a>(line: &'a str, context: &Context) -> Message<'a> {
    let line = line.trim();
    let mut message =
        Message { at: context.prefix_time, host: None, from_systemd: false, text: line };
    for tag in TAGS {
        let Some((head, rest)) = tagged(line, tag) else { continue };
        if head.len() > 120 || !(head.is_empty() || head.ends_with(' ')) {
            continue;
        }
        let (time, host) = syslog_header(head.trim(), context);
        message.at = time.or(message.at);
        message.host = host;
        message.from_systemd = tag == "systemd";
        message.text = rest.trim_start();
        break;
    }
    if let Some((inside, rest)) = message.text.strip_prefix('[').and_then(|t| t.split_once(']')) {
        let inside = inside.trim();
        if inside.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !inside.is_empty() {
            // Seconds since boot cannot be dated.
            message.text = rest.trim_start();
        } else {
            let (time, rest) = leading_stamp(message.text, context.offset_east);
            if time.is_some() {
                message.at = time;
                message.text = rest;
            }
        }
    }
    message
}

/// Time and host of a syslog header without its tag, with or without `<priority>` in front.
pub(crate) fn syslog_header<'a>(
    head: &'a str,
    context: &Context,
) -> (Option<Timestamp>, Option<&'a str>) {
    let priority = head.strip_prefix('<').and_then(|head| head.split_once('>'));
    let mut words = priority.map_or(head, |(_, head)| head).split_ascii_whitespace();
    let Some(mut first) = words.next() else { return (None, None) };
    if let Some(time) = scan::iso(first.as_bytes(), context.offset_east) {
        return (Some(time), words.next());
    }
    // journalctl -o short-full: `Mon 2026-11-02 03:04:05 UTC host`.
    if first.len() == 3
        && let Some(date) = words.clone().next().filter(|word| word.len() == 10)
        && let Some(clock) = words.clone().nth(1)
        && let Some(zone) = words.clone().nth(2)
    {
        let offset = scan::offset(zone.as_bytes()).unwrap_or(context.offset_east);
        let stamp = format!("{date} {clock}");
        if let Some(time) = scan::iso(stamp.as_bytes(), offset) {
            return (Some(time), words.nth(3));
        }
    }
    // -o short-unix: `1762052645.123456 host`.
    if let Some((whole, fraction)) = first.split_once('.')
        && whole.len() == 10
        && fraction.len() == 6
        && let (Ok(seconds), Ok(micros)) = (whole.parse::<i64>(), fraction.parse::<i64>())
    {
        return (Some(Timestamp(seconds * 1_000_000 + micros)), words.next());
    }
    let Some(month) = scan::month(first.as_bytes()) else { return (None, Some(first)) };
    let day = words.next().and_then(|day| scan::digits(day.as_bytes()));
    first = words.next().unwrap_or("");
    // -o short-precise adds microseconds.
    let (whole, fraction) = first.split_once('.').unwrap_or((first, ""));
    let clock = crate::node::clock(whole.as_bytes());
    let micros = match fraction.len() {
        6 => scan::digits(fraction.as_bytes()).unwrap_or(0),
        _ => 0,
    };
    let time = day.zip(clock).zip(context.year).and_then(|((day, clock), year)| {
        Timestamp::from_civil((year, month, day), clock, micros, context.offset_east)
    });
    (time, words.next())
}
