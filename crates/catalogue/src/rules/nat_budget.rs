//! Ports of a NAT: how many there are, how many each instance takes, and how many instances there are
//! while two revisions run side by side.
//!
//! Google Cloud NAT gives every instance its ports whether it uses them or not; one address has
//! 64,512 of them (Google Cloud, "Cloud NAT: addresses and ports"). A port that a connection to a
//! destination had is free for the same destination again only when its TIME_WAIT is over.

use model::config::{
    Confidence, Hop, HopId, Key, Prediction, Setting, Severity, System, Task, Via,
};
use model::{Statement, Text};

use super::said::{Instances, any_written, goes_public, number, sure};

/// Ports of one address: 65,536 less the first 1,024.
const PORTS: u64 = 64_512;

/// The NAT by which a hop leaves, and how sure that is: by a link, by the route of its subnets, or
/// because everything leaves through the network and there is only one.
pub(super) fn nat_of(system: &System, hop: HopId) -> Option<(HopId, Confidence)> {
    // What is public does not leave through the network then, whatever route its subnet has.
    if matches!(
        system.hop(hop).settings.text(Key::EgressMode),
        Some("private-ranges-only" | "none")
    ) {
        return None;
    }
    let linked = system.links_from(hop).find(|(_, link)| system.hop(link.to).task == Task::Nat);
    if let Some((id, link)) = linked {
        return Some((link.to, sure(system, &[], &[id])));
    }
    let mut routed = system
        .subnets
        .iter()
        .filter(|subnet| subnet.hops.contains(&hop))
        .flat_map(|subnet| &subnet.routes)
        .filter_map(|route| match &route.via {
            Via::Nat(name) if route.to.length == 0 => Some(name),
            _ => None,
        });
    if let Some(name) = routed.next() {
        let named = system.hops_that(Task::Nat).find(|(_, nat)| nat.name == *name);
        return named.map(|(id, _)| (id, Confidence::High));
    }
    if system.hop(hop).settings.text(Key::EgressMode) != Some("all-traffic") {
        return None;
    }
    let mut nats = system.hops_that(Task::Nat);
    let (only, _) = nats.next()?;
    nats.next().is_none().then_some((only, Confidence::Medium))
}

/// A hop that leaves by a NAT, with its instances.
struct Endpoint<'s> {
    id: HopId,
    hop: &'s Hop,
    instances: Instances<'s>,
}

/// All instances of both revisions take more ports than the addresses have.
pub(crate) fn at_release(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (nat, _) in system.hops_that(Task::Nat) {
        found.extend(too_many(system, nat));
    }
    found
}

fn too_many(system: &System, nat_id: HopId) -> Option<Prediction> {
    let nat = system.hop(nat_id);
    let (ports, each) = number(nat, Key::NatMinPorts)?;
    let (addresses, available) = number(nat, Key::NatAddresses)?;
    let mut confidence = sure(system, &[ports, addresses], &[]);
    let mut endpoints = Vec::new();
    for (id, hop) in system.hops() {
        let Some((of, how_sure)) = nat_of(system, id) else { continue };
        let instances = Instances::of(hop);
        let Some(setting) = instances.setting().filter(|_| of == nat_id) else { continue };
        confidence = confidence.min(how_sure).min(sure(system, &[setting], &[]));
        endpoints.push(Endpoint { id, hop, instances });
    }
    let sum = |all: Vec<u64>| all.into_iter().fold(0_u64, u64::saturating_add);
    let least = sum(endpoints.iter().map(|one| one.instances.at_least()).collect());
    let most = sum(endpoints.iter().map(|one| one.instances.at_most()).collect());
    let capacity = available.saturating_mul(PORTS);
    let needs = |instances: u64| instances.saturating_mul(2).saturating_mul(each);
    if needs(most) <= capacity {
        return None;
    }
    let surely = needs(least) > capacity;
    let instances = if surely { least } else { most };
    let severity = if surely { Severity::Error } else { Severity::Warning };
    let settings: Vec<&Setting> =
        endpoints.iter().filter_map(|one| one.instances.setting()).collect();
    if !any_written(&settings) {
        return None;
    }
    let says = Statement::plain(AT_RELEASE)
        .with("nat", &nat.name)
        .with("fit", capacity / each)
        .with("both", instances.saturating_mul(2));
    let mut one = Prediction::new(severity, confidence, says)
        .rests_on(system, nat_id, ports)
        .rests_on(system, nat_id, addresses);
    let destinations = destinations(system, endpoints.iter().map(|one| one.id));
    let wait = nat.get(Key::NatTimeWait).filter(|_| !destinations.is_empty());
    if let Some(wait) = wait {
        one = one.rests_on(system, nat_id, wait);
    }
    for endpoint in &endpoints {
        let setting = if surely { endpoint.instances.least } else { endpoint.instances.setting() };
        if let Some(setting) = setting.or(endpoint.instances.setting()) {
            one = one.rests_on(system, endpoint.id, setting);
        }
    }
    let named: Vec<&str> = endpoints.iter().map(|one| one.hop.name.as_str()).collect();
    let needed_addresses = needs(instances).div_ceil(PORTS);
    one = one
        .step(
            Statement::plain(NEEDS)
                .with("hops", named.join(", "))
                .with("instances", instances)
                .with("each", each)
                .with("needed", needs(instances)),
        )
        .step(
            Statement::plain(HAS)
                .with("addresses", available)
                .with("ports", PORTS)
                .with("capacity", capacity)
                .with("fit", capacity / each),
        );
    if let Some(rate) = wait.and_then(|wait| rate(each, wait)) {
        one = one.step(rate.with("named", destinations.join(", ")));
    }
    Some(
        one.change(
            Statement::plain(AT_RELEASE_CHANGE)
                .with("nat", &nat.name)
                .with("name", addresses.name)
                .with("addresses", needed_addresses),
        )
        .edit(addresses.changed_to(&model::config::Value::Count(needed_addresses), &nat.slots)),
    )
}

