//! Pages and lists of causes.

use model::{Cause, Lang};
use report::explain::{list, list_json, page};

use crate::causes::{CONNECT, DEPLOY, DNS, IDLE, NAT, OOM};

const ALL: [&Cause; 6] = [&DEPLOY, &NAT, &CONNECT, &DNS, &IDLE, &OOM];

#[test]
fn page_in_english() {
    insta::assert_snapshot!("page_en_80", page(&NAT, Lang::En, 80, false));
}

#[test]
fn page_in_japanese() {
    insta::assert_snapshot!("page_ja_80", page(&NAT, Lang::Ja, 80, false));
}

#[test]
fn page_in_colour() {
    insta::assert_snapshot!(
        "page_en_60_colour",
        page(&NAT, Lang::En, 60, true).replace('\u{1b}', "␛")
    );
}

/// No place of a sentence gets through to the reader.
#[test]
fn places_are_phrased_out() {
    let text = page(&NAT, Lang::Ja, 80, false);
    let before_page = text.split("英語").next().expect("a part before the English page");
    for place in ["{value}", "{revision}", "{ports_needed}"] {
        assert!(!before_page.contains(place), "{before_page}");
    }
    assert!(before_page.contains("50 % 以上"));
}

/// A cause whose file has no page yet is explained from its data.
#[test]
fn a_cause_without_a_page_is_explained() {
    let text = page(&CONNECT, Lang::En, 80, false);
    assert!(text.contains("Nobody answers the SYN."));
    assert!(!text.contains("full page"));
}

#[test]
fn lists() {
    for lang in [Lang::En, Lang::Ja] {
        for width in [80, 120] {
            let name = format!("list_{}_{width}", lang.tag());
            insta::assert_snapshot!(name, list(&ALL, lang, width));
        }
    }
    assert_eq!(list(&[], Lang::En, 80).lines().count(), 1);
}

#[test]
fn list_as_json() {
    let document: serde_json::Value = serde_json::from_str(&list_json(&ALL)).expect("JSON");
    assert_eq!(document["schema_version"], "1");
    assert_eq!(document["causes"].as_array().map(Vec::len), Some(ALL.len()));
    let nat = &document["causes"][1];
    assert_eq!(nat["slug"], "nat-port-exhaustion");
    assert_eq!(nat["title"]["ja"], NAT.title.ja);
    assert_eq!(nat["attributes"]["http.response.status_code"][1], 504);
    assert_eq!(nat["leads_to"][0], "target-connect-timeout");
}
