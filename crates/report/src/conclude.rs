//! Draws the findings of all incidents together by cause: what the last lines of a report and
//! the conclusions on the wire say.

use model::{Cause, Diagnosis, Effect, Finding, Incident, Place, Verdict};

/// Whether what the cause explains is the client's own doing and no failure of the gateway.
pub(crate) fn is_client_side(cause: &Cause) -> bool {
    cause.place == Place::ClientEdge
}

/// Of an incident's requests, those a cause on the client's side explains.
pub(crate) fn on_client_side(incident: &Incident) -> u64 {
    let findings = incident.findings.iter().filter(|f| is_client_side(f.cause));
    findings.fold(0, |sum, finding| sum.saturating_add(finding.failures))
}

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
    /// The ways from the cause down to a symptom, with the failures of each, largest first.
    pub(crate) chains: Vec<(&'a [&'static Cause], u64)>,
    /// What it is proved to have come out as, of each incident.
    effects: Vec<Option<&'a Effect>>,
}

impl<'a> Conclusion<'a> {
    fn add(&mut self, incident: usize, finding: &'a Finding) {
        self.failures = self.failures.saturating_add(finding.failures);
        self.verdicts.push((incident, finding.verdict));
        self.effects.push(finding.effect.as_ref());
        let rank = |f: &Finding| (f.verdict, std::cmp::Reverse(f.failures));
        if rank(finding) < rank(self.best) {
            self.best = finding;
        }
        let slugs = |chain: &[&'static Cause]| -> Vec<_> { chain.iter().map(|c| c.slug).collect() };
        let chain = finding.chain.as_slice();
        match self.chains.iter_mut().find(|(known, _)| slugs(known) == slugs(chain)) {
            Some((_, failures)) => *failures = failures.saturating_add(finding.failures),
            None => self.chains.push((chain, finding.failures)),
        }
    }

    /// The verdict, if it is the same in every incident.
    pub(crate) fn one_verdict(&self) -> Option<Verdict> {
        let (_, first) = self.verdicts.first()?;
        self.verdicts.iter().all(|(_, verdict)| verdict == first).then_some(*first)
    }

    /// The proved effect that stands before the cause, if it is the same in every incident; with the
    /// failing requests it claims in all of them.
    pub(crate) fn effect(&self) -> Option<Effect> {
        let mut all = self.effects.iter();
        let mut sum = (*all.next()?)?.clone();
        for effect in all {
            let effect = effect.filter(|effect| effect.cause.slug == sum.cause.slug)?;
            sum.failures = sum.failures.saturating_add(effect.failures);
            sum.verdict = sum.verdict.max(effect.verdict);
            sum.stated &= effect.stated;
        }
        Some(sum)
    }

    /// The verdict that claims least: what may be said of all of it.
    pub(crate) fn least_verdict(&self) -> Verdict {
        self.verdicts.iter().map(|(_, verdict)| *verdict).max().unwrap_or(Verdict::CannotTell)
    }
}

/// One conclusion a cause, largest first; what can be told stands before what cannot, and
/// failures before what the clients did.
pub(crate) fn conclusions(diagnosis: &Diagnosis) -> Vec<Conclusion<'_>> {
    let mut out: Vec<Conclusion<'_>> = Vec::new();
    for (i, incident) in diagnosis.incidents.iter().enumerate() {
        for finding in &incident.findings {
            let known = out.iter().position(|c| c.cause.slug == finding.cause.slug);
            let at = known.unwrap_or_else(|| {
                out.push(Conclusion {
                    cause: finding.cause,
                    best: finding,
                    failures: 0,
                    verdicts: Vec::new(),
                    chains: Vec::new(),
                    effects: Vec::new(),
                });
                out.len() - 1
            });
            out[at].add(i, finding);
        }
    }
    for conclusion in &mut out {
        conclusion.chains.sort_by_key(|(_, failures)| std::cmp::Reverse(*failures));
    }
    out.sort_by_key(|c| {
        let is_open = c.best.verdict == Verdict::CannotTell;
        (is_client_side(c.cause), is_open, std::cmp::Reverse(c.failures))
    });
    out
}

/// All failing requests: those of the incidents and those that belong to none. What the clients
/// did is not a failure.
pub(crate) fn failures(diagnosis: &Diagnosis) -> u64 {
    let of = |incident: &Incident| incident.failures.saturating_sub(on_client_side(incident));
    let in_incidents = diagnosis.incidents.iter().map(of).fold(0, u64::saturating_add);
    in_incidents.saturating_add(diagnosis.background)
}

/// Failing requests of all incidents that no cause explains.
pub(crate) fn unexplained(diagnosis: &Diagnosis) -> u64 {
    diagnosis
        .incidents
        .iter()
        .filter_map(|incident| incident.unexplained.as_ref())
        .fold(0, |sum, rest| sum.saturating_add(rest.failures))
}
