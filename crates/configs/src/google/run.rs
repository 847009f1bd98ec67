//! Services and jobs of Cloud Run: one hop each, with where its traffic leaves.

use model::config::{Check, CheckKind, Key, Listen, Setting, Settings, Task, Value};

use super::{Cloud, Placed, defaults as known, duration, environment, hop_of};
use crate::draft::{Draft, HopDraft, LinkDraft, Name, Reach};
use crate::part::{Names, Part, put};
use crate::resources::Tongue;
use crate::tree::json;

/// The part that describes an instance: in the first version it is a `spec` of its own, in jobs a
/// template within a template.
const INSTANCE: Names = ("template.template|template.spec|template", JOB_OR_SERVICE);
const JOB_OR_SERVICE: &str =
    "spec.template.spec.template.spec|spec.template.spec|template.template|template";
const NOTES: Names = (
    "template.metadata.annotations",
    "spec.template.metadata.annotations|spec.template.spec.template.metadata.annotations",
);
const OWN_NOTES: Names = ("metadata.annotations", "metadata.annotations");

/// Reads services and jobs.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) -> Vec<Placed> {
    let mut placed = Vec::new();
    for part in cloud.all(&super::SERVICES) {
        let data = part.resource.kind.starts_with("data.");
        placed.extend(if data { None } else { one(cloud, part, true, draft) });
    }
    for part in cloud.all(&super::JOBS) {
        placed.extend(one(cloud, part, false, draft));
    }
    placed
}

/// An annotation by its name, of the instances or of the service.
fn note<'r>(part: Part<'r>, name: &'static str) -> Option<Part<'r>> {
    let of = |names: Names| {
        let notes = part.get(names);
        notes.as_vendor(notes.at.get(name)).called(name).there()
    };
    of(NOTES).or_else(|| of(OWN_NOTES))
}

/// The first of several that is written.
fn first<'r>(parts: impl IntoIterator<Item = Option<Part<'r>>>) -> Option<Part<'r>> {
    parts.into_iter().flatten().find(|part| part.there().is_some())
}

fn one(cloud: &Cloud<'_>, part: Part<'_>, serves: bool, draft: &mut Draft) -> Option<Placed> {
    let mut hop = hop_of(cloud, part, Task::App, "Cloud Run");
    let instance = part.get(INSTANCE);
    let containers = instance.each(("containers", "containers"));
    // Beside the container that listens others may run (sidecars): only one has a port.
    let listening = containers.iter().find(|one| one.get(("ports", "ports")).there().is_some());
    let container = listening.or(containers.first()).copied();
    let url = part.get(("uri|status.url", "status.url|uri")).text();
    let urls = part.each(("", "urls"));
    for text in url.into_iter().chain(urls.iter().filter_map(|url| url.text())) {
        let host = text.split_once("://").map_or(text, |(_, rest)| rest);
        hop.names.push(Name::host(host.split(['/', ':']).next().unwrap_or(host)));
    }
    let set = &mut hop.hop.settings;
    if serves {
        requests(part, instance, container, set);
    }
    let port = container.map(|one| one.get(("ports.container_port", "ports.containerPort")));
    hop.hop.listens.extend(listen(port, serves));
    instances(part, instance, serves, &mut hop.hop.settings);
    hop.is_one_of_several = containers.len() > 1;
    if let Some(container) = container {
        hop.image = container.get(("image", "image")).there().map(image);
        memory(container, &mut hop.hop.settings);
        hop.hop.checks.extend(probes(container, serves));
    }
    let placed = egress(cloud, part, instance, &mut hop);
    let name = cloud.key(part);
    let id = draft.add_hop(hop);
    let variables = containers.iter().flat_map(|one| one.each(("env", "env"))).collect();
    environment::links(cloud, variables, id, draft);
    databases(cloud, part, instance, id, draft);
    placed.map(|placed| Placed { hop: name, ..placed })
}

/// The image as written; one that is not known is the project's own as much as one that is.
fn image(part: Part<'_>) -> String {
    match (part.text(), part.at.tag()) {
        (Some(text), _) => text.to_owned(),
        (None, "") => format!("${{{}}}", part.written().trim_matches('"')),
        (None, around) => around.to_owned(),
    }
}

