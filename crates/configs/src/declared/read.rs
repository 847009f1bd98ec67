//! `why502.toml` as text to what it declares. Whatever is not understood gets one sentence and is
//! left out; the rest is read.

use std::ops::Range;

use model::config::{Key, Setting, Span, Task};

use super::{HopSaid, LinkSaid, products, values};
use crate::document::Document;
use crate::draft::Draft;
use crate::programs::join;
use crate::tree::{At, toml};

/// Hops, links, and entries of a list that are read: more than any system has.
const MOST: usize = 10_000;

/// Keys of `[[hop]]`.
const HOP: &[&str] =
    &["name", "task", "product", "products", "files", "hosts", "ports", "instances", "settings"];

/// Keys of `[[link]]`.
const LINK: &[&str] = &["from", "to", "port", "settings"];

/// Reads one file.
pub(super) fn read(document: &Document, draft: &mut Draft) {
    let tree = toml(&document.text);
    if let Some((at, why)) = &tree.broken {
        let says = format!("this is not TOML ({why}): what stands around it was read");
        draft.remark(document.span(*at..*at), says);
    }
    let broken_at = tree.broken.as_ref().map_or(usize::MAX, |(at, _)| *at);
    let mut reading = Reading { document, draft, broken_at };
    let Some(root) = tree.roots().next() else { return };
    for (entry, value) in root.entries() {
        match entry.key.as_str() {
            "hop" | "link" if !is_tables(value) => {
                let says = format!("`{0}` has to be written as tables [[{0}]]", entry.key);
                reading.remark(entry.key_at.clone(), says);
            }
            "hop" => value.each().take(MOST).for_each(|hop| reading.hop(hop)),
            "link" => value.each().take(MOST).for_each(|link| reading.link(link)),
            other => {
                let says = format!(
                    "`{other}` is nothing why502.toml knows: it has tables [[hop]] and [[link]]"
                );
                reading.remark(entry.key_at.clone(), says);
            }
        }
    }
}

/// True for a table, or a list of nothing but tables.
fn is_tables(at: At<'_>) -> bool {
    let is_table = |at: At<'_>| matches!(at.kind(), Some(crate::tree::Kind::Map(_)));
    at.each().next().is_some() && at.each().all(is_table)
}

struct Reading<'d> {
    document: &'d Document,
    draft: &'d mut Draft,
    /// Where the file ceases to be TOML: what looks wrong from there on follows from that.
    broken_at: usize,
}

