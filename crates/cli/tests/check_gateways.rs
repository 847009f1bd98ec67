//! The verb `check` on gateways whose timers somebody has to write: Caddy and Traefik in front of Node
//! with the timer that Node has by itself.

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{check, folder};

/// The findings about idle connections, with the paths that each cites and the edits it offers.
fn races(folder: &Path) -> Vec<(Vec<String>, Vec<String>)> {
    let output = check(folder, &["--format", "json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = found["findings"].as_array().unwrap().clone();
    let texts = |of: &Value, list: &str, name: &str| -> Vec<String> {
        let list = of[list].as_array().cloned().unwrap_or_default();
        list.iter().filter_map(|one| one[name].as_str().map(str::to_owned)).collect()
    };
    let races = findings.iter().filter(|one| one["cause"] == "keepalive-race");
    races.map(|one| (texts(one, "places", "path"), texts(one, "edits", "path"))).collect()
}

fn file(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

const COMPOSE: &str = "services:
  caddy:
    image: caddy:2.8
    ports: [\"80:80\", \"443:443\"]
    volumes: [\"./Caddyfile:/etc/caddy/Caddyfile\"]
  app:
    image: node:20
    command: node server.js
    expose: [3000]
";

#[test]
fn a_race_between_caddy_and_node_is_predicted_and_fixed() {
    let caddyfile = "shop.example {\n\tencode gzip\n\treverse_proxy app:3000\n}\n";
    let shop = folder(&[("compose.yaml", COMPOSE), ("Caddyfile", caddyfile)]);
    let found = races(shop.path());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0.contains(&"compose.yaml".to_owned()), "{found:?}");
    assert_eq!(found[0].1, ["Caddyfile"], "Node's timer is in nobody's file here");
    check(shop.path(), &["--fix"]);
    let fixed = file(shop.path(), "Caddyfile");
    assert!(
        fixed.contains("reverse_proxy app:3000 {\n\t\ttransport http {\n\t\t\tkeepalive 4s\n"),
        "{fixed}"
    );
    assert_eq!(races(shop.path()), []);
}

#[test]
fn a_caddy_that_closes_first_or_keeps_nothing_is_no_finding() {
    for (line, quiet) in [
        ("keepalive 3s", true),
        ("keepalive off", true),
        ("read_timeout 3s", true),
        ("keepalive {env.KEEP}", true),
        ("keepalive 30s", false),
        ("dial_timeout 1s", false),
    ] {
        let caddyfile = format!(
            "(t) {{\n\ttransport http {{\n\t\t{line}\n\t}}\n}}\nshop.example {{\n\treverse_proxy app:3000 \
             {{\n\t\timport t\n\t}}\n}}\n"
        );
        let shop = folder(&[("compose.yaml", COMPOSE), ("Caddyfile", &caddyfile)]);
        assert_eq!(races(shop.path()).is_empty(), quiet, "{line}");
    }
    let longer = COMPOSE.replace("node:20", "node:27");
    let caddyfile = "shop.example {\n\treverse_proxy app:3000 {\n\t\ttransport http {\n\t\t\tkeepalive \
                     30s\n\t\t}\n\t}\n}\n";
    let shop = folder(&[("compose.yaml", &longer), ("Caddyfile", caddyfile)]);
    assert_eq!(races(shop.path()), [], "the timer of Node 27 is longer");
}

const TRAEFIK: &str = "services:
  traefik:
    image: traefik:v3.1
    command:
      - --providers.docker=true
      - --entryPoints.web.address=:80
    ports: [\"80:80\"]
  app:
    image: node:20
    expose: [3000]
    labels:
      - traefik.http.routers.app.rule=Host(`shop.example`)
      - traefik.http.services.app.loadbalancer.server.port=3000
";

#[test]
fn a_race_between_traefik_and_node_is_predicted_and_fixed() {
    let shop = folder(&[("compose.yaml", TRAEFIK)]);
    let found = races(shop.path());
    assert_eq!(found.len(), 1, "{found:?}");
    check(shop.path(), &["--fix"]);
    let fixed = file(shop.path(), "compose.yaml");
    let flag = "- \"--serversTransport.forwardingTimeouts.idleConnTimeout=4s\"\n";
    assert!(fixed.contains(flag), "{fixed}");
    assert_eq!(races(shop.path()), []);
    let quiet = "  traefik:
    image: traefik:v3.1
    volumes: [\"./traefik.toml:/etc/traefik/traefik.toml\"]
";
    let services = TRAEFIK.split("  app:").nth(1).unwrap();
    let compose = format!("services:\n{quiet}  app:{services}");
    let toml = |time: &str| {
        format!(
            "[entryPoints.web]\naddress = \":80\"\n[serversTransport.forwardingTimeouts]\n\
             idleConnTimeout = \"{time}\"\n[providers.docker]\n"
        )
    };
    let short = folder(&[("compose.yaml", &compose), ("traefik.toml", &toml("3s"))]);
    assert_eq!(races(short.path()), []);
    let long = folder(&[("compose.yaml", &compose), ("traefik.toml", &toml("1m"))]);
    assert_eq!(races(long.path()).len(), 1);
    check(long.path(), &["--fix"]);
    assert!(file(long.path(), "traefik.toml").contains("idleConnTimeout = \"4s\""));
    assert_eq!(races(long.path()), []);
}
