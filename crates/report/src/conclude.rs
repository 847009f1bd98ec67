//! Draws the findings of all incidents together by cause: what the last lines of a report and
//! the conclusions on the wire say.

use model::{Cause, Diagnosis, Finding, Verdict};

/// One cause over all incidents.
#[derive(Debug)]
pub(crate) struct Conclusion<'a> {
    pub(crate) cause: &'static Cause,
    /// The finding that speaks most for it: the best verdict, then the most failures.
    pub(crate) best: &'a Finding,
    /// Failing requests it explains in all incidents.
    pub(crate) failures: u64,
    /// Verdict by incident, index from 0, in the order of time.
    pub(crate) verdicts: Vec<(usize, Verdict)>,
}

impl Conclusion<'_> {
    /// The verdict, if it is the same in every incident.
    pub(crate) fn one_verdict(&self) -> Option<Verdict> {
        let (_, first) = self.verdicts.first()?;
        self.verdicts.iter().all(|(_, verdict)| verdict == first).then_some(*first)
    }

    /// The verdict that claims least: what may be said of all of it.
    pub(crate) fn least_verdict(&self) -> Verdict {
        self.verdicts.iter().map(|(_, verdict)| *verdict).max().unwrap_or(Verdict::CannotTell)
    }
}

/// One conclusion a cause, largest first; what can be told stands before what cannot.
pub(crate) fn conclusions(diagnosis: &Diagnosis) -> Vec<Conclusion<'_>> {
    let mut out: Vec<Conclusion<'_>> = Vec::new();
    for (i, incident) in diagnosis.incidents.iter().enumerate() {
        for finding in &incident.findings {
            match out.iter_mut().find(|c| c.cause.slug == finding.cause.slug) {
                Some(conclusion) => {
                    conclusion.failures = conclusion.failures.saturating_add(finding.failures);
                    conclusion.verdicts.push((i, finding.verdict));
                    let rank = |f: &Finding| (f.verdict, std::cmp::Reverse(f.failures));
                    if rank(finding) < rank(conclusion.best) {
                        conclusion.best = finding;
                    }
                }
                None => out.push(Conclusion {
                    cause: finding.cause,
                    best: finding,
                    failures: finding.failures,
                    verdicts: vec![(i, finding.verdict)],
                }),
            }
        }
    }
    out.sort_by_key(|c| (c.best.verdict == Verdict::CannotTell, std::cmp::Reverse(c.failures)));
    out
}

/// Failing requests of all incidents.
pub(crate) fn failures(diagnosis: &Diagnosis) -> u64 {
    diagnosis.incidents.iter().fold(0, |sum, incident| sum.saturating_add(incident.failures))
}

/// Failing requests of all incidents that no cause explains.
pub(crate) fn unexplained(diagnosis: &Diagnosis) -> u64 {
    diagnosis
        .incidents
        .iter()
        .filter_map(|incident| incident.unexplained.as_ref())
        .fold(0, |sum, rest| sum.saturating_add(rest.failures))
}
