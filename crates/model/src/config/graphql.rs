//! GraphQL as files state it: the types of a schema, and the operations that clients send.
//!
//! The words are those of the GraphQL specification (September 2025).

use super::{FileId, Span};
use crate::names::vocabulary;

vocabulary! {
    /// The kind of a named type.
    pub enum GraphQlTypeKind {
        /// A leaf without values of its own.
        Scalar = "scalar",
        /// Fields that can be asked for.
        Object = "type",
        /// Fields that several objects have.
        Interface = "interface",
        /// One of several objects.
        Union = "union",
        /// One of several words.
        Enum = "enum",
        /// Fields that clients send.
        Input = "input",
    }
}

vocabulary! {
    /// What stands around the name of a type.
    pub enum Wrap {
        /// `[…]`
        List = "list",
        /// `…!`
        NonNull = "non-null",
    }
}

/// The type of a field or an argument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeRef {
    /// The name inside.
    pub name: String,
    /// What stands around it, the outermost first.
    pub wraps: Vec<Wrap>,
}

impl TypeRef {
    /// True if `null` is no value of it.
    #[must_use]
    pub fn is_non_null(&self) -> bool {
        self.wraps.first() == Some(&Wrap::NonNull)
    }
}

impl std::fmt::Display for TypeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = self.name.clone();
        for wrap in self.wraps.iter().rev() {
            text = match wrap {
                Wrap::List => format!("[{text}]"),
                Wrap::NonNull => format!("{text}!"),
            };
        }
        f.write_str(&text)
    }
}

/// A field, an input field, an argument or a value of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type; the empty name for the value of an enum.
    pub of: TypeRef,
    /// Its arguments.
    pub arguments: Vec<Field>,
    /// Its default as written, white space normalised.
    pub default: Option<String>,
    /// Whether it is `@deprecated`.
    pub deprecated: bool,
    /// Where its name stands.
    pub at: Span,
}

/// A type, or an extension of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphQlType {
    /// Its kind.
    pub kind: GraphQlTypeKind,
    /// Its name.
    pub name: String,
    /// Fields, input fields or values.
    pub fields: Vec<Field>,
    /// Interfaces that it implements, or members of the union.
    pub names: Vec<(String, Span)>,
    /// True for `extend type …`.
    pub extends: bool,
    /// Where its name stands.
    pub at: Span,
}

/// What a client writes for an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GraphQlValue {
    /// A variable, without its `$`.
    Variable(String),
    /// The value of an enum.
    Enum(String),
    /// Input fields.
    Object(Vec<Argument>),
    /// Several values.
    List(Vec<GraphQlValue>),
    /// `null`.
    Null,
    /// A number, a text, a truth value.
    Other,
}

/// An argument or an input field as a client writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: GraphQlValue,
    /// Where it is written.
    pub at: Span,
}

/// A part of a selection set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// A field.
    Field {
        /// Its name, whatever the client calls it.
        name: String,
        /// What it is given.
        arguments: Vec<Argument>,
        /// What is asked of it.
        of: Vec<Selection>,
        /// Where its name stands.
        at: Span,
    },
    /// `...Name`
    Spread {
        /// The fragment.
        name: String,
        /// Where its name stands.
        at: Span,
    },
    /// `... on Type { … }`
    Inline {
        /// The type, if one is named.
        on: Option<(String, Span)>,
        /// What is asked of it.
        of: Vec<Selection>,
    },
}

/// An operation or a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name; empty if it has none.
    pub name: String,
    /// `query`, `mutation`, `subscription`; the type's name for a fragment.
    pub on: String,
    /// Whether it is a fragment.
    pub is_fragment: bool,
    /// Its variables with their types.
    pub variables: Vec<Field>,
    /// What it asks for.
    pub of: Vec<Selection>,
    /// Where its name stands, or the operation if it has none.
    pub at: Span,
}

/// What one file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphQl {
    /// The file.
    pub file: FileId,
    /// Types and extensions, as they stand.
    pub types: Vec<GraphQlType>,
    /// Types of the operations, where the file names them: `query` and `RootQuery`.
    pub roots: Vec<(String, String)>,
    /// Operations and fragments, as they stand.
    pub operations: Vec<Operation>,
    /// Whether it is a part of a federated schema.
    pub federated: bool,
    /// Whether a part of it could not be read, so that what is missing may not be missing.
    pub partial: bool,
    /// Whether arguments and input fields that are deprecated are missing, as they are in answers to
    /// the usual introspection query.
    pub omits_deprecated_inputs: bool,
}

impl GraphQl {
    /// A file that says nothing yet.
    #[must_use]
    pub fn new(file: FileId) -> GraphQl {
        GraphQl {
            file,
            types: Vec::new(),
            roots: Vec::new(),
            operations: Vec::new(),
            federated: false,
            partial: false,
            omits_deprecated_inputs: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_in_a_schema() {
        let wraps = vec![Wrap::NonNull, Wrap::List, Wrap::NonNull];
        let of = TypeRef { name: "User".to_owned(), wraps };
        assert_eq!(of.to_string(), "[User!]!");
        assert!(of.is_non_null());
        assert!(!TypeRef::default().is_non_null());
    }
}
