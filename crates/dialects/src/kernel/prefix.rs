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

/// Takes the prefix off a line: `Apr  6 22:28:06 web-1 kernel: [ 2170.37] …`,
/// `2026-04-06T22:28:06+00:00 web-1 systemd[1]: …`, `[Fri Nov 21 14:22:56 2025] …`, `[ 2170.37] …`.
pub(super) fn read<'a>(line: &'a str, context: &Context) -> Message<'a> {
    let line = line.trim();
    let mut message =
        Message { at: context.prefix_time, host: None, from_systemd: false, text: line };
    for tag in ["kernel: ", "systemd[1]: ", "systemd: "] {
        let Some((head, rest)) = line.split_once(tag) else { continue };
        if head.len() > 120 || !(head.is_empty() || head.ends_with(' ')) {
            continue;
        }
        let (time, host) = syslog_header(head.trim(), context);
        message.at = time.or(message.at);
        message.host = host;
        message.from_systemd = tag.starts_with("systemd");
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
    let Some(first) = words.next() else { return (None, None) };
    if let Some(time) = scan::iso(first.as_bytes(), context.offset_east) {
        return (Some(time), words.next());
    }
    let Some(month) = scan::month(first.as_bytes()) else { return (None, Some(first)) };
    let day = words.next().and_then(|day| scan::digits(day.as_bytes()));
    let clock = words.next().and_then(|clock| crate::node::clock(clock.as_bytes()));
    let time = day.zip(clock).zip(context.year).and_then(|((day, clock), year)| {
        Timestamp::from_civil((year, month, day), clock, 0, context.offset_east)
    });
    (time, words.next())
}
