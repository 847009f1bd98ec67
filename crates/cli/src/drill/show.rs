//! What is said about drills that were run.

use lab::Outcome;
use lab::judge::first_cause;
use lab::load::Report;
use model::Lang;
use serde_json::{Value, json};

use super::{Done, Skipped};

/// One drill: what clients saw without and with the remedy, what the logs said, what follows.
pub(crate) fn one(done: &Done, lang: Lang, colour: bool, whole: bool) -> String {
    let scenario = done.known.scenario;
    let mut out = String::new();
    let bold = |text: &str| if colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() };
    out.push_str(&format!("{}\n", bold(&done.known.name())));
    paragraph(&mut out, scenario.happens.get(lang));
    if whole && let Some(outcome) = &done.fault {
        out.push_str(&format!(
            "\n{}\n",
            bold("What the logs of that run say, read by `why502 diagnose`:")
        ));
        for line in outcome.report.lines() {
            out.push_str(&format!("  │ {line}\n"));
        }
    }
    out.push('\n');
    if let Some(outcome) = &done.fault {
        run(&mut out, "fault ", outcome);
    }
    if let Some(outcome) = &done.remedy {
        run(&mut out, "remedy", outcome);
        paragraph(&mut out, scenario.cure.get(lang));
    }
    out.push('\n');
    for check in &done.checks {
        out.push_str(&format!("  {} {}\n", mark(check.holds, colour), check.says.render(lang)));
    }
    if let Some(folder) = &done.kept {
        out.push_str(&format!("  evidence, configurations and report: {}\n", folder.display()));
    }
    out.push('\n');
    out
}

fn mark(holds: bool, colour: bool) -> &'static str {
    match (holds, colour) {
        (true, true) => "\x1b[32m✓\x1b[0m",
        (true, false) => "✓",
        (false, true) => "\x1b[31m✗\x1b[0m",
        (false, false) => "✗",
    }
}

fn paragraph(out: &mut String, text: &str) {
    for line in report::lines(text, 78) {
        out.push_str(&format!("  {line}\n"));
    }
}

fn run(out: &mut String, name: &str, outcome: &Outcome) {
    let load = &outcome.load;
    out.push_str(&format!(
        "  {name}  {:>6} sent {:>6} failed   {}   p50 {} ms, p99 {} ms   {}\n",
        load.sent,
        load.failed(),
        bars(load),
        load.latency.p50 / 1000,
        load.latency.p99 / 1000,
        kinds(load),
    ));
    for note in &load.notes {
        out.push_str(&format!("          {note}\n"));
    }
}

/// The share of failures per second.
pub(crate) fn bars(load: &Report) -> String {
    const STEPS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let shown = 30;
    let per = load.seconds.len().div_ceil(shown).max(1);
    load.seconds
        .chunks(per)
        .map(|seconds| {
            let sent: u64 = seconds.iter().map(|second| second.sent).sum();
            let failed: u64 = seconds.iter().flat_map(|second| second.failed.values()).sum();
            match failed {
                0 => STEPS[0],
                _ => STEPS[1 + (failed * 7 / sent.max(1)).min(7) as usize],
            }
        })
        .collect()
}

/// How requests failed, most frequent first.
pub(crate) fn kinds(load: &Report) -> String {
    let mut kinds: Vec<(u64, String)> = load
        .statuses
        .iter()
        .filter(|(status, _)| lab::load::Outcome::of_status(**status).failed())
        .map(|(status, count)| (*count, status.to_string()))
        .collect();
    kinds.extend(
        load.outcomes
            .iter()
            .filter(|(outcome, _)| outcome.failed() && outcome.as_str() != "status")
            .map(|(outcome, count)| (*count, outcome.to_string())),
    );
    kinds.sort_by(|a, b| b.cmp(a));
    kinds
        .into_iter()
        .map(|(count, kind)| format!("{count} × {kind}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The last lines: how many did what they should, and which could not be run.
pub(crate) fn summary(done: &[Done], skipped: &[Skipped], lang: Lang) -> String {
    let mut out = String::new();
    for one in skipped {
        out.push_str(&format!("skipped {}: {}\n", one.known.name(), one.why));
    }
    let open: Vec<&Done> =
        done.iter().filter(|one| one.checks.iter().any(|check| !check.holds)).collect();
    for one in &open {
        for check in one.checks.iter().filter(|check| !check.holds) {
            out.push_str(&format!("{}: {}\n", one.known.name(), check.says.render(lang)));
        }
    }
    let closed = done.len() - open.len();
    out.push_str(&match lang {
        Lang::En => format!(
            "{closed} of {} drills did what they say, {} skipped\n",
            done.len(),
            skipped.len()
        ),
        Lang::Ja => format!(
            "{} 件中 {closed} 件のドリルが説明どおりになりました。省略 {} 件\n",
            done.len(),
            skipped.len()
        ),
    });
    out
}

/// For programs.
pub(crate) fn json(done: &[Done], skipped: &[Skipped]) -> String {
    let outcome = |outcome: &Option<Outcome>| match outcome {
        None => Value::Null,
        Some(outcome) => json!({
            "sent": outcome.load.sent,
            "failed": outcome.load.failed(),
            "load": outcome.load,
            "named_first": first_cause(&outcome.diagnosis),
            "diagnosis": outcome.diagnosis,
            "report": outcome.report,
            "versions": outcome.versions,
            "journal": outcome.journal,
            "seconds": outcome.seconds,
        }),
    };
    let drills: Vec<Value> = done
        .iter()
        .map(|one| {
            json!({
                "cause": one.known.cause.slug,
                "drill": one.known.scenario.name,
                "closed": one.checks.iter().all(|check| check.holds),
                "checks": one.checks.iter().map(|check| json!({
                    "holds": check.holds,
                    "says": { "en": check.says.render(Lang::En), "ja": check.says.render(Lang::Ja) },
                })).collect::<Vec<_>>(),
                "fault": outcome(&one.fault),
                "remedy": outcome(&one.remedy),
            })
        })
        .collect();
    let skipped: Vec<Value> = skipped
        .iter()
        .map(|one| json!({ "cause": one.known.cause.slug, "drill": one.known.scenario.name, "why": one.why }))
        .collect();
    let result = json!({ "schema_version": "1", "drills": drills, "skipped": skipped });
    serde_json::to_string_pretty(&result).unwrap_or_default()
}
