//! Probes of containers, and the pause before a container is stopped.

use model::Micros;
use model::config::{Check, CheckKind, Key, Notation, Setting, Settings, Slot, Value};

use super::defaults as known;
use super::object::{Object, indent};
use crate::part::put;
use crate::tree::At;

const PROBES: &[(&str, CheckKind)] = &[
    ("readinessProbe", CheckKind::Readiness),
    ("livenessProbe", CheckKind::Liveness),
    ("startupProbe", CheckKind::Startup),
];

/// The probes of a container; `port_of` knows the container's ports by their names.
pub(super) fn checks(
    object: &Object<'_>,
    container: At<'_>,
    port_of: &dyn Fn(&str) -> Option<u16>,
) -> Vec<Check> {
    let of = |(name, kind): &(&str, CheckKind)| {
        let probe = container.get(name).there()?;
        let mut settings = Settings::new();
        target(object, probe, port_of, &mut settings);
        times(object, probe, &mut settings);
        Some(Check { kind: *kind, at: Some(object.span(probe)), settings })
    };
    PROBES.iter().filter_map(of).collect()
}

/// What is asked, and which answer passes.
fn target(
    object: &Object<'_>,
    probe: At<'_>,
    port_of: &dyn Fn(&str) -> Option<u16>,
    settings: &mut Settings,
) {
    let (http, tcp, grpc) = (probe.get("httpGet"), probe.get("tcpSocket"), probe.get("grpc"));
    let said = |word: &str, at: At<'_>, name| {
        Setting::written(Key::CheckProtocol, Value::Text(word.to_owned()), name, object.span(at))
    };
    let asked = if http.there().is_some() {
        let scheme = http.get("scheme");
        let word = scheme.text().unwrap_or("HTTP");
        settings.set(said(word, scheme.there().unwrap_or(http), "httpGet"));
        put(settings, object.word(http.get("path"), Key::CheckPath, "path"));
        settings.set(known::word(Key::CheckPath, "/", "path", &known::PROBE));
        settings.set(known::word(Key::CheckMatcher, "200-399", "status", &known::PROBE_FIXED));
        put(settings, object.word(http.get("host"), Key::CheckHost, "host"));
        for header in http.get("httpHeaders").items().take(50) {
            if header.get("name").text().is_some_and(|name| name.eq_ignore_ascii_case("host")) {
                put(settings, object.word(header.get("value"), Key::CheckHost, "httpHeaders"));
            }
        }
        http
    } else if tcp.there().is_some() {
        settings.set(said("TCP", tcp, "tcpSocket"));
        tcp
    } else if grpc.there().is_some() {
        settings.set(said("GRPC", grpc, "grpc"));
        grpc
    } else {
        let exec = probe.get("exec");
        if exec.there().is_some() {
            settings.set(said("exec", exec, "exec"));
        }
        return;
    };
    let port = asked.get("port");
    let setting = object.setting(port, Key::CheckPort, "port", |at| {
        let named = || port_of(at.text()?).map(u64::from);
        at.number().or_else(named).map(Value::Count)
    });
    put(settings, setting);
}

fn times(object: &Object<'_>, probe: At<'_>, settings: &mut Settings) {
    for (key, name, default) in [
        (Key::CheckInterval, "periodSeconds", 10),
        (Key::CheckTimeout, "timeoutSeconds", 1),
        (Key::CheckStartPeriod, "initialDelaySeconds", 0),
    ] {
        put(settings, object.seconds(probe.get(name), key, name));
        settings.set(known::seconds(key, default, name, &known::PROBE));
    }
    for (key, name, default) in [
        (Key::CheckHealthyThreshold, "successThreshold", 1),
        (Key::CheckUnhealthyThreshold, "failureThreshold", 3),
    ] {
        put(settings, object.count(probe.get(name), key, name));
        settings.set(known::count(key, default, name, &known::PROBE));
    }
}

