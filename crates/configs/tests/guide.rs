//! The tables of settings in `docs/guide/why502-toml.md` are those that the reader knows;
//! `WHY502_BLESS=1` writes them. The example of the page is read without a complaint.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use configs::{Input, declarable, read};

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/why502-toml.md")
}

fn table(link: bool) -> String {
    let mut out = String::from("| setting | kind | meaning |\n|---|---|---|\n");
    for one in declarable(link) {
        let meaning = one.key.meaning();
        let meaning = meaning.split_once(": ").map_or(meaning, |(_, meaning)| meaning);
        let meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
        let meaning = meaning[..1].to_uppercase() + &meaning[1..];
        let _ = writeln!(out, "| `{}` | {} | {meaning} |", one.key, one.sort);
    }
    out
}

fn filled(page: &str, name: &str, table: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = page.split_once(&open).unwrap();
    let (_, after) = rest.split_once(&close).unwrap();
    format!("{before}{open}{table}{close}{after}")
}

#[test]
fn the_guide_lists_every_setting() {
    let old = fs::read_to_string(page()).unwrap();
    let new = filled(&filled(&old, "hop", &table(false)), "link", &table(true));
    if std::env::var_os("WHY502_BLESS").is_some() {
        fs::write(page(), &new).unwrap();
    } else {
        assert_eq!(old, new, "WHY502_BLESS=1 writes the tables");
    }
}

#[test]
fn the_example_of_the_guide_is_understood() {
    let text = fs::read_to_string(page()).unwrap();
    let example = text.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let file = |path: &str, text: &str| Input { path: path.to_owned(), text: text.to_owned() };
    let system = read(vec![
        file("why502.toml", example),
        file(
            "edge/nginx.conf",
            "http {\n  server {\n    listen 80;\n    location / {\n      proxy_pass \
             http://api.internal:3000;\n    }\n  }\n}\n",
        ),
        file("api/server.js", "require('http').createServer().listen(3000);"),
    ]);
    assert_eq!(system.remarks, []);
    let mut names: Vec<&str> = system.hops.iter().map(|hop| hop.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["api", "db", "gateway"], "{}", system.describe());
    assert_eq!(system.links.len(), 2, "{}", system.describe());
}
