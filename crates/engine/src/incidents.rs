//! Failures that belong together: first each kind of failure in time, then kinds that happened in
//! the same window.

use std::collections::BTreeMap;

use model::{HopKind, Mechanism, Micros, Role, Side, Timestamp, Window};

use crate::view::{Fail, View};
use crate::windows::{Bin, stretches};

/// A rate below this is background unless it comes in a burst: one failure in 100,000 requests.
/// (Google's own advice for its load balancers' internal errors is to worry above one in 10,000.)
const NEGLIGIBLE_RATE: f64 = 1e-5;
/// Fewer scattered failures than this say nothing, unless there is hardly any traffic.
const FEW: f64 = 5.0;
/// Failed handshakes without a reason that are more than a scanner's visit.
const MANY_HANDSHAKES: f64 = 30.0;
/// With fewer requests than this in a log, it is an excerpt and every failure in it counts.
const EXCERPT: u64 = 200;
/// Gaps shorter than this do not split a burst.
const GAP: Micros = Micros::from_secs(300);

/// Failures that belong together.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) window: Option<Window>,
    /// Positions in [`View::fails`], in the order of time.
    pub(crate) members: Vec<usize>,
    /// Those that are counted as failing requests.
    pub(crate) counted: Vec<usize>,
}

/// Incidents, and how many failures were left as background.
pub(crate) struct Found {
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) background: f64,
    /// Of those, the failures in incidents beyond the number that is judged.
    pub(crate) beyond: f64,
}

#[derive(Clone, Debug)]
struct Part {
    window: Option<Window>,
    burst: bool,
    members: Vec<usize>,
}

/// Finds the incidents of a view.
pub(crate) fn find(view: &View<'_>) -> Found {
    type Group<'a> = (&'static str, &'a str, HopKind, Role, Mechanism, Side, u16);
    let mut groups: BTreeMap<Group<'_>, Vec<usize>> = BTreeMap::new();
    for (position, fail) in view.fails.iter().enumerate() {
        if fail.absorbed || is_the_clients_mistake(fail) {
            continue;
        }
        let key = fail.key;
        let group = (
            key.dialect,
            &*key.hop,
            key.kind,
            key.role,
            fail.failure.mechanism,
            fail.failure.side,
            key.status,
        );
        groups.entry(group).or_default().push(position);
    }
    let mut parts = Vec::new();
    let mut background = Vec::new();
    for members in groups.into_values() {
        split(view, &members, &mut parts, &mut background);
    }
    let mut clusters = cluster(parts);
    for cluster in &mut clusters {
        cluster.members.sort_unstable();
        cluster.counted = counted(view, &cluster.members);
    }
    // Client aborts beside real failures are a consequence or noise; alone they were examined.
    clusters.retain(|cluster| !cluster.counted.is_empty());
    let beyond = keep_the_largest(view, &mut clusters);
    let outermost = background
        .iter()
        .filter(|&&p| view.fails[p].is_access() && !view.fails[p].is_client_side())
        .map(|&p| view.fails[p].key.kind)
        .min();
    let background = background
        .iter()
        .map(|&p| &view.fails[p])
        .filter(|f| outermost.is_some_and(|kind| view.fronts.are_counted(f.key, kind)))
        .filter(|f| f.is_access() && !f.is_client_side())
        .map(|f| f.weight)
        .sum::<f64>();
    Found { clusters, background: background + beyond, beyond }
}

/// Nobody reads more incidents than this, and each is judged by every cause. Drops the smallest and
/// returns the failures in them.
fn keep_the_largest(view: &View<'_>, clusters: &mut Vec<Cluster>) -> f64 {
    const MOST: usize = 100;
    let size = |cluster: &Cluster| weight(view, &cluster.counted);
    clusters.sort_by(|a, b| {
        size(b).total_cmp(&size(a)).then_with(|| a.members.first().cmp(&b.members.first()))
    });
    let beyond = clusters.iter().skip(MOST).map(size).sum();
    clusters.truncate(MOST);
    beyond
}

fn is_the_clients_mistake(fail: &Fail<'_>) -> bool {
    matches!(fail.failure.mechanism, Mechanism::ClientTimeout | Mechanism::ClientRequestInvalid)
}

