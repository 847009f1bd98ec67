//! Programs: Dockerfiles, manifests and lock files, source code and the configuration of application
//! servers all describe the program of a folder, whoever runs it.
//!
//! [`Project`] says which folder a file's program lives in and what is known of it; the modules read
//! one kind of file each.

mod command;
mod dockerfile;
mod go;
mod go_calls;
mod image;
mod locks;
mod manifest;
mod next;
mod node;
mod node_calls;
mod python;
mod python_calls;
mod reach;
mod ruby;
mod spring;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use model::Micros;
use model::config::{Check, CheckKind, Key};
use model::config::{Listen, Notation, Product, Setting, Span, Value};

use crate::code::{Code, Known, Language, Scale};
use crate::document::Document;
use crate::draft::{Draft, HopDraft, Variable};
use crate::readers::Reader;

pub(crate) use command::run as run_command;
pub(crate) use dockerfile::fill as fill_variables;
pub(crate) use image::{
    DATABASES, contains as image_contains, product as image_product, products as image_products,
};
pub(crate) use words::{Word, split as split_words};

/// Reads programs.
#[derive(Debug)]
pub(crate) struct Programs;

impl Reader for Programs {
    fn name(&self) -> &'static str {
        "program"
    }

    fn takes(&self, document: &Document) -> bool {
        kind(document).is_some()
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        let project = Project::new(documents);
        for document in documents.iter().filter(|d| kind(d) == Some("dockerfile")) {
            if project.dockerfiles.get(document.folder()) == Some(&document.path) {
                read_dockerfile(document, draft);
            }
        }
        for &document in documents {
            let folder = project.root(document);
            match kind(document) {
                Some("javascript") => node::read(document, &folder, draft),
                Some("python") => python::read(document, &folder, draft),
                Some("ruby") => ruby::read(document, &folder, draft),
                Some("go") => go::read(document, &folder, draft),
                Some("spring") => spring::read(document, &folder, draft),
                Some("next") => next::read(document, &folder, draft),
                _ => {}
            }
        }
        let mut everywhere: BTreeMap<String, node_calls::Everywhere> = BTreeMap::new();
        for &document in documents {
            let folder = project.root(document);
            if kind(document) == Some("javascript") && is_program(&folder, draft) {
                everywhere.entry(folder.clone()).or_default().add(document, &folder, draft);
            }
        }
        for &document in documents {
            let folder = project.root(document);
            if !is_program(&folder, draft) {
                continue;
            }
            match kind(document) {
                Some("javascript") => {
                    let everywhere = everywhere.entry(folder.clone()).or_default();
                    node::read_calls(document, &folder, everywhere, draft);
                }
                Some("python") => python_calls::read(document, &folder, draft),
                Some("go") => go_calls::read(document, &folder, draft),
                _ => {}
            }
        }
        // What was resolved counts more than what was asked for.
        for locked in [true, false] {
            for &document in documents {
                if kind(document) == Some("manifest") && manifest::is_lock(document) == locked {
                    manifest::read(document, &project.root(document), draft);
                }
            }
        }
    }

    fn read(&self, documents: &[Document], draft: &mut Draft) {
        let mine: Vec<&Document> = documents.iter().filter(|doc| self.takes(doc)).collect();
        for document in &mine {
            draft.note_read(document.id, kind(document).unwrap_or(self.name()));
        }
        if !mine.is_empty() {
            self.read_all(&mine, draft);
        }
    }
}

/// Folders whose code does not serve: tests, examples, what others wrote, what was built.
const ASIDE: &[&str] = &[
    "node_modules",
    "vendor",
    "test",
    "tests",
    "__tests__",
    "spec",
    "e2e",
    "cypress",
    "example",
    "examples",
    "docs",
    "dist",
    "build",
    ".next",
    "coverage",
    "fixtures",
    "mocks",
    "__mocks__",
    "scripts",
    "testdata",
    ".venv",
    "venv",
    "site-packages",
    "target",
    "benchmark",
    "benchmarks",
    "migrations",
];

