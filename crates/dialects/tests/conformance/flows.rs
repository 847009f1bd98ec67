//! Public samples of VPC flow logs, with their outcome turned: the other parsers do not judge it,
//! so the suites cannot compare it.

use dialects::{Context, Quick, Understood};

use super::corpus::Corpus;

/// Accepted flows are passed over at a quick look, and the same flows rejected are told.
#[test]
fn only_rejected_flows_are_told() {
    let Some(corpus) = Corpus::find() else {
        println!("no public samples here: skipped");
        return;
    };
    let dialect = dialects::by_name("aws-vpc-flow").expect("a dialect");
    let samples = corpus.cases("vectordotdev+vrl/parse_aws_vpc_flow_log.jsonl", "");
    let mut turned = 0;
    for sample in &samples {
        let columns = sample.format.as_deref().map(dialects::flow_columns);
        let columns = columns.map(|columns| columns.expect("a format")).unwrap_or_default();
        let context = Context { columns, ..Context::default() };
        let rejected = sample.record.replace(" ACCEPT ", " REJECT ");
        turned += usize::from(rejected != sample.record);
        for line in [&sample.record, &rejected] {
            let mut events = Vec::new();
            assert_eq!(dialect.parse(line, &context, &mut events), Understood::Yes, "{line}");
            let quick = dialect.quick(line.as_bytes(), &context);
            assert_eq!(quick == Quick::Nothing, line.contains(" ACCEPT "), "{line}");
            assert_eq!(events.len(), usize::from(line.contains(" REJECT ")), "{line}");
        }
    }
    assert!(turned > 0, "the samples are there");
}
