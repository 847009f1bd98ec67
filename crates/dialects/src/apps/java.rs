//! What programs on the Java virtual machine print: calls outward that failed, pools that were
//! empty, the application server's own start and end.
//!
//! Sources: OpenJDK `java.net`, `javax.net.ssl`, `jdk.internal.net.http`; Apache HttpClient, OkHttp,
//! Netty, Spring Framework and Spring Boot, HikariCP, pgjdbc, Connector/J.

use model::{Failure, Mechanism as M, Occurrence, OccurrenceKind};

use super::call::{self, Call};
use super::heads::{Head, heads};
use super::os_error;
use super::{Found, occurrence};
use crate::node::Origin;

/// What a text says, if it is a Java program's.
pub(super) fn read(text: &str, origin: &Origin<'_>) -> Found {
    if let Some(told) = lifecycle(text, origin) {
        return Some(told.map(occurrence).into_iter().collect());
    }
    if let Some(call) = last_packet(text) {
        return Some(vec![call.event(origin)]);
    }
    if let Some(error) = servlet(text, origin) {
        return Some(vec![occurrence(error)]);
    }
    if !text.contains("Exception") && !text.contains("Error") && !text.contains("Timeout") {
        return None;
    }
    let heads: Vec<Head<'_>> = heads(text).into_iter().filter(is_java).collect();
    if heads.is_empty() {
        return None;
    }
    // The client of an application server went away: nothing failed behind it.
    if heads.iter().any(|head| matches!(head.name(), "ClientAbortException" | "EofException")) {
        let mut call = Call::new(M::ClientClosed, heads[0].name());
        call.failure = Failure::of(M::ClientClosed);
        return Some(vec![call.event(origin)]);
    }
    // The innermost cause comes last; those around it only repeat it.
    if let Some(call) = heads.iter().rev().find_map(|head| failed(head, text)) {
        return Some(vec![call.event(origin)]);
    }
    unhandled(&heads, text, origin).map(|told| vec![occurrence(told)])
}

/// Packages begin with a small letter and have at least two parts; Python's modules are told
/// apart by the classes they end with.
fn is_java(head: &Head<'_>) -> bool {
    let roots = [
        "java",
        "javax",
        "jakarta",
        "org",
        "com",
        "io",
        "net",
        "sun",
        "feign",
        "okhttp3",
        "reactor",
        "software",
        "kotlin",
        "scala",
        "akka",
        "redis",
        "retrofit2",
        "de",
        "jdk",
    ];
    let root = head.class.split('.').next().unwrap_or("");
    let name = head.name();
    roots.contains(&root)
        && (head.class.contains("Exception") || name.ends_with("Error"))
        && !(root == "redis" && head.class.starts_with("redis.exceptions."))
}

fn failed(head: &Head<'_>, text: &str) -> Option<Call> {
    let (name, message) = (head.name(), head.message);
    let has = |words: &str| message.contains(words);
    let to = || place(message).or_else(|| place(text));
    let is = |mechanism: M| Some(Call::new(mechanism, name).to(to()));
    match name {
        _ if head.class.contains("HttpServerErrorException")
            || head.class.contains("WebClientResponseException")
            || head.class.contains("FeignException") =>
        {
            let call = Call::answered(call::server_error(message)?, name);
            Some(call.to(call::url(message).or_else(|| call::url(text))))
        }
        "UnknownHostException" => {
            let mut words = message.split([':', ' ']);
            let host = words.next().filter(|host| host.contains('.') || !host.is_empty());
            let mechanism = match os_error::mechanism(message) {
                Some(M::NameLookupFailed) => M::NameLookupFailed,
                _ => M::NameNotFound,
            };
            let mut call = Call::new(mechanism, name);
            call.host = host.map(|host| host.trim_matches('"').to_owned());
            Some(call)
        }
        "ConnectTimeoutException" | "HttpConnectTimeoutException" => {
            Some(Call::new(M::ConnectTimeout, name).to(to()).after(timer(message)))
        }
        "SocketTimeoutException" | "HttpTimeoutException" | "ReadTimeoutException" => {
            let opening = has("onnect timed out")
                || has("onnection timed out")
                || has("ailed to connect to")
                || has("onnect timeout");
            if opening {
                return Some(Call::new(M::ConnectTimeout, name).to(to()).after(timer(message)));
            }
            let call = Call::new(M::ResponseTimeout, name).to(to()).after(timer(message));
            // The JDK's and OkHttp's timers may also cover the whole call.
            let reading =
                has("Read timed out") || has("Read timeout") || name == "ReadTimeoutException";
            Some(if reading { call } else { call.any_phase() })
        }
        "NoHttpResponseException" => is(M::ClosedBeforeResponse),
        "PrematureCloseException" => match () {
            () if has("DURING response") => is(M::ResponseTruncated),
            () if has("while sending request body") => is(M::RequestSendFailed),
            () => is(M::ClosedBeforeResponse),
        },
        "ConnectionClosedException" | "TruncatedChunkException" if has("remature end of") => {
            is(M::ResponseTruncated)
        }
        "NoRouteToHostException"
            if has("annot assign requested address") || has("ddress not available") =>
        {
            is(M::NoLocalPort)
        }
        "NoRouteToHostException" => is(M::ConnectUnreachable),
        "ConnectException"
        | "AnnotatedConnectException"
        | "HttpHostConnectException"
        | "SocketException"
        | "AnnotatedSocketException"
        | "AnnotatedNoRouteToHostException"
        | "BindException"
        | "NativeIoException"
        | "IOException"
        | "StacklessConnectException" => socket(name, message).and_then(is),
        "PSQLException" if has(" refused. Check that") => is(M::ConnectRefused),
        "PSQLException" if has("The connection attempt failed") => is(M::ConnectFailed),
        "PSQLException" if has("An I/O error occurred while sending to the backend") => {
            is(M::EndedBeforeResponse)
        }
        "RedisConnectionException" | "JedisConnectionException"
            if has("nable to connect") || has("ailed to connect") || has("ailed connecting") =>
        {
            is(M::ConnectFailed)
        }
        "RedisCommandTimeoutException" => {
            is(M::ResponseTimeout).map(|call| call.after(call::span(message, &["after "])))
        }
        "StatusRuntimeException" | "StatusException"
            if message.starts_with("DEADLINE_EXCEEDED") =>
        {
            is(M::RequestDeadline).map(|call| call.after(call::span(message, &["exceeded after "])))
        }
        // The client library's own pool, not a server's.
        "ConnectionPoolTimeoutException" | "ConnectionRequestTimeoutException" => is(M::ProxyLimit),
        _ => tls(head, text).and_then(is),
    }
}

