//! What filters are found to refuse, and what they are not.

use model::config::{Confidence, FilterId, FilterKind, HopId, Peer};

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
    let fires = |port, peer: &dyn Fn(FilterId) -> Peer| serving(&groups(port, peer).0.made.system);
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
            made.rule(firewall, (Direction::Ingress, false), 0..=65535, vec![block("0.0.0.0/0")]);
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

/// A system of pairs, each pair with groups of its own.
fn pairs(number: u32) -> System {
    let mut made = Made::new();
    for _ in 0..number {
        let front = made.hop(Task::LoadBalancer, "front");
        let app = made.hop(Task::App, "app");
        made.link(front, app, "app:3000");
        let of_front = made.filter(FilterKind::SecurityGroup, &[front]);
        let of_app = made.filter(FilterKind::SecurityGroup, &[app]);
        made.rule(of_app, IN, 8080..=8080, vec![Peer::Group(of_front)]);
        let subnet = made.subnet("10.0.0.0/16", &[front, app]);
        made.acl(subnet);
    }
    made.system
}

#[test]
fn twice_the_links_take_about_twice_the_time() {
    let took = |number| {
        let system = pairs(number);
        let best = (0..3).map(|_| {
            let start = std::time::Instant::now();
            assert_eq!(serving(&system).len(), number as usize);
            assert!(return_path(&system).is_empty() && origin(&system).is_empty());
            start.elapsed()
        });
        best.min().unwrap()
    };
    // Were every link to look through every filter, it would be 64 times.
    let (small, large) = (took(1_000), took(8_000));
    assert!(large < small * 32, "{small:?} for 1,000 pairs, {large:?} for 8,000");
}
