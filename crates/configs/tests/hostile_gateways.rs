//! Hostile files of Caddy and Traefik: deep ones, ones that import themselves or each other without
//! end. Reading them ends in seconds, without a panic, and says what was left out.

use std::time::{Duration, Instant};

use configs::{Input, read};

/// Far more than any of these takes, on a slow machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(180);

fn input(path: &str, text: String) -> Input {
    Input { path: path.to_owned(), text }
}

/// Reads the files and says what was remarked.
fn remarks(name: &str, inputs: Vec<Input>) -> String {
    let start = Instant::now();
    let system = read(inputs);
    let took = start.elapsed();
    assert!(took < PATIENCE, "{name} took {took:?}");
    system.remarks.iter().map(|remark| format!("{}\n", remark.says)).collect()
}

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
