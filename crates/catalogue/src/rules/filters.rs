//! Security groups, network ACLs and firewalls: whether what is in front of a hop may reach it, on the
//! port it serves and on the one that is checked, and whether the answers come back.

use model::config::{
    Cidr, Confidence, Direction, Filter, FilterId, FilterKind, FilterRule, HopId, Link, LinkId,
    Peer, Prediction, Severity, System, Task,
};
use model::{Statement, Text};

use super::said::{goes_public, sure};

/// Where the load balancers and health checks of Google Cloud come from (Google Cloud, "Firewall
/// rules for load balancers").
const GOOGLE: [&str; 2] = ["130.211.0.0/22", "35.191.0.0/16"];

/// Who sends, as a filter sees it.
struct Sender {
    /// Filters that it carries.
    groups: Vec<FilterId>,
    /// Blocks that its addresses are in; empty if they are not known.
    blocks: Vec<Cidr>,
    /// True if it comes from public addresses that the files do not tell.
    public: bool,
}

impl Sender {
    fn of(system: &System, id: HopId) -> Sender {
        let hop = system.hop(id);
        // A network load balancer may hand on its clients' addresses (client IP preservation).
        if hop.runs("AWS NLB") {
            return Sender { groups: Vec::new(), blocks: Vec::new(), public: false };
        }
        let google = hop.products.iter().any(|product| product.name.starts_with("Google Cloud"));
        let mut blocks: Vec<Cidr> = if google && hop.task == Task::LoadBalancer {
            GOOGLE.iter().filter_map(|block| Cidr::parse(block)).collect()
        } else {
            blocks_of(system, id).unwrap_or_default()
        };
        blocks.sort_unstable();
        let public = blocks.is_empty() && matches!(hop.task, Task::Cdn | Task::Client);
        Sender { groups: filters_of(system, id).map(|(id, _)| id).collect(), blocks, public }
    }

    /// Whether a rule's peers hold it: `None` if the files do not tell.
    fn is_among(&self, peers: &[Peer]) -> Option<bool> {
        let mut unknown = false;
        for peer in peers {
            match self.is(peer) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => unknown = true,
            }
        }
        if unknown { None } else { Some(false) }
    }

    fn is(&self, peer: &Peer) -> Option<bool> {
        match peer {
            Peer::Unknown(_) => None,
            Peer::Group(group) if self.public => Some(self.groups.contains(group)),
            Peer::Group(_) if self.groups.is_empty() => None,
            Peer::Group(group) => Some(self.groups.contains(group)),
            Peer::Block(block) if block.length == 0 => Some(true),
            Peer::Block(block) if self.public => {
                if is_private(*block) {
                    Some(false)
                } else {
                    None
                }
            }
            Peer::Block(_) if self.blocks.is_empty() => None,
            Peer::Block(block) => {
                if self.blocks.iter().all(|own| own.within(*block)) {
                    Some(true)
                } else if self.blocks.iter().any(|own| own.overlaps(*block)) {
                    None
                } else {
                    Some(false)
                }
            }
        }
    }
}

/// True for a block of private addresses of IPv4 (RFC 1918).
fn is_private(block: Cidr) -> bool {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
        .iter()
        .filter_map(|text| Cidr::parse(text))
        .any(|private| block.within(private))
}

/// The blocks of the subnets that a hop is in; `None` if it is in none, or in one without a block.
fn blocks_of(system: &System, hop: HopId) -> Option<Vec<Cidr>> {
    let mut subnets = system.subnets.iter().filter(|subnet| subnet.hops.contains(&hop)).peekable();
    subnets.peek()?;
    subnets.map(|subnet| subnet.block).collect()
}

/// The filters that a hop carries itself.
fn filters_of(system: &System, hop: HopId) -> impl Iterator<Item = (FilterId, &Filter)> {
    (0..).map(FilterId).zip(&system.filters).filter(move |(_, filter)| filter.hops.contains(&hop))
}

/// Which filters judged, and how sure it is that they let nothing through.
struct Refusal<'s> {
    filters: Vec<&'s Filter>,
    rule: Option<&'s FilterRule>,
    confidence: Confidence,
}

