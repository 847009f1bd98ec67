//! What other people's parsers expect of public log samples, held against what the dialects say.
//!
//! The samples are no part of this project: `WHY502_CORPUS` names their folder, or `shared/corpus`
//! stands beside the workspace; without them the test says so and passes. Every line is read by the
//! reader as a user's file is; every value that an event carries and the other parser states is
//! compared. What differs for a reason is declared in `exceptions.txt`, by file and line.

mod corpus;
mod exceptions;
mod fields;
mod flows;
mod pairs;
mod score;
mod suites;

use exceptions::Exceptions;
use score::Score;

#[test]
fn public_samples_are_read_as_others_read_them() {
    let Some(corpus) = corpus::Corpus::find() else {
        println!("no public samples here: skipped");
        return;
    };
    let mut exceptions = Exceptions::read(include_str!("exceptions.txt"));
    let mut total = Score::default();
    println!("{:<34} {:>17} {:>17} {:>8}", "", "understood", "values agree", "not told");
    for suite in suites::SUITES {
        let score = Score::of(suite, &corpus, &mut exceptions);
        println!("{:<34} {score}", suite.name);
        total.add(score);
    }
    println!("{:<34} {total}", "all of it");
    for line in &total.undeclared {
        println!("undeclared: {line}");
    }
    let idle = exceptions.idle();
    for line in &idle {
        println!("declared, but it is not so: {line}");
    }
    assert!(total.undeclared.is_empty() && idle.is_empty(), "see above");
    assert!(total.understood_share() >= 0.99, "{total}");
    assert!(total.agreement_share() >= 0.995, "{total}");
    assert!(total.lines > 1000 && total.compared > 1000, "the samples are there: {total}");
}

/// Samples of programs that are no gateways, and of formats no dialect is for.
#[test]
fn what_is_no_gateways_log_is_left_alone() {
    let Some(corpus) = corpus::Corpus::find() else {
        println!("no public samples here: skipped");
        return;
    };
    let mut exceptions = Exceptions::read(include_str!("exceptions.txt"));
    let mut taken = Vec::new();
    let mut lines = 0;
    for (suite, samples) in suites::foreign(&corpus) {
        for sample in &samples {
            lines += 1;
            let read = fields::read(&sample.record, &dialects::Context::default());
            let Some(dialect) = read.dialect else { continue };
            if !exceptions.excuse(&suite, sample.line, "understood") {
                taken.push(format!("{suite} {} by {dialect}: {}", sample.line, sample.record));
            }
        }
    }
    println!("{lines} lines of other programs");
    assert!(lines > 1000, "the samples are there");
    assert!(taken.is_empty(), "{}", taken.join("\n"));
    let idle = exceptions.idle_foreign();
    assert!(idle.is_empty(), "declared, but it is not so: {idle:#?}");
}
