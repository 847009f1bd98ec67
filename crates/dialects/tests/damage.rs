//! Every record of every dialect, cut and altered, offered to it and to another: nothing panics, a
//! refused record tells nothing, and the quick look says what the full parse says.

mod agreement;
mod samples;

use std::collections::BTreeMap;

use dialects::{Context, Dialect};

/// Ways to alter a record at a place: the pieces before and after it.
fn altered(head: &str, tail: &str) -> [String; 9] {
    let mut rest = tail.chars();
    rest.next();
    let after = rest.as_str();
    [
        head.to_owned(),
        tail.to_owned(),
        format!("{head}é{after}"),
        format!("{head}\"{tail}"),
        format!("{head} {tail}"),
        format!("{head}{after}"),
        format!("{head}9{after}"),
        format!("{head}-1{tail}"),
        format!("{head}\n{tail}"),
    ]
}

#[test]
fn damaged_records_do_no_harm() {
    let all = samples::all();
    let mut tried = 0;
    let mut wrong: BTreeMap<(&str, String), String> = BTreeMap::new();
    let mut offer = |dialect: &dyn Dialect, record: &str, context: &Context| {
        tried += 1;
        if let Err(what) = agreement::offer(dialect, record, context) {
            let kind = what.split(':').next().unwrap_or("").to_owned();
            let example = || format!("{}: {what}: {record}", dialect.name());
            wrong.entry((dialect.name(), kind)).or_insert_with(example);
        }
    };
    for (number, (dialect, samples)) in all.iter().enumerate() {
        let context = Context { year: Some(2026), ..samples.context() };
        for case in samples.cases.iter().filter(|case| case.record.len() < 2_500) {
            let (other, _) = &all[(number + 1 + case.record.len()) % all.len()];
            let step = 3 + case.record.len() / 16;
            for (at, _) in case.record.char_indices().step_by(step) {
                let (head, tail) = case.record.split_at(at);
                for record in altered(head, tail) {
                    offer(*dialect, &record, &context);
                }
                offer(*other, head, &Context::default());
                offer(*other, tail, &Context::default());
            }
        }
    }
    println!("{tried} damaged records");
    assert!(tried > 100_000, "only {tried}");
    let wrong: Vec<_> = wrong.into_values().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
