//! `check --watch`: looks at the files again and again, and at each change says what is found now, what
//! appeared and what went away. It ends when it is interrupted, and has nothing to tidy up then.
//!
//! The files' times and sizes are asked for, not notifications of the system: those differ by system,
//! run out in large folders, and do not come from shared or mounted ones. It never takes more than a
//! twentieth of one processor.

use std::collections::BTreeMap;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use model::Lang;
use model::config::Checked;

use super::gather;
use crate::args::{self, CheckFormat, Common};
use crate::complain;
use crate::output::Output;

/// Time between two looks.
const EVERY: Duration = Duration::from_millis(500);

/// How many times longer than a look the pause after it is.
const PAUSE: u32 = 20;

/// What a file looks like from outside: when it was changed, and its size.
type Stamps = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Findings by their fingerprint, as they are said in a line.
type Known = BTreeMap<String, String>;

/// Watches until it is interrupted.
///
/// # Errors
/// If a form for machines is asked for, or standard output is gone.
pub(super) fn run(
    options: &args::Check,
    common: &Common,
    outputs: &[Output<CheckFormat>],
) -> Result<ExitCode> {
    let for_people =
        |output: &Output<CheckFormat>| output.format == CheckFormat::Text && output.file.is_none();
    if !outputs.iter().all(for_people) {
        bail!(
            "--watch prints text for people: leave --format and -o away, or run check without it"
        );
    }
    let mut known: Option<Known> = None;
    let mut before = Stamps::new();
    loop {
        let start = Instant::now();
        let now = stamps(&options.paths);
        // A file that is being written is not read half.
        let settled =
            known.is_none() || now == stamps_after_a_moment(&options.paths, &now, &before);
        if known.is_none() || (now != before && settled) {
            before = now;
            match look(options, common, outputs, known.as_ref()) {
                Ok(Some(found)) => known = Some(found),
                // Nobody reads on: `why502 check --watch | head`.
                Ok(None) => return Ok(ExitCode::SUCCESS),
                Err(fault) => {
                    complain(&format!("{fault:#}"));
                    known.get_or_insert_with(Known::new);
                }
            }
        }
        sleep(EVERY.max(start.elapsed() * PAUSE));
    }
}

/// The stamps once more if they differ from the last ones, so that two equal looks precede a reading.
fn stamps_after_a_moment(paths: &[PathBuf], now: &Stamps, before: &Stamps) -> Stamps {
    if now == before {
        return now.clone();
    }
    sleep(EVERY / 5);
    stamps(paths)
}

fn stamps(paths: &[PathBuf]) -> Stamps {
    let Ok(found) = gather::find(paths) else { return Stamps::new() };
    let stamp = |path: PathBuf| {
        let stamp = std::fs::metadata(&path).ok();
        let stamp = stamp.map(|of| (of.modified().ok(), of.len())).unwrap_or_default();
        (path, stamp)
    };
    found.files.into_iter().map(stamp).collect()
}

/// Reads, judges and says; returns what is known now, or `None` if nobody reads what is said.
fn look(
    options: &args::Check,
    common: &Common,
    outputs: &[Output<CheckFormat>],
    known: Option<&Known>,
) -> Result<Option<Known>> {
    let gathered = gather::gather(&options.paths)?;
    if std::io::stdout().is_terminal() {
        // Clears the screen and what was scrolled away (ECMA-48 ED 2 and 3, CUP).
        print!("\x1b[2J\x1b[3J\x1b[H");
    }
    for sentence in &gathered.left_out {
        complain(sentence);
    }
    let (checked, _) = super::judge(options, gathered, common.lang())?;
    super::show(&checked, common, outputs)?;
    let found = named(&checked, common.lang());
    let text = closing(known, &found, common.lang());
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(fault) if fault.kind() == ErrorKind::BrokenPipe => Ok(None),
        written => written.map(|()| Some(found)).context("standard output cannot be written"),
    }
}

fn named(checked: &Checked, lang: Lang) -> Known {
    let one = |finding: &model::config::Finding| {
        let says = report::mask::mask(&finding.prediction.says.render(lang)).into_owned();
        let line = format!("{}[{}]: {says}", finding.prediction.severity, finding.cause.slug);
        (super::name(&checked.system, finding), line)
    };
    checked.findings.iter().map(one).collect()
}

/// What appeared and what went away since the last look, and that the next one will come.
fn closing(known: Option<&Known>, found: &Known, lang: Lang) -> String {
    let (appeared, gone, waits) = match lang {
        Lang::En => ("appeared", "gone", "Watching the files; Ctrl-C ends."),
        Lang::Ja => ("新規", "解消", "ファイルを監視しています。Ctrl-C で終了します。"),
    };
    let mut text = String::new();
    if let Some(known) = known {
        let lines = |of: &Known, but: &Known, word: &str| -> String {
            let fresh = of.iter().filter(|(name, _)| !but.contains_key(*name));
            fresh.map(|(_, line)| format!("{word}: {line}\n")).collect()
        };
        text.push_str(&lines(found, known, appeared));
        text.push_str(&lines(known, found, gone));
    }
    text.push_str(waits);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_went_is_said() {
        let known = |names: &[&str]| -> Known {
            names.iter().map(|name| ((*name).to_owned(), format!("says {name}"))).collect()
        };
        let text = closing(Some(&known(&["a", "b"])), &known(&["b", "c"]), Lang::En);
        assert_eq!(text, "appeared: says c\ngone: says a\nWatching the files; Ctrl-C ends.\n");
        assert_eq!(closing(None, &known(&["a"]), Lang::En), "Watching the files; Ctrl-C ends.\n");
    }
}
