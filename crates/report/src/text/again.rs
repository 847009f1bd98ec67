//! A finding that repeats one of an earlier incident: its numbers and what differs, and a word on
//! where the rest stands.

use model::{Finding, Observation, Verdict};

use super::View;
use super::finding::{BODY, PART};
use crate::style::{Ink, ink, plain};
use crate::words;

impl View<'_> {
    /// The first earlier incident that tells the same cause in full, with its remedies if this
    /// finding has any to show.
    pub(super) fn told_before(&self, index: usize, finding: &Finding) -> Option<usize> {
        if self.options.verbose {
            return None;
        }
        (0..index).find(|before| self.told(*before, finding).is_some())
    }

    /// The finding of the incident that has the same cause and tells as much of it.
    pub(super) fn told(&self, incident: usize, finding: &Finding) -> Option<&Finding> {
        let same = |f: &&Finding| {
            f.cause.slug == finding.cause.slug
                && (f.verdict != Verdict::CannotTell || finding.verdict == Verdict::CannotTell)
        };
        self.diagnosis.incidents.get(incident)?.findings.iter().find(same)
    }

    /// What differs from the finding that was told before.
    pub(super) fn again(&mut self, before: usize, finding: &Finding) {
        let incident = &self.diagnosis.incidents[before];
        let Some(first) = incident.findings.iter().find(|f| f.cause.slug == finding.cause.slug)
        else {
            return;
        };
        let i = (before + 1).to_string();
        if slugs(&first.chain) != slugs(&finding.chain) {
            self.chain(finding);
        }
        let told: Vec<Option<String>> =
            first.observations.iter().map(|o| self.statement(&o.says)).collect();
        let new: Vec<&Observation> = finding
            .observations
            .iter()
            .filter(|o| !told.contains(&self.statement(&o.says)))
            .collect();
        let gone: Vec<String> = first
            .observations
            .iter()
            .filter(|o| !finding.observations.iter().any(|other| other.says.text == o.says.text))
            .filter_map(|o| self.statement(&o.says))
            .collect();
        if !(new.is_empty() && gone.is_empty()) {
            self.page.blank();
            let label = self.fill(&words::DIFFERS, &[("i", &i)]);
            self.page.label(PART, &label);
        }
        for observation in new {
            self.observation(observation, 1);
        }
        for says in gone {
            let label = self.fill(&words::NOT_HERE, &[("i", &i)]);
            self.page.para(BODY, "- ", vec![ink(Ink::Quiet, label), plain(says)]);
        }
        let said = |f: &Finding| -> Vec<_> {
            f.configuration.iter().map(|one| (one.bears, one.says.clone())).collect()
        };
        if said(first) != said(finding) {
            self.configuration(finding);
        }
        self.failing(finding, 1);
        if slugs_of(&first.rivals, |r| r.cause.slug) != slugs_of(&finding.rivals, |r| r.cause.slug)
        {
            self.rivals(finding);
        }
        if finding.verdict > first.verdict {
            self.missing(finding);
        }
    }
}

fn slugs(chain: &[&'static model::Cause]) -> Vec<&'static str> {
    slugs_of(chain, |cause| cause.slug)
}

fn slugs_of<T>(list: &[T], slug: impl Fn(&T) -> &'static str) -> Vec<&'static str> {
    list.iter().map(slug).collect()
}
