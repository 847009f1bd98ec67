//! Which files state one schema: nothing in them says so.
//!
//! Files of one folder do, and files that speak of each other's types, and all parts of a federated
//! schema. What is put together wrongly hides a change, what is kept apart wrongly invents one: in
//! doubt, files are put together.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{GraphQl, System};

/// The files of one schema, before and now.
#[derive(Debug, Default)]
pub(super) struct Group<'s> {
    pub(super) before: Vec<&'s GraphQl>,
    pub(super) now: Vec<&'s GraphQl>,
}

/// The schemas of both revisions. A file belongs to the same schema in both.
pub(super) fn groups<'s>(before: &'s System, now: &'s System) -> Vec<Group<'s>> {
    let mut paths: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, path) in files(before).chain(files(now)) {
        let next = paths.len();
        paths.entry(path).or_insert(next);
    }
    let mut sets = Sets((0..paths.len()).collect());
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, at) in &paths {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        sets.join(*folders.entry(folder).or_insert(*at), *at);
    }
    for system in [before, now] {
        join_by_content(system, &paths, &mut sets);
    }
    let mut out: BTreeMap<usize, Group<'s>> = BTreeMap::new();
    for (file, path) in files(before) {
        out.entry(sets.of(paths[path])).or_default().before.push(file);
    }
    for (file, path) in files(now) {
        out.entry(sets.of(paths[path])).or_default().now.push(file);
    }
    out.into_values().collect()
}

/// Files with types, and their paths.
fn files(system: &System) -> impl Iterator<Item = (&GraphQl, &str)> {
    // A file of which nothing is understood may hold types.
    let with_types = system
        .graphql
        .iter()
        .filter(|file| !file.types.is_empty() || (file.partial && file.operations.is_empty()));
    with_types.map(|file| (file, &*system.file(file.file).name))
}

fn join_by_content(system: &System, paths: &BTreeMap<&str, usize>, sets: &mut Sets) {
    let mut defined: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut federated = None;
    for (file, path) in files(system) {
        let at = paths[path];
        if file.federated {
            sets.join(*federated.get_or_insert(at), at);
        }
        for of in file.types.iter().filter(|of| !of.extends) {
            defined.entry(&of.name).or_default().push(at);
        }
    }
    // By folders first, so that a type of the own folder wins.
    for (file, path) in files(system) {
        let at = paths[path];
        let mut spoken_of: BTreeSet<&str> = BTreeSet::new();
        for of in &file.types {
            if of.extends {
                spoken_of.insert(&of.name);
            }
            spoken_of.extend(of.names.iter().map(|(name, _)| &**name));
            for field in &of.fields {
                spoken_of.insert(&field.of.name);
                spoken_of.extend(field.arguments.iter().map(|argument| &*argument.of.name));
            }
        }
        for name in spoken_of {
            let Some(places) = defined.get(name) else { continue };
            if places.iter().any(|place| sets.of(*place) == sets.of(at)) {
                continue;
            }
            places.iter().for_each(|place| sets.join(*place, at));
        }
    }
}

/// Sets that are joined (union-find).
struct Sets(Vec<usize>);

impl Sets {
    fn of(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
    }
}