/// Whether the filters that a hop carries refuse a sender on a port; `None` if they let it through,
/// or if the files do not tell.
fn refused<'s>(
    filters: &[&'s Filter],
    direction: Direction,
    port: u16,
    other: &Sender,
) -> Option<Refusal<'s>> {
    let first = filters.first()?;
    let kind = first.kind;
    if filters.iter().any(|filter| filter.kind != kind) {
        return None;
    }
    let mut rules: Vec<&FilterRule> = filters
        .iter()
        .flat_map(|filter| &filter.rules)
        .filter(|rule| rule.direction == direction)
        .collect();
    // Without a rule of this direction the default of the platform holds: what leaves may leave,
    // what comes may not. A filter without any rule is one whose rules are elsewhere.
    if rules.is_empty()
        && (direction == Direction::Egress || filters.iter().all(|filter| filter.rules.is_empty()))
    {
        return None;
    }
    let ordered = kind == FilterKind::VpcFirewall;
    if ordered {
        // Of equal priority, the rule that denies goes first (Google Cloud, "VPC firewall rules").
        rules.sort_by_key(|rule| (rule.priority, rule.allow));
    }
    let mut decided_by = None;
    for rule in rules {
        if !may_cover_tcp(rule, port) {
            continue;
        }
        if !rule.covers_tcp(port) {
            return None;
        }
        match other.is_among(&rule.peers) {
            None => return None,
            Some(true) if rule.allow => return None,
            Some(true) => {
                decided_by = Some(rule);
                break;
            }
            Some(false) => {}
        }
    }
    let default_allows = ordered && direction == Direction::Egress && decided_by.is_none();
    if default_allows {
        return None;
    }
    let partial = filters.iter().any(|filter| filter.partial);
    let confidence = if partial { Confidence::Low } else { Confidence::High };
    Some(Refusal { filters: filters.to_vec(), rule: decided_by, confidence })
}

/// True unless the rule surely speaks of something else than TCP on this port.
fn may_cover_tcp(rule: &FilterRule, port: u16) -> bool {
    let other = matches!(rule.protocol.as_str(), "udp" | "17" | "icmp" | "1" | "icmpv6" | "58");
    !other && (rule.covers_tcp(port) || !is_known_protocol(rule))
}

fn is_known_protocol(rule: &FilterRule) -> bool {
    matches!(rule.protocol.as_str(), "tcp" | "6" | "-1" | "all")
}

/// The filters of one hop that remember flows, of one kind at a time.
fn stateful(system: &System, hop: HopId) -> Vec<Vec<&Filter>> {
    let all: Vec<&Filter> = filters_of(system, hop).map(|(_, filter)| filter).collect();
    [FilterKind::SecurityGroup, FilterKind::VpcFirewall, FilterKind::NetworkPolicy]
        .iter()
        .map(|kind| all.iter().copied().filter(|filter| filter.kind == *kind).collect())
        .collect()
}

/// A filter of the target, or of the sender, that does not let requests through.
pub(crate) fn serving(system: &System) -> Vec<Prediction> {
    links_between(system, |from, _| from != Task::Cdn)
        .filter_map(|(id, link)| between(system, (id, link), link.port, SERVING))
        .collect()
}

/// The same for the port that the health check asks, where that is another one.
pub(crate) fn checking(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in links_between(system, |_, _| true) {
        let ports = link.checks.iter().filter_map(|check| {
            let port = check.settings.count(model::config::Key::CheckPort)?;
            u16::try_from(port).ok().filter(|port| *port != 0 && *port != link.port)
        });
        for port in ports {
            found.extend(between(system, (id, link), port, CHECKING));
        }
    }
    found
}

/// A filter of an origin that does not let a content delivery network through.
pub(crate) fn origin(system: &System) -> Vec<Prediction> {
    links_between(system, |from, _| from == Task::Cdn)
        .filter_map(|(id, link)| between(system, (id, link), link.port, SERVING))
        .collect()
}

