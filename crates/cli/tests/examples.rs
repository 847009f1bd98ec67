//! The bundled examples are diagnosed as an experienced SRE would: the causes, their shares, what
//! is cited, what is ruled out, and what is missing when files are taken away.

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn diagnose(directory: &Path, words: &[&str]) -> Value {
    let words: Vec<&str> = ["diagnose", "--format", "json"].iter().chain(words).copied().collect();
    let output = support::command(directory).args(&words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn findings(diagnosis: &Value) -> Vec<&Value> {
    let incidents = diagnosis["incidents"].as_array().unwrap();
    incidents.iter().flat_map(|incident| incident["findings"].as_array().unwrap()).collect()
}

fn texts<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    value[key].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

/// Sources cited by a finding's observations.
fn cited(finding: &Value) -> Vec<&str> {
    let observations = finding["observations"].as_array().unwrap().iter();
    let citations = observations.flat_map(|o| o["citations"].as_array().unwrap());
    citations.map(|citation| citation["source"].as_str().unwrap()).collect()
}

#[test]
fn cloud_run_release_is_a_surge_that_ran_the_nat_out_of_ports() {
    let diagnosis = diagnose(&root(), &["examples/cloud-run-release"]);
    let findings = findings(&diagnosis);
    assert_eq!(findings.len(), 2, "one for each release");
    for finding in &findings {
        assert_eq!(finding["cause"], "deploy-surge");
        assert!(["proved", "supported"].contains(&finding["verdict"].as_str().unwrap()));
        assert_eq!(&texts(finding, "chain")[..2], ["deploy-surge", "nat-port-exhaustion"]);
        let cited = cited(finding);
        for file in ["nat-flows", "audit-activity", "run-stderr"] {
            assert!(cited.iter().any(|source| source.contains(file)), "{file} not in {cited:?}");
        }
        let share = finding["share"].as_f64().unwrap();
        assert!(share > 0.95, "{share}");
    }
    let starts: Vec<&str> =
        findings.iter().map(|f| f["windows"][0]["start"].as_str().unwrap()).collect();
    assert!(starts[0].starts_with("2026-11-05T13:0") && starts[1].starts_with("2026-11-05T16:4"));
}

#[test]
fn cloud_run_release_names_the_cures_with_the_arithmetic() {
    for lang in ["en", "ja"] {
        let words = ["diagnose", "--lang", lang, "-v", "examples/cloud-run-release"];
        let report = support::why502(&root(), &words).out;
        for cure in [
            "ipConfiguration.privateNetwork",
            "private-ranges-only",
            "--min-ports-per-vm",
            "update-traffic",
            "64512",
        ] {
            assert!(report.contains(cure), "{cure} is missing in {lang}");
        }
    }
}

#[test]
fn cloud_run_release_says_why_it_is_no_slow_backend_and_no_outage() {
    let diagnosis = diagnose(&root(), &["examples/cloud-run-release"]);
    for finding in findings(&diagnosis) {
        let observations = serde_json::to_string(&finding["observations"]).unwrap();
        assert!(observations.contains("not for the answer of a slow backend"));
        let ruled_out: Vec<&str> = finding["ruled_out"]
            .as_array()
            .unwrap()
            .iter()
            .map(|ruled_out| ruled_out["cause"].as_str().unwrap())
            .collect();
        for cause in ["external-dependency-outage", "bad-release", "target-connect-timeout"] {
            assert!(ruled_out.contains(&cause), "{cause} is not in {ruled_out:?}");
        }
    }
}

#[test]
fn without_the_nat_and_deploy_logs_the_verdict_is_lower_and_says_what_to_switch_on() {
    let folder = tempfile::tempdir().unwrap();
    let from = root().join("examples/cloud-run-release");
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if !name.starts_with("nat-") && !name.starts_with("audit-") && !name.ends_with(".md") {
            std::fs::copy(entry.path(), folder.path().join(name)).unwrap();
        }
    }
    let diagnosis = diagnose(folder.path(), &["."]);
    let findings = findings(&diagnosis);
    assert!(!findings.is_empty());
    for finding in findings {
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(["consistent", "cannot-tell"].contains(&verdict), "{verdict}");
        let missing = serde_json::to_string(finding).unwrap();
        assert!(missing.contains("gcloud compute routers nats update"), "the NAT log's switch");
        assert!(missing.contains("--enable-logging"));
    }
}

/// What an incident of `examples/aws-502` must come out as.
struct Expected {
    cause: &'static str,
    /// Causes that must stand in the chain.
    chain: &'static [&'static str],
    /// What is proved although the change or release that started it is only likely.
    proved: Option<&'static str>,
    /// Hour and minute of the first and the last failure.
    window: [&'static str; 2],
    failures: u64,
    /// Files that must be cited.
    files: &'static [&'static str],
}

