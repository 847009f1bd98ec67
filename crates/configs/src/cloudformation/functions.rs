//! The functions of CloudFormation, worked out as far as the template tells.

use std::collections::BTreeMap;
use std::ops::Range;

use model::config::{FileId, Span};

use crate::tree::{At, Entry, Kind, NodeId, Tree};

/// How deep parts and functions lie in each other.
const MOST_DEEP: usize = 100;

/// Parts beyond which nothing more is worked out.
const MOST_PARTS: usize = 1_000_000;

/// Longest text that is put together, in bytes.
const LONGEST_TEXT: usize = 64 << 10;

/// A template, and the tree of what its parts come to.
pub(super) struct Template<'t> {
    root: At<'t>,
    file: FileId,
    pub(super) tree: Tree,
    /// What stands before the names of its resources where a stack is made of it within another.
    prefix: String,
    /// The parameters it is given by the stack that is made of it.
    given: BTreeMap<String, NodeId>,
    /// Parts that have been worked out: aliases of YAML are worked out once.
    known: BTreeMap<usize, NodeId>,
}

impl<'t> Template<'t> {
    pub(super) fn new(file: FileId, root: At<'t>) -> Template<'t> {
        Template {
            root,
            file,
            tree: Tree::default(),
            prefix: String::new(),
            given: BTreeMap::new(),
            known: BTreeMap::new(),
        }
    }

    /// The same as a stack within another: what is worked out comes into this tree.
    pub(super) fn within(
        self,
        prefix: &str,
        given: BTreeMap<String, NodeId>,
        tree: Tree,
    ) -> Template<'t> {
        Template { prefix: prefix.to_owned(), given, tree, ..self }
    }

    /// A reference to a resource of this template.
    fn reference(&mut self, name: &str, at: At<'_>) -> NodeId {
        let name = format!("{}{name}", self.prefix);
        self.add(at.range(), Kind::Reference(name), "")
    }

    /// True if the resource's condition is known not to hold.
    pub(super) fn is_left_out(&self, resource: At<'_>) -> bool {
        let name = resource.get("Condition").text();
        name.is_some_and(|name| self.condition(name, 20) == Some(false))
    }

    /// Works out a part.
    pub(super) fn part(&mut self, at: At<'_>) -> NodeId {
        self.worked_out(at, MOST_DEEP)
    }

    fn add(&mut self, at: Range<usize>, kind: Kind, tag: &str) -> NodeId {
        self.tree.add_from(Span::new(self.file, at), kind, tag)
    }

    fn unknown(&mut self, at: At<'_>, what: &str) -> NodeId {
        self.add(at.range(), Kind::Unknown(what.to_owned()), "")
    }

    fn worked_out(&mut self, at: At<'_>, depth: usize) -> NodeId {
        if depth == 0 || self.tree.len() > MOST_PARTS {
            return self.unknown(at, "");
        }
        let number = at.id().map(crate::tree::NodeId::number);
        if let Some(known) = number.and_then(|number| self.known.get(&number).copied()) {
            return known;
        }
        let made = match function(at) {
            Some((name, argument)) => self.call(&name, argument, at, depth - 1),
            None => match at.kind() {
                None => self.add(at.range(), Kind::Null, ""),
                Some(Kind::List(_)) => {
                    let items = at.items().map(|item| self.worked_out(item, depth - 1)).collect();
                    self.add(at.range(), Kind::List(items), "")
                }
                Some(Kind::Map(_)) => {
                    let mut entries = Vec::new();
                    for (entry, value) in at.entries() {
                        let value = self.worked_out(value, depth - 1);
                        let (key, key_at) = (entry.key.clone(), entry.key_at.clone());
                        entries.push(Entry { key, key_at, value });
                    }
                    self.add(at.range(), Kind::Map(entries), "")
                }
                Some(plain) => self.add(at.range(), plain.clone(), ""),
            },
        };
        if let Some(number) = number {
            self.known.insert(number, made);
        }
        made
    }

