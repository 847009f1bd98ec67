//! What a value of a metric says, for the clouds whose metrics are read.

use std::borrow::Cow;

use model::{Occurrence, OccurrenceKind as K, Timestamp};

/// How the values of a metric are to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reading {
    /// Each unit is one occurrence of the kind.
    Counts(K),
    /// More than nothing is one occurrence of the kind.
    Above(K),
    /// Nothing is one occurrence of the kind.
    Nothing(K),
    /// This value or more means that the resource is used up.
    UsedUp(f64),
    /// This value or less means that the resource is used up.
    Gone(f64),
}

/// Share of a processor or a memory, in percent, from which on it counts as used up: what is left
/// is less than what a single request or a collection of garbage takes.
pub(crate) const FULL: f64 = 95.0;

/// What one value of a metric says; `None` if nothing of interest.
///
/// `metric` is the metric's name, `subject` whose it is, `at` where the interval of the value lies.
pub(crate) fn occurrence(
    metric: &str,
    reading: Reading,
    value: f64,
    at: Option<Timestamp>,
    subject: impl Into<Cow<'static, str>>,
) -> Option<Occurrence<'static>> {
    let (kind, holds) = match reading {
        Reading::Counts(kind) | Reading::Above(kind) => (kind, value > 0.0),
        Reading::Nothing(kind) => (kind, value == 0.0),
        Reading::UsedUp(from) => (K::ResourceSaturated, value >= from),
        Reading::Gone(from) => (K::ResourceSaturated, value <= from),
    };
    if !holds || !value.is_finite() {
        return None;
    }
    let mut said = Occurrence::new(kind, at, subject).detail(format!("{metric} {}", short(value)));
    if kind == K::ResourceSaturated {
        said.object = Some(metric.to_owned().into());
    }
    if matches!(reading, Reading::Counts(_)) {
        // A rate, or an average, of less than one is one all the same.
        said = said.times(value.round().clamp(1.0, f64::from(u32::MAX)) as u32);
    }
    Some(said)
}

/// The number without decimals that nobody reads.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_what_they_say() {
        let of = |reading, value| {
            occurrence("M", reading, value, None, "s").map(|said| (said.kind, said.count))
        };
        assert_eq!(of(Reading::Counts(K::NatDrop), 0.0), None);
        assert_eq!(of(Reading::Counts(K::NatDrop), 0.4), Some((K::NatDrop, 1)));
        assert_eq!(of(Reading::Counts(K::NatDrop), 12.0), Some((K::NatDrop, 12)));
        assert_eq!(of(Reading::Counts(K::NatDrop), 1e30), Some((K::NatDrop, u32::MAX)));
        assert_eq!(of(Reading::Counts(K::NatDrop), f64::INFINITY), None);
        assert_eq!(of(Reading::Above(K::HealthDown), 3.0), Some((K::HealthDown, 1)));
        assert_eq!(of(Reading::Nothing(K::NoServerLeft), 0.0), Some((K::NoServerLeft, 1)));
        assert_eq!(of(Reading::Nothing(K::NoServerLeft), 1.0), None);
        assert_eq!(of(Reading::UsedUp(FULL), 94.9), None);
        assert_eq!(of(Reading::UsedUp(FULL), 95.0), Some((K::ResourceSaturated, 1)));
        assert_eq!(of(Reading::Gone(0.0), 0.0), Some((K::ResourceSaturated, 1)));
        assert_eq!(short(97.126), "97.13");
        assert_eq!(short(40.0), "40");
    }
}
