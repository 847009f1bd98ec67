//! Public samples of VPC flow logs: all are read, and to the same values. Skips where the samples
//! are absent; `WHY502_CORPUS` names another folder.

use std::path::{Path, PathBuf};

use dialects::{Context, Quick, Understood, by_name, flow_columns};
use serde_json::Value;

fn cases() -> Option<Vec<Value>> {
    let folder = std::env::var_os("WHY502_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    );
    let path = folder.join("vectordotdev+vrl/parse_aws_vpc_flow_log.jsonl");
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn every_public_sample_is_read() {
    let Some(cases) = cases() else { return };
    let dialect = by_name("aws-vpc-flow").expect("a dialect");
    for case in &cases {
        let line = case["input"].as_str().expect("an input");
        let mut context = Context::default();
        if let Some(format) = case["format"].as_str() {
            context.columns = flow_columns(format).expect("a format");
        }
        let rejected = line.replace(" ACCEPT ", " REJECT ");
        for line in [line, &rejected] {
            let mut events = Vec::new();
            let understood = dialect.parse(line, &context, &mut events);
            assert_eq!(understood, Understood::Yes, "{line}");
            let quick = dialect.quick(line.as_bytes(), &context);
            assert_eq!(quick == Quick::Nothing, line.contains(" ACCEPT "), "{line}");
            assert_eq!(events.len(), usize::from(line.contains(" REJECT ")), "{line}");
        }
    }
    assert!(!cases.is_empty());
}
