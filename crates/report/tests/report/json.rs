//! Diagnoses as JSON, against the schema.

use model::Diagnosis;
use report::json::{DIAGNOSIS_SCHEMA, JsonOptions, diagnosis};
use serde_json::Value;

use crate::sample;

fn parsed(d: &Diagnosis, options: &JsonOptions) -> Value {
    serde_json::from_str(&diagnosis(d, options)).expect("the output is JSON")
}

#[test]
fn rich() {
    insta::assert_snapshot!("rich_json", diagnosis(&sample::rich(), &JsonOptions::default()));
}

/// The schema with every object closed, so that a field the schema does not describe is an error.
fn closed_schema() -> Value {
    fn close(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.values_mut().for_each(close);
                if map.contains_key("properties") {
                    map.insert("additionalProperties".to_owned(), Value::Bool(false));
                }
            }
            Value::Array(list) => list.iter_mut().for_each(close),
            _ => {}
        }
    }
    let mut schema: Value = serde_json::from_str(DIAGNOSIS_SCHEMA).expect("the schema is JSON");
    close(&mut schema);
    schema
}

#[test]
fn every_document_satisfies_the_schema() {
    let schema: Value = serde_json::from_str(DIAGNOSIS_SCHEMA).expect("the schema is JSON");
    jsonschema::meta::validate(&schema).expect("the schema is a schema");
    let validator = jsonschema::validator_for(&closed_schema()).expect("the schema compiles");
    for d in [
        sample::rich(),
        sample::healthy(),
        sample::background(),
        sample::not_understood(),
        Diagnosis::default(),
    ] {
        for show_values in [false, true] {
            let document = parsed(&d, &JsonOptions { show_values });
            let errors: Vec<String> = validator
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}");
        }
    }
}

#[test]
fn the_schema_can_fail() {
    let validator = jsonschema::validator_for(&closed_schema()).expect("the schema compiles");
    let good = parsed(&sample::rich(), &JsonOptions::default());
    for (path, wrong) in [
        ("/incidents/0/findings/0/verdict", Value::from("certain")),
        ("/incidents/0/findings/0/failing/0/line", Value::from(-1)),
        ("/period/start", Value::from("yesterday")),
        ("/conclusions/0/share", Value::from(1.5)),
        ("/schema_version", Value::from("2")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(path).expect(path) = wrong;
        assert!(!validator.is_valid(&bad), "{path}");
    }
}

#[test]
fn secrets_are_masked_and_ids_stay() {
    let masked = diagnosis(&sample::rich(), &JsonOptions::default());
    for secret in ["jane.doe", "s3cr3t"] {
        assert!(!masked.contains(secret), "{secret}");
    }
    assert!(masked.contains("4bf92f3577b34da6a3ce929d0e0e4736"));
    let shown = diagnosis(&sample::rich(), &JsonOptions { show_values: true });
    assert!(shown.contains("s3cr3t"));
}

/// Every slug that is mentioned can be looked up in `causes`.
#[test]
fn mentioned_causes_are_described() {
    let document = parsed(&sample::rich(), &JsonOptions::default());
    let list = |path: &str| document.pointer(path).and_then(Value::as_array).expect(path).clone();
    let known: Vec<String> =
        list("/causes").iter().map(|c| c["slug"].as_str().expect("slug").to_owned()).collect();
    let mut mentioned = 0;
    for finding in
        list("/incidents").iter().flat_map(|i| i["findings"].as_array().expect("list").clone())
    {
        let slugs = finding["chain"].as_array().expect("list").iter().cloned().chain(
            ["ruled_out", "rivals"]
                .iter()
                .flat_map(|key| finding[key].as_array().expect("list").clone())
                .map(|entry| entry["cause"].clone()),
        );
        for slug in slugs {
            mentioned += 1;
            assert!(known.iter().any(|k| *k == slug), "{slug} is not described");
        }
    }
    assert!(mentioned > 5);
}
