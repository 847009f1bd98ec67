//! What logs show to have happened of a finding, in a sentence per incident.

use model::config::{Checked, Finding, Happened};
use model::{Lang, Statement, Text, Verdict};

use super::places::sentence;
use crate::figures;

const OF: Text = Text::new(
    "{certain}: {n} of {total} requests, {window}; see {place}`why502 diagnose {logs} --config {paths}`",
    "{certain}。{total} 件のリクエストのうち {n} 件、{window}。{place}`why502 diagnose {logs} --config {paths}` を参照してください",
);
const ALONE: Text = Text::new(
    "{certain}: {n} failing requests, {window}; see {place}`why502 diagnose {logs} --config {paths}`",
    "{certain}。失敗したリクエスト {n} 件、{window}。{place}`why502 diagnose {logs} --config {paths}` を参照してください",
);
const UNDATED: Text = Text::new("without a time", "時刻なし");
const AND: Text = Text::new("{place} and ", "{place} と ");

/// How sure it is; where several hops fit the logs, it happened at one of them.
const fn certain(happened: &Happened) -> Text {
    match happened.verdict {
        _ if !happened.only_one => Text::new(
            "this has happened here or at another hop that fits the logs",
            "ここか、ログに当てはまる別のホップで起きた可能性があります",
        ),
        Verdict::Proved => Text::new("this has happened", "すでに起きています"),
        Verdict::Supported => {
            Text::new("this has most likely happened", "すでに起きている可能性が高いです")
        }
        Verdict::Consistent | Verdict::CannotTell => {
            Text::new("this may have happened", "すでに起きている可能性があります")
        }
    }
}

/// Incidents that are told of one finding.
const MOST: usize = 3;

/// The sentences, the first incidents first.
pub(super) fn sentences(checked: &Checked, finding: &Finding, lang: Lang) -> Vec<String> {
    finding.happened.iter().take(MOST).map(|one| told(checked, one, lang)).collect()
}

fn told(checked: &Checked, happened: &Happened, lang: Lang) -> String {
    let counted = happened.requests >= happened.failures && happened.requests > 0;
    let window = happened.window.as_ref();
    let window =
        window.map_or_else(|| UNDATED.get(lang).to_owned(), |window| figures::window(window, lang));
    let place = happened.seen_at.as_ref().map_or_else(String::new, |(source, line)| {
        Statement::plain(AND).with("place", format!("{source}:{line}")).render(lang)
    });
    let says = Statement::plain(if counted { OF } else { ALONE })
        .with("certain", certain(happened).get(lang))
        .with("n", figures::count(happened.failures))
        .with("total", figures::count(happened.requests))
        .with("window", window)
        .with("place", place)
        .with("logs", checked.logs.join(" "))
        .with("paths", checked.paths.join(" --config "));
    let told = sentence(&says, lang);
    let mut chars = told.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// How many findings have happened.
pub(super) fn count(checked: &Checked) -> usize {
    checked.findings.iter().filter(|finding| !finding.happened.is_empty()).count()
}
