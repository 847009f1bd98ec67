//! The last lines: the cause in one sentence, how much it explains, the first thing to do and the
//! command to go on with. A tired reader may read nothing else.

use model::{Cause, Verdict};

use super::View;
use super::finding::ink_of;
use crate::conclude::{Conclusion, conclusions, failures, unexplained};
use crate::figures::{count, percent, share};
use crate::style::{Ink, ink, plain};
use crate::words;

/// Conclusions that get lines of their own.
const MOST: usize = 3;

impl View<'_> {
    pub(super) fn closing(&mut self) {
        let d = self.diagnosis;
        let all = failures(d);
        let conclusions = conclusions(d);
        if d.background > 0 {
            let besides = self.counted(d.background, &words::BESIDES, &[]);
            self.page.blank();
            self.page.text(0, "", &besides);
        }
        self.page.blank();
        let heading = self.say(words::CONCLUSION);
        self.page.heading(0, heading);
        let rest = match unexplained(d) {
            0 if conclusions.is_empty() => all,
            rest => rest,
        };
        if rest > 0 {
            self.rest(rest, all);
        }
        if let Some(further) = conclusions.get(MOST..).filter(|further| !further.is_empty()) {
            let list: Vec<&str> = further.iter().map(|c| c.cause.slug).collect();
            let text = format!("{}{}", self.say(words::FURTHER), list.join(self.say(words::LIST)));
            self.page.text(2, "", &text);
        }
        for (i, conclusion) in conclusions.iter().take(MOST).enumerate() {
            if i > 0 || rest > 0 || conclusions.len() > MOST {
                self.page.blank();
            }
            self.conclusion(conclusion, all, i == 0);
        }
    }

    fn rest(&mut self, rest: u64, all: u64) {
        if conclusions(self.diagnosis).is_empty() {
            let none = self.say(words::NO_CAUSE_FITS);
            self.page.para(2, "", vec![ink(Ink::Doubtful, none)]);
        }
        if let Some(part) = share(rest, all) {
            let (total, part) = (count(all), percent(part));
            let values = [("total", total.as_str()), ("share", part.as_str())];
            let text = self.counted(rest, &words::REST_UNEXPLAINED, &values);
            self.page.text(2, "", &text);
        }
    }

    /// The largest is told in full, the others as short as can be.
    fn conclusion(&mut self, conclusion: &Conclusion<'_>, all: u64, is_largest: bool) {
        let cause = conclusion.cause;
        let finding = conclusion.best;
        let verdict = self.verdicts(conclusion);
        let title = self.say(cause.title);
        let values = [("title", title), ("slug", cause.slug)];
        let mut spans = vec![
            ink(ink_of(conclusion.least_verdict()), verdict),
            ink(Ink::Strong, self.fill(&words::CAUSE_IS, &values)),
        ];
        if is_largest {
            spans.push(plain(self.say(words::BETWEEN_SENTENCES)));
            spans.push(plain(self.say(cause.explanation)));
        }
        self.page.para(2, "", spans);
        let explains = self.explains(conclusion.failures, all, conclusion.least_verdict());
        let mut text = self.fill(&words::IT, &[("explains", &explains)]);
        let symptom = finding.chain.last().filter(|last| is_largest && last.slug != cause.slug);
        if let Some(symptom) = symptom {
            let values = [("title", self.say(symptom.title)), ("slug", symptom.slug)];
            text.push_str(self.say(words::BETWEEN_SENTENCES));
            text.push_str(&self.fill(&words::SEEN_AS, &values));
        }
        self.page.text(2, "", &text);
        match finding.verdict {
            Verdict::Proved | Verdict::Supported => self.first_remedy(conclusion, words::FIRST),
            Verdict::Consistent => {
                self.first_rival(conclusion);
                self.first_remedy(conclusion, words::FIRST_IF);
            }
            Verdict::CannotTell => self.first_missing(conclusion),
        }
        self.next(cause);
    }

    /// The verdict, or each incident's where they differ.
    fn verdicts(&self, conclusion: &Conclusion<'_>) -> String {
        if let Some(verdict) = conclusion.one_verdict() {
            return self.say(words::verdict(verdict)).to_owned();
        }
        let list: Vec<String> = conclusion
            .verdicts
            .iter()
            .map(|(incident, verdict)| {
                let (word, i) =
                    (self.say(words::verdict_word(*verdict)), (incident + 1).to_string());
                self.fill(&words::IN_INCIDENT, &[("verdict", word), ("i", &i)])
            })
            .collect();
        list.join(self.say(words::LIST))
    }

    fn first_remedy(&mut self, conclusion: &Conclusion<'_>, label: model::Text) {
        /// Longest snippet that is repeated here.
        const MOST_LINES: usize = 3;
        let Some(remedy) = conclusion.best.remedies.first() else { return };
        let action = self.action(remedy, conclusion.best);
        let label = self.say(label);
        self.page.para(2, "", vec![ink(Ink::Strong, label), plain(action)]);
        if remedy.snippet.trim().lines().count() <= MOST_LINES {
            self.page.verbatim(6, Ink::Command, remedy.snippet);
        }
    }

    fn first_rival(&mut self, conclusion: &Conclusion<'_>) {
        let Some(rival) = conclusion.best.rivals.first() else { return };
        let values = [("title", self.say(rival.cause.title)), ("slug", rival.cause.slug)];
        let label = self.fill(&words::AGAINST, &values);
        let separates = self.statement(&rival.separates).unwrap_or_else(|| "…".to_owned());
        self.page.para(2, "", vec![plain(label), plain(separates)]);
    }

    fn first_missing(&mut self, conclusion: &Conclusion<'_>) {
        let Some(missing) = conclusion.best.missing.first() else {
            return self.first_rival(conclusion);
        };
        let label = self.say(words::TO_DECIDE);
        let what = self.say(missing.visibility.what);
        self.page.para(2, "", vec![ink(Ink::Strong, label), plain(what)]);
        if let Some(how) = missing.visibility.how.first() {
            let line = format!("{}: {}", how.product, how.command.trim());
            self.page.verbatim(6, Ink::Command, &line);
        }
    }

    fn next(&mut self, cause: &Cause) {
        let label = self.say(words::NEXT);
        let command = ink(Ink::Command, format!("why502 explain {}", cause.slug));
        self.page.para(2, "", vec![ink(Ink::Strong, label), command]);
    }
}
