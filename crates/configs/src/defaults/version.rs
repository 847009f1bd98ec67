//! Versions as files write them, and whether a default holds in one: a tag such as `1.27` or `20`
//! stands for many releases, and often no version is written at all.

use std::cmp::Ordering;

/// The versions from one on and before another; an empty text is no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first version of the range.
    pub(crate) from: &'static str,
    /// The first version after the range.
    pub(crate) before: &'static str,
}

/// Whether something holds in a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// It holds in every release that the version can mean.
    Surely,
    /// The version is not known, or means releases on both sides; the newest of them have it.
    Assumed,
    /// It does not hold.
    Never,
}

impl Range {
    /// Every version.
    pub(crate) const ALL: Range = Range { from: "", before: "" };

    /// Whether the version as written lies in the range. Of the releases that a prefix (`1.27`, `20`)
    /// can mean the newest counts, as tags move on to it; of an unknown version those in use today.
    pub(crate) fn holds(self, version: &str) -> Stands {
        if self == Range::ALL {
            return Stands::Surely;
        }
        let Some(version) = parts(version) else {
            return if self.before.is_empty() { Stands::Assumed } else { Stands::Never };
        };
        // A prefix ends below the next number of its last part, which no release of it reaches.
        let newest_reaches = |bound: &str| parts(bound).is_none_or(|b| newest(&version, &b));
        let oldest_reaches =
            |bound: &str| parts(bound).is_none_or(|b| compare(&version, &b) != Ordering::Less);
        let newest_in =
            newest_reaches(self.from) && (self.before.is_empty() || !newest_reaches(self.before));
        let oldest_in =
            oldest_reaches(self.from) && (self.before.is_empty() || !oldest_reaches(self.before));
        match (newest_in, oldest_in) {
            (true, true) => Stands::Surely,
            (true, false) => Stands::Assumed,
            (false, _) => Stands::Never,
        }
    }

    /// True if both bounds are versions or empty, and in order.
    #[cfg(test)]
    pub(crate) fn is_written_well(self) -> bool {
        let is_bound = |text: &str| text.is_empty() || parts(text).is_some();
        let in_order = match (parts(self.from), parts(self.before)) {
            (Some(from), Some(before)) => compare(&from, &before) == Ordering::Less,
            _ => true,
        };
        is_bound(self.from) && is_bound(self.before) && in_order
    }
}

/// Most numbers a version is read to have.
const MOST_PARTS: usize = 6;

/// The numbers of a version: `v20.11.1-bookworm` → 20, 11, 1. `None` if it begins with no number, as
/// `latest` and `lts` do.
pub(crate) fn parts(version: &str) -> Option<Vec<u64>> {
    let version = version.trim();
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let numbers: Vec<u64> =
        version[..end].split('.').take(MOST_PARTS).map_while(|part| part.parse().ok()).collect();
    (!numbers.is_empty()).then_some(numbers)
}

/// Compares number by number; what is missing counts as 0.
pub(crate) fn compare(a: &[u64], b: &[u64]) -> Ordering {
    let number = |of: &[u64], at: usize| of.get(at).copied().unwrap_or(0);
    (0..a.len().max(b.len()))
        .map(|at| number(a, at).cmp(&number(b, at)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// True if the newest release of a prefix is the bound or later.
fn newest(prefix: &[u64], bound: &[u64]) -> bool {
    let same = prefix.iter().zip(bound).all(|(a, b)| a == b);
    same || compare(prefix, bound) == Ordering::Greater
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Range = Range { from: "1.29.7", before: "" };
    const UNTIL: Range = Range { from: "", before: "1.29.7" };

    #[test]
    fn releases_and_prefixes_lie_in_ranges() {
        for (version, since, until) in [
            ("1.29.7", Stands::Surely, Stands::Never),
            ("v1.30.0-alpine", Stands::Surely, Stands::Never),
            ("1.29.6", Stands::Never, Stands::Surely),
            ("1.27", Stands::Never, Stands::Surely),
            ("1.9.15", Stands::Never, Stands::Surely),
            ("1.29", Stands::Assumed, Stands::Never),
            ("1", Stands::Assumed, Stands::Never),
            ("2", Stands::Surely, Stands::Never),
            ("1.31-bookworm", Stands::Surely, Stands::Never),
            ("", Stands::Assumed, Stands::Never),
            ("latest", Stands::Assumed, Stands::Never),
        ] {
            assert_eq!(SINCE.holds(version), since, "{version}");
            assert_eq!(UNTIL.holds(version), until, "{version}");
        }
        let middle = Range { from: "18.0", before: "24" };
        assert_eq!(middle.holds("20"), Stands::Surely);
        assert_eq!(middle.holds("18"), Stands::Surely);
        assert_eq!(middle.holds("24"), Stands::Never);
        assert_eq!(middle.holds("23.9.1"), Stands::Surely);
        assert_eq!(middle.holds("lts"), Stands::Never);
    }

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        assert_eq!(parts("v20.11.1-bookworm"), Some(vec![20, 11, 1]));
        assert_eq!(parts("3.x"), Some(vec![3]));
        assert_eq!(parts("99999999999999999999999.1"), None);
        assert_eq!(parts("alpine"), None);
        assert_eq!(parts(""), None);
        assert_eq!(compare(&[1, 9], &[1, 10]), Ordering::Less);
        assert_eq!(compare(&[1], &[1, 0, 0]), Ordering::Equal);
    }
}
