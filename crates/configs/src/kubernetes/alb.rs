//! Application Load Balancers of the AWS Load Balancer Controller: what annotations of Ingresses and
//! Services say of them.
//! <https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/>

use model::Micros;
use model::config::{
    Check, CheckKind, Hop, Key, Listen, Notation, Product, Setting, Settings, Slot, Task, Value,
};

use super::defaults as known;
use super::ingress::{Carried, ingress_name};
use super::object::Object;
use crate::aws::defaults as amazon;
use crate::draft::{Draft, DraftId, HopDraft, LinkDraft, Name};
use crate::part::put;
use crate::tree::At;

/// The beginning of the controller's annotations.
pub(super) const ANNOTATION: &str = "alb.ingress.kubernetes.io/";

/// The annotation by which Ingresses share a load balancer.
pub(super) const GROUP: &str = "alb.ingress.kubernetes.io/group.name";

const BALANCER: &str = "alb.ingress.kubernetes.io/load-balancer-attributes";
const TARGETS: &str = "alb.ingress.kubernetes.io/target-group-attributes";
const IDLE: &str = "idle_timeout.timeout_seconds";
const DELAY: &str = "deregistration_delay.timeout_seconds";

/// The load balancer of an Ingress or of a group of them.
pub(super) fn hop(object: &Object<'_>, draft: &mut Draft) -> DraftId {
    let name = match object.annotation(GROUP).text() {
        Some(group) => format!("Ingress group {group}"),
        None => format!("Ingress {}", object.name),
    };
    let mut hop = Hop::new(Task::LoadBalancer, name);
    hop.at = Some(object.here());
    hop.products.push(Product { name: "AWS ALB", ..Product::default() });
    draft.add_hop(HopDraft::new(hop, vec![ingress_name(object)]))
}

/// Adds what an Ingress says of its load balancer.
pub(super) fn complete(object: &Object<'_>, hop: &mut Hop) {
    listens(object, hop);
    let certificate = object.annotation(&format!("{ANNOTATION}certificate-arn"));
    if let Some(text) = certificate.text() {
        let value = Value::Unknown(text.to_owned());
        let at = object.span(certificate);
        hop.settings.set(Setting::written(Key::CertificateNames, value, "certificate-arn", at));
    }
    let attributes = object.annotation(BALANCER);
    let settings = &mut hop.settings;
    put(settings, attribute(object, attributes, IDLE, Key::ClientIdleTimeout));
    settings.set(known::seconds(Key::ClientIdleTimeout, 60, IDLE, &amazon::ALB));
    let age = "client_keep_alive.seconds";
    put(settings, attribute(object, attributes, age, Key::ClientMaxLifetime));
    settings.set(known::seconds(Key::ClientMaxLifetime, 3600, age, &amazon::ALB));
    hop.slots.extend(attribute_slot(object, BALANCER, IDLE, Key::ClientIdleTimeout));
}

fn listens(object: &Object<'_>, hop: &mut Hop) {
    let certified = object.annotation(&format!("{ANNOTATION}certificate-arn"));
    let ports = object.annotation(&format!("{ANNOTATION}listen-ports"));
    let mut found: Vec<(u16, bool)> = Vec::new();
    // [{"HTTP": 80}, {"HTTPS": 443}]
    for pair in ports.text().unwrap_or_default().split([',', '{', '}', '[', ']']) {
        let Some((protocol, port)) = pair.split_once(':') else { continue };
        let Ok(port @ 1..) = port.trim().parse::<u16>() else { continue };
        found.push((port, protocol.contains("HTTPS")));
    }
    let at = if ports.there().is_some() { ports } else { certified };
    let at = at.there().map_or_else(|| object.here(), |at| object.span(at));
    if ports.there().is_none() {
        let tls = certified.there().is_some() || object.spec("tls").items().next().is_some();
        found.push(if tls { (443, true) } else { (80, false) });
    }
    for (port, tls) in found {
        if !hop.listens.iter().any(|listen| listen.port == port) {
            hop.listens.push(Listen { address: String::new(), port, tls, at: Some(at) });
        }
    }
}

