//! The afternoon's requests as the load balancer and Cloud Run log them.

use super::simulate::{API_TIMEOUT, Afternoon, Kind, Served, Service};
use super::with_revision;
use crate::examples::gcp::{Entry, PROJECT, REGION, entry, latency, span, trace};
use crate::random::Random;
use serde_json::{Value, json};

/// Entries of the load balancer, and of Cloud Run for both services.
pub(super) fn entries(afternoon: &Afternoon, random: &mut Random) -> (Vec<Entry>, Vec<Entry>) {
    let (mut balancer, mut run) = (Vec::new(), Vec::new());
    for served in &afternoon.served {
        if !served.internal {
            balancer.push(at_balancer(served, random));
        }
        if let Some(instance) = served.instance {
            let instance = &afternoon.instances[instance];
            run.push(with_revision(instance, |revision| {
                let value = json!({ "resource": revision.resource() });
                at_run(served, instance.service, &instance.id, value, random)
            }));
        }
    }
    (balancer, run)
}

fn at_balancer(served: &Served, random: &mut Random) -> Entry {
    let (ahead, behind) = (random.between(900, 4_500) as i64, random.between(400, 2_500) as i64);
    let start = served.start.plus(-ahead);
    let mut end = served.end.plus(behind);
    let mut details = "response_sent_by_backend";
    let mut request = json!({
        "remoteIp": served.client,
        "requestMethod": method(served.kind),
        "requestSize": served.sizes.0.to_string(),
        "requestUrl": format!("https://shop.example.com{}", served.path),
        "userAgent": served.agent,
    });
    if served.client_left {
        // A client that leaves gets no status; the entry then has no such key.
        details = "client_disconnected_before_any_response";
        end = start.plus((served.end.0 - served.start.0) * 2 / 3);
    } else {
        request["status"] = served.status.into();
        request["responseSize"] = size(served).to_string().into();
    }
    request["latency"] = latency(end.0 - start.0).into();
    let backend = match served.kind {
        Kind::Graphql => "graphql-api-backend",
        Kind::Legacy => "legacy-backend",
        Kind::Page | Kind::Unknown | Kind::Bug => "front-backend",
    };
    if served.kind == Kind::Legacy {
        request["serverIp"] = "10.20.0.4".into();
    }
    let value = json!({
        "httpRequest": request,
        "jsonPayload": {
            "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
            "backendTargetProjectNumber": "projects/640217713029",
            "remoteIp": served.client,
            "statusDetails": details,
        },
        "resource": {
            "type": "http_load_balancer",
            "labels": {
                "backend_service_name": backend,
                "forwarding_rule_name": "shop-https",
                "project_id": PROJECT,
                "target_proxy_name": "shop-https-proxy",
                "url_map_name": "shop",
                "zone": "global",
            }
        },
        "severity": if served.status >= 400 || served.client_left { "WARNING" } else { "INFO" },
        "spanId": span(random),
        "trace": trace(&served.trace),
    });
    entry(random, "requests", start, end, value)
}

fn at_run(
    served: &Served,
    service: Service,
    instance: &str,
    mut value: Value,
    random: &mut Random,
) -> Entry {
    let taken = if served.platform_timeout {
        API_TIMEOUT + random.below(3_000) as i64
    } else {
        served.end.0 - served.start.0
    };
    let url = match (served.internal, service) {
        (true, Service::Api) => {
            format!("https://graphql-api-640217713029.{REGION}.run.app{}", served.path)
        }
        _ => format!("https://shop.example.com{}", served.path),
    };
    value["httpRequest"] = json!({
        "latency": latency(taken),
        "protocol": "HTTP/1.1",
        "remoteIp": served.client,
        "requestMethod": method(served.kind),
        "requestSize": served.sizes.0.to_string(),
        "requestUrl": url,
        "responseSize": size(served).to_string(),
        "status": served.status,
        "userAgent": served.agent,
    });
    value["labels"] = json!({ "instanceId": instance });
    value["severity"] = match served.status {
        500.. => "ERROR",
        400..=499 => "WARNING",
        _ => "INFO",
    }
    .into();
    if served.platform_timeout {
        value["textPayload"] = "The request has been terminated because it has reached the maximum request timeout. To change this limit, see https://cloud.google.com/run/docs/configuring/request-timeout".into();
    }
    value["spanId"] = span(random).into();
    value["trace"] = trace(&served.trace).into();
    entry(random, "run.googleapis.com%2Frequests", served.start, served.end, value)
}

fn method(kind: Kind) -> &'static str {
    if kind == Kind::Graphql { "POST" } else { "GET" }
}

fn size(served: &Served) -> u64 {
    match served.status {
        504 => 156,
        500.. => 2_417,
        404 => 5_128,
        _ => served.sizes.1,
    }
}
