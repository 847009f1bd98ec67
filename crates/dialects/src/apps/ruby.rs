//! What Ruby programs print: calls outward that failed, as Net::HTTP, Faraday and OpenSSL report
//! them.
//!
//! Sources: Ruby `net/protocol.rb`, `net/http.rb`, `openssl`, `Errno`; Faraday.

use model::Mechanism as M;

use super::Found;
use super::call::{self, Call, Place};
use super::heads::{Head, heads};
use super::os_error;
use crate::node::Origin;

/// What a text says, if it is a Ruby program's.
pub(super) fn read(text: &str, origin: &Origin<'_>) -> Found {
    if !text.contains("::") {
        return None;
    }
    let heads = heads(text);
    let call = heads.iter().rev().filter(|head| head.class.contains("::")).find_map(failed)?;
    Some(vec![call.event(origin)])
}

fn failed(head: &Head<'_>) -> Option<Call> {
    let message = head.message;
    let is = |mechanism: M| Some(Call::new(mechanism, head.class).to(place(message)));
    match head.class {
        "Errno::ECONNREFUSED" => is(M::ConnectRefused),
        "Errno::ETIMEDOUT" | "Net::OpenTimeout" => is(M::ConnectTimeout),
        "Errno::EHOSTUNREACH" | "Errno::ENETUNREACH" => is(M::ConnectUnreachable),
        "Errno::EADDRNOTAVAIL" => is(M::NoLocalPort),
        "Errno::ECONNRESET" => is(M::ResetBeforeResponse),
        "Errno::EMFILE" => is(M::ProxyLimit),
        "Net::ReadTimeout" => is(M::ResponseTimeout),
        "Net::WriteTimeout" => is(M::RequestSendTimeout),
        "Faraday::ConnectionFailed" | "Socket::ResolutionError" => {
            is(os_error::mechanism(message)?)
        }
        "Faraday::TimeoutError" => is(M::ResponseTimeout).map(Call::any_phase),
        "OpenSSL::SSL::SSLError" | "Faraday::SSLError" => is(os_error::openssl(message)?),
        _ => None,
    }
}

/// `Failed to open TCP connection to api.example.com:443 (…)`, `connect(2) for "10.0.0.5" port 80`,
/// `for 10.0.0.5:80`.
fn place(message: &str) -> Option<Place> {
    call::behind(message, &["TCP connection to ", "connect(2) for ", "peeraddr="]).or_else(|| {
        let (_, rest) = message.split_once(" for \"")?;
        let (host, rest) = rest.split_once("\" port ")?;
        call::host_and_port(host, rest.split(|c: char| !c.is_ascii_digit()).next()?)
    })
}
