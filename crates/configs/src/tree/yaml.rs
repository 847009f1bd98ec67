//! YAML to a tree, through granit-parser: every document of the file, as far as it is well formed.

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, Tag};

use super::{Entry, Kind, NodeId, Tree};

/// Parts of one file beyond which reading stops: more than any configuration has, and little memory.
const MOST_NODES: usize = 4_000_000;

/// A collection that is still open.
enum Open {
    List(NodeId, Vec<NodeId>),
    Map(NodeId, Vec<Entry>, Option<(String, std::ops::Range<usize>)>),
}

/// Reads a file of YAML. Never fails: what came before a fault is kept, and the fault is noted.
pub(crate) fn yaml(text: &str) -> Tree {
    let mut builder = Builder::default();
    let mut options = Options::default();
    options.emit_comments = false;
    options.emit_unresolved_aliases = true;
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Ok((event, span)) => builder.take(event, span),
            Err(fault) => {
                let at = fault.marker().byte_offset().unwrap_or(text.len());
                builder.tree.broken = Some((at, fault.info().to_owned()));
                break;
            }
        }
        if builder.tree.nodes.len() > MOST_NODES {
            builder.tree.broken = Some((text.len(), "it has too many parts".to_owned()));
            break;
        }
    }
    while !builder.open.is_empty() {
        builder.close(text.len());
    }
    builder.tree
}

