//! The first line of an error, `Class [CODE]: message`, and what its message states.

use memchr::memmem;
use model::Mechanism;

use super::codes;

/// An error's first line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'t> {
    /// Byte at which the class begins.
    pub(super) start: usize,
    /// Name of the class: `TypeError`, `AxiosError`, `Error`.
    pub(super) class: &'t str,
    /// The code in brackets after the class.
    pub(super) bracket: Option<&'t str>,
    /// What follows the colon, to the end of the line.
    pub(super) message: &'t str,
}

/// What a head states about a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// That fetch failed; the cause says why.
    FetchFailed,
    /// That the body of a response ended early; the cause says why.
    Terminated,
    /// The mechanism.
    Mechanism(Mechanism),
    /// The status of an answer that the client library treats as an error.
    Status(u16),
}

/// Every error head of a text, in order.
pub(super) fn heads(text: &str) -> impl Iterator<Item = Head<'_>> {
    memmem::find_iter(text.as_bytes(), b"rror").filter_map(|at| head(text, at))
}

fn head(text: &str, at: usize) -> Option<Head<'_>> {
    let bytes = text.as_bytes();
    let end = at + 4;
    let mut start = at;
    while start > 0
        && (bytes[start - 1].is_ascii_alphanumeric() || matches!(bytes[start - 1], b'_' | b'$'))
    {
        start -= 1;
    }
    let class = &text[start..end];
    if !class.ends_with("Error") && class != "error" {
        return None;
    }
    let line_start = memchr::memrchr(b'\n', &bytes[..start]).map_or(0, |at| at + 1);
    if !introduces(&text[line_start..start]) {
        return None;
    }
    let rest = &text[end..];
    let line = rest.lines().next().unwrap_or("");
    // `DOMException [TimeoutError]: message`: the name of an error whose class is another.
    let line = line.strip_prefix(']').filter(|_| text[..start].ends_with(" [")).unwrap_or(line);
    let (bracket, line) = match line.strip_prefix(" [").and_then(|l| l.split_once(']')) {
        Some((code, line)) => (Some(code), line),
        None => (None, line),
    };
    let message = line.strip_prefix(':')?;
    if !message.is_empty() && !message.starts_with(' ') {
        return None;
    }
    Some(Head { start, class, bracket, message: message.trim() })
}

/// Whether a head may stand after this beginning of a line. Quoted, commented and thrown errors
/// are source code or prose about an error, not an error.
fn introduces(before: &str) -> bool {
    let last = before.chars().next_back();
    if !last.is_none_or(|c| c.is_whitespace() || matches!(c, '[' | '(' | '{')) {
        return false;
    }
    let trimmed = before.trim_start();
    let comment = ["//", "/*", "*", "#", "> ", "<", "+ ", "- ", "<!--"];
    let code = ["new ", "throw ", "catch ", "instanceof "];
    !comment.iter().any(|mark| trimmed.starts_with(mark))
        && !code.iter().any(|word| before.ends_with(word))
        && !before.contains('`')
}

impl Head<'_> {
    /// What the head states, if it is about a call that failed on the network.
    pub(super) fn says(&self) -> Option<Says> {
        if let Some(code) = self.bracket
            && let Some(mechanism) = codes::mechanism(code, self.message)
        {
            return Some(Says::Mechanism(mechanism));
        }
        message_says(self.class, self.message)
    }
}

/// What a message states, whatever printed it. node-fetch and others put the reason into a
/// sentence of their own, which states a failed call even where the reason is missing.
pub(super) fn message_says(class: &str, message: &str) -> Option<Says> {
    let message = message.trim();
    if message.starts_with("request to ")
        && let Some((_, reason)) = message.split_once(" failed, reason:")
    {
        return plain_message_says("Error", reason.trim()).or(Some(Says::FetchFailed));
    }
    let message = message.strip_prefix("Client request error: ").unwrap_or(message);
    plain_message_says(class, message)
}