const AWS: [Expected; 5] = [
    Expected {
        cause: "config-change-regression",
        chain: &["security-group-block", "target-connect-timeout"],
        proved: Some("security-group-block"),
        window: ["12:41", "12:58"],
        failures: 150,
        files: &["cloudtrail", "flow-logs"],
    },
    Expected {
        cause: "deploy-without-drain",
        chain: &["target-connect-refused"],
        proved: None,
        window: ["13:37", "13:40"],
        failures: 16,
        files: &["ecs-stopped-tasks", "ecs-services", "cloudtrail"],
    },
    Expected {
        cause: "bad-release",
        chain: &["lambda-malformed-response"],
        proved: Some("lambda-malformed-response"),
        window: ["14:21", "14:41"],
        failures: 270,
        files: &["cloudtrail"],
    },
    Expected {
        cause: "upstream-cert-invalid",
        chain: &[],
        proved: None,
        window: ["15:10", "15:38"],
        failures: 270,
        files: &["media-origin-curl"],
    },
    Expected {
        cause: "cpu-or-eventloop-stall",
        chain: &["target-response-timeout"],
        proved: None,
        window: ["16:03", "16:18"],
        failures: 226,
        files: &["metrics"],
    },
];

#[test]
fn aws_502_is_five_causes_each_in_its_window_and_blames_nobody_else() {
    let diagnosis = diagnose(&root(), &["examples/aws-502"]);
    let incidents = diagnosis["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), AWS.len());
    for (incident, expected) in incidents.iter().zip(AWS) {
        let found = incident["findings"].as_array().unwrap();
        let cause = expected.cause;
        assert_eq!(found.len(), 1, "{cause}");
        let finding = &found[0];
        assert_eq!(finding["cause"], cause);
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(["supported", "proved"].contains(&verdict), "{cause}: {verdict}");
        let chain = texts(finding, "chain");
        assert!(expected.chain.iter().all(|c| chain.contains(c)), "{cause}: {chain:?}");
        let effect = &finding["effect"];
        assert_eq!(effect["cause"].as_str(), expected.proved, "{cause}: {effect}");
        if expected.proved.is_some() {
            assert_eq!((verdict, &effect["verdict"]), ("supported", &Value::from("proved")));
            assert_eq!(effect["failures"].as_u64().unwrap(), expected.failures, "{cause}");
        }
        let window = &incident["windows"][0];
        for (end, time) in ["start", "end"].into_iter().zip(expected.window) {
            assert!(window[end].as_str().unwrap().contains(time), "{cause}: {window}");
        }
        assert_eq!(finding["failures"].as_u64().unwrap(), expected.failures, "{cause}");
        assert!(finding["share"].as_f64().unwrap() > 0.99, "{cause}");
        let cited = cited(finding);
        for file in expected.files {
            assert!(cited.iter().any(|source| source.contains(file)), "{cause}: {cited:?}");
        }
    }
    let report = support::why502(&root(), &["diagnose", "-v", "examples/aws-502"]).out;
    assert!(report.contains("RevokeSecurityGroupIngress tcp/8080"), "the change is named");
    for innocent in ["sg-0b7a58d2be9914c3e", "/shop/banner", "thumbnail", "shop-admin", "9100"] {
        assert!(!report.contains(innocent), "{innocent} is blamed");
    }
}

/// Who reads nothing but the last lines learns first what is certain, and of what started it how
/// certain that is.
#[test]
fn the_last_lines_say_what_is_proved_and_what_is_likely() {
    let (effect, cause) = ("（lambda-malformed-response）", "（bad-release）");
    for (lang, proved, started) in [
        ("en", "Proved: ", "What started it, supported by the evidence: "),
        ("ja", "証明済み: ", "きっかけ（証拠による裏付けあり）: "),
    ] {
        let words = ["diagnose", "--lang", lang, "examples/aws-502"];
        let report = support::why502(&root(), &words).out;
        let at = report.rfind("In short").or_else(|| report.rfind("要点")).unwrap();
        // Where lines break depends on the width alone.
        let closing: String = report[at..].split_whitespace().collect();
        let squeezed = |text: &str| -> String { text.split_whitespace().collect() };
        let known = |word: &str, slug: &str| {
            let slug = if lang == "en" {
                slug.replace('（', "(").replace('）', ")")
            } else {
                slug.to_owned()
            };
            let from = closing.find(&squeezed(word)).expect(word);
            let sentence = closing[from..].split(['.', '。']).next().unwrap();
            assert!(sentence.ends_with(&slug), "{sentence}");
            from
        };
        assert!(known(proved, effect) < known(started, cause), "{}", &report[at..]);
    }
}

#[test]
fn aws_502_without_the_certificate_says_what_would_decide() {
    let folder = tempfile::tempdir().unwrap();
    let from = root().join("examples/aws-502/cloudfront");
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let diagnosis = diagnose(folder.path(), &["."]);
    let pictures = findings(&diagnosis);
    let pictures: Vec<_> = pictures
        .iter()
        .filter(|f| f["windows"][0]["start"].as_str().is_some_and(|s| s.contains("T15:10")))
        .collect();
    assert!(!pictures.is_empty());
    for finding in pictures {
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(["consistent", "cannot-tell"].contains(&verdict), "{verdict}: {finding}");
        assert!(finding.to_string().contains("curl -vk"), "{finding}");
    }
}

#[test]
fn alb_mixed_is_split_into_its_three_causes_with_their_shares() {
    let diagnosis = diagnose(&root(), &["examples/alb-mixed"]);
    let mut shares: Vec<(&str, u64)> = findings(&diagnosis)
        .iter()
        .map(|f| (f["cause"].as_str().unwrap(), f["failures"].as_u64().unwrap()))
        .collect();
    shares.sort_unstable();
    // What the lines say, counted by hand: 502 with a target and `0.00x -1`; 502 with three -1;
    // 504 after the idle timeout. Two 500s of the targets are background.
    assert_eq!(
        shares,
        [("keepalive-race", 39), ("target-connect-refused", 204), ("target-response-timeout", 287)]
    );
    assert_eq!(diagnosis["background"], 2);
    assert_eq!(diagnosis["failures"], 39 + 204 + 287 + 2);
}

#[test]
fn nginx_node_shows_race_crash_and_header() {
    let diagnosis = diagnose(&root(), &["examples/nginx-node"]);
    let causes: Vec<&str> =
        findings(&diagnosis).iter().map(|f| f["cause"].as_str().unwrap()).collect();
    for cause in ["keepalive-race", "app-crash", "response-header-too-large"] {
        assert!(causes.contains(&cause), "{cause} is not in {causes:?}");
    }
}

#[test]
fn healthy_has_no_finding() {
    let diagnosis = diagnose(&root(), &["examples/healthy"]);
    assert_eq!(diagnosis["failures"], 0);
    assert_eq!(diagnosis["incidents"].as_array().unwrap().len(), 0);
    assert!(diagnosis["requests"].as_u64().unwrap() > 5_000);
    let said = support::why502(&root(), &["diagnose", "examples/healthy"]);
    assert!(said.out.contains("No failures"));
    assert_eq!(said.code, 0);
}