    fn call(&mut self, name: &str, argument: At<'_>, at: At<'_>, depth: usize) -> NodeId {
        if depth == 0 {
            return self.unknown(at, name);
        }
        let found = match name {
            "Ref" => argument.text().map(|name| self.refer(name, at)),
            "GetAtt" => {
                let parts: Vec<&str> = match argument.text() {
                    Some(text) => vec![text],
                    None => argument.items().filter_map(At::text).collect(),
                };
                let text = parts.join(".");
                (!text.is_empty()).then(|| self.reference(&text, at))
            }
            "Sub" => self.substitute(argument, at, depth),
            "If" => self.choose(argument, depth),
            "Join" => self.join(argument, at, depth),
            "ImportValue" => {
                // With the short tag the argument is the part itself: its text, or a function in it.
                let name = match (argument.text(), long_form(argument)) {
                    (Some(text), _) if !text.is_empty() => text.to_owned(),
                    (None, Some((inner, argument))) if argument.id() != at.id() => {
                        let node = self.call(&inner, argument, argument, depth.saturating_sub(1));
                        self.tree.part(node).written().unwrap_or_default().into_owned()
                    }
                    _ => return self.unknown(at, name),
                };
                Some(self.add(at.range(), Kind::Reference(format!("import {name}")), ""))
            }
            "Select" => {
                let mut arguments = argument.items();
                let index = arguments.next().and_then(At::number);
                let list = arguments.next().map(|list| self.worked_out(list, depth));
                let (index, list) = (index.and_then(|n| usize::try_from(n).ok()), list);
                let list = list.and_then(|list| self.tree.part(list).kind().cloned());
                match (index, list) {
                    (Some(index), Some(Kind::List(items))) => items.get(index).copied(),
                    // One of the items of what a parameter or a resource holds.
                    (_, Some(reference @ Kind::Reference(_))) => {
                        Some(self.add(at.range(), reference, ""))
                    }
                    _ => None,
                }
            }
            "FindInMap" => {
                let mut path = vec!["Mappings".to_owned()];
                for step in argument.items().take(3) {
                    let step = self.worked_out(step, depth);
                    path.push(self.tree.part(step).text().unwrap_or("\u{0}").to_owned());
                }
                let found = path.iter().fold(self.root, |at, step| at.get(step));
                found.there().map(|found| self.worked_out(found, depth))
            }
            "Split" => {
                let mut arguments = argument.items();
                let by = arguments.next().and_then(At::text).unwrap_or(",").to_owned();
                let text = arguments.next().map(|text| self.worked_out(text, depth));
                let text = text.and_then(|text| self.text_with_names(text));
                text.filter(|_| !by.is_empty()).map(|text| {
                    let parts: Vec<String> = text.split(&by).map(str::to_owned).collect();
                    let mut items = Vec::new();
                    for part in parts {
                        items.push(self.with_names(part, at));
                    }
                    self.add(at.range(), Kind::List(items), "")
                })
            }
            _ => None,
        };
        found.unwrap_or_else(|| self.unknown(at, name))
    }

    /// `Ref`: the default of a parameter, else a resource.
    fn refer(&mut self, name: &str, at: At<'_>) -> NodeId {
        if name == "AWS::NoValue" {
            return self.add(at.range(), Kind::Null, "");
        }
        if name.starts_with("AWS::") {
            return self.unknown(at, name);
        }
        let parameter = self.root.get("Parameters").get(name);
        if parameter.there().is_none() {
            return self.reference(name, at);
        }
        let default = parameter.get("Default");
        let given = self.given.get(name).copied();
        let list = parameter
            .get("Type")
            .text()
            .is_some_and(|kind| kind == "CommaDelimitedList" || kind.starts_with("List<"));
        if let Some(node) = given {
            return match self.tree.part(node).kind().cloned() {
                Some(Kind::Scalar(text, _)) if list && !text.is_empty() => {
                    let at = self.tree.part(node).span(self.file);
                    let mut items = Vec::new();
                    for item in text.split(',') {
                        let item = Kind::Scalar(item.trim().to_owned(), true);
                        items.push(self.tree.add_from(at, item, ""));
                    }
                    self.tree.add_from(at, Kind::List(items), "")
                }
                _ => node,
            };
        }
        match (default.kind(), list) {
            (Some(Kind::Scalar(text, _)), true) if !text.is_empty() => {
                let mut items = Vec::new();
                for item in text.split(',') {
                    let item = Kind::Scalar(item.trim().to_owned(), true);
                    items.push(self.add(default.range(), item, ""));
                }
                self.add(default.range(), Kind::List(items), "")
            }
            (Some(plain @ Kind::Scalar(text, _)), _) if !text.is_empty() => {
                let plain = plain.clone();
                self.add(default.range(), plain, "")
            }
            _ => self.unknown(at, name),
        }
    }

