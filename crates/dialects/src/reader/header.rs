//! Lines that name the columns of the lines below them.

use super::csv;

/// Lines at the head of a source among which a header is looked for: some tools print a few words
/// of their own first.
const LINES: usize = 20;

/// Names of the columns, if a line at the head names them.
pub(super) fn columns(head: &[u8]) -> Vec<String> {
    head.split(|b| *b == b'\n')
        .take(LINES)
        .map(String::from_utf8_lossy)
        .find_map(|line| names(line.trim_start_matches('\u{feff}').trim_end()))
        .unwrap_or_default()
}

/// Names of the columns of a CSV export, if a line at the head names them.
pub(super) fn csv_columns(head: &[u8]) -> Vec<String> {
    head.split(|b| *b == b'\n')
        .take(LINES)
        .map(String::from_utf8_lossy)
        .find_map(|line| csv::header(line.trim_start_matches('\u{feff}')))
        .unwrap_or_default()
}

/// The names a line lists: `#Fields:` of the W3C extended log format, or the first line of a VPC
/// flow log.
pub(crate) fn names(line: &str) -> Option<Vec<String>> {
    if let Some(list) = line.strip_prefix("#Fields:") {
        let names: Vec<String> = list.split_ascii_whitespace().map(str::to_owned).collect();
        return (!names.is_empty()).then_some(names);
    }
    let is_name = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    // Cheap first: most lines are refused at their first word.
    if !line.split_ascii_whitespace().all(|name| is_name(&name)) {
        return None;
    }
    let names: Vec<&str> = line.split_ascii_whitespace().collect();
    let flow = ["srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "log-status", "log_status"];
    let known = names.iter().filter(|name| flow.contains(name)).count();
    (names.len() >= 3 && known >= 2).then(|| names.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        assert_eq!(
            columns(b"#Version: 1.0\n#Fields: date time cs(Host)\nx"),
            ["date", "time", "cs(Host)"]
        );
        assert_eq!(columns(b"srcaddr dstaddr action\n1 2 3")[2], "action");
        assert!(columns(b"the srcaddr and the dstaddr\n").len() != 2);
        assert!(columns(b"GET / HTTP/1.1\n#Fields:\n").is_empty());
    }
}
