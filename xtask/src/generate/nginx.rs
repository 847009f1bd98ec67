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
    push(out, random.pick(&world.clients).as_str());
    push(out, " - - [");
    end.push_common_log(out);
    push(out, "] \"");
    push(out, route.method);
    out.push(b' ');
    push_path(out, route.path, random.below(90_000));
    push(out, " HTTP/1.1\" ");
    number(out, status);
    out.push(b' ');
    number(out, if status >= 500 { 157 } else { route.bytes + random.below(route.bytes / 4 + 1) });
    push(out, " \"https://shop.example.com/\" \"");
    push(out, World::agent(random));
    push(out, "\" rt=");
    seconds3(out, wait + random.below(1_000));
    push(out, " ua=\"");
    // nginx names the upstream block itself when none of its servers is left.
    let target = random.pick(&world.targets).as_str();
    push(out, if fate == Fate::NoTarget { "shop_web" } else { target });
    push(out, "\" us=\"");
    number(out, status);
    push(out, "\" uct=\"");
    time_or_dash(out, connect);
    push(out, "\" uht=\"");
    time_or_dash(out, (fate == Fate::Served).then_some(wait));
    push(out, "\" urt=\"");
    seconds3(out, wait);
    push(out, "\"\n");
}

fn time_or_dash(out: &mut Vec<u8>, micros: Option<u64>) {
    match micros {
        Some(micros) => seconds3(out, micros),
        None => out.push(b'-'),
    }
}
