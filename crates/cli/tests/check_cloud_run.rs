//! The release on Cloud Run that runs its NAT out of ports, from its configuration alone: as Terraform
//! and as what `gcloud` prints. The breaks are predicted with their arithmetic, the first cure people
//! try breaks something else, which is predicted too, and with all cures there is nothing to say.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn example(form: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/cloud-run-check").join(form)
}

/// The files of the example with some words of theirs exchanged; each has to be there.
fn with(form: &str, changes: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut left: Vec<&str> = changes.iter().map(|(from, _)| *from).collect();
    for entry in fs::read_dir(example(form)).unwrap().flatten() {
        let mut text = fs::read_to_string(entry.path()).unwrap();
        for (from, to) in changes {
            left.retain(|one| !(*one == *from && text.contains(from)));
            text = text.replace(from, to);
        }
        fs::write(folder.path().join(entry.file_name()), text).unwrap();
    }
    assert!(left.is_empty(), "not in the example: {left:?}");
    folder
}

fn check(folder: &Path) -> Vec<Value> {
    let words = ["check", "--format", "json"];
    let output = support::command(folder).args(words).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["remarks"], Value::Array(Vec::new()));
    found["findings"].as_array().unwrap().clone()
}

/// What a finding says, with its arithmetic.
fn says(finding: &Value) -> String {
    let mut said = finding["says"]["en"].as_str().unwrap().to_owned();
    for step in finding["arithmetic"].as_array().into_iter().flatten() {
        said = format!("{said}\n{}", step["en"].as_str().unwrap());
    }
    said
}

/// The one finding that says this.
fn only<'f>(found: &'f [Value], part: &str) -> &'f Value {
    let mut fitting = found.iter().filter(|finding| says(finding).contains(part));
    let all: Vec<String> = found.iter().map(says).collect();
    let first = fitting.next().unwrap_or_else(|| panic!("nothing says {part:?}: {all:#?}"));
    assert!(fitting.next().is_none(), "several say {part:?}: {all:#?}");
    first
}

fn files(finding: &Value) -> Vec<&str> {
    let places = finding["places"].as_array().unwrap();
    places.iter().filter_map(|place| place["path"].as_str()).collect()
}

const FORMS: [&str; 2] = ["terraform", "printed"];

#[test]
fn the_ports_of_the_nat_are_counted() {
    for form in FORMS {
        let found = check(with(form, &[]).path());
        let release = only(&found, "at a release 1200 run side by side");
        assert_eq!(release["cause"], "nat-port-exhaustion");
        let said = says(release);
        for sum in [
            "ports for 1008 instances",
            "600 instances × 2 revisions side by side × 64 ports each = 76800 ports",
            "1 × 64512 ports per address = 64512 ports, enough for 1008 instances",
            "64 / 120 s = 0.53 new connections a second",
            "for each destination (api.partner.example, ",
        ] {
            assert!(said.contains(sum), "{form}: {sum:?} is not in {said}");
        }
        let instance = only(&found, "takes 80 requests at a time");
        assert!(says(instance).contains("connections to api.partner.example beyond that hang"));
    }
}

#[test]
fn the_ports_fit_where_the_arithmetic_says_so() {
    // 1,008 instances fit: 504 of each revision.
    let fits = with("terraform", &[("max_instance_count = 300", "max_instance_count = 252")]);
    assert!(!check(fits.path()).iter().any(|one| says(one).contains("side by side")));
    let one_more = with("terraform", &[("max_instance_count = 300", "max_instance_count = 253")]);
    only(&check(one_more.path()), "at a release 1012 run side by side");
    let two = "[google_compute_address.nat.self_link, google_compute_address.shop.self_link]";
    let two = with("terraform", &[("[google_compute_address.nat.self_link]", two)]);
    assert!(!check(two.path()).iter().any(|one| says(one).contains("side by side")));
}

#[test]
fn the_database_is_called_by_its_public_address() {
    for form in FORMS {
        let found = check(with(form, &[]).path());
        let database = only(&found, "by its public address");
        assert_eq!(database["cause"], "nat-port-exhaustion");
        assert!(files(database).len() >= 3, "{database:#}");
        let help = database["changes"].to_string();
        assert!(help.contains("a private address"), "{help}");
    }
}

