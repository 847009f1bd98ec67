//! The fields of a flow log line, by the names of its columns.

/// The default format, version 2: Amazon VPC user guide, "Flow log records".
const DEFAULT: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// The columns that are read, in the order of [`Fields::found`].
const READ: [&str; 17] = [
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "start",
    "end",
    "action",
    "log-status",
    "tcp-flags",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "flow-direction",
    "reject-reason",
    "ecs-service-name",
    "version",
];

/// Most columns a line may have: AWS offers some 40.
const MOST: usize = 64;

/// The values of one line; `-` is no value.
pub(super) struct Fields<'a> {
    found: [Option<&'a str>; READ.len()],
}

impl<'a> Fields<'a> {
    /// The line by the given columns, or by the default format where they do not fit it.
    pub(super) fn read(line: &'a str, columns: &[String]) -> Option<Fields<'a>> {
        Self::by(line, columns).or_else(|| {
            // The version comes first.
            let line = line.starts_with("2 ").then_some(line)?;
            Self::by(line, &DEFAULT).filter(|fields| fields.get("version") == Some("2"))
        })
    }

    fn by(line: &'a str, columns: &[impl AsRef<str>]) -> Option<Fields<'a>> {
        if columns.is_empty() || columns.len() > MOST {
            return None;
        }
        let mut found = [None; READ.len()];
        let mut words = line.split(' ');
        for column in columns {
            let word = words.next().filter(|word| !word.is_empty())?;
            let place = READ.iter().position(|name| same(column.as_ref(), name));
            if let Some(slot) = place.and_then(|place| found.get_mut(place)) {
                *slot = Some(word);
            }
        }
        let fields = Fields { found };
        (words.next().is_none() && fields.is_plausible()).then_some(fields)
    }

    /// Whether the columns that have a fixed form have it.
    fn is_plausible(&self) -> bool {
        let raw = |name| READ.iter().position(|read| *read == name).and_then(|at| self.found[at]);
        let is = |name, test: fn(&str) -> bool| raw(name).is_none_or(test);
        let told = raw("action").is_some() || raw("log-status").is_some();
        let address = |word: &str| word == "-" || word.parse::<std::net::IpAddr>().is_ok();
        let addresses = ["srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"];
        let seen = addresses.iter().filter(|name| raw(name).is_some()).count();
        is("action", is_action)
            && is("log-status", is_log_status)
            && is("interface-id", is_interface)
            && seen > 0
            && addresses.iter().all(|name| is(name, address))
            && (told || seen > 1)
    }

    /// Whether what a rejected flow must have is readable.
    pub(super) fn is_told(&self) -> bool {
        let rejected = self.get("action") == Some("REJECT");
        let is_port = |name| self.get(name).is_none_or(|word| word.parse::<u16>().is_ok());
        !rejected || (is_port("srcport") && is_port("dstport"))
    }

    /// The number of a port.
    pub(super) fn port(&self, name: &str) -> Option<u16> {
        self.get(name)?.parse().ok()
    }

    /// The value of a column that is read; `None` if the format lacks it or the line has none.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let at = READ.iter().position(|read| *read == name)?;
        self.found[at].filter(|word| *word != "-")
    }
}

/// Whether a line without its line end is a flow that was let pass, looked at only as far as that
/// takes. Says no where the columns do not tell.
pub(super) fn is_accepted(line: &[u8], columns: &[String]) -> bool {
    if columns.is_empty() {
        return line.starts_with(b"2 ") && accepted_in(line, &DEFAULT);
    }
    accepted_in(line, columns)
}

fn accepted_in(line: &[u8], columns: &[impl AsRef<str>]) -> bool {
    if columns.len() > MOST {
        return false;
    }
    let mut rest = Some(line);
    let (mut accepted, mut whole) = (false, false);
    for column in columns {
        let Some(text) = rest else { return false };
        let (word, after) = match crate::scan::space(text) {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        let fits = match column.as_ref() {
            "action" => {
                accepted = true;
                word == b"ACCEPT"
            }
            "log-status" | "log_status" => {
                whole = true;
                matches!(word, b"OK" | b"SKIPDATA")
            }
            "interface-id" | "interface_id" => word.starts_with(b"eni-"),
            "srcaddr" | "dstaddr" | "pkt-srcaddr" | "pkt_srcaddr" | "pkt-dstaddr"
            | "pkt_dstaddr" => is_ipv4(word),
            _ => !word.is_empty(),
        };
        if !fits {
            return false;
        }
        rest = after;
    }
    accepted && whole && rest.is_none()
}

/// Whether the bytes are an IPv4 address as flow logs write it. Others take the long way.
fn is_ipv4(word: &[u8]) -> bool {
    if !(7..=15).contains(&word.len()) {
        return false;
    }
    let (mut dots, mut value, mut digits) = (0, 0_u16, 0);
    for byte in word {
        match byte {
            b'0'..=b'9' => {
                // Leading zeros are refused by the full parse.
                if digits == 3 || (digits > 0 && value == 0) {
                    return false;
                }
                value = value * 10 + u16::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && value < 256 => {
                dots += 1;
                value = 0;
                digits = 0;
            }
            _ => return false,
        }
    }
    dots == 3 && digits > 0 && value < 256
}

fn is_action(word: &str) -> bool {
    matches!(word, "ACCEPT" | "REJECT" | "-")
}

fn is_log_status(word: &str) -> bool {
    matches!(word, "OK" | "NODATA" | "SKIPDATA")
}

fn is_interface(word: &str) -> bool {
    word == "-" || word.starts_with("eni-")
}

/// Whether a column's name is this one: some tools write names with underscores.
fn same(column: &str, name: &str) -> bool {
    column.len() == name.len()
        && column.bytes().zip(name.bytes()).all(|(a, b)| a == b || (a == b'_' && b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_look_at_addresses_is_no_laxer_than_the_parser() {
        for word in [
            "10.0.12.5",
            "0.0.0.0",
            "255.255.255.255",
            "1.2.3",
            "1.2.3.4.",
            "256.1.1.1",
            "01.2.3.4",
            "1.2.3.04",
            "1..2.3",
            "1.2.3.1234",
            "1.2.3.a",
            ".1.2.3.4",
            "00.0.0.0",
        ] {
            let parsed = word.parse::<std::net::Ipv4Addr>().is_ok();
            assert_eq!(is_ipv4(word.as_bytes()), parsed, "{word}");
        }
    }

    #[test]
    fn columns_with_hyphens_and_underscores() {
        let columns = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let line = "10.0.1.5 10.0.2.9 ACCEPT OK";
        for names in ["srcaddr dstaddr action log-status", "srcaddr dstaddr action log_status"] {
            let columns = columns(names);
            assert!(is_accepted(line.as_bytes(), &columns), "{names}");
            assert_eq!(Fields::read(line, &columns).unwrap().get("log-status"), Some("OK"));
        }
        // One word too few and one too many.
        for line in ["10.0.1.5 10.0.2.9 ACCEPT", "10.0.1.5 10.0.2.9 ACCEPT OK -"] {
            let columns = columns("srcaddr dstaddr action log-status");
            assert!(!is_accepted(line.as_bytes(), &columns));
            assert!(Fields::read(line, &columns).is_none());
        }
    }
}
