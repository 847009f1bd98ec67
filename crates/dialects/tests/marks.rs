//! A dialect is asked for every record that it would recognise: whatever it accepts has its marks.

use std::collections::BTreeSet;
use std::path::Path;

use dialects::Context;

mod samples;

/// What people's files make of a record: parts of it, and what stands around it.
fn variants(record: &str) -> Vec<String> {
    let mut variants = vec![
        record.to_owned(),
        format!("  {record}\n"),
        format!("{record},"),
        format!("May  4 09:15:30 web-1 app[7]: {record}"),
        format!("2026-05-04T09:15:30.123Z {record}"),
        format!("ERROR {record}"),
        format!("[2026-05-04 09:15:30 +0000] [7] [ERROR] {record}"),
        record.to_ascii_lowercase(),
        record.to_ascii_uppercase(),
        record.replace(' ', "\t"),
        record.replace('\t', " "),
    ];
    variants.extend(record.lines().map(str::to_owned));
    for part in 1..4 {
        let at = record.floor_char_boundary(record.len() * part / 4);
        let (head, tail) = record.split_at(at);
        variants.extend([head.to_owned(), tail.to_owned()]);
    }
    variants
}

#[test]
fn whatever_a_dialect_recognises_has_its_marks() {
    let mut records: BTreeSet<(usize, String)> = BTreeSet::new();
    let mut contexts = vec![Context::default()];
    for (_, samples) in samples::all() {
        contexts.push(samples.context());
        let context = contexts.len() - 1;
        for case in samples.cases {
            records.insert((context, case.record.clone()));
            records.extend(variants(&case.record).into_iter().map(|variant| (0, variant)));
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/innocent");
    for entry in std::fs::read_dir(folder).expect("texts").flatten() {
        let text = std::fs::read(entry.path()).expect("a text");
        records.extend(String::from_utf8_lossy(&text).lines().map(|line| (0, line.to_owned())));
    }
    let (mut recognised, mut refused) = (0_u32, 0_u32);
    let mut wrong = Vec::new();
    for (context, record) in &records {
        let context = &contexts[*context];
        for dialect in dialects::ALL {
            if dialect.marks().are_in(record, context) {
                continue;
            }
            refused += 1;
            if dialect.sniff_in(record, context) {
                wrong.push(format!("{}: {record}", dialect.name()));
            }
        }
        recognised += 1;
    }
    println!("{recognised} records, {refused} times a dialect was not asked");
    assert!(
        wrong.is_empty(),
        "{} not asked for what they know:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(recognised > 10_000 && refused > recognised * 20, "too few to tell");
}