/// Splits the failures of one kind into bursts, a trickle, and background.
fn split(view: &View<'_>, members: &[usize], parts: &mut Vec<Part>, background: &mut Vec<usize>) {
    let (dated, undated): (Vec<usize>, Vec<usize>) =
        members.iter().partition(|&&p| view.fails[p].dated);
    if !undated.is_empty() {
        parts.push(Part { window: None, burst: false, members: undated });
    }
    let Some(&first) = dated.first() else { return };
    let series = Timeline::of(view, &dated);
    // One or two failures make no burst, however the rest of the log looks.
    let found = if dated.len() < 3 { Vec::new() } else { stretches(&series.bins) };
    let any_elevated = found.iter().any(|s| s.elevated) && found.len() > 1;
    let in_burst: Vec<bool> = dated
        .iter()
        .map(|&p| {
            let bin = series.bin(view.fails[p].at);
            any_elevated && found.iter().any(|s| s.elevated && (s.start..s.end).contains(&bin))
        })
        .collect();
    let mut bursts: Vec<Vec<usize>> = Vec::new();
    let mut rest = Vec::new();
    for (&position, &burst) in dated.iter().zip(&in_burst) {
        if !burst {
            rest.push(position);
            continue;
        }
        let at = view.fails[position].at;
        match bursts.last_mut() {
            Some(last) if last.last().is_some_and(|&p| at - view.fails[p].at <= series.gap()) => {
                last.push(position);
            }
            _ => bursts.push(vec![position]),
        }
    }
    let requests = view.stream_of(view.fails[first].key).map_or(0, |stream| stream.requests);
    let excerpt = requests < EXCERPT;
    for burst in bursts {
        let weight = weight(view, &burst);
        let requests_then = series.exposure(view, &burst);
        if is_relevant(view, &burst, weight, requests_then, excerpt, true) {
            parts.push(Part { window: window(view, &burst), burst: true, members: burst });
        } else {
            rest.extend(burst);
        }
    }
    rest.sort_unstable();
    if rest.is_empty() {
        return;
    }
    let weight = weight(view, &rest);
    let all = if series.of_requests { Some(requests as f64) } else { None };
    if is_relevant(view, &rest, weight, all, excerpt, false) {
        parts.push(Part { window: window(view, &rest), burst: false, members: rest });
    } else {
        background.extend(rest);
    }
}

fn weight(view: &View<'_>, members: &[usize]) -> f64 {
    members.iter().map(|&p| view.fails[p].weight).sum()
}

fn window(view: &View<'_>, members: &[usize]) -> Option<Window> {
    let start = members.iter().map(|&p| view.fails[p].at).min()?;
    let end = members.iter().map(|&p| view.fails[p].at).max()?;
    Some(Window { start, end })
}

/// Whether some failures of one kind are worth a verdict.
fn is_relevant(
    view: &View<'_>,
    members: &[usize],
    weight: f64,
    requests: Option<f64>,
    excerpt: bool,
    burst: bool,
) -> bool {
    let Some(fail) = members.first().map(|&p| &view.fails[p]) else { return false };
    let rate = requests.filter(|r| *r > 0.0).map(|r| weight / r);
    if matches!(
        fail.failure.mechanism,
        Mechanism::RequestTooLarge | Mechanism::FunctionPayloadTooLarge
    ) && fail.is_client_side()
    {
        // Now and then somebody sends too much; among many requests only a number of them tells of a
        // limit that is too low for what people do.
        let all = view.streams.iter().map(|stream| stream.requests).max().unwrap_or(0);
        let rate = rate.unwrap_or(weight / all.max(1) as f64);
        return all < EXCERPT || (weight >= FEW && rate >= 0.002);
    }
    if fail.failure.mechanism == Mechanism::ClientTlsFailed {
        // Scanners try handshakes all day, and no record counts those that went well. What says why
        // it failed is of a client that was meant to get in; what does not, only in a burst.
        let says_why = |p: &&usize| {
            let token = view.fails[**p].record.token.as_deref().unwrap_or_default();
            !matches!(token, "" | "handshake" | "UnmappedConnectionError")
        };
        let reasons: f64 = members.iter().filter(says_why).map(|&p| view.fails[p].weight).sum();
        return (weight >= FEW && reasons * 2.0 >= weight) || (burst && weight >= MANY_HANDSHAKES);
    }
    if fail.is_client_side() {
        // People close tabs all day. Only many at once, or many after the same time, are a sign.
        return rate.is_some_and(|rate| {
            (excerpt && rate >= 0.2)
                || (weight >= FEW && rate >= 0.05)
                || (weight >= FEW && rate >= 0.01 && same_duration(view, members) >= 0.5)
        });
    }
    match rate {
        Some(rate) => {
            excerpt
                || (burst && weight >= 3.0)
                || (weight >= FEW && rate >= NEGLIGIBLE_RATE)
                || (weight >= 2.0 && rate >= 0.002)
        }
        None => weight >= 1.0,
    }
}

/// Largest share of the failures that took the same time of at least 0.9 s.
fn same_duration(view: &View<'_>, members: &[usize]) -> f64 {
    let durations = members
        .iter()
        .filter_map(|&p| view.fails[p].record.total.map(|t| (t, view.fails[p].weight)));
    crate::measure::timer(durations.collect()).map_or(0.0, |(share, _)| share)
}

