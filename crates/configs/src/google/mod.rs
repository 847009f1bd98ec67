//! Resources of Google Cloud, whichever tool describes them: Cloud Run, load balancers, what they
//! send to, and the network with its NAT.
//!
//! How traffic leaves: a hop of Cloud Run has its [`Key::EgressMode`](model::config::Key::EgressMode).
//! With Direct VPC egress it is held by its subnet, and the subnet's route to `0.0.0.0/0` goes via
//! [`Via::Nat`](model::config::Via::Nat), which names the hop of the NAT: each instance is one
//! endpoint of that NAT. With a connector the hop's `EgressVia` names the hop of the connector, which
//! the subnet holds instead: then the connector's instances are the endpoints.

mod backend;
mod balancer;
mod certificate;
mod check;
mod defaults;
mod environment;
mod firewall;
mod machines;
mod network;
mod output;
mod policy;
mod run;
mod sql;

use std::collections::BTreeMap;

use model::config::{Hop, Key, Notation, Product, Setting, Slot, Task, Value};

use crate::document::Document;
use crate::draft::{Draft, HopDraft, Name};
use crate::part::{Names, Part};
use crate::resources::{Resource, Resources, Tongue};
pub(crate) use output::Output;

/// The tool of names that are Google's own: `backendServices/web`.
const GOOGLE: &str = "google";
/// The tool of what `gcloud` prints.
const GCLOUD: &str = "gcloud";
const NAME: Names = ("name", "name|metadata.name");

/// A sort of resource: the collection of Google's interface, and its types in the tools.
pub(super) struct Sort {
    collection: &'static str,
    kinds: &'static [&'static str],
}

macro_rules! sorts {
    ($($name:ident $collection:literal $($kind:literal)*;)*) => {
        $(const $name: Sort = Sort { collection: $collection, kinds: &[$($kind),*] };)*
        const SORTS: &[&Sort] = &[$(&$name),*];
    };
}

sorts! {
    SERVICES "services" "google_cloud_run_v2_service" "google_cloud_run_service"
        "data.google_cloud_run_v2_service" "data.google_cloud_run_service" "run#service";
    JOBS "jobs" "google_cloud_run_v2_job" "run#job";
    CONNECTORS "connectors" "google_vpc_access_connector" "vpcaccess#connector";
    DATABASES "instances-sql" "google_sql_database_instance" "data.google_sql_database_instance"
        "sql#instance";
    NETWORKS "networks" "google_compute_network" "data.google_compute_network" "compute#network";
    SUBNETS "subnetworks" "google_compute_subnetwork" "data.google_compute_subnetwork"
        "compute#subnetwork";
    ROUTERS "routers" "google_compute_router" "compute#router";
    NATS "nats" "google_compute_router_nat" "compute#routerNat";
    ADDRESSES "addresses" "google_compute_global_address" "google_compute_address"
        "data.google_compute_global_address" "data.google_compute_address" "compute#address";
    FIREWALLS "firewalls" "google_compute_firewall" "compute#firewall";
    URL_MAPS "urlMaps" "google_compute_url_map" "google_compute_region_url_map" "compute#urlMap";
    HTTP_PROXIES "targetHttpProxies" "google_compute_target_http_proxy"
        "google_compute_region_target_http_proxy" "compute#targetHttpProxy";
    HTTPS_PROXIES "targetHttpsProxies" "google_compute_target_https_proxy"
        "google_compute_region_target_https_proxy" "compute#targetHttpsProxy";
    RULES "forwardingRules" "google_compute_global_forwarding_rule"
        "google_compute_forwarding_rule" "compute#forwardingRule";
    BACKENDS "backendServices" "google_compute_backend_service"
        "google_compute_region_backend_service" "data.google_compute_backend_service"
        "compute#backendService";
    BUCKETS "backendBuckets" "google_compute_backend_bucket" "compute#backendBucket";
    GROUPS "networkEndpointGroups" "google_compute_region_network_endpoint_group"
        "google_compute_network_endpoint_group" "google_compute_global_network_endpoint_group"
        "compute#networkEndpointGroup";
    ENDPOINTS "networkEndpoints" "google_compute_network_endpoint"
        "google_compute_global_network_endpoint" "google_compute_network_endpoints";
    MANAGERS "instanceGroupManagers" "google_compute_instance_group_manager"
        "google_compute_region_instance_group_manager" "compute#instanceGroupManager";
    MACHINE_GROUPS "instanceGroups" "google_compute_instance_group" "compute#instanceGroup";
    TEMPLATES "instanceTemplates" "google_compute_instance_template"
        "google_compute_region_instance_template" "compute#instanceTemplate";
    MACHINES "instances" "google_compute_instance" "compute#instance";
    CHECKS "healthChecks" "google_compute_health_check" "google_compute_region_health_check"
        "google_compute_http_health_check" "google_compute_https_health_check"
        "compute#healthCheck" "compute#httpHealthCheck" "compute#httpsHealthCheck";
    CERTIFICATES "sslCertificates" "google_compute_managed_ssl_certificate"
        "google_compute_ssl_certificate" "google_compute_region_ssl_certificate"
        "compute#sslCertificate";
    MANAGED "certificates" "google_certificate_manager_certificate";
    MAPS "certificateMaps" "google_certificate_manager_certificate_map";
    MAP_ENTRIES "certificateMapEntries" "google_certificate_manager_certificate_map_entry";
    POLICIES "securityPolicies" "google_compute_security_policy"
        "google_compute_region_security_policy" "compute#securityPolicy";
    ZONES "managedZones" "google_dns_managed_zone" "dns#managedZone";
    RECORDS "rrsets" "google_dns_record_set" "dns#resourceRecordSet";
}

