//! The differences between two revisions of a schema that clients notice.

use std::collections::BTreeSet;

use model::config::{Field, GraphQlTypeKind as Kind, Span};

use super::schema::{Schema, Type, is_composite};
use super::types::{Answer, Sent, answer, is_input, is_required, sent};

/// What a difference is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A field, an argument, an input field or a value is gone.
    Gone,
    /// An argument or an input field is new and required.
    NewRequired,
    /// An argument or an input field that could be left out is required.
    Required,
    /// The type of an answer.
    Answer(Answer),
    /// The type of what is sent.
    SentType,
    /// An object is no member of a union or no implementation of an interface any more.
    Member {
        /// The object.
        object: String,
        /// The unions and interfaces.
        of: Vec<String>,
    },
    /// No query, no mutation, no subscription any more.
    Root,
    /// Another kind of type.
    Kind,
    /// Another default.
    Default,
}

/// A difference.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) what: What,
    /// The schema coordinate.
    pub(super) coordinate: String,
    /// The coordinate whose uses break.
    pub(super) used_as: String,
    /// The argument that uses lack, for what is required.
    pub(super) argument: String,
    /// Where it was.
    pub(super) before_at: Option<Span>,
    /// Where it is, or where it could be.
    pub(super) now_at: Option<Span>,
    /// The type, kind or default before and now.
    pub(super) before: String,
    pub(super) now: String,
    /// Whether it was `@deprecated` before.
    pub(super) deprecated: bool,
}

impl Change {
    fn new(what: What, coordinate: String) -> Change {
        Change {
            what,
            used_as: coordinate.clone(),
            coordinate,
            argument: String::new(),
            before_at: None,
            now_at: None,
            before: String::new(),
            now: String::new(),
            deprecated: false,
        }
    }

    fn at(self, before: Span, now: Span) -> Change {
        Change { before_at: Some(before), now_at: Some(now), ..self }
    }

    fn values(self, before: impl ToString, now: impl ToString) -> Change {
        Change { before: before.to_string(), now: now.to_string(), ..self }
    }
}

/// Every difference, in the order of the types.
pub(super) fn changes(before: &Schema<'_>, now: &Schema<'_>) -> Vec<Change> {
    let mut found = Found { before, now, sent: before.sent(), out: Vec::new() };
    for operation in ["query", "mutation", "subscription"] {
        if let (Some(was), None) = (before.root(operation), now.root(operation)) {
            let all = &before.types.get(was);
            let deprecated =
                all.is_some_and(|of| of.fields.values().flatten().all(|f| f.deprecated));
            let change = Change::new(What::Root, operation.to_owned());
            let before_at = all.map(|of| of.at);
            found.out.push(Change { before_at, deprecated, ..change });
        }
    }
    let reached = before.reached();
    let is_reached = |name: &str| reached.as_ref().is_none_or(|all| all.contains(name));
    for (name, was) in before.types.iter().filter(|(name, _)| is_reached(name)) {
        // What was of a type that is gone is told where the type was used.
        let Some(is) = now.types.get(name) else { continue };
        found.kind(name, was, is);
        match was.kind {
            _ if was.kind != is.kind && !(is_composite(was.kind) && is_composite(is.kind)) => {}
            Kind::Object | Kind::Interface => found.fields(name, was, is),
            Kind::Input => found.inputs(name, was, is),
            // Nobody asks for a value that comes only in answers.
            Kind::Enum if found.sent.contains(name) => found.words(name, was, is),
            Kind::Union => found.members(name, was, is),
            Kind::Enum | Kind::Scalar => {}
        }
    }
    found.implementations(&is_reached);
    found.out
}

struct Found<'a, 's> {
    before: &'a Schema<'s>,
    now: &'a Schema<'s>,
    /// Types that clients could send values of.
    sent: BTreeSet<&'s str>,
    out: Vec<Change>,
}

impl Found<'_, '_> {
    /// Another kind of type, where clients write it otherwise.
    fn kind(&mut self, name: &str, was: &Type<'_>, is: &Type<'_>) {
        let selected = is_composite(was.kind) != is_composite(is.kind);
        let written = is_input(was.kind) && is_input(is.kind) && was.kind != is.kind;
        // A scalar takes anything; what comes in answers is told at the fields.
        let is_sent = self.sent.contains(name) && is.kind != Kind::Scalar;
        if selected || (written && is_sent) {
            let change = Change::new(What::Kind, name.to_owned()).at(was.at, is.at);
            self.out.push(change.values(was.kind, is.kind));
        }
    }

    fn fields(&mut self, name: &str, was: &Type<'_>, is: &Type<'_>) {
        for (field, all) in &was.fields {
            let coordinate = format!("{name}.{field}");
            if !is.fields.contains_key(field) {
                // An object that does not have it because the union that it became has no fields.
                let gone = all.first().filter(|_| is.kind != Kind::Union);
                self.gone(coordinate, gone.copied(), is.at);
                continue;
            }
            let (Some(old), Some(new)) = (was.field(field), is.field(field)) else { continue };
            match answer((self.before, &old.of), (self.now, &new.of)) {
                Answer::Fits => {}
                other => {
                    let change = Change::new(What::Answer(other), coordinate.clone());
                    let change = change.at(old.at, new.at).values(&old.of, &new.of);
                    self.out.push(Change { deprecated: old.deprecated, ..change });
                }
            }
            self.arguments(&coordinate, old, new);
        }
    }