fn listen(port: Option<Part<'_>>, serves: bool) -> Option<Listen> {
    let written = port.filter(|port| port.port() != 0);
    let at = written.map(Part::span);
    let number = written.map_or(8080, Part::port);
    // A port that is written and not known is not the default.
    let known = written.is_some() || port.is_none_or(|port| port.there().is_none());
    (serves && known).then(|| Listen { address: String::new(), port: number, tls: false, at })
}

fn requests(part: Part<'_>, instance: Part<'_>, container: Option<Part<'_>>, set: &mut Settings) {
    let timeout = instance.get(("timeout|timeout_seconds", "timeoutSeconds|timeout"));
    put(set, duration(timeout, Key::RequestTimeout));
    set.set(known::seconds(Key::RequestTimeout, 300, "timeout", &known::RUN_TIMEOUT));
    let most = instance.get((
        "max_instance_request_concurrency|container_concurrency",
        "containerConcurrency|maxInstanceRequestConcurrency",
    ));
    put(set, most.count(Key::Concurrency));
    // 80 for each processor if Terraform or gcloud made it, 80 if the console did: only the first
    // kind of file tells who.
    let processors = container
        .and_then(|one| one.get(("resources.limits.cpu", "resources.limits.cpu")).number())
        .filter(|_| part.of.tongue == Tongue::Terraform)
        .unwrap_or(1);
    let usual = 80 * processors.clamp(1, 12);
    let default = known::count(Key::Concurrency, usual, "concurrency", &known::RUN_CONCURRENCY);
    set.set(default.assumed());
    let ingress = part.get(("ingress", "ingress"));
    let ingress = ingress.there().or_else(|| note(part, "run.googleapis.com/ingress"));
    match ingress {
        Some(written) => {
            let all = |word: Part<'_>| {
                let word = word.word();
                Some(Value::Flag(matches!(word.as_str(), "all" | "ingress_traffic_all")))
            };
            put(set, written.setting(Key::PublicAddress, all));
            put(set, written.setting(Key::IngressMode, |word| Some(ingress_mode(&word.word()))));
        }
        None => set.set(known::flag(Key::PublicAddress, true, "ingress", &known::RUN_INGRESS)),
    }
}

/// The ingress in the words of `gcloud`, whichever interface wrote it.
fn ingress_mode(word: &str) -> Value {
    let word = word.strip_prefix("ingress_traffic_").unwrap_or(word).replace('_', "-");
    Value::Text(match word.as_str() {
        "internal-only" => "internal".to_owned(),
        "internal-load-balancer" => "internal-and-cloud-load-balancing".to_owned(),
        _ => word,
    })
}

fn instances(part: Part<'_>, instance: Part<'_>, serves: bool, set: &mut Settings) {
    if serves {
        // Old and new revision run side by side, each with its own instances.
        let whole = Value::Share(1.0);
        let from = &known::RUN_REVISIONS;
        set.set(Setting::default(Key::MaxSurge, whole, "revisions side by side", from, None));
        let manual = first([
            note(part, "run.googleapis.com/manualInstanceCount"),
            Some(part.get(("scaling.manual_instance_count", "scaling.manualInstanceCount"))),
        ]);
        let mode = ("scaling.scaling_mode", "scaling.scalingMode");
        let by_hand = note(part, "run.googleapis.com/scalingMode")
            .unwrap_or(part.get(mode))
            .word()
            .starts_with("manual");
        let manual = manual.filter(|_| by_hand);
        put(set, manual.and_then(|number| number.count(Key::MinInstances)));
        put(set, manual.and_then(|number| number.count(Key::MaxInstances)));
        if manual.is_some() {
            return stops(set);
        }
        let least = first([
            note(part, "autoscaling.knative.dev/minScale"),
            note(part, "run.googleapis.com/minScale"),
            Some(instance.get(("scaling.min_instance_count", "scaling.minInstanceCount"))),
            Some(part.get(("scaling.min_instance_count", "scaling.minInstanceCount"))),
        ]);
        put(set, least.and_then(|least| least.count(Key::MinInstances)));
        set.set(known::count(Key::MinInstances, 0, "min-instances", &known::RUN_MIN));
        let most = first([
            note(part, "autoscaling.knative.dev/maxScale"),
            note(part, "run.googleapis.com/maxScale"),
            Some(instance.get(("scaling.max_instance_count", "scaling.maxInstanceCount"))),
            Some(part.get(("scaling.max_instance_count", "scaling.maxInstanceCount"))),
        ]);
        put(set, most.and_then(|most| most.count(Key::MaxInstances)));
        set.set(known::count(Key::MaxInstances, 100, "max-instances", &known::RUN_MAX));
    } else {
        let tasks = part.get((
            "template.parallelism|template.task_count",
            "spec.template.spec.parallelism|spec.template.spec.taskCount|template.parallelism",
        ));
        put(set, tasks.count(Key::MaxInstances));
    }
    stops(set);
}

