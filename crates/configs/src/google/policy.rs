//! Who may come in: the lists of addresses of Cloud Armor, and private zones that keep calls inside.

use model::config::{Key, Setting, Value};

use super::Cloud;
use crate::part::Part;

/// The priority of the rule that holds where no other does.
/// <https://docs.cloud.google.com/armor/docs/security-policy-overview>
const LAST: u64 = 2_147_483_647;

/// The only addresses that a backend service's policy lets in: `None` if the policy is not described
/// or lets others in, too; unknown if it is not clear from the files whom it lets in.
pub(super) fn allowed(cloud: &Cloud<'_>, backend: Part<'_>) -> Option<Setting> {
    let named = backend.get(("security_policy", "securityPolicy"));
    let policy = cloud.follow(named, &super::POLICIES)?;
    let rules = policy.each(("rule|rules", "rules"));
    let last = rules.iter().find(|rule| rule.get(("priority", "priority")).number() == Some(LAST));
    let action = ("action", "action");
    if !last?.get(action).word().starts_with("deny") {
        return None;
    }
    let mut names = Vec::new();
    let mut unknown = None;
    for rule in &rules {
        let word = rule.get(action).word();
        if word.starts_with("deny") {
            continue;
        }
        let ranges = ("match.config.src_ip_ranges", "match.config.srcIpRanges");
        let listed = rule.each(ranges);
        if word != "allow" || listed.is_empty() {
            unknown = Some(*rule);
        }
        for one in listed {
            match address(cloud, one) {
                Some(name) => names.push(name),
                None => unknown = Some(one),
            }
        }
    }
    Some(match unknown {
        Some(part) => named.meaning(Key::AllowedSources, Value::Unknown(part.written())),
        None => named.meaning(Key::AllowedSources, Value::Names(names)),
    })
}

/// An address or a block as written, or the resource that holds it: by its address if that is known,
/// by the name people give it otherwise.
pub(super) fn address(cloud: &Cloud<'_>, part: Part<'_>) -> Option<String> {
    let found = match (part.text(), part.at.reference()) {
        (Some(text), _) if !text.contains("/addresses/") => {
            return Some(text.trim_end_matches("/32").to_owned());
        }
        (Some(_), _) => cloud.follow(part, &super::ADDRESSES),
        (None, Some(reference)) => cloud.find(&part.of.name(reference)),
        // An address with the length of its block: `"${google_compute_address.nat.address}/32"`.
        (None, None) => {
            let (reference, rest) = part.at.tag().strip_prefix("${")?.split_once('}')?;
            let whole = matches!(rest, "" | "/32");
            whole.then(|| cloud.find(&part.of.name(reference.trim())))?
        }
    };
    let found = found?;
    if !super::ADDRESSES.kinds.contains(&found.resource.kind.as_str()) {
        return None;
    }
    let literal = found.get(("address", "address")).text();
    Some(literal.map_or_else(|| super::title(found), str::to_owned))
}

/// True if a private zone of the files holds this host: then it may have an address of the network.
pub(super) fn is_in_private_zone(cloud: &Cloud<'_>, host: &str) -> bool {
    let host = format!(".{}", host.trim_end_matches('.').to_ascii_lowercase());
    cloud.all(&super::ZONES).into_iter().any(|zone| {
        let name = zone.get(("dns_name", "dnsName")).word();
        let private = zone.get(("visibility", "visibility")).word() == "private";
        let name = name.trim_end_matches('.');
        private && (name.is_empty() || host.ends_with(&format!(".{name}")))
    })
}
