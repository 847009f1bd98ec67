//! What came of the comparison: counts by format and family of lines, and what nobody declared.

use std::collections::BTreeMap;

use crate::damage::Family;

/// Counts of one family of lines of one format.
#[derive(Default)]
pub(crate) struct Row {
    lines: u64,
    both: u64,
    neither: u64,
    only_theirs: u64,
    only_ours: u64,
    /// Values that both state, or that both might.
    pub(crate) compared: u64,
    /// Differences that an exception covers.
    pub(crate) declared: u64,
    /// Differences that none does.
    pub(crate) undeclared: u64,
}

impl Row {
    /// Counts a line by who understood it.
    pub(crate) fn count(&mut self, theirs: bool, ours: bool) {
        self.lines += 1;
        match (theirs, ours) {
            (true, true) => self.both += 1,
            (false, false) => self.neither += 1,
            (true, false) => self.only_theirs += 1,
            (false, true) => self.only_ours += 1,
        }
    }

    fn add(&mut self, other: &Row) {
        self.lines += other.lines;
        self.both += other.both;
        self.neither += other.neither;
        self.only_theirs += other.only_theirs;
        self.only_ours += other.only_ours;
        self.compared += other.compared;
        self.declared += other.declared;
        self.undeclared += other.undeclared;
    }

    fn print(&self, name: &str, family: &str) {
        println!(
            "{name:<16} {family:<14} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>8} {:>7}",
            self.lines,
            self.both,
            self.neither,
            self.only_ours,
            self.only_theirs,
            self.compared,
            self.declared,
            self.undeclared
        );
    }
}

/// Format, class and value of a difference.
type Place = (&'static str, String, &'static str);

/// How often a difference came up, and one line with both values of it.
type Found = (u64, [String; 3]);

/// All counts.
#[derive(Default)]
pub(crate) struct Results {
    rows: BTreeMap<(&'static str, Family), Row>,
    order: Vec<&'static str>,
    undeclared: BTreeMap<Place, Found>,
}

impl Results {
    /// The counts of a family of lines of a format.
    pub(crate) fn row(&mut self, format: &'static str, family: Family) -> &mut Row {
        if !self.order.contains(&format) {
            self.order.push(format);
        }
        self.rows.entry((format, family)).or_default()
    }

    /// Keeps a difference that nobody declared, with the shortest line that shows it.
    pub(crate) fn undeclared(
        &mut self,
        format: &'static str,
        class: String,
        value: &'static str,
        example: [String; 3],
    ) {
        let found = self.undeclared.entry((format, class, value)).or_default();
        found.0 += 1;
        if found.0 == 1 || example[0].len() < found.1[0].len() {
            found.1 = example;
        }
    }

    /// Prints the counts, so many of the undeclared differences, what is wrong with the
    /// declarations, and a last line that says it all. Whether every difference is declared.
    pub(crate) fn print(&self, idle: &[String], unseen: &[String], show: u64) -> bool {
        println!(
            "{:<16} {:<14} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>8} {:>7}",
            "", "", "lines", "both", "neither", "ours", "theirs", "values", "declared", "not"
        );
        let mut total = Row::default();
        for format in &self.order {
            for ((name, family), row) in &self.rows {
                if name == format {
                    row.print(name, family.name());
                    total.add(row);
                }
            }
        }
        total.print("all of it", "");
        for ((format, class, value), (times, [line, theirs, ours])) in
            self.undeclared.iter().take(usize::try_from(show).unwrap_or(usize::MAX))
        {
            println!("undeclared, {times} times: {format} | {class} | {value}");
            println!("    theirs: {}", shown(theirs));
            println!("    ours:   {}", shown(ours));
            println!("    {}", shown(line));
        }
        for declaration in idle {
            println!("declared, but it is not so: {declaration}");
        }
        for declaration in unseen {
            println!("declared for a class of which no line was made: {declaration}");
        }
        println!(
            "{} lines, {} understood by both, {} values compared: {} differences, {} declared, {} \
             not; {} declarations that are not so",
            total.lines,
            total.both,
            total.compared,
            total.declared + total.undeclared,
            total.declared,
            total.undeclared,
            idle.len() + unseen.len()
        );
        total.undeclared == 0
    }
}

/// A text as one line of printable characters, cut where it is long.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(600).collect();
    let cut = if short.len() < text.len() { "…" } else { "" };
    format!("{}{cut}", short.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'"))
}
