//! The part of a record that is worth citing: its own text, one line, cut around what matters.

/// Longest text kept of a record, in bytes.
const LIMIT: usize = 400;
/// Text kept in front of the telling part of a long record, in bytes.
const BEFORE: usize = 40;
/// A telling part this near the start needs no cut in front of it.
const NEAR: usize = 60;

/// A record's text as cited. `telling` lists what the reader should get to see, most telling
/// first; the first that occurs in the record decides where it is cut.
pub(crate) fn cited(record: &str, telling: &[&str]) -> Box<str> {
    let line = one_line(record);
    let found = telling.iter().filter(|t| t.len() > 2).find_map(|t| line.find(*t));
    let from = match found {
        Some(at) if at > NEAR && line.len() > 2 * NEAR => at - BEFORE,
        _ => 0,
    };
    let from = border(&line, from);
    // A field is shown from its beginning.
    let from = match found {
        Some(at) if from > 0 => {
            let borders = line[from..at].rmatch_indices([',', '{', ' ']);
            let mut fields =
                borders.map(|(p, _)| from + p + 1).filter(|p| line[*p..].starts_with('"'));
            fields.next().unwrap_or(from)
        }
        _ => from,
    };
    if from == 0 {
        return super::short(&line, LIMIT);
    }
    format!("…{}", super::short(&line[from..], LIMIT)).into()
}

/// Line breaks with the indentation behind them become one space: a pretty-printed object or a
/// stack trace reads on one line.
fn one_line(record: &str) -> String {
    let mut out = String::with_capacity(record.len().min(8 * LIMIT));
    for line in record.lines() {
        let line = line.trim();
        if !out.is_empty() && !line.is_empty() {
            out.push(' ');
        }
        out.push_str(line);
        if out.len() > 64 * LIMIT {
            break;
        }
    }
    out
}

/// The nearest character border at or before a position.
fn border(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_part_is_shown() {
        let record = format!("{{\n  \"insertId\": \"{}\",\n  \"status\": 504\n}}", "x".repeat(200));
        let text = cited(&record, &["\"status\""]);
        assert!(text.starts_with('…') && text.contains("\"status\": 504 }"), "{text}");
        assert_eq!(&*cited("short line\n", &["line"]), "short line");
        assert!(cited(&"é".repeat(1_000), &["none"]).len() <= LIMIT + 4);
        assert!(cited(&format!("{}END", "é".repeat(1_001)), &["END"]).ends_with("END"));
    }
}
