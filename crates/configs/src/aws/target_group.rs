//! Target groups: where a load balancer sends requests, who is in them, how they are checked.

use std::collections::BTreeMap;

use model::config::{Check, CheckKind, Key, Notation, Settings, Value};

use super::balancer::protocol;
use super::{Cloud, compute, defaults as known, ecs};
use crate::draft::{Draft, Member, Name, Pool, Reach};
use crate::part::{Names, Part, put};
use crate::resources::Tongue;

pub(super) const GROUPS: &[&str] = &[
    "aws_lb_target_group",
    "aws_alb_target_group",
    "data.aws_lb_target_group",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
];
const ATTACHMENTS: &[&str] = &["aws_lb_target_group_attachment", "aws_alb_target_group_attachment"];
const DELAY: Names =
    ("deregistration_delay", "TargetGroupAttributes[deregistration_delay.timeout_seconds]");
const SLOW: Names = ("slow_start", "TargetGroupAttributes[slow_start.duration_seconds]");

/// Reads target groups.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    let registered = Registered::new(cloud);
    for part in cloud.all(GROUPS) {
        let pool = pool(cloud, part, &registered);
        draft.pools.push(pool);
    }
}

/// The port that a target is registered with.
#[derive(Clone, Copy, Debug)]
enum Port {
    /// None of its own: that of the group.
    OfGroup,
    /// This one; 0 if it is written and not known, which is not that of the group either.
    Own(u16),
}

impl Port {
    fn of(part: Part<'_>) -> Port {
        part.there().map_or(Port::OfGroup, |part| Port::Own(part.port()))
    }
}

/// Who is registered at which target group, and which services are.
struct Registered<'r> {
    targets: BTreeMap<Name, Vec<(Reach, Port, Part<'r>)>>,
    services: BTreeMap<Name, Vec<Part<'r>>>,
}

impl<'r> Registered<'r> {
    fn new(cloud: &Cloud<'r>) -> Registered<'r> {
        let attached = cloud.all(ATTACHMENTS).into_iter().map(|attachment| {
            let target = attachment.get(("target_id", ""));
            let port = Port::of(attachment.get(("port", "")));
            (attachment.get(("target_group_arn", "")), (reach(target), port, target))
        });
        let contained = ecs::uses(cloud).into_iter().map(|used| {
            (used.group, (Reach::Name(used.container), Port::of(used.port), used.group))
        });
        let scaled = compute::uses(cloud).into_iter();
        let scaled = scaled.map(|(name, used)| (used, (Reach::Name(name), Port::OfGroup, used)));
        Registered {
            targets: cloud.by_target(attached.chain(contained).chain(scaled)),
            services: cloud.by_target(ecs::services(cloud)),
        }
    }
}

fn pool<'r>(cloud: &Cloud<'r>, part: Part<'r>, registered: &Registered<'r>) -> Pool {
    let group = Group::new(part);
    let mut pool = Pool { names: cloud.names(part), at: Some(part.resource.at), ..Pool::default() };
    if part.resource.kind.starts_with("data.") {
        pool.members = members(cloud, part, &group, registered);
        return pool;
    }
    let settings = &mut pool.settings;
    let targets = if group.network { &known::NLB_TARGETS } else { &known::TARGET_GROUP };
    let terraform = part.of.tongue == Tongue::Terraform;
    let default = |setting| part.unless_changed(("", "TargetGroupAttributes"), setting);
    if !group.lambda {
        let name = if terraform { DELAY.0 } else { "deregistration_delay.timeout_seconds" };
        put(settings, part.get(DELAY).seconds(Key::DeregistrationDelay));
        settings.set(default(known::seconds(Key::DeregistrationDelay, 300, name, targets)));
    }
    if !group.network && !group.lambda {
        let name = if terraform { SLOW.0 } else { "slow_start.duration_seconds" };
        put(settings, part.get(SLOW).seconds(Key::SlowStart));
        settings.set(default(known::seconds(Key::SlowStart, 0, name, targets)));
    }
    let written = part.get(("protocol", "Protocol"));
    if let Some((word, tls)) = protocol(&group.protocol, &group.version) {
        settings.set(written.meaning(Key::UpstreamProtocol, word));
        settings.set(written.meaning(Key::UpstreamTls, Value::Flag(tls)));
        if tls && !group.network {
            // "The load balancer does not validate these certificates."
            let verify =
                known::flag(Key::UpstreamVerify, false, "verification", &known::ALB_TARGETS);
            settings.set(verify);
        }
    }
    if let (Some(text), true) = (cloud.text_of(part), terraform) {
        let missing = pool.settings.get(Key::DeregistrationDelay).is_some_and(|s| !s.is_written());
        let name = (Key::DeregistrationDelay, DELAY.0);
        let slot = part.at.hcl_slot(text, part.span().file, name, Notation::Seconds);
        pool.slots.extend(slot.filter(|_| missing));
    }
    pool.members = members(cloud, part, &group, registered);
    pool.checks.extend(check(cloud, part, &group, registered));
    pool
}

/// What decides the defaults of a target group.
struct Group {
    protocol: String,
    version: String,
    lambda: bool,
    network: bool,
    port: u16,
}

impl Group {
    fn new(part: Part<'_>) -> Group {
        let protocol = part.get(("protocol", "Protocol")).word();
        Group {
            version: part.get(("protocol_version", "ProtocolVersion")).word(),
            lambda: part.get(("target_type", "TargetType")).word() == "lambda",
            network: matches!(protocol.as_str(), "tcp" | "tls" | "udp" | "tcp_udp"),
            port: part.get(("port", "Port")).port(),
            protocol,
        }
    }
}