/// Reads what is Google's among the resources.
pub(crate) fn read(resources: &Resources, documents: &[&Document], draft: &mut Draft) {
    if !resources.all.iter().any(|resource| sort_of(&resource.kind).is_some()) {
        return;
    }
    let cloud = Cloud::new(resources, documents);
    let before = draft.hops.len();
    let mut placed = run::read(&cloud, draft);
    placed.extend(machines::read(&cloud, draft));
    sql::read(&cloud, draft);
    balancer::read(&cloud, draft);
    backend::read(&cloud, draft);
    placed.extend(network::connectors(&cloud, draft));
    network::read(&cloud, &placed, draft);
    firewall::read(&cloud, &placed, draft);
    balancer::records(&cloud, before, draft);
}

fn sort_of(kind: &str) -> Option<&'static Sort> {
    SORTS.iter().copied().find(|sort| sort.kinds.contains(&kind))
}

/// A hop that has addresses of a network: what NAT and firewalls have to know.
struct Placed {
    /// The hop's own name.
    hop: Name,
    /// Its network, if it is known.
    network: Option<Name>,
    /// Its subnet, and what the subnet is called.
    subnet: Option<(Name, String)>,
    /// Its tags.
    tags: Vec<String>,
    /// True if firewalls are asked only for what leaves it: Cloud Run.
    leaves_only: bool,
}

/// The resources with an index of their names.
struct Cloud<'r> {
    resources: &'r Resources,
    documents: &'r [&'r Document],
    by_name: BTreeMap<Name, usize>,
    by_kind: BTreeMap<&'r str, Vec<&'r Resource>>,
}

