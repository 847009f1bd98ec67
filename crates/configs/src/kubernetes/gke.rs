//! Application Load Balancers that Google's controllers make: backends of an Ingress with their
//! BackendConfig, backends of a Gateway with their policies.

use model::config::{Check, CheckKind, Hop, Key, Product, Setting, Settings, Task, Value};

use super::ingress::{Carried, ingress_name};
use super::object::Object;
use super::services::Service;
use super::{Cluster, alb, defaults as known};
use crate::draft::{Draft, DraftId, HopDraft, LinkDraft};
use crate::part::put;
use crate::tree::At;

/// The vendor's name for it.
pub(super) const PRODUCT: &str = "Google Cloud Application Load Balancer";

/// The load balancer of an Ingress.
pub(super) fn hop(cluster: &Cluster<'_>, object: &Object<'_>, draft: &mut Draft) -> DraftId {
    let mut hop = Hop::new(Task::LoadBalancer, format!("Ingress {}", object.name));
    hop.at = Some(object.here());
    let config = object.annotation("networking.gke.io/v1beta1.FrontendConfig");
    let config =
        config.text().and_then(|name| cluster.find("FrontendConfig", object.namespace(), name));
    balancer(&mut hop);
    if let Some(config) = config {
        let name = "httpKeepAliveTimeoutSec";
        put(&mut hop.settings, config.seconds(config.spec(name), Key::ClientIdleTimeout, name));
    }
    let mut names = alb::addresses(object);
    names.push(ingress_name(object));
    draft.add_hop(HopDraft::new(hop, names))
}

/// What every Application Load Balancer of Google does.
pub(super) fn balancer(hop: &mut Hop) {
    hop.products.push(Product { name: PRODUCT, ..Product::default() });
    let name = "http keep-alive timeout";
    hop.settings.set(known::seconds(Key::ClientIdleTimeout, 610, name, &known::GOOGLE_CLIENTS));
}

/// Which of Google's controllers makes a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// That of Ingresses.
    Ingress,
    /// That of Gateways.
    Gateway,
}

/// What every link carries.
pub(super) fn carried(maker: Maker) -> Carried {
    let mut carried = Carried::default();
    let settings = &mut carried.settings;
    let kept = Value::Flag(true);
    let from = &known::GOOGLE_BACKENDS;
    settings.set(known::stated(Key::UpstreamKeepAlive, kept, "keep-alive", from));
    settings.set(known::seconds(Key::UpstreamIdleTimeout, 600, "keep-alive timeout", from));
    let from = match maker {
        Maker::Ingress => &known::GKE_BACKEND,
        Maker::Gateway => &known::GKE_POLICY,
    };
    settings.set(known::seconds(Key::TotalTimeout, 30, "timeoutSec", from));
    carried
}

/// What the BackendConfig of a Service says of the links to it.
/// <https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration>
pub(super) fn of_service(
    cluster: &Cluster<'_>,
    service: &Service<'_>,
    port: At<'_>,
    link: &mut LinkDraft,
) {
    if let Some(config) = backend_config(cluster, service, port) {
        let timeout = config.spec("timeoutSec");
        let mut settings = Settings::new();
        put(&mut settings, config.seconds(timeout, Key::TotalTimeout, "timeoutSec"));
        let name = "drainingTimeoutSec";
        let draining = config.spec("connectionDraining.drainingTimeoutSec");
        put(&mut settings, config.seconds(draining, Key::DeregistrationDelay, name));
        settings.inherit(&link.settings);
        link.settings = settings;
        if let Some(asked) = config.spec("healthCheck").there() {
            let check = check(&config, asked, service.is_asked);
            link.checks.push(check);
        }
    }
    protocol(service, link);
}

/// The BackendConfig that the annotation of a Service names, for the port or for all.
fn backend_config<'d>(
    cluster: &Cluster<'d>,
    service: &Service<'_>,
    port: At<'_>,
) -> Option<Object<'d>> {
    let object = &service.object;
    let annotation = object.annotation("cloud.google.com/backend-config");
    let beta = object.annotation("beta.cloud.google.com/backend-config");
    let text = annotation.text().or_else(|| beta.text())?;
    let tree = crate::tree::json(text);
    let root = tree.roots().next()?;
    let number = super::object::port(port);
    let by_port = service
        .ports
        .iter()
        .find(|(name, own, _)| *own == number || Some(name.as_str()) == port.text());
    let of_port = by_port.and_then(|(name, own, _)| {
        let ports = root.get("ports");
        ports.get(name).text().or_else(|| ports.get(&own.to_string()).text())
    });
    let name = of_port.or_else(|| root.get("default").text())?;
    cluster.find("BackendConfig", object.namespace(), name)
}