/// The targets that the files register; one nobody names if they register none.
fn members(
    cloud: &Cloud<'_>,
    part: Part<'_>,
    group: &Group,
    registered: &Registered<'_>,
) -> Vec<Member> {
    let member = |to: Reach, port: Port, at: Part<'_>| Member {
        to,
        port: match port {
            Port::OfGroup => group.port,
            Port::Own(port) => port,
        },
        address: at.written(),
        at: Some(at.span()),
        settings: Settings::new(),
    };
    let mut members = Vec::new();
    for target in part.each(("", "Targets")) {
        let id = target.get(("", "Id"));
        members.push(member(reach(id), Port::of(target.get(("", "Port"))), id));
    }
    for (to, port, at) in registered.targets.get(&cloud.key(part)).into_iter().flatten() {
        members.push(member(to.clone(), *port, *at));
    }
    if members.is_empty() {
        let port = part.get(("port", "Port"));
        let at = if port.there().is_some() { port } else { part };
        let address = part.resource.address.clone();
        members.push(Member { address, ..member(Reach::Unsaid, Port::OfGroup, at) });
    }
    members
}

/// Who a target is: a resource, an identifier, an address.
fn reach(target: Part<'_>) -> Reach {
    match target.text() {
        Some(text) if text.parse::<std::net::IpAddr>().is_ok() => Reach::Name(Name::host(text)),
        _ => target.named().map_or(Reach::Unsaid, Reach::Name),
    }
}

/// The health check, with the defaults of its protocol.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>
fn check(
    cloud: &Cloud<'_>,
    part: Part<'_>,
    group: &Group,
    registered: &Registered<'_>,
) -> Option<Check> {
    let block = part.get(("health_check", ""));
    let block = if part.of.tongue == Tongue::Terraform { block } else { part };
    let said = block.get(("enabled", "HealthCheckEnabled")).flag();
    // A function is not checked unless somebody asks for it.
    if said == Some(false) || (group.lambda && said.is_none() && block.there().is_none()) {
        return None;
    }
    let in_terraform = part.of.tongue == Tongue::Terraform;
    let known_check = if group.network { &known::NLB_CHECK } else { &known::ALB_CHECK };
    let mut settings = Settings::new();
    let set = &mut settings;
    let kind = block.get(("protocol", "HealthCheckProtocol"));
    put(set, kind.name_of(Key::CheckProtocol));
    // Terraform's provider writes HTTP into every block that says nothing.
    let default = match (group.network, in_terraform && block.there().is_some()) {
        (true, false) => "TCP",
        _ => "HTTP",
    };
    let used = if kind.there().is_some() { kind.word() } else { default.to_ascii_lowercase() };
    if !group.lambda {
        set.set(known::word(Key::CheckProtocol, default, "protocol", known_check));
        put(set, block.get(("port", "HealthCheckPort")).name_of(Key::CheckPort));
        set.set(known::word(Key::CheckPort, "traffic-port", "port", known_check));
    }
    if used.starts_with("http") || group.lambda {
        put(set, block.get(("path", "HealthCheckPath")).name_of(Key::CheckPath));
        let grpc = group.version == "grpc";
        let path = if grpc { "/AWS.ALB/healthcheck" } else { "/" };
        set.set(known::word(Key::CheckPath, path, "path", known_check));
        let matcher = block.get(("matcher", "Matcher.HttpCode|Matcher.GrpcCode"));
        put(set, matcher.name_of(Key::CheckMatcher));
        let statuses = match (group.network, grpc) {
            (true, _) => "200-399",
            (false, true) => "12",
            (false, false) => "200",
        };
        set.set(known::word(Key::CheckMatcher, statuses, "matcher", known_check));
    }
    put(set, block.get(("interval", "HealthCheckIntervalSeconds")).seconds(Key::CheckInterval));
    let interval = if group.lambda { 35 } else { 30 };
    set.set(known::seconds(Key::CheckInterval, interval, "interval", known_check));
    put(set, block.get(("timeout", "HealthCheckTimeoutSeconds")).seconds(Key::CheckTimeout));
    let timeout = match (group.lambda, group.network, used.as_str()) {
        (true, ..) => 30,
        (_, false, _) => 5,
        (_, true, "http") => 6,
        (_, true, _) => 10,
    };
    set.set(known::seconds(Key::CheckTimeout, timeout, "timeout", known_check));
    let healthy = block.get(("healthy_threshold", "HealthyThresholdCount"));
    put(set, healthy.count(Key::CheckHealthyThreshold));
    let unhealthy = block.get(("unhealthy_threshold", "UnhealthyThresholdCount"));
    put(set, unhealthy.count(Key::CheckUnhealthyThreshold));
    let (up, down, source) = if in_terraform && block.there().is_some() {
        (3, 3, &known::TERRAFORM_CHECK)
    } else {
        (5, 2, known_check)
    };
    set.set(known::count(Key::CheckHealthyThreshold, up, "healthy_threshold", source));
    set.set(known::count(Key::CheckUnhealthyThreshold, down, "unhealthy_threshold", source));
    let services = registered.services.get(&cloud.key(part)).map_or(&[][..], Vec::as_slice);
    put(set, ecs::grace(services));
    let at = block.there().map(Part::span);
    Some(Check { kind: CheckKind::Balancer, at: at.or(Some(part.resource.at)), settings })
}
