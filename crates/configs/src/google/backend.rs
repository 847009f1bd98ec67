//! Backend services: where a load balancer sends requests, and how long it waits.

use std::collections::BTreeMap;

use model::config::{Key, Notation, Settings, Value};

use super::{Cloud, check, defaults as known, policy};
use crate::draft::{Draft, Member, Name, Pool, Reach};
use crate::part::{Part, put};
use crate::resources::Tongue;

/// Reads backend services.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    let of = ("network_endpoint_group|global_network_endpoint_group", "");
    let endpoints = cloud.all(&super::ENDPOINTS).into_iter().map(|one| (one.get(of), one));
    let endpoints = cloud.by_target(endpoints, &super::GROUPS);
    for part in cloud.all(&super::BACKENDS) {
        let pool = pool(cloud, part, &endpoints);
        draft.pools.push(pool);
    }
}

/// The group of endpoints behind one of the backends of a service, if it is described.
fn group<'r>(cloud: &Cloud<'r>, backend: Part<'_>) -> Option<Part<'r>> {
    cloud.follow(backend.get(("group", "group")), &super::GROUPS)
}

fn is_serverless(cloud: &Cloud<'_>, backend: Part<'_>) -> bool {
    group(cloud, backend).is_some_and(|group| {
        let kind = group.get(("network_endpoint_type", "networkEndpointType")).word();
        let service = ["cloud_run", "app_engine", "cloud_function", "serverless_deployment"];
        let beside = || service.iter().any(|block| group.at.get(block).there().is_some());
        kind == "serverless" || beside() || group.at.get("cloudRun").there().is_some()
    })
}

/// The endpoints of each group.
type Endpoints<'r> = BTreeMap<Name, Vec<Part<'r>>>;

fn pool(cloud: &Cloud<'_>, part: Part<'_>, endpoints: &Endpoints<'_>) -> Pool {
    let mut pool = Pool { names: cloud.names(part), at: Some(part.resource.at), ..Pool::default() };
    let backends = part.each(("backend", "backends"));
    let serverless = backends.iter().any(|one| is_serverless(cloud, *one));
    let set = &mut pool.settings;
    put(set, policy::allowed(cloud, part));
    let protocol = part.get(("protocol", "protocol"));
    let word = protocol.word();
    let network = matches!(word.as_str(), "tcp" | "ssl" | "udp" | "unspecified");
    if serverless {
        // What is written does not count before Cloud Run, App Engine and functions.
        set.set(known::seconds(Key::TotalTimeout, 3600, "timeout", &known::SERVERLESS));
    } else if !network {
        let timeout = part.get(("timeout_sec", "timeoutSec"));
        put(set, timeout.seconds(Key::TotalTimeout));
        set.set(known::seconds(Key::TotalTimeout, 30, "timeout_sec", &known::BACKEND));
        if timeout.there().is_none() {
            let name = (Key::TotalTimeout, "timeout_sec");
            pool.slots.extend(cloud.slot(part, name, Notation::Seconds));
        }
    }
    if !serverless {
        let drain =
            part.get(("connection_draining_timeout_sec", "connectionDraining.drainingTimeoutSec"));
        put(set, drain.seconds(Key::DeregistrationDelay));
        let name = "connection_draining_timeout_sec";
        let (usual, from) = match part.of.tongue {
            Tongue::Terraform => (300, &known::TERRAFORM_DRAINING),
            Tongue::Vendor => (0, &known::DRAINING),
        };
        let default = known::seconds(Key::DeregistrationDelay, usual, name, from);
        // Older versions of the provider left regional services without draining.
        let regional = part.resource.kind == "google_compute_region_backend_service";
        set.set(if regional { default.assumed() } else { default });
        if drain.there().is_none() {
            let slot = cloud.slot(part, (Key::DeregistrationDelay, name), Notation::Seconds);
            pool.slots.extend(slot);
        }
        speech(protocol, &word, set);
        pool.checks = check::of(cloud, part);
    }
    // Before a serverless backend stand Google's own servers: their connections to it are no
    // business of the program.
    if !network && !serverless {
        let from = &known::BACKENDS;
        set.set(known::flag(Key::UpstreamKeepAlive, true, "keep-alive", from));
        let idle = known::seconds(Key::UpstreamIdleTimeout, 600, "backend keep-alive", from);
        set.set(idle);
    }
    let named = |one: &Part<'_>| one.get(("group", "group")).there().is_some();
    for backend in backends.into_iter().filter(named) {
        pool.members.extend(members(cloud, part, backend, endpoints));
    }
    if pool.members.is_empty() {
        let address = super::title(part);
        pool.members.push(member(Reach::Unsaid, 0, part, address));
    }
    pool
}