    /// `Sub`: a text with names in it; a reference if exactly one resource is named in it, with the
    /// text as its tag.
    fn substitute(&mut self, argument: At<'_>, at: At<'_>, depth: usize) -> Option<NodeId> {
        let (text, values) = match argument.text() {
            Some(text) => (text, None),
            None => {
                let mut items = argument.items();
                (items.next()?.text()?, items.next())
            }
        };
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(length) = rest[start..].find('}') else { break };
            let name = &rest[start + 2..start + length];
            parts.push(Piece::Text(rest[..start].to_owned()));
            if let Some(literal) = name.strip_prefix('!') {
                parts.push(Piece::Text(format!("${{{literal}}}")));
            } else {
                let value = values.map(|values| values.get(name)).and_then(At::there);
                let node = match value {
                    Some(value) => self.worked_out(value, depth),
                    None if name.contains('.') => self.reference(name, at),
                    None => self.refer(name, at),
                };
                parts.push(Piece::Node(node));
            }
            rest = &rest[start + length + 1..];
        }
        parts.push(Piece::Text(rest.to_owned()));
        self.put_together(&parts, at)
    }

    fn join(&mut self, argument: At<'_>, at: At<'_>, depth: usize) -> Option<NodeId> {
        let mut arguments = argument.items();
        let by = arguments.next()?.text()?.to_owned();
        let list = self.worked_out(arguments.next()?, depth);
        let Some(Kind::List(items)) = self.tree.part(list).kind().cloned() else { return None };
        let mut parts = Vec::new();
        for item in items {
            if !parts.is_empty() {
                parts.push(Piece::Text(by.clone()));
            }
            parts.push(Piece::Node(item));
        }
        self.put_together(&parts, at)
    }

    /// The text of a part with `${…}` for what is not known before it runs; `None` if it is no such
    /// text.
    fn text_with_names(&self, node: NodeId) -> Option<String> {
        let part = self.tree.part(node);
        match part.kind()? {
            Kind::Scalar(text, _) => Some(text.clone()),
            Kind::Reference(_) => Some(part.tag().to_owned()).filter(|text| text.contains("${")),
            Kind::Unknown(text) => Some(text.clone()).filter(|text| text.contains("${")),
            _ => None,
        }
    }

    /// A text with `${…}` in it: a reference if exactly one resource is named.
    fn with_names(&mut self, text: String, at: At<'_>) -> NodeId {
        let mut names: Vec<&str> = Vec::new();
        for after in text.split("${").skip(1) {
            names.extend(after.split_once('}').map(|(name, _)| name));
        }
        if names.is_empty() {
            return self.add(at.range(), Kind::Scalar(text, true), "");
        }
        let resources = self.root.get("Resources");
        let of = |name: &str| {
            let name = name.strip_prefix(self.prefix.as_str()).unwrap_or(name);
            name.split('.').next().unwrap_or(name).to_owned()
        };
        names.retain(|name| resources.get(&of(name)).there().is_some());
        match names[..] {
            [name] => {
                let name = name.to_owned();
                self.add(at.range(), Kind::Reference(name), &text)
            }
            _ => self.unknown(at, &text),
        }
    }

    fn put_together(&mut self, parts: &[Piece], at: At<'_>) -> Option<NodeId> {
        let mut text = String::new();
        let mut reference: Option<String> = None;
        let (mut partial, mut complete) = (false, true);
        for part in parts {
            match part {
                Piece::Text(part) => text.push_str(part),
                Piece::Node(node) => match self.tree.part(*node).kind() {
                    Some(Kind::Scalar(part, _)) => text.push_str(part),
                    Some(Kind::Reference(name)) => {
                        text.push_str(&format!("${{{name}}}"));
                        let same = |had: &String| had.split('.').next() == name.split('.').next();
                        partial |= !reference.as_ref().is_none_or(same);
                        reference.get_or_insert_with(|| name.clone());
                    }
                    // A region or an account around it does not hide which resource is meant.
                    Some(Kind::Unknown(name)) => {
                        text.push_str(&format!("${{{name}}}"));
                        complete = false;
                    }
                    _ => return None,
                },
            }
            if text.len() > LONGEST_TEXT {
                return None;
            }
        }
        match reference {
            Some(name) if !partial => {
                let alone = text.len() == name.len() + 3;
                let tag = if alone { "" } else { text.as_str() };
                Some(self.add(at.range(), Kind::Reference(name), tag))
            }
            None if complete => Some(self.add(at.range(), Kind::Scalar(text, true), "")),
            _ => Some(self.unknown(at, &text)),
        }
    }

    /// `If`: by its condition; if that is not known, the value of the branch that has one.
    fn choose(&mut self, argument: At<'_>, depth: usize) -> Option<NodeId> {
        let arguments: Vec<At<'_>> = argument.items().collect();
        let [condition, yes, no] = arguments[..] else { return None };
        match condition.text().and_then(|name| self.condition(name, 20)) {
            Some(true) => Some(self.worked_out(yes, depth)),
            Some(false) => Some(self.worked_out(no, depth)),
            None => None,
        }
    }

    /// Whether a condition holds with the defaults of the parameters.
    fn condition(&self, name: &str, depth: usize) -> Option<bool> {
        self.holds(self.root.get("Conditions").get(name), depth)
    }

    fn holds(&self, at: At<'_>, depth: usize) -> Option<bool> {
        if depth == 0 {
            return None;
        }
        if let Some(name) = at.get("Condition").text() {
            return self.condition(name, depth - 1);
        }
        if at.tag() == "!Condition" {
            return self.condition(at.text()?, depth - 1);
        }
        let (name, argument) = function(at)?;
        let each = || argument.items().take(20).map(|one| self.holds(one, depth - 1));
        match name.as_str() {
            "Equals" => {
                let mut sides = argument.items().map(|side| self.plain(side));
                let (left, right) = (sides.next()??, sides.next()??);
                Some(left == right)
            }
            "Not" => each().next()?.map(|holds| !holds),
            "And" => each().try_fold(true, |all, one| Some(all && one?)),
            "Or" => each().try_fold(false, |any, one| Some(any || one?)),
            _ => None,
        }
    }

    /// The text of a literal, or of a parameter's default.
    fn plain(&self, at: At<'_>) -> Option<String> {
        match function(at) {
            Some((name, argument)) if name == "Ref" => {
                if let Some(given) = self.given.get(argument.text()?) {
                    return self.tree.part(*given).text().map(str::to_owned);
                }
                let parameter = self.root.get("Parameters").get(argument.text()?);
                parameter.get("Default").text().map(str::to_owned)
            }
            Some(_) => None,
            None => at.text().map(str::to_owned),
        }
    }
}

