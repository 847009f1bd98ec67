//! The page `docs/drills.md`: one row per drill, kept until the drill is run again.

use std::collections::BTreeMap;

use serde_json::Value;

/// What a drill came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    cause: String,
    drill: String,
    named: String,
    servers: String,
    fault: String,
    remedy: String,
    seconds: f64,
    closed: u32,
    times: u32,
    date: String,
}

/// What stands where nothing could be measured.
const NOTHING: &str = "–";

impl Row {
    /// A drill that has not been run yet.
    pub(super) fn new(cause: &str, drill: &str, date: &str) -> Row {
        let nothing = || NOTHING.to_owned();
        Row {
            cause: cause.to_owned(),
            drill: drill.to_owned(),
            named: nothing(),
            servers: nothing(),
            fault: nothing(),
            remedy: nothing(),
            seconds: 0.0,
            closed: 0,
            times: 0,
            date: date.to_owned(),
        }
    }

    /// Takes over the figures of one more run: a drill's entry in the result of `why502 drill`, or
    /// null if there was none.
    pub(super) fn add(&mut self, result: &Value) {
        self.times += 1;
        if result.is_null() {
            return;
        }
        self.closed += u32::from(result["closed"] == true);
        let counts = |run: &Value| format!("{} of {}", run["failed"], run["sent"]);
        let (fault, remedy) = (&result["fault"], &result["remedy"]);
        (self.fault, self.remedy) = (counts(fault), counts(remedy));
        let versions = fault["versions"].as_array().into_iter().flatten();
        self.servers = versions.filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
        let first = &fault["diagnosis"]["conclusions"][0];
        let verdict = first["verdict"].as_str().unwrap_or_default();
        self.named = match fault["named_first"].as_str() {
            Some(named) if named == self.cause => verdict.to_owned(),
            Some(named) => format!("{verdict} {named}"),
            None => "nothing".to_owned(),
        };
        let seconds = |run: &Value| run["seconds"].as_f64().unwrap_or_default();
        self.seconds = seconds(fault) + seconds(remedy);
    }

    /// Whether it closed every time.
    pub(super) fn closed(&self) -> bool {
        self.closed == self.times
    }

    /// Seconds of the last run, rounded.
    pub(super) fn seconds(&self) -> String {
        format!("{:.0}", self.seconds)
    }

    fn cells(&self) -> [String; 9] {
        [
            format!("[{cause}](causes/{cause}.md)", cause = self.cause),
            self.drill.clone(),
            self.servers.clone(),
            self.fault.clone(),
            self.remedy.clone(),
            self.named.clone(),
            self.seconds(),
            format!("{} of {}", self.closed, self.times),
            self.date.clone(),
        ]
    }

    fn read(line: &str) -> Option<Row> {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [cause, drill, servers, fault, remedy, named, seconds, closed, date] = cells[..] else {
            return None;
        };
        let (cause, _) = cause.strip_prefix('[')?.split_once(']')?;
        let (closed, times) = closed.split_once(" of ")?;
        Some(Row {
            named: named.to_owned(),
            servers: servers.to_owned(),
            fault: fault.to_owned(),
            remedy: remedy.to_owned(),
            seconds: seconds.parse().ok()?,
            closed: closed.parse().ok()?,
            times: times.parse().ok()?,
            ..Row::new(cause, drill, date)
        })
    }
}

/// The page.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    rows: BTreeMap<(String, String), Row>,
    skipped: BTreeMap<(String, String), String>,
}

fn key(cause: &str, drill: &str) -> (String, String) {
    (cause.to_owned(), drill.to_owned())
}

const HEAD: &str = "\
<!-- Made by `cargo xtask drills`, which runs them; change the drills, not this file. -->

# Drills

Each drill makes a cause happen on real servers, twice: with the fault and with the remedy. It has
closed when the requests failed as described, `why502 diagnose` named the cause first from the logs
alone, and with the remedy no request failed and nothing was left to diagnose. The figures are those
of the last run; *logs say* is the verdict on the cause. `why502 drill <cause>/<servers>` runs one.

";

const COLUMNS: [&str; 9] = [
    "cause",
    "drill",
    "servers",
    "failed with the fault",
    "failed with the remedy",
    "logs say",
    "seconds",
    "closed",
    "date",
];

const SKIPPED: &str = "\n## Not run\n\n";

