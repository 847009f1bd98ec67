//! Logs and configuration of one system refer to each other: `diagnose` cites configuration for and
//! against a cause, `check` says what has happened.
//!
//! Golden files are in `tests/evidence/`; `WHY502_BLESS=1 cargo test -p why502 --test evidence` writes
//! them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A load balancer of AWS whose targets are reached by this port. `{idle}` stands for attributes.
const MAIN_TF: &str = r#"resource "aws_lb" "front" {
  name               = "shop-prod"
  load_balancer_type = "application"
  subnets            = var.subnets{idle}
}

resource "aws_lb_target_group" "app" {
  name     = "shop-api"
  port     = {port}
  protocol = "HTTP"
  vpc_id   = var.vpc_id
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.certificate

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
"#;

const SERVER_JS: &str = r#"const express = require("express");

const app = express();
app.get("/healthz", (req, res) => res.send("ok"));

const server = app.listen({port});{idle}
"#;

/// What the files of one system say.
#[derive(Clone, Copy)]
struct Shop {
    port: &'static str,
    /// Idle timeout of the load balancer, seconds.
    balancer: Option<&'static str>,
    /// Idle timeout of the program, milliseconds.
    program: Option<&'static str>,
}

const RACING: Shop = Shop { port: "3000", balancer: Some("60"), program: Some("5000") };

impl Shop {
    fn files(self) -> [(&'static str, String); 3] {
        let idle = self.balancer.map(|s| format!("\n  idle_timeout       = {s}"));
        let own = self.program.map(|ms| format!("\nserver.keepAliveTimeout = {ms};"));
        let fill = |text: &str, idle: Option<String>| {
            text.replace("{port}", self.port).replace("{idle}", &idle.unwrap_or_default())
        };
        let dockerfile = "FROM node:20\nEXPOSE {port}\nCMD [\"node\", \"server.js\"]\n";
        [
            ("main.tf", fill(MAIN_TF, idle)),
            ("server.js", fill(SERVER_JS, own)),
            ("Dockerfile", fill(dockerfile, None)),
        ]
    }

    /// The files in a folder of their own, with the logs of a case beside them.
    fn with_logs(self, case: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let deploy = folder.path().join("deploy");
        fs::create_dir(&deploy).unwrap();
        for (name, text) in self.files() {
            fs::write(deploy.join(name), text).unwrap();
        }
        copy_logs(case, &folder.path().join("logs"));
        folder
    }
}

/// Copies the evidence of a case of `cases/`.
fn copy_logs(case: &str, to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases").join(case);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from.join("evidence")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

const RACE: &str = "keepalive-race/fires-aws-alb";
const HEALTHY: &str = "keepalive-race/quiet-healthy-hour";

fn run(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_why502"))
        .args(words)
        .current_dir(folder)
        .env_remove("LANG")
        .env_remove("LC_ALL")
        .env_remove("LC_MESSAGES")
        .output()
        .unwrap()
}

fn out(folder: &Path, words: &[&str]) -> String {
    let output = run(folder, words);
    assert!(output.status.code() != Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &Path, words: &[&str]) -> Value {
    serde_json::from_str(&out(folder, &[words, &["--format", "json"]].concat())).unwrap()
}

/// The first finding of the first incident.
fn first(diagnosis: &Value) -> &Value {
    &diagnosis["incidents"][0]["findings"][0]
}

/// What configuration says of it: the ways, in their order.
fn ways(finding: &Value) -> Vec<&str> {
    let said = finding["configuration"].as_array();
    said.into_iter().flatten().map(|one| one["bears"].as_str().unwrap()).collect()
}

fn golden(name: &str, text: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/evidence").join(name);
    if std::env::var_os("WHY502_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{name}: {error}; WHY502_BLESS=1 writes it"));
    assert_eq!(text, expected, "{name} differs; WHY502_BLESS=1 writes it anew");
}

/// Every field of the document is described by the schema, and what it requires is there.
fn satisfies(document: &Value, schema: &str) {
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
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    close(&mut schema);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator.iter_errors(document).map(|e| e.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn configuration_that_predicts_the_cause_is_cited_with_both_places() {
    let shop = RACING.with_logs(RACE);
    // What is known of a system depends on how much of it is given: the same folder each time.
    for (words, folder) in
        [(&["diagnose", "logs", "--config", "deploy"][..], "deploy"), (&["diagnose", "."], ".")]
    {
        let found = json(shop.path(), words);
        satisfies(&found, include_str!("../../../schema/diagnosis.v1.schema.json"));
        let race = first(&found);
        assert_eq!(race["cause"], "keepalive-race");
        assert_eq!(race["verdict"], "supported");
        assert_eq!(race["verdict_of_logs"], "consistent");
        assert_eq!(ways(race), ["predicts"], "{race:#}");
        let said = &race["configuration"][0];
        assert_eq!(said["same_link"], true);
        assert_eq!(
            said["meet"]["en"],
            "the 5 s of deploy/server.js:7 meet the 60 s of deploy/main.tf:5"
        );
        let cited: Vec<(&str, u64)> = said["places"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|place| Some((place["path"].as_str()?, place["line"].as_u64()?)))
            .collect();
        assert!(cited.contains(&("deploy/server.js", 7)), "{cited:?}");
        assert!(cited.contains(&("deploy/main.tf", 5)), "{cited:?}");
        let checked = json(shop.path(), &["check", folder]);
        let fingerprints: Vec<&Value> = checked["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["cause"] == "keepalive-race")
            .map(|one| &one["fingerprint"])
            .collect();
        assert_eq!(fingerprints, [&said["check_fingerprint"]]);
    }
}

#[test]
fn a_default_is_cited_with_its_version_and_source() {
    let shop = Shop { balancer: None, program: None, ..RACING }.with_logs(RACE);
    let found = json(shop.path(), &["diagnose", "logs", "--config", "deploy"]);
    let said = &first(&found)["configuration"][0];
    let places = said["places"].as_array().unwrap();
    let node = places.iter().find(|p| p["path"] == "deploy/Dockerfile").unwrap();
    assert_eq!(node["text"], "FROM node:20");
    assert_eq!(node["default_of"]["product"], "Node.js");
    assert!(node["default_of"]["source"].as_str().unwrap().contains("nodejs.org"));
    assert!(places.iter().any(|place| place["default_of"]["product"] == "AWS ALB"));
}

#[test]
fn configuration_among_the_logs_is_no_log() {
    let shop = RACING.with_logs(RACE);
    let found = json(shop.path(), &["diagnose", "."]);
    let read: Vec<&str> = found["configuration"]["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(read, ["deploy/Dockerfile", "deploy/main.tf", "deploy/server.js"]);
    let sources = found["sources"].as_array().unwrap();
    assert!(sources.iter().all(|s| s["name"].as_str().unwrap().starts_with("logs/")));
    assert!(sources.iter().all(|source| source["not_understood"] == 0));
    assert_eq!(found["complaints"], serde_json::json!([]));

    let named = json(shop.path(), &["diagnose", ".", "--config", "deploy"]);
    assert_eq!(named["sources"], found["sources"]);
    assert_eq!(named["configuration"]["files"], found["configuration"]["files"]);
    // Alone it is nothing to diagnose; whoever names a format has everything read as that.
    let said = run(shop.path(), &["diagnose", "deploy"]);
    assert_eq!(said.status.code(), Some(2));
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(told.contains("configuration") && told.contains("why502 check"), "{told}");
    let forced = json(shop.path(), &["diagnose", ".", "--dialect", "aws-alb"]);
    assert!(forced["configuration"].is_null());
    assert!(forced["sources"].to_string().contains("deploy/main.tf"));
}

#[test]
fn logs_in_json_are_not_taken_for_configuration() {
    let folder = tempfile::tempdir().unwrap();
    copy_logs("nat-port-exhaustion/fires-gcp-run-nat", &folder.path().join("logs"));
    for (name, text) in RACING.files() {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let alone = json(folder.path(), &["diagnose", "logs"]);
    let beside = json(folder.path(), &["diagnose", "."]);
    assert_eq!(
        alone["sources"].as_array().unwrap().len(),
        beside["sources"].as_array().unwrap().len()
    );
    assert_eq!(alone["requests"], beside["requests"]);
    assert!(alone["configuration"].is_null());
}

#[test]
fn a_safe_order_that_is_written_speaks_against_and_excludes_nothing() {
    let safe = Shop { program: Some("75000"), ..RACING };
    let shop = safe.with_logs(RACE);
    let found = json(shop.path(), &["diagnose", "logs", "--config", "deploy"]);
    let race = first(&found);
    assert_eq!(
        (&race["cause"], &race["verdict"]),
        (&"keepalive-race".into(), &"consistent".into())
    );
    assert_eq!(ways(race), ["contradicts"], "{race:#}");
    let says = race["configuration"][0]["says"]["en"].as_str().unwrap();
    assert!(says.contains("75 s") && says.contains("60 s"), "{says}");
    assert!(says.contains("deploy/server.js:7") && says.contains("deploy/main.tf:5"), "{says}");
    assert!(race["verdict_of_logs"].is_null());
    golden(
        "against.txt",
        &out(shop.path(), &["diagnose", "logs", "--config", "deploy", "--lang", "en"]),
    );
}

#[test]
fn what_nobody_wrote_speaks_against_nothing() {
    // The 60 s of the load balancer could have been changed in the console.
    let safe = Shop { balancer: None, program: Some("75000"), ..RACING };
    let shop = safe.with_logs(RACE);
    let found = json(shop.path(), &["diagnose", "logs", "--config", "deploy"]);
    assert_eq!(ways(first(&found)), [""; 0]);
    assert_eq!(first(&found)["verdict"], "consistent");
    // And a value that only a tool knows says nothing either way.
    let unknown = Shop { balancer: Some("var.idle"), program: Some("75000"), ..RACING };
    let found = json(unknown.with_logs(RACE).path(), &["diagnose", "logs", "--config", "deploy"]);
    assert_eq!(ways(first(&found)), [""; 0]);
}

#[test]
fn a_prediction_at_another_port_is_said_apart_and_supports_nothing() {
    let other = Shop { port: "8080", ..RACING };
    let shop = other.with_logs(RACE);
    let found = json(shop.path(), &["diagnose", "logs", "--config", "deploy"]);
    let race = first(&found);
    assert_eq!(ways(race), ["predicts-elsewhere"], "{race:#}");
    assert_eq!(race["verdict"], "consistent");
    let text = out(shop.path(), &["diagnose", "logs", "--config", "deploy", "--lang", "en"]);
    assert!(text.contains("It also predicts keepalive-race"), "{text}");
    // Nor does the safe order of another port speak against.
    let safe = Shop { port: "8080", program: Some("75000"), ..RACING };
    let found = json(safe.with_logs(RACE).path(), &["diagnose", "logs", "--config", "deploy"]);
    assert_eq!(ways(first(&found)), [""; 0]);
}

#[test]
fn a_prediction_about_another_product_is_said_apart() {
    let shop = RACING.with_logs("keepalive-race/fires-nginx-access-error");
    let found = json(shop.path(), &["diagnose", "logs", "--config", "deploy"]);
    let said: Vec<&str> = found["incidents"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|incident| incident["findings"].as_array().unwrap())
        .filter(|finding| finding["cause"] == "keepalive-race")
        .flat_map(ways)
        .collect();
    assert!(!said.is_empty() && said.iter().all(|way| *way == "predicts-elsewhere"), "{said:?}");
}

const NGINX_CONF: &str = r#"events {}
http {
    upstream app {
        server 10.0.22.31:3000;
        server 10.0.21.14:3000;
        keepalive 32;
        keepalive_timeout {idle};
    }
    server {
        listen 80;
        location / {
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass http://app;
        }
    }
}
"#;

#[test]
fn a_proxy_with_several_servers_of_one_upstream_is_one_link() {
    let shop = RACING.with_logs("keepalive-race/fires-nginx-access-error");
    fs::remove_file(shop.path().join("deploy/main.tf")).unwrap();
    for (idle, way, verdict) in
        [("60s", "predicts", "supported"), ("4s", "contradicts", "consistent")]
    {
        let text = NGINX_CONF.replace("{idle}", idle);
        fs::write(shop.path().join("deploy/nginx.conf"), text).unwrap();
        let found = json(shop.path(), &["diagnose", "logs", "--config", "deploy"]);
        let race = first(&found);
        assert_eq!(race["seen"][0]["dialect"], "nginx-access");
        assert_eq!(race["seen"][0]["targets"][0], "10.0.21.14:3000");
        assert_eq!(ways(race), [way], "{race:#}");
        assert_eq!(race["verdict"], verdict, "{idle}");
    }
}

#[test]
fn two_load_balancers_that_fit_support_nothing() {
    let shop = RACING.with_logs(RACE);
    let (_, again) = &RACING.files()[0];
    let again = again.replace("\"front\"", "\"other\"").replace("\"app\"", "\"app2\"");
    let again = again.replace("aws_lb.front", "aws_lb.other").replace("group.app.", "group.app2.");
    let again = again.replace("\"https\"", "\"https2\"");
    fs::write(shop.path().join("deploy/other.tf"), again).unwrap();
    let found = json(shop.path(), &["diagnose", "logs", "--config", "deploy"]);
    let race = first(&found);
    assert!(ways(race).contains(&"predicts"), "{race:#}");
    assert_eq!(race["verdict"], "consistent", "which of the two it was, nobody can tell");
    let text = out(shop.path(), &["diagnose", "logs", "--config", "deploy", "--lang", "en"]);
    assert!(text.contains("at a hop that may be this one"), "{text}");
    let text = out(shop.path(), &["check", "deploy", "--logs", "logs", "--lang", "en"]);
    assert!(text.contains("here or at another hop that fits the logs"), "{text}");
    assert!(!text.contains("most likely happened"), "{text}");
}

#[test]
fn reports_name_the_lines_in_both_languages() {
    let shop = RACING.with_logs(RACE);
    for lang in ["en", "ja"] {
        let words = ["diagnose", "logs", "--config", "deploy", "--lang", lang];
        golden(&format!("for.{lang}.txt"), &out(shop.path(), &words));
        let words = ["check", "deploy", "--logs", "logs", "--lang", lang];
        golden(&format!("happened.{lang}.txt"), &out(shop.path(), &words));
    }
}

#[test]
fn check_says_first_what_has_happened() {
    let shop = RACING.with_logs(RACE);
    let words = ["check", "deploy", "--logs", "logs"];
    assert_eq!(run(shop.path(), &words).status.code(), Some(1));
    let found = json(shop.path(), &words);
    satisfies(&found, include_str!("../../../schema/check.v1.schema.json"));
    let race = &found["findings"][0];
    assert_eq!(race["cause"], "keepalive-race");
    let happened = &race["happened"][0];
    assert_eq!((&happened["failures"], &happened["requests"]), (&18.into(), &175.into()));
    assert_eq!(happened["verdict"], "supported");
    assert_eq!(happened["verdict_of_logs"], "consistent");
    assert_eq!(happened["window"]["start"], "2026-11-12T09:03:44.621085Z");
    assert_eq!(found["logs"], serde_json::json!(["logs"]));
    let source = happened["seen_at"]["source"].as_str().unwrap();
    let lines = fs::read_to_string(shop.path().join(source)).unwrap();
    let line = lines.lines().nth(happened["seen_at"]["line"].as_u64().unwrap() as usize - 1);
    assert!(line.unwrap().contains(" 502 "), "{line:?}");
    for form in ["sarif", "junit", "github"] {
        let text = out(shop.path(), &[&words[..], &["--format", form, "--lang", "en"]].concat());
        assert!(text.contains("18 of 175 requests"), "{form}: {text}");
    }
}

#[test]
fn check_says_nothing_of_what_logs_do_not_show() {
    let shop = RACING.with_logs(HEALTHY);
    let found = json(shop.path(), &["check", "deploy", "--logs", "logs"]);
    assert!(found["findings"].as_array().unwrap().iter().all(|one| one["happened"].is_null()));
    let text = out(shop.path(), &["check", "deploy", "--logs", "logs", "--lang", "en"]);
    assert!(text.contains("do not show that any of these has happened"), "{text}");
    let without = json(shop.path(), &["check", "deploy"]);
    assert!(without["logs"].is_null());
    // Failures at another port are not those of this link.
    let other = Shop { port: "8080", ..RACING }.with_logs(RACE);
    let found = json(other.path(), &["check", "deploy", "--logs", "logs"]);
    assert!(found["findings"].as_array().unwrap().iter().all(|one| one["happened"].is_null()));
}

#[test]
fn what_was_named_and_cannot_be_read_is_wrong_use() {
    let shop = RACING.with_logs(RACE);
    for words in [
        &["diagnose", "logs", "--config", "absent"][..],
        &["check", "deploy", "--logs", "absent"],
        &["check", "deploy", "--logs", "deploy"],
    ] {
        let output = run(shop.path(), words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(!output.stderr.is_empty(), "{words:?}");
    }
    fs::create_dir(shop.path().join("empty")).unwrap();
    let output = run(shop.path(), &["diagnose", "logs", "--config", "empty", "--lang", "en"]);
    assert_eq!(output.status.code(), Some(0), "the logs can be judged all the same");
    assert!(String::from_utf8_lossy(&output.stderr).contains("--config"));
}

/// Two proxies in a row, the outer one of which waits so long, and the inner one so long.
fn ladder(outer: &str, inner: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let deploy = folder.path().join("deploy");
    fs::create_dir(&deploy).unwrap();
    let proxy = |own: u16, next: &str, wait: &str| {
        format!(
            "events {{}}\nhttp {{\n  server {{\n    listen {own};\n    location / {{\n      \
             proxy_pass http://{next};\n      proxy_read_timeout {wait};\n    }}\n  }}\n}}\n"
        )
    };
    let service = |name: &str| {
        format!(
            "  {name}:\n    image: nginx:1.27\n    volumes: \
             [\"./{name}.conf:/etc/nginx/nginx.conf\"]\n"
        )
    };
    let app = "  app:\n    image: registry.example/team/app:1\n    expose: [\"3000\"]\n";
    let compose = format!("services:\n{}{}{app}", service("edge"), service("ingress"));
    for (name, text) in [
        ("edge.conf", proxy(8080, "ingress:8081", outer)),
        ("ingress.conf", proxy(8081, "app:3000", inner)),
        ("compose.yaml", compose),
    ] {
        fs::write(deploy.join(name), text).unwrap();
    }
    for hop in ["edge", "ingress"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../cases/timeout-ladder-inversion/fires-drill-nginx-nginx/evidence")
            .join(hop)
            .join("nginx");
        let to = folder.path().join("logs").join(hop);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    folder
}

#[test]
fn of_two_proxies_the_one_that_the_logs_name_is_meant_and_a_proof_stays_one() {
    for (outer, inner, way) in [("5s", "60s", "predicts"), ("60s", "5s", "contradicts")] {
        let system = ladder(outer, inner);
        let found = json(system.path(), &["diagnose", "logs", "--config", "deploy"]);
        let inversion = first(&found);
        assert_eq!(inversion["cause"], "timeout-ladder-inversion");
        assert_eq!(inversion["verdict"], "proved");
        assert!(inversion["verdict_of_logs"].is_null());
        assert_eq!(ways(inversion), [way], "{inversion:#}");
        let said = &inversion["configuration"][0];
        assert_eq!((&said["same_link"], &said["confidence"]), (&true.into(), &"high".into()));
        let cited = said["places"].to_string();
        assert!(cited.contains("deploy/edge.conf") && cited.contains("deploy/ingress.conf"));
        let happened = json(system.path(), &["check", "deploy", "--logs", "logs"]);
        let first = &happened["findings"][0];
        if way == "predicts" {
            // A warning that has happened stands before whatever else was found.
            assert_eq!(first["cause"], "timeout-ladder-inversion");
            assert_eq!(first["happened"][0]["verdict_of_logs"], "proved");
        } else {
            assert!(first["happened"].is_null(), "{first:#}");
        }
    }
}

#[test]
fn what_a_comment_silences_is_evidence_all_the_same_and_secrets_stay_hidden() {
    let shop = RACING.with_logs(RACE);
    let path = shop.path().join("deploy/server.js");
    let text = fs::read_to_string(&path).unwrap();
    let noted = " // why502: ignore[keepalive-race] postgres://shop:hunter2@db/shop retries";
    fs::write(&path, text.replace("= 5000;", &format!("= 5000;{noted}"))).unwrap();
    let words = ["diagnose", "logs", "--config", "deploy"];
    assert_eq!(ways(first(&json(shop.path(), &words))), ["predicts"]);
    for form in ["text", "json"] {
        let text = out(shop.path(), &[&words[..], &["--format", form]].concat());
        assert!(text.contains("server.keepAliveTimeout = 5000;"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
