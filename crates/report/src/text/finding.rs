//! One finding: the verdict, the chain down to the symptom, what speaks for it and against it.

use model::{Cause, Finding, Observation, RuledOut, Verdict};

use super::{View, configuration};
use crate::conclude::is_client_side;
use crate::figures::{count, percent, share};
use crate::style::{Ink, ink, plain};
use crate::words;
use crate::wrap::{columns, pad};

/// Columns before the parts of a finding.
pub(super) const PART: usize = 5;
/// Columns before the lines of a part.
pub(super) const BODY: usize = PART + 2;

/// Something the reader has seen in full and need not see again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    /// What is not visible, with the ways to see it.
    Item(&'static str),
    /// A command or configuration of several lines.
    Command(&'static str),
}

/// The ink of a verdict.
pub(super) const fn ink_of(verdict: Verdict) -> Ink {
    match verdict {
        Verdict::Proved | Verdict::Supported => Ink::Certain,
        Verdict::Consistent | Verdict::CannotTell => Ink::Doubtful,
    }
}

impl View<'_> {
    /// Writes one finding of the incident with this index.
    pub(super) fn finding(&mut self, index: usize, number: usize, finding: &Finding) {
        let incident = &self.diagnosis.incidents[index];
        let cause = finding.cause;
        let before = self.told_before(index, finding);
        let mark = format!("{number}. ");
        let known = self.say(words::verdict(finding.verdict));
        match &finding.effect {
            None => self.title((2, &mark), finding.verdict, known, cause),
            Some(effect) => {
                let proved = self.say(words::verdict(effect.verdict));
                self.title((2, &mark), effect.verdict, proved, effect.cause);
                let worth = self.say(words::worth(effect.verdict, effect.stated, false));
                self.page.para(PART, "", vec![ink(Ink::Quiet, worth)]);
                let known = self.say(words::started_by(finding.verdict));
                self.title((PART, ""), finding.verdict, known, cause);
            }
        }
        let explains = self.explains(cause, finding.failures, incident.failures, finding.verdict);
        self.page.text(PART, "", &explains);
        let verdict_before = before.and_then(|i| self.told(i, finding)).map(|f| f.verdict);
        let told = finding.failures == 0 && incident.failures == 0;
        if verdict_before != Some(finding.verdict) && !told {
            let worth = match finding.of_logs {
                Some(_) => configuration::lifted(),
                None => words::worth(finding.verdict, finding.stated, !finding.rivals.is_empty()),
            };
            let worth = self.say(worth);
            self.page.para(PART, "", vec![ink(Ink::Quiet, worth)]);
        }
        if let Some(before) = before {
            let rest = self.fill(&words::REST_BEFORE, &[("i", &(before + 1).to_string())]);
            self.page.para(PART, "", vec![ink(Ink::Quiet, rest)]);
        }
        if finding.windows.is_empty() && !incident.windows.is_empty() {
            let undated = self.say(words::UNDATED);
            self.page.text(PART, "", undated);
        } else if finding.windows != incident.windows {
            self.windows(PART, &finding.windows, &incident.windows);
        }
        if let Some(before) = before {
            return self.again(before, finding);
        }
        self.chain(finding);
        self.observations(finding);
        self.configuration(finding);
        self.failing(finding, 3);
        self.rivals(finding);
        self.ruled_out(finding);
        self.missing(finding);
        self.remedies(index, finding);
    }

    /// What is known of a cause, and its name.
    fn title(
        &mut self,
        (indent, mark): (usize, &str),
        verdict: Verdict,
        known: &str,
        cause: &Cause,
    ) {
        let named = self.named(cause);
        let known = ink(ink_of(verdict), known.to_owned());
        self.page.para(indent, mark, vec![known, plain(": "), ink(Ink::Strong, named)]);
    }

    /// What share it explains, in a mood that fits the verdict; without its full stop.
    pub(super) fn explains(
        &self,
        cause: &Cause,
        failures: u64,
        all: u64,
        verdict: Verdict,
    ) -> String {
        if failures == 0 && all == 0 {
            return self.say(words::TOLD_ALONE).to_owned();
        }
        let doubtful = matches!(verdict, Verdict::Consistent | Verdict::CannotTell);
        let (of, alone) = match (is_client_side(cause), doubtful) {
            (true, _) => (&words::ACCOUNTS, &words::ACCOUNTS_ALONE),
            (false, true) => (&words::MIGHT_EXPLAIN, &words::MIGHT_EXPLAIN_ALONE),
            (false, false) => (&words::EXPLAINS, &words::EXPLAINS_ALONE),
        };
        match share(failures, all) {
            Some(part) => {
                let (total, part) = (count(all), percent(part));
                let values = [("total", total.as_str()), ("share", part.as_str())];
                self.counted(failures, of, &values)
            }
            None => self.counted(failures, alone, &[]),
        }
    }

    /// `Title (slug)`.
    fn named(&self, cause: &Cause) -> String {
        let values = [("title", self.say(cause.title)), ("slug", cause.slug)];
        self.fill(&words::NAMED, &values)
    }

    pub(super) fn part(&mut self, label: model::Text) {
        self.page.blank();
        let label = self.say(label);
        self.page.label(PART, label);
    }

    pub(super) fn chain(&mut self, finding: &Finding) {
        if finding.chain.len() < 2 {
            return;
        }
        self.part(words::CHAIN);
        let widest = finding.chain.iter().map(|c| columns(c.slug)).max().unwrap_or(0);
        for (i, cause) in finding.chain.iter().enumerate() {
            let mark = if i == 0 { "  " } else { "→ " };
            let slug = ink(Ink::Command, pad(cause.slug, widest));
            let title = self.say(cause.title);
            self.page.para(BODY, mark, vec![slug, plain(format!("  {title}"))]);
        }
    }

    fn observations(&mut self, finding: &Finding) {
        let told: Vec<&Observation> =
            finding.observations.iter().filter(|o| self.statement(&o.says).is_some()).collect();
        if told.is_empty() {
            return;
        }
        self.part(words::SPEAKS_FOR);
        let shown = self.few(8).min(told.len());
        for observation in &told[..shown] {
            self.observation(observation, 2);
        }
        self.more(BODY, told.len() - shown);
    }

    /// One observation with the first few of its records.
    pub(super) fn observation(&mut self, observation: &Observation, few: usize) {
        let Some(says) = self.statement(&observation.says) else { return };
        let mut spans = vec![plain(says)];
        if observation.independent {
            spans.push(ink(Ink::Certain, self.say(words::INDEPENDENT)));
        }
        if observation.undated {
            spans.push(ink(Ink::Doubtful, self.say(words::NO_TIME)));
        }
        self.page.para(BODY, "- ", spans);
        self.citations(BODY + 2, &observation.citations, few);
    }

    /// Records of requests it explains.
    pub(super) fn failing(&mut self, finding: &Finding, few: usize) {
        if !finding.failing.is_empty() {
            let is_client = is_client_side(finding.cause);
            self.part(if is_client { words::CLIENT_EXAMPLES } else { words::FAILING });
            self.citations(BODY, &finding.failing, few);
        }
    }

    pub(super) fn rivals(&mut self, finding: &Finding) {
        if finding.rivals.is_empty() {
            return;
        }
        self.part(words::RIVALS);
        for rival in &finding.rivals {
            let title = self.named(rival.cause);
            self.page.text(BODY, "- ", &title);
            if let Some(separates) = self.statement(&rival.separates) {
                let label = self.say(words::DECIDES);
                self.page.para(BODY + 2, "", vec![ink(Ink::Quiet, label), plain(separates)]);
            }
        }
    }

    fn ruled_out(&mut self, finding: &Finding) {
        if finding.ruled_out.is_empty() {
            return;
        }
        self.part(words::RULED_OUT);
        // What a record or a measured value speaks against is worth more than what is merely
        // absent.
        let mut all: Vec<&RuledOut> = finding.ruled_out.iter().collect();
        all.sort_by_key(|out| (out.citations.is_empty(), out.because.values.is_empty()));
        let shown = self.few(5).min(all.len());
        for out in &all[..shown] {
            let mut spans = vec![plain(self.named(out.cause))];
            if let Some(because) = self.statement(&out.because) {
                spans.push(plain(self.say(words::COLON)));
                spans.push(plain(because));
            }
            self.page.para(BODY, "- ", spans);
            self.citations(BODY + 2, &out.citations, 1);
        }
        if shown < all.len() {
            let more = (all.len() - shown).to_string();
            let more = self.fill(&words::MORE_VERBOSE, &[("n", &more)]);
            self.page.para(BODY, "", vec![ink(Ink::Quiet, more)]);
        }
    }
}
