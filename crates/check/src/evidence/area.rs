//! The part of the configured path on which requests failed, as far as hops and targets of the logs say.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::config::{Hop, HopId, Link, LinkId, Prediction, System, Task};
use model::{Cause, HopKind, Place, Seen, Side};

use super::Products;

/// Ports that platforms give to targets at run time, so that the files cannot name them: Kubernetes
/// node ports from 30000 (kubernetes.io, Service, `nodePort`) and host ports of containers up from the
/// kernel's ephemeral range (Amazon ECS, "dynamic port mapping").
const GIVEN_AT_RUN_TIME: std::ops::RangeInclusive<u16> = 30_000..=65_535;

/// Hops and links that fit what the logs name.
#[derive(Debug, Default)]
pub(super) struct Area {
    /// Links on which they failed.
    pub(super) links: BTreeSet<LinkId>,
    /// Hops that sent them on.
    from: BTreeSet<HopId>,
    /// Hops they were sent to, and what stands behind those that only forward.
    to: BTreeSet<HopId>,
    /// True if every record that names a port names that of a link.
    by_port: bool,
}

/// What a record's target has in common with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Agree {
    No,
    /// One of them names nothing that could be compared.
    Unknown,
    Port,
}

impl Area {
    pub(super) fn of(system: &System, seen: &[Seen], products: Products<'_>) -> Area {
        let mut area = Area { by_port: !seen.is_empty(), ..Area::default() };
        for one in seen {
            area.add(system, one, products);
        }
        area.pass_through(system);
        area
    }

    fn add(&mut self, system: &System, seen: &Seen, products: Products<'_>) {
        let is_program = matches!(seen.kind, HopKind::Service | HopKind::Application);
        let named = products(seen.dialect);
        let writes = |hop: &Hop| match named {
            [] => is_program && hop.task == Task::App,
            named => named.iter().any(|product| hop.runs(product)),
        };
        let mut writers: Vec<HopId> =
            system.hops().filter(|(_, hop)| writes(hop)).map(|(id, _)| id).collect();
        // A program's own language is often written nowhere.
        if writers.is_empty() && is_program {
            writers = system.hops_that(Task::App).map(|(id, _)| id).collect();
        }
        // Where the logs name one of several by the name it has in the files, that one is meant.
        let own: Vec<String> = names(&seen.hop).collect();
        let is_named =
            |hop: &&HopId| names(&system.hop(**hop).name).any(|name| own.contains(&name));
        let by_name: Vec<HopId> = writers.iter().filter(is_named).copied().collect();
        if !by_name.is_empty() {
            writers = by_name;
        }
        if is_program && seen.side != Side::Egress {
            self.to.extend(&writers);
            self.by_port = false;
            return;
        }
        let links: Vec<(LinkId, &Link)> =
            writers.iter().flat_map(|hop| system.links_from(*hop)).collect();
        let agreed: Vec<(LinkId, Agree)> =
            links.iter().map(|(id, link)| (*id, agree(system, link, &seen.targets))).collect();
        let best = agreed.iter().map(|(_, agree)| *agree).max().unwrap_or(Agree::No);
        self.by_port &= best == Agree::Port;
        for (id, _) in agreed.into_iter().filter(|(_, agree)| *agree == best && best > Agree::No) {
            let link = system.link(id);
            self.links.insert(id);
            self.from.insert(link.from);
            self.to.insert(link.to);
        }
    }

    /// What forwards connections writes nothing of requests: its links carry the same ones.
    fn pass_through(&mut self, system: &System) {
        let mut left: Vec<HopId> = self.to.iter().copied().collect();
        while let Some(hop) = left.pop() {
            let hop_is = system.hop(hop);
            let forwards = matches!(hop_is.task, Task::LoadBalancer | Task::Gateway | Task::Cdn);
            let connections_only = hop_is.task == Task::LoadBalancer
                && (hop_is.products.is_empty() || hop_is.runs("AWS NLB"));
            if !forwards {
                continue;
            }
            for (id, link) in system.links_from(hop) {
                if connections_only {
                    self.links.insert(id);
                }
                if self.to.insert(link.to) {
                    left.push(link.to);
                }
            }
        }
    }

    /// True if the logs name the very link, by its port, and no other one fits.
    pub(super) fn is_one_link(&self, system: &System) -> bool {
        self.by_port && !self.links.is_empty() && self.is_only_one(system)
    }

    /// True if there is but one place that fits: one program, or links that all lead from one hop to one
    /// other with the same settings.
    pub(super) fn is_only_one(&self, system: &System) -> bool {
        let mut links = self.links.iter().map(|id| system.link(*id));
        let Some(first) = links.next() else { return self.to.len() == 1 };
        let same = |link: &Link| {
            (link.from, link.to, &link.settings) == (first.from, first.to, &first.settings)
        };
        links.all(same)
    }

    /// Whether a prediction is about this part of the path.
    pub(super) fn fits(&self, system: &System, cause: &Cause, prediction: &Prediction) -> bool {
        let on_link = prediction.links.iter().any(|link| self.links.contains(link));
        let behind = prediction.hops.iter().any(|hop| self.to.contains(hop));
        let in_front = prediction.hops.iter().any(|hop| self.from.contains(hop));
        match cause.place {
            // What goes wrong inside a hop shows at the one in front of it; what goes wrong as it
            // calls outward, at itself.
            Place::Process | Place::Capacity | Place::Release => on_link || behind,
            Place::Egress => {
                on_link
                    || behind
                    || prediction
                        .hops
                        .iter()
                        .any(|hop| self.from.contains(hop) && system.hop(*hop).task == Task::App)
            }
            _ if prediction.links.is_empty() => behind || in_front,
            _ => on_link,
        }
    }
}

