//! JSON to a tree, through jsonc-parser.

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{Entry, Kind, NodeId, Tree};

/// Reads a file of JSON. Never fails: a fault is noted, and nothing of a broken file is kept, as
/// its brackets no longer say what belongs to what.
pub(crate) fn json(text: &str) -> Tree {
    let mut tree = Tree::default();
    match parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()) {
        Ok(parsed) => {
            if let Some(value) = parsed.value {
                let root = add(&mut tree, value);
                tree.add_root(root);
            }
        }
        Err(fault) => {
            tree.broken = Some((fault.range().start, fault.kind().to_string()));
        }
    }
    tree
}

// The parser bounds the nesting, so that this cannot run out of stack.
fn add(tree: &mut Tree, value: Value<'_>) -> NodeId {
    let at = value.start()..value.end();
    let kind = match value {
        Value::StringLit(text) => Kind::Scalar(text.value.into_owned(), true),
        Value::NumberLit(number) => Kind::Scalar(number.value.to_owned(), false),
        Value::BooleanLit(flag) => Kind::Scalar(flag.value.to_string(), false),
        Value::NullKeyword(_) => Kind::Null,
        Value::Array(list) => {
            Kind::List(list.elements.into_iter().map(|item| add(tree, item)).collect())
        }
        Value::Object(map) => Kind::Map(
            map.properties
                .into_iter()
                .map(|property| {
                    let name = &property.name;
                    let key_at = match name {
                        ObjectPropName::String(name) => name.start()..name.end(),
                        ObjectPropName::Word(name) => name.start()..name.end(),
                    };
                    let key = name.as_str().to_owned();
                    Entry { key, key_at, value: add(tree, property.value) }
                })
                .collect(),
        ),
    };
    tree.add(at, kind, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let text = r#"{"a": {"b": [1, true, null, "x\ny"]}}"#;
        let tree = json(text);
        let list = tree.roots().next().unwrap().at("a.b");
        let items: Vec<_> = list.items().collect();
        assert_eq!(items[0].number(), Some(1));
        assert_eq!(items[1].flag(), Some(true));
        assert!(items[2].there().is_none());
        assert_eq!(items[3].text(), Some("x\ny"));
        assert_eq!(&text[items[3].range()], r#""x\ny""#);
    }

    #[test]
    fn broken_and_deep_files_are_noted() {
        assert!(json("{\"a\": ").broken.is_some());
        assert!(json(&"[".repeat(100_000)).broken.is_some());
    }
}
