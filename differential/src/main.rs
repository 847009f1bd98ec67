//! `differential [--lines N] [--seed N] [--show N]`: holds our readers of ALB, nginx, Apache httpd
//! and VPC flow logs against Vector's, on generated lines, valid and damaged. The same seed makes
//! the same lines.
//!
//! It ends with 1 if the two differ in a way that `exceptions.txt` does not declare, or if on the
//! usual lines a declaration is not so.

mod damage;
mod exceptions;
mod formats;
mod generate;
mod line;
mod ours;
mod pairs;
#[allow(dead_code)]
#[path = "../../xtask/src/random.rs"]
mod random;
mod result;
mod theirs;
mod words;

use std::process::ExitCode;

use exceptions::Exceptions;
use formats::{FORMATS, Format};
use generate::Generator;
use random::Random;
use result::Results;
use theirs::Theirs;

/// Lines of each format unless told otherwise: every damage of every field at least six times.
const LINES: u64 = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some([lines, seed, show]) = numbers(&arguments) else {
        eprintln!("usage: differential [--lines N] [--seed N] [--show N]");
        return ExitCode::from(2);
    };
    let mut exceptions = match Exceptions::read(include_str!("../exceptions.txt")) {
        Ok(exceptions) => exceptions,
        Err(why) => {
            eprintln!("exceptions.txt: {why}");
            return ExitCode::from(2);
        }
    };
    let mut results = Results::default();
    for format in FORMATS {
        run(format, lines, seed, &mut exceptions, &mut results);
    }
    let (idle, unseen) = (exceptions.idle(), exceptions.unseen());
    // What is rare may be missing from other lines than the usual.
    let usual = lines == LINES && seed == 1;
    if results.print(&idle, &unseen, show) && (!usual || idle.len() + unseen.len() == 0) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Values of the three options; `None` if there is anything else.
fn numbers(arguments: &[String]) -> Option<[u64; 3]> {
    let mut values = [LINES, 1, 30];
    for pair in arguments.chunks(2) {
        let [option, value] = pair else { return None };
        let place = ["--lines", "--seed", "--show"].iter().position(|name| name == option)?;
        values[place] = value.parse().ok()?;
    }
    Some(values)
}

fn run(
    format: &'static Format,
    lines: u64,
    seed: u64,
    exceptions: &mut Exceptions,
    results: &mut Results,
) {
    let Some(dialect) = dialects::by_name(format.dialect) else {
        panic!("there is no dialect {}", format.dialect);
    };
    let context = (format.context)();
    let parser = Theirs::new(format.call);
    let mut generator = Generator::new(format, Random::part(seed, format.name));
    for _ in 0..lines {
        let made = generator.next();
        let text = String::from_utf8_lossy(&made.bytes);
        exceptions.see(format.name, &made.classes);
        let theirs = parser.read(&made.bytes);
        let ours = ours::read(dialect, &context, &made.bytes, &text);
        let mut pairs = pairs::Pairs::default();
        if let (Some(theirs), true) = (&theirs, ours.understood) {
            (format.pairs)(theirs, &ours, &mut pairs);
        }
        let row = results.row(format.name, made.family);
        row.count(theirs.is_some(), ours.understood);
        let mut found = Vec::new();
        match (theirs.is_some(), ours.understood) {
            (true, false) => found.push(("only theirs", "understood".into(), "refused".into())),
            (false, true) => found.push(("only ours", "refused".into(), "understood".into())),
            _ => {}
        }
        for pair in pairs.0 {
            row.compared += 1;
            if pair.theirs != pair.ours {
                let text = |value: Option<String>| value.unwrap_or_else(|| "(none)".to_owned());
                found.push((pair.name, text(pair.theirs), text(pair.ours)));
            }
        }
        for (value, theirs, ours) in found {
            let declared = exceptions.excuse(format.name, &made.classes, value);
            let row = results.row(format.name, made.family);
            if declared {
                row.declared += 1;
            } else {
                row.undeclared += 1;
                let class = made.classes.last().cloned().unwrap_or_default();
                results.undeclared(
                    format.name,
                    class,
                    value,
                    [text.clone().into_owned(), theirs, ours],
                );
            }
        }
    }
}
