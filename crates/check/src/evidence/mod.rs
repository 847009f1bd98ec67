//! Where predictions and what has happened meet: each finding of a diagnosis gets what configuration
//! says of it, and each finding of `check` the incidents in which it has come true.
//!
//! Logs show what happened, configuration what was meant to run. So configuration is circumstantial:
//! it never proves and never excludes. It counts as the independent evidence that a finding lacks where
//! the logs say more than a status, no rival fits, and the link is the one that the logs name; it makes
//! no verdict weaker, because what ran may have been other configuration.

mod area;
mod cite;
mod upheld;

use model::config::{
    Bearing, Bears, Confidence, Finding as Predicted, Happened, ReadBeside, System,
};
use model::{Cause, Diagnosis, Finding, Incident, Verdict, Window};

use area::Area;

/// The products whose records are of a dialect, in the vendors' spelling; none if the dialect does not
/// say.
pub type Products<'p> = &'p dyn Fn(&str) -> &'static [&'static str];

/// What configuration says, found by the rules.
#[derive(Debug)]
pub struct Configuration<'c> {
    /// What was understood of it.
    pub system: &'c System,
    /// What the rules found; gets what has happened.
    pub predicted: &'c mut [Predicted],
    /// What to give to `check` to have the same read.
    pub paths: Vec<String>,
}

/// Lets the two meet.
pub fn meet(configuration: Configuration<'_>, diagnosis: &mut Diagnosis, products: Products<'_>) {
    let Configuration { system, predicted, paths } = configuration;
    let sources: Vec<String> = diagnosis.sources.iter().map(|s| s.name.clone()).collect();
    let mut used = vec![false; predicted.len()];
    for (number, incident) in (1..).zip(&mut diagnosis.incidents) {
        let (window, requests) = (whole(&incident.windows), incident.requests);
        let Incident { findings, .. } = incident;
        for finding in findings {
            let area = Area::of(system, &finding.seen, products);
            let mut come_true = Vec::new();
            for (at, prediction) in predicted.iter().enumerate() {
                let Some(bears) = bears(system, prediction, finding, &area) else { continue };
                used[at] = true;
                finding.configuration.push(bearing(system, prediction, bears, &area));
                if bears == Bears::Predicts && finding.verdict != Verdict::CannotTell {
                    come_true.push(at);
                }
            }
            if !finding.configuration.iter().any(|one| one.bears == Bears::Predicts) {
                finding.configuration.extend(upheld::against(system, finding.cause, &area));
            }
            // Stable: within a kind the order of `check` stays.
            finding.configuration.sort_by_key(|one| one.bears);
            lift(finding);
            for at in come_true {
                let first = finding.failing.first();
                predicted[at].happened.push(Happened {
                    incident: number,
                    window: whole(&finding.windows).or(window),
                    requests,
                    failures: finding.failures,
                    verdict: finding.verdict,
                    of_logs: finding.of_logs.unwrap_or(finding.verdict),
                    only_one: area.is_only_one(system),
                    seen_at: first.and_then(|citation| {
                        Some((sources.get(citation.source)?.clone(), citation.line))
                    }),
                });
            }
        }
    }
    let files = system.files.iter().filter(|file| !file.read_as.is_empty());
    diagnosis.configuration = Some(ReadBeside {
        paths,
        files: files.map(|file| (file.name.clone(), file.read_as)).collect(),
        further: used.iter().filter(|used| !**used).count(),
    });
}

/// Puts what has happened first; the rest stays in its order.
pub fn sort(predicted: &mut [Predicted]) {
    predicted.sort_by_key(|one| one.happened.is_empty());
}

/// Which way a prediction speaks of a finding; `None` if it is about something else.
fn bears(system: &System, prediction: &Predicted, finding: &Finding, area: &Area) -> Option<Bears> {
    let is = |cause: &Cause| cause.slug == prediction.cause.slug;
    let fits = area.fits(system, prediction.cause, &prediction.prediction);
    let told = is(finding.cause) || finding.chain.iter().any(|link| is(link));
    if told {
        return Some(if fits { Bears::Predicts } else { Bears::PredictsElsewhere });
    }
    let rival = fits && finding.rivals.iter().any(|rival| is(rival.cause));
    rival.then_some(Bears::PredictsRival)
}

fn bearing(system: &System, predicted: &Predicted, bears: Bears, area: &Area) -> Bearing {
    let prediction = &predicted.prediction;
    Bearing {
        bears,
        cause: predicted.cause,
        says: prediction.says.clone(),
        meet: cite::meet(system, prediction),
        confidence: prediction.confidence,
        same_link: bears != Bears::PredictsElsewhere && area.is_one_link(system),
        only_one: area.is_only_one(system),
        places: cite::places(system, &prediction.places),
        changes: prediction.changes.clone(),
        fingerprint: crate::fingerprint(system, predicted),
    }
}

/// Configuration that predicts the cause of a finding is the independent evidence that it lacks.
fn lift(finding: &mut Finding) {
    let says_enough = !finding.seen.is_empty() && finding.seen.iter().all(|seen| !seen.bare);
    let agrees = finding.configuration.iter().any(|one| {
        one.bears == Bears::Predicts
            && one.cause.slug == finding.cause.slug
            && one.same_link
            && one.confidence >= Confidence::Medium
    });
    if finding.verdict == Verdict::Consistent && finding.rivals.is_empty() && says_enough && agrees
    {
        finding.of_logs = Some(finding.verdict);
        finding.verdict = Verdict::Supported;
    }
}

/// From the first window's start to the last one's end.
fn whole(windows: &[Window]) -> Option<Window> {
    let start = windows.iter().map(|window| window.start).min()?;
    let end = windows.iter().map(|window| window.end).max()?;
    Some(Window { start, end })
}

#[cfg(test)]
mod tests;
