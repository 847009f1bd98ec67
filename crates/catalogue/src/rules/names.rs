//! Names that are looked up once, at the start of a gateway, for targets whose addresses change.

use model::config::{Hop, Key, Link, Prediction, Setting, Severity, System, Task};
use model::{Statement, Text};

use super::said::{host_of, is_loopback, is_public_host, stands_in, sure};

/// A name looked up once, for a target that changes its address.
pub(crate) fn looked_up_once(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    let mut told: Vec<(Place, String, usize)> = Vec::new();
    for (id, link) in system.links() {
        let Some(once) = link.get(Key::ResolveOnce) else { continue };
        let host = host_of(link).to_ascii_lowercase();
        if link.settings.flag(Key::ResolveOnce) != Some(true) || !is_name(&host) {
            continue;
        }
        let Some(moves) = moves(system, link, &host) else { continue };
        if moves.1 == CONTAINER && has_others(system, link) {
            continue;
        }
        // All servers of one file run in one process, and one reload ends it for all of them.
        let place = link.at.map_or(Place::Hop(link.from), |at| Place::File(at.file));
        if let Some((.., at)) = told.iter().find(|(had, name, _)| *had == place && *name == host) {
            found[*at] = found[*at].clone().along(system, id);
            continue;
        }
        told.push((place, host.clone(), found.len()));
        let from = &system.hop(link.from).name;
        found.push(predict(system, (id, link), once, (moves, from, &host)));
    }
    found
}

/// Where a name is written: which process has looked it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    File(model::config::FileId),
    Hop(model::config::HopId),
}

/// True if requests of the same route have other targets: a container whose address has changed is
/// left out then, and the others answer.
fn has_others(system: &System, link: &Link) -> bool {
    let same = |other: &Link| {
        other.route == link.route && !host_of(other).eq_ignore_ascii_case(host_of(link))
    };
    let tried = !matches!(link.get(Key::Retries).and_then(Setting::count), Some(0));
    tried && system.links_from(link.from).any(|(_, other)| same(other))
}

fn predict(
    system: &System,
    (id, link): (model::config::LinkId, &Link),
    once: &Setting,
    ((severity, why), from, host): ((Severity, Text), &str, &str),
) -> Prediction {
    let says = Statement::plain(why).with("from", from).with("host", host);
    Prediction::new(severity, sure(system, &[once], &[id]), says)
        .rests_on(system, link.from, once)
        .along(system, id)
        .change(Statement::plain(CHANGE).with("from", from).with("host", host))
}

/// A host name, not an address and not the machine itself.
fn is_name(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !host.is_empty()
        && host.chars().all(allowed)
        && host.parse::<std::net::IpAddr>().is_err()
        && !is_loopback(host)
}

/// Why and how badly the address of the target changes; `None` if it is not known to.
fn moves(system: &System, link: &Link, host: &str) -> Option<(Severity, Text)> {
    // The address of a Service of Kubernetes stays; that of a headless one is not told apart.
    let cluster = host.ends_with(".svc") || host.ends_with(".cluster.local");
    let to = system.hop(link.to);
    if cluster || stands_in(system, to, "kubernetes") {
        return None;
    }
    let moving = [".elb.amazonaws.com", ".cloudfront.net"].iter().any(|end| host.ends_with(end));
    if moving || is_balancer(to) {
        return Some((Severity::Warning, BALANCER));
    }
    if stands_in(system, to, "compose") {
        return Some((Severity::Note, CONTAINER));
    }
    (to.task == Task::External && is_public_host(host)).then_some((Severity::Warning, ELSEWHERE))
}

fn is_balancer(hop: &Hop) -> bool {
    hop.task == Task::LoadBalancer && (hop.runs("AWS ALB") || hop.runs("AWS CLB"))
}

const BALANCER: Text = Text::new(
    "{from} looks {host} up once, at its start, but a load balancer changes its addresses: then requests go \
     to nobody until {from} is reloaded",
    "{from} は {host} を起動時に一度だけ名前解決しますが、ロードバランサーのアドレスは変わります。変わると再読み込\
     みまでリクエストが届きません",
);
const CONTAINER: Text = Text::new(
    "{from} looks {host} up once, at its start: when the container is made anew with another address, \
     requests end as 502 until {from} is reloaded",
    "{from} は {host} を起動時に一度だけ名前解決します。コンテナが別のアドレスで作り直されると、再読み込みまで \
     502 になります",
);
const ELSEWHERE: Text = Text::new(
    "{from} looks {host} up once, at its start: when its owner moves it, requests fail until {from} is \
     reloaded",
    "{from} は {host} を起動時に一度だけ名前解決します。アドレスが変わると、再読み込みまでリクエストが失敗します",
);
const CHANGE: Text = Text::new(
    "let {from} look {host} up again while it runs",
    "{from} が {host} を稼働中にも名前解決し直すようにします",
);

#[cfg(test)]
mod tests {
    use model::config::Value;

    use super::*;
    use crate::rules::test_support::{Made, only, unknown};

    fn with(once: Value, reader: &'static str, task: Task, address: &str) -> Vec<Prediction> {
        let mut made = Made::new().read_as(reader);
        let proxy = made.hop(Task::Gateway, "proxy");
        let target = made.hop(task, "target");
        if task == Task::LoadBalancer {
            made.runs(target, "AWS ALB", "");
        }
        let link = made.link(proxy, target, address);
        made.default_link(link, Key::ResolveOnce, once);
        looked_up_once(&made.system)
    }

    #[test]
    fn one_of_several_targets_is_left_out_by_itself() {
        let with = |second: &str, retries: Option<u64>| {
            let mut made = Made::new().read_as("compose");
            let proxy = made.hop(Task::Gateway, "proxy");
            for (name, address) in [("one", "one:3000"), ("two", second)] {
                let target = made.hop(Task::App, name);
                let link = made.link(proxy, target, address);
                made.default_link(link, Key::ResolveOnce, Value::Flag(true));
                if let Some(retries) = retries {
                    made.set_link(link, Key::Retries, Value::Count(retries));
                }
            }
            looked_up_once(&made.system).len()
        };
        assert_eq!(with("two:3000", None), 0);
        assert_eq!(with("two:3000", Some(1)), 0);
        assert_eq!(with("two:3000", Some(0)), 2);
        assert_eq!(with("one:3001", None), 1);
    }

    #[test]
    fn names_whose_address_changes() {
        let on = || Value::Flag(true);
        only(with(on(), "", Task::External, "http://a-1.eu-west-1.elb.amazonaws.com:80"));
        only(with(on(), "", Task::LoadBalancer, "http://internal.shop.example:80"));
        only(with(on(), "", Task::External, "https://api.example.com"));
        assert_eq!(only(with(on(), "compose", Task::App, "app:3000")).severity, Severity::Note);
        assert!(with(on(), "kubernetes", Task::App, "app:3000").is_empty());
        assert!(with(on(), "", Task::App, "app.shop.svc.cluster.local:80").is_empty());
        assert!(with(on(), "", Task::App, "app:3000").is_empty());
        assert!(with(on(), "compose", Task::App, "10.0.0.7:3000").is_empty());
        assert!(with(on(), "compose", Task::App, "localhost:3000").is_empty());
        assert!(with(Value::Flag(false), "compose", Task::App, "app:3000").is_empty());
        assert!(with(unknown(), "compose", Task::App, "app:3000").is_empty());
    }
}
