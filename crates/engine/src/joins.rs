//! Records that tell of the same request: by id across hops, by client, method and path between
//! an access log and the error log beside it; and what they say about the clocks.

use std::collections::BTreeMap;

use model::{Author, Failure, Mechanism, Micros, Phase, Role, Side, Timestamp};

use crate::alike::Alike;
use crate::digest::stream::Stream;
use crate::view::{Behind, Fail, Shift, Slow, is_vague};

/// How far an error log's whole seconds and an access log's end may lie apart.
const SAME_REQUEST: Micros = Micros::from_millis(2_500);
/// Clock differences below this are not worth correcting: hops differ by queueing alone.
const NEGLIGIBLE: Micros = Micros::from_secs(2);
/// Pairs an estimate needs.
const ENOUGH: usize = 5;

/// Which error log explains which access log.
fn explains(explanation: &str, access: &str) -> bool {
    matches!(
        (explanation, access),
        ("nginx-error", "nginx-access")
            | ("apache-error", "apache-access" | "nginx-access")
            | ("haproxy-notice", "haproxy-http")
            | ("envoy-log", "envoy-text" | "envoy-json")
            | ("caddy", "caddy")
            | ("traefik", "traefik")
    )
}

/// Which log explains which records by the id of the request alone: its lines name neither client
/// nor path, and many requests of one moment are told apart by nothing else.
fn explains_by_id(explanation: &str, access: &str) -> bool {
    matches!(
        (explanation, access),
        ("aws-api-gateway-execution", "aws-api-gateway") | ("aws-lambda", "aws-lambda")
    )
}

/// Gives failing requests the more exact mechanism of the lines with their id; of several lines, the
/// one that says most.
fn absorb_by_id(fails: &mut [Fail<'_>]) {
    let mut lines: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (position, fail) in fails.iter().enumerate() {
        let explains = fail.key.role == Role::Explanation && fail.failure.side != Side::Egress;
        if let Some(id) = fail.record.id.as_deref().filter(|_| explains) {
            lines.entry((fail.key.dialect, id)).or_default().push(position);
        }
    }
    for position in 0..if lines.is_empty() { 0 } else { fails.len() } {
        let fail = &fails[position];
        let Some(id) = fail.record.id.as_deref().filter(|_| fail.is_access()) else { continue };
        let of_request: Vec<usize> = ["aws-api-gateway-execution", "aws-lambda"]
            .into_iter()
            .filter(|by| explains_by_id(by, fail.key.dialect))
            .filter_map(|by| lines.get(&(by, id)))
            .flatten()
            .copied()
            .collect();
        let says_most = |line: &usize| (is_vague(fails[*line].failure.mechanism), *line);
        let Some(most) = of_request.iter().copied().min_by_key(says_most) else { continue };
        let explanation = fails[most].clone();
        for line in of_request {
            fails[line].absorbed = true;
        }
        let fail = &mut fails[position];
        fail.explained_by = explanation.text.map(|text| (explanation.place, text));
        if is_vague(fail.failure.mechanism) && !is_vague(explanation.failure.mechanism) {
            fail.failure = explanation.failure;
        }
    }
}

/// Method, path and client; error logs that name no method are joined without it, those that name
/// no path by client alone, those that name neither by time alone.
type RequestKey<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn request_key<'a>(fail: &Fail<'a>) -> Option<RequestKey<'a>> {
    let record = fail.record;
    let (path, client) = (record.path.as_deref(), record.client.as_deref());
    Some(if path.is_some() {
        (record.method.as_deref(), path, client)
    } else {
        (None, None, client)
    })
}