fn links_between(
    system: &System,
    wanted: fn(Task, Task) -> bool,
) -> impl Iterator<Item = (LinkId, &Link)> {
    system.links().filter(move |(_, link)| {
        let (from, to) = (system.hop(link.from).task, system.hop(link.to).task);
        link.port != 0 && link.from != link.to && wanted(from, to)
    })
}

fn between(
    system: &System,
    (id, link): (LinkId, &Link),
    port: u16,
    says: Text,
) -> Option<Prediction> {
    if system.filters.is_empty() {
        return None;
    }
    let (from, to) = (Sender::of(system, link.from), Sender::of(system, link.to));
    // What a public name resolves to is no address of the network.
    let leaves = !goes_public(system, link);
    let comes = stateful(system, link.to)
        .into_iter()
        .find_map(|filters| refused(&filters, Direction::Ingress, port, &from));
    let goes = || {
        stateful(system, link.from)
            .into_iter()
            .filter(|_| leaves)
            .find_map(|filters| refused(&filters, Direction::Egress, port, &to))
    };
    let (refusal, at_target) = match comes {
        Some(refusal) => (refusal, true),
        None => (goes()?, false),
    };
    Some(predict(system, (id, link), port, (&refusal, at_target), says))
}

fn predict(
    system: &System,
    (id, link): (LinkId, &Link),
    port: u16,
    (refusal, at_target): (&Refusal<'_>, bool),
    says: Text,
) -> Prediction {
    let names: Vec<&str> = refusal.filters.iter().map(|filter| filter.name.as_str()).collect();
    let fill = |text| {
        Statement::plain(text)
            .with("from", &system.hop(link.from).name)
            .with("to", &system.hop(link.to).name)
            .with("port", port)
            .with("filters", names.join(", "))
    };
    let confidence = refusal.confidence.min(sure(system, &[], &[id]));
    let mut one = Prediction::new(Severity::Error, confidence, fill(says));
    let own = refusal.filters.iter().filter_map(|filter| filter.at);
    let at: Vec<_> = match refusal.rule.and_then(|rule| rule.at) {
        Some(at) => vec![at],
        None => own.collect(),
    };
    for at in at {
        one = one.at(at, fill(if refusal.rule.is_some() { DENIES } else { LACKS }));
    }
    one.along(system, id).change(fill(if at_target { OPEN_IN } else { OPEN_OUT }))
}

const SERVING: Text = Text::new(
    "{filters} does not let {from} reach {to} on port {port}: connections hang until they time out",
    "{filters} により、{from} から {to} のポート {port} への接続が通りません。タイムアウトまで応答がありません",
);
const CHECKING: Text = Text::new(
    "{filters} does not let the health check of {from} reach {to} on port {port}: every target is taken for \
     unhealthy",
    "{filters} により、{from} から {to} のポート {port} へのヘルスチェックが通りません。ターゲットはすべて異常とみな\
     されます",
);
const LACKS: Text = Text::new(
    "no rule of {filters} speaks of {port} between them",
    "{filters} に両者の間の {port} を許可するルールがありません",
);
const DENIES: Text = Text::new("this rule denies it", "このルールが拒否します");
const OPEN_IN: Text = Text::new(
    "allow TCP {port} from {from} in {filters}",
    "{filters} で {from} からの TCP {port} を許可します",
);
const OPEN_OUT: Text = Text::new(
    "allow TCP {port} to {to} in {filters}",
    "{filters} で {to} への TCP {port} を許可します",
);

/// Ports that clients connect from: those of AWS's load balancers, which hold those of Linux.
const EPHEMERAL: (u16, u16) = (1024, 65535);
/// Those of Linux unless set (`net.ipv4.ip_local_port_range`).
const EPHEMERAL_LINUX: (u16, u16) = (32768, 60999);

/// A network ACL that does not let answers through, which need rules of their own there.
pub(crate) fn return_path(system: &System) -> Vec<Prediction> {
    acl(system, true)
}

/// A network ACL that does not let requests through.
pub(crate) fn acl_forward(system: &System) -> Vec<Prediction> {
    acl(system, false)
}

fn acl(system: &System, answers: bool) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    if system.filters.iter().all(|filter| filter.kind != FilterKind::NetworkAcl) {
        return found;
    }
    for (id, link) in links_between(system, |_, _| true) {
        let (Some(from), Some(to)) = (blocks_of(system, link.from), blocks_of(system, link.to))
        else {
            continue;
        };
        // Within a subnet no ACL judges; of several subnets only what all of them refuse is sure.
        if from.iter().any(|block| to.contains(block)) {
            continue;
        }
        let range = if system.hop(link.from).task == Task::LoadBalancer {
            EPHEMERAL
        } else {
            EPHEMERAL_LINUX
        };
        let serving = (link.port, link.port);
        let (at_target, at_sender) = if answers { (range, range) } else { (serving, serving) };
        let (leaves, comes) = (Direction::Egress, Direction::Ingress);
        let directions = if answers { (leaves, comes) } else { (comes, leaves) };
        let refusal = acl_of(system, link.to, directions.0, at_target, &from)
            .or_else(|| acl_of(system, link.from, directions.1, at_sender, &to));
        let Some((filter, rule, port)) = refusal else { continue };
        let told =
            |one: &Prediction| one.says.values.iter().any(|(_, value)| *value == filter.name);
        if found.iter().any(told) {
            continue;
        }
        found.extend(acl_prediction(system, (id, link), (filter, rule, port), (range, answers)));
    }
    found
}

