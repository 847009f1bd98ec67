//! Which line holds for a section: its own, else that of the `defaults` section before it or of the
//! one it names.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{Key, Notation, Setting, Slot, Span};

use super::lex::{Line, Section};
use super::values::{text_setting, time_setting};
use crate::defaults::Row;
use crate::directives::Word;
use crate::document::Document;
use crate::draft::Name;

/// How many `defaults` sections may be built on each other.
const MOST_DEFAULTS: usize = 8;

/// The documents lines stand in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places<'d> {
    pub(super) documents: &'d [&'d Document],
}

impl Places<'_> {
    /// The place of a word.
    pub(super) fn word(self, line: &Line, word: &Word) -> Span {
        self.documents[line.document].span(word.at.clone())
    }

    /// The place of a line, from its first word to its last.
    pub(super) fn line(self, line: &Line) -> Span {
        self.documents[line.document].span(line.range())
    }

    /// The place of the word of a line at this position; of its last word if it has less.
    pub(super) fn value(self, line: &Line, at: usize) -> Span {
        line.words.get(at).or(line.words.last()).map_or(self.line(line), |w| self.word(line, w))
    }
}

/// What one HAProxy reads.
#[derive(Debug)]
pub(super) struct Configuration<'d> {
    pub(super) places: Places<'d>,
    /// Names it: its file, or the folder of its files.
    pub(super) by: String,
    sections: Vec<&'d Section>,
    /// Where the first section of a kind and name stands.
    index: BTreeMap<(&'d str, &'d str), usize>,
    globals: Vec<&'d Section>,
    /// The stick tables of all sections.
    pub(super) tables: Vec<&'d Line>,
}

impl<'d> Configuration<'d> {
    /// The configuration of these sections.
    pub(super) fn new(
        places: Places<'d>,
        by: String,
        sections: Vec<&'d Section>,
    ) -> Configuration<'d> {
        let mut index = BTreeMap::new();
        for (at, section) in sections.iter().enumerate() {
            index.entry((section.kind(), section.name())).or_insert(at);
        }
        let globals = sections.iter().copied().filter(|s| s.kind() == "global").collect();
        let lines = sections.iter().flat_map(|section| &section.lines);
        let tables = lines.filter(|line| line.begins(&["stick-table"])).collect();
        Configuration { places, by, sections, index, globals, tables }
    }

    /// Its `frontend`, `backend` and `listen` sections with the defaults that hold for each.
    pub(super) fn proxies(&self) -> Vec<Proxy<'_>> {
        let mut last: Option<usize> = None;
        let mut proxies = Vec::new();
        for (at, section) in self.sections.iter().enumerate() {
            match section.kind() {
                "defaults" => last = Some(at),
                "frontend" | "backend" | "listen" => {
                    let mut scopes = vec![*section];
                    let mut next = match section.from() {
                        Some(name) => self.defaults(name),
                        None => last,
                    };
                    while let Some(at) = next.filter(|_| scopes.len() <= MOST_DEFAULTS) {
                        scopes.push(self.sections[at]);
                        next = self.sections[at].from().and_then(|name| self.defaults(name));
                    }
                    proxies.push(Proxy { configuration: self, section, scopes });
                }
                _ => {}
            }
        }
        proxies
    }

    fn defaults(&self, name: &str) -> Option<usize> {
        self.index.get(&("defaults", name)).copied()
    }

    /// The last line of the `global` sections that begins with these words.
    pub(super) fn global(&self, words: &[&str]) -> Option<&'d Line> {
        let lines = self.globals.iter().flat_map(|section| &section.lines);
        lines.rev().find(|line| line.begins(words))
    }

    /// The section of this kind and name.
    pub(super) fn section(&self, kind: &str, name: &str) -> Option<&'d Section> {
        self.index.get(&(kind, name)).map(|at| self.sections[*at])
    }
}

/// A `frontend`, `backend` or `listen` section.
#[derive(Debug)]
pub(super) struct Proxy<'c> {
    pub(super) configuration: &'c Configuration<'c>,
    pub(super) section: &'c Section,
    /// The section, then its defaults, the nearest first.
    pub(super) scopes: Vec<&'c Section>,
}

/// The modes of a connection, the stronger last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closes {
    /// It is kept.
    Nothing,
    /// The server's is closed after each response.
    Server,
    /// Both are closed after each response.
    Both,
}

