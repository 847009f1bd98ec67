//! What unexplained failures have in common: their most distinctive properties.

use std::collections::BTreeMap;

use model::{Mechanism, Statement, Text};

use crate::measure::timer;
use crate::view::{Fail, View};

/// A property is distinctive if it covers at least this share.
const MOST: f64 = 0.5;

const SAME_TARGET: Text =
    Text::new("{share} of them hit the target {value}", "{share} が対象 {value} に集中しています");
const SAME_PATH: Text =
    Text::new("{share} of them are for {value}", "{share} がパス {value} へのものです");
const SAME_TOKEN: Text =
    Text::new("{share} of them are logged as {value}", "{share} が {value} と記録されています");
const SAME_MECHANISM: Text =
    Text::new("{share} of them: {value}", "{share} の失敗のしかた: {value}");
const SAME_DURATION: Text =
    Text::new("{share} of them took {value}", "{share} の所要時間が {value} です");
const SAME_STATUS: Text =
    Text::new("{share} of them got status {value}", "{share} がステータス {value} です");

const SAYS_NOTHING: Text = Text::new(
    "{share} of them are from records that do not say why: give the error log of the same hop as well, or log the upstream's status and times (nginx: $upstream_status $upstream_connect_time $upstream_header_time $upstream_response_time)",
    "{share} の記録には理由が書かれていません。同じホップのエラーログも渡すか、アップストリームのステータスと時間（nginx: $upstream_status $upstream_connect_time $upstream_header_time $upstream_response_time）をログに加えてください",
);

/// Describes some failures.
pub(crate) fn of(view: &View<'_>, positions: &[usize]) -> Vec<Statement> {
    let fails: Vec<&Fail<'_>> = positions.iter().map(|&p| &view.fails[p]).collect();
    let all: f64 = fails.iter().map(|f| f.weight).sum();
    let mut traits = Vec::new();
    let mut most = |text: Text, key: &dyn Fn(&Fail<'_>) -> Option<String>| {
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        for fail in &fails {
            if let Some(key) = key(fail) {
                *counts.entry(key).or_default() += fail.weight;
            }
        }
        let mut best: Option<(String, f64)> = None;
        for (value, weight) in counts {
            if best.as_ref().is_none_or(|(_, most)| weight > *most) {
                best = Some((value, weight));
            }
        }
        if let Some((value, weight)) = best.filter(|(_, weight)| *weight >= all * MOST) {
            let share = format!("{:.0} %", weight / all * 100.0);
            traits.push(Statement::plain(text).with("share", share).with("value", value));
        }
    };
    most(SAME_STATUS, &|f| (f.key.status > 0).then(|| f.key.status.to_string()));
    most(SAME_MECHANISM, &|f| {
        let mechanism = f.failure.mechanism;
        (mechanism != Mechanism::Unspecified).then(|| mechanism.to_string())
    });
    most(SAYS_NOTHING, &|f| (f.failure.mechanism == Mechanism::Unspecified).then(String::new));
    most(SAME_TOKEN, &|f| f.record.token.as_deref().map(str::to_owned));
    most(SAME_TARGET, &|f| f.target().map(str::to_owned));
    most(SAME_PATH, &|f| f.record.path.as_deref().map(str::to_owned));
    let durations = fails.iter().filter_map(|f| Some((f.record.total?, f.weight))).collect();
    if let Some((share, at)) = timer(durations).filter(|(share, _)| *share >= MOST) {
        let share = format!("{:.0} %", share * 100.0);
        traits.push(Statement::plain(SAME_DURATION).with("share", share).with("value", at));
    }
    traits
}
