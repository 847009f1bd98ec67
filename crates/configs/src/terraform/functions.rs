//! The functions and operators of Terraform that configuration of networks and services uses: those
//! that put lists and maps together, choose, or calculate with known numbers.

use std::ops::Range;

use hcl_edit::expr::{BinaryOp, BinaryOperator, FuncCall, UnaryOp, UnaryOperator};
use model::config::{Cidr, Span};

use super::eval::{Eval, Scope};
use super::files::beside;
use crate::tree::{Kind, NodeId, json};

/// Most items of a list that is put together.
const MOST_ITEMS: usize = 10_000;

impl Eval<'_> {
    /// A call of a function.
    pub(super) fn call(
        &mut self,
        scope: Scope<'_>,
        call: &FuncCall,
        at: Option<Range<usize>>,
    ) -> NodeId {
        let name = call.name.name.as_str();
        if !call.name.namespace.is_empty() {
            return self.unknown(scope, at);
        }
        let args: Vec<NodeId> =
            call.args.iter().take(64).map(|arg| self.expression(scope.deeper(), arg)).collect();
        let found = match (name, &args[..]) {
            (
                "tostring" | "tonumber" | "tobool" | "sensitive" | "nonsensitive" | "trimspace"
                | "jsonencode" | "jsondecode" | "yamlencode" | "tomap" | "one",
                [only],
            ) => Some(*only),
            (
                "concat" | "flatten" | "compact" | "distinct" | "tolist" | "toset" | "sort"
                | "setunion" | "coalescelist",
                args,
            ) => Some(self.list(scope, args, at.clone())),
            ("merge", maps) => self.merge(scope, maps, at.clone()),
            ("lookup", [map, key, rest @ ..]) => {
                let key = self.tree.part(*key).text().unwrap_or_default().to_owned();
                match self.tree.part(*map).kind() {
                    Some(Kind::Map(_)) => {
                        let value = self.tree.part(*map).get(&key).id();
                        value.or(rest.first().copied())
                    }
                    _ => None,
                }
            }
            ("element", [list, index]) => {
                let index = self.tree.part(*index).number();
                match self.tree.part(*list).kind() {
                    Some(Kind::List(items)) if !items.is_empty() => {
                        index.map(|n| items[(n % items.len() as u64) as usize])
                    }
                    Some(Kind::Reference(_)) => Some(*list),
                    _ => None,
                }
            }
            ("coalesce" | "try", args) => {
                // The first that has a value wins; one that is not known may be it.
                let first = args.iter().copied().find(|&arg| self.tree.part(arg).there().is_some());
                first.filter(|&first| {
                    !matches!(self.tree.part(first).kind(), Some(Kind::Unknown(_)))
                })
            }
            ("cidrsubnet", [block, bits, number]) => {
                let count = |node: NodeId| self.tree.part(node).number();
                let block = self.tree.part(*block).text().and_then(Cidr::parse);
                match (block, count(*bits), count(*number)) {
                    (Some(block), Some(bits), Some(n)) => subnet(block, bits, n)
                        .map(|block| self.add(scope, at.clone(), Kind::Scalar(block, true))),
                    _ => None,
                }
            }
            ("file" | "templatefile", [path, ..]) => {
                let path = *path;
                let is_template = call.name.name.as_str() == "templatefile";
                self.file(scope, path, args.get(1).copied(), is_template)
            }
            _ => None,
        };
        found.unwrap_or_else(|| self.unknown(scope, at))
    }

    /// One list of all items; what is not known stays as one item.
    fn list(&mut self, scope: Scope<'_>, args: &[NodeId], at: Option<Range<usize>>) -> NodeId {
        let mut items = Vec::new();
        for &arg in args {
            match self.tree.part(arg).kind() {
                Some(Kind::List(own)) => {
                    for &item in own {
                        match self.tree.part(item).kind() {
                            Some(Kind::List(inner)) => items.extend(inner.iter().copied()),
                            _ => items.push(item),
                        }
                    }
                }
                Some(Kind::Null) | None => {}
                Some(_) => items.push(arg),
            }
            if items.len() > MOST_ITEMS {
                return self.unknown(scope, at);
            }
        }
        self.add(scope, at, Kind::List(items))
    }

    fn merge(
        &mut self,
        scope: Scope<'_>,
        maps: &[NodeId],
        at: Option<Range<usize>>,
    ) -> Option<NodeId> {
        let mut entries = Vec::new();
        for &map in maps {
            match self.tree.part(map).kind() {
                Some(Kind::Map(own)) => entries.extend(own.iter().cloned()),
                Some(Kind::Null) => {}
                _ => return None,
            }
            if entries.len() > MOST_ITEMS {
                return None;
            }
        }
        Some(self.add(scope, at, Kind::Map(entries)))
    }

    /// A file of JSON, such as the containers of a task, with the values that are put into it.
    pub(super) fn file(
        &mut self,
        scope: Scope<'_>,
        path: NodeId,
        values: Option<NodeId>,
        is_template: bool,
    ) -> Option<NodeId> {
        // `${path.module}/x` is unknown as a whole: what follows the module's folder is the path.
        let written = match self.tree.part(path).kind()? {
            Kind::Scalar(text, _) => text.clone(),
            Kind::Unknown(text) => {
                let text = text.trim_matches('"');
                let rest = ["${path.module}/", "${path.root}/", "${path.cwd}/"]
                    .iter()
                    .find_map(|folder| text.strip_prefix(folder))?;
                rest.to_owned()
            }
            _ => return None,
        };
        let here = self.paths.iter().find(|(_, id)| **id == scope.file)?.0;
        let folder = here.rsplit_once('/').map_or("", |(folder, _)| folder);
        let relative = if written.starts_with('.') { written } else { format!("./{written}") };
        // A path is that of the module by custom, and of the folder in which Terraform is called.
        let folders = std::iter::successors(Some(folder), |inner| {
            (!inner.is_empty()).then(|| inner.rsplit_once('/').map_or("", |(outer, _)| outer))
        });
        let mut found = folders.filter_map(|folder| beside(folder, &relative));
        let file = found.find_map(|path| self.paths.get(path.as_str()).copied())?;
        let text = *self.texts.get(&file)?;
        let value = |name: &str| {
            let found = values.map(|map| self.tree.part(map).get(name))?;
            let text = found.text().map(str::to_owned);
            // What names a resource still does within the text.
            text.or_else(|| found.reference().map(|name| format!("${{{name}}}")))
        };
        let filled = if is_template {
            fill(text, value)
        } else {
            Filled { text: text.to_owned(), holes: Vec::new() }
        };
        let other = json(&filled.text);
        let root = other.roots().next()?;
        Some(self.tree.graft(root, &|range| Span::new(file, filled.place(range))))
    }

    /// The text of JSON in a heredoc, with its expressions worked out; `None` if it is none.
    pub(super) fn heredoc(&mut self, scope: Scope<'_>, at: Range<usize>) -> Option<NodeId> {
        let text = *self.texts.get(&scope.file)?;
        let raw = text.get(at.clone())?;
        let begin = raw.find('\n')? + 1;
        let json_text = raw[begin..].trim_start();
        let start = at.start + raw.len() - json_text.len();
        if scope.has_place() || !json_text.starts_with(['[', '{']) {
            return None;
        }
        let end = json_text.rfind([']', '}'])? + 1;
        let filled = fill(&json_text[..end], |hole| {
            let expression = hcl_edit::parser::parse_expr(hole).ok()?;
            let node = self.expression(scope.deeper().within(&at), &expression);
            self.tree.part(node).text().map(str::to_owned)
        });
        let other = json(&filled.text);
        let root = other.roots().next()?;
        let file = scope.file;
        let place = |range: Range<usize>| {
            let range = filled.place(range);
            Span::new(file, range.start + start..range.end + start)
        };
        Some(self.tree.graft(root, &place))
    }

    /// `!x`, `-x`.
    pub(super) fn unary(
        &mut self,
        scope: Scope<'_>,
        op: &UnaryOp,
        at: Option<Range<usize>>,
    ) -> NodeId {
        let node = self.expression(scope.deeper(), &op.expr);
        let part = self.tree.part(node);
        let text = match op.operator.value() {
            UnaryOperator::Not => part.flag().map(|flag| (!flag).to_string()),
            UnaryOperator::Neg => part.float().map(|number| number_text(-number)),
        };
        match text {
            Some(text) => self.add(scope, at, Kind::Scalar(text, false)),
            None => self.unknown(scope, at),
        }
    }

    /// Sums, products, comparisons of what is known.
    pub(super) fn binary(
        &mut self,
        scope: Scope<'_>,
        op: &BinaryOp,
        at: Option<Range<usize>>,
    ) -> NodeId {
        let left = self.expression(scope.deeper(), &op.lhs_expr);
        let right = self.expression(scope.deeper(), &op.rhs_expr);
        let (left, right) = (self.tree.part(left), self.tree.part(right));
        let numbers = left.float().zip(right.float());
        let flags = (left.flag(), right.flag());
        let texts = left.text().zip(right.text());
        let calculated = |f: fn(f64, f64) -> f64| numbers.map(|(a, b)| number_text(f(a, b)));
        let compared = |f: fn(f64, f64) -> bool| numbers.map(|(a, b)| f(a, b).to_string());
        let text = match op.operator.value() {
            BinaryOperator::Plus => calculated(|a, b| a + b),
            BinaryOperator::Minus => calculated(|a, b| a - b),
            BinaryOperator::Mul => calculated(|a, b| a * b),
            BinaryOperator::Div if numbers.is_some_and(|(_, b)| b != 0.0) => {
                calculated(|a, b| a / b)
            }
            BinaryOperator::Eq => texts.map(|(a, b)| (a == b).to_string()),
            BinaryOperator::NotEq => texts.map(|(a, b)| (a != b).to_string()),
            BinaryOperator::Less => compared(|a, b| a < b),
            BinaryOperator::LessEq => compared(|a, b| a <= b),
            BinaryOperator::Greater => compared(|a, b| a > b),
            BinaryOperator::GreaterEq => compared(|a, b| a >= b),
            BinaryOperator::And => match flags {
                (Some(false), _) | (_, Some(false)) => Some("false".to_owned()),
                (Some(true), Some(true)) => Some("true".to_owned()),
                _ => None,
            },
            BinaryOperator::Or => match flags {
                (Some(true), _) | (_, Some(true)) => Some("true".to_owned()),
                (Some(false), Some(false)) => Some("false".to_owned()),
                _ => None,
            },
            _ => None,
        };
        match text {
            Some(text) => self.add(scope, at, Kind::Scalar(text, false)),
            None => self.unknown(scope, at),
        }
    }
}

