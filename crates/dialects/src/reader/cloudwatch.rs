//! Messages as CloudWatch Logs hands them out: elements of `filter-log-events`, `get-log-events` and
//! of a subscription's delivery, rows of a Logs Insights query and of its exports.
//!
//! Source: Amazon CloudWatch Logs API reference, `FilteredLogEvent`, `OutputLogEvent`,
//! `GetQueryResults`; user guide, "Real-time processing of log data with subscriptions".

use memchr::memmem;
use model::Timestamp;
use serde_json::{Map, Value};

use super::csv;
use crate::scan;

/// Members of an event besides its message.
const MEMBERS: [&str; 8] = [
    "id",
    "timestamp",
    "message",
    "ingestionTime",
    "eventId",
    "logStreamName",
    "extractedFields",
    "ptr",
];

/// A message and where it came from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    /// The message; a row without one as a JSON object of its fields.
    pub(super) text: String,
    pub(super) time: Option<Timestamp>,
    pub(super) group: Option<String>,
    pub(super) stream: Option<String>,
}

/// The message of a record that only carries it; `columns` are those of a CSV export.
pub(super) fn carried(record: &str, columns: Option<&[String]>) -> Option<Carried> {
    if let Some(columns) = columns {
        return row(columns.iter().map(String::as_str).zip(csv::fields(record)));
    }
    let bytes = record.as_bytes();
    match bytes.first()? {
        b'{' if memmem::find(bytes, b"\"message\"").is_some() => event(record),
        b'{' if memmem::find(bytes, b"\"@message\"").is_some() => {
            let object: Map<String, Value> = serde_json::from_str(record).ok()?;
            let text = |value: &Value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            row(object.iter().map(|(name, value)| (name.as_str(), text(value))))
        }
        b'[' if memmem::find(bytes, b"\"field\"").is_some() => {
            let cells: Vec<Map<String, Value>> = serde_json::from_str(record).ok()?;
            let of = |cell: &Map<String, Value>, key: &str| {
                cell.get(key).and_then(Value::as_str).map(str::to_owned)
            };
            let cells: Vec<(String, String)> = cells
                .iter()
                .map(|cell| Some((of(cell, "field")?, of(cell, "value")?)))
                .collect::<Option<_>>()?;
            row(cells.iter().map(|(name, value)| (name.as_str(), value.clone())))
        }
        _ => None,
    }
}

fn event(record: &str) -> Option<Carried> {
    memmem::find(record.as_bytes(), b"\"timestamp\"")?;
    let object: Map<String, Value> = serde_json::from_str(record).ok()?;
    if !object.keys().all(|key| MEMBERS.contains(&key.as_str())) {
        return None;
    }
    let millis = object.get("timestamp")?.as_i64()?;
    let text = object.get("message")?.as_str()?;
    Some(Carried {
        text: trimmed(text),
        time: millis.checked_mul(1000).map(Timestamp),
        group: None,
        stream: object.get("logStreamName").and_then(Value::as_str).and_then(named),
    })
}

fn row<'n>(cells: impl Iterator<Item = (&'n str, String)>) -> Option<Carried> {
    let mut carried = Carried::default();
    let mut message = None;
    let mut others = Map::new();
    for (name, value) in cells {
        match name {
            "@message" => message = Some(value),
            "@timestamp" => carried.time = scan::iso(value.as_bytes(), 0),
            "@logStream" => carried.stream = named(&value),
            // The account's number stands before the group's name.
            "@log" => {
                carried.group = named(value.split_once(':').map_or(&*value, |(_, name)| name));
            }
            "@ptr" | "@ingestionTime" => {}
            _ if value.is_empty() => {}
            _ => {
                others.insert(name.to_owned(), Value::String(value));
            }
        }
    }
    carried.text = match message {
        Some(message) => trimmed(&message),
        None if others.is_empty() => return None,
        None => Value::Object(others).to_string(),
    };
    Some(carried)
}

fn named(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

fn trimmed(text: &str) -> String {
    text.trim_end_matches(['\n', '\r']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(record: &str, columns: Option<&[String]>) -> Option<[String; 4]> {
        let carried = carried(record, columns)?;
        let time = carried.time.map(|time| time.to_string()).unwrap_or_default();
        Some([
            carried.text,
            time,
            carried.group.unwrap_or_default(),
            carried.stream.unwrap_or_default(),
        ])
    }

    #[test]
    fn events_and_rows() {
        let time = "2024-05-01T12:00:00.123Z".to_owned();
        let expected = |text: &str, group: &str, stream: &str| {
            Some([text.to_owned(), time.clone(), group.to_owned(), stream.to_owned()])
        };
        assert_eq!(
            shown(
                r#"{"logStreamName":"s","timestamp":1714564800123,"message":"a\tb\n","ingestionTime":1,"eventId":"2"}"#,
                None
            ),
            expected("a\tb", "", "s")
        );
        assert_eq!(
            shown(
                r#"[{"field":"@timestamp","value":"2024-05-01 12:00:00.123"},{"field":"@message","value":"{\"a\":1}"},{"field":"@log","value":"123456789012:/aws/lambda/f"},{"field":"@ptr","value":"x"}]"#,
                None
            ),
            expected("{\"a\":1}", "/aws/lambda/f", "")
        );
        assert_eq!(
            shown(
                r#"{"@timestamp":"2024-05-01 12:00:00.123","@message":{"a":1},"@logStream":"s"}"#,
                None
            ),
            expected("{\"a\":1}", "", "s")
        );
        let columns = ["@timestamp".to_owned(), "status".to_owned(), "error".to_owned()];
        assert_eq!(
            shown("2024-05-01 12:00:00.123,504,", Some(&columns)),
            expected("{\"status\":\"504\"}", "", "")
        );
    }

    #[test]
    fn what_says_more_than_its_message_is_no_wrapping() {
        for record in [
            r#"{"timestamp":1714564800123,"message":"x","level":"error"}"#,
            r#"{"timestamp":"2024-05-01T12:00:00Z","message":"x"}"#,
            r#"{"message":"x"}"#,
            r#"[{"field":"a"}]"#,
            r#"[{"a":"field"}]"#,
            "{\"message\":",
        ] {
            assert_eq!(carried(record, None), None, "{record}");
        }
    }
}
