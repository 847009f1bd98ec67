//! What systemd says about the services it runs.
//!
//! Source: systemd `src/core/service.c`, `src/core/unit.c`, `src/core/job.c`,
//! `src/oom/oomd-manager.c`.

use std::borrow::Cow;

use model::{Occurrence, OccurrenceKind};

use super::prefix::Message;

/// Services whose reload is a reload of a proxy.
const PROXIES: [&str; 7] = ["nginx", "haproxy", "envoy", "apache2", "httpd", "caddy", "traefik"];

/// `None` if the message is not about a service; `Some(None)` if it has nothing of its own to tell.
pub(super) fn read<'a>(message: &Message<'a>) -> Option<Option<Occurrence<'a>>> {
    let text = message.text;
    if let Some(told) = memory_pressure(message) {
        return Some(Some(told));
    }
    if let Some((unit, rest)) = text.split_once(".service: ")
        && is_name(unit)
    {
        return service(unit, rest, message);
    }
    let (kind, rest) = if let Some(rest) = text.strip_prefix("Started ") {
        (Some(OccurrenceKind::InstanceStart), rest)
    } else if let Some(rest) = text.strip_prefix("Stopping ") {
        (Some(OccurrenceKind::InstanceStop), rest)
    } else if let Some(rest) = text.strip_prefix("Reloaded ") {
        (Some(OccurrenceKind::Reload), rest)
    } else {
        let accompanies = [
            "Starting ",
            "Stopped ",
            "Reloading ",
            "Finished ",
            "Failed to start ",
            "Dependency failed for ",
        ];
        let rest = accompanies.iter().find_map(|words| text.strip_prefix(words))?;
        (None, rest)
    };
    // Without its tag only a line that names the unit is surely systemd's.
    let (unit, names_unit) = match rest.split_once(".service") {
        Some((unit, after))
            if is_name(unit) && !after.starts_with(|c: char| c.is_alphanumeric()) =>
        {
            (unit, true)
        }
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
    let Some(kind) = kind else { return Some(None) };
    if kind == OccurrenceKind::Reload && !is_proxy(unit) {
        return Some(None);
    }
    Some(Some(Occurrence::new(kind, message.at, unit).detail("systemd")))
}

/// Whether a unit's name, or its description in older versions, is a proxy's.
fn is_proxy(unit: &str) -> bool {
    unit.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| PROXIES.iter().any(|proxy| word.eq_ignore_ascii_case(proxy)))
}

/// systemd-oomd: `Killed /system.slice/api.service due to memory pressure for /system.slice being
/// 62.13% > 50.00% for > 20s with reclaim activity`.
fn memory_pressure<'a>(message: &Message<'a>) -> Option<Occurrence<'a>> {
    let rest = message.text.strip_prefix("Killed /")?;
    let (group, why) = rest.split_once(" due to memory ")?;
    if !(why.starts_with("pressure for ") || why.starts_with("used ")) {
        return None;
    }
    let unit = group.rsplit('/').next().unwrap_or(group);
    let unit = unit.strip_suffix(".service").unwrap_or(unit);
    let kill = Occurrence::new(OccurrenceKind::OomKill, message.at, unit);
    Some(kill.detail("systemd-oomd, memory pressure"))
}

fn service<'a>(
    unit: &'a str,
    rest: &'a str,
    message: &Message<'a>,
) -> Option<Option<Occurrence<'a>>> {
    let event = |kind| Occurrence::new(kind, message.at, unit);
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
        let ended = event(OccurrenceKind::ProcessExit)
            .object(format!("{how} {number}"))
            .detail(format!("code={code}, status={status}"));
        return Some(Some(ended));
    }
    if rest.starts_with("A process of this unit has been killed by the OOM killer") {
        let kill = event(OccurrenceKind::OomKill);
        return Some(Some(kill.detail(Cow::Borrowed("a process of the unit"))));
    }
    if let Some(result) = rest.strip_prefix("Failed with result '") {
        let result = result.split('\'').next().unwrap_or(result);
        return Some(match result {
            "oom-kill" => Some(event(OccurrenceKind::OomKill).detail("result oom-kill")),
            // It is not started again: nothing serves until somebody does it by hand.
            "start-limit-hit" => {
                Some(event(OccurrenceKind::ScaleLimit).detail("result start-limit-hit"))
            }
            // The exit itself has its own line.
            _ => None,
        });
    }
    // The start's timer: the service has not said that it is ready.
    if rest.starts_with("start operation timed out")
        || rest.starts_with("Start operation timed out")
    {
        return Some(Some(event(OccurrenceKind::ScaleLimit).detail("start operation timed out")));
    }
    if rest.starts_with("Watchdog timeout") {
        return Some(Some(event(OccurrenceKind::WorkerKilled).detail("watchdog timeout")));
    }
    let accompanies = [
        "Scheduled restart job",
        "Service RestartSec=",
        "Service hold-off time over",
        "Consumed ",
        "Deactivated successfully",
        "Succeeded",
        "Start request repeated too quickly",
        // A stop that took too long; the exit by SIGKILL follows on a line of its own.
        "State '",
        "Killing process ",
        "Control process exited, ",
        "Unit process ",
        "Found left-over process ",
        "Failed at step ",
        "Unit entered failed state",
        "Changed ",
        "Sent signal ",
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
