//! Rows of the tables that `kubectl` prints: events, and pods.

use std::borrow::Cow;

use model::{Occurrence, OccurrenceKind};

use super::Told;
use super::name;
use super::reason::{self, Happening};
use crate::Context;

/// Reads one line of a table or of `kubectl describe`.
pub(super) fn read<'a>(line: &'a str, context: &Context) -> Told<'a> {
    header(line)
        .or_else(|| event_row(line))
        .or_else(|| described(line, context))
        .or_else(|| pod_row(line))
        .or_else(|| out_of_memory(line, context))
}

/// The line that names the columns.
fn header<'a>(line: &str) -> Told<'a> {
    let words: Vec<&str> = line.split_ascii_whitespace().take(12).collect();
    let words = words.strip_prefix(&["NAMESPACE"]).unwrap_or(&words);
    let events = words.starts_with(&["LAST", "SEEN", "TYPE", "REASON", "OBJECT"]);
    let pods = words.starts_with(&["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    let described = words == ["Type", "Reason", "Age", "From", "Message"];
    (events || pods || described).then(Vec::new)
}

/// Splits off a word and the blanks behind it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    (end > 0).then(|| (&text[..end], text[end..].trim_start()))
}

/// An age as kubectl prints it (`10s`, `5m12s`, `3d4h`, `<unknown>`), with the number of times in
/// `5m (x7 over 30m)`.
fn age(text: &str) -> Option<(u32, &str)> {
    let (first, rest) = word(text)?;
    let plain = first == "<unknown>" || first == "<invalid>" || is_span(first);
    if !plain {
        return None;
    }
    let Some((inside, after)) = rest.strip_prefix("(x").and_then(|r| r.split_once(')')) else {
        return Some((1, rest));
    };
    let (count, span) = inside.split_once(" over ")?;
    is_span(span).then_some(())?;
    Some((count.parse().ok()?, after.trim_start()))
}

fn is_span(text: &str) -> bool {
    let mut digits = 0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => digits += 1,
            b's' | b'm' | b'h' | b'd' | b'y' if digits > 0 => digits = 0,
            _ => return false,
        }
    }
    !text.is_empty() && digits == 0
}

fn is_type(text: &str) -> bool {
    matches!(text, "Normal" | "Warning")
}

fn is_reason(text: &str) -> bool {
    (3..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// `5m  Warning  Unhealthy  pod/api-7d9c5b7f4-x2x4q  Readiness probe failed: …`, with the
/// namespace in front for `-A`.
fn event_row<'a>(line: &'a str) -> Told<'a> {
    let (count, rest) = age(line).or_else(|| {
        let (namespace, rest) = word(line)?;
        name::is_name(namespace).then(|| age(rest)).flatten()
    })?;
    let (kind, rest) = word(rest)?;
    let (reason, rest) = word(rest)?;
    let (object, message) = word(rest)?;
    let (object_kind, object_name) = object.split_once('/')?;
    let whole = is_type(kind)
        && is_reason(reason)
        && object_kind.bytes().all(|b| b.is_ascii_alphabetic() || b == b'.')
        && name::is_name(object_name);
    whole.then_some(())?;
    let told = reason::read(&Happening {
        at: None,
        reason,
        kind: object_kind,
        name: object_name,
        message: body(message),
        count,
    });
    Some(told.into_iter().collect())
}

/// The message of a row: the wide table has the container and the source before it.
fn body(message: &str) -> &str {
    let Some((first, rest)) = word(message) else { return message };
    if !first.starts_with("spec.") {
        return message;
    }
    let (source, rest) = word(rest).unwrap_or(("", rest));
    match source.strip_suffix(',') {
        Some(_) => word(rest).map_or(rest, |(_, rest)| rest),
        None => rest,
    }
}

/// `  Warning  Unhealthy  3m (x5 over 34m)  kubelet  Readiness probe failed: …`.
fn described<'a>(line: &'a str, context: &Context) -> Told<'a> {
    let (kind, rest) = word(line)?;
    let (reason, rest) = word(rest).filter(|(reason, _)| is_type(kind) && is_reason(reason))?;
    let (count, rest) = age(rest)?;
    let (from, message) = word(rest)?;
    let from = from.trim_end_matches(',');
    if !name::is_name(from) || message.is_empty() {
        return None;
    }
    let told = reason::read(&Happening {
        at: None,
        reason,
        kind: if reason.starts_with("Node") { "Node" } else { "" },
        name: context.hop.as_deref().unwrap_or(""),
        message,
        count,
    });
    Some(told.into_iter().collect())
}

/// `api-7d9c5b7f4-x2x4q  0/1  CrashLoopBackOff  3 (10s ago)  5m`.
fn pod_row<'a>(line: &'a str) -> Told<'a> {
    let (first, rest) = word(line)?;
    let (second, after) = word(rest)?;
    let (pod, ready, rest) = match is_ready(second) {
        true => (first, second, after),
        false => {
            let (third, after) = word(after).filter(|(third, _)| is_ready(third))?;
            (second, third, after)
        }
    };
    let (status, rest) = word(rest)?;
    let (restarts, rest) = word(rest)?;
    let rest = match rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
        Some((ago, rest)) if ago.strip_suffix(" ago").is_some_and(is_span) => rest.trim_start(),
        _ => rest,
    };
    let whole = name::is_name(pod)
        && restarts.bytes().all(|b| b.is_ascii_digit())
        && word(rest).is_some_and(|(age, _)| is_span(age));
    whole.then_some(())?;
    let kind = match status {
        "OOMKilled" => OccurrenceKind::OomKill,
        "CrashLoopBackOff" | "Error" => OccurrenceKind::ProcessExit,
        "ImagePullBackOff" | "ErrImagePull" | "CreateContainerConfigError" | "Pending" => {
            OccurrenceKind::ScaleLimit
        }
        "Evicted" | "Terminating" => OccurrenceKind::InstanceStop,
        "Running" if ready.split_once('/').is_some_and(|(up, all)| up != all) => {
            OccurrenceKind::HealthDown
        }
        _ => return Some(Vec::new()),
    };
    let service = name::workload(pod);
    let mut told = Occurrence::new(kind, None, service).detail(format!("{ready} {status}"));
    if service != pod && kind != OccurrenceKind::ProcessExit {
        told.object = Some(Cow::Borrowed(pod));
    }
    Some(vec![told])
}

/// `0/1`: containers that are ready, of all.
fn is_ready(text: &str) -> bool {
    text.split_once('/').is_some_and(|(up, all)| {
        [up, all]
            .iter()
            .all(|n| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// `Reason:       OOMKilled`, a line of `kubectl describe` on its own.
fn out_of_memory<'a>(line: &str, context: &Context) -> Told<'a> {
    let mut words = line.split_ascii_whitespace();
    if (words.next(), words.next(), words.next()) != (Some("Reason:"), Some("OOMKilled"), None) {
        return None;
    }
    let subject = context.hop.clone().unwrap_or_else(|| "container".to_owned());
    let kill = Occurrence::new(OccurrenceKind::OomKill, context.prefix_time, subject);
    Some(vec![kill.detail("OOMKilled")])
}