const AT_RELEASE: Text = Text::new(
    "the NAT {nat} has ports for {fit} instances, but at a release {both} run side by side: those that \
     get none cannot reach the internet",
    "NAT {nat} のポートは {fit} インスタンス分ですが、リリース時には {both} が並行して動きます。ポートを得られな\
     いインスタンスは外部に接続できません",
);
const NEEDS: Text = Text::new(
    "{hops}: {instances} instances × 2 revisions side by side × {each} ports each = {needed} ports",
    "{hops}: {instances} インスタンス × 並行する 2 リビジョン × 各 {each} ポート = {needed} ポート",
);
const HAS: Text = Text::new(
    "{addresses} × {ports} ports per address = {capacity} ports, enough for {fit} instances",
    "アドレス {addresses} × {ports} ポート = {capacity} ポートで、{fit} インスタンス分",
);
const AT_RELEASE_CHANGE: Text = Text::new(
    "give {nat} {addresses} or more addresses ({name}), or let the calls to databases and platform \
     services stay inside the network",
    "{nat} のアドレスを {addresses} 以上にするか（{name}）、データベースやプラットフォームの呼び出しをネットワー\
     ク内に留めます",
);

/// One instance may want more connections to one destination than it has ports.
pub(crate) fn per_instance(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        found.extend(too_few(system, id, hop));
    }
    found
}

fn too_few(system: &System, id: HopId, hop: &Hop) -> Option<Prediction> {
    let (concurrency, at_a_time) = number(hop, Key::Concurrency)?;
    let (nat_id, how_sure) = nat_of(system, id)?;
    let nat = system.hop(nat_id);
    let grows = nat.settings.flag(Key::NatDynamicPorts) == Some(true);
    let key = if grows { Key::NatMaxPorts } else { Key::NatMinPorts };
    let (ports, each) = number(nat, key)?;
    let (link, to) = system.links_from(id).find(|(_, link)| goes_public(system, link))?;
    if at_a_time <= each {
        return None;
    }
    let destination = &system.hop(to.to).name;
    let confidence = sure(system, &[concurrency, ports], &[link]).min(how_sure);
    let says = Statement::plain(PER_INSTANCE)
        .with("hop", &hop.name)
        .with("at_a_time", at_a_time)
        .with("nat", &nat.name)
        .with("each", each)
        .with("destination", destination);
    let mut one = Prediction::new(Severity::Warning, confidence, says)
        .rests_on(system, nat_id, ports)
        .rests_on(system, id, concurrency)
        .along(system, link);
    if let Some(wait) = nat.get(Key::NatTimeWait)
        && let Some(rate) = rate(each, wait)
    {
        one = one.rests_on(system, nat_id, wait).step(rate.with("named", destination));
    }
    let wanted = at_a_time.checked_next_power_of_two().unwrap_or(at_a_time);
    Some(
        one.change(
            Statement::plain(PER_INSTANCE_CHANGE)
                .with("name", ports.name)
                .with("nat", &nat.name)
                .with("wanted", wanted)
                .with("hop", &hop.name),
        ),
    )
}

const PER_INSTANCE: Text = Text::new(
    "each instance of {hop} takes {at_a_time} requests at a time, but the NAT {nat} gives it {each} ports: \
     connections to {destination} beyond that hang",
    "{hop} の各インスタンスは同時に {at_a_time} リクエストを受けますが、NAT {nat} が与えるポートは {each} です。\
     {destination} への接続はそれを超えると応答がありません",
);
const RATE: Text = Text::new(
    "an instance has {each} ports for each destination ({named}), and one is free again {wait} after its \
     connection: {each} / {wait} = {rate} new connections a second",
    "1 インスタンスのポートは宛先（{named}）ごとに {each} で、接続後 {wait} で再び空きます。{each} ÷ {wait} = 毎秒 \
     {rate} の新規接続",
);