/// Words of hops' names that say what a hop is and not which.
const KINDS: &[&str] = &[
    "app", "apache", "conf", "envoy", "frontend", "haproxy", "http", "https", "httpd", "listener",
    "net", "nginx", "proxy", "server", "service",
];

/// The names that a hop's name consists of, for comparison: `app/shop-prod/50dc6c49` and
/// `aws_lb.shop_prod` have `shop-prod` in common.
fn names(hop: &str) -> impl Iterator<Item = String> {
    hop.split([' ', '/', '.', ':'])
        .map(|word| word.to_ascii_lowercase().replace('_', "-"))
        .filter(|word| word.len() >= 3 && !KINDS.contains(&word.as_str()))
}

/// The best that any of the targets agrees with the link.
fn agree(system: &System, link: &Link, targets: &[String]) -> Agree {
    targets.iter().map(|target| compare(system, link, target)).max().unwrap_or(Agree::Unknown)
}

fn compare(system: &System, link: &Link, target: &str) -> Agree {
    let is_socket = |text: &str| text.starts_with("unix:") || text.starts_with('/');
    if is_socket(target) {
        let path = target.trim_start_matches("unix:");
        return match link.address.trim_start_matches("unix:") {
            own if is_socket(own) => {
                if path.starts_with(own) || own.starts_with(path) {
                    Agree::Port
                } else {
                    Agree::No
                }
            }
            "" => Agree::Unknown,
            _ => Agree::No,
        };
    }
    let Some((host, port)) = host_and_port(target) else { return Agree::Unknown };
    let own = host_and_port(&link.address).map_or(&*link.address, |(host, _)| host);
    if let (Ok(a), Ok(b)) = (host.parse::<IpAddr>(), own.parse::<IpAddr>())
        && a != b
    {
        return Agree::No;
    }
    let mut ports: Vec<u16> = vec![link.port];
    if link.port == 0 {
        ports = system.hop(link.to).listens.iter().map(|listen| listen.port).collect();
    }
    ports.retain(|port| *port != 0);
    if ports.contains(&port) {
        Agree::Port
    } else if ports.is_empty() || GIVEN_AT_RUN_TIME.contains(&port) {
        Agree::Unknown
    } else {
        Agree::No
    }
}

/// `10.0.1.7:3000`, `[::1]:3000`, `db.internal:5432`; not the names that proxies give to servers.
fn host_and_port(target: &str) -> Option<(&str, u16)> {
    let (host, port) = target.rsplit_once(':')?;
    let host = host.rsplit('/').next()?;
    Some((host.trim_start_matches('[').trim_end_matches(']'), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::config::{Found, Product, Route, Settings};

    fn system(address: &str, port: u16) -> System {
        let link = Link {
            from: HopId(0),
            to: HopId(1),
            route: Route::default(),
            address: address.to_owned(),
            port,
            at: None,
            found: Found::Stated,
            settings: Settings::new(),
            checks: Vec::new(),
            slots: Vec::new(),
        };
        let hops = vec![Hop::new(Task::Gateway, "front"), Hop::new(Task::App, "app")];
        System { hops, links: vec![link], ..System::default() }
    }

    #[test]
    fn of_several_programs_the_one_that_the_logs_name_is_meant() {
        let service = |name: &str| {
            let mut hop = Hop::new(Task::App, format!("google_cloud_run_v2_service.{name}"));
            hop.products.push(Product { name: "Cloud Run", ..Product::default() });
            hop
        };
        let hops = vec![service("front"), service("graphql_api")];
        let system = System { hops, ..System::default() };
        let of = |hop: &str| {
            let seen = Seen {
                dialect: "gcp-run",
                hop: hop.to_owned(),
                kind: HopKind::Service,
                side: Side::Upstream,
                targets: Vec::new(),
                failures: 1,
                bare: false,
            };
            let area = Area::of(&system, &[seen], &|_| &["Cloud Run"]);
            (area.to.iter().map(|hop| hop.0).collect::<Vec<_>>(), area.is_only_one(&system))
        };
        assert_eq!(of("graphql-api"), (vec![1], true));
        assert_eq!(of("front"), (vec![0], true));
        assert_eq!(of("api"), (vec![0, 1], false), "a part of a name is none");
        assert_eq!(of("service"), (vec![0, 1], false));
    }

    #[test]
    fn targets_agree_by_port_and_never_against_an_address() {
        let of = |address: &str, port, target: &str| {
            let system = system(address, port);
            compare(&system, &system.links[0], target)
        };
        assert_eq!(of("app:3000", 3000, "10.0.1.7:3000"), Agree::Port);
        assert_eq!(of("10.0.1.7:3000", 3000, "10.0.1.8:3000"), Agree::No);
        assert_eq!(of("app:3000", 3000, "10.0.1.7:8080"), Agree::No);
        assert_eq!(of("", 3000, "10.0.1.7:31999"), Agree::Unknown);
        assert_eq!(of("", 0, "10.0.1.7:8080"), Agree::Unknown);
        assert_eq!(of("app:3000", 3000, "backend/srv1"), Agree::Unknown);
        assert_eq!(of("unix:/run/a.sock", 0, "unix:/run/a.sock"), Agree::Port);
        assert_eq!(of("unix:/run/a.sock", 0, "unix:/run/b.sock"), Agree::No);
        assert_eq!(of("[::1]:3000", 3000, "[::1]:3000"), Agree::Port);
    }
}
