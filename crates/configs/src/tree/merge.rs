//! Changes to parts of a tree, as tools that build manifests make them: a part laid over another one,
//! and a value put at a path. What was there stays as it is; a changed part is a new one.

use std::ops::Range;

use model::config::{FileId, Span};

use super::{At, Entry, Kind, MOST_DEEP, NodeId, Tree};

/// Lists whose items are told apart by a name, and the name. Items of other lists are replaced with
/// their list. <https://kubernetes.io/docs/reference/kubernetes-api/> calls it the patch merge key.
const BY_NAME: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("ports", &["containerPort", "port"]),
    ("volumeMounts", &["mountPath"]),
];

/// Parts that one change looks at: anchors of YAML can make a small file large.
const MOST_STEPS: u32 = 100_000;

/// Where a stretch of the text that a change is written in stands.
pub(crate) type Place<'p> = &'p dyn Fn(Range<usize>) -> Span;

/// How much deeper, and how many parts more, a change goes.
struct Left {
    depth: usize,
    steps: u32,
}

impl Tree {
    /// A part with another one laid over it, as a strategic merge patch is. `None` if the patch takes
    /// it away.
    pub(crate) fn merged(
        &mut self,
        base: NodeId,
        patch: At<'_>,
        place: Place<'_>,
    ) -> Option<NodeId> {
        self.merged_within(
            base,
            patch,
            "",
            place,
            &mut Left { depth: MOST_DEEP, steps: MOST_STEPS },
        )
    }

    fn merged_within(
        &mut self,
        base: NodeId,
        patch: At<'_>,
        name: &str,
        place: Place<'_>,
        left: &mut Left,
    ) -> Option<NodeId> {
        let (Some(depth), Some(steps)) = (left.depth.checked_sub(1), left.steps.checked_sub(1))
        else {
            return Some(base);
        };
        *left = Left { depth, steps };
        let made = self.merged_here(base, patch, name, place, left);
        left.depth += 1;
        made
    }

    fn merged_here(
        &mut self,
        base: NodeId,
        patch: At<'_>,
        name: &str,
        place: Place<'_>,
        left: &mut Left,
    ) -> Option<NodeId> {
        let directive = patch.get("$patch").text();
        if patch.there().is_none() || directive == Some("delete") {
            return None;
        }
        let (at, file, kind) = self.copy_of(base);
        let made = match (kind, patch.kind()) {
            (Kind::Map(mut entries), Some(Kind::Map(_))) if directive != Some("replace") => {
                for (changed, value) in patch.entries().filter(|(entry, _)| entry.key != "$patch") {
                    let known = entries.iter().position(|had| had.key == changed.key);
                    match known {
                        Some(known) => {
                            let inner = entries[known].value;
                            match self.merged_within(inner, value, &changed.key, place, left) {
                                Some(made) => entries[known].value = made,
                                None => {
                                    entries.remove(known);
                                }
                            }
                        }
                        None if value.there().is_some() => entries.push(Entry {
                            key: changed.key.clone(),
                            key_at: changed.key_at.clone(),
                            value: self.graft(value, place),
                        }),
                        None => {}
                    }
                }
                Kind::Map(entries)
            }
            (Kind::List(items), Some(Kind::List(_))) => {
                let keys = BY_NAME.iter().find(|(list, _)| *list == name).map(|(_, keys)| *keys);
                let Some(keys) = keys else { return Some(self.graft(patch, place)) };
                Kind::List(self.merged_list(items, patch, keys, place, left))
            }
            // What says the same stays where it is.
            (Kind::Scalar(had, _), Some(Kind::Scalar(text, _))) if had == *text => {
                return Some(base);
            }
            _ => return Some(self.graft(patch, place)),
        };
        Some(self.put_back(at, file, made))
    }

    fn merged_list(
        &mut self,
        mut items: Vec<NodeId>,
        patch: At<'_>,
        keys: &[&str],
        place: Place<'_>,
        left: &mut Left,
    ) -> Vec<NodeId> {
        for item in patch.items() {
            let own = keys.iter().find_map(|key| Some((*key, item.get(key).text()?)));
            let known = own.and_then(|(key, text)| {
                items.iter().position(|&id| self.part(id).get(key).text() == Some(text))
            });
            match known {
                Some(known) => match self.merged_within(items[known], item, "", place, left) {
                    Some(made) => items[known] = made,
                    None => {
                        items.remove(known);
                    }
                },
                None if item.get("$patch").text() != Some("delete") => {
                    items.push(self.graft(item, place));
                }
                None => {}
            }
        }
        items
    }