/// What kind of file it is, by name and content; also what it is listed as having been read as.
fn kind(document: &Document) -> Option<&'static str> {
    let name = document.name().to_ascii_lowercase();
    if document.folder().split('/').any(|folder| ASIDE.contains(&folder)) {
        return None;
    }
    let text = &document.text;
    if is_dockerfile(&name) {
        return Some("dockerfile");
    }
    if manifest::is_manifest(&name) {
        return Some("manifest");
    }
    if spring::is_spring(document, &name) {
        return Some("spring");
    }
    if name.contains(".test.")
        || name.contains(".spec.")
        || name.contains(".min.")
        || name.ends_with(".d.ts")
    {
        return None;
    }
    match document.extension().as_str() {
        "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" if name.starts_with("next.config.") => {
            Some("next")
        }
        "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" => node::matters(text).then_some("javascript"),
        "py" => python::matters(document.name(), text).then_some("python"),
        "rb" => ruby::matters(&document.path, text).then_some("ruby"),
        "go" => (!name.ends_with("_test.go") && go::matters(text)).then_some("go"),
        _ => None,
    }
}

fn is_dockerfile(name: &str) -> bool {
    let plain = name == "dockerfile" || name == "containerfile";
    let named = name.starts_with("dockerfile.")
        || name.starts_with("containerfile.")
        || name.ends_with(".dockerfile");
    plain || (named && !name.ends_with(".dockerignore"))
}

/// Which folders hold programs.
struct Project {
    /// For each folder with Dockerfiles the one that describes what runs in production.
    dockerfiles: BTreeMap<String, String>,
    manifests: BTreeSet<String>,
}

impl Project {
    fn new(documents: &[&Document]) -> Project {
        let mut dockerfiles: BTreeMap<String, String> = BTreeMap::new();
        let mut manifests = BTreeSet::new();
        // Names for development or tests, last; the plain name first.
        let rank = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
            let aside =
                ["dev", "test", "local", "ci", "debug"].iter().any(|word| name.contains(word));
            (aside, !matches!(name.as_str(), "dockerfile" | "containerfile"), path.to_owned())
        };
        for document in documents {
            match kind(document) {
                Some("dockerfile") => {
                    let known = dockerfiles.entry(document.folder().to_owned());
                    let path = known.or_insert_with(|| document.path.clone());
                    if rank(&document.path) < rank(path) {
                        path.clone_from(&document.path);
                    }
                }
                Some("manifest") => {
                    manifests.insert(document.folder().to_owned());
                }
                _ => {}
            }
        }
        Project { dockerfiles, manifests }
    }

    /// The folder of the program a file belongs to: the nearest one around it with a Dockerfile, else
    /// with a manifest, else its own.
    fn root(&self, document: &Document) -> String {
        let mut around = vec![document.folder()];
        while let Some((outer, _)) = around.last().and_then(|folder| folder.rsplit_once('/')) {
            around.push(outer);
        }
        if !document.folder().is_empty() {
            around.push("");
        }
        let built = around.iter().find(|folder| self.dockerfiles.contains_key(**folder));
        let described = || around.iter().find(|folder| self.manifests.contains(**folder));
        // Rails keeps Puma's file in a folder of its own.
        let own = match document.name() {
            "puma.rb" => document.folder().strip_suffix("config").unwrap_or(document.folder()),
            _ => document.folder(),
        };
        let own = own.trim_end_matches('/');
        built.or_else(described).map_or(own, |folder| folder).to_owned()
    }
}

fn read_dockerfile(document: &Document, draft: &mut Draft) {
    let Some(image) = dockerfile::read(&document.text) else { return };
    let folder = document.folder().to_owned();
    let program = draft.program_of(&folder);
    let at = document.span(image.base_at.clone());
    program.hop.at.get_or_insert(at);
    if let Some(product) = image::product(&image.base, Some(at)) {
        add_product(program, product);
    }
    for (name, value, range) in &image.environment {
        let at = document.span(range.clone());
        program.environment.push(Variable {
            name: name.clone(),
            value: value.clone(),
            at,
            of: None,
        });
        if name == "NODE_OPTIONS" {
            command::heap(value, at, program);
        }
    }
    command::run(&image.command, document, program);
    for (port, range) in &image.ports {
        let at = Some(document.span(range.clone()));
        let listen = Listen { address: String::new(), port: *port, tls: false, at };
        if !program.hop.listens.iter().any(|had| had.port == *port) {
            program.hop.listens.push(listen);
        }
    }
    for (from, _) in &image.copies {
        let from = join(&folder, from);
        if !from.is_empty() && !program.given.contains(&from) {
            program.given.push(from);
        }
    }
    if let Some((words, range)) = &image.health {
        program.hop.checks.extend(health(words, document, range.clone()));
    }
}

