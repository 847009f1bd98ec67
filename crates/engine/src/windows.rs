//! When a kind of failure happened: change points of its rate against its own background.
//!
//! A fixed threshold either misses the trickle of one in ten thousand or cries wolf on a busy log.
//! Here the counts are cut into stretches of constant rate (optimal partitioning of a Poisson
//! process, pruned as in PELT: Killick, Fearnhead, Eckley 2012), and a stretch counts as a burst
//! only relative to the quietest substantial stretch.

/// Failures and exposure (requests, or time where requests are not logged) of one slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bin {
    pub(crate) failures: f64,
    pub(crate) exposure: f64,
}

/// A run of bins, end exclusive, with whether its rate stands out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) elevated: bool,
}

/// Most bins looked at; longer series are summed up first.
const MOST_BINS: usize = 1_500;
/// A stretch is elevated if its rate is this many times the background's.
const FACTOR: f64 = 3.0;
/// The background is the quietest stretch with at least this share of the exposure.
const SUBSTANTIAL: f64 = 0.1;

/// Cuts a series into stretches of constant rate and marks those above the background.
pub(crate) fn stretches(bins: &[Bin]) -> Vec<Stretch> {
    if bins.is_empty() {
        return Vec::new();
    }
    let fold = bins.len().div_ceil(MOST_BINS);
    let folded: Vec<Bin> = bins
        .chunks(fold)
        .map(|chunk| Bin {
            failures: chunk.iter().map(|b| b.failures).sum(),
            exposure: chunk.iter().map(|b| b.exposure).sum(),
        })
        .collect();
    let cuts = partition(&folded);
    let total: f64 = folded.iter().map(|b| b.exposure).sum();
    let rates: Vec<(f64, f64)> = cuts.iter().map(|&(s, e)| rate(&folded[s..e])).collect();
    let background = rates
        .iter()
        .filter(|(_, exposure)| *exposure >= total * SUBSTANTIAL)
        .map(|(rate, _)| *rate)
        .fold(f64::INFINITY, f64::min);
    cuts.iter()
        .zip(&rates)
        .map(|(&(start, end), &(rate, _))| Stretch {
            start: start * fold,
            end: (end * fold).min(bins.len()),
            elevated: rate > 0.0 && rate > background * FACTOR,
        })
        .collect()
}

/// Rate and exposure of a run of bins.
fn rate(bins: &[Bin]) -> (f64, f64) {
    let exposure: f64 = bins.iter().map(|b| b.exposure).sum();
    let failures: f64 = bins.iter().map(|b| b.failures).sum();
    (if exposure > 0.0 { failures / exposure } else { 0.0 }, exposure)
}

/// Optimal partitioning: the cheapest set of runs, each paying its Poisson deviance and a price.
fn partition(bins: &[Bin]) -> Vec<(usize, usize)> {
    let n = bins.len();
    let price = 2.0 * (n as f64).ln() + 4.0;
    let mut failures = vec![0.0; n + 1];
    let mut exposure = vec![0.0; n + 1];
    for (i, bin) in bins.iter().enumerate() {
        failures[i + 1] = failures[i] + bin.failures;
        exposure[i + 1] = exposure[i] + bin.exposure;
    }
    let cost = |start: usize, end: usize| {
        let k: f64 = failures[end] - failures[start];
        let e: f64 = exposure[end] - exposure[start];
        if k <= 0.0 || e <= 0.0 { 0.0 } else { k - k * (k / e).ln() }
    };
    let mut best = vec![0.0; n + 1];
    best[0] = -price;
    let mut last_cut = vec![0; n + 1];
    let mut candidates = vec![0];
    for end in 1..=n {
        let mut cheapest = (f64::INFINITY, 0);
        let mut costs = Vec::with_capacity(candidates.len());
        for &start in &candidates {
            let without_price = best[start] + cost(start, end);
            costs.push(without_price);
            if without_price + price < cheapest.0 {
                cheapest = (without_price + price, start);
            }
        }
        best[end] = cheapest.0;
        last_cut[end] = cheapest.1;
        let mut costs = costs.into_iter();
        candidates.retain(|_| costs.next().is_some_and(|cost| cost <= cheapest.0));
        candidates.push(end);
    }
    let mut cuts = Vec::new();
    let mut end = n;
    while end > 0 {
        cuts.push((last_cut[end], end));
        end = last_cut[end];
    }
    cuts.reverse();
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(rates: &[(usize, f64)]) -> Vec<Bin> {
        rates
            .iter()
            .flat_map(|&(n, failures)| vec![Bin { failures, exposure: 1000.0 }; n])
            .collect()
    }

    #[test]
    fn a_burst_in_silence_is_found_with_its_borders() {
        let found = stretches(&bins(&[(100, 0.0), (90, 12.0), (170, 0.0)]));
        let elevated: Vec<_> = found.iter().filter(|s| s.elevated).collect();
        assert_eq!(elevated.len(), 1);
        assert_eq!((elevated[0].start, elevated[0].end), (100, 190));
    }

    #[test]
    fn a_burst_above_a_trickle_is_found_and_the_trickle_is_not_elevated() {
        let mut series = bins(&[(100, 0.0), (20, 9.0), (100, 0.0)]);
        series.iter_mut().step_by(7).for_each(|b| b.failures += 1.0);
        let found = stretches(&series);
        assert_eq!(found.iter().filter(|s| s.elevated).count(), 1);
    }

    #[test]
    fn an_even_trickle_is_one_stretch() {
        let mut series = bins(&[(360, 0.0)]);
        series.iter_mut().step_by(9).for_each(|b| b.failures = 1.0);
        let found = stretches(&series);
        assert_eq!(found.len(), 1);
        assert!(!found[0].elevated);
    }

    #[test]
    fn more_traffic_with_the_same_rate_is_no_change() {
        let mut series = bins(&[(60, 1.0), (60, 10.0)]);
        series[60..].iter_mut().for_each(|b| b.exposure = 10_000.0);
        assert_eq!(stretches(&series).len(), 1);
    }

    #[test]
    fn long_series_are_cut_too() {
        let found = stretches(&bins(&[(4000, 0.0), (900, 5.0), (4000, 0.0)]));
        let burst = found.iter().find(|s| s.elevated).unwrap();
        assert!((3990..=4000).contains(&burst.start) && (4900..=4912).contains(&burst.end));
    }
}