impl Table {
    /// Reads the page as it was written; what cannot be read is not there.
    pub(super) fn read(page: &str) -> Table {
        let mut table = Table::default();
        let (rows, skipped) = page.split_once(SKIPPED).unwrap_or((page, ""));
        for row in rows.lines().filter_map(Row::read) {
            table.record(row);
        }
        for line in skipped.lines() {
            let entry = line.strip_prefix("- ").and_then(|line| line.split_once(": "));
            if let Some(((cause, drill), why)) =
                entry.and_then(|(name, why)| Some((name.split_once('/')?, why)))
            {
                table.skip(cause, drill, why);
            }
        }
        table
    }

    /// Whether a drill is mentioned.
    pub(super) fn has(&self, cause: &str, drill: &str) -> bool {
        let key = key(cause, drill);
        self.rows.contains_key(&key) || self.skipped.contains_key(&key)
    }

    /// Drops drills that are no more.
    pub(super) fn keep(&mut self, known: impl Fn(&str, &str) -> bool) {
        self.rows.retain(|(cause, drill), _| known(cause, drill));
        self.skipped.retain(|(cause, drill), _| known(cause, drill));
    }

    /// A drill that was run.
    pub(super) fn record(&mut self, row: Row) {
        let key = key(&row.cause, &row.drill);
        self.skipped.remove(&key);
        self.rows.insert(key, row);
    }

    /// A drill that could not be run. What an earlier run measured stays.
    pub(super) fn skip(&mut self, cause: &str, drill: &str, why: &str) {
        let key = key(cause, drill);
        if !self.rows.contains_key(&key) {
            self.skipped.insert(key, why.to_owned());
        }
    }

    /// The page, drills in the order given.
    pub(super) fn write(&self, order: &[(&str, &str)], machine: &str) -> String {
        let closed = self.rows.values().filter(|row| row.closed()).count();
        let mut page = format!(
            "{HEAD}Last run: {machine}. {closed} of {} drills closed every time.\n\n",
            self.rows.len() + self.skipped.len()
        );
        let mut line = |cells: &[String]| page.push_str(&format!("| {} |\n", cells.join(" | ")));
        line(&COLUMNS.map(str::to_owned));
        line(&COLUMNS.map(|_| "---".to_owned()));
        for (cause, drill) in order {
            if let Some(row) = self.rows.get(&key(cause, drill)) {
                line(&row.cells());
            }
        }
        if !self.skipped.is_empty() {
            page.push_str(SKIPPED);
        }
        for (cause, drill) in order {
            if let Some(why) = self.skipped.get(&key(cause, drill)) {
                page.push_str(&format!("- {cause}/{drill}: {why}\n"));
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn result(closed: bool) -> Value {
        let run = |failed: u32| {
            json!({
                "failed": failed, "sent": 60, "seconds": 3.4,
                "versions": ["nginx 1.22.1", "Node.js 20.20.0"],
                "named_first": "refused",
                "diagnosis": { "conclusions": [{ "verdict": "proved" }] },
            })
        };
        json!({ "closed": closed, "fault": run(60), "remedy": run(0) })
    }

    #[test]
    fn a_page_is_read_as_it_was_written() {
        let mut table = Table::default();
        let mut row = Row::new("refused", "nginx-node", "2026-11-22");
        row.add(&result(true));
        row.add(&result(false));
        row.add(&Value::Null);
        assert!(!row.closed());
        table.record(row);
        table.skip("refused", "envoy", "Envoy is not installed: see here");
        let order = [("refused", "nginx-node"), ("refused", "envoy")];
        let page = table.write(&order, "Linux 6.18, 2 cores, 2026-11-22");
        assert!(page.contains(
            "| [refused](causes/refused.md) | nginx-node | nginx 1.22.1, Node.js 20.20.0 | 60 of 60 \
             | 0 of 60 | proved | 7 | 1 of 3 | 2026-11-22 |"
        ));
        assert!(page.contains("0 of 2 drills closed"), "{page}");
        let mut again = Table::read(&page);
        assert_eq!(again.write(&order, "Linux 6.18, 2 cores, 2026-11-22"), page);
        assert!(again.has("refused", "envoy") && !again.has("refused", "haproxy"));
        again.keep(|_, drill| drill == "envoy");
        assert!(!again.has("refused", "nginx-node"));
    }

    #[test]
    fn another_cause_in_the_logs_is_named() {
        let mut row = Row::new("timeout", "nginx-node", "2026-11-22");
        row.add(&result(false));
        assert_eq!(row.named, "proved refused");
    }
}
