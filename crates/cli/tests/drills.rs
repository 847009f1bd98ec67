//! The loop of every everyday drill: it fails as described on real servers, `diagnose` names the
//! cause from the logs alone, the remedy ends it. Drills that this machine cannot run are ignored
//! by name with the reason.
//!
//! `WHY502_DRILLS=all` runs those that are not everyday, too; `WHY502_DRILL_RETRY=1` gives a drill
//! that does not close a second try.

#[path = "support/drills.rs"]
mod drills;

use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::Value;

use drills::Listed;

/// The longest a drill may take, both runs together.
const LIMIT: Duration = Duration::from_secs(120);
/// The longest a story may take, all chapters together.
const STORY_LIMIT: Duration = Duration::from_secs(300);
/// The drill that is also run with each of the other clients.
const LOADED: &str = "target-connect-refused/nginx-node";
/// Lines of the report that are shown when a drill does not close.
const SHOWN: usize = 60;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They mostly wait: two fit on one core, but more of them disturb each other's timing.
    arguments.test_threads.get_or_insert(2);
    let all = std::env::var("WHY502_DRILLS").is_ok_and(|which| which == "all");
    let mut listed = drills::list();
    assert!(!listed.is_empty(), "the catalogue has no drill");
    listed.retain(|drill| all || drill.everyday);
    let loaded = listed.iter().find(|drill| drill.name == LOADED).cloned();
    let loaded = loaded.expect("the drill is listed");
    // The stories take longest, so they begin first.
    let mut trials: Vec<Trial> = drills::stories()
        .into_iter()
        .map(|(name, missing)| {
            Trial::ignorable_test(format!("story::{name}"), move || {
                story(&name, missing.as_deref())
            })
        })
        .collect();
    trials.extend(listed.into_iter().map(|drill| {
        Trial::ignorable_test(format!("drill::{}", drill.name), move || test(&drill))
    }));
    trials.extend(["ab", "wrk", "h2load", "curl"].map(|client| {
        let drill = loaded.clone();
        Trial::ignorable_test(format!("load::{client}"), move || {
            if let Some(why) = &drill.missing {
                return Ok(Completion::ignored_with(why));
            }
            run(&drill, &["--load", client], &|result| {
                let load = &result["fault"]["load"];
                load["client"] == client && load["notes"][0].is_string()
            })
            .map_err(Failed::from)
        })
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn test(drill: &Listed) -> Result<Completion, Failed> {
    if let Some(why) = &drill.missing {
        return Ok(Completion::ignored_with(why));
    }
    let again = std::env::var("WHY502_DRILL_RETRY").is_ok_and(|value| value == "1");
    match run(drill, &[], &|_| true) {
        Err(why) if again => {
            eprintln!(
                "{} is tried once more, because WHY502_DRILL_RETRY is set:\n{why}",
                drill.name
            );
            run(drill, &[], &|_| true)
        }
        result => result,
    }
    .map_err(Failed::from)
}

/// A story in which every chapter shows what it says.
fn story(name: &str, missing: Option<&str>) -> Result<Completion, Failed> {
    if let Some(why) = missing {
        return Ok(Completion::ignored_with(why));
    }
    let child = Command::new(env!("CARGO_BIN_EXE_why502"))
        .args(["drill", name, "--format", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|why| why.to_string())?;
    let ended = drills::wait(child, STORY_LIMIT);
    if ended.late {
        return Err(format!("it had not ended after {} s", STORY_LIMIT.as_secs()).into());
    }
    let result: Value = serde_json::from_str(&ended.out)
        .map_err(|_| format!("no result, code {:?}: {}", ended.code, ended.err.trim()))?;
    let mut said = String::new();
    for (number, chapter) in result["chapters"].as_array().into_iter().flatten().enumerate() {
        for wrong in chapter["wrong"].as_array().into_iter().flatten() {
            let wrong = wrong.as_str().unwrap_or_default();
            said.push_str(&format!("chapter {}: {wrong}\n", number + 1));
        }
    }
    if ended.code == Some(0) && said.is_empty() {
        return Ok(Completion::Completed);
    }
    Err(format!("code {:?}\n{said}", ended.code).into())
}

/// Runs a drill; `also` is what has to hold of its result beside that it closed.
fn run(
    drill: &Listed,
    options: &[&str],
    also: &dyn Fn(&Value) -> bool,
) -> Result<Completion, String> {
    let child = Command::new(env!("CARGO_BIN_EXE_why502"))
        .args(["drill", &drill.name, "--format", "json"])
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|why| why.to_string())?;
    let ended = drills::wait(child, LIMIT);
    if ended.late {
        return Err(format!("it had not ended after {} s and was killed", LIMIT.as_secs()));
    }
    let result: Value = serde_json::from_str(&ended.out)
        .map_err(|_| format!("no result, code {:?}: {}", ended.code, ended.err.trim()))?;
    if let Some(why) = result["skipped"][0]["why"].as_str() {
        return Ok(Completion::ignored_with(why));
    }
    let drill = &result["drills"][0];
    if drill["closed"] == true && ended.code == Some(0) && also(drill) {
        return Ok(Completion::Completed);
    }
    Err(explain(drill))
}

/// What is needed to understand a drill that did not close.
fn explain(drill: &Value) -> String {
    let mut said = String::new();
    for check in drill["checks"].as_array().into_iter().flatten() {
        let mark = if check["holds"] == true { "holds" } else { "FAILS" };
        said.push_str(&format!("{mark}: {}\n", check["says"]["en"].as_str().unwrap_or_default()));
    }
    for run in ["fault", "remedy"] {
        let run = (run, &drill[run]);
        if run.1.is_null() {
            continue;
        }
        let load = &run.1["load"];
        said.push_str(&format!(
            "\n{}: statuses {}, outcomes {}\n",
            run.0, load["statuses"], load["outcomes"]
        ));
        for line in run.1["journal"].as_array().into_iter().flatten() {
            said.push_str(&format!("  {}\n", line.as_str().unwrap_or_default()));
        }
        for line in run.1["report"].as_str().unwrap_or_default().lines().take(SHOWN) {
            said.push_str(&format!("  | {line}\n"));
        }
    }
    said
}
