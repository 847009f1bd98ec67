//! Where a URL, a host name or a reference leads.

use crate::draft::{Name, Reach};
use crate::part::Part;

/// What an address says of whom it reaches.
pub(super) struct Endpoint {
    pub(super) to: Reach,
    /// Port; 0 if it does not say.
    pub(super) port: u16,
    /// Whether it says TLS.
    pub(super) tls: Option<bool>,
    pub(super) address: String,
}

/// Reads an address: `https://api.example.com/x`, `http://${aws_lb.front.dns_name}:8080`, or a
/// reference alone.
pub(super) fn endpoint(part: Part<'_>) -> Endpoint {
    let around = part.at.tag();
    let text = match part.text() {
        Some(text) => text.to_owned(),
        None if around.contains("${") => around.to_owned(),
        None => part.written(),
    };
    let (tls, rest) = match text.split_once("://") {
        Some(("https" | "wss", rest)) => (Some(true), rest),
        Some((_, rest)) => (Some(false), rest),
        None => (None, text.as_str()),
    };
    // The name of a resource may hold colons and slashes of its own.
    let tail = match rest.starts_with("${") {
        true => rest.split_once('}').map_or("", |(_, tail)| tail),
        false => rest,
    };
    let host_tail = tail.split(['/', '?']).next().unwrap_or(tail);
    let port = host_tail.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let port = port.unwrap_or(match tls {
        Some(true) => 443,
        Some(false) => 80,
        None => 0,
    });
    let to = if part.at.reference().is_some() || part.text().is_none_or(|t| t.starts_with("arn:")) {
        part.named().map_or(Reach::Unsaid, Reach::Name)
    } else {
        let host = rest.split(['/', '?']).next().unwrap_or(rest);
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        if host.is_empty() { Reach::Unsaid } else { Reach::Name(Name::host(host)) }
    };
    Endpoint { to, port, tls, address: text }
}