/// The time between SIGTERM and SIGKILL.
fn stops(set: &mut Settings) {
    let from = &known::RUN_CONTRACT;
    set.set(known::seconds(Key::TerminationGrace, 10, "SIGTERM to SIGKILL", from));
}

fn memory(container: Part<'_>, set: &mut Settings) {
    let limit = container.get(("resources.limits.memory", "resources.limits.memory"));
    put(set, limit.setting(Key::MemoryLimit, |limit| bytes(limit.text()?).map(Value::Bytes)));
    let usual = Value::Bytes(512 << 20);
    set.set(Setting::default(Key::MemoryLimit, usual, "memory", &known::RUN_MEMORY, None));
}

/// A size in the notation of Kubernetes: `512Mi`, `1G`.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit {
        "" => 1,
        "k" | "K" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// The probes of a container; without a startup probe Cloud Run makes one of its own.
/// <https://docs.cloud.google.com/run/docs/configuring/healthchecks>
fn probes(container: Part<'_>, serves: bool) -> Vec<Check> {
    const PROBES: &[(Names, CheckKind)] = &[
        (("startup_probe", "startupProbe"), CheckKind::Startup),
        (("liveness_probe", "livenessProbe"), CheckKind::Liveness),
        (("readiness_probe", "readinessProbe"), CheckKind::Readiness),
    ];
    let mut made = Vec::new();
    for (names, kind) in PROBES {
        if let Some(probe) = container.get(*names).there() {
            made.push(Check { kind: *kind, at: Some(probe.span()), settings: probed(probe) });
        }
    }
    if serves && !made.iter().any(|check| check.kind == CheckKind::Startup) {
        let mut settings = Settings::new();
        let from = &known::RUN_PROBES;
        settings.set(known::word(Key::CheckProtocol, "TCP", "startupProbe", from));
        settings.set(known::seconds(Key::CheckInterval, 240, "periodSeconds", from));
        settings.set(known::seconds(Key::CheckTimeout, 240, "timeoutSeconds", from));
        settings.set(known::count(Key::CheckUnhealthyThreshold, 1, "failureThreshold", from));
        made.push(Check { kind: CheckKind::Startup, at: None, settings });
    }
    made
}

fn probed(probe: Part<'_>) -> Settings {
    let mut settings = Settings::new();
    let set = &mut settings;
    let from = &known::RUN_PROBES;
    for (block, word) in [
        (("http_get", "httpGet"), "HTTP"),
        (("tcp_socket", "tcpSocket"), "TCP"),
        (("grpc", "grpc"), "GRPC"),
    ] {
        let block = probe.get(block);
        if block.at.kind().is_none() {
            continue;
        }
        set.set(block.meaning(Key::CheckProtocol, Value::Text(word.to_owned())));
        put(set, block.get(("port", "port")).name_of(Key::CheckPort));
        if word == "HTTP" {
            put(set, block.get(("path", "path")).name_of(Key::CheckPath));
            set.set(known::word(Key::CheckPath, "/", "path", from));
        }
    }
    put(set, probe.get(("period_seconds", "periodSeconds")).seconds(Key::CheckInterval));
    set.set(known::seconds(Key::CheckInterval, 10, "periodSeconds", from));
    put(set, probe.get(("timeout_seconds", "timeoutSeconds")).seconds(Key::CheckTimeout));
    set.set(known::seconds(Key::CheckTimeout, 1, "timeoutSeconds", from));
    let failures = probe.get(("failure_threshold", "failureThreshold"));
    put(set, failures.count(Key::CheckUnhealthyThreshold));
    set.set(known::count(Key::CheckUnhealthyThreshold, 3, "failureThreshold", from));
    let delay = probe.get(("initial_delay_seconds", "initialDelaySeconds"));
    put(set, delay.seconds(Key::CheckStartPeriod));
    set.set(known::seconds(Key::CheckStartPeriod, 0, "initialDelaySeconds", from));
    settings
}