fn speech(protocol: Part<'_>, word: &str, set: &mut Settings) {
    if protocol.there().is_none() {
        return;
    }
    let spoken = match word {
        "http" | "https" => "http/1.1",
        "http2" => "h2",
        "h2c" => "h2c",
        "grpc" => "grpc",
        "tcp" | "ssl" => "tcp",
        _ => return,
    };
    set.set(protocol.meaning(Key::UpstreamProtocol, Value::Text(spoken.to_owned())));
    let tls = matches!(word, "https" | "http2" | "grpc" | "ssl");
    set.set(protocol.meaning(Key::UpstreamTls, Value::Flag(tls)));
    if tls {
        let name = "verification of backends";
        set.set(known::flag(Key::UpstreamVerify, false, name, &known::BACKEND_TLS));
    }
}

fn member(to: Reach, port: u16, at: Part<'_>, address: String) -> Member {
    Member { to, port, address, at: Some(at.span()), settings: Settings::new() }
}

/// The targets of one backend: a service of Cloud Run, endpoints, a group of machines.
fn members(
    cloud: &Cloud<'_>,
    service: Part<'_>,
    backend: Part<'_>,
    endpoints: &Endpoints<'_>,
) -> Vec<Member> {
    let part = backend.get(("group", "group"));
    let Some(group) = group(cloud, backend) else {
        return machines(cloud, service, part);
    };
    let run = group.get(("cloud_run.service", "cloudRun.service"));
    if run.there().is_some() {
        let to = cloud.refer(run, &super::SERVICES);
        return vec![member(to.map_or(Reach::Unsaid, Reach::Name), 0, run, run.written())];
    }
    if is_serverless(cloud, backend) {
        // Which service gets a request follows from its URL, or it is no service of Cloud Run.
        return vec![member(Reach::Unsaid, 0, group, super::title(group))];
    }
    let port = group.get(("default_port", "defaultPort")).port();
    let mut found = Vec::new();
    for &one in endpoints.get(&cloud.key(group)).into_iter().flatten() {
        let inner = one.each(("network_endpoints", ""));
        let endpoints = if inner.is_empty() { vec![one] } else { inner };
        for endpoint in endpoints {
            let host = endpoint.get(("fqdn|ip_address|instance", ""));
            let to = match host.text() {
                Some(text) => Reach::Name(Name::host(text)),
                None => {
                    host.at.reference().map_or(Reach::Unsaid, |to| Reach::Name(host.of.name(to)))
                }
            };
            let own = endpoint.get(("port", "")).port();
            let port = if own == 0 { port } else { own };
            found.push(member(to, port, host, host.written()));
        }
    }
    if found.is_empty() {
        // Kubernetes, or somebody else, registers the endpoints.
        found.push(member(Reach::Unsaid, port, group, super::title(group)));
    }
    found
}

fn machines(cloud: &Cloud<'_>, service: Part<'_>, part: Part<'_>) -> Vec<Member> {
    let manager = cloud.follow(part, &super::MANAGERS);
    let found = manager.or_else(|| cloud.follow(part, &super::MACHINE_GROUPS));
    // The service knows its port by a name that the group gives a number.
    let wanted = service.get(("port_name", "portName"));
    let wanted = wanted.text().unwrap_or("http");
    let port = found.map_or(0, |group| {
        let ports = group.each(("named_port", "namedPorts"));
        let named = ports.iter().find(|one| one.get(("name", "name")).text() == Some(wanted));
        named.map_or(0, |one| one.get(("port", "port")).port())
    });
    let to = match found {
        Some(found) => Some(cloud.key(found)),
        None if part.written().contains("/networkEndpointGroups/") => None,
        None => cloud.refer(part, &super::MACHINE_GROUPS),
    };
    vec![member(to.map_or(Reach::Unsaid, Reach::Name), port, part, part.written())]
}
