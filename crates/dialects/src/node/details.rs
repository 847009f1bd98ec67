//! Where a failed call went and how long it waited, from the text of its error.

use std::net::IpAddr;

use model::Micros;

use crate::scan;

/// What an error says about the call besides why it failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    /// `address:port`, as printed.
    pub(crate) target: Option<String>,
    /// The name the caller asked for.
    pub(crate) host: Option<String>,
    /// The timer that fired.
    pub(crate) timer: Option<Micros>,
}

/// Reads the details out of an error's text, from its head on.
pub(super) fn read(text: &str) -> Details {
    let mut details = Details { timer: timer(text), ..Details::default() };
    details.target = attempted(text)
        .or_else(|| connected(text))
        .or_else(|| fields(text, "address", "port"))
        .or_else(|| fields(text, "remoteAddress", "remotePort"));
    details.host = property(text, "hostname")
        .or_else(|| property(text, "host"))
        .or_else(|| looked_up(text))
        .or_else(|| url_host(text))
        .or_else(|| between(text, "Host: ", ". is not").map(str::to_owned))
        .filter(|host| is_host(host));
    if details.host.is_none()
        && let Some(target) = &details.target
    {
        let name = scan::without_port(target);
        if name.parse::<IpAddr>().is_err()
            && name.bytes().any(|b| b.is_ascii_alphabetic())
            && !name.contains([':', '/'])
        {
            details.host = Some(name.to_owned());
        }
    }
    details
}

/// The authority of the first URL in a message of the application's own: `GET https://name/path
/// failed`. An address is a target, a name a host.
pub(crate) fn of_url(message: &str) -> Details {
    let mut details = Details::default();
    let Some((scheme, rest)) = message.split_once("://") else { return details };
    if !scheme.ends_with("http") && !scheme.ends_with("https") {
        return details;
    }
    let end = rest.find(['/', '?', '#', ' ', '"', '\'', ',', ')']).unwrap_or(rest.len());
    // What stands before an `@` is a user's credentials.
    let authority = rest[..end].rsplit('@').next().unwrap_or("").trim_end_matches([':', '.']);
    let name = scan::without_port(authority);
    if !authority.is_empty() && is_host(authority) {
        if is_target(authority) {
            details.target = Some(authority.to_owned());
        }
        if name.parse::<IpAddr>().is_err() {
            details.host = Some(name.to_owned());
        }
    }
    details
}

/// undici: `(attempted address: 203.0.113.10:443, timeout: 10000ms)`, or several `addresses`.
fn attempted(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("attempted address")?;
    let list = rest.trim_start_matches("es").strip_prefix(": ")?;
    let list = list.split_once(", timeout").map_or(list, |(list, _)| list);
    let list = list.split([')', '\n']).next()?;
    let last = list.rsplit(',').next()?.trim();
    is_target(last).then(|| last.to_owned())
}

/// libuv: `connect ECONNREFUSED 203.0.113.7:5432`; a path for unix sockets.
fn connected(text: &str) -> Option<String> {
    text.match_indices("connect E").find_map(|(at, _)| {
        let mut words = text[at..].split([' ', '\n', '\r']);
        let target = words.nth(2)?.trim_matches([',', ']', ')', '"', '\'', ';', '}']);
        is_target(target).then(|| target.to_owned())
    })
}

/// `address: '203.0.113.7', port: 443` and its JSON spelling.
fn fields(text: &str, address: &str, port: &str) -> Option<String> {
    let address = property(text, address)?;
    if address.parse::<IpAddr>().is_err() && !is_host(&address) {
        return None;
    }
    match property(text, port).filter(|port| scan::digits(port.as_bytes()).is_some()) {
        Some(port) if address.contains(':') => Some(format!("[{address}]:{port}")),
        Some(port) => Some(format!("{address}:{port}")),
        None => Some(address),
    }
}

/// The value of a property printed as `key: 'value'`, `key: 1` or `"key":"value"`.
fn property(text: &str, key: &str) -> Option<String> {
    text.match_indices(key).find_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.')) {
            return None;
        }
        let rest = text[at + key.len()..].trim_start_matches(['"', '\\', '\'']);
        let value = rest.strip_prefix(':')?.trim_start_matches([' ', '"', '\'', '\\']);
        let end = value.find(['\'', '"', ',', '\n', ' ', '}', '\\']).unwrap_or(value.len());
        let value = &value[..end];
        (!value.is_empty()
            && value.len() <= 255
            && !matches!(value, "undefined" | "null" | "{" | "["))
        .then(|| value.to_owned())
    })
}