/// The check of a `HEALTHCHECK`; none if it switches it off.
fn health(words: &[Word], document: &Document, range: std::ops::Range<usize>) -> Option<Check> {
    if words.first().is_some_and(|word| word.text.eq_ignore_ascii_case("none")) {
        return None;
    }
    let mut check = Check {
        kind: CheckKind::Liveness,
        at: Some(document.span(range)),
        settings: model::config::Settings::new(),
    };
    for word in words.iter().take_while(|word| word.text.starts_with("--")) {
        let Some((name, value)) = word.text.split_once('=') else { continue };
        let at = document.span(word.at.clone());
        let (key, name) = match name {
            "--interval" => (Key::CheckInterval, "--interval"),
            "--timeout" => (Key::CheckTimeout, "--timeout"),
            "--start-period" => (Key::CheckStartPeriod, "--start-period"),
            "--retries" => (Key::CheckUnhealthyThreshold, "--retries"),
            _ => continue,
        };
        let value = match key {
            Key::CheckUnhealthyThreshold => {
                value.parse().map_or_else(|_| Value::Unknown(value.to_owned()), Value::Count)
            }
            _ => duration(value).map_or_else(|| Value::Unknown(value.to_owned()), Value::Time),
        };
        check.settings.set(Setting::written(key, value, name, at));
    }
    probed(words, document, &mut check);
    Some(check)
}

/// The port and path that a command such as `curl -f http://localhost:3000/health` asks.
pub(crate) fn probed(words: &[Word], document: &Document, check: &mut Check) {
    let url = words.iter().find_map(|word| {
        let from = word.text.find("http://").or_else(|| word.text.find("https://"))?;
        let url: String = word.text[from..]
            .chars()
            .take_while(|c| !c.is_whitespace() && !"'\"`);|".contains(*c))
            .collect();
        Some((url, word.at.clone()))
    });
    let Some((url, at)) = url else { return };
    let Some((_, rest)) = url.split_once("://") else { return };
    let at = document.span(at);
    let (authority, path) = rest.find('/').map_or((rest, "/"), |cut| rest.split_at(cut));
    if let Some((_, Ok(port))) =
        authority.rsplit_once(':').map(|(host, port)| (host, port.parse::<u64>()))
    {
        check.settings.set(Setting::written(Key::CheckPort, Value::Count(port), "healthcheck", at));
    }
    check.settings.set(Setting::written(
        Key::CheckPath,
        Value::Text(path.to_owned()),
        "healthcheck",
        at,
    ));
}

/// A path from a folder, without `.` and without `..` where they can be resolved.
pub(crate) fn join(folder: &str, path: &str) -> String {
    let root = if folder.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => {
                parts.pop();
            }
            ("..", None) if !root.is_empty() => {}
            (part, _) => parts.push(part),
        }
    }
    format!("{root}{}", parts.join("/"))
}

/// True if something shows that a program runs in this folder.
pub(crate) fn is_program(folder: &str, draft: &Draft) -> bool {
    draft.known_program(folder).is_some()
}

/// Adds a product, or the version of one that is known without.
pub(crate) fn add_product(program: &mut HopDraft, product: Product) {
    match program.hop.products.iter_mut().find(|had| had.name == product.name) {
        Some(had) if had.version.is_empty() => *had = product,
        Some(_) => {}
        None => program.hop.products.push(product),
    }
}

/// A product without a version.
pub(crate) fn runs(program: &mut HopDraft, name: &'static str) {
    add_product(program, Product { name, version: String::new(), version_at: None });
}

/// That code or a command says where the program listens: better than what a Dockerfile declares.
pub(crate) fn listens(program: &mut HopDraft, address: &str, port: u16, at: Span) {
    let listen = Listen { address: address.to_owned(), port, tls: false, at: Some(at) };
    let declared = !program.listens_known;
    if declared {
        program.hop.listens.clear();
        program.listens_known = true;
    }
    if !program.hop.listens.iter().any(|had| had.port == port && had.address == address) {
        program.hop.listens.push(listen);
    }
}

/// The variables of a program's environment.
pub(crate) fn environment(program: &HopDraft) -> BTreeMap<String, String> {
    program.environment.iter().map(|v| (v.name.clone(), v.value.clone())).collect()
}

/// A time as code states it. Zero means what `zero` says: off or unlimited where vendors say so.
pub(crate) fn time(known: &Known, scale: Scale, written: &str, zero: Option<Value>) -> Value {
    let Some(number) = known.number() else { return Value::Unknown(short(written)) };
    let micros = match scale {
        Scale::Seconds => number * 1e6,
        Scale::Milliseconds => number * 1e3,
    };
    match zero {
        Some(zero) if number == 0.0 => zero,
        _ if (0.0..9e15).contains(&micros) => Value::Time(Micros(micros as i64)),
        _ => Value::Unknown(short(written)),
    }
}

