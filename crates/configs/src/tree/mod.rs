//! One shape for every nested document (YAML, JSON, HCL), with the place of each part.
//!
//! Parts live in one list and refer to each other by number, so that an alias of YAML is the same
//! part seen twice: a document whose anchors would expand to gigabytes stays as small as its text.

mod json;
mod merge;
mod toml;
mod yaml;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use model::config::{FileId, Key, Notation, Slot, Span};

pub(crate) use json::json;
pub(crate) use merge::Place;
pub(crate) use toml::toml;
pub(crate) use yaml::yaml;

/// How deep a lookup follows merge keys (`<<`): they may form a circle.
const MERGE_DEPTH: u8 = 8;

/// How deep a copy goes: deeper than any configuration, shallow enough for the stack.
const MOST_DEEP: usize = 200;

/// A part of a tree, by its position in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// Its position in the list.
    pub(crate) fn number(self) -> usize {
        self.0 as usize
    }
}

/// What a part is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Nothing: `null`, `~`, or no value.
    Null,
    /// A word, a number, a truth value; as its text. True if it stood in quotation marks.
    Scalar(String, bool),
    /// A reference to another part of the configuration: `aws_lb.front.arn`, `!Ref Topic`.
    Reference(String),
    /// An expression that only the tool that runs the file could work out; as written.
    Unknown(String),
    /// Values in order.
    List(Vec<NodeId>),
    /// Values by name, in order; names may repeat.
    Map(Vec<Entry>),
}

/// A named value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) key: String,
    /// Where the name stands.
    pub(crate) key_at: Range<usize>,
    /// Its value.
    pub(crate) value: NodeId,
}

#[derive(Clone, Debug, PartialEq)]
struct Node {
    at: Range<usize>,
    kind: Kind,
    /// The tag of YAML, such as `!GetAtt`; empty for none.
    tag: String,
    /// The file it stands in, where a tree is put together from several.
    file: Option<FileId>,
}

/// The documents of one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    roots: Vec<NodeId>,
    /// Why reading ended before the file did, and where.
    pub(crate) broken: Option<(usize, String)>,
}

impl Tree {
    /// Adds a part.
    pub(crate) fn add(&mut self, at: Range<usize>, kind: Kind, tag: &str) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node { at, kind, tag: tag.to_owned(), file: None });
        id
    }

    /// Adds a part that stands in this file, whichever file the rest is from.
    pub(crate) fn add_from(&mut self, at: Span, kind: Kind, tag: &str) -> NodeId {
        let id = self.add(at.range(), kind, tag);
        if let Some(node) = self.node_mut(id) {
            node.file = Some(at.file);
        }
        id
    }

    /// The part of this number.
    pub(crate) fn part(&self, id: NodeId) -> At<'_> {
        At { tree: self, id: Some(id) }
    }

    /// How many parts there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Copies a part of another tree with all that is in it. What is seen twice there is seen
    /// twice here; `place` says where a stretch of the other tree's text stands.
    pub(crate) fn graft(&mut self, from: At<'_>, place: &dyn Fn(Range<usize>) -> Span) -> NodeId {
        let mut copies = BTreeMap::new();
        self.graft_part(from, place, &mut copies, MOST_DEEP)
    }

    fn graft_part(
        &mut self,
        from: At<'_>,
        place: &dyn Fn(Range<usize>) -> Span,
        copies: &mut BTreeMap<u32, NodeId>,
        depth: usize,
    ) -> NodeId {
        let known = from.id.and_then(|id| copies.get(&id.0).copied());
        if let Some(copy) = known {
            return copy;
        }
        let mut at = place(from.range());
        at.file = from.node().and_then(|node| node.file).unwrap_or(at.file);
        let kind = match from.kind() {
            None => Kind::Null,
            Some(_) if depth == 0 => Kind::Unknown(String::new()),
            Some(Kind::List(_)) => Kind::List(
                from.items().map(|item| self.graft_part(item, place, copies, depth - 1)).collect(),
            ),
            Some(Kind::Map(_)) => {
                let entries = from.entries().map(|(entry, value)| Entry {
                    key: entry.key.clone(),
                    key_at: place(entry.key_at.clone()).range(),
                    value: self.graft_part(value, place, copies, depth - 1),
                });
                Kind::Map(entries.collect())
            }
            Some(plain) => plain.clone(),
        };
        let copy = self.add_from(at, kind, from.tag());
        if let Some(id) = from.id {
            copies.insert(id.0, copy);
        }
        copy
    }

    /// Makes a part the root of a document.
    pub(crate) fn add_root(&mut self, id: NodeId) {
        self.roots.push(id);
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.0 as usize)
    }

    /// The roots of its documents.
    pub(crate) fn roots(&self) -> impl Iterator<Item = At<'_>> {
        self.roots.iter().map(|&id| At { tree: self, id: Some(id) })
    }
}

/// A place in a tree: a part, or the absence of one, so that lookups can be chained.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'t> {
    tree: &'t Tree,
    id: Option<NodeId>,
}

