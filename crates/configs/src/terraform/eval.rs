//! What the expressions of Terraform come to, as far as the files tell: literals through variables
//! and locals, references to resources through modules, and everything else as it is written.

use std::collections::BTreeMap;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::{Element, Template};
use model::config::{FileId, Span};

use super::files::{Code, Coded, Module};
use crate::resources::terraform_address;
use crate::tree::{Entry, Kind, NodeId, Tree};

/// How deep expressions, variables and modules lead into each other before they are given up.
const MOST_DEEP: usize = 120;

/// Parts beyond which nothing more is worked out: more than any configuration needs.
const MOST_PARTS: usize = 2_000_000;

/// Longest text that a template is put together to, in bytes.
pub(super) const LONGEST_TEXT: usize = 64 << 10;

/// Most blocks that one `dynamic` block makes.
const MOST_BLOCKS: usize = 64;

/// Letters of an expression that are shown where it could not be worked out.
const SHOWN: usize = 80;

/// A module as it is called in one place.
#[derive(Debug)]
pub(super) struct Instance<'f> {
    pub(super) module: &'f Module<'f>,
    /// What stands before the addresses of its resources: `module.web.`.
    pub(super) prefix: String,
    /// Who calls it, by what name.
    pub(super) caller: Option<(usize, String)>,
    /// What it calls and has its files here.
    pub(super) children: BTreeMap<String, usize>,
    /// What `*.tfvars` set; several values where several files disagree.
    pub(super) given: BTreeMap<String, Vec<Coded<'f>>>,
}

/// What is being looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Variable,
    Local,
    Output,
}

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) instance: usize,
    pub(super) file: FileId,
    /// The place of everything, for expressions within strings of JSON.
    pub(super) fixed: Option<(usize, usize)>,
    /// Names bound by blocks around it (`each.value`, `ingress.value`).
    pub(super) bound: &'s [(String, NodeId)],
    pub(super) depth: usize,
}

impl<'s> Scope<'s> {
    pub(super) fn new(instance: usize, file: FileId) -> Scope<'static> {
        Scope { instance, file, fixed: None, bound: &[], depth: MOST_DEEP }
    }

    /// The same, for an expression within a text that stands here.
    pub(super) fn within(self, at: &Range<usize>) -> Scope<'s> {
        Scope { fixed: Some((at.start, at.end)), ..self }
    }

    /// True if everything in it stands in the same place.
    pub(super) fn has_place(self) -> bool {
        self.fixed.is_some()
    }

    pub(super) fn deeper(self) -> Scope<'s> {
        Scope { depth: self.depth.saturating_sub(1), ..self }
    }
}

/// Works out expressions into one tree.
pub(super) struct Eval<'f> {
    pub(super) instances: Vec<Instance<'f>>,
    pub(super) tree: Tree,
    pub(super) texts: BTreeMap<FileId, &'f str>,
    /// Files by their path, for `file("task.json")`.
    pub(super) paths: BTreeMap<&'f str, FileId>,
    known: BTreeMap<(usize, Sort, String), Option<NodeId>>,
}

