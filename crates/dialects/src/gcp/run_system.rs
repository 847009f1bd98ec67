//! Sentences of the Cloud Run platform: in the system log, and in the text of request entries.
//!
//! Source: Google Cloud documentation, "Troubleshoot Cloud Run issues" and "Cloud Run container
//! runtime contract"; wordings also seen in public incident reports.

use model::{Mechanism, OccurrenceKind};

/// What a sentence in a request entry states about the request.
pub(super) fn of_request(text: &str) -> Option<Mechanism> {
    use Mechanism as M;
    const SENTENCES: [(&str, Mechanism); 8] = [
        ("maximum request timeout", M::RequestDeadline),
        ("no available instance", M::NoInstance),
        ("malformed or connection to the instance had an error", M::InstanceConnectionError),
        ("too much memory", M::InstanceOutOfMemory),
        ("emory limit of", M::InstanceOutOfMemory),
        ("failed to start", M::InstanceStartFailed),
        ("could not start successfully", M::InstanceStartFailed),
        ("instance failed the readiness check", M::InstanceStartFailed),
    ];
    SENTENCES.iter().find(|(words, _)| text.contains(words)).map(|(_, mechanism)| *mechanism)
}

/// What a sentence of the system log states: kind, and what the object is.
pub(super) struct Stated {
    /// What happened.
    pub(super) kind: OccurrenceKind,
    /// Exit code, signal or port, if the sentence names one.
    pub(super) object: Option<String>,
}

/// What a sentence of the system log states, if it states an occurrence.
pub(super) fn of_system(text: &str) -> Option<Stated> {
    use OccurrenceKind as K;
    let stated = |kind, object| Some(Stated { kind, object });
    if text.contains("emory limit of") && text.contains("exceeded") {
        return stated(K::OomKill, None);
    }
    if text.contains("found to be using too much memory") {
        return stated(K::OomKill, None);
    }
    if text.starts_with("Starting new instance") {
        return stated(K::InstanceStart, None);
    }
    if text.starts_with("Shutting down") || text.contains("received SIGTERM") {
        return stated(K::InstanceStop, None);
    }
    if let Some(rest) = after(text, "Container called exit(") {
        return exited(digits(rest)?);
    }
    if let Some(rest) = after(text, "Uncaught signal: ") {
        return signalled(digits(rest)?);
    }
    if let Some(rest) = after(text, "terminated on signal ") {
        return signalled(digits(rest)?);
    }
    if text.contains("probe failed") {
        return probe(text);
    }
    // Requests are sent to an instance from then on; other probes go well all the time.
    if text.contains("STARTUP ") && text.contains(" probe succeeded after ") {
        return stated(K::HealthUp, None);
    }
    if never_listened(text) {
        return stated(K::ListenFailed, port(text));
    }
    None
}

/// An exit. With code 0 the process ended as it wanted to, which it does on every scale-in; 143 is
/// a SIGTERM that was not handled.
fn exited(code: &str) -> Option<Stated> {
    match code {
        "0" => None,
        "143" => Some(Stated { kind: OccurrenceKind::InstanceStop, object: None }),
        _ => {
            Some(Stated { kind: OccurrenceKind::ProcessExit, object: Some(format!("exit {code}")) })
        }
    }
}

/// A signal. An unhandled SIGTERM (15) is the platform's order to stop.
fn signalled(number: &str) -> Option<Stated> {
    match number {
        "15" => Some(Stated { kind: OccurrenceKind::InstanceStop, object: None }),
        _ => Some(Stated {
            kind: OccurrenceKind::ProcessExit,
            object: Some(format!("signal {number}")),
        }),
    }
}

/// A failed probe. A TCP probe at start states that nothing listened; a failed liveness probe
/// whose instance "has been shut down" states the end of that process.
fn probe(text: &str) -> Option<Stated> {
    use OccurrenceKind as K;
    let kind = if text.contains("STARTUP TCP probe failed") {
        K::ListenFailed
    } else if text.contains("has been shut down") {
        K::ProcessExit
    } else {
        K::HealthDown
    };
    let object = match kind {
        K::ListenFailed => port(text),
        K::ProcessExit => Some("liveness probe".to_owned()),
        _ => None,
    };
    Some(Stated { kind, object })
}

/// Whether a sentence says that the container never listened where it had to.
pub(super) fn never_listened(text: &str) -> bool {
    text.contains("failed to start and listen on the port")
        || text.contains("failed to start and then listen on the port")
        || text.contains("Failed to start and then listen on the port")
}

/// The port a sentence names: `PORT=8080`, `on port 8080`.
pub(super) fn port(text: &str) -> Option<String> {
    let rest = after(text, "PORT=").or_else(|| after(text, "on port "))?;
    digits(rest).map(str::to_owned)
}

/// The word after `Reason: `, such as `AUTOSCALING`.
pub(super) fn reason(text: &str) -> Option<&str> {
    let rest = after(text, "Reason: ")?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

fn after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    text.split_once(words).map(|(_, rest)| rest)
}

fn digits(text: &str) -> Option<&str> {
    let text = text.trim_start_matches('"');
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}
