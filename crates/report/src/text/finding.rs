//! One finding: the verdict, the chain down to the symptom, what speaks for it and against it,
//! what could not be seen, and what to do.

use model::{Cause, Finding, Missing, Remedy, Verdict};

use super::View;
use crate::figures::{count, percent, share};
use crate::style::{Ink, ink, plain};
use crate::wrap::{columns, pad};
use crate::{fill, words};

/// Columns before the parts of a finding.
const PART: usize = 5;
/// Columns before the lines of a part.
const BODY: usize = PART + 2;

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
        let title = vec![
            ink(ink_of(finding.verdict), self.say(words::verdict(finding.verdict))),
            plain(": "),
            ink(Ink::Strong, self.named(cause)),
        ];
        self.page.para(2, &format!("{number}. "), title);
        let explains = self.explains(finding.failures, incident.failures, finding.verdict);
        self.page.text(PART, "", &explains);
        let worth = self.say(words::worth(finding.verdict));
        self.page.para(PART, "", vec![ink(Ink::Quiet, worth)]);
        if finding.windows != incident.windows {
            self.windows(PART, &finding.windows);
        }
        self.chain(finding);
        self.observations(finding);
        if !finding.failing.is_empty() {
            self.part(words::FAILING);
            self.citations(BODY, &finding.failing, 3);
        }
        self.rivals(finding);
        self.ruled_out(finding);
        self.missing(&finding.missing);
        self.remedies(index, finding);
    }

    /// What share it explains, in a mood that fits the verdict; without its full stop.
    pub(super) fn explains(&self, failures: u64, all: u64, verdict: Verdict) -> String {
        let doubtful = matches!(verdict, Verdict::Consistent | Verdict::CannotTell);
        match share(failures, all) {
            Some(part) => {
                let (total, part) = (count(all), percent(part));
                let values = [("total", total.as_str()), ("share", part.as_str())];
                let words = if doubtful { &words::MIGHT_EXPLAIN } else { &words::EXPLAINS };
                self.counted(failures, words, &values)
            }
            None if doubtful => self.counted(failures, &words::MIGHT_EXPLAIN_ALONE, &[]),
            None => self.counted(failures, &words::EXPLAINS_ALONE, &[]),
        }
    }

    /// `Title (slug)`.
    fn named(&self, cause: &Cause) -> String {
        let values = [("title", self.say(cause.title)), ("slug", cause.slug)];
        self.fill(&words::NAMED, &values)
    }

    fn part(&mut self, label: model::Text) {
        self.page.blank();
        let label = self.say(label);
        self.page.label(PART, label);
    }

    fn chain(&mut self, finding: &Finding) {
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
        let told: Vec<_> = finding
            .observations
            .iter()
            .filter_map(|o| self.statement(&o.says).map(|says| (o, says)))
            .collect();
        if told.is_empty() {
            return;
        }
        self.part(words::SPEAKS_FOR);
        let shown = self.few(8).min(told.len());
        for (observation, says) in &told[..shown] {
            let mut spans = vec![plain(says)];
            if observation.independent {
                spans.push(ink(Ink::Certain, self.say(words::INDEPENDENT)));
            }
            self.page.para(BODY, "- ", spans);
            self.citations(BODY + 2, &observation.citations, 2);
        }
        self.more(BODY, told.len() - shown);
    }

    fn rivals(&mut self, finding: &Finding) {
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
        let shown = self.few(5).min(finding.ruled_out.len());
        for out in &finding.ruled_out[..shown] {
            let mut spans = vec![plain(self.named(out.cause))];
            if let Some(because) = self.statement(&out.because) {
                spans.push(plain(format!(": {because}")));
            }
            self.page.para(BODY, "- ", spans);
            self.citations(BODY + 2, &out.citations, 1);
        }
        self.more(BODY, finding.ruled_out.len() - shown);
    }

    fn missing(&mut self, missing: &[Missing]) {
        if missing.is_empty() {
            return;
        }
        self.part(words::MISSING);
        for Missing { visibility } in missing {
            let what = self.say(visibility.what);
            self.page.text(BODY, "- ", what);
            self.evidence(BODY + 2, visibility.how);
        }
    }

    /// Ways to get evidence: `product: command`, never wrapped, because they are copied.
    fn evidence(&mut self, indent: usize, how: &[model::Evidence]) {
        for evidence in how {
            let lines = evidence.command.trim().lines().count();
            if lines == 1 {
                let line = format!("{}: {}", evidence.product, evidence.command.trim());
                self.page.verbatim(indent, Ink::Command, &line);
            } else {
                self.page.text(indent, "", &format!("{}:", evidence.product));
                self.page.verbatim(indent + 2, Ink::Command, evidence.command);
            }
        }
    }

    /// What to do. Where nothing can be told about the cause, its remedies would be guesses, and
    /// the evidence to get is named instead.
    fn remedies(&mut self, index: usize, finding: &Finding) {
        let remedies = &finding.remedies;
        let undecided = finding.verdict == Verdict::CannotTell;
        if remedies.is_empty() || (undecided && !self.options.verbose) {
            return;
        }
        let certain = matches!(finding.verdict, Verdict::Proved | Verdict::Supported);
        self.part(if certain { words::TO_DO } else { words::TO_DO_IF });
        if let Some(before) = self.earlier(index, finding.cause) {
            let see = self.fill(&words::TO_DO_BEFORE, &[("i", &(before + 1).to_string())]);
            self.page.text(BODY, "", &see);
            return;
        }
        let shown = self.few(3).min(remedies.len());
        for (i, remedy) in remedies[..shown].iter().enumerate() {
            self.remedy(i + 1, remedy, finding);
        }
        if shown < remedies.len() {
            let more = (remedies.len() - shown).to_string();
            let values = [("n", more.as_str()), ("slug", finding.cause.slug)];
            let more = self.fill(&words::MORE_REMEDIES, &values);
            self.page.para(BODY, "", vec![ink(Ink::Quiet, more)]);
        }
    }

    /// The first earlier incident that shows the same cause's remedies.
    fn earlier(&self, index: usize, cause: &Cause) -> Option<usize> {
        let shows = |f: &Finding| {
            f.cause.slug == cause.slug && (f.verdict != Verdict::CannotTell || self.options.verbose)
        };
        self.diagnosis.incidents[..index].iter().position(|i| i.findings.iter().any(shows))
    }

    fn remedy(&mut self, number: usize, remedy: &Remedy, finding: &Finding) {
        let mark = format!("{number}. ");
        let indent = BODY + mark.len();
        let action = self.action(remedy, finding);
        self.page.para(BODY, &mark, vec![plain(action)]);
        if !remedy.setting.is_empty() {
            let label = self.say(words::SETTING);
            let setting = ink(Ink::Command, remedy.setting);
            self.page.para(indent, "", vec![ink(Ink::Quiet, label), setting]);
        }
        let seen = |value: &str| self.seen(value);
        let arithmetic = remedy
            .arithmetic
            .and_then(|text| fill::sentence(&text, self.lang(), &finding.figures, &seen));
        let verify = fill::lenient(&remedy.verify, self.lang(), &finding.figures, &seen);
        if let Some(arithmetic) = arithmetic {
            let label = self.say(words::ARITHMETIC);
            self.page.para(indent, "", vec![ink(Ink::Quiet, label), plain(arithmetic)]);
        }
        self.page.verbatim(indent + 2, Ink::Command, remedy.snippet);
        if !verify.is_empty() {
            let label = self.say(words::WORKED);
            self.page.para(indent, "", vec![ink(Ink::Quiet, label), plain(verify)]);
        }
    }

    /// What to do, with the product where there is one.
    pub(super) fn action(&self, remedy: &Remedy, finding: &Finding) -> String {
        let seen = |value: &str| self.seen(value);
        let action = fill::lenient(&remedy.action, self.lang(), &finding.figures, &seen);
        match remedy.product {
            "any" | "" => action,
            product => format!("[{product}] {action}"),
        }
    }
}
