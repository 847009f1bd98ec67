//! Times, sizes and addresses as Caddy writes them, as settings with their places.
//!
//! <https://caddyserver.com/docs/conventions>.

use model::config::{Key, Notation, Setting, Span, Value};

use super::lex::{Word, is_variable};
use crate::programs::duration;

/// Ports taken of one range.
const MOST_PORTS: u16 = 32;

/// A time as a setting. 0 is what nobody wrote: the default holds.
pub(super) fn time_setting(key: Key, name: &'static str, word: &Word) -> Option<Setting> {
    let Some(value) = duration(&word.text) else {
        return Some(Setting::written(key, Value::Unknown(word.text.clone()), name, word.at));
    };
    let setting = Setting::written(key, Value::Time(value), name, word.at);
    let notation = match word.text.ends_with("ms") {
        true => Notation::MillisecondsUnit,
        false => Notation::SecondsUnit,
    };
    let setting = if word.plain { setting.as_written_in(notation) } else { setting };
    (value.0 != 0).then_some(setting)
}

/// A number as a setting; 0 is what nobody wrote.
pub(super) fn count_setting(key: Key, name: &'static str, word: &Word) -> Option<Setting> {
    let setting = |value| Setting::written(key, value, name, word.at);
    match word.text.parse::<u64>() {
        Ok(0) => None,
        Ok(n) if word.plain => Some(setting(Value::Count(n)).as_written_in(Notation::Count)),
        Ok(n) => Some(setting(Value::Count(n))),
        Err(_) => Some(setting(Value::Unknown(word.text.clone()))),
    }
}

/// A size as a setting; 0 is what nobody wrote.
pub(super) fn size_setting(key: Key, name: &'static str, word: &Word) -> Option<Setting> {
    let value = match size(&word.text) {
        Some(0) => return None,
        Some(bytes) => Value::Bytes(bytes),
        None => Value::Unknown(word.text.clone()),
    };
    Some(Setting::written(key, value, name, word.at))
}

/// A word as a setting; one with a placeholder is not knowable.
pub(super) fn text_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    let value = match is_variable(text) {
        true => Value::Unknown(text.to_owned()),
        false => Value::Text(text.to_owned()),
    };
    Setting::written(key, value, name, at)
}

/// A size: `1024`, `10MB` (of 1000), `10MiB` (of 1024).
/// <https://pkg.go.dev/github.com/dustin/go-humanize#ParseBytes>
pub(super) fn size(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let unit = text[end..].trim().to_ascii_lowercase();
    let (letter, base) = match unit.strip_suffix("ib").or(unit.strip_suffix('i')) {
        Some(letter) => (letter, 1024.0_f64),
        None => (unit.strip_suffix('b').unwrap_or(&unit), 1000.0),
    };
    let power = match letter {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    let bytes = number * base.powi(power);
    (0.0..9e15).contains(&bytes).then_some(bytes as u64)
}

/// Where requests are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upstream {
    /// The scheme, such as `https` or `h2c`; empty if none is written.
    pub(super) scheme: String,
    /// A name or an address; of a socket of the file system its path.
    pub(super) host: String,
    /// The port; 0 for a socket, and where only the environment knows it.
    pub(super) port: u16,
    /// True for a socket of the file system.
    pub(super) is_socket: bool,
}