/// Where traffic leaves: through a subnet of its own (Direct VPC egress), through a connector, or
/// through no network at all.
fn egress(
    cloud: &Cloud<'_>,
    part: Part<'_>,
    instance: Part<'_>,
    hop: &mut HopDraft,
) -> Option<Placed> {
    let access = instance.get(("vpc_access", "vpcAccess"));
    let connector = first([
        note(part, "run.googleapis.com/vpc-access-connector"),
        Some(access.get(("connector", "connector"))),
    ]);
    let interfaces = note(part, "run.googleapis.com/network-interfaces");
    let direct = access.get(("network_interfaces", "networkInterfaces")).there();
    let set = &mut hop.hop.settings;
    let from = &known::RUN_EGRESS;
    if connector.is_none() && interfaces.is_none() && direct.is_none() {
        set.set(known::word(Key::EgressMode, "none", "vpc-access", from));
        return None;
    }
    let mode = first([
        note(part, "run.googleapis.com/vpc-access-egress"),
        Some(access.get(("egress", "egress"))),
    ]);
    let written = mode.and_then(|mode| {
        mode.setting(Key::EgressMode, |mode| {
            let word = mode.word().replace('_', "-");
            // The older name of the first one.
            Some(Value::Text(if word == "all" { "all-traffic".to_owned() } else { word }))
        })
    });
    put(set, written);
    set.set(known::word(Key::EgressMode, "private-ranges-only", "vpc-access-egress", from));
    if let Some(connector) = connector {
        let found = cloud.follow(connector, &super::CONNECTORS);
        let text = found.map_or_else(|| connector.written(), super::title);
        let text = text.rsplit('/').next().unwrap_or(&text).to_owned();
        set.set(connector.meaning(Key::EgressVia, Value::Text(text)));
        return None;
    }
    let from = &known::RUN_ADDRESSES;
    set.set(known::count(Key::AddressesPerInstance, 2, "addresses per instance", from));
    let (network, subnet, tags) = match (direct, interfaces) {
        (Some(direct), _) => of_block(cloud, direct),
        (None, Some(interfaces)) => of_note(interfaces.text().unwrap_or("")),
        (None, None) => return None,
    };
    hop.subnets.extend(subnet.iter().map(|(name, _)| name.clone()));
    let hop = Name::id("", "");
    Some(Placed { hop, network, subnet, tags, leaves_only: true })
}

type Place = (Option<Name>, Option<(Name, String)>, Vec<String>);

fn of_block(cloud: &Cloud<'_>, direct: Part<'_>) -> Place {
    let network = direct.get(("network", "network"));
    let subnet = direct.get(("subnetwork", "subnetwork"));
    let tags = direct.each(("tags", "tags")).into_iter().map(Part::written).collect();
    // A subnet that is not named has the name of the network.
    let subnet = match subnet.there() {
        Some(subnet) => super::network::subnet_named(cloud, subnet),
        None => match cloud.follow(network, &super::NETWORKS) {
            Some(found) => {
                let named = found.get(super::NAME);
                named.there().and_then(|named| super::network::subnet_named(cloud, named))
            }
            None => super::network::subnet_named(cloud, network),
        },
    };
    (cloud.canonical(network, &super::NETWORKS), subnet, tags)
}

/// What the annotation says: JSON in a string.
fn of_note(text: &str) -> Place {
    let tree = json(text);
    let Some(root) = tree.roots().next() else { return (None, None, Vec::new()) };
    let Some(first) = root.each().next() else { return (None, None, Vec::new()) };
    let network = first.get("network").text();
    let subnet = first.get("subnetwork").text().or(network);
    let last = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let tags = first.get("tags").each().filter_map(|tag| Some(tag.text()?.to_owned())).collect();
    (
        network.map(|text| super::own_name(&super::NETWORKS, text)),
        subnet.map(|text| (super::own_name(&super::SUBNETS, text), last(text))),
        tags,
    )
}

