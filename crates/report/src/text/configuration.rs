//! What configuration says of a finding: which way, how sure, the lines it stands in, and the change.

use model::config::{Bearing, Bears, Cited, Confidence};
use model::{Finding, Text};

use super::View;
use super::finding::BODY;
use crate::clean;
use crate::style::{Ink, Span, file_uri, ink, plain};

const HEADING: Text = Text::new("What configuration says", "設定が示すこと");
const PREDICTS: Text = Text::new("It predicts this", "この原因を予測しています");
const PREDICTS_LINK: Text =
    Text::new("It predicts {slug} here", "ここでの {slug} を予測しています");
const RIVAL: Text = Text::new(
    "It predicts {slug}, which could not be ruled out",
    "除外できなかった {slug} を予測しています",
);
const ELSEWHERE: Text = Text::new(
    "It also predicts {slug}, but not at a hop that is known to be this one",
    "{slug} も予測していますが、このホップのことかどうかはわかりません",
);
const CONTRADICTS: Text = Text::new("It speaks against this", "この原因と矛盾しています");
const MAY_BE: Text =
    Text::new(", at a hop that may be this one", "（このホップかもしれない箇所について）");
const SURE: Text = Text::new(" [confidence: {confidence}]: ", "［確かさ: {confidence}］: ");
const CHANGE: Text = Text::new("Smallest change: ", "最小の変更: ");
const DEFAULT: Text = Text::new(" (source: {source})", "（出典: {source}）");
const EXCLUDES_NOTHING: Text = Text::new(
    "This excludes nothing: see that what is written here is what ran.",
    "これだけでは除外できません。ここに書かれた設定で動いていたか確認してください。",
);
const LIFTED: Text = Text::new(
    "Everything it needs is there, configuration of the same link predicts it, and no rival fits. Not a \
     proof; the logs alone are consistent with it.",
    "必要な条件がそろい、同じ接続の設定がこれを予測し、競合する原因は当てはまりません。ただし証明ではなく、\
     ログだけでは断定できません。",
);
const IN_SHORT_FOR: Text = Text::new("Configuration agrees: ", "設定とも一致します: ");
const IN_SHORT_AGAINST: Text =
    Text::new("Configuration speaks against it: ", "設定とは矛盾します: ");
const READ: Text = Text::new("Configuration: ", "設定: ");
const FILES: Text = Text::new("{n} {reader}", "{reader} {n} 件");
const FURTHER: Text = Text::new(
    "Of other causes, configuration predicts {n}: why502 check {paths}",
    "ほかの原因について、設定の指摘が {n} 件あります: why502 check {paths}",
);

/// How sure, in a word.
const fn sure(confidence: Confidence) -> Text {
    match confidence {
        Confidence::High => Text::new("high", "高い"),
        Confidence::Medium => Text::new("medium", "中程度"),
        Confidence::Low => Text::new("low", "低い"),
    }
}

/// What a verdict is worth that rests on configuration as well.
pub(super) const fn lifted() -> Text {
    LIFTED
}

