//! Variables of the environment of containers and functions.

use super::Cloud;
use super::database::{self, DATABASES};
use crate::draft::{Name, Variable};
use crate::part::Part;

/// Ends of references to the address of a database, in lower case.
const ADDRESSES: &[&str] = &[
    ".address",
    ".endpoint",
    ".endpoint.address",
    ".hostname",
    ".readendpoint.address",
    ".reader_endpoint",
];

/// The variables of a list of names and values.
pub(super) fn listed(cloud: &Cloud<'_>, list: &[Part<'_>]) -> Vec<Variable> {
    let pair = |one: &Part<'_>| {
        let name = one.get(("name", "Name")).text()?;
        variable(cloud, name, one.get(("value", "Value")))
    };
    list.iter().filter_map(pair).collect()
}

/// The variables of a map.
pub(super) fn mapped(cloud: &Cloud<'_>, map: Part<'_>) -> Vec<Variable> {
    let entries = map.at.entries();
    entries.filter_map(|(entry, at)| variable(cloud, &entry.key, map.as_vendor(at))).collect()
}

fn variable(cloud: &Cloud<'_>, name: &str, value: Part<'_>) -> Option<Variable> {
    value.there()?;
    Some(Variable {
        name: name.to_owned(),
        value: value.written(),
        at: value.span(),
        of: whose(cloud, value),
    })
}

/// The database whose address the value is, or holds.
fn whose(cloud: &Cloud<'_>, value: Part<'_>) -> Option<(Name, u16)> {
    // In a text that was put together, a reference stands as `${…}`.
    let within = value.text().and_then(|text| text.strip_prefix("${")?.strip_suffix('}'));
    let reference = value.at.reference().or(within)?;
    let lower = reference.to_ascii_lowercase();
    if !ADDRESSES.iter().any(|end| lower.ends_with(end)) {
        return None;
    }
    let database = cloud.find(&cloud.resources.name(reference))?;
    if !DATABASES.contains(&database.resource.kind.as_str()) {
        return None;
    }
    Some((cloud.key(database), database::port(database)))
}
