//! The pieces of the path over which an order of timers has to hold, and the settings on them.

use model::Micros;
use model::config::{
    Confidence, Guard, Hop, HopId, Key, LinkId, Setting, Shape, Site, Slot, System,
};

/// What a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Hop(HopId),
    Link(LinkId),
}

/// One piece of the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) from: HopId,
    pub(crate) link: Option<LinkId>,
    pub(crate) next: Option<LinkId>,
}

/// Every piece of a shape.
pub(crate) fn pieces(system: &System, shape: Shape) -> Vec<Piece> {
    match shape {
        Shape::Hop => {
            system.hops().map(|(from, _)| Piece { from, link: None, next: None }).collect()
        }
        Shape::Link => system
            .links()
            .map(|(id, link)| Piece { from: link.from, link: Some(id), next: None })
            .collect(),
        Shape::Chain => system
            .links()
            .flat_map(|(id, link)| {
                system.links_from(link.to).map(move |(next, _)| Piece {
                    from: link.from,
                    link: Some(id),
                    next: Some(next),
                })
            })
            .collect(),
    }
}

impl Piece {
    /// What stands at a site of this piece; `None` if the shape has no such site.
    pub(crate) fn owner(self, system: &System, site: Site) -> Option<Owner> {
        Some(match site {
            Site::From => Owner::Hop(self.from),
            Site::Link => Owner::Link(self.link?),
            Site::To => Owner::Hop(system.link(self.link?).to),
            Site::Next => Owner::Link(self.next?),
            Site::Last => Owner::Hop(system.link(self.next?).to),
        })
    }

    /// A setting at a site.
    pub(crate) fn setting(self, system: &System, site: Site, key: Key) -> Option<&Setting> {
        self.owner(system, site)?.setting(system, key)
    }

    /// Whether a condition holds here.
    pub(crate) fn meets(self, system: &System, guard: &Guard) -> bool {
        let flag = |site, key| {
            let owner = self.owner(system, site)?;
            owner.settings(system).flag(key)
        };
        match *guard {
            Guard::NotOff(site, key) => flag(site, key) != Some(false),
            Guard::On(site, key) => flag(site, key) == Some(true),
            Guard::NotOn(site, key) => flag(site, key) != Some(true),
            Guard::AtMost(site, any, bound) => {
                let time = |&key: &Key| self.setting(system, site, key).and_then(Setting::time);
                any.iter().filter_map(time).min().is_none_or(|time| time <= bound)
            }
            Guard::NotOneOf(site, key, words) => self
                .setting(system, site, key)
                .and_then(Setting::text)
                .is_none_or(|word| !words.contains(&word)),
            Guard::Written(any) => any.iter().any(|&(site, key)| {
                self.setting(system, site, key).is_some_and(Setting::is_written)
            }),
            Guard::Bounded(site, any) => any.iter().any(|&key| {
                self.setting(system, site, key)
                    .is_some_and(|set| set.time().is_some() || set.is_written())
            }),
            Guard::NotZero(site, key) => self
                .setting(system, site, key)
                .and_then(Setting::time)
                .is_none_or(|time| time > Micros(0)),
            Guard::Is(site, tasks) => {
                self.hop(system, site).is_some_and(|hop| tasks.contains(&hop.task))
            }
            Guard::IsNot(site, tasks) => {
                self.hop(system, site).is_some_and(|hop| !tasks.contains(&hop.task))
            }
            Guard::Runs(site, any) => {
                self.hop(system, site).is_some_and(|hop| any.iter().any(|name| hop.runs(name)))
            }
            Guard::RunsNot(site, any) => {
                self.hop(system, site).is_some_and(|hop| !any.iter().any(|name| hop.runs(name)))
            }
        }
    }

    /// The hop at a site; for a link, the one that sends.
    fn hop(self, system: &System, site: Site) -> Option<&Hop> {
        Some(system.hop(self.owner(system, site)?.hop(system)))
    }

    /// How sure it is that its ends belong together.
    pub(crate) fn confidence(self, system: &System) -> Confidence {
        let links = [self.link, self.next];
        let of = |link: LinkId| system.sure_of(system.link(link));
        links.into_iter().flatten().map(of).min().unwrap_or(Confidence::High)
    }
}

impl Owner {
    pub(crate) fn settings(self, system: &System) -> &model::config::Settings {
        match self {
            Owner::Hop(id) => &system.hop(id).settings,
            Owner::Link(id) => &system.link(id).settings,
        }
    }

    pub(crate) fn setting(self, system: &System, key: Key) -> Option<&Setting> {
        self.settings(system).get(key)
    }

    /// Where settings that nobody wrote can be added.
    pub(crate) fn slots(self, system: &System) -> &[Slot] {
        match self {
            Owner::Hop(id) => &system.hop(id).slots,
            Owner::Link(id) => &system.link(id).slots,
        }
    }

    /// Where this setting can be added.
    pub(crate) fn slot(self, system: &System, key: Key) -> Option<&Slot> {
        self.slots(system).iter().find(|slot| slot.key == key)
    }

    /// The hop whose setting it is: for a link, the one that sends.
    pub(crate) fn hop(self, system: &System) -> HopId {
        match self {
            Owner::Hop(id) => id,
            Owner::Link(id) => system.link(id).from,
        }
    }
}
