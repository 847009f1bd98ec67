//! Names of Terraform with what is taken of them: variables, locals, outputs of modules, attributes of
//! resources.

use std::ops::Range;

use hcl_edit::expr::{Expression, Traversal, TraversalOperator};
use hcl_edit::template::Element;
use hcl_edit::{Decorated, Span as _};

use super::eval::{Eval, LONGEST_TEXT, Scope, Sort};
use super::files::{Code, Coded};
use crate::tree::{Kind, NodeId};

impl Eval<'_> {
    /// A name with what is taken of it: `var.ports[0]`, `aws_lb.front.arn`.
    pub(super) fn traversal(&mut self, scope: Scope<'_>, traversal: &Traversal) -> NodeId {
        let at = traversal.span();
        let operators: Vec<&TraversalOperator> =
            traversal.operators.iter().map(Decorated::value).collect();
        let Expression::Variable(base) = &traversal.expr else {
            let node = self.expression(scope, &traversal.expr);
            return self.select(scope, node, &operators, at);
        };
        let base = base.as_str();
        let first = match operators.first() {
            Some(TraversalOperator::GetAttr(name)) => name.as_str(),
            _ => "",
        };
        let bound = |name: &str| scope.bound.iter().rev().find(|(known, _)| known == name);
        if let Some((_, node)) = bound(&format!("{base}.{first}")) {
            return self.select(scope, *node, operators.get(1..).unwrap_or_default(), at);
        }
        if let Some((_, node)) = bound(base) {
            return self.select(scope, *node, &operators, at);
        }
        let found = match base {
            "var" => Some(self.look_up(scope, Sort::Variable, first)),
            "local" => Some(self.look_up(scope, Sort::Local, first)),
            "module" => {
                let child = self.instances[scope.instance].children.get(first).copied();
                let output = match operators.get(1) {
                    Some(TraversalOperator::GetAttr(name)) => Some(name.as_str()),
                    Some(TraversalOperator::Index(_)) => match operators.get(2) {
                        Some(TraversalOperator::GetAttr(name)) => Some(name.as_str()),
                        _ => None,
                    },
                    _ => None,
                };
                let skipped = if matches!(operators.get(1), Some(TraversalOperator::Index(_))) {
                    3
                } else {
                    2
                };
                if let (Some(child), Some(output)) = (child, output) {
                    let there = Scope { instance: child, ..scope.deeper() };
                    let node = self.look_up(there, Sort::Output, output);
                    let rest = operators.get(skipped..).unwrap_or_default();
                    return match node {
                        Some(node) => self.select(scope, node, rest, at),
                        None => self.unknown(scope, at),
                    };
                }
                return self.refer(scope, traversal, at);
            }
            "each" | "count" | "path" | "self" | "terraform" => None,
            _ => return self.resource(scope, traversal, base, at),
        };
        match found.flatten() {
            Some(node) => self.select(scope, node, operators.get(1..).unwrap_or_default(), at),
            None => self.unknown(scope, at),
        }
    }

    /// An attribute of a resource: a number or a flag that is written there, else a reference.
    fn resource(
        &mut self,
        scope: Scope<'_>,
        traversal: &Traversal,
        kind: &str,
        at: Option<Range<usize>>,
    ) -> NodeId {
        if let Some(node) = self.rendered(scope, traversal, kind) {
            return node;
        }
        if let [TraversalOperator::GetAttr(name), TraversalOperator::GetAttr(attribute)] =
            &traversal.operators.iter().map(Decorated::value).collect::<Vec<_>>()[..]
        {
            let module = self.instances[scope.instance].module;
            let declared = module.resource(kind, name.as_str());
            let value = declared.and_then(|declared| match declared.body.code {
                Code::Block(body) => {
                    let value = &body.get_attribute(attribute.as_str())?.value;
                    Some(Coded { code: Code::Expression(value), file: declared.body.file })
                }
                _ => None,
            });
            if let Some(value) = value {
                let there = Scope { fixed: None, bound: &[], ..scope.deeper() };
                let node = self.code(there, value);
                let part = self.tree.part(node);
                if part.number().is_some() || part.flag().is_some() {
                    return node;
                }
            }
        }
        self.refer(scope, traversal, at)
    }

    /// What `data.template_file.NAME.rendered` comes to: the file with its `vars` put in.
    fn rendered(&mut self, scope: Scope<'_>, traversal: &Traversal, kind: &str) -> Option<NodeId> {
        let mut names = traversal.operators.iter().filter_map(|one| match one.value() {
            TraversalOperator::GetAttr(name) => Some(name.as_str()),
            _ => None,
        });
        let (data, name, attribute) = (names.next()?, names.next()?, names.next()?);
        if (kind, data, attribute) != ("data", "template_file", "rendered") {
            return None;
        }
        let declared =
            self.instances[scope.instance].module.resource("data.template_file", name)?;
        let Code::Block(body) = declared.body.code else { return None };
        let path = called_file(&body.get_attribute("template")?.value)?;
        let vars = body.get_attribute("vars").map(|vars| &vars.value);
        let there = Scope { fixed: None, bound: &[], file: declared.body.file, ..scope.deeper() };
        let path = self.expression(there, path);
        let values = vars.map(|vars| self.expression(there, vars));
        self.file(there, path, values, true)
    }

    fn refer(
        &mut self,
        scope: Scope<'_>,
        traversal: &Traversal,
        at: Option<Range<usize>>,
    ) -> NodeId {
        let mut text = self.instances[scope.instance].prefix.clone();
        text.push_str(traversal.expr.as_variable().map_or("", |name| name.as_str()));
        for operator in &traversal.operators {
            match operator.value() {
                TraversalOperator::GetAttr(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                    text.push_str("[*]");
                }
                TraversalOperator::LegacyIndex(n) => text.push_str(&format!("[{}]", n.value())),
                TraversalOperator::Index(index) => {
                    let index = self.expression(scope.deeper(), index);
                    let index = self.tree.part(index).written().unwrap_or_default();
                    text.push_str(&format!("[{index}]"));
                }
            }
            if text.len() > LONGEST_TEXT {
                return self.unknown(scope, at);
            }
        }
        self.add(scope, at, Kind::Reference(text))
    }

    /// What is taken of a part.
    fn select(
        &mut self,
        scope: Scope<'_>,
        node: NodeId,
        operators: &[&TraversalOperator],
        at: Option<Range<usize>>,
    ) -> NodeId {
        let mut node = node;
        for operator in operators {
            let index = match operator {
                TraversalOperator::GetAttr(name) => name.as_str().to_owned(),
                TraversalOperator::LegacyIndex(n) => n.value().to_string(),
                TraversalOperator::Index(index) => {
                    let index = self.expression(scope.deeper(), index);
                    self.tree.part(index).text().unwrap_or_default().to_owned()
                }
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                    match self.tree.part(node).kind() {
                        Some(Kind::List(_) | Kind::Reference(_)) => continue,
                        _ => return self.unknown(scope, at),
                    }
                }
            };
            let part = self.tree.part(node);
            let found = match part.kind() {
                Some(Kind::Map(_)) => part.get(&index).id(),
                Some(Kind::List(items)) => match index.parse::<usize>() {
                    Ok(n) => items.get(n).copied(),
                    // After a splat: the attribute of every item, where they are the same list of
                    // references.
                    Err(_) => None,
                },
                Some(Kind::Reference(name)) => {
                    let longer = format!("{name}.{index}");
                    if longer.len() > LONGEST_TEXT {
                        return self.unknown(scope, at);
                    }
                    Some(self.add(scope, at.clone(), Kind::Reference(longer)))
                }
                _ => None,
            };
            match found {
                Some(found) => node = found,
                None => return self.unknown(scope, at),
            }
        }
        node
    }
}

/// The path of `file("x")`, alone or as the whole of a text.
fn called_file(expression: &Expression) -> Option<&Expression> {
    match expression {
        Expression::FuncCall(call) if call.name.name.as_str() == "file" => call.args.iter().next(),
        Expression::Parenthesis(inner) => called_file(inner.inner()),
        Expression::StringTemplate(template) => {
            let mut elements = template.iter();
            match (elements.next(), elements.next()) {
                (Some(Element::Interpolation(only)), None) => called_file(&only.expr),
                _ => None,
            }
        }
        _ => None,
    }
}