/// Apache httpd writes a line that says why just before the one that names the request: the reason
/// of a failed TLS handshake names the server alone, that of a header it could not use the client.
/// The later line takes over what the earlier one says. `fails` is in the order of time.
fn unite_lines_of_one_failure(fails: &mut [Fail<'_>]) {
    const JUST_BEFORE: Micros = Micros::from_millis(100);
    const LINES_BETWEEN: usize = 64;
    for position in 0..fails.len() {
        let named = &fails[position];
        let says_more = |mechanism| match named.failure.mechanism {
            Mechanism::TlsHandshakeFailed => matches!(
                mechanism,
                Mechanism::TlsNameMismatch
                    | Mechanism::TlsCertificateInvalid
                    | Mechanism::TlsCertificateUnverified
                    | Mechanism::TlsAlert
                    | Mechanism::TlsPlaintextPeer
            ),
            Mechanism::ResponseMalformed => mechanism == Mechanism::ResponseHeaderTooLarge,
            _ => false,
        };
        if named.key.dialect != "apache-error" || !named.dated || named.record.path.is_none() {
            continue;
        }
        let before = fails[..position].iter().enumerate().rev().take(LINES_BETWEEN);
        let reason = before
            .take_while(|(_, fail)| named.at - fail.at <= JUST_BEFORE)
            .find(|(_, fail)| {
                !fail.absorbed
                    && says_more(fail.failure.mechanism)
                    && fail.key.dialect == named.key.dialect
                    && fail.key.hop == named.key.hop
                    && fail.record.path.is_none()
                    && (fail.record.client.is_none() || fail.record.client == named.record.client)
            })
            .map(|(reason, _)| reason);
        if let Some(reason) = reason {
            fails[reason].absorbed = true;
            let (failure, text, place) =
                (fails[reason].failure, fails[reason].text, fails[reason].place);
            let named = &mut fails[position];
            (named.failure, named.text, named.place) = (failure, text, place);
        }
    }
}

/// Gives failing requests of access logs the more exact mechanism of the error log's record about
/// the same request. `fails` is in the order of time.
pub(crate) fn absorb_explanations(fails: &mut [Fail<'_>]) {
    unite_lines_of_one_failure(fails);
    absorb_by_id(fails);
    let mut explanations: BTreeMap<RequestKey<'_>, Vec<usize>> = BTreeMap::new();
    for (position, fail) in fails.iter().enumerate() {
        let explains = fail.key.role == Role::Explanation && fail.failure.side != Side::Egress;
        if let Some(key) = request_key(fail).filter(|_| explains && fail.dated && !fail.absorbed) {
            explanations.entry(key).or_default().push(position);
        }
    }
    if explanations.is_empty() {
        return;
    }
    for position in 0..fails.len() {
        let fail = &fails[position];
        if !fail.is_access() || fail.is_client_side() || !fail.dated {
            continue;
        }
        let Some(key) = request_key(fail) else { continue };
        let (by_path, by_client) = ((None, key.1, key.2), (None, None, key.2));
        let by_time = (None, None, None);
        let mut keys = vec![&key, &by_path, &by_client, &by_time];
        keys.dedup();
        let candidates = keys.into_iter().filter_map(|key| explanations.get(key));
        let (at, began, dialect) = (fail.at, fail.began(), fail.key.dialect);
        let distance = |c: usize| {
            let error = fails[c].at;
            (error - at).0.abs().min((error - began).0.abs())
        };
        // Of several tries the last one decided, and the access log names that one's target; and a
        // line that only says that a handshake failed stands beside one that says why.
        let fit = |c: usize| {
            let other = &fails[c];
            let targets = (fail.record.target.as_deref(), other.record.target.as_deref());
            let elsewhere = matches!(targets, (Some(a), Some(b)) if a != b);
            (elsewhere, other.failure.mechanism == Mechanism::TlsHandshakeFailed)
        };
        let nearest = candidates
            .flatten()
            .copied()
            .filter(|&c| !fails[c].absorbed && explains(fails[c].key.dialect, dialect))
            .filter(|&c| distance(c) <= SAME_REQUEST.0)
            .min_by_key(|&c| (fit(c), distance(c), fails[c].place));
        let Some(nearest) = nearest else { continue };
        let explanation = fails[nearest].clone();
        fails[nearest].absorbed = true;
        let fail = &mut fails[position];
        fail.explained_by = explanation.text.map(|text| (explanation.place, text));
        if is_vague(fail.failure.mechanism) {
            let reuse = fail.failure.reuse;
            fail.failure = explanation.failure;
            fail.failure.reuse = reuse;
        }
    }
}

/// Whether a proxy can still send the request elsewhere: the response had not begun. After that
/// the client has a status of 200 and half a body.
fn can_be_tried_again(fail: &Fail<'_>) -> bool {
    let Failure { mechanism, phase, .. } = fail.failure;
    phase != Some(Phase::ResponseBody)
        && !matches!(
            mechanism,
            Mechanism::ResponseTruncated
                | Mechanism::ResponseStalled
                | Mechanism::ResponseMalformed
        )
}

/// Marks the error log's records of attempts that cost no request: the access log beside it was
/// written at that moment, and none of its requests failed. A proxy that tries the next target
/// logs the first attempt all the same.
pub(crate) fn mark_made_good(fails: &mut [Fail<'_>], streams: &[&Stream]) {
    /// Start and width of a slot, requests and failures in it.
    type Slot = (Timestamp, Micros, u64, u64);
    let mut slots: BTreeMap<(&str, &[u8]), Vec<Slot>> = BTreeMap::new();
    for stream in streams {
        let width = stream.slots.width();
        let counts = stream.slots.sorted().into_iter();
        let counts = counts.map(|(at, slot)| (at, width, slot.requests, slot.failures));
        slots.entry((stream.key.dialect, &*stream.key.hop)).or_default().extend(counts);
    }
    for fail in fails {
        let attempt = fail.key.role == Role::Explanation
            && fail.failure.side == Side::Upstream
            && fail.dated
            && !fail.absorbed
            && can_be_tried_again(fail);
        if !attempt {
            continue;
        }
        let (from, to) = (fail.at - SAME_REQUEST, fail.at + SAME_REQUEST);
        let (mut requests, mut failures) = (0, 0);
        for ((dialect, hop), slots) in &slots {
            if !explains(fail.key.dialect, dialect) || **hop != *fail.key.hop.as_bytes() {
                continue;
            }
            let first = slots.partition_point(|(at, width, ..)| *at + *width <= from);
            for (.., in_slot, failed) in slots[first..].iter().take_while(|(at, ..)| *at <= to) {
                requests += in_slot;
                failures += failed;
            }
        }
        fail.made_good = requests > 0 && failures == 0;
    }
}

/// An application's error that a log shipper split into one record per line appears twice: its head
/// (`fetch failed`) and the line of its cause. The cause is the one that says something.
pub(crate) fn absorb_split_errors(fails: &mut [Fail<'_>]) {
    const SAME_ERROR: Micros = Micros::from_millis(250);
    let is_head = |fail: &Fail<'_>| {
        fail.is_outward() && fail.dated && fail.failure.mechanism == Mechanism::Unspecified
    };
    let mut taken = vec![false; fails.len()];
    for position in 0..fails.len() {
        if !is_head(&fails[position]) {
            continue;
        }
        let head = &fails[position];
        let after = fails[position..].iter().take_while(|f| f.at - head.at <= SAME_ERROR);
        let causes = after.enumerate().map(|(step, other)| (position + step, other));
        let before = fails[..position].iter().enumerate().rev();
        let before = before.take_while(|(_, f)| head.at - f.at <= SAME_ERROR);
        let same = |(other, fail): &(usize, &Fail<'_>)| {
            !taken[*other]
                && fail.is_outward()
                && fail.failure.mechanism != Mechanism::Unspecified
                && fail.key.dialect == head.key.dialect
                && fail.key.hop == head.key.hop
                && fail.record.id == head.record.id
                && fail.place.source == head.place.source
        };
        let found = causes.filter(same).chain(before.filter(same)).next().map(|(other, _)| other);
        if let Some(other) = found {
            taken[other] = true;
            fails[position].absorbed = true;
        }
    }
}

/// Mechanisms that only pass on what happened behind.
fn passes_on(mechanism: Mechanism) -> bool {
    matches!(
        mechanism,
        Mechanism::StatusFromUpstream | Mechanism::StatusFromApplication | Mechanism::Unspecified
    )
}

/// For a status that came from behind, finds the failure behind it that says why: the record of an
/// inner hop, or of a call the application made, with the same id; without ids, an inner hop's
/// record that is alike, or a call outward that failed while the request was running, each used
/// once.
pub(crate) fn look_behind(fails: &mut [Fail<'_>], by_id: &BTreeMap<&str, Vec<usize>>) {
    const AFTER: Micros = Micros::from_millis(1_500);
    let says_why = |fail: &Fail<'_>| {
        fail.dated && !fail.absorbed && !passes_on(fail.failure.mechanism) && !fail.is_client_side()
    };
    let outward: Vec<usize> = (0..fails.len())
        .filter(|&p| fails[p].is_outward() && says_why(&fails[p]) && fails[p].record.id.is_none())
        .collect();
    let mut used = vec![false; outward.len()];
    let mut alike = Alike::of(fails, says_why);
    // A hop that cannot say who wrote the status, before one that can.
    let says_who = |fail: &Fail<'_>| {
        fail.dated
            && fail.failure.mechanism == Mechanism::StatusFromUpstream
            && fail.key.author == Author::Behind
    };
    let mut authors = Alike::of(fails, says_who);
    let mut first = 0;
    for position in 0..fails.len() {
        let fail = &fails[position];
        if !fail.is_access() || !fail.dated || !passes_on(fail.failure.mechanism) {
            continue;
        }
        let (began, until) = (fail.began() - AFTER, fail.at + AFTER);
        let stream: (&str, &str) = (fail.key.dialect, &fail.key.hop);
        let same_id = fail.record.id.as_deref().and_then(|id| by_id.get(id));
        let inner = same_id.into_iter().flatten().copied().find(|&other| {
            let behind = &fails[other];
            let elsewhere = (behind.key.dialect, &*behind.key.hop) != stream;
            (elsewhere || behind.is_outward()) && says_why(behind) && behind.at <= until
        });
        if let Some(position_behind) = inner {
            same_request(fails, position, position_behind);
            continue;
        }
        let unsigned = fails[position].key.author == Author::Unknown;
        let found = alike
            .take(fails, position)
            .or_else(|| unsigned.then(|| authors.take(fails, position)).flatten());
        if let Some(position_behind) = found {
            same_request(fails, position, position_behind);
            continue;
        }
        // `fails` is in the order of ends, so what lies before all running requests can be left.
        while first < outward.len() && fails[outward[first]].at < began - Micros::from_secs(600) {
            first += 1;
        }
        let running = (first..outward.len())
            .take_while(|&o| fails[outward[o]].at <= until)
            .find(|&o| !used[o] && fails[outward[o]].at >= began);
        if let Some(o) = running {
            used[o] = true;
            fails[position].behind = Some(Behind { position: outward[o], same_request: false });
        }
    }
}

/// Notes that a record of a hop behind tells of the same request.
fn same_request(fails: &mut [Fail<'_>], position: usize, behind: usize) {
    let inner = &fails[behind];
    let target =
        inner.record.target.as_deref().filter(|_| inner.is_access() && !inner.is_outward());
    let target = target.map(|target| (target, inner.key));
    fails[position].target_behind = target;
    fails[position].behind = Some(Behind { position: behind, same_request: true });
}

/// Clock differences between streams, from requests that both of them logged.
pub(crate) fn shifts(fails: &[Fail<'_>], slow: &[Slow<'_>]) -> Vec<Shift> {
    let mut found = whole_hours(fails);
    found.extend(by_id(fails, slow));
    found
}

/// An error log without zone beside an access log with one: differences in whole quarter hours.
fn whole_hours(fails: &[Fail<'_>]) -> Vec<Shift> {
    const QUARTER: i64 = 900_000_000;
    let mut access: BTreeMap<RequestKey<'_>, Vec<&Fail<'_>>> = BTreeMap::new();
    for fail in fails.iter().filter(|f| f.is_access() && f.dated) {
        if let Some(key) = request_key(fail) {
            access.entry(key).or_default().push(fail);
            if key.0.is_some() {
                access.entry((None, key.1, key.2)).or_default().push(fail);
            }
        }
    }
    // Votes per (error log, offset); each explanation votes once for each offset in reach.
    let mut votes: BTreeMap<(&str, &str, &str), BTreeMap<i64, u64>> = BTreeMap::new();
    let mut voters: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for fail in fails.iter().filter(|f| f.key.role == Role::Explanation && f.dated) {
        let Some(candidates) = request_key(fail).and_then(|key| access.get(&key)) else { continue };
        let mut offsets: Vec<i64> = Vec::new();
        for other in candidates.iter().filter(|o| explains(fail.key.dialect, o.key.dialect)) {
            let difference = (other.at - fail.at).0;
            let quarters = (difference as f64 / QUARTER as f64).round() as i64;
            let near = (difference - quarters * QUARTER).abs() <= SAME_REQUEST.0;
            if near && quarters.abs() <= 15 * 4 && !offsets.contains(&quarters) {
                offsets.push(quarters);
            }
        }
        let stream = (fail.key.dialect, &*fail.key.hop, candidates[0].key.dialect);
        *voters.entry(stream).or_default() += 1;
        for offset in offsets {
            *votes.entry(stream).or_default().entry(offset).or_default() += 1;
        }
    }
    let mut found = Vec::new();
    for ((dialect, hop, reference), offsets) in votes {
        let all = voters.get(&(dialect, hop, reference)).copied().unwrap_or(0);
        let best = offsets.iter().max_by_key(|(offset, n)| (**n, -offset.abs()));
        let Some((&quarters, &pairs)) = best else { continue };
        if quarters != 0 && pairs >= 3 && pairs * 10 >= all * 6 {
            found.push(Shift {
                dialect: intern(fails, dialect),
                hop: hop.to_owned(),
                reference: reference.to_owned(),
                offset: Micros(quarters * QUARTER),
                pairs,
            });
        }
    }
    found
}

/// The `'static` name of a dialect that occurs in `fails`.
fn intern(fails: &[Fail<'_>], name: &str) -> &'static str {
    fails.iter().map(|f| f.key.dialect).find(|d| *d == name).unwrap_or("")
}

/// Hops whose part of a request does not lie inside the outer hop's part of it.
fn by_id(fails: &[Fail<'_>], slow: &[Slow<'_>]) -> Vec<Shift> {
    struct Seen<'a> {
        kind: model::HopKind,
        stream: Option<(&'static str, &'a str)>,
        start: Timestamp,
    }
    let mut seen: BTreeMap<&str, Vec<Seen<'_>>> = BTreeMap::new();
    for fail in fails.iter().filter(|f| f.is_access() && f.dated) {
        if let (Some(id), Some(start)) = (fail.record.id.as_deref(), fail.record.start) {
            let stream = Some((fail.key.dialect, &*fail.key.hop));
            seen.entry(id).or_default().push(Seen { kind: fail.key.kind, stream, start });
        }
    }
    for request in slow {
        if let (Some(id), Some(start)) = (request.record.id.as_deref(), request.record.start) {
            seen.entry(id).or_default().push(Seen { kind: request.key.kind, stream: None, start });
        }
    }
    let mut lags: BTreeMap<(&'static str, &str, &'static str, &str), Vec<i64>> = BTreeMap::new();
    for hops in seen.values() {
        for outer in hops {
            for inner in hops.iter().filter(|inner| inner.kind > outer.kind) {
                if let (Some(o), Some(i)) = (outer.stream, inner.stream) {
                    lags.entry((i.0, i.1, o.0, o.1))
                        .or_default()
                        .push((outer.start - inner.start).0);
                }
            }
        }
    }
    let mut found: Vec<Shift> = Vec::new();
    for ((dialect, hop, _, reference), mut offsets) in lags {
        offsets.sort_unstable();
        let median = Micros(offsets[offsets.len() / 2]);
        let spread = offsets[offsets.len() * 3 / 4] - offsets[offsets.len() / 4];
        let known = found.iter().any(|f| f.dialect == dialect && f.hop == hop);
        if offsets.len() >= ENOUGH
            && median.0.abs() > NEGLIGIBLE.0
            && spread < median.0.abs()
            && !known
        {
            found.push(Shift {
                dialect,
                hop: hop.to_owned(),
                reference: reference.to_owned(),
                offset: median,
                pairs: offsets.len() as u64,
            });
        }
    }
    found
}
