//! A story: one system, chapter after chapter, with a table at the end.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use lab::judge::{first_cause, first_chain, first_verdict};
use lab::parts::Tools;
use lab::{Outcome, Variant};
use model::{Chapter, Lang, Story};
use serde_json::{Value, json};

use super::{Failed, Run, run_one};
use crate::args;
use crate::output::Output;

/// The story of this name.
pub(crate) fn by_name(name: &str) -> Option<&'static Story> {
    catalogue::stories::ALL.iter().find(|story| story.name == name).copied()
}

/// What a chapter showed.
struct Told {
    chapter: &'static Chapter,
    outcome: Outcome,
    before: Count,
    after: Count,
}

/// Requests of a part of the run.
#[derive(Clone, Copy, Default)]
struct Count {
    sent: u64,
    failed: u64,
}

impl Count {
    fn share(self) -> f64 {
        if self.sent == 0 { 0.0 } else { self.failed as f64 / self.sent as f64 }
    }
}

impl Told {
    fn new(story: &Story, chapter: &'static Chapter, outcome: Outcome) -> Told {
        let (mut before, mut after) = (Count::default(), Count::default());
        for (second, counts) in outcome.load.seconds.iter().enumerate() {
            let part =
                if (second as u64) < story.release / 1000 { &mut before } else { &mut after };
            part.sent += counts.sent;
            part.failed += counts.failed.values().sum::<u64>();
        }
        Told { chapter, outcome, before, after }
    }

    /// The cause the logs name first, if they name one.
    fn named(&self) -> Option<&str> {
        first_cause(&self.outcome.diagnosis)
    }

    /// The first links of the chain the logs name first; the symptom at its end is known already.
    fn chain(&self) -> Option<String> {
        let chain = first_chain(&self.outcome.diagnosis);
        (!chain.is_empty()).then(|| chain[..chain.len().min(2)].join(" → "))
    }

    /// What is not as the chapter says, one sentence each.
    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        // A chapter whose configuration is broken is so before the release too.
        if self.before.failed > 0 && self.chapter.names.is_some() {
            wrong.push(format!("{} requests failed before the release", self.before.failed));
        }
        let (least, most) = self.chapter.failing;
        let share = self.after.share();
        if share < least || share > most {
            wrong.push(format!(
                "{:.1} % of the requests failed after the release began; expected {:.0} to {:.0} %",
                share * 100.0,
                least * 100.0,
                most * 100.0
            ));
        }
        match (self.chapter.names, self.named()) {
            (Some(""), Some(named)) => wrong.push(format!("the logs still say {named}")),
            (Some(expected), named) if !expected.is_empty() && named != Some(expected) => {
                wrong.push(format!("the logs say {}, not {expected}", named.unwrap_or("nothing")));
            }
            _ => {}
        }
        wrong
    }
}

