//! What environment variables say of where a program sends its requests.

use std::net::IpAddr;

use model::config::{Key, Value};

use super::{Cloud, policy};
use crate::draft::{Draft, DraftId, LinkDraft, Name, Reach};
use crate::part::Part;

/// Ends of names whose values are addresses.
const ADDRESSES: &[&str] =
    &["URL", "URI", "HOST", "HOSTNAME", "ADDR", "ADDRESS", "ENDPOINT", "ORIGIN", "SERVER", "DSN"];

/// Schemes that are spoken over connections, with their ports.
const SCHEMES: &[(&str, u16)] = &[
    ("http", 80),
    ("https", 443),
    ("ws", 80),
    ("wss", 443),
    ("grpc", 0),
    ("grpcs", 443),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("mysql", 3306),
    ("mysql2", 3306),
    ("sqlserver", 1433),
    ("redis", 6379),
    ("rediss", 6379),
    ("mongodb", 27017),
    ("amqp", 5672),
    ("amqps", 5671),
    ("tcp", 0),
];

/// Makes a link of every variable that names an address.
pub(super) fn links(cloud: &Cloud<'_>, variables: Vec<Part<'_>>, from: DraftId, draft: &mut Draft) {
    let named: Vec<(String, Part<'_>)> = variables
        .into_iter()
        .filter_map(|one| {
            let name = one.get(("name", "name")).text()?.to_ascii_uppercase();
            Some((name, one.get(("value", "value")).there()?))
        })
        .collect();
    for (name, value) in &named {
        let by_name = name.rsplit('_').next().is_some_and(|end| ADDRESSES.contains(&end));
        let Some(address) = address(cloud, *value, by_name) else { continue };
        let stem = name.rsplit_once('_').map_or("", |(stem, _)| stem);
        let beside = || {
            let wanted = format!("{stem}_PORT");
            let port = named.iter().find(|(name, _)| !stem.is_empty() && *name == wanted);
            port.map_or(0, |(_, port)| port.port())
        };
        let mut link = LinkDraft::new(from, Reach::Name(address.to), address.text);
        link.port = if address.port == 0 { beside() } else { address.port };
        link.at = Some(value.span());
        if let Some(public) = address.public {
            link.settings
                .set(value.called("address").meaning(Key::ReachedPublicly, Value::Flag(public)));
        }
        if let Some(tls) = address.tls {
            link.settings.set(value.called("scheme").meaning(Key::UpstreamTls, Value::Flag(tls)));
        }
        draft.links.push(link);
    }
}

struct Address {
    to: Name,
    port: u16,
    tls: Option<bool>,
    /// Whether it is an address of the public internet, if that is written.
    public: Option<bool>,
    text: String,
}

fn address(cloud: &Cloud<'_>, value: Part<'_>, by_name: bool) -> Option<Address> {
    // A text with a reference in it has the text as its tag.
    let text = match (value.text(), value.at.tag()) {
        (Some(text), _) => text.to_owned(),
        (None, tag) if tag.contains("${") => tag.to_owned(),
        (None, _) if value.at.reference().is_some() => format!("${{{}}}", value.written()),
        (None, _) => value.written().trim_matches('"').to_owned(),
    };
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => {
            let scheme = scheme.rsplit(':').next().unwrap_or(scheme);
            let scheme = scheme.split('+').next().unwrap_or(scheme);
            (Some(SCHEMES.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known))?), rest)
        }
        None => (None, text.as_str()),
    };
    if scheme.is_none() && !by_name {
        return None;
    }
    let host = authority(rest);
    let (to, tail, public) = match host.strip_prefix("${").and_then(|inner| inner.split_once('}')) {
        Some((reference, tail)) => {
            let to = value.of.name(reference.trim());
            let found = cloud.find(&to)?;
            // Only what has an address is reached.
            super::sort_of(&found.resource.kind)?;
            let has = |attribute: &str| reference.contains(attribute);
            let public = match (has("public_ip_address"), has("private_ip_address")) {
                (true, false) => Some(true),
                (false, true) => Some(false),
                _ if has(".uri") || has(".url") => inside(cloud, "run.app"),
                _ => None,
            };
            (to, tail, public)
        }
        None => {
            let (name, tail) = match host.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
                Some((v6, tail)) => (v6, tail),
                None => host.split_at(host.find(':').unwrap_or(host.len())),
            };
            let to = Name::host(name);
            let ip = to.address();
            let plausible = ip.is_some() || name.contains('.');
            let odd = |c: char| !(c.is_ascii_alphanumeric() || "-._:".contains(c));
            if !plausible || name.contains(odd) || name.contains("..") {
                return None;
            }
            if ip.is_some_and(|ip| ip.is_loopback() || ip.is_unspecified()) {
                return None;
            }
            let public = ip.map(is_public).or_else(|| inside(cloud, name));
            (to, tail, public)
        }
    };
    let written = tail.strip_prefix(':').and_then(|port| port.parse().ok());
    let attribute = text.contains(".uri}") || text.ends_with(".url}");
    let tls = match scheme {
        Some((name, _)) if name.starts_with("http") || name.starts_with("ws") => {
            Some(matches!(*name, "https" | "wss"))
        }
        _ => None,
    };
    let usual = scheme.map_or(if attribute { 443 } else { 0 }, |(_, port)| *port);
    Some(Address { to, port: written.unwrap_or(usual), tls, public, text: masked(&text) })
}

/// That a private zone may give this host an address of the network.
fn inside(cloud: &Cloud<'_>, host: &str) -> Option<bool> {
    policy::is_in_private_zone(cloud, host).then_some(false)
}

/// Host and port of a URL without its scheme: what stands in `${…}` may hold any character.
fn authority(rest: &str) -> &str {
    let (mut start, mut end, mut inside) = (0, rest.len(), 0usize);
    for (at, c) in rest.char_indices() {
        match c {
            '{' => inside += 1,
            '}' => inside = inside.saturating_sub(1),
            '@' if inside == 0 => start = at + 1,
            '/' | '?' | '#' | ',' if inside == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    rest.get(start..end).unwrap_or("")
}

/// The address without the name and the password that may stand in it.
fn masked(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let host = authority(rest);
    match rest.find(host) {
        Some(at) if at > 0 && !host.is_empty() => format!("{scheme}://{}", &rest[at..]),
        _ => text.to_owned(),
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1]);
            !(v4.is_private() || v4.is_link_local() || v4.is_loopback() || shared)
        }
        IpAddr::V6(v6) => !(v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_and_passwords_are_not_kept() {
        assert_eq!(authority("app:p@203.0.113.10:3307/shop"), "203.0.113.10:3307");
        assert_eq!(authority("app:${a.b[\"x/y\"]}@${c.d}:5432/shop"), "${c.d}:5432");
        assert_eq!(authority("api.example/x@y"), "api.example");
        assert_eq!(masked("mysql://app:p@db.example/x"), "mysql://db.example/x");
        assert_eq!(masked("mysql://p@/x"), "mysql://p@/x");
        assert!(!is_public("100.64.0.1".parse().unwrap()));
        assert!(is_public("203.0.113.10".parse().unwrap()));
    }
}
