//! Updates of products that change what holds when nobody says otherwise.

use super::{HopId, LinkId, Origin, Product, Revisions, Setting, Settings, Span, System};
use crate::{Statement, Text};

/// A product of a hop runs in another version than before, and some of its defaults are others.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The hop.
    pub hop: HopId,
    /// The product in the vendor's spelling.
    pub product: &'static str,
    /// The version before.
    pub from: String,
    /// The version now; empty if the files do not say any more.
    pub to: String,
    /// Where the version was written, as a place among the files of what is checked.
    pub from_at: Option<Span>,
    /// Defaults that nobody wrote over, before or now.
    pub defaults: Vec<ChangedDefault>,
}

/// One such default.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedDefault {
    /// The link whose it is; `None` for a setting of the hop.
    pub link: Option<LinkId>,
    /// What held before.
    pub before: Setting,
    /// What holds now.
    pub now: Setting,
}

const CHANGES: Text = Text::new(
    "{product} {from} → {to} changes the default of {name} of {hop} from {before} to {now}",
    "{product} {from} → {to} で、{hop} の {name} の既定値が {before} から {now} に変わります",
);
const CHANGES_NAME: Text = Text::new(
    "{product} {from} → {to} changes a default of {hop}: {name_before} was {before}, {name} is {now}",
    "{product} {from} → {to} で {hop} の既定値が変わります。{name_before} は {before} でしたが、{name} は \
     {now} です",
);

impl Update {
    /// One change of it as a sentence.
    #[must_use]
    pub fn stated(&self, system: &System, changed: &ChangedDefault) -> Statement {
        let same = changed.before.name == changed.now.name;
        Statement::plain(if same { CHANGES } else { CHANGES_NAME })
            .with("product", self.product)
            .with("from", &self.from)
            .with("to", if self.to.is_empty() { "?" } else { &self.to })
            .with("hop", &system.hop(self.hop).name)
            .with("name_before", changed.before.name)
            .with("name", changed.now.name)
            .with("before", &changed.before.value)
            .with("now", &changed.now.value)
    }
}

impl Revisions {
    /// Every update that changed a default, in the order of the hops.
    #[must_use]
    pub fn updates(&self) -> Vec<Update> {
        let mut out = Vec::new();
        for (id, hop) in self.now.hops() {
            let Some(was) = self.hop_before(id) else { continue };
            for now in &hop.products {
                let same = |other: &&Product| other.name == now.name;
                let Some(before) = was.products.iter().find(same) else { continue };
                if before.version.is_empty() || before.version == now.version {
                    continue;
                }
                let mut defaults = changed(now.name, None, &was.settings, &hop.settings);
                for (link, leaves) in self.now.links_from(id) {
                    if let Some(left) = self.link_before(link) {
                        let of = changed(now.name, Some(link), &left.settings, &leaves.settings);
                        defaults.extend(of);
                    }
                }
                if defaults.is_empty() {
                    continue;
                }
                out.push(Update {
                    hop: id,
                    product: now.name,
                    from: before.version.clone(),
                    to: now.version.clone(),
                    from_at: before.version_at.map(|at| self.earlier(at)),
                    defaults,
                });
            }
        }
        out
    }

    /// What is checked as it would be without an update: every default of the product is what it
    /// was before.
    #[must_use]
    pub fn without(&self, update: &Update) -> System {
        let mut system = self.now.clone();
        if let Some(was) = self.hop_before(update.hop) {
            let hop = &mut system.hops[update.hop.0 as usize];
            hop.settings = taken_back(update.product, &was.settings, &hop.settings);
        }
        for (id, link) in self.now.links_from(update.hop) {
            if let Some(was) = self.link_before(id) {
                system.links[id.0 as usize].settings =
                    taken_back(update.product, &was.settings, &link.settings);
            }
        }
        system
    }
}

fn is_default_of(setting: &Setting, product: &str) -> bool {
    matches!(setting.origin, Origin::Default { known, .. } if known.product == product)
}

/// The defaults of a product that are surely others than before.
fn changed(
    product: &str,
    link: Option<LinkId>,
    before: &Settings,
    now: &Settings,
) -> Vec<ChangedDefault> {
    let mut out = Vec::new();
    for now in now.iter().filter(|setting| is_default_of(setting, product)) {
        let Some(before) = before.get(now.key) else { continue };
        let Origin::Default { known: old, assumed: false, .. } = before.origin else { continue };
        let Origin::Default { known: new, .. } = now.origin else { continue };
        // Of the same versions it differs for another reason than the version.
        let by_version = old.product == product && old.versions != new.versions;
        if by_version && before.value != now.value {
            out.push(ChangedDefault { link, before: before.clone(), now: now.clone() });
        }
    }
    out
}

/// The settings of now with the defaults of before.
fn taken_back(product: &str, before: &Settings, now: &Settings) -> Settings {
    let mut out = Settings::new();
    for setting in now {
        if !is_default_of(setting, product) {
            out.set(setting.clone());
        } else if let Some(was) = before.get(setting.key).filter(|was| is_default_of(was, product))
        {
            out.set(Setting { value: was.value.clone(), ..setting.clone() });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Micros;
    use crate::config::{Hop, Key, KnownDefault, Task, Value};

    static OLD: KnownDefault =
        KnownDefault { product: "Puma", versions: "before 7.0", source: "x", fixed: false };
    static NEW: KnownDefault =
        KnownDefault { product: "Puma", versions: "7.0 and later", source: "x", fixed: false };

    fn system(version: &str, known: &'static KnownDefault, seconds: i64) -> System {
        let mut hop = Hop::new(Task::App, "web");
        let version = version.to_owned();
        hop.products.push(Product { name: "Puma", version, version_at: None });
        let value = Value::Time(Micros::from_secs(seconds));
        let name = "persistent_timeout";
        hop.settings.set(Setting::default(Key::ClientIdleTimeout, value, name, known, None));
        System { hops: vec![hop], ..System::default() }
    }

    fn between(before: System, now: System) -> Vec<Update> {
        Revisions::new(before, now, "old").updates()
    }

    #[test]
    fn an_update_is_one_only_if_the_version_decides() {
        let found = between(system("6.4", &OLD, 20), system("7.1", &NEW, 65));
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].from, &*found[0].to), ("6.4", "7.1"));
        let none = |before, now| assert!(between(before, now).is_empty());
        none(system("6.4", &OLD, 20), system("6.4", &OLD, 20));
        none(system("7.0", &NEW, 65), system("7.1", &NEW, 65));
        none(system("", &OLD, 20), system("7.1", &NEW, 65));
        none(system("6.4", &OLD, 20), System::default());
        let mut written = system("7.1", &NEW, 65);
        let at = Span::new(super::super::FileId(0), 0..1);
        let value = Value::Time(Micros::from_secs(65));
        let set = Setting::written(Key::ClientIdleTimeout, value, "persistent_timeout", at);
        written.hops[0].settings.set(set);
        none(system("6.4", &OLD, 20), written);
    }

    #[test]
    fn an_update_can_be_taken_back() {
        let both = Revisions::new(system("6.4", &OLD, 20), system("7.1", &NEW, 65), "old");
        let without = both.without(&both.updates()[0]);
        let idle = without.hops[0].settings.time(Key::ClientIdleTimeout);
        assert_eq!(idle, Some(Micros::from_secs(20)));
    }
}
