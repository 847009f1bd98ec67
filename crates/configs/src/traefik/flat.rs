//! Options written flat, `--entrypoints.web.address=:80` or `traefik.http.routers.web.rule=…`, as the
//! tree that they stand for.

use std::collections::BTreeMap;

use model::config::Span;

use super::field::WHOLE;
use crate::document::Document;
use crate::tree::{At, Entry, Kind, NodeId, Tree};

/// Names of one option that are read.
const MOST_NAMES: usize = 16;

/// Options of one place that are read.
const MOST_OPTIONS: usize = 2_000;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Flat {
    /// Its text.
    pub(super) text: String,
    /// Where it stands.
    pub(super) at: Span,
    /// True if its place begins and ends with a quotation mark of its own.
    pub(super) quoted: bool,
    /// False if its place holds more than the value.
    pub(super) exact: bool,
}

/// Options that are being gathered.
#[derive(Debug, Default)]
pub(super) struct Options {
    value: Option<Flat>,
    inner: BTreeMap<String, Options>,
    number: usize,
}

impl Options {
    /// Adds an option by its names, parted by `parted`.
    pub(super) fn add(&mut self, path: &str, parted: char, value: Flat) {
        if self.number >= MOST_OPTIONS {
            return;
        }
        self.number += 1;
        let mut place = self;
        for name in path.split(parted).take(MOST_NAMES) {
            // An element of a list: `servers[0]`.
            let (name, index) = name.split_once('[').unwrap_or((name, ""));
            place = place.inner.entry(name.to_ascii_lowercase()).or_default();
            if !index.is_empty() {
                place = place.inner.entry(index.trim_end_matches(']').to_owned()).or_default();
            }
        }
        place.value = Some(value);
    }

    /// True if nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// The tree of all options.
    pub(super) fn tree(&self) -> Tree {
        let mut tree = Tree::default();
        let root = self.put(&mut tree);
        tree.add_root(root);
        tree
    }

    /// A place of some option below.
    fn place(&self) -> Option<Span> {
        let own = self.value.as_ref().map(|value| value.at);
        own.or_else(|| self.inner.values().find_map(Options::place))
    }

    fn put(&self, tree: &mut Tree) -> NodeId {
        let at = self.place().unwrap_or(Span::new(model::config::FileId(0), 0..0));
        if self.inner.is_empty() {
            return match &self.value {
                None => tree.add_from(at, Kind::Null, ""),
                Some(value) => {
                    let tag = if value.exact { "" } else { WHOLE };
                    tree.add_from(at, Kind::Scalar(value.text.clone(), value.quoted), tag)
                }
            };
        }
        let is_list = self.inner.keys().all(|key| key.bytes().all(|b| b.is_ascii_digit()));
        if is_list {
            let items = self.inner.values().map(|inner| inner.put(tree)).collect();
            return tree.add_from(at, Kind::List(items), "");
        }
        let entries = self.inner.iter().map(|(key, inner)| {
            let value = inner.put(tree);
            Entry { key: key.clone(), key_at: at.range(), value }
        });
        let entries = entries.collect();
        tree.add_from(at, Kind::Map(entries), "")
    }
}

/// The options of a list of texts `name=value`, or of a map, whose names begin with `prefix`.
pub(super) fn gather(document: &Document, at: At<'_>, prefix: &str, options: &mut Options) {
    for item in at.items().take(MOST_OPTIONS) {
        if let Some(text) = item.text() {
            pair(document, item, text, prefix, options);
        }
    }
    for (entry, value) in at.entries().take(MOST_OPTIONS) {
        let Some(path) = without(&entry.key, prefix) else { continue };
        let Some(text) = value.text() else { continue };
        let flat = Flat {
            text: text.to_owned(),
            at: value.span(document.id),
            quoted: value.is_quoted(),
            exact: true,
        };
        options.add(path, '.', flat);
    }
}

/// `name=value`; a name alone is switched on.
pub(super) fn pair(
    document: &Document,
    at: At<'_>,
    text: &str,
    prefix: &str,
    options: &mut Options,
) {
    let Some(rest) = without(text, prefix) else { return };
    let (path, value) = rest.split_once('=').unwrap_or((rest, ""));
    let whole = at.range();
    let from = whole.start + usize::from(at.is_quoted()) + (text.len() - value.len());
    let own = from..from + value.len();
    let exact = !value.is_empty() && document.text.get(own.clone()) == Some(value);
    let place = if exact { own } else { whole };
    let switch = !rest.contains('=');
    let value = if switch { "true" } else { value };
    let quoted = false;
    let flat = Flat { text: value.to_owned(), at: document.span(place), quoted, exact };
    options.add(path, '.', flat);
}

fn without<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str) -> Flat {
        let at = Span::new(model::config::FileId(0), 0..0);
        Flat { text: text.to_owned(), at, quoted: false, exact: true }
    }

    #[test]
    fn options_become_a_tree() {
        let mut options = Options::default();
        options.add("entryPoints.Web.address", '.', flat(":80"));
        options.add("http.services.a.loadbalancer.servers[0].url", '.', flat("http://a"));
        options.add("http.services.a.loadbalancer.servers[1].url", '.', flat("http://b"));
        options.add("http.routers.r.tls", '.', flat("true"));
        options.add("http.routers.r.tls.certresolver", '.', flat("x"));
        let tree = options.tree();
        let root = tree.roots().next().unwrap();
        assert_eq!(root.at("entrypoints.web.address").text(), Some(":80"));
        assert_eq!(root.at("http.services.a.loadbalancer.servers").items().count(), 2);
        assert_eq!(root.at("http.routers.r.tls.certresolver").text(), Some("x"));
        assert_eq!(without("TRAEFIK.a", "traefik."), Some("a"));
        assert_eq!(without("tra", "traefik."), None);
    }
}