/// The first ACL around a hop that refuses a port of the range to some of the blocks.
fn acl_of<'s>(
    system: &'s System,
    hop: HopId,
    direction: Direction,
    range: (u16, u16),
    others: &[Cidr],
) -> Option<(&'s Filter, Option<&'s FilterRule>, u16)> {
    let around = system.filters.iter().filter(|filter| {
        filter.kind == FilterKind::NetworkAcl
            && filter.subnets.iter().any(|subnet| {
                system.subnets.get(subnet.0 as usize).is_some_and(|s| s.hops.contains(&hop))
            })
    });
    for filter in around {
        // An ACL whose rules the files do not hold judges nothing here.
        if filter.rules.is_empty() {
            continue;
        }
        let mut rules: Vec<&FilterRule> =
            filter.rules.iter().filter(|rule| rule.direction == direction).collect();
        rules.sort_by_key(|rule| rule.priority);
        for port in edges(&rules, range) {
            for other in others {
                if let Some(rule) = acl_refuses(&rules, port, *other) {
                    return Some((filter, rule, port));
                }
            }
        }
    }
    None
}

/// The ports of a range at which the judgement can change.
fn edges(rules: &[&FilterRule], (first, last): (u16, u16)) -> Vec<u16> {
    let mut ports = vec![first];
    for rule in rules {
        ports.push(rule.from_port);
        ports.extend(rule.to_port.checked_add(1));
    }
    ports.retain(|port| (first..=last).contains(port));
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The rule that refuses, `Some(None)` if none speaks of it; `None` if it is let through or not known.
#[allow(clippy::option_option)]
fn acl_refuses<'s>(
    rules: &[&'s FilterRule],
    port: u16,
    other: Cidr,
) -> Option<Option<&'s FilterRule>> {
    for rule in rules {
        if !may_cover_tcp(rule, port) {
            continue;
        }
        if !rule.covers_tcp(port) {
            return None;
        }
        for peer in &rule.peers {
            match peer {
                Peer::Block(block) if other.within(*block) => {
                    return (!rule.allow).then_some(Some(rule));
                }
                Peer::Block(block) if !other.overlaps(*block) => {}
                _ => return None,
            }
        }
    }
    Some(None)
}

fn acl_prediction(
    system: &System,
    (id, link): (LinkId, &Link),
    (filter, rule, port): (&Filter, Option<&FilterRule>, u16),
    ((first, last), answers): ((u16, u16), bool),
) -> Option<Prediction> {
    let at = rule.and_then(|rule| rule.at).or(filter.at)?;
    let fill = |text| {
        Statement::plain(text)
            .with("filters", &filter.name)
            .with("from", &system.hop(link.from).name)
            .with("to", &system.hop(link.to).name)
            .with("port", port)
            .with("first", first)
            .with("last", last)
    };
    let known = if filter.partial { Confidence::Low } else { Confidence::High };
    let says = fill(if answers { ANSWERS } else { SERVING });
    Some(
        Prediction::new(Severity::Error, known.min(sure(system, &[], &[id])), says)
            .at(at, fill(if rule.is_some() { DENIES } else { LACKS }))
            .along(system, id)
            .change(fill(if answers { ANSWERS_CHANGE } else { FORWARD_CHANGE })),
    )
}