/// `getaddrinfo ENOTFOUND name`, older ones with the port.
fn looked_up(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("getaddrinfo ")?;
    let mut words = rest.split([' ', '\n', '\r']);
    let name = words.nth(1)?.trim_matches([',', ']', ')', '"', '\'', ';', '}']);
    let name = scan::without_port(name);
    (!name.is_empty()).then(|| name.to_owned())
}

/// node-fetch: `request to https://name/path failed`, `network timeout at: https://name/path`.
fn url_host(text: &str) -> Option<String> {
    let (_, rest) = text
        .split_once("request to ")
        .filter(|(_, rest)| rest.contains(" failed, reason:"))
        .or_else(|| text.split_once("network timeout at: "))?;
    let (_, rest) = rest.split_once("://").filter(|(scheme, _)| scheme.len() <= 5)?;
    let end = rest.find(['/', '?', ' ', '\n', '"']).unwrap_or(rest.len());
    let authority = &rest[..end];
    // What stands before an `@` is a user's credentials.
    let host = authority.rsplit('@').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}

/// `timeout: 10000ms` and `timeout of 10000ms exceeded`.
fn timer(text: &str) -> Option<Micros> {
    ["timeout: ", "timeout of "].iter().find_map(|words| {
        let (_, rest) = text.split_once(words)?;
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        rest[end..].starts_with("ms").then(|| scan::millis(&rest[..end])).flatten()
    })
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(inside, _)| inside)
}

fn is_target(text: &str) -> bool {
    text.starts_with('/')
        || text.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && scan::digits(port.as_bytes()).is_some() && !host.contains(' ')
        })
}

fn is_host(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_in_the_applications_own_words() {
        let of = |message| {
            let details = of_url(message);
            (details.target, details.host)
        };
        let (text, none) = (|text: &str| Some(text.to_owned()), || None::<String>);
        assert_eq!(of("GET http://203.0.113.10:443/a failed"), (text("203.0.113.10:443"), none()));
        assert_eq!(
            of("POST https://user:secret@api.example.com/v1: no answer"),
            (none(), text("api.example.com"))
        );
        assert_eq!(
            of("https://api.example.com:8443 failed"),
            (text("api.example.com:8443"), text("api.example.com"))
        );
        assert_eq!(of("see file:///etc/hosts"), (none(), none()));
        assert_eq!(of("prices are gone"), (none(), none()));
    }

    #[test]
    fn targets_in_all_spellings() {
        for (text, target) in [
            ("(attempted address: 203.0.113.10:443, timeout: 10000ms)", "203.0.113.10:443"),
            (
                "(attempted addresses: 203.0.113.10:443, 203.0.113.11:443, timeout: 1ms)",
                "203.0.113.11:443",
            ),
            ("connect ECONNREFUSED 203.0.113.7:5432\n at", "203.0.113.7:5432"),
            ("connect ECONNREFUSED ::1:3344", "::1:3344"),
            ("address: '2001:db8::1',\n port: 443\n}", "[2001:db8::1]:443"),
            (
                "localAddress: '10.0.0.1', remoteAddress: '203.0.113.7', remotePort: 443",
                "203.0.113.7:443",
            ),
            ("connect ENOENT /run/app.sock", "/run/app.sock"),
        ] {
            assert_eq!(read(text).target.as_deref(), Some(target), "{text}");
        }
        assert_eq!(read("connect ECONNREFUSED somewhere").target, None);
    }

    #[test]
    fn hosts_and_timers() {
        assert_eq!(
            read("getaddrinfo ENOTFOUND db.example.com\n").host.as_deref(),
            Some("db.example.com")
        );
        assert_eq!(
            read("attempted address: api.example.com:443, timeout: 250ms").host.as_deref(),
            Some("api.example.com")
        );
        assert_eq!(read("timeout of 1500ms exceeded").timer, Some(Micros(1_500_000)));
        assert_eq!(
            read("request to https://u:p@api.example.com/x failed, reason: y").host.as_deref(),
            Some("api.example.com")
        );
    }
}