/// A text with values in place of `${…}`, and where its parts stood before.
struct Filled {
    text: String,
    /// Where a value stands, and where its `${…}` stood.
    holes: Vec<(Range<usize>, Range<usize>)>,
}

impl Filled {
    /// Where a stretch of the text stood before; what begins or ends in a value, with its `${…}`.
    fn place(&self, range: Range<usize>) -> Range<usize> {
        let before = |at: usize, inclusive: bool| {
            let past = self
                .holes
                .partition_point(|(now, _)| now.start < at || (inclusive && now.start == at));
            past.checked_sub(1).map(|last| &self.holes[last])
        };
        let start = match before(range.start, true) {
            Some((now, was)) if range.start < now.end => was.start,
            Some((now, was)) => range.start - now.end + was.end,
            None => range.start,
        };
        let end = match before(range.end, false) {
            Some((now, was)) if range.end <= now.end => was.end,
            Some((now, was)) => range.end - now.end + was.end,
            None => range.end,
        };
        start..end.max(start)
    }
}

/// The text with values in place of `${…}`; what has no value stays as it is within a text of JSON,
/// and is `null` outside.
fn fill(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> Filled {
    let mut out = String::with_capacity(text.len());
    let mut holes = Vec::new();
    let mut at = 0;
    let mut in_text = false;
    while let Some(start) = text[at..].find("${").map(|start| start + at) {
        let Some(end) = text[start..].find('}').map(|end| end + start + 1) else { break };
        let between = &text[at..start];
        out.push_str(between);
        in_text ^= between.bytes().filter(|&b| b == b'"').count() % 2 == 1;
        let hole = &text[start..end];
        let found = value(hole[2..hole.len() - 1].trim());
        let put = match found {
            Some(value) if in_text => value.replace(['"', '\\', '\n'], "'"),
            Some(value) => value,
            None if in_text => hole.replace(['"', '\\', '\n'], "'"),
            None => "null".to_owned(),
        };
        let from = out.len();
        out.push_str(&put);
        holes.push((from..out.len(), start..end));
        at = end;
    }
    out.push_str(&text[at..]);
    Filled { text: out, holes }
}

fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        format!("{number:.0}")
    } else {
        number.to_string()
    }
}

