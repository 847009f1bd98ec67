//! GraphQL schemas of two revisions: during a roll-out, and long after it in pages that are open and in
//! apps that are installed, clients of the earlier revision meet the schema of the later one.

mod changes;
mod group;
mod said;
mod schema;
mod types;
mod uses;

use std::collections::BTreeMap;

use model::config::{Confidence, Prediction, Revisions, Span};
use model::{Statement, Text};

use changes::{Change, What};
use group::Group;
use schema::Schema;
use uses::{Use, Uses};

/// Most operations that are named in one finding.
const MOST_NAMED: usize = 3;

/// Changes of a schema that break clients of the earlier revision.
pub(crate) fn breaking_changes(both: &Revisions) -> Vec<Prediction> {
    let groups = group::groups(&both.before, &both.now);
    let schemas: Vec<(Schema<'_>, Schema<'_>)> = groups
        .iter()
        .map(|Group { before, now }| (Schema::new(before), Schema::new(now)))
        .collect();
    let mut found: BTreeMap<String, Prediction> = BTreeMap::new();
    for (at, (before, _)) in schemas.iter().enumerate() {
        let Some(now) = successor(&schemas, at) else { continue };
        // What was not understood may be there all the same.
        if before.types.is_empty() || before.partial || now.partial {
            continue;
        }
        let uses = uses::uses(&both.before, before);
        for change in changes::changes(before, now) {
            if has_moved(&change, &schemas, at) {
                continue;
            }
            let prediction = told(both, now, &change, &uses);
            // The same change in a copy of the schema is told once.
            found.entry(prediction.about.clone()).or_insert(prediction);
        }
    }
    found.into_values().collect()
}

/// The schema as it is now: of the same files, or of the files it was moved to. `None` if the files are
/// gone and nothing is like them: then it is stated elsewhere, and nothing is known of it.
fn successor<'a, 's>(schemas: &'a [(Schema<'s>, Schema<'s>)], at: usize) -> Option<&'a Schema<'s>> {
    let (before, now) = &schemas[at];
    if !now.types.is_empty() || now.partial {
        return Some(now);
    }
    let shared = |other: &Schema<'_>| {
        before.types.keys().filter(|name| other.types.contains_key(**name)).count()
    };
    let moved = schemas.iter().filter(|(was, _)| was.types.is_empty()).map(|(_, is)| is);
    let best = moved.max_by_key(|other| shared(other))?;
    (2 * shared(best) >= before.types.len()).then_some(best)
}

/// Whether what is gone from one schema has come to another that did not have it.
fn has_moved(change: &Change, schemas: &[(Schema<'_>, Schema<'_>)], at: usize) -> bool {
    let What::Gone = change.what else { return false };
    let Some((name, field)) = change.coordinate.split_once('.') else { return false };
    let field = field.split('(').next().unwrap_or(field);
    let has = |schema: &Schema<'_>| {
        schema.types.get(name).is_some_and(|of| of.fields.contains_key(field))
    };
    let is_argument = change.coordinate.contains('(');
    let others = schemas.iter().enumerate().filter(|(other, _)| *other != at);
    !is_argument && others.into_iter().any(|(_, (before, now))| has(now) && !has(before))
}

