//! What Envoy says about its upstream hosts: the event log of active health checks and that of
//! outlier detection, one JSON object a line.
//!
//! Sources: Envoy API, `HealthCheckEvent`
//! (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/data/core/v3/health_check_event.proto>) and
//! `OutlierDetectionEvent`
//! (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/data/cluster/v3/outlier_detection_event.proto>).

use std::borrow::Cow;

use model::{Event, Occurrence, OccurrenceKind};

use crate::json::Json;
use crate::{About, Context, Dialect, Marks, Understood, scan};

/// Envoy's event log of health checks.
pub(crate) struct EnvoyHealth;

/// Envoy's event log of outlier detection.
pub(crate) struct EnvoyOutlier;

impl Dialect for EnvoyHealth {
    fn name(&self) -> &'static str {
        "envoy-health"
    }

    fn about(&self) -> &'static About {
        &super::about::HEALTH
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["\"health_checker_type\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        record.contains("\"health_checker_type\"") && health(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(event) = health(record) else { return Understood::No };
        // The first check of a host only says that it is known now; a single failure changes nothing.
        let found = if let Some(ejected) = event.get("eject_unhealthy_event") {
            Some((OccurrenceKind::HealthDown, ejected.word("failure_type")))
        } else if let Some(added) = event.get("add_healthy_event") {
            let first = matches!(added.get("first_check"), Some(Json::Bool(true)));
            (!first).then_some((OccurrenceKind::HealthUp, None))
        } else {
            None
        };
        if let Some((kind, detail)) = found {
            let detail = detail.map(|failure| format!("health check failed: {failure}"));
            out.push(occurrence(&event, kind, host(&event), detail, context));
        }
        Understood::Yes
    }
}

impl Dialect for EnvoyOutlier {
    fn name(&self) -> &'static str {
        "envoy-outlier"
    }

    fn about(&self) -> &'static About {
        &super::about::OUTLIER
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["\"num_ejections\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        record.contains("\"num_ejections\"") && outlier(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(event) = outlier(record) else { return Understood::No };
        // With `enforced` false, Envoy only notes what it would have done.
        let enforced = matches!(event.get("enforced"), Some(Json::Bool(true)));
        if enforced && event.word("action").as_deref() == Some("EJECT") {
            let detail = event.word("type").map(Cow::into_owned);
            let target = event.word("upstream_url").map(Cow::into_owned);
            out.push(occurrence(&event, OccurrenceKind::TargetEjected, target, detail, context));
        }
        Understood::Yes
    }
}

fn health(record: &str) -> Option<Json<'_>> {
    let event = Json::object(record)?;
    (event.get("health_checker_type").is_some() && event.get("cluster_name").is_some())
        .then_some(event)
}

fn outlier(record: &str) -> Option<Json<'_>> {
    let event = Json::object(record)?;
    let keys = ["type", "cluster_name", "upstream_url", "action"];
    keys.iter().all(|key| event.get(key).is_some()).then_some(event)
}

/// `address:port` of the host that was checked.
fn host(event: &Json<'_>) -> Option<String> {
    let address = event.path(&["host", "socket_address"])?;
    let (ip, port) = (address.word("address")?, address.get("port_value")?.integer()?);
    Some(if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") })
}

fn occurrence(
    event: &Json<'_>,
    kind: OccurrenceKind,
    target: Option<String>,
    detail: Option<String>,
    context: &Context,
) -> Event<'static> {
    let at = event.word("timestamp").and_then(|at| scan::iso(at.as_bytes(), 0));
    let cluster = event.word("cluster_name").map_or_else(String::new, Cow::into_owned);
    let mut occurrence = Occurrence::new(kind, at.or(context.prefix_time), cluster);
    occurrence.object = target.map(Cow::Owned);
    occurrence.detail = detail.map(Cow::Owned);
    Event::from(occurrence)
}
