//! What the supervisor of a host writes about the servers it starts again, in the words of
//! systemd (`src/core/service.c`, `src/core/job.c`) behind a time stamp of RFC 5424 form.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::SystemTime;

use crate::clock::rfc3339;

/// The messages so far, per host.
#[derive(Debug, Default)]
pub(crate) struct Supervisor {
    logs: BTreeMap<String, String>,
    restarts: BTreeMap<(String, &'static str), u32>,
}

impl Supervisor {
    /// A supervised server was started.
    pub(crate) fn started(&mut self, host: &str, part: &str) {
        self.say(host, &format!("Started {part}.service."));
    }

    /// A supervised server ended without having been told to, and is to be started again.
    pub(crate) fn exited(&mut self, host: &str, part: &'static str, status: ExitStatus) {
        let (ended, result) = ended(status);
        self.say(host, &format!("{part}.service: Main process exited, {ended}"));
        self.say(host, &format!("{part}.service: Failed with result '{result}'."));
        let count = self.restarts.entry((host.to_owned(), part)).or_default();
        *count += 1;
        let text = format!("{part}.service: Scheduled restart job, restart counter is at {count}.");
        self.say(host, &text);
    }

    fn say(&mut self, host: &str, message: &str) {
        let stamp = rfc3339(SystemTime::now());
        let log = self.logs.entry(host.to_owned()).or_default();
        log.push_str(&format!("{stamp} {host} systemd[1]: {message}\n"));
    }

    /// The logs, by host.
    pub(crate) fn logs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.logs.iter().map(|(host, text)| (host.as_str(), text.as_str()))
    }
}

/// How a process ended, and the result systemd derives from it.
fn ended(status: ExitStatus) -> (String, &'static str) {
    if let Some(signal) = status.signal() {
        let (code, result) = match status.core_dumped() {
            true => ("dumped", "core-dump"),
            false => ("killed", "signal"),
        };
        return (format!("code={code}, status={signal}/{}", signal_name(signal)), result);
    }
    let code = status.code().unwrap_or_default();
    let word = match code {
        0 => "SUCCESS",
        1 => "FAILURE",
        _ => "n/a",
    };
    (format!("code=exited, status={code}/{word}"), "exit-code")
}

/// The names of the signals by which servers die.
fn signal_name(number: i32) -> &'static str {
    match number {
        4 => "ILL",
        6 => "ABRT",
        7 => "BUS",
        8 => "FPE",
        9 => "KILL",
        11 => "SEGV",
        15 => "TERM",
        _ => "n/a",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exits_in_the_words_of_systemd() {
        let exit = |code: i32| ended(ExitStatus::from_raw(code << 8));
        assert_eq!(exit(1), ("code=exited, status=1/FAILURE".to_owned(), "exit-code"));
        let signal = |raw| ended(ExitStatus::from_raw(raw));
        assert_eq!(signal(9), ("code=killed, status=9/KILL".to_owned(), "signal"));
        assert_eq!(signal(6 | 0x80), ("code=dumped, status=6/ABRT".to_owned(), "core-dump"));
    }

    #[test]
    fn restarts_are_counted_per_server() {
        let mut supervisor = Supervisor::default();
        for part in ["api", "api", "web"] {
            supervisor.exited("app-1", part, ExitStatus::from_raw(9));
        }
        let (host, text) = supervisor.logs().next().unwrap();
        assert_eq!(host, "app-1");
        let count = |wanted: &str| text.matches(wanted).count();
        assert_eq!(count("api.service: Scheduled restart job, restart counter is at 2."), 1);
        assert_eq!(count("restart counter is at 1."), 2);
    }
}
