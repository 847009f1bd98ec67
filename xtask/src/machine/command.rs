//! Commands that may hang: each has a limit, after which it and what it started are ended.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs apt-get without questions; its words are shown only if it fails.
pub(super) fn apt(arguments: &[&str], limit: Duration) -> Result<(), String> {
    eprintln!("apt-get {}", arguments.join(" "));
    let mut command = Command::new("apt-get");
    command.args(["-o", "DPkg::Lock::Timeout=60", "-o", "Acquire::Retries=1"]);
    command.args(["-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20"]);
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    run(&mut command, limit).map(|_| ())
}

/// What a program prints.
pub(super) fn output(program: &str, arguments: &[&str], limit: Duration) -> Result<String, String> {
    run(Command::new(program).args(arguments), limit)
}

/// Runs a command and returns its standard output, or the last lines of its standard error.
pub(super) fn run(command: &mut Command, limit: Duration) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that its children can be ended with it.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("{name} could not be started: {error}"))?;
    let output = child.stdout.take().map(collect);
    let errors = child.stderr.take().map(collect);
    let ended = wait(&mut child, limit);
    let text = |reader: Option<std::thread::JoinHandle<String>>| {
        reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
    };
    match ended {
        None => Err(format!("{name} took longer than {} seconds and was ended", limit.as_secs())),
        Some(true) => Ok(text(output)),
        Some(false) => Err(format!("{name} failed: {}", tail(&text(errors)))),
    }
}

fn collect(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whether the child succeeded; `None` if it had to be ended.
fn wait(child: &mut Child, limit: Duration) -> Option<bool> {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(_) => return Some(false),
        }
    }
    let group = format!("-{}", child.id());
    let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).status();
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// The last lines that say something, as one.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_went_wrong() {
        let limit = Duration::from_secs(20);
        assert_eq!(output("echo", &["there"], limit).as_deref(), Ok("there\n"));
        let failed = output("sh", &["-c", "echo a >&2; echo b >&2; exit 3"], limit);
        assert_eq!(failed, Err("sh failed: a; b".to_owned()));
        assert!(
            output("no-such-program", &[], limit).unwrap_err().contains("could not be started")
        );
    }

    #[test]
    fn ends_what_takes_too_long_with_its_children() {
        let begun = Instant::now();
        let script = "sleep 77 & sleep 77; echo late";
        let late = output("sh", &["-c", script], Duration::from_millis(200)).unwrap_err();
        assert!(late.contains("was ended"), "{late}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
