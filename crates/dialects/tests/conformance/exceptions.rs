//! What is declared to differ: `suite | line | value | reason`, one a line.

/// The declarations and whether each was needed.
pub(crate) struct Exceptions(Vec<(String, usize, String, bool)>);

impl Exceptions {
    /// Reads the file; a line without a reason is an error of the test.
    pub(crate) fn read(text: &str) -> Exceptions {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let entry = |line: &str| {
            let parts: Vec<&str> = line.split(" | ").map(str::trim).collect();
            let [suite, at, value, reason] = parts[..] else { panic!("four parts: {line}") };
            assert!(reason.len() >= 20, "a reason: {line}");
            let at = at.parse().unwrap_or_else(|_| panic!("a line number: {line}"));
            (suite.to_owned(), at, value.to_owned(), false)
        };
        Exceptions(lines.map(entry).collect())
    }

    /// Whether this is declared; it is then not idle.
    pub(crate) fn excuse(&mut self, suite: &str, line: usize, value: &str) -> bool {
        let found = self
            .0
            .iter_mut()
            .find(|(s, l, v, _)| (s.as_str(), *l, v.as_str()) == (suite, line, value));
        found.map(|entry| entry.3 = true).is_some()
    }

    /// Declarations that nothing needed, apart from those about foreign lines.
    pub(crate) fn idle(&self) -> Vec<String> {
        let idle = self.0.iter().filter(|(_, _, value, used)| !used && value != "understood");
        idle.map(|(suite, line, value, _)| format!("{suite} | {line} | {value}")).collect()
    }

    /// Declarations about foreign lines that nothing needed.
    pub(crate) fn idle_foreign(&self) -> Vec<String> {
        let idle = self.0.iter().filter(|(_, _, value, used)| !used && value == "understood");
        idle.map(|(suite, line, value, _)| format!("{suite} | {line} | {value}")).collect()
    }
}
