//! nginx access log lines: the predefined `combined` format (ngx_http_log_module) followed by
//! upstream timing (ngx_http_upstream_module variables) as key=value, a common house format.

use super::world::{Fate, World, push_path};
use crate::clock::Time;
use crate::random::Random;
use crate::text::{number, push, seconds3};

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
    let wait = random.service_time(route.micros);
    let connect = random.below(2_000);
    let status = u64::from(match fate {
        Fate::Served => route.status,
        Fate::TimedOut => 504,
        Fate::ReuseRace | Fate::Refused | Fate::NoTarget => 502,
    });
    let (connect, wait) = match fate {
        Fate::Served => (Some(connect), connect + wait),
        Fate::ReuseRace => (Some(0), random.below(3_000)),
        Fate::Refused => (None, random.below(1_000)),
        Fate::TimedOut => (Some(connect), 60_000_000 + random.below(4_000)),
        Fate::NoTarget => (None, 0),
    };
    let bytes = if status >= 500 { 157 } else { route.bytes + random.below(route.bytes / 4 + 1) };
    // nginx names the upstream block itself when none of its servers is left.
    let target = random.pick(&world.targets).as_str();
    Line {
        end,
        client: random.pick(&world.clients).as_str(),
        method: route.method,
        path: route.path,
        id: random.below(90_000),
        agent: World::agent(random),
        status,
        bytes,
        target: if fate == Fate::NoTarget { "shop_web" } else { target },
        target_status: Some(status),
        connect,
        header: (fate == Fate::Served).then_some(wait),
        wait,
        total: wait + random.below(1_000),
    }
    .push(out);
}

/// One request as nginx logs it; durations in microseconds.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) end: Time,
    pub(crate) client: &'a str,
    pub(crate) method: &'a str,
    /// Path and query; `#` stands for `id`.
    pub(crate) path: &'a str,
    pub(crate) id: u64,
    pub(crate) agent: &'a str,
    pub(crate) status: u64,
    pub(crate) bytes: u64,
    pub(crate) target: &'a str,
    pub(crate) target_status: Option<u64>,
    pub(crate) connect: Option<u64>,
    pub(crate) header: Option<u64>,
    pub(crate) wait: u64,
    pub(crate) total: u64,
}

impl Line<'_> {
    /// Appends the line.
    #[inline]
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        push(out, self.client);
        push(out, " - - [");
        self.end.push_common_log(out);
        push(out, "] \"");
        push(out, self.method);
        out.push(b' ');
        push_path(out, self.path, self.id);
        push(out, " HTTP/1.1\" ");
        number(out, self.status);
        out.push(b' ');
        number(out, self.bytes);
        push(out, " \"https://shop.example.com/\" \"");
        push(out, self.agent);
        push(out, "\" rt=");
        seconds3(out, self.total);
        push(out, " ua=\"");
        push(out, self.target);
        push(out, "\" us=\"");
        match self.target_status {
            Some(status) => number(out, status),
            None => out.push(b'-'),
        }
        push(out, "\" uct=\"");
        time_or_dash(out, self.connect);
        push(out, "\" uht=\"");
        time_or_dash(out, self.header);
        push(out, "\" urt=\"");
        seconds3(out, self.wait);
        push(out, "\"\n");
    }
}

fn time_or_dash(out: &mut Vec<u8>, micros: Option<u64>) {
    match micros {
        Some(micros) => seconds3(out, micros),
        None => out.push(b'-'),
    }
}
