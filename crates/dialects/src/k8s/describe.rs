//! Sections of `kubectl describe pod`: `Containers:` with the states of each, `Events:` with rows.

use model::Timestamp;

use super::{Told, pod, tables};
use crate::{Context, scan};

/// Reads a section, which begins at the margin and goes on indented.
pub(super) fn read<'a>(text: &'a str, context: &Context) -> Told<'a> {
    let (first, rest) = text.split_once('\n')?;
    match first.trim_end() {
        "Containers:" => containers(rest, context),
        "Events:" => events(rest, context),
        _ => None,
    }
}

fn events<'a>(rest: &'a str, context: &Context) -> Told<'a> {
    let mut told = Vec::new();
    let mut rows = 0;
    for line in rest.lines() {
        if let Some(events) = tables::read(line, context) {
            rows += 1;
            told.extend(events);
        }
    }
    (rows > 0).then_some(told)
}

/// One container's state as far as it has been read.
#[derive(Default)]
struct State<'t> {
    terminated: bool,
    reason: Option<&'t str>,
    code: Option<i64>,
    finished: Option<Timestamp>,
}

fn containers<'a>(rest: &str, context: &Context) -> Told<'a> {
    let hop = context.hop.as_deref();
    let mut told = Vec::new();
    let mut label = "";
    let mut state = State::default();
    let mut is_status = false;
    // An end that is not followed by another line is one that is.
    for line in rest.lines().chain(["  :"]) {
        let text = line.trim();
        let Some((key, value)) = text.split_once(':') else { continue };
        let value = value.trim();
        let indent = line.len() - line.trim_start().len();
        if indent <= 2 || matches!(key, "State" | "Last State" | "Ready") {
            if state.terminated {
                told.extend(pod::ended(
                    hop.unwrap_or(label),
                    label,
                    state.reason,
                    state.code,
                    state.finished,
                ));
            }
            state = State { terminated: value == "Terminated", ..State::default() };
            is_status |= matches!(key, "State" | "Last State");
            if indent <= 2 && value.is_empty() {
                label = key;
            }
            continue;
        }
        match key {
            "Reason" => state.reason = Some(value),
            "Exit Code" => state.code = value.parse().ok(),
            "Finished" => state.finished = rfc_1123(value),
            _ => {}
        }
    }
    is_status.then_some(told)
}

/// `Mon, 02 Nov 2026 03:04:05 +0000`.
fn rfc_1123(text: &str) -> Option<Timestamp> {
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.split(' ');
    let day = scan::digits(words.next()?.as_bytes())?;
    let month = scan::month(words.next()?.as_bytes())?;
    let year = scan::digits(words.next()?.as_bytes())? as i32;
    let clock = crate::node::clock(words.next()?.as_bytes())?;
    let zone = scan::offset(words.next()?.as_bytes())?;
    Timestamp::from_civil((year, month, day), clock, 0, zone)
}
