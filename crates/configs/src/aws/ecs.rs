//! Services and tasks of Amazon ECS: one hop per container.

use std::collections::BTreeSet;

use model::config::{Check, CheckKind, Key, Listen, Setting, Settings, Task, Value};

use super::{Cloud, defaults as known, environment, hop_of};
use crate::draft::{Draft, HopDraft, Name};
use crate::part::{Names, Part, put};

const SERVICES: &[&str] = &["aws_ecs_service", "AWS::ECS::Service"];
const TASKS: &[&str] =
    &["aws_ecs_task_definition", "data.aws_ecs_task_definition", "AWS::ECS::TaskDefinition"];
const REPOSITORIES: &[&str] = &["aws_ecr_repository", "AWS::ECR::Repository"];
const REGISTRIES: &[&str] = &["aws_service_discovery_service", "AWS::ServiceDiscovery::Service"];
const NAMESPACES: &[&str] =
    &["aws_service_discovery_private_dns_namespace", "AWS::ServiceDiscovery::PrivateDnsNamespace"];
const CONTAINERS: Names = ("container_definitions", "ContainerDefinitions");
const BALANCED: Names = ("load_balancer", "LoadBalancers");
const GROUP: Names = ("target_group_arn", "TargetGroupArn");
const CONTAINER: Names = ("container_name", "ContainerName");
const TASK: Names = ("task_definition", "TaskDefinition");
const GROUPS: Names = (
    "network_configuration.security_groups",
    "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups",
);
const SUBNETS: Names =
    ("network_configuration.subnets", "NetworkConfiguration.AwsvpcConfiguration.Subnets");

/// A container of a service that a target group sends to.
pub(super) struct Use<'r> {
    /// The reference to the target group.
    pub(super) group: Part<'r>,
    pub(super) container: Name,
    /// The port it is registered with.
    pub(super) port: Part<'r>,
}

/// Every registration of a container at a target group.
pub(super) fn uses<'r>(cloud: &Cloud<'r>) -> Vec<Use<'r>> {
    let mut uses = Vec::new();
    for service in cloud.all(SERVICES) {
        for balanced in service.each(BALANCED) {
            uses.push(Use {
                group: balanced.get(GROUP),
                container: container_name(cloud, service, &balanced.get(CONTAINER).written()),
                port: balanced.get(("container_port", "ContainerPort")),
            });
        }
    }
    uses
}

/// Every service with the references to the target groups it registers at.
pub(super) fn services<'r>(cloud: &Cloud<'r>) -> Vec<(Part<'r>, Part<'r>)> {
    let mut services = Vec::new();
    for service in cloud.all(SERVICES) {
        let groups = service.each(BALANCED).into_iter().map(|balanced| balanced.get(GROUP));
        services.extend(groups.map(|group| (group, service)));
    }
    services
}

/// The time after the start of a task during which the checks of a target group do not count, if
/// exactly one service is registered there.
pub(super) fn grace(services: &[Part<'_>]) -> Option<Setting> {
    let [service] = services else { return None };
    let grace = ("health_check_grace_period_seconds", "HealthCheckGracePeriodSeconds");
    let written = service.get(grace).seconds(Key::CheckStartPeriod);
    written.or_else(|| Some(known::seconds(Key::CheckStartPeriod, 0, grace.0, &known::ECS_SERVICE)))
}

fn container_name(cloud: &Cloud<'_>, of: Part<'_>, container: &str) -> Name {
    match cloud.resources.name(&of.resource.address) {
        Name::Id(tool, address) => Name::id(tool, format!("{address}/{container}")),
        host @ Name::Host(_) => host,
    }
}

/// Reads services with the containers of their tasks, and tasks that no service runs.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    let mut run: BTreeSet<&str> = BTreeSet::new();
    for service in cloud.all(SERVICES) {
        let task = cloud.follow(service.get(TASK), TASKS).or_else(|| by_family(cloud, service));
        run.extend(task.map(|task| task.resource.address.as_str()));
        for hop in hops(cloud, service, task) {
            draft.add_hop(hop);
        }
    }
    for task in cloud.all(TASKS) {
        let data = task.resource.kind.starts_with("data.");
        if !data && !run.contains(task.resource.address.as_str()) {
            for hop in hops(cloud, task, Some(task)) {
                draft.add_hop(hop);
            }
        }
    }
}

/// The task definition whose family and revision end an ARN: `…:task-definition/web:12`.
fn by_family<'r>(cloud: &Cloud<'r>, service: Part<'_>) -> Option<Part<'r>> {
    let text = service.get(TASK).text()?;
    let family = text.rsplit('/').next()?.split(':').next()?;
    cloud.all(TASKS).into_iter().find(|task| task.get(("family", "Family")).text() == Some(family))
}

