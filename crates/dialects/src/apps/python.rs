//! What Python programs print: calls outward that failed, as requests, urllib3, httpx, aiohttp,
//! psycopg and the standard library report them.
//!
//! Sources: CPython `socket`, `ssl`, `http.client`, `urllib.request`; urllib3 `exceptions.py`,
//! requests, httpx, aiohttp `client_exceptions.py`, psycopg, PyMySQL, redis-py.

use model::{Mechanism as M, Occurrence, OccurrenceKind};

use super::call::{self, Call, Place};
use super::heads::{Head, heads};
use super::os_error;
use super::{Found, occurrence};
use crate::node::Origin;

const TRACEBACK: &str = "Traceback (most recent call last)";

/// What a text says, if it is a Python program's.
pub(super) fn read(text: &str, origin: &Origin<'_>) -> Found {
    let traceback = text.contains(TRACEBACK);
    let heads: Vec<Head<'_>> = heads(text).into_iter().filter(is_python).collect();
    let marked = ["ConnectionPool(host='", "<urlopen error ", "[Errno ", "Connect call failed ('"]
        .iter()
        .any(|mark| text.contains(mark));
    // uvicorn's own line about its own port.
    let of_server = text.contains("error while attempting to bind on address");
    if of_server || !traceback && heads.is_empty() && !marked {
        return None;
    }
    // The error that was raised last stands last; what it was raised from, before it.
    for line in text.lines().rev().take(400) {
        let raised = line.trim_end();
        let is_error = raised.starts_with(|c: char| c.is_ascii_alphabetic()) && traceback
            || !traceback && !is_code(raised);
        if is_error && let Some(call) = failed(raised, text) {
            return Some(vec![call.event(origin)]);
        }
    }
    let listen = text.contains("[Errno 98] ") || text.contains("[Errno 48] ");
    if listen && text.contains("ddress already in use") {
        let failed =
            Occurrence::new(OccurrenceKind::ListenFailed, origin.at, origin.hop.to_owned());
        return Some(vec![occurrence(failed.detail("address already in use"))]);
    }
    None
}

/// Whether a line shows an error rather than reporting it.
fn is_code(line: &str) -> bool {
    let text = line.trim_start();
    ["#", "raise ", "except ", "assert ", "import ", "from ", ">>> ", "//", "> "]
        .iter()
        .any(|mark| text.starts_with(mark))
        || text.contains("  # ")
        || text.starts_with("print(")
        || text.contains("str(e)")
        || text.contains('`')
}

/// Modules of the client libraries; their classes are written as `module.Class`.
fn is_python(head: &Head<'_>) -> bool {
    const ROOTS: [&str; 18] = [
        "requests",
        "urllib3",
        "httpx",
        "httpcore",
        "aiohttp",
        "psycopg2",
        "psycopg",
        "asyncpg",
        "pymysql",
        "MySQLdb",
        "redis",
        "socket",
        "ssl",
        "http",
        "urllib",
        "sqlalchemy",
        "botocore",
        "grpc",
    ];
    ROOTS.contains(&head.class.split('.').next().unwrap_or(""))
}

fn failed(line: &str, text: &str) -> Option<Call> {
    let has = |words: &str| line.contains(words);
    let name = class(line);
    let is =
        |mechanism: M| Some(Call::new(mechanism, name).to(place(line).or_else(|| place(text))));
    if let Some(status) = status(line) {
        return Some(Call::answered(status, name).to(call::url(line)));
    }
    if has("ConnectTimeoutError(")
        || has("(connect timeout=")
        || has("Connection timeout to host")
        || name == "ConnectTimeout"
        || has("ConnectTimeout") && has("timed out")
    {
        let timer = call::span(line, &["connect timeout=", "connect="]);
        return is(M::ConnectTimeout).map(|call| call.after(timer));
    }
    if has("Read timed out.")
        || has("Timeout on reading data from socket")
        || matches!(name, "ReadTimeout" | "ReadTimeoutError")
    {
        let timer = call::span(line, &["read timeout="]);
        return is(M::ResponseTimeout).map(|call| call.after(timer));
    }
    match name {
        "PoolTimeout" => return is(M::ProxyLimit),
        "WriteTimeout" => return is(M::RequestSendTimeout),
        _ => {}
    }
    if has("Remote end closed connection without response")
        || has("Server disconnected without sending a response")
    {
        return is(M::ClosedBeforeResponse);
    }
    if name == "ServerDisconnectedError"
        || has("erver closed the connection unexpectedly")
        || has("SSL SYSCALL error: EOF detected")
        || has("MySQL server has gone away")
        || has("Lost connection to MySQL server")
        || has("onnection was closed in the middle of operation")
    {
        return is(M::EndedBeforeResponse);
    }
    if has("IncompleteRead(")
        || has("InvalidChunkLength(")
        || has("peer closed connection without sending complete message body")
        || has("Response payload is not completed")
    {
        return is(M::ResponseTruncated);
    }
    if has("BadStatusLine(") || name == "BadStatusLine" {
        return is(M::ResponseMalformed);
    }
    if (has("SSL") || has("ertificate"))
        && let Some(mechanism) = os_error::openssl(line)
    {
        return is(mechanism);
    }
    // `Can't connect to MySQL server on '10.0.0.9' (111)`.
    if has("Can't connect to MySQL server on") {
        let number = line
            .rsplit("([Errno ")
            .next()
            .and_then(number)
            .or_else(|| line.rsplit('(').next().and_then(number));
        return is(number.map_or(M::ConnectFailed, connecting));
    }
    let numbered = ["[Errno ", "Error ", "(104, ", "[WinError "].iter().find_map(|mark| {
        let (_, rest) = line.split_once(mark)?;
        if *mark == "(104, " { Some(104) } else { number(rest) }
    });
    let words = os_error::mechanism(line);
    let is_socket = numbered.is_some()
        || has("Connect call failed (")
        || has("onnection to server at ")
        || has("could not connect to server")
        || has("Failed to resolve '")
        || has("<urlopen error ")
        || line.starts_with("ConnectionRefusedError")
        || line.starts_with("ConnectionResetError");
    if !is_socket {
        return None;
    }
    // A server's own client that goes away breaks a pipe just as a peer does.
    if words == Some(M::RequestSendFailed) && !has("Connection aborted") {
        return None;
    }
    match (words, numbered) {
        (Some(mechanism), _) => is(mechanism),
        (None, Some(number)) if has("Connect call failed (") => is(connecting(number)),
        (None, None) if has("Connect call failed (") => is(M::ConnectFailed),
        _ => None,
    }
}