/// What every link of an Ingress carries.
pub(super) fn carried(object: &Object<'_>) -> Carried {
    let mut carried = Carried::default();
    let attributes = object.annotation(BALANCER);
    let settings = &mut carried.settings;
    for key in [Key::UpstreamIdleTimeout, Key::ResponseTimeout, Key::SendTimeout] {
        put(settings, attribute(object, attributes, IDLE, key));
        settings.set(known::seconds(key, 60, IDLE, &amazon::ALB));
        carried.slots.extend(attribute_slot(object, BALANCER, IDLE, key));
    }
    let kept = Value::Flag(true);
    let from = &amazon::ALB_TARGETS;
    settings.set(known::stated(Key::UpstreamKeepAlive, kept, "keep-alive", from));
    let connect = known::seconds(Key::ConnectTimeout, 10, "connect timeout", &amazon::ALB_FIXED);
    settings.set(connect);
    let mut checked = Settings::new();
    targets(object, settings, &mut checked);
    let from = &known::ALB_CONTROLLER;
    settings.set(known::seconds(Key::DeregistrationDelay, 300, DELAY, &amazon::TARGET_GROUP));
    let slow = "slow_start.duration_seconds";
    settings.set(known::seconds(Key::SlowStart, 0, slow, &amazon::TARGET_GROUP));
    settings.set(known::word(Key::UpstreamProtocol, "http/1.1", "backend-protocol", from));
    let plain = Value::Flag(false);
    settings.set(known::stated(Key::UpstreamTls, plain, "backend-protocol", from));
    carried.slots.extend(attribute_slot(object, TARGETS, DELAY, Key::DeregistrationDelay));
    for (key, word, name) in [
        (Key::CheckProtocol, "HTTP", "healthcheck-protocol"),
        (Key::CheckPort, "traffic-port", "healthcheck-port"),
        (Key::CheckPath, "/", "healthcheck-path"),
        (Key::CheckMatcher, "200", "success-codes"),
    ] {
        checked.set(known::word(key, word, name, from));
    }
    for (key, seconds, name) in [
        (Key::CheckInterval, 15, "healthcheck-interval-seconds"),
        (Key::CheckTimeout, 5, "healthcheck-timeout-seconds"),
    ] {
        checked.set(known::seconds(key, seconds, name, from));
    }
    for (key, name) in [
        (Key::CheckHealthyThreshold, "healthy-threshold-count"),
        (Key::CheckUnhealthyThreshold, "unhealthy-threshold-count"),
    ] {
        checked.set(known::count(key, 2, name, from));
    }
    let check = Check { kind: CheckKind::Balancer, at: Some(object.here()), settings: checked };
    carried.checks.push(check);
    carried
}

/// What annotations say of targets: those of a Service count more than those of an Ingress.
pub(super) fn of_service(service: &Object<'_>, link: &mut LinkDraft) {
    let written = link.settings.clone();
    let mut settings = Settings::new();
    let mut checked = Settings::new();
    targets(service, &mut settings, &mut checked);
    settings.inherit(&written);
    link.settings = settings;
    if let Some(check) = link.checks.first_mut() {
        checked.inherit(&check.settings);
        check.settings = checked;
    }
}

