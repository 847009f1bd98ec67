//! Records of Route 53: the names under which load balancers and distributions are reached.

use std::collections::BTreeMap;

use super::Cloud;
use crate::draft::{Draft, Name};
use crate::part::Part;

const RECORDS: &[&str] = &["aws_route53_record", "AWS::Route53::RecordSet"];

/// Gives what records lead to the names of the records.
pub(super) fn read(cloud: &Cloud<'_>, before: usize, draft: &mut Draft) {
    let mut known: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
    for (at, hop) in draft.hops.iter().enumerate().skip(before) {
        for name in &hop.names {
            known.entry(name.clone()).or_default().push(at);
        }
    }
    for record in cloud.all(RECORDS) {
        let Some(name) = record.get(("fqdn|name", "Name")).text() else { continue };
        // A name without its zone says too little.
        if !name.contains('.') {
            continue;
        }
        let targets = record
            .each(("alias.name", "AliasTarget.DNSName"))
            .into_iter()
            .chain(record.each(("records", "ResourceRecords")))
            .filter_map(target);
        for target in targets {
            for &at in known.get(&target).into_iter().flatten() {
                let (hop, name) = (&mut draft.hops[at], Name::host(name));
                if !hop.names.contains(&name) {
                    hop.names.push(name);
                }
            }
        }
    }
}

fn target(part: Part<'_>) -> Option<Name> {
    match part.text() {
        Some(text) => Some(Name::host(text.trim_start_matches("dualstack."))),
        None => part.named(),
    }
}
