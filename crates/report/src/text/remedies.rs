//! What to do: the remedies of a cause with the figures of a finding in them, those for products
//! of the evidence first.

use model::{Cause, Finding, Remedy, Verdict};

use super::View;
use super::finding::BODY;
use crate::style::{Ink, ink, plain};
use crate::{fill, words};

/// Remedies that are shown.
const SHOWN: usize = 3;

impl View<'_> {
    /// What to do. Where nothing can be told about the cause, its remedies would be guesses, and
    /// the evidence to get is named instead.
    pub(super) fn remedies(&mut self, index: usize, finding: &Finding) {
        let remedies = self.in_order(finding);
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
        let shown = self.few(SHOWN).min(remedies.len());
        for (i, remedy) in remedies[..shown].iter().enumerate() {
            self.remedy(i + 1, remedy, finding);
        }
        // The others without their snippets: what else there is, and its arithmetic.
        for (i, remedy) in remedies.iter().enumerate().skip(shown) {
            let mark = format!("{}. ", i + 1);
            self.page.para(BODY, &mark, vec![plain(self.action(remedy, finding))]);
            self.arithmetic(BODY + mark.len(), remedy, finding);
        }
        if shown < remedies.len() {
            let values = [("slug", finding.cause.slug)];
            let more = self.fill(&words::MORE_REMEDIES, &values);
            self.page.para(BODY, "", vec![ink(Ink::Quiet, more)]);
        }
    }

    /// The finding's remedies, those for products of the evidence first.
    pub(super) fn in_order(&self, finding: &Finding) -> Vec<&'static Remedy> {
        let nearest = self.products.nearest_first(&finding.remedies, |remedy| remedy.product);
        nearest.into_iter().copied().collect()
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
        self.arithmetic(indent, remedy, finding);
        self.page.verbatim(indent + 2, Ink::Command, remedy.snippet);
        let seen = |value: &str| self.seen(value);
        let verify = fill::lenient(&remedy.verify, self.lang(), &finding.figures, &seen);
        if !verify.is_empty() {
            let label = self.say(words::WORKED);
            self.page.para(indent, "", vec![ink(Ink::Quiet, label), plain(verify)]);
        }
    }

    /// The arithmetic behind a remedy, where all of its figures are known.
    pub(super) fn arithmetic(&mut self, indent: usize, remedy: &Remedy, finding: &Finding) {
        let seen = |value: &str| self.seen(value);
        let arithmetic = remedy
            .arithmetic
            .and_then(|text| fill::sentence(&text, self.lang(), &finding.figures, &seen));
        if let Some(arithmetic) = arithmetic {
            let label = self.say(words::ARITHMETIC);
            self.page.para(indent, "", vec![ink(Ink::Quiet, label), plain(arithmetic)]);
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
