//! One measured figure beside its goal, as a line of the table and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

/// A bound that must hold and, below it, the one that is aimed at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    most: f64,
    aim: Option<f64>,
}

impl Goal {
    pub(crate) fn new(most: f64, aim: f64) -> Goal {
        Goal { most, aim: Some(aim) }
    }

    pub(crate) fn at_most(most: f64) -> Goal {
        Goal { most, aim: None }
    }
}

/// What a figure is counted in.
#[derive(Clone, Copy, Debug)]
enum Unit {
    Times,
    Megabytes,
    MegabytesPerSecond,
}

/// A figure.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    name: String,
    value: f64,
    unit: Unit,
    goal: Option<Goal>,
    note: String,
}

impl Figure {
    /// So many times the yardstick.
    pub(crate) fn ratio(name: String, value: f64, goal: Goal) -> Figure {
        Figure { name, value, unit: Unit::Times, goal: Some(goal), note: String::new() }
    }

    /// Memory in MB of a million bytes.
    pub(crate) fn megabytes(name: String, value: f64, goal: Goal) -> Figure {
        Figure { name, value, unit: Unit::Megabytes, goal: Some(goal), note: String::new() }
    }

    /// MB in a second of processor time; no goal, it depends on the machine.
    pub(crate) fn rate(name: String, value: f64) -> Figure {
        Figure { name, value, unit: Unit::MegabytesPerSecond, goal: None, note: String::new() }
    }

    /// Notes the seconds behind a ratio.
    pub(crate) fn at(mut self, seconds: f64) -> Figure {
        self.note = format!("{seconds:.2} s");
        self
    }

    /// Notes a ratio beside the value.
    pub(crate) fn beside(mut self, ratio: f64, of: &str) -> Figure {
        self.note = format!("{ratio:.2} × {of}");
        self
    }

    fn shown(&self) -> String {
        match self.unit {
            Unit::Times => format!("{:.2} ×", self.value),
            Unit::Megabytes => format!("{:.0} MB", self.value),
            Unit::MegabytesPerSecond => format!("{:.0} MB/s", self.value),
        }
    }

    fn goal_shown(&self) -> String {
        let unit = if matches!(self.unit, Unit::Times) { "×" } else { "MB" };
        match self.goal {
            Some(Goal { most, aim: Some(aim) }) => format!("≤ {most} {unit} (aim {aim})"),
            Some(Goal { most, aim: None }) => format!("≤ {most} {unit}"),
            None => String::new(),
        }
    }

    fn verdict(&self) -> &'static str {
        match self.goal {
            Some(goal) if self.value <= goal.most => match goal.aim {
                Some(aim) if self.value <= aim => "met, and the aim",
                _ => "met",
            },
            Some(_) => "not met",
            None => "",
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "figure": self.name,
            "value": self.value,
            "unit": match self.unit {
                Unit::Times => "times",
                Unit::Megabytes => "MB",
                Unit::MegabytesPerSecond => "MB/s",
            },
            "at_most": self.goal.map(|goal| goal.most),
            "aim": self.goal.and_then(|goal| goal.aim),
            "met": self.goal.map(|goal| self.value <= goal.most),
            "note": self.note,
        })
    }
}

/// The figures in columns.
pub(crate) fn table(figures: &[Figure]) -> String {
    let header = ["figure", "measured", "goal", "verdict", "note"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(header)
        .chain(figures.iter().map(|figure| {
            let (name, note) = (figure.name.clone(), figure.note.clone());
            [name, figure.shown(), figure.goal_shown(), figure.verdict().to_owned(), note]
        }))
        .collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // Writing to a string does not fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_the_goal() {
        let verdict = |value| Figure::ratio(String::new(), value, Goal::new(5.0, 3.0)).verdict();
        assert_eq!(
            [verdict(3.0), verdict(5.0), verdict(5.01)],
            ["met, and the aim", "met", "not met"]
        );
        // A figure that could not be measured meets nothing.
        assert_eq!(verdict(f64::NAN), "not met");
        assert_eq!(Figure::rate(String::new(), 1.0).verdict(), "");
    }

    #[test]
    fn columns_stand_below_each_other() {
        let goal = Goal::at_most(1.3);
        let figures = [
            Figure::ratio("a".to_owned(), 1.2, goal).at(0.5),
            Figure::ratio("longer".to_owned(), 11.2, goal).at(0.5),
        ];
        let table = table(&figures);
        let starts: Vec<_> = table.lines().skip(1).map(|line| line.find('≤')).collect();
        assert!(starts[0].is_some() && starts[0] == starts[1], "{table}");
    }
}
