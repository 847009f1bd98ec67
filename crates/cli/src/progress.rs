//! The progress line: bytes, rate, time left, name of the source. Only on a terminal.

use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Shown once reading takes longer than one interval.
pub(crate) struct Progress {
    total: u64,
    began: Instant,
    shown: bool,
}

impl Progress {
    /// Time between two updates.
    pub(crate) const INTERVAL: Duration = Duration::from_millis(200);

    /// `total` bytes are to be read; 0 if that is not known.
    pub(crate) fn new(total: u64) -> Progress {
        Progress { total, began: Instant::now(), shown: false }
    }

    pub(crate) fn show(&mut self, done: u64, name: &str) {
        let columns = terminal_size::terminal_size_of(io::stderr()).map_or(80, |(w, _)| w.0);
        let line = line(done, self.total, self.began.elapsed(), name, usize::from(columns));
        // A terminal that is gone is no reason to stop.
        let _ = write!(io::stderr(), "\r\x1b[K{line}");
        self.shown = true;
    }

    pub(crate) fn erase(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.shown = false;
        }
    }
}

fn line(done: u64, total: u64, elapsed: Duration, name: &str, columns: usize) -> String {
    let rate = done as f64 / elapsed.as_secs_f64().max(0.001);
    let mut line = bytes(done as f64);
    if total > 0 {
        line += &format!(" of {}", bytes(total as f64));
    }
    line += &format!(", {}/s", bytes(rate));
    if total > done && done > 0 {
        let left = Duration::from_secs_f64(((total - done) as f64 / rate).min(359_999.0));
        line += &format!(", {} left", clock(left));
    }
    // Counted as if every character took two columns, so that no name breaks the line.
    let room = columns.saturating_sub(line.len() + 3);
    let width = |c: char| if c.is_ascii() { 1 } else { 2 };
    let mut used = 0;
    let mut tail: Vec<char> = Vec::new();
    for character in name.chars().rev().filter(|c| !c.is_control()) {
        used += width(character);
        if used > room {
            break;
        }
        tail.push(character);
    }
    if !tail.is_empty() {
        line += "  ";
        line.extend(tail.into_iter().rev());
    }
    line
}

fn bytes(count: f64) -> String {
    match count {
        c if c < 1e3 => format!("{c:.0} B"),
        c if c < 1e6 => format!("{:.0} kB", c / 1e3),
        c if c < 1e9 => format!("{:.1} MB", c / 1e6),
        c => format!("{:.2} GB", c / 1e9),
    }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 3600 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else {
        format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit() {
        let second = Duration::from_secs(1);
        assert_eq!(
            line(500_000_000, 1_500_000_000, second, "logs/a.gz", 80),
            "500.0 MB of 1.50 GB, 500.0 MB/s, 0:02 left  logs/a.gz"
        );
        assert_eq!(line(5, 0, second, "-", 80), "5 B, 5 B/s  -");
        let long = line(5, 10, Duration::ZERO, &"ログ".repeat(100), 60);
        assert!(long.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>() < 60);
        line(u64::MAX, 1, Duration::ZERO, "", 0);
    }
}
