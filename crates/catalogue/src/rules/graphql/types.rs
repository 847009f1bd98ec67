//! Whether a client that was written for one type can go on with another: the rules of the GraphQL
//! specification (September 2025), sections "Field Selections", "All Variable Usages Are Allowed" and
//! "Value Completion".

use model::config::{GraphQlTypeKind as Kind, TypeRef, Wrap};

use super::schema::{Schema, Type, is_composite};

/// What another type of a field's answer means for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// They can go on.
    Fits,
    /// Where there always was a value there may be `null`.
    MayBeNull,
    /// Other fields are selected on it, or none, or some for the first time.
    OtherSelection,
    /// Another type with the fields of the old one: only its name is another.
    OtherName,
    /// Another scalar with the same form in JSON, or one whose form nobody states.
    OtherScalar,
    /// Another form in JSON: a list, a number instead of a text.
    OtherForm,
}

/// What comes of a field whose type changed.
pub(super) fn answer(
    (before, was): (&Schema<'_>, &TypeRef),
    (now, is): (&Schema<'_>, &TypeRef),
) -> Answer {
    let Some(nullable) = wraps_of_answer(&was.wraps, &is.wraps) else {
        return Answer::OtherForm;
    };
    let named = if was.name == is.name {
        Answer::Fits
    } else {
        match (before.kind(&was.name), now.kind(&is.name)) {
            (Some(old), Some(new)) if is_composite(old) && is_composite(new) => {
                let (old, new) = (before.types.get(&*was.name), now.types.get(&*is.name));
                let all = old.zip(new).is_some_and(|(old, new)| {
                    let of =
                        |of: &Type<'_>, name: &str| of.field(name).map(|field| field.of.clone());
                    old.fields
                        .keys()
                        .all(|name| of(new, name).is_some_and(|is| Some(is) == of(old, name)))
                });
                if all { Answer::OtherName } else { Answer::OtherSelection }
            }
            (Some(old), Some(new)) if is_composite(old) != is_composite(new) => {
                Answer::OtherSelection
            }
            (Some(_), Some(_)) => scalars(&was.name, &is.name),
            // A type that no file states.
            _ => Answer::Fits,
        }
    };
    if named == Answer::Fits && nullable { Answer::MayBeNull } else { named }
}

fn scalars(was: &str, is: &str) -> Answer {
    let form = |name: &str| match name {
        "Int" | "Float" => Some("number"),
        "String" | "ID" => Some("text"),
        "Boolean" => Some("truth value"),
        _ => None,
    };
    match (form(was), form(is)) {
        (Some(old), Some(new)) if old != new => Answer::OtherForm,
        (Some("text"), Some(_)) => Answer::Fits,
        _ => Answer::OtherScalar,
    }
}

/// Whether the lists are the same, and if so, whether something may be `null` that could not be.
fn wraps_of_answer(was: &[Wrap], is: &[Wrap]) -> Option<bool> {
    let lists = |wraps: &[Wrap]| wraps.iter().filter(|wrap| **wrap == Wrap::List).count();
    if lists(was) != lists(is) {
        return None;
    }
    Some(levels(was).zip(levels(is)).any(|(was, is)| was && !is))
}

/// For each level, the outermost first, whether it is never `null`.
fn levels(wraps: &[Wrap]) -> impl Iterator<Item = bool> {
    let mut out = vec![false];
    for wrap in wraps {
        match wrap {
            Wrap::NonNull => {
                if let Some(last) = out.last_mut() {
                    *last = true;
                }
            }
            Wrap::List => out.push(false),
        }
    }
    out.into_iter()
}

/// What another type of an argument or an input field means for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// What they send is taken.
    Fits,
    /// `null` is refused, and so is leaving it out.
    Required,
    /// A variable of the old type is refused.
    OtherType,
}

/// What comes of an argument whose type changed.
pub(super) fn sent(was: &TypeRef, is: &TypeRef) -> Sent {
    let lists = |of: &TypeRef| of.wraps.iter().filter(|wrap| **wrap == Wrap::List).count();
    if was.name != is.name || lists(was) != lists(is) {
        return Sent::OtherType;
    }
    let mut stricter = levels(&was.wraps).zip(levels(&is.wraps)).map(|(was, is)| is && !was);
    let outermost = stricter.next().unwrap_or(false);
    // A variable of `[T]` is refused where `[T!]` is wanted.
    if stricter.any(|stricter| stricter) {
        Sent::OtherType
    } else if outermost {
        Sent::Required
    } else {
        Sent::Fits
    }
}

/// True if nobody can leave an argument or an input field out.
pub(super) fn is_required(field: &model::config::Field) -> bool {
    field.of.is_non_null() && field.default.is_none()
}

/// True for what is sent: enums, scalars and input objects.
pub(super) fn is_input(kind: Kind) -> bool {
    matches!(kind, Kind::Scalar | Kind::Enum | Kind::Input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> TypeRef {
        let mut out = TypeRef::default();
        let mut text = text;
        loop {
            if let Some(inner) = text.strip_suffix('!') {
                out.wraps.push(Wrap::NonNull);
                text = inner;
            } else if let Some(inner) = text.strip_prefix('[') {
                out.wraps.push(Wrap::List);
                text = inner.strip_suffix(']').unwrap();
            } else {
                out.name = text.to_owned();
                return out;
            }
        }
    }

    #[test]
    fn answers_may_get_stricter_and_not_looser() {
        let empty = Schema::default();
        for (was, is, expected) in [
            ("Int", "Int", Answer::Fits),
            ("Int", "Int!", Answer::Fits),
            ("Int!", "Int", Answer::MayBeNull),
            ("[Int]", "[Int!]!", Answer::Fits),
            ("[Int!]!", "[Int]!", Answer::MayBeNull),
            ("[Int!]", "[Int]", Answer::MayBeNull),
            ("Int", "[Int]", Answer::OtherForm),
            ("[Int]", "[[Int]]", Answer::OtherForm),
            ("Int", "String", Answer::OtherForm),
            ("Boolean!", "Int!", Answer::OtherForm),
            ("ID!", "String!", Answer::Fits),
            ("ID!", "String", Answer::MayBeNull),
            ("Int", "Float", Answer::OtherScalar),
            ("Gone", "Int", Answer::Fits),
        ] {
            assert_eq!(answer((&empty, &of(was)), (&empty, &of(is))), expected, "{was} → {is}");
        }
    }

    #[test]
    fn what_is_sent_may_get_looser_and_not_stricter() {
        for (was, is, expected) in [
            ("Int", "Int", Sent::Fits),
            ("Int!", "Int", Sent::Fits),
            ("Int", "Int!", Sent::Required),
            ("[Int!]!", "[Int]", Sent::Fits),
            ("[Int]", "[Int!]", Sent::OtherType),
            ("[Int]", "[Int]!", Sent::Required),
            ("Int", "[Int]", Sent::OtherType),
            ("Int", "Float", Sent::OtherType),
            ("ID", "String", Sent::OtherType),
        ] {
            assert_eq!(sent(&of(was), &of(is)), expected, "{was} → {is}");
        }
    }
}