fn targets(object: &Object<'_>, settings: &mut Settings, checked: &mut Settings) {
    let of = |name: &str| object.annotation(&format!("{ANNOTATION}{name}"));
    let attributes = object.annotation(TARGETS);
    put(settings, attribute(object, attributes, DELAY, Key::DeregistrationDelay));
    put(settings, attribute(object, attributes, "slow_start.duration_seconds", Key::SlowStart));
    let (protocol, version) = (of("backend-protocol"), of("backend-protocol-version"));
    if protocol.there().is_some() || version.there().is_some() {
        let name = "backend-protocol";
        let at = object.span(protocol.there().unwrap_or(version));
        let tls = protocol.text() == Some("HTTPS");
        let word = match (version.text(), tls) {
            (Some("GRPC"), _) => "grpc",
            (Some("HTTP2"), true) => "h2",
            (Some("HTTP2"), false) => "h2c",
            _ => "http/1.1",
        };
        let word = Value::Text(word.to_owned());
        settings.set(Setting::written(Key::UpstreamProtocol, word, name, at));
        settings.set(Setting::written(Key::UpstreamTls, Value::Flag(tls), name, at));
        if tls {
            let from = &amazon::ALB_TARGETS;
            let off = Value::Flag(false);
            settings.set(known::stated(Key::UpstreamVerify, off, "verification", from));
        }
    }
    for (key, name) in [
        (Key::CheckProtocol, "healthcheck-protocol"),
        (Key::CheckPath, "healthcheck-path"),
        (Key::CheckMatcher, "success-codes"),
    ] {
        put(checked, object.word(of(name), key, name));
    }
    put(checked, check_port(object, of("healthcheck-port"), "healthcheck-port"));
    for (key, name) in [
        (Key::CheckInterval, "healthcheck-interval-seconds"),
        (Key::CheckTimeout, "healthcheck-timeout-seconds"),
    ] {
        put(checked, object.seconds(of(name), key, name));
    }
    for (key, name) in [
        (Key::CheckHealthyThreshold, "healthy-threshold-count"),
        (Key::CheckUnhealthyThreshold, "unhealthy-threshold-count"),
    ] {
        put(checked, object.count(of(name), key, name));
    }
}

/// The port of a check: a number, or a word such as `traffic-port`.
pub(super) fn check_port(object: &Object<'_>, at: At<'_>, name: &'static str) -> Option<Setting> {
    object.setting(at, Key::CheckPort, name, |at| {
        Some(
            at.number().map_or_else(
                || Value::Text(at.text().unwrap_or_default().to_owned()),
                Value::Count,
            ),
        )
    })
}

/// One of the attributes in `a=1,b=2`, a time in seconds.
pub(super) fn attribute(
    object: &Object<'_>,
    at: At<'_>,
    name: &'static str,
    key: Key,
) -> Option<Setting> {
    let text = at.text()?;
    let mut start = 0;
    for pair in text.split(',') {
        let own = start;
        start += pair.len() + 1;
        let Some((word, value)) = pair.split_once('=') else { continue };
        if word.trim() != name {
            continue;
        }
        let from = own + word.len() + 1;
        let stretch = object.stretch(at, from..from + value.len());
        let span = stretch.unwrap_or_else(|| object.span(at));
        let seconds = value.trim().parse::<i64>().ok().and_then(|n| n.checked_mul(1_000_000));
        let Some(micros) = seconds.filter(|micros| *micros >= 0) else {
            return Some(Setting::written(key, Value::Unknown(value.to_owned()), name, span));
        };
        let setting = Setting::written(key, Value::Time(Micros(micros)), name, span);
        return Some(match stretch {
            Some(_) => setting.as_written_in(Notation::Seconds),
            None => setting,
        });
    }
    None
}

/// Where an attribute can be added: to the annotation if there is one, else with it.
fn attribute_slot(
    object: &Object<'_>,
    annotation: &'static str,
    name: &'static str,
    key: Key,
) -> Option<Slot> {
    let at = object.annotation(annotation);
    if attribute(object, at, name, key).is_some() {
        return None;
    }
    match at.text() {
        Some(text) if !text.is_empty() => {
            let start = object.stretch(at, 0..text.len())?;
            let text = format!("{name}={{}},");
            let (file, at) = (start.file, start.start);
            Some(Slot { key, name, file, at, text, notation: Notation::Seconds })
        }
        Some(_) => None,
        None if at.kind().is_some() => None,
        None => {
            let line = format!("{annotation}: {name}={{}}");
            object.annotation_slot((key, name), &line, Notation::Seconds)
        }
    }
}

/// The addresses that the platform gave a load balancer, as `kubectl get` prints them.
pub(super) fn addresses(object: &Object<'_>) -> Vec<Name> {
    let given = object.at.at("status.loadBalancer.ingress");
    let address = |item: At<'_>| {
        item.get("hostname").text().or_else(|| item.get("ip").text()).map(Name::host)
    };
    given.items().take(10).filter_map(address).collect()
}
