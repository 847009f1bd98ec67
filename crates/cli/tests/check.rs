//! The verb `check`, as people run it: a folder of configuration in, findings out, files changed only
//! by `--fix`.

mod support;

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use support::{check, fits_the_schema_of_check, folder};

const MAIN_TF: &str = r#"resource "aws_lb" "front" {
  name               = "shop"
  load_balancer_type = "application"
  subnets            = var.subnets
}

resource "aws_lb_target_group" "app" {
  name     = "app"
  port     = 3000
  protocol = "HTTP"
  vpc_id   = var.vpc_id

  health_check {
    path = "/healthz"
  }
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

const DOCKERFILE: &str =
    "FROM node:20\nWORKDIR /app\nCOPY . .\nEXPOSE 3000\nCMD [\"node\", \"server.js\"]\n";

const SERVER_JS: &str = r#"const express = require("express");

const app = express();
app.get("/healthz", (req, res) => res.send("ok"));

const server = app.listen(3000);
"#;

/// A load balancer of AWS in front of a Node.js program, no timer of which anybody has set.
fn shop() -> tempfile::TempDir {
    folder(&[("main.tf", MAIN_TF), ("Dockerfile", DOCKERFILE), ("server.js", SERVER_JS)])
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = check(folder, &[&["--format", "json"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The findings of one cause.
fn of<'f>(found: &'f Value, cause: &str) -> Vec<&'f Value> {
    found["findings"].as_array().unwrap().iter().filter(|f| f["cause"] == cause).collect()
}

#[test]
fn a_race_between_a_load_balancer_and_node_is_predicted_and_fixed() {
    let shop = shop();
    let found = json(shop.path(), &[]);
    let races = of(&found, "keepalive-race");
    assert_eq!(races.len(), 1, "{found:#}");
    let cited: Vec<&str> = races[0]["places"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|place| place["path"].as_str())
        .collect();
    for file in ["main.tf", "Dockerfile", "server.js"] {
        assert!(cited.contains(&file), "{file} is not cited: {cited:?}");
    }
    assert_eq!(races[0]["edits"].as_array().unwrap().len(), 1, "the smallest change is one edit");
    assert_eq!(races[0]["edits"][0]["path"], "server.js");
    assert_eq!(check(shop.path(), &[]).status.code(), Some(1));

    let before = fs::read_to_string(shop.path().join("server.js")).unwrap();
    let diff = text(&check(shop.path(), &["--diff"]).stdout);
    assert!(diff.contains("+server.keepAliveTimeout = 65000;"), "{diff}");
    assert_eq!(fs::read_to_string(shop.path().join("server.js")).unwrap(), before);

    check(shop.path(), &["--fix"]);
    let after = fs::read_to_string(shop.path().join("server.js")).unwrap();
    assert!(after.contains("server.keepAliveTimeout = 65000;"), "{after}");
    assert_eq!(fs::read_to_string(shop.path().join("main.tf")).unwrap(), MAIN_TF);
    let left = json(shop.path(), &[]);
    assert!(of(&left, "keepalive-race").is_empty(), "{left:#}");
    assert_eq!(check(shop.path(), &[]).status.code(), Some(0), "{left:#}");
}

#[test]
fn the_wait_for_an_answer_is_not_cut_to_end_a_race() {
    let package = r#"{"scripts": {"start": "other start"}, "dependencies": {"other": "1.0.0"}}"#;
    let dockerfile = DOCKERFILE.replace("\"node\", \"server.js\"", "\"npm\", \"start\"");
    let files = [("main.tf", MAIN_TF), ("Dockerfile", &dockerfile), ("package.json", package)];
    let found = json(folder(&files).path(), &[]);
    let races = of(&found, "keepalive-race");
    assert_eq!(races.len(), 1, "{found}");
    // Where the server's own timer stands is not known, so that only a person can change it.
    let changes = races[0]["changes"].to_string();
    assert!(changes.contains("keepAliveTimeout") && !changes.contains("idle_timeout"), "{changes}");
    assert_eq!(races[0]["edits"].as_array().map(Vec::len), Some(0), "{found}");
}

#[test]
fn a_longer_timer_is_no_finding() {
    let longer = SERVER_JS.to_owned() + "server.keepAliveTimeout = 75 * 1000;\n";
    let shop = folder(&[("main.tf", MAIN_TF), ("Dockerfile", DOCKERFILE), ("server.js", &longer)]);
    assert!(of(&json(shop.path(), &[]), "keepalive-race").is_empty());
}

#[test]
fn a_comment_with_a_reason_silences_and_one_without_does_not() {
    let shop = shop();
    let with = |comment: &str| {
        let text = format!("# {comment}\n{DOCKERFILE}");
        fs::write(shop.path().join("Dockerfile"), text).unwrap();
        json(shop.path(), &[])
    };
    let silenced = with("why502: ignore[keepalive-race] clients retry, see ADR 7");
    assert!(of(&silenced, "keepalive-race").is_empty(), "{silenced:#}");
    assert_eq!(silenced["ignored"][0]["reason"], "clients retry, see ADR 7");
    let spoken = with("why502: ignore[keepalive-race]");
    assert_eq!(of(&spoken, "keepalive-race").len(), 1);
    assert!(spoken["remarks"].to_string().contains("reason"), "{spoken:#}");
}

#[test]
fn a_baseline_holds_what_is_known_and_lines_above_do_not_matter() {
    let shop = shop();
    check(shop.path(), &["--write-baseline", "known.txt"]);
    let text = format!("// one more line\n{SERVER_JS}");
    fs::write(shop.path().join("server.js"), text).unwrap();
    let output = check(shop.path(), &["--baseline", "known.txt"]);
    assert_eq!(output.status.code(), Some(0), "{}", text_of(&output));
    assert_eq!(check(shop.path(), &[]).status.code(), Some(1));
}

fn text_of(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn one_run_writes_every_form() {
    let shop = shop();
    check(
        shop.path(),
        &["-o", "a.json", "-o", "a.sarif", "-o", "a.xml", "-o", "a.txt", "--format", "github"],
    );
    let read = |name: &str| fs::read_to_string(shop.path().join(name)).unwrap();
    fits_the_schema_of_check(&serde_json::from_str(&read("a.json")).unwrap());
    let sarif: Value = serde_json::from_str(&read("a.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "keepalive-race");
    assert!(read("a.xml").contains("<failure type=\"error\""), "{}", read("a.xml"));
    assert!(read("a.txt").contains("error[keepalive-race]"), "{}", read("a.txt"));
}

#[test]
fn nothing_that_is_configuration_is_said_so() {
    let empty = folder(&[("notes.md", "# Notes\n")]);
    let output = check(empty.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("configuration"), "{}", text(&output.stderr));
    let missing = check(empty.path(), &["absent.tf"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("absent.tf"), "{}", text(&missing.stderr));
}

#[test]
fn how_the_folder_is_called_changes_only_names() {
    let shop = shop();
    let here = json(shop.path(), &[]);
    let absolute = shop.path().to_str().unwrap();
    let above = format!("../{}", shop.path().file_name().unwrap().to_str().unwrap());
    let marks = |found: &Value| -> Vec<String> {
        let findings = found["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    assert!(!marks(&here).is_empty());
    for called in [".", absolute, &above] {
        let found = json(shop.path(), &[called]);
        assert_eq!(marks(&found), marks(&here), "{called}");
    }
    let place = &json(shop.path(), &[absolute])["findings"][0]["places"][0]["path"];
    assert!(place.as_str().unwrap().starts_with(absolute), "{place}");
}

/// A gateway that waits a minute, and a container that is killed after five seconds.
fn short_grace() -> tempfile::TempDir {
    folder(&[
        (
            "compose.yaml",
            "services:\n  edge:\n    image: nginx:1.27\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n  \
             app:\n    image: acme/app\n    stop_grace_period: 5s\n    expose: ['3000']\n",
        ),
        (
            "nginx.conf",
            "events {}\nhttp { server { listen 80; location / {\n  proxy_pass http://app:3000;\n  \
             proxy_read_timeout 90s;\n} } }\n",
        ),
    ])
}

#[test]
fn time_to_drain_is_lengthened_and_no_wait_is_shortened() {
    let folder = short_grace();
    let diff = text(&check(folder.path(), &["--diff"]).stdout);
    assert!(diff.contains("+    stop_grace_period: 90s"), "{diff}");
    assert!(!diff.contains("proxy_read_timeout"), "{diff}");
    check(folder.path(), &["--fix"]);
    let found = json(folder.path(), &[]);
    assert!(of(&found, "drain-too-short").is_empty(), "{found:#}");
}

#[test]
fn what_changes_a_wait_is_left_to_people() {
    let folder = folder(&[
        (
            "compose.yaml",
            "services:\n  edge:\n    image: nginx:1.27\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n  \
             app:\n    image: acme/app\n    command: gunicorn --timeout 120 -b 0.0.0.0:3000 app:app\n",
        ),
        (
            "nginx.conf",
            "events {}\nhttp { server { listen 80; location / {\n  proxy_pass http://app:3000;\n  \
             proxy_read_timeout 30s;\n} } }\n",
        ),
    ]);
    let ladder = |found: &Value| of(found, "timeout-ladder-inversion").len();
    assert_eq!(ladder(&json(folder.path(), &[])), 1);
    let before = text(&check(folder.path(), &[]).stdout);
    assert!(before.contains("With `--unsafe-fixes` also: 2"), "{before}");
    assert!(!text(&check(folder.path(), &["--diff"]).stdout).contains("read_timeout"));
    check(folder.path(), &["--fix"]);
    assert_eq!(ladder(&json(folder.path(), &[])), 1);
    check(folder.path(), &["--fix", "--unsafe-fixes"]);
    assert_eq!(ladder(&json(folder.path(), &[])), 0);
}

/// A proxy and a program on two machines, of which only `why502.toml` knows the addresses.
fn two_machines() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "why502.toml",
        "[[hop]]\nname = \"api\"\nfiles = [\"deploy/api\"]\nhosts = [\"10.0.0.11\"]\n\n\
         [[hop]]\nname = \"edge\"\nproduct = \"nginx 1.28\"\nfiles = [\"deploy/edge\"]\n",
    );
    write("deploy/api/server.js", "require('http').createServer(answer).listen(3000);\n");
    write(
        "deploy/edge/nginx.conf",
        "http {\n  server {\n    listen 80;\n    location / { proxy_pass http://10.0.0.11:3001; }\n  }\n}\n",
    );
    folder
}

#[test]
fn what_is_declared_is_found_from_within_and_from_outside() {
    let machines = two_machines();
    // The program listens on another port than the one it is asked on.
    for (place, arguments) in [
        ("", &[][..]),
        ("", &["."]),
        ("", &["deploy"]),
        ("deploy", &[]),
        ("deploy", &["."]),
        ("deploy/api", &["..", "--fail-on", "never"]),
        ("deploy", &["edge", "api"]),
    ] {
        let found = json(&machines.path().join(place), arguments);
        let refused = of(&found, "target-connect-refused");
        assert_eq!(refused.len(), 1, "in {place:?} with {arguments:?}: {found:#}");
    }
    let explained = text(&check(machines.path(), &["--explain-path"]).stdout);
    assert!(explained.contains("declared @ why502.toml:2"), "{explained}");
    // The folder with `.git` is where the search ends.
    fs::create_dir(machines.path().join("deploy/.git")).unwrap();
    let found = json(&machines.path().join("deploy"), &["."]);
    assert!(of(&found, "target-connect-refused").is_empty(), "{found:#}");
}

#[test]
fn mistakes_in_the_declaration_are_said_and_the_rest_is_used() {
    let machines = two_machines();
    let file = machines.path().join("why502.toml");
    let text_before = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text_before}ports = \"many\"\nsize = 3\n")).unwrap();
    let found = json(machines.path(), &[]);
    assert_eq!(of(&found, "target-connect-refused").len(), 1, "{found:#}");
    let said = found["remarks"].as_array().unwrap();
    assert_eq!(said.len(), 2, "{found:#}");
    assert!(
        said.iter().all(|remark| remark["place"].as_str().unwrap().starts_with("why502.toml:")),
        "{said:?}"
    );
}

/// How many races are predicted between a program of Node.js that has this code and what it calls.
fn races_of_caller(code: &str, called: &str) -> usize {
    of(&caller(code, called), "keepalive-race").len()
}

/// What is found about a program of Node.js that has this code and what it calls.
fn caller(code: &str, called: &str) -> Value {
    let web = format!(
        "const http = require('http');\nconst {{ Agent, setGlobalDispatcher }} = require('undici');\n\
         {code}\nhttp.createServer().listen(3000);\n"
    );
    let node = "require('http').createServer().listen(4000);\n";
    let python = "FROM python:3.12\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"4000\"]\n";
    let is_node = called == "node";
    let made = folder(&[
        (
            "docker-compose.yml",
            "services:\n  web: { build: ./web }\n  orders: { build: ./orders }\n",
        ),
        ("web/Dockerfile", "FROM node:22\nCMD [\"node\", \"server.js\"]\n"),
        ("web/server.js", &web),
        ("orders/Dockerfile", if is_node { "FROM node:22\n" } else { python }),
        ("orders/index.js", if is_node { node } else { "" }),
    ]);
    json(made.path(), &[])
}

#[test]
fn what_a_program_calls_may_close_first_as_well() {
    let patient = "setGlobalDispatcher(new Agent({ keepAliveTimeout: 60_000 }));\n\
                   fetch('http://orders:4000/');";
    let forever = "const agent = new http.Agent({ keepAlive: true });\n\
                   http.get('http://orders:4000/', { agent });";
    let short = "const agent = new http.Agent({ keepAlive: true, timeout: 3000 });\n\
                 http.get('http://orders:4000/', { agent });";
    // An agent without a timer does not heed what the server announces; uvicorn announces nothing.
    assert_eq!(races_of_caller(forever, "node"), 1);
    // Nothing outlasts what has no bound, so that the bound is what is missing.
    let found = caller(forever, "node");
    let race = &of(&found, "keepalive-race")[0];
    let change = race["changes"][0].to_string();
    assert!(change.contains("http.Agent timeout") && change.contains("4 s"), "{race:#}");
    let cited = race["places"].as_array().unwrap();
    assert!(cited.iter().any(|place| place["path"] == "web/server.js"), "{race:#}");
    assert_eq!(races_of_caller(forever, "python"), 1);
    assert_eq!(races_of_caller(patient, "python"), 1);
    // undici closes before the time that a server of Node.js announces.
    assert_eq!(races_of_caller(patient, "node"), 0);
    assert_eq!(races_of_caller(short, "node"), 0);
    assert_eq!(races_of_caller(short, "python"), 0);
    // Nobody changed anything: 4 s against 5 s.
    assert_eq!(races_of_caller("fetch('http://orders:4000/');", "node"), 0);
    assert_eq!(races_of_caller("fetch('http://orders:4000/');", "python"), 0);
}

#[test]
fn a_wait_is_lengthened_where_it_is_in_between() {
    // The proxy waits 30 s for a program that may take 120 s and is killed after 5 s.
    let folder = folder(&[
        (
            "compose.yaml",
            "services:\n  edge:\n    image: nginx:1.27\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n  \
             app:\n    image: acme/app\n    stop_grace_period: 5s\n    \
             command: gunicorn --timeout 120 --graceful-timeout 3 -b 0.0.0.0:3000 app:app\n",
        ),
        (
            "nginx.conf",
            "events {}\nhttp { server { listen 80; location / {\n  proxy_pass http://app:3000;\n  \
             proxy_read_timeout 30s;\n} } }\n",
        ),
    ]);
    let diff = text(&check(folder.path(), &["--diff", "--unsafe-fixes"]).stdout);
    assert!(diff.contains("+  proxy_read_timeout 120s;"), "{diff}");
    assert!(diff.contains("+    stop_grace_period: 120s"), "{diff}");
    assert!(!diff.contains("+    command"), "{diff}");
}