impl<'t> At<'t> {
    fn node(self) -> Option<&'t Node> {
        self.tree.nodes.get(self.id?.0 as usize)
    }

    fn absent(self) -> At<'t> {
        At { tree: self.tree, id: None }
    }

    fn of(self, id: NodeId) -> At<'t> {
        At { tree: self.tree, id: Some(id) }
    }

    /// The part, if there is one here that is not null.
    pub(crate) fn there(self) -> Option<At<'t>> {
        self.node().is_some_and(|node| node.kind != Kind::Null).then_some(self)
    }

    /// What it is.
    pub(crate) fn kind(self) -> Option<&'t Kind> {
        Some(&self.node()?.kind)
    }

    /// Its tag, such as `!Sub`; empty for none.
    pub(crate) fn tag(self) -> &'t str {
        self.node().map_or("", |node| &node.tag)
    }

    /// The value of this name; with merge keys. The last wins where a name repeats.
    pub(crate) fn get(self, name: &str) -> At<'t> {
        self.get_within(name, MERGE_DEPTH)
    }

    fn get_within(self, name: &str, depth: u8) -> At<'t> {
        let entries = self.own_entries();
        if let Some(entry) = entries.iter().rev().find(|entry| entry.key == name) {
            return self.of(entry.value);
        }
        if depth > 0 {
            for entry in entries.iter().filter(|entry| entry.key == "<<") {
                let merged = self.of(entry.value);
                let sources = merged.items().chain([merged]);
                for found in sources.map(|source| source.get_within(name, depth - 1)) {
                    if found.node().is_some() {
                        return found;
                    }
                }
            }
        }
        self.absent()
    }

    /// The value at a path of names parted by `.`; no name may hold one.
    pub(crate) fn at(self, path: &str) -> At<'t> {
        path.split('.').fold(self, At::get)
    }

    fn own_entries(self) -> &'t [Entry] {
        match self.kind() {
            Some(Kind::Map(entries)) => entries,
            _ => &[],
        }
    }

    /// Its names with their values, without merge keys.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'t Entry, At<'t>)> {
        self.own_entries().iter().map(move |entry| (entry, self.of(entry.value)))
    }

    /// Its values in order; none if it is no list.
    pub(crate) fn items(self) -> impl Iterator<Item = At<'t>> {
        let items: &[NodeId] = match self.kind() {
            Some(Kind::List(items)) => items,
            _ => &[],
        };
        items.iter().map(move |&id| self.of(id))
    }

    /// Its values if it is a list, itself if it is anything else that is there: where a file may
    /// say one or several.
    pub(crate) fn each(self) -> impl Iterator<Item = At<'t>> {
        let alone = match self.kind() {
            Some(Kind::List(_) | Kind::Null) | None => None,
            Some(_) => Some(self),
        };
        self.items().chain(alone)
    }

    /// The text of a scalar, whatever it stands for.
    pub(crate) fn text(self) -> Option<&'t str> {
        match self.kind()? {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// What it refers to.
    pub(crate) fn reference(self) -> Option<&'t str> {
        match self.kind()? {
            Kind::Reference(name) => Some(name),
            _ => None,
        }
    }

    /// Its text, what it refers to, or its expression: whatever is written here.
    pub(crate) fn written(self) -> Option<Cow<'t, str>> {
        match self.kind()? {
            Kind::Scalar(text, _) | Kind::Reference(text) | Kind::Unknown(text) => {
                Some(Cow::Borrowed(text))
            }
            _ => None,
        }
    }

    /// The whole number of a scalar, in quotation marks or not.
    pub(crate) fn number(self) -> Option<u64> {
        let text = self.text()?;
        text.parse().ok().or_else(|| {
            let float: f64 = text.parse().ok()?;
            (float.fract() == 0.0 && (0.0..9e15).contains(&float)).then_some(float as u64)
        })
    }

    /// The fractional number of a scalar.
    pub(crate) fn float(self) -> Option<f64> {
        self.text()?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The truth value of a scalar.
    pub(crate) fn flag(self) -> Option<bool> {
        match self.text()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// Where it stands, without a scalar's surroundings.
    pub(crate) fn range(self) -> Range<usize> {
        self.node().map_or(0..0, |node| node.at.clone())
    }

    /// Where it stands in this file.
    pub(crate) fn span(self, file: FileId) -> Span {
        let own = self.node().and_then(|node| node.file);
        Span::new(own.unwrap_or(file), self.range())
    }

    /// Its number.
    pub(crate) fn id(self) -> Option<NodeId> {
        self.id
    }

    /// True if it stood in quotation marks.
    pub(crate) fn is_quoted(self) -> bool {
        matches!(self.kind(), Some(Kind::Scalar(_, true)))
    }

    /// Where in this block of HCL a further setting can be put: before its first name, at the same
    /// indentation. `None` for blocks of one line, and for what is no block. The text is that of
    /// the file the block stands in.
    pub(crate) fn hcl_slot(
        self,
        text: &str,
        file: FileId,
        (key, name): (Key, &'static str),
        notation: Notation,
    ) -> Option<Slot> {
        let first = self.own_entries().iter().map(|entry| entry.key_at.start).min()?;
        let line = text.get(..first)?.rfind('\n').map_or(0, |at| at + 1);
        let indent = text.get(line..first)?;
        let block = indent.chars().all(char::is_whitespace);
        let text = format!("{name} = {{}}\n{indent}");
        let at = Span::new(file, first..first).start;
        block.then_some(Slot { key, name, file, at, text, notation })
    }

    /// Where in this block map of YAML a further setting can be put: before its first name, at the
    /// same indentation. `None` for maps written in braces, and for what is no map.
    pub(crate) fn yaml_slot(
        self,
        text: &str,
        file: FileId,
        (key, name): (Key, &'static str),
        notation: Notation,
    ) -> Option<Slot> {
        let first = self.own_entries().first()?.key_at.start;
        let line = text.get(..first)?.rfind('\n').map_or(0, |at| at + 1);
        let indent = text.get(line..first)?;
        let block = indent.chars().all(|c| c == ' ' || c == '-');
        let indent = indent.replace('-', " ");
        let slot = Span::new(file, first..first);
        let text = format!("{name}: {{}}\n{indent}");
        block.then_some(Slot { key, name, file, at: slot.start, text, notation })
    }
}
