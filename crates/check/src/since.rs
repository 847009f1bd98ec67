//! What is new since an earlier revision, and which update brought it about.

use std::collections::BTreeMap;

use model::config::{ChangedDefault, Finding, PlaceOf, Revisions, Rule, Severity, System, Update};
use model::{Cause, Predicts, Statement, Text};

/// Runs the rules of every cause on the later of two revisions, and those that compare both. Every
/// finding says whether it is new.
#[must_use]
pub fn since(both: &Revisions, causes: &[&'static Cause]) -> Vec<Finding> {
    let before = crate::check(&both.before, causes);
    let mut findings = crate::check(&both.now, causes);
    let is_new = new_ones(&both.before, &before, &both.now, &findings);
    for (finding, is_new) in findings.iter_mut().zip(is_new) {
        finding.is_new = Some(is_new);
    }
    let mut changes = changes(both, causes);
    if findings.iter().any(|finding| finding.is_new == Some(true)) {
        for update in both.updates() {
            let said = arm(both, causes, &update, &mut findings);
            changes.retain(|change| !said.iter().any(|one| is_about(change, &update, one)));
        }
    }
    findings.extend(changes);
    crate::sort(&mut findings);
    findings
}

/// What the rules say that compare both.
fn changes(both: &Revisions, causes: &[&'static Cause]) -> Vec<Finding> {
    let mut out = Vec::new();
    for &cause in causes {
        let Predicts::By(rules) = cause.predicts else { continue };
        for rule in rules {
            if let Rule::Change(compare) = rule {
                let found = compare(both).into_iter();
                out.extend(found.map(|prediction| Finding {
                    is_new: Some(true),
                    ..Finding::new(cause, prediction)
                }));
            }
        }
    }
    out
}

/// What a finding is recognised by in another revision: files may be renamed, values changed.
type Identity = (&'static str, Vec<String>, Vec<&'static str>, Vec<String>);

fn identity(system: &System, finding: &Finding) -> Identity {
    let prediction = &finding.prediction;
    let mut hops: Vec<String> =
        prediction.hops.iter().map(|hop| system.hop(*hop).name.clone()).collect();
    let (mut keys, mut files) = (Vec::new(), Vec::new());
    for (place, _) in &prediction.places {
        match place {
            PlaceOf::Setting(setting) => keys.push(setting.key.as_str()),
            PlaceOf::Text(span) if hops.is_empty() => {
                files.push(system.file(span.file).name.clone());
            }
            PlaceOf::Text(_) => {}
        }
    }
    files.push(prediction.about.clone());
    hops.sort_unstable();
    hops.dedup();
    keys.sort_unstable();
    keys.dedup();
    files.sort_unstable();
    files.dedup();
    (finding.cause.slug, hops, keys, files)
}

/// For each finding of now whether it was not there before. One that got worse is new.
fn new_ones(before: &System, old: &[Finding], now: &System, found: &[Finding]) -> Vec<bool> {
    let mut known: BTreeMap<Identity, Vec<(Severity, &Statement)>> = BTreeMap::new();
    for finding in old {
        let one = (finding.prediction.severity, &finding.prediction.says);
        known.entry(identity(before, finding)).or_default().push(one);
    }
    let identities: Vec<Identity> = found.iter().map(|finding| identity(now, finding)).collect();
    let mut is_new = vec![true; found.len()];
    // Of several that are alike, those that say the same belong together.
    for exactly in [true, false] {
        for ((finding, id), is_new) in found.iter().zip(&identities).zip(&mut is_new) {
            let Some(left) = known.get_mut(id).filter(|_| *is_new) else { continue };
            let prediction = &finding.prediction;
            let at = left.iter().position(|(severity, says)| {
                *severity >= prediction.severity && (!exactly || **says == prediction.says)
            });
            if let Some(at) = at {
                left.swap_remove(at);
                *is_new = false;
            }
        }
    }
    is_new
}

const BEFORE: Text = Text::new("{product} was {from} before", "以前は {product} {from} でした");

/// Says of the new findings that would not be there without an update that it brought them about, and
/// returns the changes of defaults that were said.
fn arm<'u>(
    both: &Revisions,
    causes: &[&'static Cause],
    update: &'u Update,
    findings: &mut [Finding],
) -> Vec<&'u ChangedDefault> {
    let without = both.without(update);
    let left = crate::check(&without, causes);
    let gone = new_ones(&without, &left, &both.now, findings);
    let mut said = Vec::new();
    for (finding, gone) in findings.iter_mut().zip(gone) {
        if !gone || finding.is_new != Some(true) {
            continue;
        }
        let prediction = &mut finding.prediction;
        let is_cited = |changed: &&ChangedDefault| {
            let is_it = |place: &PlaceOf| *place == PlaceOf::Setting(changed.now.clone());
            prediction.places.iter().any(|(place, _)| is_it(place))
        };
        let cited: Vec<_> = update.defaults.iter().filter(is_cited).collect();
        // What it changed may be a condition of the finding and not one of its places.
        let cited = if cited.is_empty() { update.defaults.iter().collect() } else { cited };
        for changed in &cited {
            let says = update.stated(&both.now, changed);
            if !prediction.armed_by.contains(&says) {
                prediction.armed_by.push(says);
            }
        }
        said.extend(cited);
        if let Some(at) = update.from_at {
            let says =
                Statement::plain(BEFORE).with("product", update.product).with("from", &update.from);
            prediction.places.push((PlaceOf::Text(at), says));
        }
    }
    said
}

/// True if a finding tells of this change of a default and of nothing else.
fn is_about(finding: &Finding, update: &Update, changed: &ChangedDefault) -> bool {
    let prediction = &finding.prediction;
    prediction.hops.contains(&update.hop)
        && prediction
            .places
            .iter()
            .any(|(place, _)| matches!(place, PlaceOf::Setting(setting) if *setting == changed.now))
}