const ANSWERS: Text = Text::new(
    "{filters} does not let the answers of {to} back to {from}, which go to ports {first} to {last} ({port} \
     is refused): connections hang until they time out",
    "{filters} により、{to} から {from} への応答（宛先ポート {first} から {last}）が通りません（{port} が拒否されま\
     す）。タイムアウトまで応答がありません",
);
const ANSWERS_CHANGE: Text = Text::new(
    "allow TCP {first} to {last} between {to} and {from} in {filters}",
    "{filters} で {to} と {from} の間の TCP {first} から {last} を許可します",
);
const FORWARD_CHANGE: Text = Text::new(
    "allow TCP {port} from {from} to {to} in {filters}",
    "{filters} で {from} から {to} への TCP {port} を許可します",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::test_support::{Made, block, count, only};

    const IN: (Direction, bool) = (Direction::Ingress, true);
    const OUT: (Direction, bool) = (Direction::Egress, true);

    struct Net {
        made: Made,
        front: HopId,
        app: HopId,
        link: LinkId,
    }

    fn net(task: Task) -> Net {
        let mut made = Made::new();
        let front = made.hop(task, "front");
        let app = made.hop(Task::App, "app");
        let link = made.link(front, app, "app:3000");
        Net { made, front, app, link }
    }

    fn groups(port: u16, peer: impl Fn(FilterId) -> Peer) -> (Net, FilterId) {
        let Net { mut made, front, app, link } = net(Task::LoadBalancer);
        let of_front = made.filter(FilterKind::SecurityGroup, &[front]);
        let of_app = made.filter(FilterKind::SecurityGroup, &[app]);
        made.rule(of_app, IN, port..=port, vec![peer(of_front)]);
        (Net { made, front, app, link }, of_app)
    }

    #[test]
    fn a_group_lets_the_balancer_in_on_the_right_port() {
        let fires =
            |port, peer: &dyn Fn(FilterId) -> Peer| serving(&groups(port, peer).0.made.system);
        only(fires(8080, &Peer::Group));
        only(fires(3000, &|of_front| Peer::Group(FilterId(of_front.0 + 1))));
        assert!(fires(3000, &Peer::Group).is_empty());
        assert!(fires(3000, &|_| block("0.0.0.0/0")).is_empty());
        // The balancer's addresses are not known, nor is a prefix list.
        assert!(fires(3000, &|_| block("10.0.0.0/16")).is_empty());
        assert!(fires(3000, &|_| Peer::Unknown("pl-1".to_owned())).is_empty());
    }

    #[test]
    fn rules_elsewhere_make_it_unsure_or_silent() {
        let (mut net, of_app) = groups(8080, Peer::Group);
        net.made.system.filters[of_app.0 as usize].partial = true;
        assert_eq!(only(serving(&net.made.system)).confidence, Confidence::Low);
        net.made.system.filters[of_app.0 as usize].rules.clear();
        assert!(serving(&net.made.system).is_empty());
    }

    #[test]
    fn addresses_of_subnets_are_judged() {
        let with = |allowed: &str| {
            let (mut net, _) = groups(3000, |_| block(allowed));
            net.made.subnet("10.0.1.0/24", &[net.front]);
            serving(&net.made.system)
        };
        only(with("10.0.2.0/24"));
        assert!(with("10.0.0.0/16").is_empty());
        assert!(with("10.0.1.0/25").is_empty());
    }

    #[test]
    fn what_leaves_is_judged_where_it_is_ruled() {
        let Net { mut made, front, app, .. } = net(Task::LoadBalancer);
        let of_front = made.filter(FilterKind::SecurityGroup, &[front]);
        let of_app = made.filter(FilterKind::SecurityGroup, &[app]);
        made.rule(of_app, IN, 3000..=3000, vec![Peer::Group(of_front)]);
        assert!(serving(&made.system).is_empty());
        made.rule(of_front, OUT, 443..=443, vec![block("0.0.0.0/0")]);
        only(serving(&made.system));
        made.rule(of_front, OUT, 3000..=3000, vec![Peer::Group(of_app)]);
        assert!(serving(&made.system).is_empty());
    }

    #[test]
    fn googles_checkers_come_from_their_own_addresses() {
        let with = |allowed: &[&str], deny: bool| {
            let Net { mut made, front, app, .. } = net(Task::LoadBalancer);
            made.runs(front, "Google Cloud Load Balancing", "");
            let firewall = made.filter(FilterKind::VpcFirewall, &[app]);
            if deny {
                made.rule(
                    firewall,
                    (Direction::Ingress, false),
                    0..=65535,
                    vec![block("0.0.0.0/0")],
                );
            }
            for allowed in allowed {
                made.rule(firewall, IN, 3000..=3000, vec![block(allowed)]);
            }
            serving(&made.system)
        };
        only(with(&["10.0.0.0/8"], false));
        assert!(with(&["130.211.0.0/22"], false).is_empty());
        only(with(&["0.0.0.0/0"], true));
        assert!(with(&["0.0.0.0/0"], false).is_empty());
    }

    #[test]
    fn the_port_of_the_check_is_open_too() {
        let with = |port| {
            let (mut net, _) = groups(3000, Peer::Group);
            net.made.check_by(net.link, &[(model::config::Key::CheckPort, count(port))]);
            checking(&net.made.system)
        };
        only(with(9000));
        assert!(with(3000).is_empty());
    }

    #[test]
    fn an_origin_lets_the_edge_in() {
        let with = |allowed: Peer| {
            let Net { mut made, app, .. } = net(Task::Cdn);
            let group = made.filter(FilterKind::SecurityGroup, &[app]);
            made.rule(group, IN, 3000..=3000, vec![allowed]);
            assert!(serving(&made.system).is_empty());
            origin(&made.system)
        };
        only(with(block("10.0.0.0/8")));
        assert!(with(block("203.0.113.0/24")).is_empty());
        assert!(with(block("0.0.0.0/0")).is_empty());
        assert!(with(Peer::Unknown("pl-cloudfront".to_owned())).is_empty());
    }

    fn subnets(rules: &[((Direction, bool), std::ops::RangeInclusive<u16>)]) -> System {
        let Net { mut made, front, app, .. } = net(Task::LoadBalancer);
        made.subnet("10.0.1.0/24", &[front]);
        let inner = made.subnet("10.0.2.0/24", &[app]);
        let acl = made.acl(inner);
        for (what, ports) in rules {
            made.rule(acl, *what, ports.clone(), vec![block("10.0.0.0/16")]);
        }
        made.system
    }

    #[test]
    fn answers_need_a_rule_of_their_own() {
        let deny = (Direction::Egress, false);
        only(return_path(&subnets(&[(IN, 3000..=3000)])));
        only(return_path(&subnets(&[(IN, 3000..=3000), (OUT, 32768..=65535)])));
        only(return_path(&subnets(&[(deny, 5000..=5000), (IN, 3000..=3000), (OUT, 1024..=65535)])));
        let good = subnets(&[(IN, 3000..=3000), (OUT, 1024..=65535), (deny, 5000..=5000)]);
        assert!(return_path(&good).is_empty());
        assert!(acl_forward(&good).is_empty());
        only(acl_forward(&subnets(&[(IN, 8080..=8080), (OUT, 1024..=65535)])));
        assert!(return_path(&subnets(&[])).is_empty());
    }

    #[test]
    fn within_a_subnet_no_acl_judges() {
        let Net { mut made, front, app, .. } = net(Task::LoadBalancer);
        let subnet = made.subnet("10.0.1.0/24", &[front, app]);
        let acl = made.acl(subnet);
        made.rule(acl, IN, 3000..=3000, vec![block("0.0.0.0/0")]);
        assert!(return_path(&made.system).is_empty());
    }
}
