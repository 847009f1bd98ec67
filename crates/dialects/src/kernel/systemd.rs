//! What systemd says about the services it runs.
//!
//! Source: systemd `src/core/service.c`, `src/core/unit.c`, `src/core/job.c`.

use std::borrow::Cow;

use model::{Occurrence, OccurrenceKind};

use super::prefix::Message;

/// `None` if the message is not about a service; `Some(None)` if it has nothing of its own to tell.
pub(super) fn read<'a>(message: &Message<'a>) -> Option<Option<Occurrence<'a>>> {
    let text = message.text;
    if let Some((unit, rest)) = text.split_once(".service: ")
        && is_name(unit)
    {
        return service(unit, rest, message);
    }
    let (kind, rest) = if let Some(rest) = text.strip_prefix("Started ") {
        (OccurrenceKind::InstanceStart, rest)
    } else if let Some(rest) = text.strip_prefix("Stopping ") {
        (OccurrenceKind::InstanceStop, rest)
    } else {
        return None;
    };
    // Without its tag only a line that names the unit is surely systemd's.
    let (unit, names_unit) = match rest.split_once(".service") {
        Some((unit, _)) if is_name(unit) => (unit, true),
        _ => (rest.trim_end_matches(['.', '…']), false),
    };
    if !names_unit && !message.from_systemd {
        return None;
    }
    let not_a_service = ["Session ", "User ", "session-", "user@", "run-"];
    let other_unit = [".scope", ".timer", ".slice", ".socket", ".target", ".mount", ".path"];
    if not_a_service.iter().any(|words| unit.starts_with(words))
        || !names_unit && other_unit.iter().any(|suffix| rest.contains(suffix))
    {
        return Some(None);
    }
    Some(Some(Occurrence::new(kind, message.at, unit).detail("systemd")))
}

fn service<'a>(
    unit: &'a str,
    rest: &'a str,
    message: &Message<'a>,
) -> Option<Option<Occurrence<'a>>> {
    if let Some(exit) = rest.strip_prefix("Main process exited, ") {
        let code = value(exit, "code=")?;
        let status = value(exit, "status=")?;
        let number = status.split('/').next().unwrap_or(status);
        let how = match code {
            "exited" => "exit",
            "killed" | "dumped" => "signal",
            _ => return Some(None),
        };
        // Success, and SIGTERM in both spellings, are orderly ends.
        if matches!((how, number), ("exit", "0" | "143") | ("signal", "15")) {
            return Some(None);
        }
        let ended = Occurrence::new(OccurrenceKind::ProcessExit, message.at, unit)
            .object(format!("{how} {number}"))
            .detail(format!("code={code}, status={status}"));
        return Some(Some(ended));
    }
    if rest.starts_with("Failed with result 'oom-kill'") {
        let kill = Occurrence::new(OccurrenceKind::OomKill, message.at, unit);
        return Some(Some(kill.detail(Cow::Borrowed("result oom-kill"))));
    }
    let accompanies = [
        "Failed with result ",
        "Scheduled restart job",
        "A process of this unit",
        "Consumed ",
        "Deactivated successfully",
        "Succeeded",
        "Start request repeated too quickly",
    ];
    accompanies.iter().any(|words| rest.starts_with(words)).then_some(None)
}

fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(key)?;
    rest.split([',', ' ']).next().filter(|value| !value.is_empty())
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'@' | b'.' | b':' | b'\\')
        })
}