    /// A part in which another one stands at a path: names, or numbers of items; `-` is behind the
    /// last item. Without a value what stands there is taken away. `None` if there is no such path.
    pub(crate) fn with(
        &mut self,
        base: NodeId,
        path: &[String],
        value: Option<NodeId>,
        insert: bool,
    ) -> Option<NodeId> {
        let (first, rest) = path.split_first()?;
        if path.len() > MOST_DEEP {
            return None;
        }
        let (at, file, mut kind) = self.copy_of(base);
        match &mut kind {
            Kind::Map(entries) => {
                let known = entries.iter().position(|entry| entry.key == *first);
                match (known, rest.is_empty(), value) {
                    (Some(known), false, value) => {
                        entries[known].value =
                            self.with(entries[known].value, rest, value, insert)?;
                    }
                    (Some(known), true, Some(value)) => entries[known].value = value,
                    (Some(known), true, None) => {
                        entries.remove(known);
                    }
                    (None, true, Some(value)) => {
                        let key_at = self.part(value).range();
                        entries.push(Entry { key: first.clone(), key_at, value });
                    }
                    (None, ..) => return None,
                }
            }
            Kind::List(items) => {
                let end = first == "-";
                let number = if end { items.len() } else { first.parse().ok()? };
                match (rest.is_empty(), value) {
                    (false, value) => {
                        let inner = *items.get(number)?;
                        items[number] = self.with(inner, rest, value, insert)?;
                    }
                    (true, Some(value)) if end || insert => {
                        items.insert(number.min(items.len()), value);
                    }
                    (true, Some(value)) => *items.get_mut(number)? = value,
                    (true, None) if number < items.len() => {
                        items.remove(number);
                    }
                    (true, None) => return None,
                }
            }
            _ => return None,
        }
        Some(self.put_back(at, file, kind))
    }

    fn copy_of(&self, id: NodeId) -> (Range<usize>, Option<FileId>, Kind) {
        let node = self.part(id).node();
        node.map_or((0..0, None, Kind::Null), |node| {
            (node.at.clone(), node.file, node.kind.clone())
        })
    }

    fn put_back(&mut self, at: Range<usize>, file: Option<FileId>, kind: Kind) -> NodeId {
        match file {
            Some(file) => self.add_from(Span::new(file, at), kind, ""),
            None => self.add(at, kind, ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    fn own(range: Range<usize>) -> Span {
        Span::new(FileId(7), range)
    }

    fn shown(at: At<'_>) -> String {
        match at.kind() {
            Some(Kind::Map(_)) => {
                let inner: Vec<String> = at
                    .entries()
                    .map(|(entry, at)| format!("{}: {}", entry.key, shown(at)))
                    .collect();
                format!("{{{}}}", inner.join(", "))
            }
            Some(Kind::List(_)) => {
                format!("[{}]", at.items().map(shown).collect::<Vec<_>>().join(", "))
            }
            _ => at.text().unwrap_or("~").to_owned(),
        }
    }

    fn merged(base: &str, patch: &str) -> String {
        let (base, patch) = (yaml(base), yaml(patch));
        let mut tree = Tree::default();
        let id = tree.graft(base.roots().next().unwrap(), &own);
        let id = tree.merged(id, patch.roots().next().unwrap(), &own);
        id.map_or("gone".to_owned(), |id| shown(tree.part(id)))
    }

    #[test]
    fn patches_are_laid_over() {
        assert_eq!(merged("{a: 1, b: {c: 2}}", "{b: {d: 3}, a: null}"), "{b: {c: 2, d: 3}}");
        let list = "{containers: [{name: a, image: x}, {name: b}]}";
        assert_eq!(
            merged(list, "{containers: [{name: a, tty: true}, {name: b, $patch: delete}]}"),
            "{containers: [{name: a, image: x, tty: true}]}"
        );
        assert_eq!(merged(list, "{containers: [{name: c}]}").matches("name").count(), 3);
        assert_eq!(merged("{rules: [{host: a}]}", "{rules: [{host: b}]}"), "{rules: [{host: b}]}");
        assert_eq!(
            merged("{a: {b: 1}}", "{a: {$patch: replace, c: 2}}"),
            "{a: {$patch: replace, c: 2}}"
        );
        assert_eq!(merged("{a: 1}", "{$patch: delete}"), "gone");
        assert_eq!(merged("{a: 1}", "x"), "x");
    }

    #[test]
    fn values_are_put_at_paths() {
        let with = |base: &str, path: &str, value: Option<&str>, insert: bool| {
            let base = yaml(base);
            let mut tree = Tree::default();
            let id = tree.graft(base.roots().next().unwrap(), &own);
            let value = value.map(|text| {
                let value = yaml(text);
                tree.graft(value.roots().next().unwrap(), &own)
            });
            let path: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
            let id = tree.with(id, &path, value, insert);
            id.map_or("none".to_owned(), |id| shown(tree.part(id)))
        };
        assert_eq!(with("{a: {b: 1}}", "/a/b", Some("2"), false), "{a: {b: 2}}");
        assert_eq!(with("{a: {b: 1}}", "/a/c", Some("2"), true), "{a: {b: 1, c: 2}}");
        assert_eq!(with("{a: [1, 2]}", "/a/0", Some("9"), true), "{a: [9, 1, 2]}");
        assert_eq!(with("{a: [1, 2]}", "/a/1", Some("9"), false), "{a: [1, 9]}");
        assert_eq!(with("{a: [1]}", "/a/-", Some("2"), true), "{a: [1, 2]}");
        assert_eq!(with("{a: [1, 2]}", "/a/0", None, false), "{a: [2]}");
        assert_eq!(with("{a: 1}", "/a", None, false), "{}");
        for (path, value) in [("/b/c", Some("1")), ("/a/7", None), ("/a/x", Some("1")), ("", None)]
        {
            assert_eq!(with("{a: [1]}", path, value, false), "none", "{path}");
        }
    }
}