    fn gone(&mut self, coordinate: String, was: Option<&Field>, now_at: Span) {
        let Some(was) = was else { return };
        let change = Change::new(What::Gone, coordinate).at(was.at, now_at);
        self.out.push(Change { deprecated: was.deprecated, ..change });
    }

    fn arguments(&mut self, field: &str, was: &Field, is: &Field) {
        for old in &was.arguments {
            let coordinate = format!("{field}({}:)", old.name);
            match is.arguments.iter().find(|new| new.name == old.name) {
                None if self.now.omits_deprecated_inputs => {}
                None => self.gone(coordinate, Some(old), is.at),
                Some(new) => self.input(coordinate, field, old, new),
            }
        }
        for new in is.arguments.iter().filter(|new| is_required(new)) {
            if !was.arguments.iter().any(|old| old.name == new.name)
                && !self.before.omits_deprecated_inputs
            {
                self.new_required(format!("{field}({}:)", new.name), field, was.at, new);
            }
        }
    }

    fn inputs(&mut self, name: &str, was: &Type<'_>, is: &Type<'_>) {
        for field in was.fields.keys() {
            let Some(old) = was.field(field) else { continue };
            let coordinate = format!("{name}.{field}");
            match is.field(field) {
                None if is.fields.contains_key(field) => {}
                None if self.now.omits_deprecated_inputs => {}
                None => self.gone(coordinate, Some(old), is.at),
                Some(new) => self.input(coordinate, name, old, new),
            }
        }
        for (field, all) in &is.fields {
            let new = all.iter().find(|new| is_required(new));
            if let (Some(new), false) = (new, was.fields.contains_key(field))
                && !self.before.omits_deprecated_inputs
            {
                self.new_required(format!("{name}.{field}"), name, was.at, new);
            }
        }
    }

    fn new_required(&mut self, coordinate: String, of: &str, was_at: Span, new: &Field) {
        let change = Change::new(What::NewRequired, coordinate).at(was_at, new.at);
        // Nobody can have sent what was not there.
        self.out.push(Change { used_as: of.to_owned(), ..change.values("", &new.of) });
    }

    fn input(&mut self, coordinate: String, of: &str, old: &Field, new: &Field) {
        let change = |what| {
            let change = Change::new(what, coordinate.clone()).at(old.at, new.at);
            Change { deprecated: old.deprecated, ..change.values(&old.of, &new.of) }
        };
        match sent(&old.of, &new.of) {
            Sent::OtherType => return self.out.push(change(What::SentType)),
            Sent::Required if new.default.is_none() => {
                let (used_as, argument) = (of.to_owned(), old.name.clone());
                return self.out.push(Change { used_as, argument, ..change(What::Required) });
            }
            // Only a written `null` is refused.
            Sent::Required | Sent::Fits => {}
        }
        if old.default != new.default && !is_required(new) && !is_required(old) {
            let shown = |default: &Option<String>| default.clone().unwrap_or("null".to_owned());
            let change = change(What::Default);
            self.out.push(change.values(shown(&old.default), shown(&new.default)));
        }
    }

    fn words(&mut self, name: &str, was: &Type<'_>, is: &Type<'_>) {
        for (value, all) in &was.fields {
            if !is.fields.contains_key(value) {
                self.gone(format!("{name}.{value}"), all.first().copied(), is.at);
            }
        }
    }

    fn members(&mut self, name: &str, was: &Type<'_>, is: &Type<'_>) {
        for (member, at) in &was.names {
            if !is.names.contains_key(member) {
                self.member(member, name, *at, is.at);
            }
        }
    }

    /// What an object is no longer one of is told once.
    fn member(&mut self, object: &str, of: &str, before: Span, now: Span) {
        for change in &mut self.out {
            match &mut change.what {
                What::Member { object: known, of: all } if known == object => {
                    return all.push(of.to_owned());
                }
                _ => {}
            }
        }
        let what = What::Member { object: object.to_owned(), of: vec![of.to_owned()] };
        let change = Change::new(what, format!("{of}...{object}"));
        self.out.push(change.at(before, now));
    }

    /// Objects that implement an interface no more, or are no more.
    fn implementations(&mut self, is_reached: &dyn Fn(&str) -> bool) {
        for (object, was) in self.before.types.iter().filter(|(name, _)| is_reached(name)) {
            if !matches!(was.kind, Kind::Object | Kind::Interface) {
                continue;
            }
            for (interface, at) in &was.names {
                let is = self.now.types.get(object);
                // Where both are gone, the fields that led to them are, too.
                let Some(place) = is.or(self.now.types.get(interface)) else { continue };
                if !is.is_some_and(|is| is.names.contains_key(interface)) {
                    self.member(object, interface, *at, place.at);
                }
            }
        }
    }
}