impl View<'_> {
    /// Everything configuration says of a finding.
    pub(super) fn configuration(&mut self, finding: &Finding) {
        if finding.configuration.is_empty() {
            return;
        }
        self.part(HEADING);
        let shown = self.few(4).min(finding.configuration.len());
        for bearing in &finding.configuration[..shown] {
            self.bearing(finding, bearing);
        }
        self.more(BODY, finding.configuration.len() - shown);
        if finding.configuration.iter().any(|one| one.bears == Bears::Contradicts) {
            let note = self.say(EXCLUDES_NOTHING);
            self.page.para(BODY, "", vec![ink(Ink::Quiet, note)]);
        }
    }

    fn bearing(&mut self, finding: &Finding, bearing: &Bearing) {
        let slug = bearing.cause.slug;
        let own = slug == finding.cause.slug;
        let (ink_of, label) = match bearing.bears {
            Bears::Predicts if own => (Ink::Certain, PREDICTS),
            Bears::Predicts => (Ink::Certain, PREDICTS_LINK),
            Bears::PredictsRival => (Ink::Doubtful, RIVAL),
            Bears::PredictsElsewhere => (Ink::Quiet, ELSEWHERE),
            Bears::Contradicts => (Ink::Doubtful, CONTRADICTS),
        };
        let Some(says) = self.statement(&bearing.says) else { return };
        let mut label = self.fill(&label, &[("slug", slug)]);
        if !bearing.only_one && bearing.bears != Bears::PredictsElsewhere {
            label.push_str(self.say(MAY_BE));
        }
        let sure = self.fill(&SURE, &[("confidence", self.say(sure(bearing.confidence)))]);
        self.page.para(BODY, "- ", vec![ink(ink_of, label), ink(Ink::Quiet, sure), plain(says)]);
        if let Some(meet) = bearing.meet.as_ref().and_then(|meet| self.statement(meet)) {
            self.page.para(BODY + 2, "", vec![ink(Ink::Strong, capital(&meet))]);
        }
        let few = if bearing.bears == Bears::PredictsElsewhere { 2 } else { 6 };
        let shown = self.few(few).min(bearing.places.len());
        for place in &bearing.places[..shown] {
            self.cited(BODY + 4, place);
        }
        self.more(BODY + 4, bearing.places.len() - shown);
        let changes = self.changes(bearing);
        if !changes.is_empty() {
            self.page.text(BODY + 2, "", &changes);
        }
    }

    /// The smallest change in a sentence without its full stop; empty if there is none.
    fn changes(&self, bearing: &Bearing) -> String {
        let changes: Vec<String> =
            bearing.changes.iter().filter_map(|change| self.statement(change)).collect();
        if changes.is_empty() {
            return String::new();
        }
        format!("{}{}", self.say(CHANGE), changes.join("; "))
    }

    /// The line as it is written, and what it shows.
    fn cited(&mut self, indent: usize, cited: &Cited) {
        if let Some(at) = &cited.at {
            let place = Span {
                ink: Ink::Path,
                text: format!("{}:{}", clean::one_line(&at.path), at.line),
                link: file_uri(&at.path),
            };
            let text = ink(Ink::Quiet, self.seen(&at.text));
            self.page.cut(indent, &[place, ink(Ink::Quiet, ": "), text]);
        }
        let Some(mut says) = self.statement(&cited.says) else { return };
        if let Some(known) = cited.default_of {
            says.push_str(&self.fill(&DEFAULT, &[("source", known.source)]));
        }
        self.page.text(indent + if cited.at.is_some() { 2 } else { 0 }, "", &says);
    }

    /// The line of a conclusion on configuration.
    pub(super) fn configuration_in_short(&mut self, indent: usize, finding: &Finding) {
        let first = finding
            .configuration
            .iter()
            .find(|one| matches!(one.bears, Bears::Predicts | Bears::Contradicts));
        let Some(first) = first else { return };
        let label = if first.bears == Bears::Predicts { IN_SHORT_FOR } else { IN_SHORT_AGAINST };
        let Some(says) = self.statement(first.meet.as_ref().unwrap_or(&first.says)) else { return };
        let stop = self.say(crate::words::FULL_STOP);
        let mut says = format!("{says}{stop}");
        let changes = self.changes(first);
        if !changes.is_empty() {
            let space = self.say(crate::words::BETWEEN_SENTENCES);
            says.push_str(&format!("{space}{changes}{stop}"));
        }
        let label = self.say(label);
        self.page.para(indent, "", vec![ink(Ink::Strong, label), plain(says)]);
    }

    /// What was read as configuration.
    pub(super) fn configuration_read(&mut self) {
        let Some(read) = &self.diagnosis.configuration else { return };
        let mut readers: Vec<(&str, usize)> = Vec::new();
        for (_, reader) in &read.files {
            match readers.iter_mut().find(|(known, _)| known == reader) {
                Some((_, n)) => *n += 1,
                None => readers.push((reader, 1)),
            }
        }
        let list: Vec<String> = readers
            .iter()
            .map(|(reader, n)| self.fill(&FILES, &[("reader", reader), ("n", &n.to_string())]))
            .collect();
        let text = format!("{}{}", self.say(READ), list.join(self.say(crate::words::LIST)));
        self.page.text(2, "", &text);
        let shown = self.few(0).min(read.files.len());
        for (name, reader) in &read.files[..shown] {
            let name = ink(Ink::Path, clean::one_line(name));
            self.page.verbatim_spans(4, &[name, ink(Ink::Quiet, format!(": {reader}"))]);
        }
        if read.further > 0 {
            let paths: Vec<&str> = read.paths.iter().map(String::as_str).collect();
            let values = [("n", read.further.to_string()), ("paths", paths.join(" "))];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            let text = self.fill(&FURTHER, &values);
            self.page.text(2, "", &text);
        }
    }
}

/// With a capital, unless it begins with anything but an ASCII letter.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        format!("{}{}", first.to_ascii_uppercase(), chars.as_str())
    })
}