/// The subnet of a block with this number, with so many more bits fixed.
/// <https://developer.hashicorp.com/terraform/language/functions/cidrsubnet>
fn subnet(block: Cidr, bits: u64, number: u64) -> Option<String> {
    let length = u32::from(block.length).checked_add(u32::try_from(bits).ok()?)?;
    match block.address {
        std::net::IpAddr::V4(address) => {
            let free = 32u32.checked_sub(length)?;
            let number =
                u32::try_from(number).ok().filter(|n| u64::from(*n) >> bits.min(63) == 0)?;
            let mask = u32::MAX.checked_shl(32 - u32::from(block.length)).unwrap_or(0);
            let address = (address.to_bits() & mask) | number.checked_shl(free).unwrap_or(0);
            Some(format!("{}/{length}", std::net::Ipv4Addr::from_bits(address)))
        }
        std::net::IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_keeps_its_place() {
        let text = r#"{"a": ${x}, "b": "n-${name}!", "c": 7}"#;
        let filled = fill(text, |name| (name == "x").then(|| "12345678".to_owned()));
        assert_eq!(filled.text, r#"{"a": 12345678, "b": "n-${name}!", "c": 7}"#);
        let was = |part: &str| {
            let at = filled.text.find(part).unwrap();
            &text[filled.place(at..at + part.len())]
        };
        assert_eq!(was("12345678"), "${x}");
        assert_eq!(was("\"a\""), "\"a\"");
        assert_eq!(was("\"n-${name}!\""), "\"n-${name}!\"");
        assert_eq!(was("7}"), "7}");
    }

    #[test]
    fn subnets_are_counted_as_terraform_counts_them() {
        let of = |text, bits, n| subnet(Cidr::parse(text).unwrap(), bits, n);
        assert_eq!(of("10.0.0.0/16", 8, 2).as_deref(), Some("10.0.2.0/24"));
        assert_eq!(of("172.16.0.0/12", 4, 2).as_deref(), Some("172.18.0.0/16"));
        assert_eq!(of("10.0.0.0/16", 0, 0).as_deref(), Some("10.0.0.0/16"));
        assert_eq!(of("0.0.0.0/0", 8, 10).as_deref(), Some("10.0.0.0/8"));
        assert_eq!(of("10.0.0.0/16", 2, 4), None);
        assert_eq!(of("10.0.0.0/16", 17, 0), None);
        assert_eq!(of("10.0.0.0/16", u64::MAX, 0), None);
    }
}
