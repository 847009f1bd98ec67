//! What configuration says of a finding, on the wire.

use model::Seen;
use model::config::{Bearing, Cited, ReadBeside};
use serde::Serialize;

use super::text::{Sight, WireText};

/// What was read as configuration.
#[derive(Debug, Serialize)]
pub(crate) struct WireConfiguration {
    paths: Vec<String>,
    files: Vec<WireFile>,
    further_findings: usize,
}

#[derive(Debug, Serialize)]
struct WireFile {
    path: String,
    read_as: &'static str,
}

impl From<&ReadBeside> for WireConfiguration {
    fn from(read: &ReadBeside) -> WireConfiguration {
        let file =
            |(path, read_as): &(String, &'static str)| WireFile { path: path.clone(), read_as };
        WireConfiguration {
            paths: read.paths.clone(),
            files: read.files.iter().map(file).collect(),
            further_findings: read.further,
        }
    }
}

/// A hop at which failing requests were recorded.
#[derive(Debug, Serialize)]
pub(super) struct WireSeen {
    dialect: &'static str,
    hop: String,
    kind: &'static str,
    side: &'static str,
    targets: Vec<String>,
    failures: u64,
}

impl WireSeen {
    pub(super) fn new(seen: &Seen, sight: &Sight<'_>) -> WireSeen {
        WireSeen {
            dialect: seen.dialect,
            hop: sight.seen(&seen.hop),
            kind: seen.kind.as_str(),
            side: seen.side.as_str(),
            targets: seen.targets.iter().map(|target| sight.seen(target)).collect(),
            failures: seen.failures,
        }
    }
}

/// What configuration says of one finding.
#[derive(Debug, Serialize)]
pub(super) struct WireBearing {
    bears: &'static str,
    cause: &'static str,
    says: WireText,
    meet: Option<WireText>,
    confidence: &'static str,
    same_link: bool,
    only_one: bool,
    places: Vec<WirePlace>,
    changes: Vec<WireText>,
    check_fingerprint: Option<String>,
}

#[derive(Debug, Serialize)]
struct WirePlace {
    says: WireText,
    path: Option<String>,
    line: Option<usize>,
    text: Option<String>,
    default_of: Option<WireDefault>,
}

#[derive(Debug, Serialize)]
struct WireDefault {
    product: &'static str,
    versions: &'static str,
    source: &'static str,
}

impl WireBearing {
    pub(super) fn new(bearing: &Bearing, sight: &Sight<'_>) -> Option<WireBearing> {
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        Some(WireBearing {
            bears: bearing.bears.as_str(),
            cause: bearing.cause.slug,
            says: sight.statement(&bearing.says)?,
            meet: bearing.meet.as_ref().and_then(|meet| sight.statement(meet)),
            confidence: bearing.confidence.as_str(),
            same_link: bearing.same_link,
            only_one: bearing.only_one,
            places: bearing.places.iter().filter_map(|place| of(place, sight)).collect(),
            changes: bearing.changes.iter().filter_map(|says| sight.statement(says)).collect(),
            check_fingerprint: given(&bearing.fingerprint),
        })
    }
}

fn of(place: &Cited, sight: &Sight<'_>) -> Option<WirePlace> {
    let at = place.at.as_ref();
    Some(WirePlace {
        says: sight.statement(&place.says)?,
        path: at.map(|at| at.path.clone()),
        line: at.map(|at| at.line),
        text: at.map(|at| sight.seen(&at.text)),
        default_of: place.default_of.map(|known| WireDefault {
            product: known.product,
            versions: known.versions,
            source: known.source,
        }),
    })
}