impl<'r> Cloud<'r> {
    fn new(resources: &'r Resources, documents: &'r [&'r Document]) -> Cloud<'r> {
        let (by_name, by_kind) = (BTreeMap::new(), BTreeMap::new());
        let mut cloud = Cloud { resources, documents, by_name, by_kind };
        for (at, resource) in resources.all.iter().enumerate() {
            for name in cloud.names(Part::new(resources, resource)) {
                cloud.by_name.entry(name).or_insert(at);
            }
            cloud.by_kind.entry(&resource.kind).or_default().push(resource);
        }
        cloud
    }

    /// Every resource of a sort.
    fn all(&self, sort: &Sort) -> Vec<Part<'r>> {
        let of = |kind: &&str| self.by_kind.get(*kind).into_iter().flatten();
        sort.kinds.iter().flat_map(of).map(|one| Part::new(self.resources, one)).collect()
    }

    /// All names of a resource: its address in the files, and the one that Google knows it by.
    fn names(&self, part: Part<'_>) -> Vec<Name> {
        let mut names = self.resources.names(part.resource);
        if let (Some(sort), Some(name)) = (sort_of(&part.resource.kind), part.get(NAME).text()) {
            names.push(own_name(sort, name));
        }
        names
    }

    /// What a part names, as something of this sort: by a reference, by a URL or a path of Google's
    /// interface, or by its name alone.
    fn refer(&self, part: Part<'_>, sort: &Sort) -> Option<Name> {
        if let Some(reference) = part.at.reference() {
            return Some(self.resources.name(reference));
        }
        part.text().filter(|text| !text.is_empty()).map(|text| own_name(sort, text))
    }

    /// The resource that a part names, if it is described and of this sort.
    fn follow(&self, part: Part<'_>, sort: &Sort) -> Option<Part<'r>> {
        let found = self.find(&self.refer(part, sort)?)?;
        sort.kinds.contains(&found.resource.kind.as_str()).then_some(found)
    }

    fn find(&self, name: &Name) -> Option<Part<'r>> {
        let at = *self.by_name.get(name)?;
        Some(Part::new(self.resources, self.resources.all.get(at)?))
    }

    /// One name for what a part names, however it names it.
    fn canonical(&self, part: Part<'_>, sort: &Sort) -> Option<Name> {
        match self.follow(part, sort) {
            Some(found) => Some(self.key(found)),
            None => self.refer(part, sort),
        }
    }

    /// What refers to which resource of a sort, in one pass.
    fn by_target<T>(
        &self,
        referring: impl IntoIterator<Item = (Part<'r>, T)>,
        sort: &Sort,
    ) -> BTreeMap<Name, Vec<T>> {
        let mut found: BTreeMap<Name, Vec<T>> = BTreeMap::new();
        for (part, what) in referring {
            if let Some(name) = self.canonical(part, sort) {
                found.entry(name).or_default().push(what);
            }
        }
        found
    }

    /// The canonical name of a resource.
    fn key(&self, part: Part<'_>) -> Name {
        self.resources.name(&part.resource.address)
    }

    /// Where a setting can be added to a block of Terraform.
    fn slot(&self, part: Part<'_>, name: (Key, &'static str), notation: Notation) -> Option<Slot> {
        let file = part.span().file;
        let document = self.documents.iter().find(|document| document.id == file)?;
        let json = document.text.trim_start().starts_with(['{', '[']);
        let hcl = part.of.tongue == Tongue::Terraform && part.of.editable && !json;
        hcl.then(|| part.at.hcl_slot(&document.text, file, name, notation))?
    }
}

/// The name that Google has for something of a sort; what stands before the collection in a URL
/// does not count.
fn own_name(sort: &Sort, text: &str) -> Name {
    let last = text.trim_end_matches('/').rsplit('/').next().unwrap_or(text);
    Name::id(GOOGLE, format!("{}/{last}", sort.collection))
}

/// What people call a resource: its address in Terraform, its name otherwise.
fn title(part: Part<'_>) -> String {
    let address = &part.resource.address;
    match part.of.tool {
        GCLOUD => address.rsplit('/').next().unwrap_or(address).to_owned(),
        _ => address.clone(),
    }
}

/// A hop for a resource, with its names.
fn hop_of(cloud: &Cloud<'_>, part: Part<'_>, task: Task, product: &'static str) -> HopDraft {
    let mut hop = Hop::new(task, title(part));
    hop.at = Some(part.resource.at);
    if !product.is_empty() {
        hop.products.push(Product { name: product, ..Product::default() });
    }
    HopDraft::new(hop, cloud.names(part))
}

/// A time that is written with its unit (`300s`) or as a number of seconds.
fn duration(part: Part<'_>, key: Key) -> Option<Setting> {
    let text = part.text().unwrap_or("");
    let Some(number) = text.strip_suffix('s') else { return part.seconds(key) };
    let seconds: f64 = number.parse().ok().filter(|n: &f64| (0.0..1e9).contains(n))?;
    let micros = model::Micros((seconds * 1e6) as i64);
    let setting = part.setting(key, |_| Some(Value::Time(micros)))?;
    let quoted = part.at.is_quoted();
    let notation = if quoted { Notation::QuotedSecondsUnit } else { Notation::SecondsUnit };
    Some(if part.of.editable { setting.as_written_in(notation) } else { setting })
}