/// Connector/J's second paragraph, which stands apart from the exception's name: the connection
/// was open before, or it never came to be. A cause below it says more.
fn last_packet(text: &str) -> Option<Call> {
    let never = text.contains("The driver has not received any packets from the server");
    let before = text.contains("The last packet successfully received from the server was ");
    if !never && !before {
        return None;
    }
    let deeper = heads(text)
        .iter()
        .rev()
        .filter(|head| is_java(head) && !head.name().ends_with("CommunicationsException"))
        .find_map(|head| failed(head, text));
    let mechanism = if never { M::ConnectFailed } else { M::EndedBeforeResponse };
    let call = deeper.unwrap_or_else(|| Call::new(mechanism, "CommunicationsException"));
    Some(if never { call } else { call.reused() })
}

/// An exception that ended a request, in the words of servlet containers. The exception may follow
/// as a record of its own.
fn servlet(text: &str, origin: &Origin<'_>) -> Option<Occurrence<'static>> {
    let (_, rest) = text.split_once("Servlet.service() for servlet [")?;
    rest.contains("threw exception").then_some(())?;
    let said = match heads(text).last() {
        Some(head) => format!("{}: {}", head.class, head.message),
        None => format!("Servlet.service() for servlet [{rest}"),
    };
    let error = Occurrence::new(OccurrenceKind::ApplicationError, origin.at, origin.hop.to_owned());
    Some(error.detail(crate::node::short(said.trim_end_matches([':', ' ']))))
}

/// Errors of a socket, by their words.
fn socket(name: &str, message: &str) -> Option<M> {
    let has = |words: &str| message.contains(words);
    Some(match name {
        "BindException" if !has("annot assign requested address") => return None,
        _ if has("header parser received no bytes") => M::EndedBeforeResponse,
        _ if has("unexpected end of stream") || has("Unexpected end of file from server") => {
            M::ClosedBeforeResponse
        }
        _ if has("Premature EOF") => M::ResponseTruncated,
        // The words of a connection that was open when the peer's host went silent.
        "SocketException" | "IOException" if has("onnection timed out") => M::EndedBeforeResponse,
        _ => match os_error::mechanism(message) {
            Some(mechanism) => mechanism,
            None if matches!(
                name,
                "ConnectException" | "HttpHostConnectException" | "AnnotatedConnectException"
            ) =>
            {
                M::ConnectFailed
            }
            None => return None,
        },
    })
}

fn tls(head: &Head<'_>, text: &str) -> Option<M> {
    let message = head.message;
    let has = |words: &str| message.contains(words);
    Some(match head.name() {
        "CertificateExpiredException"
        | "CertificateNotYetValidException"
        | "SunCertPathBuilderException" => M::TlsCertificateInvalid,
        "SSLPeerUnverifiedException" => M::TlsNameMismatch,
        "CertificateException" if has("No subject alternative") || has("No name matching") => {
            M::TlsNameMismatch
        }
        "EOFException"
            if has("SSL peer shut down incorrectly") && text.contains("SSLHandshakeException") =>
        {
            M::TlsHandshakeFailed
        }
        "SSLHandshakeException"
        | "SSLException"
        | "ValidatorException"
        | "SSLProtocolException" => {
            if has("PKIX path building failed")
                || has("CertificateExpiredException")
                || has("NotAfter: ")
                || has("timestamp check failed")
            {
                M::TlsCertificateInvalid
            } else if has("PKIX path validation failed") {
                M::TlsCertificateUnverified
            } else if has("No subject alternative")
                || has("No name matching")
                || has("unrecognized_name")
                || has("doesn't match any of the subject alternative names")
            {
                M::TlsNameMismatch
            } else if has("Unsupported or unrecognized SSL message") || has("not an SSL/TLS record")
            {
                M::TlsPlaintextPeer
            } else if has("Received fatal alert: handshake_failure") {
                M::TlsHandshakeFailed
            } else if has("Received fatal alert: ") {
                M::TlsAlert
            } else if head.name() == "SSLHandshakeException" {
                M::TlsHandshakeFailed
            } else {
                return None;
            }
        }
        _ => return None,
    })
}

fn place(text: &str) -> Option<call::Place> {
    call::behind(
        text,
        &[
            "Connect to http://",
            "Connect to https://",
            "Connect to ",
            "ailed to connect to ",
            "nable to connect to ",
            "onnection refused: ",
            "onnection refused (Connection refused): ",
            "onnection timed out: ",
            "No route to host: ",
            " ms: ",
            "Connection to ",
        ],
    )
    .or_else(|| failed_to_respond(text))
    .or_else(|| port_in_words(text))
    .or_else(|| call::url(text))
}

/// OkHttp: `failed to connect to api.example.com/203.0.113.7 (port 443)`.
fn port_in_words(text: &str) -> Option<call::Place> {
    let (_, rest) = text.split_once("ailed to connect to ")?;
    let (address, rest) = rest.split_once(" (port ")?;
    let port = rest.split(')').next()?;
    call::authority(&format!("{address}:{port}"))
}

/// `api.example.com:443 failed to respond`.
fn failed_to_respond(text: &str) -> Option<call::Place> {
    let (before, _) = text.split_once(" failed to respond")?;
    call::authority(before.rsplit([' ', '\n']).next()?)
}

fn timer(message: &str) -> Option<model::Micros> {
    call::span(message, &["after ", "timeout of "])
}

/// An error that ended a request or the program, in the words of servlet containers and of the
/// virtual machine.
fn unhandled(heads: &[Head<'_>], text: &str, origin: &Origin<'_>) -> Option<Occurrence<'static>> {
    let first = heads.first()?;
    let event = |kind| Occurrence::new(kind, origin.at, origin.hop.to_owned());
    if first.class == "java.lang.OutOfMemoryError" {
        let told = event(OccurrenceKind::ResourceSaturated).object("memory");
        return Some(told.detail(crate::node::short(first.message)));
    }
    let nobody_caught =
        text.contains("Exception in thread \"") || text.contains("Unhandled exception");
    let last = heads.last().unwrap_or(first);
    nobody_caught.then(|| {
        let said = format!("{}: {}", last.class, last.message);
        event(OccurrenceKind::ApplicationError)
            .detail(crate::node::short(said.trim_end_matches([':', ' '])))
    })
}

/// Lines of Spring Boot and of the virtual machine about the program itself.
fn lifecycle(text: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    use OccurrenceKind as K;
    let line = text.trim().lines().next()?;
    let event = |kind, words: &str| {
        Some(Some(
            Occurrence::new(kind, origin.at, origin.hop.to_owned())
                .detail(crate::node::short(words)),
        ))
    };
    if text.contains("Terminating due to java.lang.OutOfMemoryError") {
        return event(K::OomKill, "Terminating due to java.lang.OutOfMemoryError");
    }
    if let Some((_, rest)) = text.split_once("Web server failed to start. Port ")
        && let Some((port, _)) = rest.split_once(" was already in use")
    {
        let failed = Occurrence::new(K::ListenFailed, origin.at, origin.hop.to_owned());
        return Some(Some(failed.object(port.to_owned()).detail("port already in use")));
    }
    // The logger's name stands before: ` o.s.b.w.embedded.tomcat.TomcatWebServer  : Tomcat started …`.
    let (_, said) = line.split_once(" : ").or_else(|| line.split_once(" - "))?;
    let said = said.trim();
    for server in [
        "Tomcat started on port",
        "Netty started on port",
        "Jetty started on port",
        "Undertow started on port",
    ] {
        let Some(rest) = said.strip_prefix(server) else { continue };
        let port: String = rest
            .chars()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect();
        let start = Occurrence::new(K::InstanceStart, origin.at, origin.hop.to_owned());
        return Some(Some(start.object(port).detail(crate::node::short(said))));
    }
    if said.starts_with("Commencing graceful shutdown. Waiting for active requests") {
        return event(K::InstanceStop, said);
    }
    if said.starts_with("Graceful shutdown complete")
        || said.starts_with("Graceful shutdown aborted")
    {
        return Some(None);
    }
    None
}
