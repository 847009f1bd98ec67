//! Routes: whether what a hop calls on the internet can be reached from its subnets at all.

use model::config::{
    HopId, Link, LinkId, Prediction, RouteEntry, Severity, Subnet, System, Task, Via,
};
use model::{Statement, Text};

use super::functions::LAMBDA;
use super::said::{goes_public, sure};

/// A hop that calls the internet from subnets without a way there.
pub(crate) fn no_way_out(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    for (id, link) in system.links() {
        let from = system.hop(link.from);
        if from.task != Task::App || !goes_public(system, link) {
            continue;
        }
        if found.iter().any(|one| one.hops.first() == Some(&link.from)) {
            continue;
        }
        found.extend(stuck(system, id, link));
    }
    found
}

fn stuck(system: &System, id: LinkId, link: &Link) -> Option<Prediction> {
    let subnets: Vec<&Subnet> =
        system.subnets.iter().filter(|subnet| subnet.hops.contains(&link.from)).collect();
    // A subnet without routes in the files has the network's own, which they do not show.
    if subnets.is_empty() || subnets.iter().any(|subnet| subnet.routes.is_empty()) {
        return None;
    }
    let function = LAMBDA.iter().any(|name| system.hop(link.from).runs(name));
    let leads_out = |subnet: &&Subnet| way_out(subnet).is_some_and(|route| leads(route, function));
    if subnets.iter().any(leads_out) {
        return None;
    }
    let (subnet, at) = subnets.iter().find_map(|subnet| {
        let route = way_out(subnet).and_then(|route| route.at);
        Some((*subnet, route.or(subnet.at)?))
    })?;
    Some(predict(system, (id, link), (subnet, at), function))
}

/// The route for every address.
fn way_out(subnet: &Subnet) -> Option<&RouteEntry> {
    subnet.routes.iter().find(|route| route.to.length == 0 && route.to.address.is_ipv4())
}

/// Whether a route leads anywhere: a function has no public address of its own, so that an internet
/// gateway does nothing for it (AWS, "Enable internet access for VPC-connected Lambda functions").
fn leads(route: &RouteEntry, function: bool) -> bool {
    match route.via {
        Via::Nat(_) | Via::Other(_) => true,
        Via::Internet => !function,
        Via::Local | Via::Blackhole => false,
    }
}

fn predict(
    system: &System,
    (id, link): (LinkId, &Link),
    (subnet, at): (&Subnet, model::config::Span),
    function: bool,
) -> Prediction {
    let public = function && way_out(subnet).is_some_and(|route| route.via == Via::Internet);
    let from: HopId = link.from;
    let fill = |text| {
        Statement::plain(text)
            .with("hop", &system.hop(from).name)
            .with("subnet", &subnet.name)
            .with("to", &system.hop(link.to).name)
    };
    let says = fill(if public { FUNCTION } else { NO_WAY });
    let mut one = Prediction::new(Severity::Error, sure(system, &[], &[id]), says);
    one.hops.push(from);
    one.at(at, fill(if public { INTERNET } else { NO_ROUTE }))
        .along(system, id)
        .change(fill(CHANGE))
}

const NO_WAY: Text = Text::new(
    "{hop} calls {to}, but its subnet {subnet} has no route to the internet: every call hangs until it times \
     out",
    "{hop} は {to} を呼び出しますが、サブネット {subnet} にインターネットへの経路がありません。呼び出しはすべてタイ\
     ムアウトまで応答がありません",
);
const FUNCTION: Text = Text::new(
    "the function {hop} calls {to} from {subnet}, whose route leads to an internet gateway: a function has \
     no public address, so every call hangs until it times out",
    "関数 {hop} はインターネットゲートウェイに向かうサブネット {subnet} から {to} を呼び出します。関数にはパブリック\
     アドレスがないため、呼び出しはすべてタイムアウトします",
);
const NO_ROUTE: Text = Text::new(
    "no default route leads out of {subnet}",
    "{subnet} から出るデフォルト経路がありません",
);
const INTERNET: Text = Text::new(
    "{subnet} leaves by an internet gateway",
    "{subnet} はインターネットゲートウェイから出ます",
);
const CHANGE: Text = Text::new(
    "put {hop} into a subnet whose default route leads to a NAT gateway, or reach {to} by an endpoint",
    "{hop} を NAT ゲートウェイへのデフォルト経路があるサブネットに置くか、エンドポイントで {to} に接続します",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::test_support::{Made, only};

    fn with(product: &'static str, address: &str, via: &[(&str, Via)]) -> Vec<Prediction> {
        let mut made = Made::new();
        let app = made.hop(Task::App, "app");
        made.runs(app, product, "");
        let api = made.hop(Task::External, "api");
        made.link(app, api, address);
        let subnet = made.subnet("10.0.2.0/24", &[app]);
        for (to, via) in via {
            made.route(subnet, to, via.clone());
        }
        no_way_out(&made.system)
    }

    #[test]
    fn a_way_out_is_needed_for_what_is_outside() {
        let local = ("10.0.0.0/16", Via::Local);
        let nat = || ("0.0.0.0/0", Via::Nat("nat".to_owned()));
        let api = "https://api.example.com";
        only(with("Node.js", api, std::slice::from_ref(&local)));
        only(with("Node.js", api, &[local.clone(), ("0.0.0.0/0", Via::Blackhole)]));
        only(with("AWS Lambda", api, &[local.clone(), ("0.0.0.0/0", Via::Internet)]));
        assert!(with("AWS Lambda", api, &[local.clone(), nat()]).is_empty());
        assert!(with("Node.js", api, &[local.clone(), ("0.0.0.0/0", Via::Internet)]).is_empty());
        assert!(with("Node.js", "http://orders.internal", std::slice::from_ref(&local)).is_empty());
        assert!(
            with("Node.js", "https://s3.amazonaws.com", std::slice::from_ref(&local)).is_empty()
        );
        assert!(with("Node.js", api, &[]).is_empty());
    }
}