/// The pause between leaving the Service and the signal to stop: what the hook before the stop
/// sleeps. No hook is no pause.
/// <https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/>
pub(super) fn pre_stop(object: &Object<'_>, container: At<'_>, settings: &mut Settings) {
    let hook = container.at("lifecycle.preStop");
    if hook.there().is_none() {
        let none = known::seconds(Key::PreStopDelay, 0, "lifecycle.preStop", &known::POD);
        settings.set(none);
        return;
    }
    let sleep = hook.at("sleep.seconds");
    if sleep.there().is_some() {
        let name = "lifecycle.preStop.sleep.seconds";
        put(settings, object.seconds(sleep, Key::PreStopDelay, name));
        return;
    }
    let command = hook.at("exec.command");
    let words: Vec<At<'_>> = command.items().take(50).collect();
    let slept = words.iter().enumerate().find_map(|(n, word)| {
        let after = words.get(n + 1).copied();
        slept(object, *word, after)
    });
    let unknown = || {
        let text: Vec<&str> = words.iter().filter_map(|word| word.text()).collect();
        let value = Value::Unknown(text.join(" "));
        Setting::written(Key::PreStopDelay, value, "lifecycle.preStop", object.span(hook))
    };
    settings.set(slept.unwrap_or_else(unknown));
}

/// How long a word of a command sleeps: `sleep` before a number, or a line of a shell with both.
fn slept(object: &Object<'_>, word: At<'_>, after: Option<At<'_>>) -> Option<Setting> {
    let name = "lifecycle.preStop";
    let text = word.text()?;
    if text == "sleep" || text.ends_with("/sleep") {
        let after = after?;
        let (time, unit) = sleep_time(after.text()?)?;
        let setting =
            Setting::written(Key::PreStopDelay, Value::Time(time), name, object.span(after));
        // A command consists of strings: a bare number would be refused.
        let quoted = after.is_quoted() && !unit;
        return Some(if quoted { setting.as_written_in(Notation::QuotedSeconds) } else { setting });
    }
    let at = text.match_indices("sleep").map(|(at, word)| at + word.len()).find(|&end| {
        let before = text[..end - 5].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '_')
            && text[end..].starts_with(' ')
    })?;
    let start = at + text[at..].len() - text[at..].trim_start().len();
    let rest = &text[start..];
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
    let (time, unit) = sleep_time(&rest[..length])?;
    let stretch = object.stretch(word, start..start + length);
    let span = stretch.unwrap_or_else(|| object.span(word));
    let setting = Setting::written(Key::PreStopDelay, Value::Time(time), name, span);
    let editable = stretch.is_some() && !unit;
    Some(if editable { setting.as_written_in(Notation::Seconds) } else { setting })
}

/// A time of `sleep`, and whether it has a unit: `10`, `0.5`, `2m`.
fn sleep_time(text: &str) -> Option<(Micros, bool)> {
    let (number, factor) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60e6),
        Some(number) if text.ends_with('h') => (number, 3600e6),
        Some(number) => (number, 1e6),
        None => (text, 1e6),
    };
    let micros = number.parse::<f64>().ok()? * factor;
    (0.0..9e15).contains(&micros).then_some((Micros(micros as i64), number.len() < text.len()))
}

/// Where a pause before the stop can be added: every version still supported knows the sleep of a
/// hook, which needs no program in the image.
/// <https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-implementations>
pub(super) fn pre_stop_slot(object: &Object<'_>, container: At<'_>) -> Option<Slot> {
    let about = (Key::PreStopDelay, "lifecycle.preStop.sleep.seconds");
    let lifecycle = container.get("lifecycle");
    let (map, outer) = match lifecycle.there() {
        None if lifecycle.kind().is_some() => return None,
        None => (container, "lifecycle:\n"),
        Some(_) if lifecycle.get("preStop").kind().is_some() => return None,
        Some(map) => (map, ""),
    };
    let mut slot = object.slot(map, about, Notation::Seconds)?;
    let indent = indent(&slot.text).to_owned();
    let (first, deeper) = if outer.is_empty() {
        (String::new(), indent.clone())
    } else {
        (format!("{outer}{indent}  "), format!("{indent}  "))
    };
    slot.text = format!("{first}preStop:\n{deeper}  sleep:\n{deeper}    seconds: {{}}\n{indent}");
    Some(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_sleep() {
        assert_eq!(sleep_time("10"), Some((Micros::from_secs(10), false)));
        assert_eq!(sleep_time("0.5"), Some((Micros::from_millis(500), false)));
        assert_eq!(sleep_time("2m"), Some((Micros::from_secs(120), true)));
        assert_eq!(sleep_time("10s"), Some((Micros::from_secs(10), true)));
        for odd in ["", "s", "$N", "-1", "inf"] {
            assert_eq!(sleep_time(odd), None, "{odd}");
        }
    }
}
