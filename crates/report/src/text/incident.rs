//! One incident: when, how many failed, what caused them, and what is left unexplained.

use model::{Incident, Unexplained, Window};

use super::View;
use crate::conclude::on_client_side;
use crate::figures::{count, is_one_day, percent, share, times, window};
use crate::style::{Ink, ink};
use crate::words;

impl View<'_> {
    pub(super) fn incident(&mut self, index: usize) {
        let incidents = &self.diagnosis.incidents;
        let incident = &incidents[index];
        let when = self.when(&incident.windows);
        let heading = if incidents.len() == 1 {
            self.fill(&words::INCIDENT, &[("window", &when)])
        } else {
            let (i, n) = ((index + 1).to_string(), incidents.len().to_string());
            self.fill(&words::INCIDENT_OF, &[("i", &i), ("n", &n), ("window", &when)])
        };
        self.page.blank();
        self.page.heading(0, &heading);
        let failed = self.failed(incident);
        self.page.text(2, "", &failed);
        self.client_side(incident);
        if incident.windows.len() > 1 {
            self.windows(2, &incident.windows, &incident.windows);
        }
        for (i, finding) in incident.findings.iter().enumerate() {
            self.page.blank();
            self.finding(index, i + 1, finding);
        }
        if incident.findings.is_empty() {
            let none = self.say(words::NO_CAUSE_FITS);
            self.page.para(2, "", vec![ink(Ink::Doubtful, none)]);
        }
        if let Some(rest) = &incident.unexplained {
            self.unexplained(rest);
        }
    }

    /// From the first window's start to the last one's end, and how many there are.
    fn when(&self, windows: &[Window]) -> String {
        let start = windows.iter().map(|w| w.start).min();
        let end = windows.iter().map(|w| w.end).max();
        let (Some(start), Some(end)) = (start, end) else {
            return self.say(words::UNDATED).to_owned();
        };
        let whole = window(&Window { start, end }, self.lang());
        if windows.len() == 1 {
            return whole;
        }
        let n = windows.len().to_string();
        self.fill(&words::WINDOWS, &[("n", &n), ("window", &whole)])
    }

    /// The times of day of each window, and the dates unless the whole incident is of one day.
    pub(super) fn windows(&mut self, indent: usize, windows: &[Window], whole: &[Window]) {
        if windows.is_empty() {
            return;
        }
        let shown = self.few(6).min(windows.len());
        let mut list = times(&windows[..shown], is_one_day(whole));
        if shown < windows.len() {
            let more = (windows.len() - shown).to_string();
            list.push(self.fill(&words::MORE, &[("n", &more)]));
        }
        let label = if windows.len() == 1 { words::ITS_WINDOW } else { words::EACH_WINDOW };
        let text = format!("{}{}", self.say(label), list.join(self.say(words::LIST)));
        self.page.text(indent, "", &text);
    }

    fn failed(&self, incident: &Incident) -> String {
        if incident.failures == 0 && incident.requests == 0 {
            return self.say(words::NO_REQUEST_HERE).to_owned();
        }
        let client = incident.failures > 0 && on_client_side(incident) == incident.failures;
        let (of, alone) = if client {
            (&words::CLIENT_ENDED_OF, &words::CLIENT_ENDED)
        } else {
            (&words::FAILED_OF, &words::FAILED_ALONE)
        };
        match share(incident.failures, incident.requests) {
            Some(part) => {
                let (total, part) = (count(incident.requests), percent(part));
                let values = [("total", total.as_str()), ("share", part.as_str())];
                self.counted(incident.failures, of, &values)
            }
            None => self.counted(incident.failures, alone, &[]),
        }
    }

    /// Where only some of the requests ended on the client's side, how many.
    fn client_side(&mut self, incident: &Incident) {
        let client = on_client_side(incident);
        if client > 0 && client < incident.failures {
            let text = self.counted(client, &words::OF_THESE_CLIENT, &[]);
            self.page.text(2, "", &text);
        }
    }

    fn unexplained(&mut self, rest: &Unexplained) {
        let label = self.counted(rest.failures, &words::UNEXPLAINED, &[]);
        self.page.blank();
        self.page.para(2, "", vec![ink(Ink::Doubtful, label)]);
        for says in &rest.traits {
            if let Some(says) = self.statement(says) {
                self.page.text(4, "- ", &says);
            }
        }
        self.citations(4, &rest.failing, 3);
    }
}
