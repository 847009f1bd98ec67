//! Google Cloud global external Application Load Balancer request log, one LogEntry a line as a
//! Cloud Storage sink writes it ("Global external Application Load Balancer logging and
//! monitoring").

use super::world::{Fate, World, push_path};
use crate::clock::Time;
use crate::random::Random;
use crate::text::{hex, number, push, seconds6};

/// Appends one generated line.
#[inline]
pub(crate) fn push_line(
    out: &mut Vec<u8>,
    world: &World,
    random: &mut Random,
    end: Time,
    fate: Fate,
) {
    let route = world.route(random);
    let (status, details, wait) = match fate {
        Fate::Served => {
            (route.status, "response_sent_by_backend", random.service_time(route.micros))
        }
        Fate::ReuseRace => (
            502,
            "backend_connection_closed_before_data_sent_to_client",
            random.between(800, 40_000),
        ),
        Fate::Refused => (502, "failed_to_connect_to_backend", random.between(1_000, 40_000)),
        Fate::TimedOut => (504, "backend_timeout", 30_000_000 + random.below(9_000)),
        Fate::NoTarget => (503, "failed_to_pick_backend", random.between(200, 3_000)),
    };
    let timestamp = end.plus(-(wait as i64));
    let client = random.pick(&world.clients).as_str();
    push(out, "{\"insertId\":\"");
    hex(out, random.next(), 14);
    push(
        out,
        "\",\"jsonPayload\":{\"@type\":\"type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry\",\"backendTargetProjectNumber\":\"projects/123456789012\",\"remoteIp\":\"",
    );
    push(out, client);
    push(out, "\",\"statusDetails\":\"");
    push(out, details);
    push(out, "\"},\"httpRequest\":{\"requestMethod\":\"");
    push(out, route.method);
    push(out, "\",\"requestUrl\":\"https://shop.example.com");
    push_path(out, route.path, random.below(90_000));
    push(out, "\",\"requestSize\":\"");
    number(out, 90 + random.below(900));
    push(out, "\",\"status\":");
    number(out, status.into());
    push(out, ",\"responseSize\":\"");
    number(out, route.bytes + 120 + random.below(route.bytes / 4 + 1));
    push(out, "\",\"userAgent\":\"");
    push(out, World::agent(random));
    push(out, "\",\"remoteIp\":\"");
    push(out, client);
    if fate != Fate::NoTarget {
        let target = random.pick(&world.targets);
        push(out, "\",\"serverIp\":\"");
        push(out, target.split(':').next().unwrap_or(target));
    }
    push(out, "\",\"latency\":\"");
    seconds6(out, wait);
    push(
        out,
        "s\"},\"resource\":{\"type\":\"http_load_balancer\",\"labels\":{\"backend_service_name\":\"shop-web\",\"forwarding_rule_name\":\"shop-https\",\"project_id\":\"shop-prod\",\"target_proxy_name\":\"shop-https-proxy\",\"url_map_name\":\"shop-map\",\"zone\":\"global\"}},\"timestamp\":\"",
    );
    timestamp.push_rfc3339(out);
    push(out, "\",\"severity\":\"");
    push(out, if status >= 400 { "WARNING" } else { "INFO" });
    push(
        out,
        "\",\"logName\":\"projects/shop-prod/logs/requests\",\"trace\":\"projects/shop-prod/traces/",
    );
    hex(out, random.next(), 16);
    hex(out, random.next(), 16);
    push(out, "\",\"receiveTimestamp\":\"");
    end.plus(200_000 + random.below(900_000) as i64).push_rfc3339(out);
    push(out, "\",\"spanId\":\"");
    hex(out, random.next(), 16);
    push(out, "\"}\n");
}