#[test]
fn the_call_that_private_ranges_only_would_break_is_named_before() {
    for form in FORMS {
        let found = check(with(form, &[]).path());
        let call = only(&found, "by the public name");
        let said = says(call);
        assert!(said.contains("with private-ranges-only it leaves past the NAT"), "{said}");
        let cited = files(call);
        let wanted = if form == "printed" {
            ["front.yaml", "balancer.json"]
        } else {
            ["services.tf", "balancer.tf"]
        };
        for file in wanted {
            assert!(cited.contains(&file), "{form}: {file} is not in {cited:?}");
        }
    }
}

const PRIVATE: [(&str, &str); 2] =
    [("ALL_TRAFFIC", "PRIVATE_RANGES_ONLY"), ("all-traffic", "private-ranges-only")];

#[test]
fn private_ranges_only_alone_breaks_it() {
    for (form, egress) in FORMS.into_iter().zip(PRIVATE) {
        let found = check(with(form, &[egress]).path());
        let call = only(&found, "the call is refused");
        assert_eq!(call["cause"], "security-group-block");
        assert_eq!(call["severity"], "error");
        assert!(!found.iter().any(|one| one["cause"] == "nat-port-exhaustion"), "{found:#?}");
    }
}

#[test]
fn a_list_that_lets_everybody_in_refuses_nobody() {
    let open = with("terraform", &[PRIVATE[0], ("deny(403)", "allow")]);
    assert!(check(open.path()).is_empty());
    let unlisted = "google_compute_security_policy.api.id\n";
    let open = with("terraform", &[PRIVATE[0], (unlisted, "var.policy\n")]);
    assert!(check(open.path()).is_empty());
}

#[test]
fn the_own_url_is_not_inside_without_the_network() {
    let public = "https://www.shop.example/graphql";
    let url = "https://graphql-api-7hq2xkzb5a-ew.a.run.app/graphql";
    let found = check(with("printed", &[PRIVATE[1], (public, url)]).path());
    let call = only(&found, "accepts requests of its network only");
    assert!(says(call).contains("internal-and-cloud-load-balancing"), "{call:#}");
    // Through the network it is inside.
    let found = check(with("printed", &[(public, url)]).path());
    assert!(!found.iter().any(|one| says(one).contains("network only")), "{found:#?}");
    let own = ("https://www.shop.example/graphql", "https://front-7hq2xkzb5a-ew.a.run.app/");
    let found = check(with("printed", &[PRIVATE[1], own]).path());
    only(&found, "calls itself by its own URL");
}

#[test]
fn a_private_zone_keeps_the_url_inside() {
    let public = "\"https://www.shop.example/graphql\"";
    let reference = "google_cloud_run_v2_service.graphql_api.uri";
    let folder = with("terraform", &[PRIVATE[0], (public, reference)]);
    only(&check(folder.path()), "accepts requests of its network only");
    let zone = "resource \"google_dns_managed_zone\" \"run\" {\n  name       = \"run-app\"\n  \
                dns_name   = \"run.app.\"\n  visibility = \"private\"\n}\n";
    fs::write(folder.path().join("zone.tf"), zone).unwrap();
    let found = check(folder.path());
    assert!(found.iter().all(|one| one["cause"] == "instance-limit-or-scale-lag"), "{found:#?}");
}

#[test]
fn with_all_cures_there_is_nothing_to_say() {
    let terraform = with(
        "terraform",
        &[
            PRIVATE[0],
            (
                "ipv4_enabled = true",
                "ipv4_enabled    = false\n      private_network = google_compute_network.shop.id",
            ),
            ("shop.public_ip_address", "shop.private_ip_address"),
            ("https://www.shop.example/graphql", "http://127.0.0.1:9000/graphql"),
        ],
    );
    assert_eq!(check(terraform.path()), Vec::<Value>::new());
    let printed = with(
        "printed",
        &[
            PRIVATE[1],
            ("\"ipv4Enabled\": true", "\"ipv4Enabled\": false, \"privateNetwork\": \"shop\""),
            ("203.0.113.10", "10.9.0.3"),
            ("https://www.shop.example/graphql", "http://127.0.0.1:9000/graphql"),
        ],
    );
    assert_eq!(check(printed.path()), Vec::<Value>::new());
}