fn told(both: &Revisions, now: &Schema<'_>, change: &Change, uses: &Uses<'_>) -> Prediction {
    let broken = broken(now, change, uses);
    let mut names: Vec<&str> = Vec::new();
    for one in &broken {
        let name = if one.by.name.is_empty() { &*one.by.on } else { &*one.by.name };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(MOST_NAMED);
    let mut operations = names[..names.len() - more].join(", ");
    if more > 0 {
        operations = format!("{operations} (+{more})");
    }
    let severity = said::severity(change, !broken.is_empty());
    let says = said::says(change, &operations);
    let mut prediction = Prediction::new(severity, Confidence::High, says);
    let of = |text| Statement::plain(text).with("coordinate", &change.coordinate);
    if let Some(at) = change.now_at {
        prediction =
            prediction.at(at, of(if change.what == What::Gone { NOW_WITHOUT } else { NOW }));
    }
    if let Some(at) = change.before_at {
        prediction = prediction.at(both.earlier(at), of(BEFORE));
    }
    let mut told: Vec<&str> = Vec::new();
    for one in &broken {
        if told.len() == MOST_NAMED || told.contains(&&*one.by.name) {
            continue;
        }
        told.push(&one.by.name);
        let name = if one.by.name.is_empty() { &one.by.on } else { &one.by.name };
        let says = Statement::plain(ASKS).with("operation", name);
        prediction = prediction.at(both.earlier(one.at), says);
    }
    if let Some(at) = still_asked(both, change, &broken) {
        prediction = prediction.at(at, Statement::plain(STILL));
    }
    prediction = prediction.change(said::remedy(change));
    prediction.about.clone_from(&change.coordinate);
    prediction
}

/// The operations that surely break.
fn broken<'u, 's>(now: &Schema<'_>, change: &Change, uses: &'u Uses<'s>) -> Vec<&'u Use<'s>> {
    let breaks = |one: &&Use<'_>| match &change.what {
        What::Required => {
            let given = one.arguments.iter().find(|given| given.name == change.argument);
            match given.map(|given| &given.value) {
                // Of an input object in a variable nobody knows what it holds.
                None => change.coordinate.contains('('),
                Some(model::config::GraphQlValue::Null) => true,
                Some(model::config::GraphQlValue::Variable(name)) => {
                    let declared = one.by.variables.iter().find(|known| known.name == *name);
                    declared.is_some_and(|known| !known.of.is_non_null() && known.default.is_none())
                }
                Some(_) => false,
            }
        }
        // A literal may fit the new type, too.
        What::SentType => one.variable.is_some(),
        What::Answer(types::Answer::OtherSelection) => {
            let is = change.now.trim_matches(['[', ']', '!']);
            let composite = now.kind(is).is_some_and(schema::is_composite);
            one.of.is_empty() == composite || !uses::fits(now, is, one.of)
        }
        What::Default | What::Answer(types::Answer::OtherName | types::Answer::OtherScalar) => {
            false
        }
        _ => true,
    };
    match &change.what {
        What::Root => Vec::new(),
        What::Member { object, of } => {
            let ways =
                of.iter().flat_map(|of| [format!("{of}...{object}"), format!("{object}...{of}")]);
            ways.collect::<Vec<_>>().iter().filter_map(|way| uses.get(way)).flatten().collect()
        }
        _ => uses.get(&change.used_as).into_iter().flatten().filter(breaks).collect(),
    }
}

/// Where an operation of what is checked still asks for what is gone.
fn still_asked(both: &Revisions, change: &Change, broken: &[&Use<'_>]) -> Option<Span> {
    let What::Gone = change.what else { return None };
    // The same file, the same words: the operation was not changed with the schema.
    broken.iter().find_map(|one| {
        let was = both.before.file(one.at.file);
        let at = both.now.files.iter().position(|file| {
            file.revision.is_empty() && file.name == was.name && file.text == was.text
        })?;
        let file = model::config::FileId(u32::try_from(at).ok()?);
        Some(Span { file, ..one.at })
    })
}

const NOW: Text = Text::new("{coordinate} now", "現在の {coordinate}");
const NOW_WITHOUT: Text = Text::new("without {coordinate} now", "現在は {coordinate} がありません");
const BEFORE: Text = Text::new("{coordinate} before", "以前の {coordinate}");
const ASKS: Text = Text::new(
    "{operation} of the earlier revision used it",
    "以前のリビジョンの {operation} が使っています",
);
const STILL: Text = Text::new("and still does", "現在も使っています");

#[cfg(test)]
mod tests;
