//! What the operations of clients use of a schema, by schema coordinate.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{
    Argument, Field, GraphQl, GraphQlTypeKind as Kind, GraphQlValue, Operation, Selection, Span,
    System,
};

use super::schema::{Schema, Type};

/// Most fragments within fragments that are followed.
const DEEPEST: usize = 64;

/// Most parts of one operation that are looked at: fragments can multiply.
const MOST_PARTS: usize = 100_000;

/// Most uses of one coordinate that are kept.
const MOST_USES: usize = 1_000;

/// That an operation uses something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use<'s> {
    /// The operation.
    pub(super) by: &'s Operation,
    /// Where, in the file of the operation or of a fragment.
    pub(super) at: Span,
    /// What is selected of a field.
    pub(super) of: &'s [Selection],
    /// What a field is given.
    pub(super) arguments: &'s [Argument],
    /// Of an argument: whether it is a variable, and whether that may be `null`.
    pub(super) variable: Option<bool>,
}

/// Every use, by coordinate: `User.name`, `Query.user(id:)`, `Role.ADMIN`, `Filter.age`, the name of an
/// input type of which an object is written or a variable declared, and `Node...User` for a fragment.
pub(super) type Uses<'s> = BTreeMap<String, Vec<Use<'s>>>;

/// The uses of all operations that belong to this schema: those whose outermost fields it has.
pub(super) fn uses<'s>(system: &'s System, schema: &Schema<'s>) -> Uses<'s> {
    let mut fragments: BTreeMap<&str, Vec<(&GraphQl, &'s Operation)>> = BTreeMap::new();
    for file in &system.graphql {
        for one in file.operations.iter().filter(|one| one.is_fragment) {
            fragments.entry(&one.name).or_default().push((file, one));
        }
    }
    let mut out = Uses::new();
    for file in &system.graphql {
        for by in file.operations.iter().filter(|one| !one.is_fragment) {
            let Some(root) = schema.root(&by.on) else { continue };
            let Some(of) = schema.types.get(root) else { continue };
            let mut walk =
                Walk { system, schema, fragments: &fragments, file, by, out: &mut out, parts: 0 };
            if walk.belongs(of) {
                for variable in &by.variables {
                    if schema.kind(&variable.of.name) == Some(Kind::Input) {
                        walk.note(variable.of.name.clone(), variable.at);
                    }
                }
                walk.select(root, &by.of, 0);
            }
        }
    }
    out
}

struct Walk<'w, 's> {
    system: &'s System,
    schema: &'w Schema<'s>,
    fragments: &'w BTreeMap<&'s str, Vec<(&'s GraphQl, &'s Operation)>>,
    file: &'s GraphQl,
    by: &'s Operation,
    out: &'w mut Uses<'s>,
    parts: usize,
}

impl<'s> Walk<'_, 's> {
    /// Whether the operation is one of this schema.
    fn belongs(&self, root: &Type<'_>) -> bool {
        let fields: BTreeSet<&str> = self
            .by
            .of
            .iter()
            .filter_map(|selection| match selection {
                Selection::Field { name, .. } if !name.starts_with("__") => Some(&**name),
                _ => None,
            })
            .collect();
        fields.iter().all(|name| root.fields.contains_key(name))
    }

    fn note(&mut self, coordinate: String, at: Span) {
        self.add(coordinate, Use { by: self.by, at, of: &[], arguments: &[], variable: None });
    }

    fn add(&mut self, coordinate: String, one: Use<'s>) {
        let all = self.out.entry(coordinate).or_default();
        if all.len() < MOST_USES {
            all.push(one);
        }
    }

    fn select(&mut self, on: &str, selections: &'s [Selection], depth: usize) {
        for selection in selections {
            self.parts += 1;
            if self.parts > MOST_PARTS || depth > DEEPEST {
                return;
            }
            match selection {
                Selection::Field { name, arguments, of, at } => {
                    self.field(on, name, arguments, of, *at, depth);
                }
                Selection::Spread { name, at } => {
                    let Some(fragment) = self.fragment(name) else { continue };
                    self.condition(on, &fragment.on, *at);
                    self.select(&fragment.on, &fragment.of, depth + 1);
                }
                Selection::Inline { on: other, of } => match other {
                    Some((other, at)) => {
                        self.condition(on, other, *at);
                        self.select(other, of, depth + 1);
                    }
                    None => self.select(on, of, depth + 1),
                },
            }
        }
    }

    fn condition(&mut self, on: &str, other: &str, at: Span) {
        if on != other {
            self.note(format!("{on}...{other}"), at);
        }
    }

    fn field(
        &mut self,
        on: &str,
        name: &str,
        arguments: &'s [Argument],
        of: &'s [Selection],
        at: Span,
        depth: usize,
    ) {
        let Some(field) = self.schema.types.get(on).and_then(|on| on.field(name)) else { return };
        let one = Use { by: self.by, at, of, arguments, variable: None };
        self.add(format!("{on}.{name}"), one);
        for argument in arguments {
            let Some(known) = field.arguments.iter().find(|known| known.name == argument.name)
            else {
                continue;
            };
            let coordinate = format!("{on}.{name}({}:)", argument.name);
            let variable = self.may_be_null(&argument.value);
            let one = Use { by: self.by, at: argument.at, of: &[], arguments: &[], variable };
            self.add(coordinate, one);
            self.value(known, argument);
        }
        self.select(&field.of.name, of, depth + 1);
    }

    /// For a variable, whether the operation declares it so that it may be `null`.
    fn may_be_null(&self, value: &GraphQlValue) -> Option<bool> {
        let GraphQlValue::Variable(name) = value else { return None };
        let declared = self.by.variables.iter().find(|variable| variable.name == *name)?;
        Some(!declared.of.is_non_null() && declared.default.is_none())
    }

    fn value(&mut self, of: &Field, argument: &'s Argument) {
        let mut left = vec![(&*of.of.name, &argument.value)];
        while let Some((name, value)) = left.pop() {
            match value {
                GraphQlValue::Enum(word) => self.note(format!("{name}.{word}"), argument.at),
                GraphQlValue::List(values) => left.extend(values.iter().map(|one| (name, one))),
                GraphQlValue::Object(fields) => {
                    self.note(name.to_owned(), argument.at);
                    let Some(of) = self.schema.types.get(name) else { continue };
                    for field in fields {
                        let variable = self.may_be_null(&field.value);
                        let (by, at) = (self.by, field.at);
                        let one = Use { by, at, of: &[], arguments: &[], variable };
                        self.add(format!("{name}.{}", field.name), one);
                        if let Some(known) = of.field(&field.name) {
                            left.push((&known.of.name, &field.value));
                        }
                    }
                }
                GraphQlValue::Variable(_) | GraphQlValue::Null | GraphQlValue::Other => {}
            }
        }
    }

    /// The fragment of this name: of the same file, else the one that lies nearest.
    fn fragment(&self, name: &str) -> Option<&'s Operation> {
        let path = |file: &GraphQl| &*self.system.file(file.file).name;
        let own = path(self.file);
        let near = |other: &str| own.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let all = self.fragments.get(name)?;
        let best =
            all.iter().max_by_key(|(file, _)| (file.file == self.file.file, near(path(file))));
        best.map(|(_, fragment)| *fragment)
    }
}

/// Whether a selection can be asked of a type of another schema.
pub(super) fn fits(schema: &Schema<'_>, on: &str, selections: &[Selection]) -> bool {
    let Some(of) = schema.types.get(on) else { return selections.is_empty() };
    selections.iter().all(|selection| match selection {
        Selection::Field { name, .. } if name.starts_with("__") => true,
        Selection::Field { name, of: inner, .. } => {
            of.fields.contains_key(&**name)
                && of.field(name).is_none_or(|field| fits(schema, &field.of.name, inner))
        }
        Selection::Inline { on: Some((other, _)), of } => {
            schema.types.contains_key(&**other) && fits(schema, other, of)
        }
        Selection::Inline { on: None, of } => fits(schema, on, of),
        // What a fragment asks for is judged where it is written.
        Selection::Spread { .. } => true,
    })
}
