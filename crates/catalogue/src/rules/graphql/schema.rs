//! A schema put together from the files that state it, by name.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{Field, GraphQl, GraphQlTypeKind as Kind, Span};

/// A schema.
#[derive(Debug, Default)]
pub(super) struct Schema<'s> {
    pub(super) types: BTreeMap<&'s str, Type<'s>>,
    roots: BTreeMap<&'s str, &'s str>,
    /// Some of it was not understood.
    pub(super) partial: bool,
    /// Deprecated arguments and input fields are not in it.
    pub(super) omits_deprecated_inputs: bool,
}

/// A type with its extensions.
#[derive(Debug)]
pub(super) struct Type<'s> {
    pub(super) kind: Kind,
    pub(super) at: Span,
    pub(super) fields: BTreeMap<&'s str, Vec<&'s Field>>,
    /// Interfaces, or members of the union.
    pub(super) names: BTreeMap<&'s str, Span>,
}

impl<'s> Type<'s> {
    /// The field of this name; `None` too if several files state it differently.
    pub(super) fn field(&self, name: &str) -> Option<&'s Field> {
        let (first, others) = self.fields.get(name)?.split_first()?;
        others.iter().all(|other| other.of == first.of).then_some(first)
    }
}

/// Whether a type is asked for with a selection of its fields.
pub(super) fn is_composite(kind: Kind) -> bool {
    matches!(kind, Kind::Object | Kind::Interface | Kind::Union)
}

impl<'s> Schema<'s> {
    pub(super) fn new(files: &[&'s GraphQl]) -> Schema<'s> {
        let mut schema = Schema::default();
        for file in files {
            schema.partial |= file.partial;
            schema.omits_deprecated_inputs |= file.omits_deprecated_inputs;
            for (operation, name) in &file.roots {
                schema.roots.insert(operation, name);
            }
            for of in &file.types {
                let known = schema.types.entry(&of.name).or_insert_with(|| Type {
                    kind: of.kind,
                    at: of.at,
                    fields: BTreeMap::new(),
                    names: BTreeMap::new(),
                });
                if !of.extends {
                    known.at = of.at;
                    known.kind = of.kind;
                }
                for field in &of.fields {
                    known.fields.entry(&field.name).or_default().push(field);
                }
                known.names.extend(of.names.iter().map(|(name, at)| (&**name, *at)));
            }
        }
        schema
    }

    /// The type that an operation starts from: `query`, `mutation`, `subscription`.
    pub(super) fn root(&self, operation: &str) -> Option<&'s str> {
        let usual = match operation {
            "query" => "Query",
            "mutation" => "Mutation",
            "subscription" => "Subscription",
            _ => return None,
        };
        match self.roots.get(operation) {
            Some(name) => Some(name),
            // A schema that names some of its roots has no others.
            None if !self.roots.is_empty() => None,
            None => self.types.get_key_value(usual).map(|(name, _)| *name),
        }
    }

    /// The kind of a type, those of the specification included.
    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        match name {
            "Int" | "Float" | "String" | "Boolean" | "ID" => Some(Kind::Scalar),
            _ => self.types.get(name).map(|of| of.kind),
        }
    }

    /// Every type that a request can come to; `None` if no file states where requests begin, as where
    /// a tool makes the queries of the types.
    pub(super) fn reached(&self) -> Option<BTreeSet<&'s str>> {
        let roots = ["query", "mutation", "subscription"].map(|operation| self.root(operation));
        let mut left: Vec<&str> = roots.into_iter().flatten().collect();
        if left.is_empty() {
            return None;
        }
        let mut implemented: BTreeMap<&str, Vec<&'s str>> = BTreeMap::new();
        for (name, of) in self.types.iter().filter(|(_, of)| of.kind != Kind::Union) {
            for interface in of.names.keys() {
                implemented.entry(interface).or_default().push(name);
            }
        }
        let mut out = BTreeSet::new();
        while let Some(name) = left.pop() {
            let Some((name, of)) = self.types.get_key_value(name) else { continue };
            if !out.insert(*name) {
                continue;
            }
            for field in of.fields.values().flatten() {
                left.push(&field.of.name);
                left.extend(field.arguments.iter().map(|argument| &*argument.of.name));
            }
            left.extend(of.names.keys());
            left.extend(implemented.get(name).into_iter().flatten());
        }
        Some(out)
    }

    /// Every type that clients can send values of.
    pub(super) fn sent(&self) -> BTreeSet<&'s str> {
        let mut out = BTreeSet::new();
        for of in self.types.values() {
            for field in of.fields.values().flatten() {
                if of.kind == Kind::Input {
                    out.insert(&*field.of.name);
                }
                out.extend(field.arguments.iter().map(|argument| &*argument.of.name));
            }
        }
        out
    }
}