fn plain_message_says(class: &str, message: &str) -> Option<Says> {
    use Mechanism as M;
    let is = |words: &str| message.strip_prefix(words).is_some_and(ends);
    let mechanism = if is("fetch failed") {
        return Some(Says::FetchFailed);
    } else if is("terminated") && class == "TypeError" {
        return Some(Says::Terminated);
    } else if message.starts_with("Connect Timeout Error") {
        M::ConnectTimeout
    } else if is("Headers Timeout Error") {
        M::ResponseTimeout
    } else if is("Body Timeout Error") {
        M::ResponseStalled
    } else if is("Headers Overflow Error") {
        M::ResponseHeaderTooLarge
    } else if is("Response body length does not match content-length header") {
        M::ResponseTruncated
    } else if is("socket hang up") || is("other side closed") {
        M::ClosedBeforeResponse
    } else if class == "SocketError" && is("closed") {
        M::EndedBeforeResponse
    } else if message.starts_with("Client network socket disconnected before secure TLS") {
        M::TlsHandshakeFailed
    } else if is("Parse Error: Header overflow") {
        M::ResponseHeaderTooLarge
    } else if message.starts_with("Parse Error: ") {
        M::ResponseMalformed
    } else if message.starts_with("Hostname/IP does not match certificate's altnames") {
        M::TlsNameMismatch
    } else if ["certificate has expired", "unable to verify the first certificate"]
        .iter()
        .chain(&["self-signed certificate", "self signed certificate"])
        .chain(&["unable to get local issuer certificate", "unable to get issuer certificate"])
        .any(|words| message.strip_prefix(words).is_some_and(certificate_ends))
    {
        M::TlsCertificateInvalid
    } else if is("Connection terminated unexpectedly") {
        M::EndedBeforeResponse
    } else if is("Connection terminated due to connection timeout") {
        M::ConnectTimeout
    } else if message.starts_with("network timeout at: ")
        || is("The operation was aborted due to timeout")
    {
        M::ResponseTimeout
    } else if let Some(rest) = message.strip_prefix("timeout of ") {
        rest.split_once("ms exceeded").filter(|(ms, _)| ms.bytes().all(|b| b.is_ascii_digit()))?;
        M::ResponseTimeout
    } else if let Some(rest) = message.strip_prefix("Request failed with status code ") {
        let status: u16 = rest.get(..3)?.parse().ok()?;
        return (500..600).contains(&status).then_some(Says::Status(status));
    } else {
        return system_call(message);
    };
    Some(Says::Mechanism(mechanism))
}

/// `connect ECONNREFUSED 203.0.113.7:5432`, `read ECONNRESET`, `getaddrinfo ENOTFOUND name`.
fn system_call(message: &str) -> Option<Says> {
    let (call, rest) = message.split_once(' ')?;
    let known = matches!(call, "connect" | "read" | "write" | "getaddrinfo" | "bind" | "shutdown")
        || call.starts_with("query");
    if !known {
        return None;
    }
    let (code, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let code = code.trim_end_matches([',', ']', ')', ';']);
    let mechanism = codes::mechanism(code, message)?;
    // OpenSSL puts its whole error stack behind the code.
    let rest = if code == "EPROTO" { "" } else { rest };
    let (address, tail) = rest.split_once(' ').unwrap_or((rest, ""));
    let _ = address;
    let tail = tail.trim_start();
    (tail.is_empty() || tail.starts_with("- Local (") || ends(tail))
        .then_some(Says::Mechanism(mechanism))
}

/// Whether what follows a message shows that it ended there: prose would go on with words.
fn ends(rest: &str) -> bool {
    let rest = rest.trim_start();
    // After a comma a field follows, or the sentence of somebody who writes about it.
    if let Some(after) = rest.strip_prefix(',') {
        let after = after.trim_start();
        let word = after.split_ascii_whitespace().next().unwrap_or("");
        return !word.bytes().all(|b| b.is_ascii_alphabetic()) || word.is_empty();
    }
    rest.is_empty()
        || rest.starts_with(['{', '}', '(', ')', '[', ']', ';', '"', '\'', '|', '\\'])
        || rest.starts_with("...")
        || rest.starts_with("cause")
        || rest.starts_with("at ")
        || rest.starts_with(". ")
        || rest.starts_with("code=")
        || rest == "."
}

fn certificate_ends(rest: &str) -> bool {
    ends(rest) || rest.starts_with(" in certificate chain") || rest.starts_with("; if the root CA")
}

/// Whether a text begins an error of its own, as opposed to continuing one printed above it.
pub(crate) fn opens_stack(text: &str) -> bool {
    let first = text.trim_start_matches(['\n', '\r']).lines().next().unwrap_or("");
    if first.trim().is_empty() || first.starts_with([' ', '\t']) || first.starts_with("Caused by") {
        return false;
    }
    if is_unhandled(first) {
        return true;
    }
    if first.starts_with("Traceback (most recent call last)") {
        // Alone in its entry, it is followed by entries of which the last one names the error.
        return text.trim_end().contains('\n');
    }
    let (_, message) = super::stamp::leading(first, 0);
    if heads(message).next().is_some_and(|head| head.start == 0) {
        return true;
    }
    let name = message.split([':', ' ']).next().unwrap_or("");
    let class = name.rsplit('.').next().unwrap_or(name);
    (class.ends_with("Exception") || class.ends_with("Error"))
        && class.len() > 5
        && class.starts_with(|c: char| c.is_ascii_uppercase())
        && class.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a text says that nothing caught the error.
pub(crate) fn is_unhandled(text: &str) -> bool {
    text.starts_with("panic: ")
        || text.starts_with("fatal error: ")
        || text.starts_with("Uncaught ")
        || text.starts_with("Exception in thread ")
        || text.contains("UnhandledPromiseRejection")
        || text.starts_with("Unhandled Rejection")
        || text.starts_with("unhandledRejection")
        || text.starts_with("Unhandled exception")
}

/// The first line of a text, short enough for a report.
pub(crate) fn short(text: &str) -> String {
    const LONGEST: usize = 160;
    let line = text.trim_start().lines().next().unwrap_or("").trim_end();
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let mut cut: String = line.chars().take(LONGEST - 1).collect();
    cut.push('…');
    cut
}
