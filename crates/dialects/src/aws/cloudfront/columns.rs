//! Names and orders of the fields. Which fields a log has, and in what order, is its owner's choice
//! except in the legacy standard log, whose list has only ever grown (24, 26, 33 fields).

/// The fields that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `date`, with `time` the end of the response, to the second.
    Date,
    /// `time`.
    Time,
    /// `timestamp`, seconds since 1970, or `timestamp(ms)`, milliseconds: the same moment.
    Stamp,
    /// `x-edge-location`: airport code and number.
    Location,
    /// `c-ip`.
    Client,
    /// `cs-method`.
    Method,
    /// `cs(Host)`, in real-time logs `cs-host`: the distribution's own domain name.
    Domain,
    /// `DistributionId`.
    Distribution,
    /// `x-host-header`: what the viewer asked for.
    Host,
    /// `cs-uri-stem`.
    Path,
    /// `sc-status`.
    Status,
    /// `x-edge-result-type`.
    Result,
    /// `x-edge-response-result-type`.
    ResponseResult,
    /// `x-edge-detailed-result-type`.
    Detailed,
    /// `x-edge-request-id`.
    RequestId,
    /// `time-taken`, seconds.
    Taken,
    /// `origin-fbl`, seconds until the origin's first byte.
    OriginFirstByte,
    /// One that is not read.
    Other,
}

/// Number of fields that are read.
pub(super) const READ: usize = Field::Other as usize;

/// Columns beyond this many are not looked at.
pub(super) const MOST: usize = 128;

/// The field of a name.
pub(super) const fn field(name: &[u8]) -> Field {
    match name {
        b"date" => Field::Date,
        b"time" => Field::Time,
        b"timestamp" | b"timestamp(ms)" => Field::Stamp,
        b"x-edge-location" => Field::Location,
        b"c-ip" => Field::Client,
        b"cs-method" => Field::Method,
        b"cs(Host)" | b"cs-host" => Field::Domain,
        b"DistributionId" | b"distributionid" => Field::Distribution,
        b"x-host-header" => Field::Host,
        b"cs-uri-stem" => Field::Path,
        b"sc-status" => Field::Status,
        b"x-edge-result-type" => Field::Result,
        b"x-edge-response-result-type" => Field::ResponseResult,
        b"x-edge-detailed-result-type" => Field::Detailed,
        b"x-edge-request-id" => Field::RequestId,
        b"time-taken" => Field::Taken,
        b"origin-fbl" => Field::OriginFirstByte,
        _ => Field::Other,
    }
}

/// Whether a header names CloudFront's columns. Other products write the same W3C form (IIS), but
/// not with these names.
pub(super) fn are_ours(names: &[String]) -> bool {
    let has = |wanted: fn(&str) -> bool| names.iter().take(MOST).any(|name| wanted(name));
    has(|name| name == "sc-status")
        && has(|name| name.starts_with("x-edge-") || matches!(name, "x-host-header" | "cs(Host)"))
}

/// The legacy standard log.
pub(super) static STANDARD: [Field; 33] = order(
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) \
    cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) \
    x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken \
    x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version \
    fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type \
    sc-content-type sc-content-len sc-range-start sc-range-end",
);

/// The real-time log with all fields, in the order in which the developer guide lists them and
/// CloudFront writes them.
pub(super) static REAL_TIME: [Field; 42] = order(
    "timestamp c-ip time-to-first-byte sc-status sc-bytes cs-method \
    cs-protocol cs-host cs-uri-stem cs-bytes x-edge-location x-edge-request-id x-host-header \
    time-taken cs-protocol-version c-ip-version cs-user-agent cs-referer cs-cookie \
    cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher \
    x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len \
    sc-range-start sc-range-end c-port x-edge-detailed-result-type c-country \
    cs-accept-encoding cs-accept cache-behavior-path-pattern cs-headers cs-header-names \
    cs-headers-count origin-fbl origin-lbl",
);

/// The fields of `N` names that are separated by single spaces.
const fn order<const N: usize>(names: &str) -> [Field; N] {
    let mut rest = names.as_bytes();
    let mut fields = [Field::Other; N];
    let mut at = 0;
    while at < N {
        let mut end = 0;
        while end < rest.len() && rest[end] != b' ' {
            end += 1;
        }
        let (name, after) = rest.split_at(end);
        assert!(!name.is_empty(), "fewer names than fields");
        fields[at] = field(name);
        rest = if let [_, after @ ..] = after { after } else { after };
        at += 1;
    }
    assert!(rest.is_empty(), "more names than fields");
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_where_the_developer_guide_puts_them() {
        let places = |order: &[Field]| {
            [Field::Status, Field::Host, Field::Taken, Field::Detailed]
                .map(|field| order.iter().position(|other| *other == field).map(|at| at + 1))
        };
        assert_eq!(places(&STANDARD), [9, 16, 19, 29].map(Some));
        assert_eq!(places(&REAL_TIME), [4, 13, 14, 33].map(Some));
        assert_eq!(STANDARD.iter().filter(|field| **field != Field::Other).count(), 14);
        assert_eq!(REAL_TIME.iter().filter(|field| **field != Field::Other).count(), 14);
    }

    #[test]
    fn other_products_headers_are_not_ours() {
        let ours = |names: &str| are_ours(&names.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(ours(
            "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status"
        ));
        assert!(ours("date time sc-status cs(Host)"));
        assert!(!ours(
            "date time s-ip cs-method cs-uri-stem cs-host cs(User-Agent) sc-status time-taken"
        ));
        assert!(!ours("x-edge-location c-ip"));
        assert!(!ours(""));
    }
}
