//! What the rules share: how sure something is, how many instances there are, and what an address
//! as written says.

use std::net::IpAddr;

use model::config::{
    Confidence, Hop, HopId, Key, Link, LinkId, Origin, Setting, Span, System, Task, Value,
};

/// How sure it is what rests on these settings and links: an assumed default or a guessed link makes
/// it unsure, a default or a link known by its port less than sure.
pub(super) fn sure(system: &System, settings: &[&Setting], links: &[LinkId]) -> Confidence {
    let of_setting = |setting: &&Setting| match setting.origin {
        Origin::Written(_) => Confidence::High,
        Origin::Default { assumed: true, .. } => Confidence::Low,
        Origin::Default { known, .. } if known.fixed => Confidence::High,
        Origin::Default { .. } => Confidence::Medium,
    };
    let of_link = |link: &LinkId| system.sure_of(system.link(*link));
    let settings = settings.iter().map(of_setting);
    settings.chain(links.iter().map(of_link)).min().unwrap_or(Confidence::High)
}

/// True if at least one of these was written by somebody.
pub(super) fn any_written(settings: &[&Setting]) -> bool {
    settings.iter().any(|setting| setting.is_written())
}

/// The host and the port of an address as written: `http://app:3000/x` is `app` and 3000. The port is
/// 0 if none is written.
pub(super) fn host_and_port(address: &str) -> (&str, u16) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or("");
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if let Some(inner) = rest.strip_prefix('[') {
        let (host, after) = inner.split_once(']').unwrap_or((inner, ""));
        return (host, after.trim_start_matches(':').parse().unwrap_or(0));
    }
    match rest.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, port.parse().unwrap_or(0)),
        Some(_) => (rest, 0),
        None => (rest, 0),
    }
}

/// The host of the address by which a link reaches its target.
pub(super) fn host_of(link: &Link) -> &str {
    host_and_port(&link.address).0
}

/// True for a socket of the file system.
pub(super) fn is_socket(link: &Link) -> bool {
    link.address.starts_with("unix:") || link.address.starts_with('/')
}

/// True for an address that only the machine itself can reach.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// True for an address of the public internet: not of a private, shared, link-local, loopback or
/// documentation range (RFC 1918, 6598, 3927, 4193).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast()
                || (a == 100 && (64..128).contains(&b)))
        }
        IpAddr::V6(v6) => v6.segments()[0] & 0xe000 == 0x2000,
    }
}

/// True if this host is surely reached by the public internet: a public address, or a full name
/// outside the suffixes that private zones use. Names of cloud platforms are left out, because a
/// private endpoint may stand for them.
pub(super) fn is_public_host(host: &str) -> bool {
    const PRIVATE: &[&str] = &[
        ".internal",
        ".local",
        ".localhost",
        ".localdomain",
        ".lan",
        ".corp",
        ".home",
        ".intranet",
        ".private",
        ".svc",
        ".consul",
        ".test",
        ".invalid",
        ".amazonaws.com",
        ".googleapis.com",
        ".windows.net",
        ".azure.com",
    ];
    if let Ok(address) = host.parse::<IpAddr>() {
        return is_public(address);
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.' || c == '_';
    let top = host.rsplit('.').next().unwrap_or("");
    host.contains('.')
        && host.chars().all(named)
        && !host.starts_with('.')
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !PRIVATE.iter().any(|suffix| host.ends_with(suffix))
}

/// True if the target is reached by the public internet.
pub(super) fn goes_public(system: &System, link: &Link) -> bool {
    let to = system.hop(link.to);
    match to.task {
        Task::Database => reached_publicly(to, link),
        Task::External => {
            to.settings.flag(Key::PublicAddress) == Some(true) || is_public_host(host_of(link))
        }
        _ => false,
    }
}

/// True if a database is reached by its public address: by the address in the link, or because it has
/// no other.
fn reached_publicly(database: &Hop, link: &Link) -> bool {
    let host = host_of(link);
    if let Ok(address) = host.parse::<IpAddr>() {
        return is_public(address);
    }
    database.settings.flag(Key::PublicAddress) == Some(true)
        && database.settings.flag(Key::PrivateAddress) == Some(false)
}

/// Instances at least and at most, as far as they are known: a value that is missing is that of the
/// other one, and a known number is never below one.
#[derive(Clone, Copy)]
pub(super) struct Instances<'s> {
    /// The setting for the least number.
    pub(super) least: Option<&'s Setting>,
    /// The setting for the largest number.
    pub(super) most: Option<&'s Setting>,
}