fn connecting(number: u32) -> M {
    use crate::nginx::errno;
    errno::connect_failure(errno::of(number), false)
}

fn number(rest: &str) -> Option<u32> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The class a line begins with, without its module; `OSError` where a logger wrote the line.
fn class(line: &str) -> &str {
    let word = line.split([':', ' ', '(']).next().unwrap_or("");
    let name = word.rsplit('.').next().unwrap_or(word);
    let thrown = name.starts_with(|c: char| c.is_ascii_uppercase())
        && ["Error", "Exception", "Timeout", "Disconnected"].iter().any(|end| name.ends_with(end))
        && name.len() > 5;
    if thrown {
        return name;
    }
    // The innermost one urllib3 names.
    [
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "SSLError",
        "ProtocolError",
        "RemoteDisconnected",
    ]
    .into_iter()
    .find(|class| line.contains(class))
    .unwrap_or("OSError")
}

/// `502 Server Error: Bad Gateway for url: …`, `Server error '502 Bad Gateway' for url '…'`,
/// `HTTP Error 502: Bad Gateway`.
fn status(line: &str) -> Option<u16> {
    let of = |text: &str| call::server_error(text.get(..3)?);
    if let Some(at) = line.find(" Server Error: ")
        && line.contains(" for url: ")
    {
        return of(line.get(at.checked_sub(3)?..at)?);
    }
    line.split_once("Server error '")
        .filter(|_| line.contains("' for url '"))
        .or_else(|| line.split_once("HTTPError: HTTP Error "))
        .and_then(|(_, rest)| of(rest))
}

fn place(text: &str) -> Option<Place> {
    // `HTTPSConnectionPool(host='api.example.com', port=443)`.
    if let Some((_, rest)) = text.split_once("ConnectionPool(host='") {
        let (host, rest) = rest.split_once('\'')?;
        let (_, port) = rest.split_once("port=")?;
        let port = port.split(|c: char| !c.is_ascii_digit()).next()?;
        return call::host_and_port(host, port);
    }
    // `('10.0.0.9', 5432)`.
    if let Some((_, rest)) = text.split_once("Connect call failed ('") {
        let (host, rest) = rest.split_once("', ")?;
        return call::host_and_port(host, rest.split(|c: char| !c.is_ascii_digit()).next()?);
    }
    // `connection to server at "10.0.0.9", port 5432 failed`, with the address of a name behind it.
    if let Some((_, rest)) = text.split_once("onnection to server at \"") {
        let (name, rest) = rest.split_once('"')?;
        let (between, rest) = rest.split_once(", port ")?;
        let port = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        let address = between.trim().trim_matches(['(', ')']);
        let mut place = call::host_and_port(if address.is_empty() { name } else { address }, port)?;
        place.host = name.parse::<std::net::IpAddr>().is_err().then(|| name.to_owned());
        return Some(place);
    }
    let named = |before: &str| {
        let (_, rest) = text.split_once(before)?;
        let host = rest.split('\'').next()?.to_owned();
        let name = host.parse::<std::net::IpAddr>().is_err() && !host.contains([' ', '/']);
        name.then_some(Place { target: None, host: Some(host) })
    };
    if let Some(place) = named("Failed to resolve '").or_else(|| named("MySQL server on '")) {
        return Some(place);
    }
    // aiohttp: `Cannot connect to host api.example.com:443 ssl:default [Connect call failed …]`.
    call::behind(text, &["Cannot connect to host ", " connecting to "]).or_else(|| call::url(text))
}