/// The addresses of a word: several only if it has a range of ports.
pub(super) fn upstreams(text: &str) -> Vec<Upstream> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let scheme = scheme.to_ascii_lowercase();
    let of = |host: &str, port, is_socket| Upstream {
        scheme: scheme.clone(),
        host: host.to_owned(),
        port,
        is_socket,
    };
    for network in ["unix/", "unix+h2c/"] {
        if let Some(path) = rest.strip_prefix(network) {
            return vec![of(path, 0, true)];
        }
    }
    let rest = ["tcp/", "tcp4/", "tcp6/"].into_iter().find_map(|n| rest.strip_prefix(n));
    let rest = rest.unwrap_or(text.split_once("://").map_or(text, |(_, rest)| rest));
    let rest = if is_variable(rest) { rest } else { rest.split('/').next().unwrap_or(rest) };
    let usual = if scheme == "https" { 443 } else { 80 };
    // The colons of a placeholder part nothing: `{$HOST}:{$PORT}`.
    let cut = rest.rfind(':').filter(|at| !rest[*at..].contains(['}', ']']) || rest.ends_with('}'));
    let cut = cut.filter(|at| rest[..*at].matches('{').count() == rest[..*at].matches('}').count());
    let Some((host, ports)) = cut.map(|at| (&rest[..at], &rest[at + 1..])) else {
        return vec![of(bare(rest), if is_variable(rest) { 0 } else { usual }, false)];
    };
    let host = if host.is_empty() { "localhost" } else { bare(host) };
    if host.contains(':') && !rest.starts_with('[') {
        return vec![of(rest, usual, false)];
    }
    let range = ports
        .split_once('-')
        .and_then(|(from, to)| Some((from.parse::<u16>().ok()?, to.parse::<u16>().ok()?)));
    match range {
        Some((from, to)) => (from..=to.min(from.saturating_add(MOST_PORTS - 1)))
            .map(|port| of(host, port, false))
            .collect(),
        None => vec![of(host, ports.parse().unwrap_or(0), false)],
    }
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// An address of a site: `https://shop.example:8443/path`, `:8080`, `shop.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `http`, `https`, or empty.
    pub(super) scheme: String,
    /// The name it answers for; empty for any.
    pub(super) host: String,
    /// The port; empty if none is written.
    pub(super) port: String,
}

/// The address of a site.
pub(super) fn address(text: &str) -> Address {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let rest = if is_variable(rest) { rest } else { rest.split('/').next().unwrap_or(rest) };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains([']', '}']) => (host, port),
        _ => (rest, ""),
    };
    Address {
        scheme: scheme.to_ascii_lowercase(),
        host: bare(host).to_ascii_lowercase(),
        port: port.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("10MB"), Some(10_000_000));
        assert_eq!(size("10MiB"), Some(10 << 20));
        assert_eq!(size("1.5k"), Some(1_500));
        assert_eq!(size("512"), Some(512));
        assert_eq!(size("x"), None);
    }

    #[test]
    fn addresses_of_upstreams() {
        let shown = |text: &str| {
            let all = upstreams(text);
            let one = |u: &Upstream| format!("{} {} {} {}", u.scheme, u.host, u.port, u.is_socket);
            all.iter().map(one).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(shown("app:3000"), " app 3000 false");
        assert_eq!(shown("app"), " app 80 false");
        assert_eq!(shown(":3000"), " localhost 3000 false");
        assert_eq!(shown("https://api.example"), "https api.example 443 false");
        assert_eq!(shown("h2c://[::1]:50051"), "h2c ::1 50051 false");
        assert_eq!(shown("unix//run/app.sock"), " /run/app.sock 0 true");
        assert_eq!(shown("app:8001-8003").matches(';').count(), 2);
        assert_eq!(shown("{$HOST}:{$PORT}"), " {$HOST} 0 false");
        assert_eq!(shown("{$UPSTREAM}"), " {$UPSTREAM} 0 false");
        assert_eq!(shown("{$HOST}:80"), " {$HOST} 80 false");
        assert_eq!(shown("{http.vars.x:y}"), " {http.vars.x:y} 0 false");
    }

    #[test]
    fn addresses_of_sites() {
        let shown = |text: &str| {
            let Address { scheme, host, port } = address(text);
            format!("{scheme} {host} {port}")
        };
        assert_eq!(shown("Shop.example"), " shop.example ");
        assert_eq!(shown("http://shop.example:8080/x"), "http shop.example 8080");
        assert_eq!(shown(":443"), "  443");
        assert_eq!(shown("{$DOMAIN}:8443"), " {$domain} 8443");
        assert_eq!(shown("[::1]:80"), " ::1 80");
    }
}