impl<'f> Eval<'f> {
    pub(super) fn new(
        texts: BTreeMap<FileId, &'f str>,
        paths: BTreeMap<&'f str, FileId>,
    ) -> Eval<'f> {
        Eval { instances: Vec::new(), tree: Tree::default(), texts, paths, known: BTreeMap::new() }
    }

    /// Adds a part.
    pub(super) fn add(&mut self, scope: Scope<'_>, at: Option<Range<usize>>, kind: Kind) -> NodeId {
        let at = match (scope.fixed, at) {
            (Some((start, end)), _) => start..end,
            (None, at) => at.unwrap_or(0..0),
        };
        self.tree.add_from(Span::new(scope.file, at), kind, "")
    }

    /// An expression that cannot be worked out, as written.
    pub(super) fn unknown(&mut self, scope: Scope<'_>, at: Option<Range<usize>>) -> NodeId {
        let text = self.written(scope, at.clone());
        self.add(scope, at, Kind::Unknown(text))
    }

    /// The text of a stretch, in one line, shortened.
    pub(super) fn written(&self, scope: Scope<'_>, at: Option<Range<usize>>) -> String {
        let at = scope.fixed.map(|(start, end)| start..end).or(at).unwrap_or(0..0);
        let text = self.texts.get(&scope.file).and_then(|text| text.get(at)).unwrap_or("");
        let words: Vec<&str> = text.split_whitespace().take(SHOWN).collect();
        words.join(" ").chars().take(SHOWN).collect()
    }

    /// Works out a piece of configuration.
    pub(super) fn code(&mut self, scope: Scope<'_>, coded: Coded<'_>) -> NodeId {
        let scope = Scope { file: coded.file, ..scope };
        match coded.code {
            Code::Expression(expression) => self.expression(scope, expression),
            Code::Block(body) => self.block(scope, body),
            Code::Json(at) => self.json(scope, at),
        }
    }

    /// A block with its attributes and the blocks in it; blocks of one name become a list.
    pub(super) fn block(&mut self, scope: Scope<'_>, body: &Body) -> NodeId {
        let mut entries: Vec<Entry> = Vec::new();
        let mut blocks: BTreeMap<String, (Range<usize>, Vec<NodeId>)> = BTreeMap::new();
        if scope.depth == 0 || self.tree.len() > MOST_PARTS {
            return self.unknown(scope, body.span());
        }
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let value = self.expression(scope.deeper(), &attribute.value);
                    let key_at = attribute.key.span().unwrap_or(0..0);
                    entries.push(Entry { key: attribute.key.as_str().to_owned(), key_at, value });
                }
                Structure::Block(block) => {
                    let key_at = block.ident.span().unwrap_or(0..0);
                    let label = block.labels.first().map(|label| label.as_str().to_owned());
                    let (name, made) = match (block.ident.as_str(), label) {
                        ("dynamic", Some(name)) => {
                            let made = self.dynamic(scope.deeper(), &name, &block.body);
                            (name, made)
                        }
                        (name, _) => {
                            (name.to_owned(), vec![self.block(scope.deeper(), &block.body)])
                        }
                    };
                    let same = blocks.entry(name).or_insert_with(|| (key_at, Vec::new()));
                    same.1.extend(made);
                }
            }
        }
        for (key, (key_at, made)) in blocks {
            let value = self.add(scope, body.span(), Kind::List(made));
            entries.push(Entry { key, key_at, value });
        }
        self.add(scope, body.span(), Kind::Map(entries))
    }

    /// The blocks that a `dynamic` block makes: one per item if the items are known, else one whose
    /// values are not.
    fn dynamic(&mut self, scope: Scope<'_>, name: &str, body: &Body) -> Vec<NodeId> {
        let Some(content) = body.get_blocks("content").next() else { return Vec::new() };
        let iterator = body.get_attribute("iterator").and_then(|a| a.value.as_variable());
        let iterator = iterator.map_or(name, |ident| ident.as_str()).to_owned();
        let items = body.get_attribute("for_each").map(|a| self.expression(scope, &a.value));
        let mut made = Vec::new();
        let pairs = items.map(|items| self.pairs(scope, items)).unwrap_or_default();
        let Some(pairs) = pairs else {
            made.push(self.block(scope.deeper(), &content.body));
            return made;
        };
        for (key, value) in pairs.into_iter().take(MOST_BLOCKS) {
            let mut bound = scope.bound.to_vec();
            bound.push((format!("{iterator}.key"), key));
            bound.push((format!("{iterator}.value"), value));
            let scope = Scope { bound: &bound, ..scope.deeper() };
            made.push(self.block(scope, &content.body));
        }
        made
    }

    /// Keys and values of a list or a map; `None` if it is not known.
    fn pairs(&mut self, scope: Scope<'_>, of: NodeId) -> Option<Vec<(NodeId, NodeId)>> {
        match self.tree.part(of).kind().cloned() {
            Some(Kind::List(items)) => Some(items.into_iter().map(|item| (item, item)).collect()),
            Some(Kind::Map(entries)) => {
                let pair = |entry: Entry| {
                    let key = Kind::Scalar(entry.key, true);
                    (self.add(scope, Some(entry.key_at), key), entry.value)
                };
                Some(entries.into_iter().map(pair).collect())
            }
            _ => None,
        }
    }

    /// An expression.
    pub(super) fn expression(&mut self, scope: Scope<'_>, expression: &Expression) -> NodeId {
        let at = expression.span();
        if scope.depth == 0 || self.tree.len() > MOST_PARTS {
            return self.unknown(scope, at);
        }
        let inner = scope.deeper();
        match expression {
            Expression::Null(_) => self.add(scope, at, Kind::Null),
            Expression::Bool(flag) => {
                let text = flag.value().to_string();
                self.add(scope, at, Kind::Scalar(text, false))
            }
            Expression::Number(number) => {
                let text = number.value().to_string();
                self.add(scope, at, Kind::Scalar(text, false))
            }
            Expression::String(text) => {
                let text = text.value().clone();
                self.add(scope, at, Kind::Scalar(text, true))
            }
            Expression::Array(items) => {
                let items = items.iter().map(|item| self.expression(inner, item)).collect();
                self.add(scope, at, Kind::List(items))
            }
            Expression::Object(object) => {
                let mut entries = Vec::new();
                for (key, value) in object {
                    let (key, key_at) = match key {
                        ObjectKey::Ident(name) => (name.as_str().to_owned(), name.span()),
                        ObjectKey::Expression(key) => {
                            let node = self.expression(inner, key);
                            let text = self.tree.part(node).written().unwrap_or_default();
                            (text.into_owned(), key.span())
                        }
                    };
                    let value = self.expression(inner, value.expr());
                    entries.push(Entry { key, key_at: key_at.unwrap_or(0..0), value });
                }
                self.add(scope, at, Kind::Map(entries))
            }
            Expression::Parenthesis(inside) => self.expression(inner, inside.inner()),
            Expression::StringTemplate(parts) => self.template(inner, parts, at),
            Expression::HeredocTemplate(heredoc) => {
                let read = at.clone().and_then(|at| self.heredoc(inner, at));
                read.unwrap_or_else(|| self.template(inner, &heredoc.template, at))
            }
            Expression::Variable(name) => {
                let bound = scope.bound.iter().rev().find(|(known, _)| known == name.as_str());
                bound.map(|(_, node)| *node).unwrap_or_else(|| self.unknown(scope, at))
            }
            Expression::Traversal(traversal) => self.traversal(inner, traversal),
            Expression::FuncCall(call) => self.call(inner, call, at),
            Expression::Conditional(choice) => {
                let condition = self.expression(inner, &choice.cond_expr);
                match self.tree.part(condition).flag() {
                    Some(true) => self.expression(inner, &choice.true_expr),
                    Some(false) => self.expression(inner, &choice.false_expr),
                    None => self.unknown(scope, at),
                }
            }
            Expression::UnaryOp(op) => self.unary(inner, op, at),
            Expression::BinaryOp(op) => self.binary(inner, op, at),
            Expression::ForExpr(each) => {
                let items = self.expression(inner, &each.intro.collection_expr);
                let Some(base) = self.tree.part(items).reference() else {
                    return self.unknown(scope, at);
                };
                // `[for s in aws_subnet.public : s.id]` names what it goes through.
                let kind = Kind::Reference(base.to_owned());
                self.add(scope, at, kind)
            }
        }
    }

    /// A text with expressions in it: known if they are; a reference if exactly one resource is
    /// named in it, with the text around it as its tag.
    fn template(
        &mut self,
        scope: Scope<'_>,
        template: &Template,
        at: Option<Range<usize>>,
    ) -> NodeId {
        // An expression in quotation marks with nothing around it is that expression.
        let mut elements = template.iter();
        if let (Some(Element::Interpolation(inside)), None) = (elements.next(), elements.next()) {
            let node = self.expression(scope.deeper(), &inside.expr);
            if matches!(self.tree.part(node).kind(), Some(Kind::List(_) | Kind::Map(_))) {
                return node;
            }
        }
        let mut text = String::new();
        let mut reference: Option<String> = None;
        let mut only = None;
        let mut complete = true;
        for element in template {
            let node = match element {
                Element::Literal(literal) => {
                    text.push_str(literal.value());
                    continue;
                }
                Element::Interpolation(inside) => self.expression(scope.deeper(), &inside.expr),
                Element::Directive(_) => return self.unknown(scope, at),
            };
            only = Some(node);
            match self.tree.part(node).kind() {
                Some(Kind::Scalar(part, _)) => text.push_str(part),
                Some(Kind::Reference(name)) => {
                    text.push_str(&format!("${{{name}}}"));
                    // Several attributes of one resource still mean that resource.
                    let same = |had: &String| terraform_address(had) == terraform_address(name);
                    if !reference.as_ref().is_none_or(same) {
                        return self.unknown(scope, at);
                    }
                    reference.get_or_insert_with(|| name.clone());
                }
                Some(Kind::Unknown(name)) => {
                    text.push_str(&format!("${{{name}}}"));
                    complete = false;
                }
                _ => return self.unknown(scope, at),
            }
            if text.len() > LONGEST_TEXT {
                return self.unknown(scope, at);
            }
        }
        match (reference, only) {
            (_, Some(only)) if template.len() == 1 => only,
            (Some(name), _) => {
                let place = scope.fixed.map(|(start, end)| start..end).or(at).unwrap_or(0..0);
                let place = Span::new(scope.file, place);
                self.tree.add_from(place, Kind::Reference(name), &text)
            }
            (None, _) if complete => self.add(scope, at, Kind::Scalar(text, true)),
            (None, _) => self.unknown(scope, at),
        }
    }

    /// A variable, a local or an output of the module; worked out at the first call. `None` if it
    /// has no value here or depends on itself.
    pub(super) fn look_up(&mut self, scope: Scope<'_>, sort: Sort, name: &str) -> Option<NodeId> {
        let key = (scope.instance, sort, name.to_owned());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        self.known.insert(key.clone(), None);
        let instance = &self.instances[scope.instance];
        let own = |coded: Coded<'f>| (scope.instance, coded);
        let value = match sort {
            Sort::Local => instance.module.locals.get(name).copied().map(own),
            Sort::Output => instance.module.outputs.get(name).copied().map(own),
            Sort::Variable => {
                let default = instance.module.variables.get(name).copied().flatten();
                let passed = instance.caller.as_ref().and_then(|(caller, call)| {
                    let (body, _) = self.instances[*caller].module.calls.get(call)?;
                    Some((*caller, input(*body, name)?))
                });
                match instance.given.get(name).map(Vec::as_slice) {
                    Some([only]) => Some(own(*only)),
                    Some(_) => None,
                    None => passed.or(default.map(own)),
                }
            }
        };
        let (instance, coded) = value?;
        let there = Scope { instance, fixed: None, bound: &[], ..scope.deeper() };
        let node = self.code(there, coded);
        // A null stands for "not set" where a variable is handed on.
        self.known.insert(key, Some(node));
        Some(node)
    }

    /// Parts of JSON, in which texts are templates.
    pub(super) fn json(&mut self, scope: Scope<'_>, at: crate::tree::At<'_>) -> NodeId {
        let range = at.range();
        if scope.depth == 0 || self.tree.len() > MOST_PARTS {
            return self.unknown(scope, Some(range));
        }
        match at.kind() {
            None | Some(Kind::Null) => self.add(scope, Some(range), Kind::Null),
            Some(Kind::Scalar(text, true)) if text.contains("${") || text.contains("%{") => {
                match hcl_edit::parser::parse_template(text) {
                    Ok(template) => {
                        let fixed = Some((range.start, range.end));
                        let scope = Scope { fixed, ..scope.deeper() };
                        self.template(scope, &template, None)
                    }
                    Err(_) => self.unknown(scope, Some(range)),
                }
            }
            Some(Kind::List(_)) => {
                let items = at.items().map(|item| self.json(scope.deeper(), item)).collect();
                self.add(scope, Some(range), Kind::List(items))
            }
            Some(Kind::Map(_)) => {
                let mut entries = Vec::new();
                for (entry, value) in at.entries() {
                    let value = self.json(scope.deeper(), value);
                    let (key, key_at) = (entry.key.clone(), entry.key_at.clone());
                    entries.push(Entry { key, key_at, value });
                }
                self.add(scope, Some(range), Kind::Map(entries))
            }
            Some(plain) => self.add(scope, Some(range), plain.clone()),
        }
    }
}

/// What a `module` block hands to a variable.
fn input<'f>(body: Coded<'f>, name: &str) -> Option<Coded<'f>> {
    let code = match body.code {
        Code::Block(block) => Code::Expression(&block.get_attribute(name)?.value),
        Code::Json(at) => Code::Json(at.get(name).there()?),
        Code::Expression(_) => return None,
    };
    Some(Coded { code, file: body.file })
}
