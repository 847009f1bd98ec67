//! Calls that are accepted only from inside the network, made by a program whose calls to public
//! addresses leave past it.
//!
//! A request from Cloud Run to Cloud Run counts as internal only if it went through the VPC network
//! (Google Cloud, "Restrict network ingress for Cloud Run"), and with `private-ranges-only` what is
//! sent to a public address does not: neither `run.app` nor a load balancer's address has another,
//! unless a private zone gives it one.

use std::net::IpAddr;

use model::config::{
    Cidr, Confidence, Hop, HopId, Key, Link, LinkId, Prediction, Setting, Severity, System, Task,
    Value,
};
use model::{Statement, Text};

use super::said::{is_public, sure};

/// Calls that leave past the network to something that accepts none from there.
pub(crate) fn refused(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let from = system.hop(link.from);
        let Some(mode) = from.get(Key::EgressMode) else { continue };
        let past = matches!(mode.text(), Some("private-ranges-only" | "none"));
        let inside = link.settings.flag(Key::ReachedPublicly) == Some(false);
        if from.task != Task::App || !past || inside || is_private(link) {
            continue;
        }
        found.extend(by_ingress(system, id, mode).or_else(|| by_address(system, id, mode)));
    }
    found
}

/// True for an address of a private range.
fn is_private(link: &Link) -> bool {
    super::said::host_of(link).parse::<IpAddr>().is_ok_and(|address| !is_public(address))
}

/// A service that takes requests from its network only, called by its own URL.
fn by_ingress(system: &System, id: LinkId, mode: &Setting) -> Option<Prediction> {
    let link = system.link(id);
    let (from, to) = (system.hop(link.from), system.hop(link.to));
    let ingress = to.get(Key::IngressMode).filter(|setting| setting.is_written())?;
    let only_inside =
        matches!(ingress.text(), Some("internal" | "internal-and-cloud-load-balancing"));
    if !only_inside || to.task != Task::App {
        return None;
    }
    let text = if link.from == link.to { OWN_URL } else { URL };
    let says = Statement::plain(text)
        .with("hop", &from.name)
        .with("to", &to.name)
        .with("mode", mode.text().unwrap_or(""))
        .with("ingress", ingress.text().unwrap_or(""));
    // A private zone for run.app may be written elsewhere.
    let confidence = sure(system, &[mode, ingress], &[id]).min(Confidence::Medium);
    Some(
        Prediction::new(Severity::Warning, confidence, says)
            .along(system, id)
            .rests_on(system, link.from, mode)
            .rests_on(system, link.to, ingress)
            .change(Statement::plain(URL_CHANGE).with("hop", &from.name).with("to", &to.name)),
    )
}

/// A load balancer that takes requests from listed addresses only, none of which is the caller's.
fn by_address(system: &System, id: LinkId, mode: &Setting) -> Option<Prediction> {
    let link = system.link(id);
    let (from, to) = (system.hop(link.from), system.hop(link.to));
    let (back, allowed) = allowed_only(system, link)?;
    let Value::Names(names) = &allowed.value else { return None };
    if names.iter().any(|name| may_be_a_platforms(name)) {
        return None;
    }
    let says = Statement::plain(ADDRESS)
        .with("hop", &from.name)
        .with("front", &to.name)
        .with("mode", mode.text().unwrap_or(""))
        .with("allowed", names.join(", "));
    Some(
        Prediction::new(Severity::Error, sure(system, &[mode, allowed], &[id, back]), says)
            .along(system, id)
            .rests_on(system, link.from, mode)
            .rests_on(system, link.to, allowed)
            .along(system, back)
            .change(Statement::plain(ADDRESS_CHANGE).with("hop", &from.name)),
    )
}

/// True if addresses that a platform gives to everybody may lie in it: a wide block of public ones.
fn may_be_a_platforms(name: &str) -> bool {
    let Some(block) = Cidr::parse(name) else { return name.contains(['*', '/', ':']) };
    let narrow = if block.address.is_ipv4() { 24 } else { 48 };
    block.length < narrow && (block.length == 0 || is_public(block.address))
}