/// Runs a story.
pub(crate) fn run(
    story: &'static Story,
    options: &args::Drill,
    lang: Lang,
    out: &Output,
    colour: bool,
) -> Result<ExitCode> {
    if options.dry_run {
        out.write(&lab::dry_run(&story.scenario, Variant::Fault)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(client) = &options.load {
        return Err(anyhow!(
            "{} cannot be told with {client}: what happened before and after the release is counted \
             by the second, which only the built-in generator does",
            story.name
        ));
    }
    if let Some(why) = lab::missing(&story.scenario, &Tools::find()).into_iter().next() {
        return Err(anyhow!("{}: {why}", story.name));
    }
    let text = options.format == args::Format::Text;
    if text {
        out.write(&head(story, lang, colour))?;
    }
    let mut told: Vec<Told> = Vec::new();
    for (number, chapter) in story.chapters.iter().enumerate() {
        let number = number + 1;
        let title = format!("{number}/{} {}", story.chapters.len(), chapter.title.get(lang));
        let run = Run {
            slug: story.name,
            scenario: &story.scenario,
            variant: Variant::Fault,
            values: chapter.set,
            title: &title,
            keep: &format!("{}/{number}", story.name),
        };
        let outcome = match run_one(&run, options, lang) {
            Ok(outcome) => outcome,
            Err(Failed::Missing(why) | Failed::Broken(why)) => {
                return Err(anyhow!("{}, chapter {number}: {why}", story.name));
            }
        };
        let one = Told::new(story, chapter, outcome);
        if text {
            out.write(&chapter_text(&one, number, lang, colour))?;
        }
        told.push(one);
    }
    out.write(&if text { table(story, &told, lang) } else { json_text(story, &told) })?;
    let wrong = told.iter().any(|one| !one.wrong().is_empty());
    Ok(if wrong { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn head(story: &Story, lang: Lang, colour: bool) -> String {
    let mut out = format!("{}\n", bold(story.name, colour));
    for line in report::lines(story.tells.get(lang), 78) {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

fn bold(text: &str, colour: bool) -> String {
    if colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

fn chapter_text(one: &Told, number: usize, lang: Lang, colour: bool) -> String {
    let title = format!("{number}. {}", one.chapter.title.get(lang));
    let mut out = format!("\n{}\n", bold(&title, colour));
    for line in report::lines(one.chapter.says.get(lang), 78) {
        out.push_str(&format!("   {line}\n"));
    }
    out.push_str(&format!(
        "   {}   {}\n",
        super::show::bars(&one.outcome.load),
        super::show::kinds(&one.outcome.load)
    ));
    out.push_str(&format!("   {}\n", says(one, lang)));
    for wrong in one.wrong() {
        out.push_str(&format!("   ✗ {wrong}\n"));
    }
    out
}

fn says(one: &Told, lang: Lang) -> String {
    match (one.chain(), lang) {
        (Some(named), Lang::En) => format!(
            "the logs say: {named} ({})",
            first_verdict(&one.outcome.diagnosis).unwrap_or_default()
        ),
        (Some(named), Lang::Ja) => format!(
            "ログの診断: {named}({})",
            first_verdict(&one.outcome.diagnosis).unwrap_or_default()
        ),
        (None, Lang::En) => "the logs have nothing to say".to_owned(),
        (None, Lang::Ja) => "ログに診断すべきことはありません".to_owned(),
    }
}

fn table(story: &Story, told: &[Told], lang: Lang) -> String {
    let head = match lang {
        Lang::En => ["cure", "before the release", "after it began", "the logs say"],
        Lang::Ja => ["対策", "リリース前", "リリース後", "ログの診断"],
    };
    let cell =
        |count: Count| format!("{}/{} ({:.1} %)", count.failed, count.sent, count.share() * 100.0);
    let mut rows = vec![head.map(str::to_owned)];
    for (number, one) in told.iter().enumerate() {
        rows.push([
            format!("{}. {}", number + 1, one.chapter.title.get(lang)),
            cell(one.before),
            cell(one.after),
            one.chain().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    let widths: Vec<usize> = (0..4)
        .map(|column| rows.iter().map(|row| report::columns(&row[column])).max().unwrap_or(0))
        .collect();
    let mut out = String::from("\n");
    out.push_str(match lang {
        Lang::En => "Failed requests of all requests\n\n",
        Lang::Ja => "失敗したリクエスト/全リクエスト\n\n",
    });
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| {
                format!("{cell}{}", " ".repeat(width.saturating_sub(report::columns(cell))))
            })
            .collect();
        out.push_str(&format!("  {}\n", cells.join("  ").trim_end()));
        if number == 0 {
            let lines: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
            out.push_str(&format!("  {}\n", lines.join("  ")));
        }
    }
    let versions: std::collections::BTreeSet<&str> =
        told.iter().flat_map(|one| one.outcome.versions.iter().map(String::as_str)).collect();
    let versions: Vec<&str> = versions.into_iter().collect();
    out.push_str(&format!("\n  {}\n  why502 explain nat-port-exhaustion\n", versions.join(", ")));
    let _ = story;
    out
}

fn json_text(story: &Story, told: &[Told]) -> String {
    let count = |count: Count| json!({ "sent": count.sent, "failed": count.failed });
    let chapters: Vec<Value> = told
        .iter()
        .map(|one| {
            json!({
                "title": { "en": one.chapter.title.en, "ja": one.chapter.title.ja },
                "set": one.chapter.set.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
                "before": count(one.before),
                "after": count(one.after),
                "named_first": one.named(),
                "wrong": one.wrong(),
                "load": one.outcome.load,
                "versions": one.outcome.versions,
                "journal": one.outcome.journal,
                "seconds": one.outcome.seconds,
            })
        })
        .collect();
    let story = json!({ "schema_version": "1", "story": story.name, "chapters": chapters });
    serde_json::to_string_pretty(&story).unwrap_or_default()
}