#[derive(Default)]
struct Builder {
    tree: Tree,
    open: Vec<Open>,
    anchors: Vec<(usize, NodeId)>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) {
        let at = range(&span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = style != ScalarStyle::Plain;
                let null = !quoted && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                // The name of an entry is not a part of its own.
                if tag.is_none() && anchor == 0 && self.take_key(&text, &at) {
                    return;
                }
                let kind = if null { Kind::Null } else { Kind::Scalar(text.into_owned(), quoted) };
                let id = self.tree.add(at, kind, &tag_text(tag.as_deref()));
                self.name(anchor, id);
                self.place(id);
            }
            Event::SequenceStart(_, anchor, tag) => {
                let id = self.tree.add(at, Kind::List(Vec::new()), &tag_text(tag.as_deref()));
                self.name(anchor, id);
                self.open.push(Open::List(id, Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                let id = self.tree.add(at, Kind::Map(Vec::new()), &tag_text(tag.as_deref()));
                self.name(anchor, id);
                self.open.push(Open::Map(id, Vec::new(), None));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(at.end),
            Event::Alias(anchor) => {
                let id = self.anchors.iter().rev().find(|(known, _)| *known == anchor);
                let id = id.map(|&(_, id)| id);
                // An alias inside what it names would make a circle.
                let open = |id: NodeId| {
                    self.open.iter().any(|open| match open {
                        Open::List(own, _) | Open::Map(own, ..) => *own == id,
                    })
                };
                let id = match id {
                    Some(id) if !open(id) => id,
                    _ => self.tree.add(at, Kind::Null, ""),
                };
                self.place(id);
            }
            Event::UnresolvedAlias(name) => {
                let id = self.tree.add(at, Kind::Unknown(format!("*{name}")), "");
                self.place(id);
            }
            Event::DocumentStart(..) => self.anchors.clear(),
            _ => {}
        }
    }

    /// Takes a scalar as the name of the next entry, if the innermost map waits for one.
    fn take_key(&mut self, text: &str, at: &std::ops::Range<usize>) -> bool {
        match self.open.last_mut() {
            Some(Open::Map(_, _, waiting @ None)) => {
                *waiting = Some((text.to_owned(), at.clone()));
                true
            }
            _ => false,
        }
    }

    fn name(&mut self, anchor: usize, id: NodeId) {
        if anchor != 0 {
            self.anchors.push((anchor, id));
        }
    }

    /// Puts a finished part where it belongs.
    fn place(&mut self, id: NodeId) {
        match self.open.last_mut() {
            None => self.tree.add_root(id),
            Some(Open::List(_, items)) => items.push(id),
            Some(Open::Map(_, entries, waiting)) => match waiting.take() {
                Some((key, key_at)) => entries.push(Entry { key, key_at, value: id }),
                // A name that is no plain word: kept under its text, if it has one.
                None => {
                    let node = &self.tree.nodes[id.0 as usize];
                    let key = match &node.kind {
                        Kind::Scalar(text, _) => text.clone(),
                        _ => String::new(),
                    };
                    *waiting = Some((key, node.at.clone()));
                }
            },
        }
    }

    fn close(&mut self, end: usize) {
        let Some(open) = self.open.pop() else { return };
        let (id, kind) = match open {
            Open::List(id, items) => (id, Kind::List(items)),
            Open::Map(id, mut entries, waiting) => {
                if let Some((key, key_at)) = waiting {
                    let value = self.tree.add(key_at.end..key_at.end, Kind::Null, "");
                    entries.push(Entry { key, key_at, value });
                }
                (id, Kind::Map(entries))
            }
        };
        if let Some(node) = self.tree.node_mut(id) {
            node.kind = kind;
            node.at.end = end.max(node.at.start);
        }
        self.place(id);
    }
}

fn range(span: &Span) -> std::ops::Range<usize> {
    let start = span.start.byte_offset().unwrap_or(0);
    start..span.end.byte_offset().unwrap_or(start).max(start)
}

fn tag_text(tag: Option<&Tag>) -> String {
    tag.map(Tag::original).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let text = "a: 1\nb:\n  - x\n  - 'y z'\nc: {d: !Ref T}\n---\ne:\n";
        let tree = yaml(text);
        assert_eq!(tree.broken, None);
        let roots: Vec<_> = tree.roots().collect();
        assert_eq!(roots.len(), 2);
        assert_eq!(roots[0].get("a").number(), Some(1));
        assert_eq!(&text[roots[0].get("a").range()], "1");
        let items: Vec<_> = roots[0].get("b").items().filter_map(super::super::At::text).collect();
        assert_eq!(items, ["x", "y z"]);
        assert_eq!(roots[0].at("c.d").tag(), "!Ref");
        assert_eq!(roots[0].at("c.d").text(), Some("T"));
        assert!(roots[1].get("e").there().is_none());
    }

    #[test]
    fn merge_keys_and_aliases_are_followed() {
        let tree = yaml("base: &b {x: 1, y: 2}\nit:\n  <<: *b\n  y: 3\nlist: [*b, *b]\n");
        let root = tree.roots().next().unwrap();
        assert_eq!(root.at("it.x").number(), Some(1));
        assert_eq!(root.at("it.y").number(), Some(3));
        assert_eq!(root.get("list").items().count(), 2);
    }

    #[test]
    fn a_bomb_of_anchors_stays_small_and_a_circle_ends() {
        let mut text = String::from("a0: &a0 [x, x]\n");
        for n in 1..60 {
            text.push_str(&format!("a{n}: &a{n} [*a{m}, *a{m}]\n", m = n - 1));
        }
        assert!(yaml(&text).nodes.len() < 300);
        let circle = yaml("a: &a\n  b: *a\n");
        assert!(circle.roots().next().unwrap().at("a.b").there().is_none());
        let merge = yaml("a: &a {<<: *a, x: 1}\n");
        assert_eq!(merge.roots().next().unwrap().at("a.x").number(), Some(1));
    }

    #[test]
    fn what_came_before_a_fault_is_kept() {
        let tree = yaml("a: 1\nb:\n  c: 2\n d: [\n");
        assert!(tree.broken.is_some());
        assert_eq!(tree.roots().next().unwrap().get("a").number(), Some(1));
        let deep = "[".repeat(100_000);
        assert!(yaml(&deep).broken.is_some());
    }

    #[test]
    fn a_slot_has_the_indentation_of_its_map() {
        use model::config::{FileId, Key, Notation, Value};
        let text = "spec:\n  containers:\n    - name: web\n      image: x\n";
        let tree = yaml(text);
        let container = tree.roots().next().unwrap().at("spec.containers").items().next().unwrap();
        let name = (Key::TerminationGrace, "terminationGracePeriodSeconds");
        let slot = container.yaml_slot(text, FileId(0), name, Notation::Count).unwrap();
        let edit = slot.fill(&Value::Count(5)).unwrap();
        let mut out = text.to_owned();
        out.insert_str(edit.at.start as usize, &edit.text);
        assert!(out.contains("    - terminationGracePeriodSeconds: 5\n      name: web\n"), "{out}");
    }
}