/// How many connections a second an instance can open to one destination, if each takes a port that
/// is free again only after its TIME_WAIT.
fn rate(each: u64, wait: &Setting) -> Option<Statement> {
    let time = wait.time().filter(|time| time.0 > 0)?;
    // Hundredths, as 64 ports at 120 s are half a connection a second.
    let rate = each.saturating_mul(100_000_000) / time.0.unsigned_abs();
    Some(
        Statement::plain(RATE)
            .with("each", each)
            .with("wait", &wait.value)
            .with("rate", format!("{}.{:02}", rate / 100, rate % 100)),
    )
}

/// What these hops reach through the public internet, by name.
fn destinations(system: &System, hops: impl Iterator<Item = HopId>) -> Vec<&str> {
    let mut found: Vec<&str> = hops
        .flat_map(|hop| system.links_from(hop))
        .filter(|(_, link)| {
            goes_public(system, link)
                || matches!(system.hop(link.to).task, Task::Cdn | Task::LoadBalancer)
                    && system.hop(link.to).settings.flag(Key::PublicAddress) == Some(true)
        })
        .map(|(_, link)| system.hop(link.to).name.as_str())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}
const PER_INSTANCE_CHANGE: Text = Text::new(
    "set {name} of {nat} to {wanted} or more, and let {hop} use its connections again",
    "{nat} の {name} を {wanted} 以上にし、{hop} に接続を再利用させます",
);

#[cfg(test)]
mod tests {
    use model::config::Value;

    use super::*;
    use crate::rules::test_support::{Made, count, only, secs, text, unknown};

    fn service(least: Value, most: Value, addresses: Value) -> Made {
        let mut made = Made::new();
        let app = made.hop(Task::App, "web");
        let nat = made.hop(Task::Nat, "nat");
        made.set(app, Key::EgressMode, text("all-traffic"));
        made.set(app, Key::MinInstances, least);
        made.set(app, Key::MaxInstances, most);
        made.default(nat, Key::NatMinPorts, count(64));
        made.set(nat, Key::NatAddresses, addresses);
        made
    }

    #[test]
    fn two_revisions_fit_into_the_addresses() {
        let at = |least, most, addresses| at_release(&service(least, most, addresses).system);
        let one = only(at(count(600), count(600), count(1)));
        assert_eq!(one.severity, Severity::Error);
        assert_eq!(one.arithmetic.len(), 2);
        assert_eq!(one.edits[0].text, "2");
        assert_eq!(only(at(count(1), count(600), count(1))).severity, Severity::Warning);
        // 64,512 / 64 = 1,008 instances, which is 504 of each revision.
        assert!(at(count(1), count(504), count(1)).is_empty());
        assert!(at(count(1), count(600), count(2)).is_empty());
        assert!(at(count(1), count(600), unknown()).is_empty());
        assert!(at(unknown(), unknown(), count(1)).is_empty());
    }

    #[test]
    fn two_nats_are_not_guessed_between() {
        let mut made = service(count(600), count(600), count(1));
        made.hop(Task::Nat, "another");
        assert!(at_release(&made.system).is_empty());
    }

    #[test]
    fn what_leaves_past_the_network_takes_no_ports() {
        let with = |mode: &str| {
            let mut made = service(count(600), count(600), count(1));
            let (app, _) = (HopId(0), HopId(1));
            made.set(app, Key::EgressMode, text(mode));
            let subnet = made.subnet("10.8.0.0/20", &[app]);
            made.route(subnet, "0.0.0.0/0", Via::Nat("nat".to_owned()));
            at_release(&made.system)
        };
        only(with("all-traffic"));
        assert!(with("private-ranges-only").is_empty());
    }

    #[test]
    fn an_instance_has_ports_for_its_requests() {
        let with = |concurrency, ports| {
            let mut made = service(count(1), count(2), count(1));
            let (app, nat) = (HopId(0), HopId(1));
            let api = made.hop(Task::External, "api.example.com");
            made.link(app, api, "https://api.example.com:443");
            made.default(app, Key::Concurrency, concurrency);
            made.set(nat, Key::NatMinPorts, ports);
            made.default(nat, Key::NatTimeWait, secs(120));
            per_instance(&made.system)
        };
        let one = only(with(count(80), count(64)));
        assert!(one.arithmetic[0].render(model::Lang::En).contains("0.53 new"));
        assert!(with(count(80), count(128)).is_empty());
        assert!(with(unknown(), count(64)).is_empty());
    }
}