impl Reading<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        self.document.span(range)
    }

    fn remark(&mut self, range: Range<usize>, says: String) {
        if range.start < self.broken_at {
            let at = self.span(range);
            self.draft.remark(at, says);
        }
    }

    fn hop(&mut self, table: At<'_>) {
        self.unknown_keys(table, "hop", HOP);
        let Some(name) = self.text(table, "hop", "name") else { return };
        let at = self.span(table.get("name").range());
        if self.draft.declared.hops.iter().any(|hop| hop.name == name) {
            let says = format!("the hop {name} is declared twice: this one was left out");
            self.draft.remark(at, says);
            return;
        }
        let mut settings = self.instances(table.get("instances"));
        settings.extend(self.settings(table.get("settings"), false));
        let hop = HopSaid {
            name,
            at,
            task: self.task(table.get("task")),
            products: self.products(table),
            files: self.files(table.get("files")),
            hosts: self
                .texts(table.get("hosts"), "hosts")
                .into_iter()
                .map(|(host, _)| host)
                .collect(),
            ports: self.ports(table.get("ports")),
            settings,
        };
        self.draft.declared.hops.push(hop);
    }

    fn link(&mut self, table: At<'_>) {
        self.unknown_keys(table, "link", LINK);
        let from = self.text(table, "link", "from");
        let to = self.text(table, "link", "to");
        let (Some(from), Some(to)) = (from, to) else { return };
        let port = match table.get("port").there() {
            Some(at) => self.port(at).unwrap_or(0),
            None => 0,
        };
        let link = LinkSaid {
            from,
            to,
            port,
            at: self.span(table.get("from").range()),
            settings: self.settings(table.get("settings"), true),
        };
        self.draft.declared.links.push(link);
    }

    fn unknown_keys(&mut self, table: At<'_>, of: &str, known: &[&str]) {
        for (entry, _) in table.entries().filter(|(entry, _)| !known.contains(&&*entry.key)) {
            let setting = Key::parse(&entry.key);
            let says = match setting {
                Some(key) => format!("`{key}` is a setting: it belongs into `settings = {{ … }}`"),
                None => {
                    format!("`{}` is no key of [[{of}]]: it has {}", entry.key, known.join(", "))
                }
            };
            self.remark(entry.key_at.clone(), says);
        }
    }

    /// A text that has to be there.
    fn text(&mut self, table: At<'_>, of: &str, key: &str) -> Option<String> {
        let at = table.get(key);
        let text = at.text().filter(|text| at.is_quoted() && !text.trim().is_empty());
        if text.is_none() {
            let place = if at.there().is_some() { at.range() } else { table.range() };
            let says =
                format!("this [[{of}]] was left out: `{key}` has to be a name in quotation marks");
            self.remark(place, says);
        }
        text.map(|text| text.trim().to_owned())
    }

    fn task(&mut self, at: At<'_>) -> Option<Task> {
        at.there()?;
        let task = at.text().and_then(Task::parse);
        if task.is_none() {
            let all: Vec<&str> = Task::ALL.iter().map(|task| task.as_str()).collect();
            self.remark(at.range(), format!("`task` has to be one of {}", all.join(", ")));
        }
        task
    }

    fn products(&mut self, table: At<'_>) -> Vec<model::config::Product> {
        let mut found = Vec::new();
        for key in ["product", "products"] {
            for (text, range) in self.texts(table.get(key), key) {
                let at = self.span(range.clone());
                match products::parse(&text, at) {
                    Some(product) => found.push(product),
                    None => {
                        let says = format!(
                            "no defaults are known of the product `{text}`, so that it was left out; known \
                             are {}",
                            products::names().join(", ")
                        );
                        self.remark(range, says);
                    }
                }
            }
        }
        found
    }

    fn files(&mut self, at: At<'_>) -> Vec<(String, Span)> {
        let folder = self.document.folder().to_owned();
        let texts = self.texts(at, "files");
        let absolute = folder.starts_with('/');
        let path = |text: &str| {
            let joined = join(&folder, text);
            if absolute { format!("/{joined}") } else { joined }
        };
        texts.into_iter().map(|(text, range)| (path(&text), self.span(range))).collect()
    }

    fn ports(&mut self, at: At<'_>) -> Vec<(u16, Span)> {
        let all: Vec<At<'_>> = at.each().take(MOST).collect();
        all.into_iter().filter_map(|at| Some((self.port(at)?, self.span(at.range())))).collect()
    }

    fn port(&mut self, at: At<'_>) -> Option<u16> {
        let number = at.number().filter(|_| !at.is_quoted());
        let port = number.and_then(|n| u16::try_from(n).ok()).filter(|port| *port > 0);
        if port.is_none() {
            self.remark(at.range(), "a port has to be a number from 1 to 65535".to_owned());
        }
        port
    }

    /// The texts of a list, or the only one.
    fn texts(&mut self, at: At<'_>, key: &str) -> Vec<(String, Range<usize>)> {
        let mut texts = Vec::new();
        for one in at.each().take(MOST) {
            match one.text().filter(|_| one.is_quoted()) {
                Some(text) => texts.push((text.trim().to_owned(), one.range())),
                None => {
                    let says = format!("`{key}` has to hold texts in quotation marks");
                    self.remark(one.range(), says);
                }
            }
        }
        texts
    }

    /// `instances = 3`, or `instances = "2-10"` where they are as many as are needed.
    fn instances(&mut self, at: At<'_>) -> Vec<Setting> {
        if at.there().is_none() {
            return Vec::new();
        }
        let span = self.span(at.range());
        let whole = |text: &str| text.trim().parse::<u64>().ok();
        let bounds = match (at.number().filter(|_| !at.is_quoted()), at.text()) {
            (Some(n), _) => Some((n, n)),
            (None, Some(text)) => text
                .split_once('-')
                .and_then(|(least, most)| Some((whole(least)?, whole(most)?)))
                .filter(|(least, most)| least <= most),
            (None, None) => None,
        };
        let Some((least, most)) = bounds else {
            let says = "`instances` has to be a number, or a range such as \"2-10\"".to_owned();
            self.remark(at.range(), says);
            return Vec::new();
        };
        let setting =
            |key, n| Setting::written(key, model::config::Value::Count(n), "instances", span);
        vec![setting(Key::MinInstances, least), setting(Key::MaxInstances, most)]
    }

    fn settings(&mut self, table: At<'_>, link: bool) -> Vec<Setting> {
        if table.there().is_some() && !matches!(table.kind(), Some(crate::tree::Kind::Map(_))) {
            let says = "`settings` has to be a table: settings = { longest-request = \"5s\" }";
            self.remark(table.range(), says.to_owned());
        }
        let mut settings = Vec::new();
        let of = if link { "link" } else { "hop" };
        for (entry, at) in table.entries() {
            let Some(key) = Key::parse(&entry.key) else {
                let says = format!("`{}` is no setting: {}", entry.key, alike(&entry.key, link));
                self.remark(entry.key_at.clone(), says);
                continue;
            };
            if !values::stands_on(key, link) {
                let says = match (key.as_str().starts_with("check-"), link) {
                    (true, _) => {
                        format!("`{key}` is part of a health check, which cannot be declared")
                    }
                    (false, true) => format!("`{key}` is a setting of a hop, not of a link"),
                    (false, false) => format!("`{key}` is a setting of a link, not of a hop"),
                };
                self.remark(entry.key_at.clone(), says);
                continue;
            }
            match values::value(key, at) {
                Ok(value) => {
                    let at = self.span(at.range());
                    settings.push(Setting::written(key, value, key.as_str(), at));
                }
                Err(how) => {
                    let says = format!("`{key}` of this {of} has to be {how}");
                    self.remark(at.range(), says);
                }
            }
        }
        settings
    }
}

/// Settings that share a word with one that does not exist.
fn alike(wrong: &str, link: bool) -> String {
    let words: Vec<String> =
        wrong.to_ascii_lowercase().split(['-', '_']).map(str::to_owned).collect();
    let shared = |key: &Key| {
        key.as_str().split('-').filter(|word| words.iter().any(|own| own == word)).count()
    };
    let near = |key: &&Key| values::stands_on(**key, link) && shared(key) > 0;
    let mut found: Vec<&Key> = Key::ALL.iter().filter(near).collect();
    found.sort_by_key(|key| std::cmp::Reverse(shared(key)));
    let found: Vec<&str> = found.into_iter().take(3).map(|key| key.as_str()).collect();
    match &found[..] {
        [] => "docs/guide/why502-toml.md lists them".to_owned(),
        some => format!("there are {}", some.join(", ")),
    }
}
