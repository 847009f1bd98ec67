//! What a finding is known by from one run to the next, whatever lines were added above it.

use model::config::{Finding, PlaceOf, System};

/// The fingerprint: the cause, the hops, and the settings and files that it rests on, without lines
/// and values. 16 hexadecimal digits.
#[must_use]
pub fn fingerprint(system: &System, finding: &Finding) -> String {
    let mut hash = Fnv::new();
    hash.add(finding.cause.slug);
    for hop in &finding.prediction.hops {
        hash.add(&system.hop(*hop).name);
    }
    for (place, _) in &finding.prediction.places {
        // What was at an earlier revision does not make it another finding.
        if matches!(place, PlaceOf::Text(at) if !system.file(at.file).revision.is_empty()) {
            continue;
        }
        let span = match place {
            PlaceOf::Setting(setting) => {
                hash.add(setting.name);
                setting.span()
            }
            PlaceOf::Text(span) => Some(*span),
        };
        let name = span.map_or("", |span| &system.file(span.file).name);
        hash.add(name.strip_prefix(&system.base).unwrap_or(name));
    }
    if !finding.prediction.about.is_empty() {
        hash.add(&finding.prediction.about);
    }
    format!("{:016x}", hash.0)
}

/// FNV-1a, 64 bits (RFC 9923): the same on every machine and in every version, which the standard
/// library's hashes do not promise.
struct Fnv(u64);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_apart() {
        let of = |texts: &[&str]| {
            let mut hash = Fnv::new();
            texts.iter().for_each(|text| hash.add(text));
            hash.0
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_eq!(of(&[]), 0xcbf2_9ce4_8422_2325);
    }
}
