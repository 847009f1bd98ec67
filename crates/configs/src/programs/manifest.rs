//! Manifests and lock files: which versions of servers, frameworks and runtimes a program uses.

use model::config::Product;

use super::add_product;
use crate::document::Document;
use crate::draft::Draft;

/// Packages and the products they are, by the ecosystem of the file.
const NPM: &[(&str, &str)] = &[("fastify", "Fastify"), ("next", "Next.js")];
const PYTHON: &[(&str, &str)] = &[
    ("gunicorn", "gunicorn"),
    ("uvicorn", "uvicorn"),
    ("hypercorn", "Hypercorn"),
    ("sqlalchemy", "SQLAlchemy"),
];
const RUBY: &[(&str, &str)] = &[("puma", "Puma")];

/// True if the file is one.
pub(crate) fn is_manifest(name: &str) -> bool {
    matches!(
        name,
        "package.json"
            | "package-lock.json"
            | "yarn.lock"
            | "pnpm-lock.yaml"
            | ".nvmrc"
            | ".node-version"
            | ".python-version"
            | ".ruby-version"
            | ".tool-versions"
            | "poetry.lock"
            | "uv.lock"
            | "pipfile.lock"
            | "gemfile.lock"
            | "gemfile"
            | "go.mod"
            | "pom.xml"
            | "build.gradle"
            | "build.gradle.kts"
            | "procfile"
            | "pyproject.toml"
            | "pipfile"
    ) || (name.starts_with("requirements") && name.ends_with(".txt"))
}

/// Reads a file of the program of a folder. What it says counts only where something else shows
/// that a program is there.
pub(crate) fn read(document: &Document, folder: &str, draft: &mut Draft) {
    if !draft.hops.iter().any(|hop| hop.is_source && hop.folder.as_deref() == Some(folder)) {
        return;
    }
    let mut add = |name: &'static str,
                   version: &str,
                   at: std::ops::Range<usize>,
                   only_known: bool| {
        let program = draft.program_of(folder);
        if only_known && !program.hop.runs(name) {
            return;
        }
        let version = version.trim_start_matches(['v', '^', '~', '=', '>', '<', ' ']);
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        let version = version[..end].trim_end_matches('.').to_owned();
        if !version.is_empty() {
            add_product(program, Product { name, version, version_at: Some(document.span(at)) });
        }
    };
    let text = &document.text;
    match document.name().to_ascii_lowercase().as_str() {
        "package.json" => {
            let tree = document.tree();
            let Some(root) = tree.roots().next() else { return };
            let engine = root.at("engines.node");
            // A range says what may run, not what does; one version or `20.x` says it.
            if let Some(text) = engine.text().filter(|text| !text.contains(['>', '<', '|', '*'])) {
                add("Node.js", text, engine.range(), true);
            }
            for (package, product) in NPM {
                let version = root.get("dependencies").get(package);
                if let Some(text) = version.text() {
                    add(product, text, version.range(), true);
                }
            }
        }
        "package-lock.json" => {
            let tree = document.tree();
            let Some(root) = tree.roots().next() else { return };
            for (package, product) in NPM {
                let version =
                    root.get("packages").get(&format!("node_modules/{package}")).get("version");
                let version = version
                    .there()
                    .unwrap_or_else(|| root.get("dependencies").get(package).get("version"));
                if let Some(text) = version.text() {
                    add(product, text, version.range(), true);
                }
            }
        }
        ".nvmrc" | ".node-version" => add("Node.js", text.trim(), whole(text), true),
        ".tool-versions" => {
            for (line, at) in lines(text) {
                if let Some((name, version)) = line.split_once(char::is_whitespace) {
                    match name {
                        "nodejs" | "node" => add("Node.js", version.trim(), at, true),
                        "python" => add("Python", version.trim(), at, true),
                        "ruby" => add("Ruby", version.trim(), at, true),
                        "golang" | "go" => add("Go", version.trim(), at, true),
                        _ => {}
                    }
                }
            }
        }
        ".python-version" => add("Python", text.trim(), whole(text), true),
        ".ruby-version" => add("Ruby", text.trim().trim_start_matches("ruby-"), whole(text), true),
        "poetry.lock" | "uv.lock" => {
            let mut product = None;
            for (line, at) in lines(text) {
                if let Some(name) = line.strip_prefix("name = ") {
                    let name = name.trim_matches('"');
                    product = PYTHON
                        .iter()
                        .find(|(package, _)| *package == name)
                        .map(|(_, product)| *product);
                } else if let (Some(version), Some(name)) =
                    (line.strip_prefix("version = "), product.take())
                {
                    add(name, version.trim_matches('"'), at, true);
                }
            }
        }
        "pipfile.lock" => {
            let tree = document.tree();
            let Some(root) = tree.roots().next() else { return };
            for (package, product) in PYTHON {
                let version = root.get("default").get(package).get("version");
                if let Some(text) = version.text() {
                    add(product, text, version.range(), true);
                }
            }
        }
        "gemfile.lock" => {
            for (line, at) in lines(text) {
                // Four blanks stand before what is resolved, six before what that one asks for.
                let Some((name, version)) =
                    line.strip_prefix("    ").and_then(|line| line.split_once(" ("))
                else {
                    continue;
                };
                if let Some((_, product)) = RUBY.iter().find(|(package, _)| *package == name) {
                    add(product, version.trim_end_matches(')'), at, true);
                }
            }
        }
        "go.mod" => {
            for (line, at) in lines(text) {
                if let Some(version) = line.strip_prefix("go ") {
                    add("Go", version.trim(), at, true);
                }
            }
        }
        "pom.xml" => {
            if let Some((version, at)) = parent_version(text) {
                add("Spring Boot", version, at, true);
            }
        }
        "build.gradle" | "build.gradle.kts" => {
            for (line, at) in lines(text) {
                if line.contains("org.springframework.boot") {
                    let version = line.split(['\'', '"']).find(|part| is_version(part));
                    if let Some(version) = version {
                        add("Spring Boot", version, at, true);
                    }
                }
            }
        }
        "procfile" => {
            let web = lines(text).find(|(line, _)| line.starts_with("web:"));
            if let Some((line, at)) = web {
                let words = super::split_words(&line[4..], at.start + 4);
                super::run_command(&words, document, draft.program_of(folder));
            }
        }
        name if name.starts_with("requirements") => {
            for (line, at) in lines(text) {
                let Some((name, version)) = line.split_once("==") else { continue };
                let name = name.split('[').next().unwrap_or(name).trim().to_ascii_lowercase();
                if let Some((_, product)) = PYTHON.iter().find(|(package, _)| *package == name) {
                    add(product, version.trim(), at, true);
                }
            }
        }
        _ => {}
    }
}

/// The version of Spring Boot's parent of a Maven project.
fn parent_version(text: &str) -> Option<(&str, std::ops::Range<usize>)> {
    let parent = text.find("spring-boot-starter-parent")?;
    let open = parent + text.get(parent..)?.find("<version>")? + "<version>".len();
    let close = open + text.get(open..)?.find("</version>")?;
    Some((text.get(open..close)?, open..close))
}

fn is_version(part: &str) -> bool {
    part.contains('.') && part.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn whole(text: &str) -> std::ops::Range<usize> {
    0..text.trim_end().len()
}

/// Lines with their places.
fn lines(text: &str) -> impl Iterator<Item = (&str, std::ops::Range<usize>)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        let bare = line.trim_end();
        (bare, at..at + bare.len())
    })
}
