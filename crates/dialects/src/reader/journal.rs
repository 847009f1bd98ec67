//! Entries of the systemd journal in its export format (`journalctl -o export`): one field a line,
//! a blank line between entries.
//!
//! Source: <https://systemd.io/JOURNAL_EXPORT_FORMATS/>. A field with bytes that are no text is
//! written with its length and in several lines; such a field is not read.

use model::Timestamp;

use super::wrapper::Message;

/// The field that comes first.
pub(super) const FIRST: &[u8] = b"__CURSOR=";

/// Whether a line is a field: a name in capitals, and a value.
pub(super) fn is_field(line: &[u8]) -> bool {
    let end = line.iter().take(65).position(|b| *b == b'=');
    end.is_some_and(|end| {
        end > 0
            && !line.starts_with(FIRST)
            && line[..end]
                .iter()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
    })
}

/// The message of an entry, and what the entry says about it.
pub(super) fn message(record: &str) -> Option<Message> {
    if !record.as_bytes().starts_with(FIRST) {
        return None;
    }
    let field = |name: &str| {
        record
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .filter(|value| !value.is_empty())
    };
    let said = field("MESSAGE")?;
    // Two programs are known by their names, which their messages do not repeat.
    let text = match field("SYSLOG_IDENTIFIER") {
        Some("kernel") => format!("kernel: {said}"),
        Some("systemd") if field("_PID").is_none_or(|pid| pid == "1") => {
            format!("systemd[1]: {said}")
        }
        _ => said.to_owned(),
    };
    let time = field("__REALTIME_TIMESTAMP").and_then(|micros| micros.parse().ok()).map(Timestamp);
    Some(Message { text, hop: field("_HOSTNAME").map(str::to_owned), time })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry() {
        let found = message(
            "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1000000\n_HOSTNAME=web-1\nSYSLOG_IDENTIFIER=systemd\n_PID=1\nMESSAGE=Started x.",
        )
        .unwrap();
        assert_eq!(found.text, "systemd[1]: Started x.");
        assert_eq!((found.hop.as_deref(), found.time), (Some("web-1"), Some(Timestamp(1_000_000))));
        assert!(message("MESSAGE=x").is_none());
        assert!(is_field(b"_SYSTEMD_UNIT=api.service") && is_field(b"MESSAGE="));
        assert!(!is_field(b"__CURSOR=s=2") && !is_field(b"path=/x") && !is_field(b"MESSAGE"));
    }
}