impl<'c> Proxy<'c> {
    /// Where lines stand.
    pub(super) fn places(&self) -> Places<'c> {
        self.configuration.places
    }

    /// True if clients connect to it.
    pub(super) fn is_front(&self) -> bool {
        matches!(self.section.kind(), "frontend" | "listen")
    }

    /// True if it may have servers.
    pub(super) fn is_back(&self) -> bool {
        matches!(self.section.kind(), "backend" | "listen")
    }

    /// The line that holds: the last of the section that begins with these words, else of the
    /// nearest of its defaults.
    pub(super) fn get(&self, words: &[&str]) -> Option<&'c Line> {
        self.scopes.iter().find_map(|section| section.lines.iter().rfind(|line| line.begins(words)))
    }

    /// The lines of the section itself that begin with these words.
    pub(super) fn own<'w>(
        &self,
        words: &'w [&'w str],
    ) -> impl Iterator<Item = &'c Line> + use<'c, 'w> {
        self.section.lines.iter().filter(move |line| line.begins(words))
    }

    /// True if the section itself has such a line.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.own(words).next().is_some()
    }

    /// The `option` that holds of those that exclude each other, with its line. `no option` takes
    /// an option of the defaults back.
    pub(super) fn option(&self, names: &[&str]) -> Option<&'c Line> {
        let mut off: BTreeSet<&str> = BTreeSet::new();
        for section in &self.scopes {
            for line in section.lines.iter().rev() {
                if line.begins(&["no", "option"]) {
                    off.insert(line.text(2));
                } else if line.begins(&["option"])
                    && names.contains(&line.text(1))
                    && !off.contains(line.text(1))
                {
                    return Some(line);
                }
            }
        }
        None
    }

    /// True unless it forwards bytes: the default is `tcp`.
    pub(super) fn is_http(&self) -> bool {
        self.get(&["mode"]).is_some_and(|line| line.text(1) == "http")
    }

    /// That it forwards bytes, as `mode` says or as the default is.
    pub(super) fn tcp(&self, default: &'static Row) -> Setting {
        let default = default.stated();
        let Some(line) = self.get(&["mode"]) else { return default };
        text_setting(default.key, "mode", "tcp", self.places().value(line, 1))
    }

    /// Which connections it closes after each response, and where that is said.
    pub(super) fn closes(&self) -> (Closes, Option<&'c Line>) {
        let modes = ["httpclose", "forceclose", "http-server-close", "http-keep-alive"];
        let line = self.option(&modes);
        let closes = match line.map(|line| line.text(1)) {
            Some("httpclose" | "forceclose") => Closes::Both,
            Some("http-server-close") => Closes::Server,
            _ => Closes::Nothing,
        };
        (closes, line)
    }

    /// A `timeout` that is written, under a meaning.
    pub(super) fn timeout(&self, key: Key, name: &'static str) -> Option<Setting> {
        let word = name.strip_prefix("timeout ").unwrap_or(name);
        let line = self.get(&["timeout", word])?;
        Some(time_setting(key, name, line.text(2), self.places().value(line, 2)))
    }

    /// A time that can be written as the first line of the section.
    pub(super) fn slot(&self, key: Key, name: &'static str, before: &str) -> Slot {
        let head = &self.section.head;
        let document = self.places().documents[head.document];
        let start = head.range().end;
        let end = document.text[start..].find('\n').map_or(document.text.len(), |at| start + at);
        let end = if document.text[..end].ends_with('\r') { end - 1 } else { end };
        let indent = self.section.lines.first().and_then(|line| {
            let start = line.range().start;
            let from = document.text.get(..start)?.rfind('\n')? + 1;
            let indent = &document.text[from..start];
            indent.bytes().all(|b| matches!(b, b' ' | b'\t')).then_some(indent)
        });
        let indent = indent.filter(|indent| !indent.is_empty()).unwrap_or("    ");
        let at = document.span(end..end);
        Slot {
            key,
            name,
            file: at.file,
            at: at.start,
            text: format!("\n{indent}{before}{name} {{}}"),
            notation: Notation::SecondsUnit,
        }
    }

    /// The name by which links speak of its servers.
    pub(super) fn id(&self) -> Name {
        Name::id("haproxy backend", format!("{} {}", self.configuration.by, self.section.name()))
    }
}