/// The link by which a request that came to the target goes on, if only listed addresses may take it.
fn allowed_only<'s>(system: &'s System, link: &Link) -> Option<(LinkId, &'s Setting)> {
    let onward = onward(system, link.to, link);
    let (first, next) = *onward.first()?;
    let allowed = next.get(Key::AllowedSources)?;
    let all = onward.iter().all(|(_, next)| {
        next.get(Key::AllowedSources).is_some_and(|other| other.value == allowed.value)
    });
    all.then_some((first, allowed))
}

/// The setting that lets a call pass because it comes from this NAT.
pub(super) fn allows_the_nat<'s>(
    system: &'s System,
    link: &Link,
    nat: HopId,
) -> Option<(LinkId, &'s Setting)> {
    let nat: &Hop = system.hop(nat);
    let Value::Names(own) = &nat.get(Key::OutboundAddresses)?.value else { return None };
    let (back, allowed) = allowed_only(system, link)?;
    let Value::Names(names) = &allowed.value else { return None };
    let knows_it = own.iter().any(|address| names.contains(address));
    (knows_it && !names.iter().any(|name| may_be_a_platforms(name))).then_some((back, allowed))
}

/// The links that a request may take from a hop: those whose path fits best, of those whose host fits.
pub(super) fn onward<'s>(system: &'s System, hop: HopId, link: &Link) -> Vec<(LinkId, &'s Link)> {
    let (host, path) = host_and_path(&link.address);
    let fits = |next: &Link| {
        let by_host = next.route.hosts.is_empty()
            || next.route.hosts.iter().any(|one| one.eq_ignore_ascii_case(host));
        by_host && (next.route.path.is_empty() || under(path, &next.route.path))
    };
    let all: Vec<_> = system.links_from(hop).filter(|(_, next)| fits(next)).collect();
    let longest = |next: &Link| (!next.route.hosts.is_empty(), next.route.path.len());
    let best = all.iter().map(|(_, next)| longest(next)).max();
    all.into_iter().filter(|(_, next)| Some(longest(next)) == best).collect()
}

fn host_and_path(address: &str) -> (&str, &str) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (host.split(':').next().unwrap_or(host), path.split(['?', '#']).next().unwrap_or(""))
}

/// True if a path is this one, or begins with it where it ends in a star.
fn under(path: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => path.starts_with(start) || path == start.trim_end_matches('/'),
        None => path == pattern,
    }
}