impl<'s> Instances<'s> {
    pub(super) fn of(hop: &'s Hop) -> Instances<'s> {
        let known = |key| hop.get(key).filter(|setting| setting.count().is_some());
        Instances { least: known(Key::MinInstances), most: known(Key::MaxInstances) }
    }

    /// The number that surely runs.
    pub(super) fn at_least(self) -> u64 {
        self.least.and_then(Setting::count).unwrap_or(1).max(1)
    }

    /// The number that may run.
    pub(super) fn at_most(self) -> u64 {
        self.most.and_then(Setting::count).unwrap_or(0).max(self.at_least())
    }

    /// The setting that holds the larger number.
    pub(super) fn setting(self) -> Option<&'s Setting> {
        self.most.or(self.least)
    }
}

/// Instances of a new revision that run beside all old ones at a roll-out: the surge as a count or a
/// share, rounded up; `None` if it is not known.
pub(super) fn beside(hop: &Hop, instances: u64) -> Option<(u64, &Setting)> {
    let surge = hop.get(Key::MaxSurge)?;
    let more = match surge.value {
        Value::Count(n) => n.min(instances),
        Value::Share(share) if (0.0..=10.0).contains(&share) => share_of(instances, share),
        _ => return None,
    };
    Some((more, surge))
}

/// A share of a number, rounded up.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn share_of(number: u64, share: f64) -> u64 {
    // Instances are far below 2^52, where an f64 still counts in whole numbers.
    (number as f64 * share).ceil() as u64
}

/// True if the file in which a hop stands was read by this reader, however its name is spelt
/// (`kubernetes`, `docker compose`, `Dockerfile`).
pub(super) fn stands_in(system: &System, hop: &Hop, reader: &str) -> bool {
    hop.at.is_some_and(|at| is_read_by(system, at, reader))
}

/// True if the file of this stretch was read by this reader.
pub(super) fn is_read_by(system: &System, at: Span, reader: &str) -> bool {
    let file = system.files.get(at.file.0 as usize);
    file.is_some_and(|file| file.read_as.to_ascii_lowercase().contains(reader))
}

/// The value of a setting that is a number greater than zero.
pub(super) fn number(hop: &Hop, key: Key) -> Option<(&Setting, u64)> {
    let setting = hop.get(key)?;
    setting.count().filter(|n| *n > 0).map(|n| (setting, n))
}

/// True if requests reach the hop from something in front of it.
pub(super) fn is_served(system: &System, hop: HopId) -> bool {
    system.links_to(hop).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        assert_eq!(host_and_port("http://app:3000/x"), ("app", 3000));
        assert_eq!(host_and_port("app"), ("app", 0));
        assert_eq!(host_and_port("[::1]:80"), ("::1", 80));
        assert_eq!(host_and_port("::1"), ("::1", 0));
        assert_eq!(host_and_port("postgres://u:p@db.example:5432/x"), ("db.example", 5432));
        assert_eq!(host_and_port("app:99999"), ("app", 0));
        assert!(is_loopback("localhost") && is_loopback("127.0.0.1") && is_loopback("::1"));
        assert!(!is_loopback("app") && !is_loopback("0.0.0.0"));
    }

    #[test]
    fn only_what_is_surely_public_is_public() {
        for host in ["api.stripe.com", "8.8.8.8", "2606:4700::1111", "shop.example.com."] {
            assert!(is_public_host(host), "{host}");
        }
        for host in [
            "10.0.0.1",
            "172.20.0.3",
            "100.64.0.1",
            "fd00::1",
            "app",
            "db.internal",
            "orders.default.svc.cluster.local",
            "s3.eu-west-1.amazonaws.com",
            "storage.googleapis.com",
            "${HOST}.example.com",
            "",
        ] {
            assert!(!is_public_host(host), "{host}");
        }
    }
}
