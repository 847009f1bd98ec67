//! PHP-FPM's error log, `[02-Nov-2026 03:04:05] WARNING: [pool www] server reached pm.max_children
//! setting (5), consider raising it`, and its slow log.
//!
//! Source: PHP `sapi/fpm/fpm/fpm_process_ctl.c`, `fpm_children.c`, `fpm_request.c`, `fpm_sockets.c`,
//! `fpm.c`, `fpm_stdio.c`.

use model::{Occurrence, OccurrenceKind as K, Timestamp};

use super::server::{Said, after, digits, event, port};
use crate::nginx::error::is_php_remark;

/// Words of which one is in every line that is read.
pub(super) const WORDS: [&str; 7] =
    ["[pool ", "script_filename = /", "[0x", "NOTICE: ", "WARNING: ", "ERROR: ", "ALERT: "];

const NAME: &str = "php-fpm";

pub(super) fn line(line: &str, record: &str, at: Option<Timestamp>) -> Option<Said> {
    if let Some(rest) = after(line, "[pool ")
        && let Some((pool, message)) = rest.split_once("] ")
    {
        return of_pool(pool, message, at);
    }
    if is_slow_trace(line, record) {
        return Some(None);
    }
    const LEVELS: [&str; 4] = ["] NOTICE: ", "] WARNING: ", "] ERROR: ", "] ALERT: "];
    let message = LEVELS.iter().find_map(|level| after(line, level)).or_else(|| {
        // Standard error of a container, without a time.
        ["NOTICE: ", "WARNING: ", "ERROR: ", "ALERT: "].iter().find_map(|l| line.strip_prefix(l))
    })?;
    if message.starts_with("fpm is running, pid ") {
        return event(K::InstanceStart, at, NAME, None, message);
    }
    if message.starts_with("Terminating ...") || message.starts_with("Finishing ...") {
        return event(K::InstanceStop, at, NAME, None, message);
    }
    if let Some(rest) = message.strip_prefix("unable to bind listening socket for address '") {
        let address = rest.split('\'').next().unwrap_or(rest);
        return event(K::ListenFailed, at, NAME, port(address).or(Some(address)), message);
    }
    if message.starts_with("Another FPM instance seems to already listen on ") {
        let address = after(message, "listen on ").unwrap_or("");
        return event(K::ListenFailed, at, NAME, port(address).or(Some(address)), message);
    }
    if message.starts_with("FPM initialization failed") {
        return event(K::ProcessExit, at, NAME, None, message);
    }
    if let Some(words) = message.strip_prefix("PHP message: ") {
        return match is_php_remark(words) {
            true => Some(None),
            false => event(K::ApplicationError, at, NAME, None, words),
        };
    }
    let of_a_child = message.strip_prefix("child ").is_some_and(|rest| {
        rest.ends_with(" stopped for tracing") || rest.contains(" said into std")
    });
    let accompanies = [
        "ready to handle connections",
        "exiting, bye-bye!",
        "Reloading in progress ...",
        "reloading: execvp(",
        "using inherited socket ",
        "about to trace ",
        "finished trace of ",
        "systemd monitor interval set to ",
        "configuration file ",
    ];
    (of_a_child || accompanies.iter().any(|words| message.starts_with(words))).then_some(None)
}

fn of_pool(pool: &str, message: &str, at: Option<Timestamp>) -> Option<Said> {
    if message.starts_with("server reached pm.max_children setting")
        || message.starts_with("server reached max_children setting")
    {
        return event(K::PoolSaturated, at, pool, None, message);
    }
    if message.starts_with("seems busy ") {
        return Some(None);
    }
    // The head of a trace in the slow log.
    if message.strip_prefix("pid ").is_some_and(|pid| !digits(pid).is_empty()) {
        return Some(None);
    }
    let child = message.strip_prefix("child ")?;
    let pid = digits(child);
    if message.contains("execution timed out") && message.contains("terminating") {
        // What the child was serving is left out: it holds the request's query.
        let mut killed = Occurrence::new(K::WorkerKilled, at, pool.to_owned());
        killed.object = Some(pid.to_owned().into());
        let seconds = after(message, "execution timed out (").and_then(|r| r.split(')').next());
        killed.detail = seconds.map(|s| format!("execution timed out ({s})").into());
        return Some(Some(killed));
    }
    if let Some(signal) = after(message, "exited on signal ").map(digits) {
        return event(K::ProcessExit, at, pool, Some(&format!("signal {signal}")), message);
    }
    match after(message, "exited with code ").map(digits) {
        Some("0") => return Some(None),
        Some(code) => {
            return event(K::ProcessExit, at, pool, Some(&format!("exit {code}")), message);
        }
        None => {}
    }
    let accompanies = child.ends_with(" started")
        || message.contains("executing too slow (")
        || message.contains(" said into std");
    accompanies.then_some(None)
}

/// `script_filename = …` and `[0x00007f63028160f0] sleep() /srv/index.php:13` below the head of a
/// trace in the slow log.
fn is_slow_trace(line: &str, record: &str) -> bool {
    if line.starts_with("script_filename = /") {
        return true;
    }
    let frame = line.strip_prefix("[0x").and_then(|rest| rest.split_once("] "));
    frame.is_some_and(|(address, rest)| {
        address.len() == 16
            && address.bytes().all(|b| b.is_ascii_hexdigit())
            && (rest.contains(".php:") || record.contains("script_filename"))
    })
}