/// A count as code states it.
pub(crate) fn count(known: &Known, written: &str) -> Value {
    match known.number() {
        Some(number) if number.fract() == 0.0 && (0.0..9e15).contains(&number) => {
            Value::Count(number as u64)
        }
        _ => Value::Unknown(short(written)),
    }
}

/// The beginning of an expression, on one line.
pub(crate) fn short(written: &str) -> String {
    let line: String = written.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(60).collect()
}

/// How an edit writes a value of this scale, if what stands there is a value and no expression over
/// the environment.
pub(crate) fn notation(known: &Known, scale: Scale) -> Option<Notation> {
    match (known, scale) {
        (Known::Number(_), Scale::Seconds) => Some(Notation::Seconds),
        (Known::Number(_), Scale::Milliseconds) => Some(Notation::Milliseconds),
        _ => None,
    }
}

/// A setting with a notation, if it has one.
pub(crate) fn written(
    key: Key,
    value: Value,
    name: &'static str,
    at: Span,
    notation: Option<Notation>,
) -> Setting {
    let setting = Setting::written(key, value, name, at);
    match notation {
        Some(notation) => setting.as_written_in(notation),
        None => setting,
    }
}

/// A duration as Docker and Go write it: `1m30s`, `500ms`, `10s`.
pub(crate) fn duration(text: &str) -> Option<Micros> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |end| digits + end);
        total += number
            * match &rest[digits..unit_end] {
                "ns" => 1e-3,
                "us" | "µs" => 1.0,
                "ms" => 1e3,
                "s" => 1e6,
                "m" => 60e6,
                "h" => 3600e6,
                "d" => 86_400e6,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    (0.0..9e15).contains(&total).then_some(Micros(total as i64))
}

/// Code with the names it defines.
pub(crate) struct Reading<'d> {
    /// The file.
    pub(crate) document: &'d Document,
    /// Its code.
    pub(crate) code: Code<'d>,
    /// What is known of its names.
    pub(crate) names: crate::code::Names,
    /// The environment it runs in.
    pub(crate) environment: BTreeMap<String, String>,
}

impl<'d> Reading<'d> {
    /// Reads a file of the program of a folder.
    pub(crate) fn new(
        document: &'d Document,
        language: Language,
        folder: &str,
        draft: &Draft,
    ) -> Reading<'d> {
        let program =
            draft.hops.iter().find(|hop| hop.is_source && hop.folder.as_deref() == Some(folder));
        let environment = program.map(environment).unwrap_or_default();
        let code = Code::new(&document.text, language);
        let names = code.names(&environment);
        Reading { document, code, names, environment }
    }

    /// What an expression amounts to.
    pub(crate) fn value(&self, tokens: &std::ops::Range<usize>) -> Known {
        self.code.value(tokens.clone(), &self.names, &self.environment)
    }

    /// The place of a stretch of tokens.
    pub(crate) fn span(&self, tokens: &std::ops::Range<usize>) -> Span {
        self.document.span(self.code.bytes(tokens))
    }

    /// A setting of time.
    pub(crate) fn time(
        &self,
        (key, name): (Key, &'static str),
        tokens: &std::ops::Range<usize>,
        scale: Scale,
        zero: Option<Value>,
    ) -> Setting {
        let known = self.value(tokens);
        let value = time(&known, scale, self.code.source(tokens), zero);
        written(key, value, name, self.span(tokens), notation(&known, scale))
    }

    /// A setting of a number of things.
    pub(crate) fn count(
        &self,
        (key, name): (Key, &'static str),
        tokens: &std::ops::Range<usize>,
    ) -> Setting {
        let known = self.value(tokens);
        let notation = matches!(known, Known::Number(_)).then_some(Notation::Count);
        written(key, count(&known, self.code.source(tokens)), name, self.span(tokens), notation)
    }
}

/// Adds a framework before what it is built on.
pub(crate) fn add_product_first(program: &mut HopDraft, name: &'static str) {
    if !program.hop.runs(name) {
        program.hop.products.insert(0, Product { name, version: String::new(), version_at: None });
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn paths_are_resolved_as_far_as_they_can_be() {
        for (folder, path, expected) in [
            ("", "./api", "api"),
            ("shop", "../lib", "lib"),
            ("/srv/shop", "./api", "/srv/shop/api"),
            ("/srv", "../../etc", "/etc"),
            ("../shop", "api", "../shop/api"),
            ("..", "../lib", "../../lib"),
            ("./shop/", ".", "shop"),
        ] {
            assert_eq!(join(folder, path), expected, "{folder} {path}");
        }
    }
}