/// One hop per container of a service (or of a task that no service runs).
fn hops(cloud: &Cloud<'_>, of: Part<'_>, task: Option<Part<'_>>) -> Vec<HopDraft> {
    let containers: Vec<Part<'_>> = task
        .map(|task| {
            let list = task.get(CONTAINERS);
            list.at.each().map(|at| list.as_vendor(at)).collect()
        })
        .unwrap_or_default();
    let mut made = Vec::new();
    let balanced: Vec<String> =
        of.each(BALANCED).into_iter().map(|one| one.get(CONTAINER).written()).collect();
    let new = |name: &str, alone: bool| {
        let mut hop = hop_of(cloud, of, Task::App, "", (GROUPS, SUBNETS));
        hop.names.push(container_name(cloud, of, name));
        if !alone {
            hop.hop.name = format!("{}/{name}", of.resource.address);
            if !balanced.is_empty() && !balanced.iter().any(|one| one == name) {
                // Other services speak to the container that is published.
                hop.names.drain(..hop.names.len() - 1);
            }
        }
        hop
    };
    // What is known only when it runs, or described elsewhere.
    let known_containers = containers.iter().any(|c| c.get(("", "name")).text().is_some());
    if !known_containers {
        let mut names = balanced.clone();
        names.dedup();
        if names.is_empty() {
            names.push(String::new());
        }
        let alone = names.len() == 1;
        for name in &names {
            let mut hop = new(name, alone);
            deployment(of, &mut hop.hop.settings);
            discovered(cloud, of, &mut hop);
            for one in of.each(BALANCED).iter().filter(|b| b.get(CONTAINER).written() == *name) {
                listen(&mut hop, one.get(("container_port", "ContainerPort")));
            }
            made.push(hop);
        }
        return made;
    }
    // A container without ports beside one with ports takes no requests.
    let takes = |container: &&Part<'_>| {
        container.get(("", "portMappings")).at.items().next().is_some()
            || balanced.contains(&container.get(("", "name")).written())
    };
    let some = containers.iter().any(|container| takes(&container));
    let taking: Vec<&Part<'_>> =
        containers.iter().filter(|container| !some || takes(container)).collect();
    let alone = taking.len() == 1;
    for container in taking {
        let name = container.get(("", "name")).written();
        let mut hop = new(&name, alone);
        for mapping in container.each(("", "PortMappings")) {
            listen(&mut hop, mapping.get(("", "containerPort")));
        }
        for one in of.each(BALANCED) {
            let published = one.get(CONTAINER).written();
            // The only container is the one that is published, by whatever expression each is named.
            if alone && published != name {
                hop.names.push(container_name(cloud, of, &published));
            }
            if alone || published == name {
                listen(&mut hop, one.get(("container_port", "ContainerPort")));
            }
        }
        hop.image = image(cloud, container.get(("", "image")));
        hop.environment = environment::listed(cloud, &container.each(("", "environment")));
        settings(*container, task, &mut hop);
        deployment(of, &mut hop.hop.settings);
        discovered(cloud, of, &mut hop);
        made.push(hop);
    }
    made
}

/// The image as written; of a repository that is described here, by the repository's name.
fn image(cloud: &Cloud<'_>, part: Part<'_>) -> Option<String> {
    part.there()?;
    if let Some(repository) = cloud.follow(part, REPOSITORIES) {
        let name = repository.get(("name", "RepositoryName"));
        // A part of the name may be known only when it runs.
        let name = name.written();
        let name = name.trim_matches('"');
        if !name.is_empty() {
            return Some(format!("{}/{name}", repository.resource.address));
        }
    }
    Some(match part.at.tag() {
        "" if part.at.text().is_none() => format!("${{{}}}", part.written()),
        "" => part.written(),
        text => text.to_owned(),
    })
}

fn listen(hop: &mut HopDraft, port: Part<'_>) {
    let number = port.port();
    if number != 0 && !hop.hop.listens.iter().any(|had| had.port == number) {
        let at = Some(port.span());
        hop.hop.listens.push(Listen { address: String::new(), port: number, tls: false, at });
    }
}

