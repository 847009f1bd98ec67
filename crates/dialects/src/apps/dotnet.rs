//! What .NET programs print: calls outward that failed, and the server's own start and end.
//!
//! Sources: dotnet/runtime `System.Net.Http`, `System.Net.Sockets`, `System.Net.Security`;
//! `Microsoft.Hosting.Lifetime`; SqlClient, Npgsql.

use model::{Mechanism as M, Occurrence, OccurrenceKind};

use super::call::{self, Call, Place};
use super::heads::{Head, heads};
use super::os_error;
use super::{Found, occurrence};
use crate::node::Origin;

/// What a text says, if it is a .NET program's.
pub(super) fn read(text: &str, origin: &Origin<'_>) -> Found {
    if let Some(told) = lifecycle(text, origin) {
        return Some(vec![occurrence(told)]);
    }
    let heads: Vec<Head<'_>> = heads(text).into_iter().filter(is_dotnet).collect();
    let first = heads.first()?;
    let call = heads.iter().rev().find_map(|head| failed(head, text));
    let mut events: Vec<_> = call.into_iter().map(|call| call.event(origin)).collect();
    // The runtime prints this last of all.
    if text.trim_start().starts_with("Unhandled exception. ") {
        let exit = Occurrence::new(OccurrenceKind::ProcessExit, origin.at, origin.hop.to_owned());
        let said = format!("uncaught {}: {}", first.class, first.message);
        events.push(occurrence(exit.detail(crate::node::short(&said))));
    }
    (!events.is_empty()).then_some(events)
}

fn is_dotnet(head: &Head<'_>) -> bool {
    const ROOTS: [&str; 9] = [
        "System",
        "Microsoft",
        "Npgsql",
        "MySqlConnector",
        "MySql",
        "StackExchange",
        "Grpc",
        "Polly",
        "Refit",
    ];
    ROOTS.contains(&head.class.split('.').next().unwrap_or(""))
        && head.name().ends_with("Exception")
}

fn failed(head: &Head<'_>, text: &str) -> Option<Call> {
    let (name, message) = (head.name(), head.message);
    let has = |words: &str| message.contains(words);
    let is = |mechanism: M| Some(Call::new(mechanism, name).to(place(text)));
    if has("The request was canceled due to the configured HttpClient.Timeout of ") {
        let timer = call::span(message, &["HttpClient.Timeout of "]);
        return is(M::ResponseTimeout).map(|call| call.any_phase().after(timer));
    }
    if let Some((_, rest)) = message.split_once("Response status code does not indicate success: ")
    {
        return Some(Call::answered(call::server_error(rest.get(..3)?)?, name).to(place(text)));
    }
    let certificate = has("The remote certificate ");
    if certificate {
        return is(match () {
            () if has("RemoteCertificateNameMismatch") => M::TlsNameMismatch,
            () if has("NotTimeValid") || has("UntrustedRoot") || has("PartialChain") => {
                M::TlsCertificateInvalid
            }
            () => M::TlsCertificateUnverified,
        });
    }
    if has("Cannot determine the frame size or a corrupted frame was received") {
        return is(M::TlsPlaintextPeer);
    }
    if has("with at least ") && has("additional bytes expected") {
        return is(M::ResponseTruncated);
    }
    if has("The response ended prematurely") || has("Exception while reading from stream") {
        return is(M::EndedBeforeResponse);
    }
    if name == "AuthenticationException" || has("The SSL connection could not be established") {
        return is(M::TlsHandshakeFailed);
    }
    if has("A network-related or instance-specific error occurred while establishing a connection")
    {
        return is(M::ConnectFailed);
    }
    if has("prior to completion of the operation or the server is not responding") {
        return is(M::ResponseTimeout).map(Call::any_phase);
    }
    if !matches!(
        name,
        "SocketException"
            | "HttpRequestException"
            | "IOException"
            | "NpgsqlException"
            | "RedisConnectionException"
    ) {
        return None;
    }
    match os_error::mechanism(message) {
        Some(M::ConnectTimeout) if name == "IOException" => is(M::EndedBeforeResponse),
        Some(mechanism) => is(mechanism),
        None if name == "NpgsqlException" && has("Failed to connect to ") => is(M::ConnectFailed),
        None => None,
    }
}

/// `Connection refused (api.example.com:443)`, `Failed to connect to 10.0.0.9:5432`.
fn place(text: &str) -> Option<Place> {
    let parenthesis = text.match_indices(" (").take(32).find_map(|(at, _)| {
        let rest = &text[at + 2..];
        let inside = rest.split(')').next()?;
        (!inside.contains(' ')).then(|| call::authority(inside)).flatten()
    });
    parenthesis
        .or_else(|| call::behind(text, &["Failed to connect to "]))
        .or_else(|| call::url(text))
}

/// Lines of the generic host, behind whatever the logger puts in front.
fn lifecycle(text: &str, origin: &Origin<'_>) -> Option<Occurrence<'static>> {
    use OccurrenceKind as K;
    // The console logger writes its category on one line and the message, indented, on the next.
    let said = text.trim_end().lines().next_back()?.trim_start();
    let hosted = text.contains("Microsoft.Hosting.Lifetime") || text.lines().count() == 1;
    let event = |kind| Occurrence::new(kind, origin.at, origin.hop.to_owned());
    if let Some((_, address)) = said.split_once("Now listening on: ")
        && address.starts_with("http")
    {
        let port = address.rsplit(':').next().unwrap_or("").trim_end_matches('/');
        let start = event(K::InstanceStart)
            .detail(crate::node::short(&said[said.len() - address.len() - 18..]));
        let numbered = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        return Some(if numbered { start.object(port.to_owned()) } else { start });
    }
    (hosted && said.ends_with("Application is shutting down..."))
        .then(|| event(K::InstanceStop).detail("Application is shutting down..."))
}