enum Piece {
    Text(String),
    Node(NodeId),
}

/// The function that a part calls, without `Fn::`, and what it is given: `!Ref X`, `{"Ref": "X"}`,
/// `{"Fn::Sub": "…"}`.
fn function<'t>(at: At<'t>) -> Option<(String, At<'t>)> {
    const SHORT: &[&str] = &[
        "!Ref",
        "!GetAtt",
        "!Sub",
        "!If",
        "!Join",
        "!ImportValue",
        "!Select",
        "!FindInMap",
        "!Split",
        "!Equals",
        "!Not",
        "!And",
        "!Or",
        "!Base64",
        "!GetAZs",
        "!Cidr",
        "!Transform",
    ];
    if SHORT.contains(&at.tag()) {
        return Some((at.tag()[1..].to_owned(), at));
    }
    long_form(at)
}

/// The function of a map with one name: `Ref` or `Fn::…`.
fn long_form<'t>(at: At<'t>) -> Option<(String, At<'t>)> {
    let mut entries = at.entries();
    let (entry, value) = entries.next()?;
    if entries.next().is_some() {
        return None;
    }
    let name = match entry.key.as_str() {
        "Ref" => "Ref",
        key => key.strip_prefix("Fn::")?,
    };
    Some((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::yaml;

    fn value(text: &str) -> String {
        let tree = yaml(text);
        let mut template = Template::new(FileId(0), tree.roots().next().unwrap());
        let node = template.part(template.root.get("X"));
        let part = template.tree.part(node);
        let kind = match part.kind() {
            Some(Kind::Reference(_)) => "reference ",
            Some(Kind::Unknown(_)) => "unknown ",
            _ => "",
        };
        format!("{kind}{}{}", part.written().unwrap_or_default(), part.tag())
    }

    #[test]
    fn functions_come_to_what_the_template_tells() {
        for (text, expected) in [
            ("X: !Ref A\n", "reference A"),
            ("X: {Ref: A}\n", "reference A"),
            ("X: !Ref A\nParameters: {A: {Default: 5}}\n", "5"),
            ("X: !Ref A\nParameters: {A: {Type: String}}\n", "unknown A"),
            ("X: !GetAtt A.Arn\n", "reference A.Arn"),
            ("X: {Fn::GetAtt: [A, Arn]}\n", "reference A.Arn"),
            ("X: !Sub '${A.Arn}'\n", "reference A.Arn"),
            ("X: !Sub 'a-${P}'\nParameters: {P: {Default: b}}\n", "a-b"),
            ("X: !Sub ['a-${V}', {V: b}]\n", "a-b"),
            ("X: !Sub 'http://${A.DNSName}:80/'\n", "reference A.DNSNamehttp://${A.DNSName}:80/"),
            ("X: !Sub '${AWS::Region}-x'\n", "unknown ${AWS::Region}-x"),
            ("X: !ImportValue shared\n", "reference import shared"),
            (
                "X: !ImportValue {Fn::Sub: 'a-${P}'}\nParameters: {P: {Default: b}}\n",
                "reference import a-b",
            ),
            ("X: {Fn::ImportValue: shared}\n", "reference import shared"),
            ("X: !Select [1, [a, b]]\n", "b"),
            ("X: !Select [9, [a, b]]\n", "unknown Select"),
            ("X: !Join ['-', [a, b]]\n", "a-b"),
            ("X: !If [C, 1, 2]\nConditions: {C: !Equals [a, b]}\n", "2"),
            ("X: !If [C, 1, 2]\nConditions: {C: {Condition: C}}\n", "unknown If"),
            (
                "X: !If [C, 1, 2]\nConditions: {C: !Equals [!Ref P, b]}\nParameters: {P: {Default: b}}\n",
                "1",
            ),
            ("X: !Select [1, !Split ['/', 'a/b']]\n", "b"),
            (
                "X: !Select [1, !Split ['//', !Sub 'https://${A}.x/${S}/']]\nResources: {A: {}, S: {}}\n",
                "unknown ${A}.x/${S}/",
            ),
            (
                "X: !Select [0, !Split ['/', !Sub '${A}.x/${S}']]\nResources: {A: {}, S: {}}\n",
                "reference A${A}.x",
            ),
            (
                "X: !Select [0, !Split ['/', !Sub '${A.Name}.x/${AWS::Region}']]\nResources: {A: {}}\n",
                "reference A.Name${A.Name}.x",
            ),
            ("X: !Select [0, !Split ['.', !Ref A]]\nResources: {A: {}}\n", "unknown Select"),
            ("X: !ImportValue\n", "unknown ImportValue"),
            ("X: !Sub {a: b}\n", "unknown Sub"),
            ("X: !Ref {a: b}\n", "unknown Ref"),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }
}