/// Databases that are reached through the connection built into Cloud Run: it goes to the public
/// address of the database, at the port of the Cloud SQL Auth Proxy.
/// <https://docs.cloud.google.com/sql/docs/postgres/connect-run>
fn databases(
    cloud: &Cloud<'_>,
    part: Part<'_>,
    instance: Part<'_>,
    from: crate::draft::DraftId,
    draft: &mut Draft,
) {
    let mut named: Vec<(Name, String, Part<'_>)> = Vec::new();
    if let Some(list) = note(part, "run.googleapis.com/cloudsql-instances") {
        if let Some(name) = list.at.reference().map(|to| list.of.name(to)) {
            named.push((name, list.written(), list));
        }
        for text in list.text().unwrap_or("").split(',').filter(|text| !text.is_empty()) {
            named.push((super::sql::connection(text), text.to_owned(), list));
        }
    }
    let volumes = instance.each(("volumes", "volumes"));
    for volume in volumes {
        let of = ("cloud_sql_instance.instances", "cloudSqlInstance.instances");
        for one in volume.each(of) {
            let name = match one.at.reference() {
                Some(reference) => one.of.name(reference),
                None => super::sql::connection(one.text().unwrap_or("")),
            };
            named.push((name, one.written(), one));
        }
    }
    for (name, address, at) in named {
        let found = cloud.find(&name);
        let mut link = LinkDraft::new(from, Reach::Name(name), format!("/cloudsql/{address}"));
        link.at = Some(at.span());
        link.port = super::sql::PROXY_PORT;
        // Without a public address only the private one is left.
        let address =
            ("settings.ip_configuration.ipv4_enabled", "settings.ipConfiguration.ipv4Enabled");
        let public = found.and_then(|found| found.get(address).flag()) != Some(false);
        link.settings.set(at.meaning(Key::ReachedPublicly, Value::Flag(public)));
        let most = "connections per instance";
        let most = known::count(Key::UpstreamMaxConnections, 100, most, &known::RUN_SQL);
        link.settings.set(most);
        draft.links.push(link);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::Reader as _;
    use crate::{Input, assemble, document};

    #[test]
    fn the_only_service_runs_the_only_program() {
        for image in ["var.image", "\"eu-docker.pkg.dev/${var.project}/web/app\""] {
            let text = format!(
                "resource \"google_cloud_run_v2_service\" \"a\" {{\n template {{\n containers {{\n image = {image}\n }}\n }}\n}}\n"
            );
            let documents = document::open(vec![Input { path: "main.tf".to_owned(), text }]);
            let mut draft = Draft::default();
            crate::terraform::Terraform.read(&documents, &mut draft);
            let product = model::config::Product { name: "Node.js", ..Default::default() };
            draft.program_of("").hop.products.push(product);
            let sources = documents.into_iter().map(|doc| doc.into_source(&draft)).collect();
            let system = assemble::assemble(draft, sources);
            let [hop] = &system.hops[..] else { panic!("{}", system.describe()) };
            assert!(hop.runs("Node.js") && hop.runs("Cloud Run"), "{}", system.describe());
        }
    }

    #[test]
    fn sizes_and_interfaces_are_read() {
        assert_eq!(bytes("512Mi"), Some(512 << 20));
        assert_eq!(bytes("1G"), Some(1_000_000_000));
        assert_eq!(bytes("18446744073709551615Gi"), None);
        assert_eq!(bytes("half"), None);
        let (network, subnet, tags) = of_note(r#"[{"network":"n","tags":["web"]}]"#);
        assert_eq!(network, Some(Name::id(super::super::GOOGLE, "networks/n")));
        assert_eq!(subnet.unwrap().0, Name::id(super::super::GOOGLE, "subnetworks/n"));
        assert_eq!(tags, ["web"]);
        assert_eq!(of_note("[{").2, Vec::<String>::new());
    }
}
