//! Names and values out of the source text of other projects' tests: Rust and Ruby literals, and
//! lines of assertions.

use std::collections::BTreeMap;

/// A name and its value; `None` where the test expects that there is none.
pub(crate) type Pair = (String, Option<String>);

/// Names with values behind `=>` or `:`, whatever they are nested in.
pub(crate) fn of(text: &str) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = token(rest) {
        rest = after;
        let Some(key) = key else { continue };
        let behind = after.trim_start();
        let Some(value) = behind.strip_prefix("=>").or_else(|| behind.strip_prefix(": ")) else {
            continue;
        };
        let value = value.trim_start();
        let value = value.strip_prefix("Value::Timestamp(DateTime::parse_from_rfc3339(");
        let value = value.unwrap_or_else(|| behind.trim_start_matches(['=', '>', ':', ' ', '(']));
        if value.starts_with(['{', '[']) || value.starts_with("hash_including") {
            continue;
        }
        let Some((Some(value), after)) = token(value) else { continue };
        rest = after;
        pairs.push((key, Some(value).filter(|value| !is_none(value))));
    }
    pairs
}

/// Whether a value says that there is none.
fn is_none(value: &str) -> bool {
    matches!(value, "" | "-" | "null" | "nil" | "-1" | "-1.0")
}

/// The next literal or word, `None` for a character that is neither; and what follows it.
fn token(text: &str) -> Option<(Option<String>, &str)> {
    let first = text.chars().next()?;
    let raw = text.strip_prefix("r\"").or_else(|| text.strip_prefix("r#\""));
    if let Some(inside) = raw {
        let end = inside.find('"')?;
        return Some((Some(inside[..end].to_owned()), &inside[end + 1..]));
    }
    if first == '"' || first == '\'' {
        let (value, length) = unquoted(text, first)?;
        return Some((Some(value), &text[length..]));
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
    if !is_word(first) {
        return Some((None, &text[first.len_utf8()..]));
    }
    let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let word = &text[..end];
    let is_number = word.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
    let word = if is_number { word.replace('_', "") } else { word.to_owned() };
    Some((Some(word), &text[end..]))
}

/// The text of a quoted literal and its length with the quotes. A single quote of Ruby keeps its
/// backslashes.
fn unquoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            c if c == quote => return Some((value, at + 1)),
            '\\' => match characters.next()?.1 {
                'n' if quote == '"' => value.push('\n'),
                't' if quote == '"' => value.push('\t'),
                c if c == quote || c == '\\' => value.push(c),
                c => value.extend(['\\', c]),
            },
            c => value.push(c),
        }
    }
    None
}

/// What assertions state of one message.
pub(crate) struct Stated {
    pub(crate) message: String,
    pub(crate) pairs: Vec<Pair>,
}

/// Groups lines such as `results["stage"]["parser"][0].Evt.Parsed["name"] == "value"` by message.
pub(crate) fn asserted(text: &str) -> Vec<Stated> {
    let mut groups: BTreeMap<&str, Vec<Pair>> = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("results[\"s0")) {
        let Some((group, rest)) = line.split_once(".Evt.") else { continue };
        let Some(rest) = ["Parsed", "Meta"].iter().find_map(|kind| rest.strip_prefix(kind)) else {
            continue;
        };
        let Some((name, value)) = rest.split_once(" == ") else { continue };
        let Some((Some(name), after)) = token(name.trim_start_matches('[')) else { continue };
        let Some((Some(value), _)) = token(value) else { continue };
        // Only names that are not nested further, and only stages that look into the message.
        if after == "]" && !group.contains("s00-raw") {
            groups.entry(group).or_default().push((name, Some(value)));
        }
    }
    let mut stated = Vec::new();
    for mut pairs in groups.into_values() {
        let Some(at) = pairs.iter().position(|(name, _)| name == "message") else { continue };
        let message = pairs.swap_remove(at).1.unwrap_or_default();
        for (_, value) in &mut pairs {
            *value = value.take().filter(|value| !is_none(value));
        }
        if message.len() > 10 {
            stated.push(Stated { message, pairs });
        }
    }
    stated
}

#[test]
fn literals_of_rust_and_ruby() {
    let text = r#"Ok(btreemap! { "a" => "x \"y\"", "t" => Value::Timestamp(DateTime::parse_from_rfc3339("2021-03-31T12:04:07Z").unwrap().into()), b: 1_000, c: null, d: (-1.0), "e" => r"\xDF", f: "https://h/?q=1", })"#;
    let pairs: Vec<_> = of(text).into_iter().map(|(k, v)| format!("{k}={v:?}")).collect();
    let expected = [
        "a=Some(\"x \\\"y\\\"\")",
        "t=Some(\"2021-03-31T12:04:07Z\")",
        "b=Some(\"1000\")",
        "c=None",
        "d=None",
        "e=Some(\"\\\\xDF\")",
        "f=Some(\"https://h/?q=1\")",
    ];
    assert_eq!(pairs, expected);
    let nested = of(r#""http"=>{"response"=>{"status_code"=>304}}, 'verb' => 'GET'"#);
    assert_eq!(
        nested,
        [("status_code".into(), Some("304".into())), ("verb".into(), Some("GET".into()))]
    );
}
