//! Hostile files of Caddy and Traefik: deep ones, ones that import themselves or each other without
//! end. Reading them ends in seconds, without a panic, and says what was left out.

mod common;

use common::{input, remarks};

#[test]
fn caddyfiles_of_any_shape_end() {
    let deep = "a {\n".repeat(100_000);
    assert!(remarks("deep", vec![input("Caddyfile", deep)]).contains("too deeply"));
    let quote = format!("a {{\nrespond \"{}", "x {\n".repeat(1 << 20));
    assert!(remarks("a quote", vec![input("Caddyfile", quote)]).contains("never closed"));
    let word = format!("a {{\nreverse_proxy {}\n}}", "b:1 ".repeat(1 << 18));
    remarks("many words", vec![input("Caddyfile", word)]);
    let sites: String = (0..8_000).map(|n| format!("s{n} {{\nreverse_proxy h{n}\n}}\n")).collect();
    assert!(remarks("sites", vec![input("Caddyfile", sites)]).contains("too many"));
    let lines = "a\n".repeat(250_000);
    assert!(remarks("lines", vec![input("Caddyfile", lines)]).contains("too many lines"));
}

#[test]
fn imports_of_caddy_do_not_multiply_without_end() {
    let mut text = String::from("(s0) {\nreverse_proxy {args[0]}:80\n}\n");
    for n in 1..60 {
        let inner = format!("import s{m} {{args[0]}}{{args[0]}}\n", m = n - 1);
        text.push_str(&format!("(s{n}) {{\n{inner}{inner}}}\n"));
    }
    text.push_str("a.example {\nimport s14 x\nimport s59 x\n}\n");
    let said = remarks("snippets", vec![input("Caddyfile", text)]);
    assert!(said.contains("too many imports"), "{said}");
    let files = (0..30).map(|n| {
        let text = "import *.caddy\nimport f*.caddy\nreverse_proxy a:1\n".to_owned();
        input(&format!("f{n}.caddy"), text)
    });
    let said = remarks("files", files.collect());
    assert!(said.contains("imports itself"), "{said}");
}

#[test]
fn services_of_traefik_do_not_multiply_without_end() {
    let names: String = (0..60).map(|n| format!("{{name: s{n}}}, ")).collect();
    let chain: String = (0..60).map(|n| format!("m{n}, ")).collect();
    let mut text = String::from("entryPoints: {web: {address: ':80'}}\nhttp:\n  services:\n");
    for n in 0..60 {
        text.push_str(&format!("    s{n}: {{weighted: {{services: [{names}]}}}}\n"));
    }
    text.push_str("  middlewares:\n");
    for n in 0..60 {
        text.push_str(&format!("    m{n}: {{chain: {{middlewares: [{chain}]}}}}\n"));
    }
    text.push_str("  routers:\n");
    for n in 0..300 {
        text.push_str(&format!(
            "    r{n}: {{rule: 'Path(`/`)', service: s1, middlewares: [m1]}}\n"
        ));
    }
    remarks("circles", vec![input("traefik.yml", text)]);
    let mut text =
        String::from("apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: a}\n");
    text.push_str("services: &s\n");
    text.push_str(&"  - {name: app, port: 80}\n".repeat(3_000));
    text.push_str("route: &r {match: 'Host(`a`)', services: *s}\nspec:\n  routes:\n");
    text.push_str(&"    - *r\n".repeat(20_000));
    remarks("routes", vec![input("routes.yaml", text)]);
    let deep = format!("a = {}", "[".repeat(200_000));
    let toml = format!("[entryPoints.web]\naddress = ':80'\n[http.routers]\n{deep}\n");
    assert!(remarks("deep", vec![input("traefik.toml", toml)]).contains("broken"));
    let labels: String = (0..1_500)
        .map(|n| {
            format!(
                "  a{n}:\n    image: x\n    labels: ['traefik.http.services.s.loadbalancer.server.port=80', \
                 'traefik.http.routers.r{n}.service=s']\n"
            )
        })
        .collect();
    remarks("labels", vec![input("compose.yaml", format!("services:\n{labels}"))]);
    let flag = format!("      - --a{}=1\n", ".b".repeat(100_000));
    let flags = format!("services:\n  t:\n    image: traefik:3\n    command:\n{}", flag.repeat(20));
    remarks("flags", vec![input("compose.yaml", flags)]);
}
