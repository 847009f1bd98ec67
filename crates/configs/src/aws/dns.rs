//! Records of Route 53: the names under which load balancers and distributions are reached.

use super::Cloud;
use super::part::Part;
use crate::draft::{Draft, Name};

const RECORDS: &[&str] = &["aws_route53_record", "AWS::Route53::RecordSet"];

/// Gives what records lead to the names of the records.
pub(super) fn read(cloud: &Cloud<'_>, before: usize, draft: &mut Draft) {
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
            for hop in draft.hops[before..].iter_mut().filter(|hop| hop.names.contains(&target)) {
                let name = Name::host(name);
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
