//! The certificate that a transcript of curl shows, where curl says that it has run out.
//!
//! Source: curl `lib/vtls/openssl.c`, `lib/vtls/vtls_x509.c` (messages of the verbose mode).

use model::{Occurrence, OccurrenceKind, Timestamp};

use crate::scan;

/// A certificate that had run out when it was looked at, where the transcript shows when: a
/// handshake that curl broke off for it is a failed request, and has no such date.
pub(super) fn problem(record: &str) -> Option<Box<Occurrence<'_>>> {
    const SAYS: [&str; 2] = [
        "SSL certificate problem: certificate has expired",
        "certificate verify result: certificate has expired",
    ];
    let date =
        after(record, "expire date: ").filter(|_| SAYS.iter().any(|s| record.contains(s)))?;
    let host = after(record, "Connected to ").and_then(|rest| rest.split(' ').next());
    let name = host.or_else(|| after(record, "subject: CN=")).unwrap_or("unnamed");
    let at = gmt(date)?;
    let occurrence = Occurrence::new(OccurrenceKind::CertificateProblem, Some(at), name.trim());
    Some(Box::new(occurrence.detail(format!("certificate has expired: {}", date.trim()))))
}

/// The rest of the line behind some words.
fn after<'a>(record: &'a str, words: &str) -> Option<&'a str> {
    let (_, rest) = record.split_once(words)?;
    rest.lines().next()
}

/// `Nov 17 15:10:00 2026 GMT`, as OpenSSL prints dates.
fn gmt(text: &str) -> Option<Timestamp> {
    let mut words = text.split_ascii_whitespace();
    let month = scan::month(words.next()?.as_bytes())?;
    let (day, clock, year) = (words.next()?, words.next()?, words.next()?);
    let day: u32 = day.parse().ok()?;
    (words.next() == Some("GMT")).then_some(())?;
    scan::iso(format!("{year}-{month:02}-{day:02}T{clock}Z").as_bytes(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let at = gmt("Nov 17 15:10:00 2026 GMT").unwrap();
        assert_eq!(at.to_string(), "2026-11-17T15:10:00Z");
        assert!(gmt("Nov  7 05:10:00 2026 GMT").is_some());
        for bad in
            ["", "Nov", "Nov 17 15:10:00 2026", "17 Nov 15:10:00 2026 GMT", "Nov 17 x 2026 GMT"]
        {
            assert_eq!(gmt(bad), None, "{bad}");
        }
    }
}