fn settings(container: Part<'_>, task: Option<Part<'_>>, hop: &mut HopDraft) {
    let set = &mut hop.hop.settings;
    let stop = container.get(("", "stopTimeout"));
    put(set, stop.seconds(Key::TerminationGrace));
    set.set(known::seconds(Key::TerminationGrace, 30, "stopTimeout", &known::ECS_TASK));
    let own = container.get(("", "memory"));
    let whole = task.map(|task| task.get(("memory", "Memory")));
    let memory = own.there().or(whole);
    put(
        set,
        memory.and_then(|memory| {
            let bytes = |part: Part<'_>| Some(Value::Bytes(part.number()?.checked_mul(1 << 20)?));
            memory.setting(Key::MemoryLimit, bytes)
        }),
    );
    let check = container.get(("", "HealthCheck"));
    if check.there().is_none() {
        return;
    }
    let mut settings = Settings::new();
    let command = check.get(("", "command"));
    let words: Vec<String> = check.each(("", "command")).into_iter().map(Part::written).collect();
    let text = words.join(" ");
    settings.set(command.meaning(Key::CheckProtocol, Value::Text("command".to_owned())));
    if let Some((port, path)) = called(&text) {
        settings.set(command.meaning(Key::CheckPort, Value::Text(port.to_string())));
        settings.set(command.meaning(Key::CheckPath, Value::Text(path)));
    }
    let from = &known::ECS_CHECK;
    put(&mut settings, check.get(("", "interval")).seconds(Key::CheckInterval));
    settings.set(known::seconds(Key::CheckInterval, 30, "interval", from));
    put(&mut settings, check.get(("", "timeout")).seconds(Key::CheckTimeout));
    settings.set(known::seconds(Key::CheckTimeout, 5, "timeout", from));
    put(&mut settings, check.get(("", "retries")).count(Key::CheckUnhealthyThreshold));
    settings.set(known::count(Key::CheckUnhealthyThreshold, 3, "retries", from));
    put(&mut settings, check.get(("", "startPeriod")).seconds(Key::CheckStartPeriod));
    settings.set(known::seconds(Key::CheckStartPeriod, 0, "startPeriod", from));
    let kind = CheckKind::Liveness;
    hop.hop.checks.push(Check { kind, at: Some(check.span()), settings });
}

/// Port and path that a command such as `curl -f http://localhost:3000/health || exit 1` calls.
fn called(command: &str) -> Option<(u16, String)> {
    let (at, standard) = match (command.find("http://"), command.find("https://")) {
        (Some(at), _) => (at + 7, 80),
        (None, Some(at)) => (at + 8, 443),
        (None, None) => return None,
    };
    let url = command[at..].split([' ', '"', '\'', '|', ';', ')']).next()?;
    let (host, path) = url.find('/').map_or((url, "/"), |at| url.split_at(at));
    let port = match host.rsplit_once(':') {
        Some((_, port)) => port.parse().ok()?,
        None => standard,
    };
    Some((port, path.to_owned()))
}

/// How many tasks run, and how many more or fewer during a deployment.
fn deployment(service: Part<'_>, settings: &mut Settings) {
    if !SERVICES.contains(&service.resource.kind.as_str()) {
        return;
    }
    put(settings, service.get(("desired_count", "DesiredCount")).count(Key::MinInstances));
    let most =
        service.get(("deployment_maximum_percent", "DeploymentConfiguration.MaximumPercent"));
    let surge = most.setting(Key::MaxSurge, |part| {
        Some(Value::Share(part.number()?.saturating_sub(100) as f64 / 100.0))
    });
    put(settings, surge);
    let from = &known::ECS_SERVICE;
    // A daemon has one task on every instance, and other defaults that differ by who makes it.
    let daemon = service.get(("scheduling_strategy", "SchedulingStrategy")).word() == "daemon";
    let name = "deployment_maximum_percent";
    if !daemon {
        settings.set(Setting::default(Key::MaxSurge, Value::Share(1.0), name, from, None));
    }
    let least = service.get((
        "deployment_minimum_healthy_percent",
        "DeploymentConfiguration.MinimumHealthyPercent",
    ));
    let missing = least.setting(Key::MaxUnavailable, |part| {
        Some(Value::Share(100u64.saturating_sub(part.number()?) as f64 / 100.0))
    });
    put(settings, missing);
    let name = "deployment_minimum_healthy_percent";
    if !daemon {
        settings.set(Setting::default(Key::MaxUnavailable, Value::Share(0.0), name, from, None));
    }
}

/// Names under which other services find it.
fn discovered(cloud: &Cloud<'_>, service: Part<'_>, hop: &mut HopDraft) {
    for alias in service.each((
        "service_connect_configuration.service.client_alias",
        "ServiceConnectConfiguration.Services.ClientAliases",
    )) {
        hop.names.extend(alias.get(("dns_name", "DnsName")).text().map(Name::host));
    }
    for registry in service.each(("service_registries", "ServiceRegistries")) {
        let registry = registry.get(("registry_arn", "RegistryArn"));
        let Some(found) = cloud.follow(registry, REGISTRIES) else { continue };
        let space = found.get(("dns_config.namespace_id", "DnsConfig.NamespaceId|NamespaceId"));
        let space = cloud.follow(space, NAMESPACES).map(|space| space.get(("name", "Name")));
        let name = found.get(("name", "Name")).text();
        if let (Some(name), Some(space)) = (name, space.and_then(Part::text)) {
            hop.names.push(Name::host(&format!("{name}.{space}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::called;

    #[test]
    fn commands_that_call_a_url() {
        let of = |text| called(text).map(|(port, path)| format!("{port}{path}"));
        let found = of("CMD-SHELL curl -f http://localhost:3000/health || exit 1");
        assert_eq!(found.as_deref(), Some("3000/health"));
        assert_eq!(of("CMD wget -qO- https://127.0.0.1").as_deref(), Some("443/"));
        assert_eq!(of("CMD pg_isready"), None);
        assert_eq!(of("http://x:y/"), None);
    }
}
