//! AWS Application Load Balancer access log lines, 33 fields in the order of the AWS user guide,
//! "Access logs for your Application Load Balancer".

use super::world::{Fate, World, push_path};
use crate::clock::Time;
use crate::random::Random;
use crate::text::{hex, number, push, seconds3};

/// What is the same in every line of one load balancer's log.
#[derive(Debug)]
pub(crate) struct Balancer {
    /// `app/name/id`.
    pub(crate) name: &'static str,
    /// ARN of the target group.
    pub(crate) target_group: &'static str,
    /// ARN of the certificate.
    pub(crate) certificate: &'static str,
    /// Host name that clients ask for.
    pub(crate) domain: &'static str,
}

/// The load balancer of generated logs.
pub(crate) const SHOP: Balancer = Balancer {
    name: "app/shop/50dc6c495c0c9188",
    target_group: "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/73e2d6bc24d8a067",
    certificate: "arn:aws:acm:eu-central-1:123456789012:certificate/6d0ecf83-1c0f-4f0e-9a51-0b1d6f3f2c55",
    domain: "shop.example.com",
};

/// The same load balancer, where a rule sends requests to the checkout service.
pub(crate) const CHECKOUT: Balancer = Balancer {
    target_group: "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/checkout/1f0c3ba8d2e94c77",
    ..SHOP
};

/// One of the three processing times: known, or -1 where the phase was not reached.
pub(crate) type Span = Option<u64>;

/// One request as the load balancer logs it; durations in microseconds.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) balancer: &'a Balancer,
    /// When the request came in.
    pub(crate) created: Time,
    /// When the response was made.
    pub(crate) end: Time,
    pub(crate) client: &'a str,
    pub(crate) client_port: u64,
    pub(crate) target: Option<&'a str>,
    pub(crate) request: Span,
    pub(crate) response_wait: Span,
    pub(crate) response: Span,
    pub(crate) status: u64,
    pub(crate) target_status: Option<u64>,
    pub(crate) received: u64,
    pub(crate) sent: u64,
    pub(crate) method: &'a str,
    /// Path and query; `#` stands for `id`.
    pub(crate) path: &'a str,
    pub(crate) id: u64,
    pub(crate) agent: &'a str,
    pub(crate) http2: bool,
    /// Random part of the trace id: the first 32 bits, then 64.
    pub(crate) trace: (u64, u64),
    /// Number of the client's connection.
    pub(crate) connection: u64,
}

impl Record<'_> {
    /// Appends the line.
    #[inline]
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        push(out, if self.http2 { "h2 " } else { "https " });
        self.end.push_rfc3339(out);
        out.push(b' ');
        push(out, self.balancer.name);
        out.push(b' ');
        push(out, self.client);
        out.push(b':');
        number(out, self.client_port);
        out.push(b' ');
        push(out, self.target.unwrap_or("-"));
        for span in [self.request, self.response_wait, self.response] {
            out.push(b' ');
            match span {
                Some(micros) => seconds3(out, micros),
                None => push(out, "-1"),
            }
        }
        out.push(b' ');
        number(out, self.status);
        out.push(b' ');
        match self.target_status {
            Some(status) => number(out, status),
            None => out.push(b'-'),
        }
        out.push(b' ');
        number(out, self.received);
        out.push(b' ');
        number(out, self.sent);
        push(out, " \"");
        push(out, self.method);
        push(out, " https://");
        push(out, self.balancer.domain);
        push(out, ":443");
        push_path(out, self.path, self.id);
        push(out, if self.http2 { " HTTP/2.0\" \"" } else { " HTTP/1.1\" \"" });
        push(out, self.agent);
        push(out, "\" TLS_AES_128_GCM_SHA256 TLSv1.3 ");
        push(out, self.balancer.target_group);
        push(out, " \"Root=1-");
        hex(out, self.created.0.div_euclid(1_000_000) as u64, 8);
        out.push(b'-');
        hex(out, self.trace.0, 8);
        hex(out, self.trace.1, 16);
        push(out, "\" \"");
        push(out, self.balancer.domain);
        push(out, "\" \"");
        // A client that comes back resumes its TLS session, and no certificate is chosen.
        push(
            out,
            if self.connection & 7 == 0 { self.balancer.certificate } else { "session-reused" },
        );
        push(out, "\" 0 ");
        self.created.push_rfc3339(out);
        push(out, " \"forward\" \"-\" \"-\" \"");
        push(out, self.target.unwrap_or("-"));
        push(out, "\" \"");
        match self.target_status {
            Some(status) => number(out, status),
            None => out.push(b'-'),
        }
        push(out, "\" \"-\" \"-\" TID_");
        hex(out, self.connection, 16);
        push(out, " \"-\" \"-\" \"-\"\n");
    }
}

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
    let target = random.pick(&world.targets).as_str();
    let wait = random.service_time(route.micros);
    let sent = route.bytes + random.below(route.bytes / 4 + 1) + 330;
    let served = u64::from(route.status);
    let (target, spans, total, status, target_status, sent) = match fate {
        Fate::Served => {
            (Some(target), [Some(0), Some(wait), Some(0)], wait, served, Some(served), sent)
        }
        Fate::ReuseRace => {
            let wait = random.between(0, 4_000);
            (Some(target), [Some(0), Some(wait), None], wait, 502, None, 277)
        }
        Fate::Refused => (Some(target), [None; 3], random.between(1_000, 4_000), 502, None, 277),
        Fate::TimedOut => {
            (Some(target), [Some(0), None, None], 60_000_000 + random.below(6_000), 504, None, 288)
        }
        Fate::NoTarget => (None, [None; 3], 0, 503, None, 337),
    };
    let connection = random.next();
    Record {
        balancer: &SHOP,
        created: end.plus(-(total as i64) - 1 - random.below(900) as i64),
        end,
        client: random.pick(&world.clients).as_str(),
        client_port: 1024 + (connection >> 48) % 64_511,
        target,
        request: spans[0],
        response_wait: spans[1],
        response: spans[2],
        status,
        target_status,
        received: 90 + random.below(900),
        sent,
        method: route.method,
        path: route.path,
        id: random.below(90_000),
        agent: World::agent(random),
        http2: connection & 3 != 0,
        trace: (random.next(), random.next()),
        connection,
    }
    .push(out);
}
