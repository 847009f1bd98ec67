//! EndpointSlices and Endpoints: where a Service leads that selects no Pods.
//! <https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors>

use std::collections::BTreeMap;

use model::config::Settings;

use super::Cluster;
use super::object::{Object, port};
use crate::draft::{Member, Name, Reach};
use crate::tree::At;

/// Addresses of one Service that are read.
const MOST_ADDRESSES: usize = 200;

/// The targets that somebody wrote down for Services, by namespace and name of the Service.
pub(super) struct Endpoints(BTreeMap<String, Vec<Member>>);

impl Endpoints {
    /// Gathers them.
    pub(super) fn new(cluster: &Cluster<'_>) -> Endpoints {
        let mut found: BTreeMap<String, Vec<Member>> = BTreeMap::new();
        for slice in cluster.all(&["EndpointSlice"]) {
            let labels = slice.at.at("metadata.labels");
            let Some(service) = labels.get("kubernetes.io/service-name").text() else { continue };
            let of = found.entry(format!("{}/{service}", slice.namespace())).or_default();
            let number = only_port(slice.at.get("ports"));
            // Unless it says otherwise an endpoint is ready.
            let ready = |one: &At<'_>| one.at("conditions.ready").flag() != Some(false);
            for one in slice.at.get("endpoints").items().filter(ready).take(MOST_ADDRESSES) {
                let addresses = one.get("addresses").items().take(MOST_ADDRESSES);
                of.extend(addresses.filter_map(|address| member(&slice, address, number)));
            }
            of.truncate(MOST_ADDRESSES);
        }
        for object in cluster.all(&["Endpoints"]) {
            let of = found.entry(object.key()).or_default();
            for subset in object.at.get("subsets").items().take(MOST_ADDRESSES) {
                let number = only_port(subset.get("ports"));
                let addresses = subset.get("addresses").items().take(MOST_ADDRESSES);
                of.extend(addresses.filter_map(|one| member(&object, one.get("ip"), number)));
            }
            of.truncate(MOST_ADDRESSES);
        }
        Endpoints(found)
    }

    /// The targets of a Service; none if nobody wrote any down.
    pub(super) fn of(&self, service: &Object<'_>) -> &[Member] {
        self.0.get(&service.key()).map_or(&[], Vec::as_slice)
    }
}

/// The port, if there is one only; 0 for the one that the Service is asked at.
fn only_port(ports: At<'_>) -> u16 {
    let mut ports = ports.items();
    match (ports.next(), ports.next()) {
        (Some(one), None) => port(one.get("port")),
        _ => 0,
    }
}

fn member(object: &Object<'_>, address: At<'_>, port: u16) -> Option<Member> {
    let text = address.text()?;
    Some(Member {
        to: Reach::Name(Name::host(text)),
        port,
        address: if port == 0 { text.to_owned() } else { format!("{text}:{port}") },
        at: Some(object.span(address)),
        settings: Settings::new(),
    })
}
