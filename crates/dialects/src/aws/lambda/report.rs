//! What Lambda reports of one invocation, in text or as JSON.

use model::{Failure, Mechanism as M, Micros, Phase};

use crate::json::Json;
use crate::scan;

/// One invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Report<'a> {
    pub(super) id: &'a str,
    pub(super) duration: Option<Micros>,
    /// In megabytes.
    pub(super) memory: Option<u64>,
    pub(super) used: Option<u64>,
    /// `timeout`, `error`, `failure`, `success`; text has none where nothing went wrong.
    pub(super) status: Option<&'a str>,
    pub(super) error: Option<&'a str>,
}

impl<'a> Report<'a> {
    /// `REPORT RequestId: ID` and labelled values, with tabs or, in pasted text, any white space
    /// between them.
    pub(super) fn text(record: &'a str) -> Option<Report<'a>> {
        let rest = record.strip_prefix("REPORT RequestId: ")?;
        let id = rest.get(..36).filter(|id| super::is_uuid(id))?;
        let rest = rest[36..].trim_ascii_start();
        let duration = labelled(rest.strip_prefix("Duration: ")?);
        // Without these a report is cut, and what it would have said of a failure with it.
        let is_whole = rest.contains(" Memory Used: ") || rest.contains("Status: ");
        is_whole.then_some(Report {
            id,
            duration: millis(duration),
            memory: after(rest, "Memory Size: ").and_then(whole),
            used: after(rest, "Max Memory Used: ").and_then(whole),
            status: after(rest, "Status: "),
            error: after(rest, "Error Type: "),
        })
    }

    /// The `record` of a `platform.report` event.
    pub(super) fn json(record: &'a Json<'_>) -> Option<Report<'a>> {
        let text = |key| record.get(key).and_then(Json::text).map(AsRef::as_ref);
        let metrics = record.get("metrics")?;
        let number = |key| metrics.get(key).and_then(Json::integer);
        let duration = match metrics.get("durationMs")? {
            Json::Int(ms) => *ms as f64,
            Json::Float(ms) => *ms,
            _ => return None,
        };
        Some(Report {
            id: text("requestId")?,
            duration: (0.0..1e9)
                .contains(&duration)
                .then(|| Micros((duration * 1e3).round() as i64)),
            memory: number("memorySizeMB").and_then(|mb| u64::try_from(mb).ok()),
            used: number("maxMemoryUsedMB").and_then(|mb| u64::try_from(mb).ok()),
            status: text("status"),
            error: text("errorType"),
        })
    }

    /// Whether the invocation used all of its memory, as far as whole megabytes tell.
    pub(super) fn used_all(&self) -> bool {
        match (self.memory, self.used) {
            (Some(memory), Some(used)) => memory > 0 && used + 1 >= memory,
            _ => false,
        }
    }

    /// What went wrong, if the report says so.
    pub(super) fn failure(&self) -> Option<Failure> {
        match self.status? {
            "timeout" => Some(Failure::of(M::FunctionTimeout)),
            "error" | "failure" => Some(of_error_type(self.error.unwrap_or(""), self.used_all())),
            _ => None,
        }
    }

    /// What the failure is called.
    pub(super) fn token(&self) -> Option<&'a str> {
        self.error.or(self.status)
    }
}

/// What an error type states. `Runtime.ExitError` is the end of the process, for whatever reason;
/// that all memory was used says which.
pub(super) fn of_error_type(name: &str, all_memory: bool) -> Failure {
    match name {
        "Runtime.OutOfMemory" => Failure::of(M::InstanceOutOfMemory),
        "Runtime.ExitError" if all_memory => Failure::of(M::InstanceOutOfMemory),
        "Sandbox.Timedout" => Failure::of(M::FunctionTimeout),
        "Function.ResponseSizeTooLarge" => Failure::of(M::FunctionPayloadTooLarge),
        // The process never took the request.
        "Runtime.ImportModuleError"
        | "Runtime.HandlerNotFound"
        | "Runtime.InvalidEntrypoint"
        | "Runtime.UserCodeSyntaxError"
        | "Runtime.InvalidWorkingDir"
        | "Extension.Crash"
        | "Extension.InitError" => {
            Failure { phase: Some(Phase::PickTarget), ..Failure::of(M::FunctionError) }
        }
        _ => Failure::of(M::FunctionError),
    }
}

/// The value behind the first occurrence of a label.
fn after<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let at = memchr::memmem::find(text.as_bytes(), label.as_bytes())?;
    let value = labelled(&text[at + label.len()..]);
    (!value.is_empty()).then_some(value)
}

fn labelled(value: &str) -> &str {
    let end = value.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(value.len());
    value.get(..end).unwrap_or("")
}

fn whole(value: &str) -> Option<u64> {
    scan::digits(value.as_bytes()).map(u64::from)
}

/// Milliseconds with decimals.
pub(super) fn millis(value: &str) -> Option<Micros> {
    scan::seconds(value.as_bytes()).map(|Micros(us)| Micros(us / 1000))
}
