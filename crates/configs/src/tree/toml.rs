//! TOML to a tree, through the `toml` crate: what can be read of the file, and its first fault.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Kind, NodeId, Tree};

/// Reads a file of TOML. Never fails: the first fault is noted, and what the parser could make out
/// around it is kept.
pub(crate) fn toml(text: &str) -> Tree {
    let mut tree = Tree::default();
    let (table, faults) = DeTable::parse_recoverable(text);
    let at = table.span();
    let root = map(&mut tree, at, table.into_inner());
    tree.add_root(root);
    let first = faults.iter().min_by_key(|fault| fault.span().map_or(0, |at| at.start));
    tree.broken = first.map(|fault| {
        let at = fault.span().map_or(0, |at| at.start);
        (at, fault.message().replace('\n', " "))
    });
    tree
}

// The parser bounds the nesting, so that this cannot run out of stack.
fn add(tree: &mut Tree, value: Spanned<DeValue<'_>>) -> NodeId {
    let at = value.span();
    let kind = match value.into_inner() {
        DeValue::String(text) => Kind::Scalar(text.into_owned(), true),
        DeValue::Integer(number) => Kind::Scalar(integer(&number), false),
        DeValue::Float(number) => Kind::Scalar(number.as_str().to_owned(), false),
        DeValue::Boolean(flag) => Kind::Scalar(flag.to_string(), false),
        DeValue::Datetime(when) => Kind::Scalar(when.to_string(), false),
        DeValue::Array(list) => Kind::List(list.into_iter().map(|item| add(tree, item)).collect()),
        DeValue::Table(table) => return map(tree, at, table),
    };
    tree.add(at, kind, "")
}

/// The number in decimal digits, if it is one of 64 bits; as written otherwise.
fn integer(number: &toml::de::DeInteger<'_>) -> String {
    let decimal = i64::from_str_radix(number.as_str(), number.radix());
    decimal.map_or_else(|_| number.as_str().to_owned(), |n| n.to_string())
}

fn map(tree: &mut Tree, at: std::ops::Range<usize>, table: DeTable<'_>) -> NodeId {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| {
            let key_at = key.span();
            Entry { key: key.into_inner().into_owned(), key_at, value: add(tree, value) }
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_at.start);
    tree.add(at, Kind::Map(entries), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let text = "[[hop]]\nname = \"web\"\nports = [0x50, 8_080]\nup = true\n";
        let tree = toml(text);
        assert!(tree.broken.is_none());
        let root = tree.roots().next().unwrap();
        let hop = root.get("hop").items().next().unwrap();
        assert_eq!(hop.get("name").text(), Some("web"));
        assert_eq!(&text[hop.get("name").range()], "\"web\"");
        let ports: Vec<_> = hop.get("ports").items().filter_map(super::super::At::number).collect();
        assert_eq!(ports, [80, 8080]);
        assert_eq!(hop.get("up").flag(), Some(true));
    }

    #[test]
    fn what_stands_around_a_fault_is_kept() {
        let tree = toml("[[hop]]\nname = \"web\"\nports = [80\n[[hop]]\nname = \"db\"\n");
        assert!(tree.broken.is_some());
        let root = tree.roots().next().unwrap();
        let first = root.get("hop").items().next().unwrap();
        assert_eq!(first.get("name").text(), Some("web"));
        let deep = format!("a = {}", "[".repeat(100_000));
        assert!(toml(&deep).broken.is_some());
    }
}
