//! Two revisions of one system, side by side, and which of their parts are the same.

use std::collections::BTreeMap;

use super::{FileId, Hop, HopId, Link, LinkId, Source, Span, System, Task};

/// A system and what it was at an earlier revision.
#[derive(Clone, Debug)]
pub struct Revisions {
    /// The earlier one. Its spans lead into its own files; [`Revisions::earlier`] makes places of
    /// the later one's of them.
    pub before: System,
    /// The later one, which is checked. The files of the earlier one stand behind its own.
    pub now: System,
    /// How many files are its own.
    own: u32,
    /// For each hop of the later one, its position in the earlier one.
    hops: Vec<Option<usize>>,
    /// The same for each link.
    links: Vec<Option<usize>>,
}

impl Revisions {
    /// Both, with the name of the earlier one: `HEAD~1`, `../released`.
    #[must_use]
    pub fn new(before: System, mut now: System, name: &str) -> Revisions {
        let own = u32::try_from(now.files.len()).unwrap_or(u32::MAX);
        let of_before = |file: &Source| Source {
            // It is there to be cited and was not read as configuration of what is checked.
            read_as: "",
            revision: name.to_owned(),
            ..file.clone()
        };
        let hops = positions(now.hops.iter().map(hop_key), before.hops.iter().map(hop_key));
        let links = positions(
            now.links.iter().map(|link| link_key(&now, link)),
            before.links.iter().map(|link| link_key(&before, link)),
        );
        now.files.extend(before.files.iter().map(of_before));
        Revisions { before, now, own, hops, links }
    }

    /// A place of the earlier revision, as a place among the files of the later one.
    #[must_use]
    pub fn earlier(&self, at: Span) -> Span {
        Span { file: FileId(at.file.0.saturating_add(self.own)), ..at }
    }

    /// The hop of the earlier revision that is this one: of the same name and task.
    #[must_use]
    pub fn hop_before(&self, id: HopId) -> Option<&Hop> {
        let at = self.hops.get(id.0 as usize).copied().flatten()?;
        self.before.hops.get(at)
    }

    /// The link of the earlier revision that is this one: between the same hops, for the same
    /// requests, by the same address.
    #[must_use]
    pub fn link_before(&self, id: LinkId) -> Option<&Link> {
        let at = self.links.get(id.0 as usize).copied().flatten()?;
        self.before.links.get(at)
    }
}

type HopKey<'s> = (&'s str, Task);

fn hop_key(hop: &Hop) -> HopKey<'_> {
    (&hop.name, hop.task)
}

fn link_key<'s>(
    system: &'s System,
    link: &'s Link,
) -> (HopKey<'s>, HopKey<'s>, &'s str, &'s [String], &'s str) {
    let hop = |id: HopId| hop_key(system.hop(id));
    (hop(link.from), hop(link.to), &link.address, &link.route.hosts, &link.route.path)
}

/// For each key the position of the same one in the earlier list; keys that repeat keep their order.
fn positions<K: Ord>(
    now: impl Iterator<Item = K>,
    before: impl Iterator<Item = K>,
) -> Vec<Option<usize>> {
    let mut known: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (at, key) in before.enumerate() {
        known.entry(key).or_default().push(at);
    }
    known.values_mut().for_each(|places| places.reverse());
    now.map(|key| known.get_mut(&key)?.pop()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Found, Route, Settings};

    fn file(name: &str) -> Source {
        let name = name.to_owned();
        Source { name, text: "x".into(), read_as: "nginx", revision: String::new() }
    }

    fn link(from: u32, to: u32, path: &str) -> Link {
        Link {
            from: HopId(from),
            to: HopId(to),
            route: Route { hosts: Vec::new(), path: path.to_owned() },
            address: "app:80".to_owned(),
            port: 80,
            at: None,
            found: Found::Stated,
            settings: Settings::new(),
            checks: Vec::new(),
            slots: Vec::new(),
        }
    }

    fn system(names: &[&str], links: Vec<Link>) -> System {
        let hops = names.iter().map(|name| Hop::new(Task::App, *name)).collect();
        System { files: vec![file("a.conf")], hops, links, ..System::default() }
    }

    #[test]
    fn parts_are_matched_by_name_and_places_lead_to_the_earlier_text() {
        let before = system(&["front", "app"], vec![link(0, 1, "/a"), link(0, 1, "/b")]);
        let now =
            system(&["new", "app", "front", "app"], vec![link(2, 1, "/b"), link(2, 3, "/new")]);
        let both = Revisions::new(before, now, "HEAD~1");
        assert!(both.hop_before(HopId(0)).is_none());
        assert_eq!(both.hop_before(HopId(2)).unwrap().name, "front");
        assert!(both.hop_before(HopId(1)).is_some());
        assert!(both.hop_before(HopId(3)).is_none(), "the second app is new");
        assert_eq!(both.link_before(LinkId(0)).unwrap().route.path, "/b");
        assert!(both.link_before(LinkId(1)).is_none());
        let at = both.earlier(Span::new(FileId(0), 0..1));
        assert_eq!(both.now.place(at), "HEAD~1:a.conf:1");
        assert_eq!(both.now.file(FileId(0)).title(), "a.conf");
    }
}