const URL: Text = Text::new(
    "{hop} calls {to} by its URL, past the network ({mode}), but {to} accepts requests of its network only \
     ({ingress}): each is answered with 404",
    "{hop} はネットワークを通らずに（{mode}）{to} の URL を呼び出しますが、{to} はネットワーク内からのリクエストだ\
     けを受け付けます（{ingress}）。呼び出しはすべて 404 になります",
);
const OWN_URL: Text = Text::new(
    "{hop} calls itself by its own URL, past the network ({mode}), but accepts requests of its network only \
     ({ingress}): each such call is answered with 404",
    "{hop} はネットワークを通らずに（{mode}）自分の URL を呼び出しますが、ネットワーク内からのリクエストだけを受け\
     付けます（{ingress}）。こうした呼び出しはすべて 404 になります",
);
const URL_CHANGE: Text = Text::new(
    "give run.app a private zone with the addresses of private.googleapis.com (199.36.153.8/30), send all \
     traffic of {hop} through the network, or let {hop} reach {to} by an internal load balancer",
    "run.app に private.googleapis.com のアドレス（199.36.153.8/30）を返すプライベートゾーンを作るか、{hop} の全\
     トラフィックをネットワーク経由にするか、内部ロードバランサー経由で {to} に接続します",
);
const ADDRESS: Text = Text::new(
    "{hop} calls the public name of {front}, and with {mode} the call leaves past the network and the NAT, \
     but only {allowed} may take this route: the call is refused",
    "{hop} は {front} の公開名を呼び出します。{mode} では呼び出しがネットワークと NAT を通りませんが、この経路を使\
     えるのは {allowed} だけなので拒否されます",
);
const ADDRESS_CHANGE: Text = Text::new(
    "let {hop} call it by 127.0.0.1 or by an internal address, such as a proxy of its own before an internal \
     load balancer",
    "{hop} が 127.0.0.1 か内部アドレスで呼び出すようにします。内部ロードバランサーの前に置く自前のプロキシなどです",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::test_support::{Made, names, only, text, unknown};

    fn service(
        mode: Value,
        ingress: Value,
        address: &str,
        inside: Option<bool>,
    ) -> Vec<Prediction> {
        let mut made = Made::new();
        let front = made.hop(Task::App, "front");
        let api = made.hop(Task::App, "api");
        made.set(front, Key::EgressMode, mode);
        made.set(api, Key::IngressMode, ingress);
        let link = made.link(front, api, address);
        if let Some(inside) = inside {
            made.set_link(link, Key::ReachedPublicly, Value::Flag(!inside));
        }
        refused(&made.system)
    }

    #[test]
    fn a_service_of_the_network_is_called_through_the_network() {
        let url = "https://api-1.a.run.app";
        only(service(text("private-ranges-only"), text("internal"), url, None));
        only(service(text("none"), text("internal-and-cloud-load-balancing"), url, None));
        assert!(service(text("all-traffic"), text("internal"), url, None).is_empty());
        assert!(service(text("private-ranges-only"), text("all"), url, None).is_empty());
        assert!(service(text("private-ranges-only"), text("internal"), url, Some(true)).is_empty());
        assert!(service(text("none"), text("internal"), "http://10.0.0.9", None).is_empty());
        assert!(service(unknown(), text("internal"), url, None).is_empty());
        assert!(service(text("none"), unknown(), url, None).is_empty());
    }

    fn front(mode: &str, allowed: Option<Value>, path: &str) -> (Made, HopId) {
        let mut made = Made::new();
        let app = made.hop(Task::App, "front");
        let balancer = made.hop(Task::LoadBalancer, "shop");
        let nat = made.hop(Task::Nat, "nat");
        made.set(app, Key::EgressMode, text(mode));
        made.set(nat, Key::OutboundAddresses, names(&["address.nat"]));
        made.link(app, balancer, "https://www.shop.example/graphql?x");
        let back = made.link(balancer, app, "front");
        made.system.links[back.0 as usize].route.path = path.to_owned();
        if let Some(allowed) = allowed {
            made.set_link(back, Key::AllowedSources, allowed);
        }
        (made, nat)
    }

    #[test]
    fn a_list_of_addresses_knows_the_caller() {
        let with = |mode: &str, allowed, path: &str| refused(&front(mode, allowed, path).0.system);
        let listed = || Some(names(&["address.nat", "198.51.100.0/24"]));
        let private = "private-ranges-only";
        assert_eq!(only(with(private, listed(), "")).severity, Severity::Error);
        only(with(private, listed(), "/graphql*"));
        assert!(with(private, listed(), "/other").is_empty());
        assert!(with("all-traffic", listed(), "").is_empty());
        assert!(with(private, None, "").is_empty());
        assert!(with(private, Some(unknown()), "").is_empty());
        assert!(with(private, Some(names(&["0.0.0.0/0"])), "").is_empty());
        // Google's own addresses may lie in a wide block.
        assert!(with(private, Some(names(&["34.0.0.0/8"])), "").is_empty());
    }

    #[test]
    fn a_call_that_the_nats_address_lets_in_is_known() {
        let with = |allowed: &[&str]| {
            let (made, nat) = front("all-traffic", Some(names(allowed)), "");
            allows_the_nat(&made.system, &made.system.links[0], nat).is_some()
        };
        assert!(with(&["address.nat"]));
        assert!(!with(&["address.other"]));
        assert!(!with(&["address.nat", "*"]));
    }
}
