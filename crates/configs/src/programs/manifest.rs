//! Manifests and lock files: which versions of servers, frameworks and runtimes a program uses.

use model::config::Product;

use super::{add_product, join, locks};
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
            | "libs.versions.toml"
            | "procfile"
            | "pyproject.toml"
            | "pipfile"
    ) || (name.starts_with("requirements") && name.ends_with(".txt"))
}

/// True if the file says which versions were resolved.
pub(crate) fn is_lock(document: &Document) -> bool {
    let name = document.name().to_ascii_lowercase();
    name.ends_with(".lock") || matches!(name.as_str(), "pnpm-lock.yaml" | "package-lock.json")
}

/// Reads a file of the program of a folder. What it says counts only where something else shows
/// that a program is there.
pub(crate) fn read(document: &Document, folder: &str, draft: &mut Draft) {
    let name = document.name().to_ascii_lowercase();
    if matches!(name.as_str(), "yarn.lock" | "pnpm-lock.yaml" | "package-lock.json") {
        return resolved(document, &name, draft);
    }
    // A catalogue of versions lies beside the build files.
    let folder = match name.as_str() {
        "libs.versions.toml" => {
            folder.strip_suffix("gradle").unwrap_or(folder).trim_end_matches('/')
        }
        _ => folder,
    };
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
    match name.as_str() {
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
        // The toolchain is what builds; without it `go` is the least that does.
        "go.mod" => {
            for word in ["toolchain go", "go "] {
                for (line, at) in lines(text) {
                    if let Some(version) = line.strip_prefix(word) {
                        add("Go", version.trim(), at, true);
                    }
                }
            }
        }
        "pom.xml" => {
            if let Some((version, at)) = spring_version(text) {
                add("Spring Boot", version, at, true);
            }
            embedded(text, draft, folder);
        }
        "libs.versions.toml" => {
            for (line, at) in lines(text) {
                let Some((name, version)) = line.split_once('=') else { continue };
                let name = name.trim().to_ascii_lowercase().replace(['-', '_', '.'], "");
                let version = version.trim().trim_matches(['"', '\'']);
                if name == "springboot" && is_version(version) {
                    add("Spring Boot", version, at, true);
                }
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
            embedded(text, draft, folder);
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

/// Versions that lock files of JavaScript resolved: for the program of their own folder, and for those
/// below it.
fn resolved(document: &Document, file: &str, draft: &mut Draft) {
    let folder = document.folder();
    let below = |inner: &str| {
        folder.is_empty() || inner == folder || inner.starts_with(&format!("{folder}/"))
    };
    let programs: Vec<String> = draft
        .hops
        .iter()
        .filter(|hop| hop.is_source)
        .filter_map(|hop| hop.folder.clone())
        .filter(|inner| below(inner))
        .collect();
    for (package, product) in NPM {
        let all = match file {
            "yarn.lock" => locks::yarn(&document.text, package),
            "pnpm-lock.yaml" => locks::pnpm(document, package),
            _ => locks::npm(document, package),
        };
        for program in &programs {
            let of = |found: &&locks::Resolved| {
                found.part.as_deref().is_some_and(|part| join(folder, part) == *program)
            };
            let found = all.iter().find(of).or_else(|| all.iter().find(|one| one.part.is_none()));
            let Some(found) = found else { continue };
            let program = draft.program_of(program);
            if program.hop.runs(product) && found.version.starts_with(|c: char| c.is_ascii_digit())
            {
                let version = found.version.clone();
                let version_at = Some(document.span(found.at.clone()));
                add_product(program, Product { name: product, version, version_at });
            }
        }
    }
}

/// The version of Spring Boot of a Maven project: of its parent, of the dependencies it imports, or of
/// the property that they name.
fn spring_version(text: &str) -> Option<(&str, std::ops::Range<usize>)> {
    let of = |from: &str, open: &str, close: &str| {
        let from = text.find(from)?;
        let start = from + text.get(from..)?.find(open)? + open.len();
        let end = start + text.get(start..)?.find(close)?;
        let version = text.get(start..end)?;
        is_version(version).then_some((version, start..end))
    };
    of("spring-boot-starter-parent", "<version>", "</version>")
        .or_else(|| of("spring-boot-dependencies", "<version>", "</version>"))
        .or_else(|| of("<spring-boot.version>", "<spring-boot.version>", "<"))
}

/// Servers that a build puts in the place of Tomcat, which Spring Boot has otherwise.
fn embedded(text: &str, draft: &mut Draft, folder: &str) {
    let has = |name: &str| text.contains(name);
    let servlets =
        ["spring-boot-starter-web<", "spring-boot-starter-web'", "spring-boot-starter-web\""];
    let reactive = has("spring-boot-starter-webflux") || has("spring-cloud-starter-gateway");
    let product = if has("spring-boot-starter-jetty") {
        "Jetty"
    } else if has("spring-boot-starter-undertow") {
        "Undertow"
    } else if reactive && !servlets.into_iter().any(has) {
        "Reactor Netty"
    } else {
        return;
    };
    let program = draft.program_of(folder);
    if program.hop.runs("Spring Boot") {
        super::runs(program, product);
    }
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