/// Joins parts that happened together.
fn cluster(mut parts: Vec<Part>) -> Vec<Cluster> {
    parts
        .sort_by_key(|part| (part.window.map(|w| (w.start, w.end)), part.members.first().copied()));
    let mut clusters: Vec<(bool, Cluster)> = Vec::new();
    for part in parts {
        let home = clusters.iter_mut().find(|(burst, cluster)| {
            let alike = *burst == part.burst;
            together(cluster.window, part.window, if alike { 5 } else { 2 })
        });
        match home {
            Some((_, cluster)) => {
                cluster.members.extend(part.members);
                cluster.window = match (cluster.window, part.window) {
                    (Some(a), Some(b)) => {
                        Some(Window { start: a.start.min(b.start), end: a.end.max(b.end) })
                    }
                    (a, b) => a.or(b),
                };
            }
            None => clusters.push((
                part.burst,
                Cluster { window: part.window, members: part.members, counted: Vec::new() },
            )),
        }
    }
    clusters.into_iter().map(|(_, cluster)| cluster).collect()
}

/// Two windows belong together if one covers most of the other and neither dwarfs the other:
/// `most` is how many times longer the longer one may be.
fn together(a: Option<Window>, b: Option<Window>, most: i64) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return a.is_none() && b.is_none() };
    let pad = Micros::from_secs(30);
    let overlap = (a.end.min(b.end) + pad) - (a.start.max(b.start) - pad);
    if overlap.0 <= 0 {
        return false;
    }
    let longer = a.length().max(b.length()).0 + 2 * pad.0;
    let shorter = a.length().min(b.length()).0 + 2 * pad.0;
    overlap.0 * 2 >= shorter && longer <= shorter * most
}

/// The failures that are counted: those at the outermost hops that log requests; without any,
/// the error records themselves; client aborts only if there is nothing else.
fn counted(view: &View<'_>, members: &[usize]) -> Vec<usize> {
    let pick = |keep: &dyn Fn(&Fail<'_>) -> bool| -> Vec<usize> {
        members.iter().copied().filter(|&p| keep(&view.fails[p])).collect()
    };
    let outermost = members
        .iter()
        .map(|&p| &view.fails[p])
        .filter(|f| f.is_access() && !f.is_client_side())
        .map(|f| f.key.kind)
        .min();
    if let Some(kind) = outermost {
        let is_front = |f: &Fail<'_>| view.fronts.are_counted(f.key, kind);
        return pick(&|f| f.is_access() && !f.is_client_side() && is_front(f));
    }
    let errors = pick(&|f| !f.is_access() && !f.is_client_side() && !f.made_good);
    if errors.is_empty() { pick(&|f| f.is_client_side()) } else { errors }
}

/// Failures and exposure over time of one kind of failure.
struct Timeline {
    start: Timestamp,
    width: Micros,
    bins: Vec<Bin>,
    of_requests: bool,
}

impl Timeline {
    fn of(view: &View<'_>, members: &[usize]) -> Timeline {
        let stream = members.first().and_then(|&p| view.stream_of(view.fails[p].key));
        let stream = stream.filter(|stream| stream.requests > 0);
        let first = members.first().map_or(Timestamp(0), |&p| view.fails[p].at);
        let last = members.last().map_or(first, |&p| view.fails[p].at);
        let (from, to) = stream
            .map_or(view.period, |stream| stream.period.0)
            .map_or((first, last), |(from, to)| (from.min(first), to.max(last)));
        let mut width = stream.map_or(Micros::from_secs(10), |stream| stream.slots.width());
        while (to - from).0 / width.0 > 20_000 {
            width = Micros(width.0 * 6);
        }
        let start = from.floor(width);
        let count = ((to - start).0 / width.0 + 1).max(1) as usize;
        let idle = if stream.is_some() { 0.0 } else { 1.0 };
        let mut bins = vec![Bin { failures: 0.0, exposure: idle }; count];
        let mut timeline =
            Timeline { start, width, bins: Vec::new(), of_requests: stream.is_some() };
        if let Some(stream) = stream {
            for (at, counts) in stream.slots.sorted() {
                bins[timeline.bin(at).min(count - 1)].exposure += counts.requests as f64;
            }
        }
        for &position in members {
            let fail = &view.fails[position];
            let bin = &mut bins[timeline.bin(fail.at).min(count - 1)];
            bin.failures += fail.weight;
            bin.exposure = bin.exposure.max(bin.failures);
        }
        timeline.bins = bins;
        timeline
    }

    fn bin(&self, at: Timestamp) -> usize {
        ((at - self.start).0.max(0) / self.width.0) as usize
    }

    fn gap(&self) -> Micros {
        Micros((self.width.0 * 6).max(GAP.0))
    }

    /// Requests between the first and the last of some failures, if requests are what is counted.
    fn exposure(&self, view: &View<'_>, members: &[usize]) -> Option<f64> {
        let window = window(view, members)?;
        let (from, to) = (self.bin(window.start), self.bin(window.end).min(self.bins.len() - 1));
        self.of_requests.then(|| self.bins[from..=to].iter().map(|b| b.exposure).sum())
    }
}