/// A check of a BackendConfig. What it leaves out comes from the readiness probe where there is one.
/// <https://cloud.google.com/kubernetes-engine/docs/concepts/ingress#health_checks>
fn check(config: &Object<'_>, at: At<'_>, is_asked: bool) -> Check {
    let mut settings = Settings::new();
    times(config, at, &mut settings);
    put(&mut settings, config.word(at.get("type"), Key::CheckProtocol, "type"));
    put(&mut settings, config.word(at.get("requestPath"), Key::CheckPath, "requestPath"));
    put(&mut settings, config.count(at.get("port"), Key::CheckPort, "port"));
    if !is_asked {
        settings.set(known::word(Key::CheckPath, "/", "requestPath", &known::GKE_BACKEND));
    }
    Check { kind: CheckKind::Balancer, at: Some(config.span(at)), settings }
}

fn times(object: &Object<'_>, at: At<'_>, settings: &mut Settings) {
    for (key, name) in [(Key::CheckInterval, "checkIntervalSec"), (Key::CheckTimeout, "timeoutSec")]
    {
        put(settings, object.seconds(at.get(name), key, name));
    }
    for (key, name) in [
        (Key::CheckHealthyThreshold, "healthyThreshold"),
        (Key::CheckUnhealthyThreshold, "unhealthyThreshold"),
    ] {
        put(settings, object.count(at.get(name), key, name));
    }
}

/// The protocol that an annotation of the Service asks for.
fn protocol(service: &Service<'_>, link: &mut LinkDraft) {
    let annotation = service.object.annotation("cloud.google.com/app-protocols");
    let Some(text) = annotation.text() else { return };
    let word = if text.contains("HTTPS") {
        "http/1.1"
    } else if text.contains("HTTP2") {
        "h2"
    } else {
        return;
    };
    let at = service.object.span(annotation);
    let word = Value::Text(word.to_owned());
    link.settings.set(Setting::written(Key::UpstreamProtocol, word, "app-protocols", at));
    link.settings.set(Setting::written(Key::UpstreamTls, Value::Flag(true), "app-protocols", at));
}

/// What the policies of a Service say of the links of a Gateway to it.
/// <https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources>
pub(super) fn policies(cluster: &Cluster<'_>, namespace: &str, name: &str, link: &mut LinkDraft) {
    let about = |object: &Object<'_>| {
        let target = object.spec("targetRef");
        object.namespace() == namespace && target.get("name").text() == Some(name)
    };
    for policy in cluster.all(&["GCPBackendPolicy"]).iter().filter(|object| about(object)) {
        let mut settings = Settings::new();
        let timeout = policy.spec("default.timeoutSec");
        put(&mut settings, policy.seconds(timeout, Key::TotalTimeout, "timeoutSec"));
        let name = "drainingTimeoutSec";
        let draining = policy.spec("default.connectionDraining.drainingTimeoutSec");
        put(&mut settings, policy.seconds(draining, Key::DeregistrationDelay, name));
        // A route's own timeout counts more than that of its backend.
        link.settings.inherit(&settings);
    }
    for policy in cluster.all(&["HealthCheckPolicy"]).iter().filter(|object| about(object)) {
        let at = policy.spec("default");
        let mut settings = Settings::new();
        times(policy, at, &mut settings);
        let config = at.get("config");
        put(&mut settings, policy.word(config.get("type"), Key::CheckProtocol, "type"));
        for kind in ["httpHealthCheck", "httpsHealthCheck", "http2HealthCheck", "tcpHealthCheck"] {
            let block = config.get(kind);
            put(
                &mut settings,
                policy.word(block.get("requestPath"), Key::CheckPath, "requestPath"),
            );
            put(&mut settings, policy.count(block.get("port"), Key::CheckPort, "port"));
            put(&mut settings, policy.word(block.get("host"), Key::CheckHost, "host"));
        }
        let check = Check { kind: CheckKind::Balancer, at: Some(policy.span(at)), settings };
        link.checks.push(check);
    }
}
