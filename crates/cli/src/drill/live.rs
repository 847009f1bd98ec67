//! The line that shows what the lab is doing; only on a terminal.

use std::io::{self, IsTerminal as _, Write as _};

/// The live line of one run.
pub(crate) struct Live {
    head: String,
    shown: bool,
    terminal: bool,
}

impl Live {
    pub(crate) fn new(title: &str) -> Live {
        Live { head: title.to_owned(), shown: false, terminal: io::stderr().is_terminal() }
    }

    pub(crate) fn doing(&mut self, what: &str) {
        self.show(what);
    }

    pub(crate) fn load(&mut self, elapsed: f64, of: f64, sent: u64, failed: u64) {
        self.show(&format!("{elapsed:.0} of {of:.0} s, {sent} requests, {failed} failed"));
    }

    fn show(&mut self, what: &str) {
        if !self.terminal {
            return;
        }
        let columns = terminal_size::terminal_size_of(io::stderr()).map_or(80, |(w, _)| w.0);
        let line: String =
            format!("{}: {what}", self.head).chars().take(usize::from(columns) - 1).collect();
        // A terminal that is gone is no reason to stop.
        let _ = write!(io::stderr(), "\r\x1b[K{line}");
        let _ = io::stderr().flush();
        self.shown = true;
    }

    pub(crate) fn erase(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.shown = false;
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.erase();
    }
}
