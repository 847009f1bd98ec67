//! Updates that change what holds when nobody says otherwise: nobody touched the setting, and it is
//! another one after the next roll-out.

use model::config::{
    ChangedDefault, Confidence, Origin, PlaceOf, Prediction, Revisions, Severity, Update,
};
use model::{Statement, Text};

/// Every default that another version of its product changes. What breaks by it is the finding of
/// another cause; by itself it is worth knowing.
pub(crate) fn changed_defaults(both: &Revisions) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    for update in both.updates() {
        for changed in &update.defaults {
            let prediction = told(both, &update, changed);
            // Links that leave a hop share the default: the first stands for all of them.
            let same = |one: &&mut Prediction| one.says == prediction.says;
            match found.iter_mut().find(same) {
                Some(one) => one.links.extend(changed.link),
                None => found.push(prediction),
            }
        }
    }
    found
}

fn told(both: &Revisions, update: &Update, changed: &ChangedDefault) -> Prediction {
    let confidence = match changed.now.origin {
        Origin::Default { assumed: true, .. } => Confidence::Low,
        _ => Confidence::High,
    };
    let says = update.stated(&both.now, changed);
    let mut prediction = Prediction::new(Severity::Note, confidence, says).rests_on(
        &both.now,
        update.hop,
        &changed.now,
    );
    prediction.links.extend(changed.link);
    if let Some(at) = update.from_at {
        let says = Statement::plain(BEFORE)
            .with("product", update.product)
            .with("from", &update.from)
            .with("value", &changed.before.value);
        prediction.places.push((PlaceOf::Text(at), says));
    }
    for (says, setting) in [(WAS, &changed.before), (IS, &changed.now)] {
        let Origin::Default { known, .. } = setting.origin else { continue };
        prediction = prediction.step(
            Statement::plain(says)
                .with("product", known.product)
                .with("versions", known.versions)
                .with("name", setting.name)
                .with("value", &setting.value)
                .with("source", known.source),
        );
    }
    let keep = Statement::plain(KEEP)
        .with("name", changed.before.name)
        .with("hop", &both.now.hop(update.hop).name)
        .with("value", &changed.before.value);
    let slots = match changed.link {
        Some(link) => &both.now.link(link).slots,
        None => &both.now.hop(update.hop).slots,
    };
    // Whether the old value or the new one is wanted, only people know.
    let edit = changed.now.changed_to(&changed.before.value, slots);
    prediction.change(keep).edit(edit.map(|edit| model::config::Edit { safe: false, ..edit }))
}

const BEFORE: Text = Text::new(
    "{product} was {from} before, and its default {value}",
    "以前は {product} {from} で、既定値は {value} でした",
);
const WAS: Text = Text::new(
    "before: {name} is {value} in {product} {versions} ({source})",
    "以前: {product} {versions} の {name} は {value} です（{source}）",
);
const IS: Text = Text::new(
    "now: {name} is {value} in {product} {versions} ({source})",
    "現在: {product} {versions} の {name} は {value} です（{source}）",
);
const KEEP: Text = Text::new(
    "write {name} of {hop} down: {value}, if what held before is wanted",
    "以前の動作が必要なら、{hop} の {name} に {value} を明記します",
);

#[cfg(test)]
mod tests {
    use model::config::{Key, KnownDefault, Setting, Span, System, Task, Value};

    use super::*;
    use crate::rules::test_support::{Made, only, secs};

    static OLD: KnownDefault =
        KnownDefault { product: "Puma", versions: "before 7.0", source: "NEWS", fixed: false };
    static NEW: KnownDefault =
        KnownDefault { product: "Puma", versions: "7.0 and later", source: "NEWS", fixed: false };

    fn system(version: &str, known: &'static KnownDefault, value: Value) -> System {
        let mut made = Made::new();
        let web = made.hop(Task::App, "web");
        made.runs(web, "Puma", version);
        let at = made.system.hop(web).products[0].version_at;
        let name = "persistent_timeout";
        let set = Setting::default(Key::ClientIdleTimeout, value, name, known, at);
        made.system.hops[0].settings.set(set);
        made.system
    }

    fn between(before: System, now: System) -> Vec<Prediction> {
        changed_defaults(&Revisions::new(before, now, "HEAD~1"))
    }

    #[test]
    fn a_default_that_an_update_changes_is_told_with_both_values() {
        let before = system("6.4", &OLD, secs(20));
        let now = system("7.1", &NEW, secs(65));
        let both = Revisions::new(before, now, "HEAD~1");
        let one = only(changed_defaults(&both));
        assert_eq!(one.severity, Severity::Note);
        let says = one.says.render(model::Lang::En);
        assert!(says.contains("Puma 6.4 → 7.1") && says.contains("from 20 s to 65 s"), "{says}");
        let places: Vec<Span> = one
            .places
            .iter()
            .filter_map(|(place, _)| match place {
                PlaceOf::Setting(setting) => setting.span(),
                PlaceOf::Text(at) => Some(*at),
            })
            .collect();
        let titles: Vec<_> =
            places.iter().map(|at| both.now.file(at.file).title().into_owned()).collect();
        assert_eq!(titles, ["made.conf", "HEAD~1:made.conf"]);
    }

    #[test]
    fn what_stays_as_it_was_is_not_told() {
        assert!(between(system("6.4", &OLD, secs(20)), system("6.5", &OLD, secs(20))).is_empty());
        assert!(between(system("", &OLD, secs(20)), system("7", &NEW, secs(65))).is_empty());
        assert!(between(System::default(), system("7", &NEW, secs(65))).is_empty());
    }
}
