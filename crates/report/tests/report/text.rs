//! Diagnoses as text.

use model::Lang;
use report::text::{TextOptions, diagnosis};

use crate::sample;

fn options(lang: Lang, width: usize) -> TextOptions {
    TextOptions { lang, width, ..TextOptions::default() }
}

#[test]
fn rich_in_english() {
    insta::assert_snapshot!("rich_en_80", diagnosis(&sample::rich(), &options(Lang::En, 80)));
}

#[test]
fn rich_in_japanese() {
    insta::assert_snapshot!("rich_ja_80", diagnosis(&sample::rich(), &options(Lang::Ja, 80)));
}

#[test]
fn wide_verbose_and_unmasked() {
    let options = TextOptions { verbose: true, show_values: true, ..options(Lang::En, 120) };
    insta::assert_snapshot!("rich_en_120_verbose", diagnosis(&sample::rich(), &options));
}

#[test]
fn wide_in_japanese() {
    insta::assert_snapshot!("rich_ja_120", diagnosis(&sample::rich(), &options(Lang::Ja, 120)));
}

#[test]
fn colour_and_links() {
    let options = TextOptions { colour: true, hyperlinks: true, ..options(Lang::En, 80) };
    let text = diagnosis(&sample::rich(), &options);
    insta::assert_snapshot!("rich_en_80_colour", text.replace('\u{1b}', "␛"));
}

/// Colour changes nothing but colour.
#[test]
fn without_its_sequences_coloured_text_is_plain_text() {
    for lang in [Lang::En, Lang::Ja] {
        let plain = options(lang, 80);
        let coloured = TextOptions { colour: true, hyperlinks: true, ..plain };
        let stripped = strip(&diagnosis(&sample::rich(), &coloured));
        assert_eq!(stripped, diagnosis(&sample::rich(), &plain));
    }
}

/// Removes SGR and OSC 8 sequences.
fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        rest = if after.starts_with('[') {
            after.split_once('m').expect("SGR ends with m").1
        } else {
            after.split_once("\u{1b}\\").expect("OSC ends with ST").1
        };
    }
    out + rest
}

/// Only what is to be copied may run over: commands, snippets, and paths with their line.
#[test]
fn lines_keep_to_the_width() {
    for lang in [Lang::En, Lang::Ja] {
        for width in [60, 80, 100, 140] {
            let text = diagnosis(&sample::rich(), &options(lang, width));
            for line in text.lines() {
                let copied = [
                    "gcloud",
                    "--min-ports",
                    "const agent",
                    "access_log",
                    "log_format",
                    "NODE_DEBUG",
                ];
                if !copied.iter().any(|word| line.contains(word)) {
                    let columns: usize = line.chars().map(unicode_width).sum();
                    assert!(columns <= width, "{columns} > {width}: {line}");
                }
            }
        }
    }
}

/// Width as JIS terminals count it, good enough for the characters of the sample.
fn unicode_width(c: char) -> usize {
    if ('\u{2e80}'..='\u{ffef}').contains(&c) { 2 } else { 1 }
}

#[test]
fn secrets_and_control_characters_do_not_get_through() {
    for lang in [Lang::En, Lang::Ja] {
        let text = diagnosis(&sample::rich(), &TextOptions { verbose: true, ..options(lang, 400) });
        for secret in ["jane.doe", "s3cr3t", "\u{1b}"] {
            assert!(!text.contains(secret), "{secret:?} in\n{text}");
        }
        assert!(text.contains("4bf92f3577b34da6a3ce929d0e0e4736"), "trace ids stay");
        assert!(text.contains("token=***"));
        assert!(text.contains("/users/{id}/***"));
    }
    let shown = TextOptions { show_values: true, ..options(Lang::En, 400) };
    let text = diagnosis(&sample::rich(), &shown);
    assert!(text.contains("token=s3cr3t"));
    assert!(!text.contains('\u{1b}'), "control characters stay harmless");
}

#[test]
fn the_last_line_is_the_next_command() {
    for lang in [Lang::En, Lang::Ja] {
        let text = diagnosis(&sample::rich(), &options(lang, 80));
        assert!(text.trim_end().lines().last().unwrap().contains("why502 explain "));
    }
}

#[test]
fn quiet_evidence_gets_one_sentence() {
    for lang in [Lang::En, Lang::Ja] {
        let tag = lang.tag();
        let options = options(lang, 80);
        insta::assert_snapshot!(format!("healthy_{tag}"), diagnosis(&sample::healthy(), &options));
        insta::assert_snapshot!(
            format!("background_{tag}"),
            diagnosis(&sample::background(), &options)
        );
        insta::assert_snapshot!(
            format!("not_understood_{tag}"),
            diagnosis(&sample::not_understood(), &options)
        );
        let empty = diagnosis(&model::Diagnosis::default(), &options);
        insta::assert_snapshot!(format!("nothing_read_{tag}"), empty);
    }
}

/// Indexes that point nowhere, no windows, contradictory counts: printed, not panicked about.
#[test]
fn an_inconsistent_diagnosis_is_survived() {
    let mut d = sample::rich();
    d.sources.clear();
    d.incidents[0].windows.clear();
    d.incidents[0].failures = 1;
    d.incidents[1].findings.clear();
    d.incidents[1].findings.clear();
    for width in [0, 1, 17, usize::MAX] {
        let text = diagnosis(&d, &options(Lang::En, width));
        assert!(text.contains("?:10344"));
    }
}
