//! Edits do what they say: wherever a setting of a case can be changed or added, it is, and the
//! files, read again, say the new value at the same place of the path.

mod common;

use std::fs;
use std::path::Path;

use common::inputs;
use configs::read;
use model::Micros;
use model::config::{Edit, Key, Origin, Setting, Slot, System, Value};

/// What a setting belongs to.
#[derive(Clone, Copy, Debug)]
enum Owner {
    Hop(usize),
    Link(usize),
}

impl Owner {
    fn setting(self, system: &System, key: Key) -> Option<&Setting> {
        match self {
            Owner::Hop(at) => system.hops.get(at)?.get(key),
            Owner::Link(at) => system.links.get(at)?.get(key),
        }
    }
}

#[test]
fn changed_and_added_settings_are_read_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts");
    let mut cases: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let mut tried = 0;
    for case in cases {
        let text = fs::read_to_string(&case).unwrap();
        let inputs = inputs(text.split("\n=>\n").next().unwrap_or_default());
        let system = read(inputs.clone());
        for (owner, key, value, edit) in edits(&system) {
            let path = &system.files[edit.at.file.0 as usize].name;
            let mut changed = inputs.clone();
            let input = changed.iter_mut().find(|input| input.path == *path).unwrap();
            input.text.replace_range(edit.at.range(), &edit.text);
            let again = read(changed);
            let place = format!("{}: {key} of {owner:?} in {path}", case.display());
            let found = owner.setting(&again, key).map(|setting| setting.value.clone());
            assert_eq!(found, Some(value), "{place} with {:?}", edit.text);
            let is_written = owner.setting(&again, key).is_some_and(Setting::is_written);
            assert!(is_written, "{place}");
            tried += 1;
        }
    }
    assert!(tried > 200, "only {tried} edits");
}

/// Every change that the system offers, with the value that it sets.
fn edits(system: &System) -> Vec<(Owner, Key, Value, Edit)> {
    let hops = system.hops.iter().enumerate();
    let hops = hops.map(|(at, hop)| (Owner::Hop(at), &hop.settings, &hop.slots));
    let links = system.links.iter().enumerate();
    let links = links.map(|(at, link)| (Owner::Link(at), &link.settings, &link.slots));
    let mut edits = Vec::new();
    for (owner, settings, slots) in hops.chain(links) {
        for setting in settings {
            let (Origin::Written(at), Some(notation)) = (setting.origin, setting.notation) else {
                continue;
            };
            for value in values() {
                if let Some(text) = notation.write(&value)
                    && kind(&value) == kind(&setting.value)
                {
                    edits.push((owner, setting.key, value, Edit { at, text, safe: true }));
                }
            }
        }
        for slot in slots.iter().filter(|slot| is_free(owner, slot, system)) {
            let filled = values().into_iter().find_map(|value| Some((slot.fill(&value)?, value)));
            if let Some((edit, value)) = filled {
                edits.push((owner, slot.key, value, edit));
            }
        }
    }
    edits
}

/// True if nobody wrote the setting: a slot is of use only then.
fn is_free(owner: Owner, slot: &Slot, system: &System) -> bool {
    !owner.setting(system, slot.key).is_some_and(Setting::is_written)
}

fn values() -> [Value; 3] {
    [Value::Time(Micros::from_secs(420)), Value::Count(43), Value::Bytes(44)]
}

fn kind(value: &Value) -> std::mem::Discriminant<Value> {
    std::mem::discriminant(value)
}
