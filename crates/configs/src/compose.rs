//! Docker Compose: services become hops with their names, their programs, their environments and the
//! files they are given.

use model::config::{
    Check, CheckKind, Hop, Key, Listen, Notation, Product, Setting, Settings, Task, Value,
};

use crate::document::Document;
use crate::draft::{Draft, HopDraft, Name, Variable};
use crate::programs::{
    DATABASES, Word, duration, fill_variables, image_contains, image_product, join, probed,
    run_command, split_words,
};
use crate::readers::Reader;
use crate::tree::At;

/// Services of a file that are read.
const MOST_SERVICES: usize = 2000;

/// Ports, variables, volumes of a service that are read: aliases may repeat long lists.
const MOST_ITEMS: usize = 500;

/// Reads compose files.
#[derive(Debug)]
pub(crate) struct Compose;

impl Reader for Compose {
    fn name(&self) -> &'static str {
        "compose"
    }

    fn takes(&self, document: &Document) -> bool {
        let name = document.name().to_ascii_lowercase();
        let named = name.contains("compose")
            || name.starts_with("docker-stack")
            || name.starts_with("stack");
        let yaml = matches!(document.extension().as_str(), "yml" | "yaml");
        yaml && named && (document.text.contains("services") || is_oldest(document))
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        for document in documents {
            if is_aside(document, documents) {
                draft.remark(
                    document.span(0..0),
                    "this compose file changes another one or is for development: it was left out",
                );
                continue;
            }
            let tree = document.tree();
            if let Some((at, why)) = &tree.broken {
                let says = format!(
                    "the compose file is broken here ({why}): what comes before it was read"
                );
                draft.remark(document.span(*at..*at), says);
            }
            let oldest = is_oldest(document);
            for root in tree.roots() {
                let services = root.get("services").there().or(oldest.then_some(root));
                let Some(services) = services else { continue };
                for (entry, service) in services.entries().take(MOST_SERVICES) {
                    if service.entries().next().is_some() {
                        let hop = Service { document, name: &entry.key, at: service }
                            .hop(entry.key_at.clone());
                        draft.add_hop(hop);
                    }
                }
            }
        }
    }
}

/// True for a file of the first version of the format, whose services stand at its top.
/// <https://docs.docker.com/reference/compose-file/legacy-versions/>
fn is_oldest(document: &Document) -> bool {
    let runs = |(_, at): (&crate::tree::Entry, At<'_>)| {
        at.get("image").text().is_some() || at.get("build").text().is_some()
    };
    document.tree().roots().any(|root| {
        let mut entries = root.entries().take(MOST_SERVICES).peekable();
        root.get("version").there().is_none()
            && root.get("services").kind().is_none()
            && entries.peek().is_some()
            && entries.all(runs)
    })
}

/// True for a file that changes another one of its folder, or stands beside it for another occasion.
fn is_aside(document: &Document, documents: &[&Document]) -> bool {
    let plain = |name: &str| {
        matches!(
            name,
            "compose.yml" | "compose.yaml" | "docker-compose.yml" | "docker-compose.yaml"
        )
    };
    let name = document.name().to_ascii_lowercase();
    let beside = documents.iter().any(|other| {
        other.folder() == document.folder() && plain(&other.name().to_ascii_lowercase())
    });
    let occasion = ["override", "dev", "test", "local", "ci", "debug", "prod"];
    beside && !plain(&name) && occasion.iter().any(|word| name.contains(word))
}

/// A service.
struct Service<'d> {
    document: &'d Document,
    name: &'d str,
    at: At<'d>,
}

impl Service<'_> {
    fn hop(&self, key_at: std::ops::Range<usize>) -> HopDraft {
        let (at, document) = (self.at, self.document);
        let mut names = vec![Name::host(self.name)];
        for key in ["container_name", "hostname"] {
            names.extend(at.get(key).text().map(Name::host));
        }
        for (_, network) in at.get("networks").entries() {
            names.extend(network.get("aliases").items().filter_map(At::text).map(Name::host));
        }
        names.sort();
        names.dedup();
        let mut draft = HopDraft::new(Hop::new(Task::App, self.name), names);
        draft.hop.at = Some(document.span(key_at));
        draft.environment = self.environment();
        self.image(&mut draft);
        self.ports(&mut draft);
        self.lifetime(&mut draft);
        draft.hop.checks.extend(self.check());
        draft.given = self.given();
        let mut words = self.words("entrypoint");
        words.extend(self.words("command"));
        run_command(&words, document, &mut draft);
        draft.is_worker = is_worker(&words) && draft.hop.listens.is_empty();
        self.database(&words, &mut draft);
        draft.hop.products.push(Product {
            name: "Docker Compose",
            version: String::new(),
            version_at: None,
        });
        draft
    }

    fn folder(&self) -> &str {
        self.document.folder()
    }

    fn image(&self, draft: &mut HopDraft) {
        let build = self.at.get("build");
        let context = build.text().or_else(|| build.get("context").text());
        if let Some(context) = context.filter(|context| !context.contains("://")) {
            draft.folder = Some(join(self.folder(), context));
        } else if build.there().is_some() {
            draft.folder = Some(self.folder().to_owned());
        }
        let image = self.at.get("image");
        let Some(text) = image.text() else { return };
        let filled = fill_variables(text, &std::collections::BTreeMap::new());
        let product = image_product(&filled, Some(image.span(self.document.id)));
        match product {
            // The image is what is built here, under a name of its own.
            _ if draft.folder.is_some() => {}
            Some(product) => {
                image_contains(&mut draft.hop, product);
            }
            None => {}
        }
        draft.image = Some(filled);
    }

    /// Ports that the service offers: those of `expose`, and the inner ones of `ports`.
    fn ports(&self, draft: &mut HopDraft) {
        let mut add = |port: &str, at: At<'_>| {
            let port = port.split('/').next().unwrap_or(port);
            let port = fill_variables(port, &std::collections::BTreeMap::new());
            let Ok(port @ 1..) = port.parse::<u16>() else { return };
            if !draft.hop.listens.iter().any(|listen| listen.port == port) {
                let at = Some(at.span(self.document.id));
                draft.hop.listens.push(Listen { address: String::new(), port, tls: false, at });
            }
        };
        for item in self.at.get("expose").items().take(MOST_ITEMS) {
            if let Some(text) = item.text() {
                add(text, item);
            }
        }
        for item in self.at.get("ports").items().take(MOST_ITEMS) {
            let target = item.get("target");
            match (item.text(), target.text()) {
                (Some(text), _) if !text.ends_with("/udp") => add(inner_port(text), item),
                (_, Some(port)) if item.get("protocol").text() != Some("udp") => add(port, target),
                _ => {}
            }
        }
        if draft.hop.listens.is_empty() {
            let known = DATABASES.iter().find(|(name, _)| draft.hop.runs(name));
            if let Some((_, port)) = known {
                let at = draft.hop.at;
                draft.hop.listens.push(Listen {
                    address: String::new(),
                    port: *port,
                    tls: false,
                    at,
                });
            }
        }
    }

    fn lifetime(&self, draft: &mut HopDraft) {
        let file = self.document.id;
        let grace = self.at.get("stop_grace_period");
        if let Some(text) = grace.text() {
            let value = duration(text).map_or_else(|| Value::Unknown(text.to_owned()), Value::Time);
            let setting = Setting::written(
                Key::TerminationGrace,
                value,
                "stop_grace_period",
                grace.span(file),
            );
            draft.hop.settings.set(setting.as_written_in(Notation::SecondsUnit));
        } else {
            let about = (Key::TerminationGrace, "stop_grace_period");
            draft.hop.slots.extend(self.at.yaml_slot(
                &self.document.text,
                file,
                about,
                Notation::SecondsUnit,
            ));
        }
        let replicas =
            self.at.at("deploy.replicas").there().or_else(|| self.at.get("scale").there());
        if let Some(replicas) = replicas {
            let value = || match replicas.number() {
                Some(number) => Value::Count(number),
                None => Value::Unknown(replicas.written().unwrap_or_default().into_owned()),
            };
            for key in [Key::MinInstances, Key::MaxInstances] {
                let setting =
                    Setting::written(key, value(), "deploy.replicas", replicas.span(file));
                draft.hop.settings.set(setting.as_written_in(Notation::Count));
            }
        }
        let update = self.at.at("deploy.update_config");
        let parallel = update.get("parallelism");
        if let Some(number) = parallel.number() {
            // Old tasks stop before new ones start unless the order says otherwise.
            let first = update.get("order").text() == Some("start-first");
            let key = if first { Key::MaxSurge } else { Key::MaxUnavailable };
            let name = "deploy.update_config.parallelism";
            draft.hop.settings.set(Setting::written(
                key,
                Value::Count(number),
                name,
                parallel.span(file),
            ));
        }
        let memory = self
            .at
            .at("deploy.resources.limits.memory")
            .there()
            .or_else(|| self.at.get("mem_limit").there());
        if let Some(memory) = memory
            && let Some(bytes) = memory.text().and_then(size)
        {
            let name = "deploy.resources.limits.memory";
            draft.hop.settings.set(Setting::written(
                Key::MemoryLimit,
                Value::Bytes(bytes),
                name,
                memory.span(file),
            ));
        }
    }

    fn check(&self) -> Option<Check> {
        let file = self.document.id;
        let health = self.at.get("healthcheck").there()?;
        if health.get("disable").flag() == Some(true) {
            return None;
        }
        let mut check = Check {
            kind: CheckKind::Liveness,
            at: Some(health.span(file)),
            settings: Settings::new(),
        };
        let times = [
            ("interval", Key::CheckInterval, "interval"),
            ("timeout", Key::CheckTimeout, "timeout"),
            ("start_period", Key::CheckStartPeriod, "start_period"),
        ];
        for (key, means, name) in times {
            let time = health.get(key);
            let Some(text) = time.text() else { continue };
            let value = duration(text).map_or_else(|| Value::Unknown(text.to_owned()), Value::Time);
            let setting = Setting::written(means, value, name, time.span(file));
            check.settings.set(setting.as_written_in(Notation::SecondsUnit));
        }
        let retries = health.get("retries");
        if let Some(number) = retries.number() {
            let value = Value::Count(number);
            check.settings.set(Setting::written(
                Key::CheckUnhealthyThreshold,
                value,
                "retries",
                retries.span(file),
            ));
        }
        probed(&words(health.get("test")), self.document, &mut check);
        Some(check)
    }

    /// Files and folders of the project that are mounted.
    fn given(&self) -> Vec<String> {
        let mut given: Vec<String> = Vec::new();
        for item in self.at.get("volumes").items().take(MOST_ITEMS) {
            let source = match item.text() {
                Some(text) => text.split(':').next(),
                None => item.get("source").text(),
            };
            given.extend(
                source
                    .filter(|source| source.starts_with('.'))
                    .map(|source| join(self.folder(), source)),
            );
        }
        for item in self.at.get("configs").items().take(MOST_ITEMS) {
            let name = item.text().or_else(|| item.get("source").text());
            let root = self.document.tree().roots().next();
            let file = name.and_then(|name| root?.get("configs").get(name).get("file").text());
            given.extend(file.map(|file| join(self.folder(), file)));
        }
        given.retain(|path| !path.is_empty());
        given
    }

    fn environment(&self) -> Vec<Variable> {
        let environment = self.at.get("environment");
        let mut found = Vec::new();
        let mut add = |name: &str, value: &str, at: At<'_>| {
            let value = fill_variables(value, &std::collections::BTreeMap::new());
            found.push(Variable {
                name: name.to_owned(),
                value,
                at: at.span(self.document.id),
                of: None,
            });
        };
        for (entry, value) in environment.entries().take(MOST_ITEMS) {
            if let Some(text) = value.text() {
                add(&entry.key, text, value);
            }
        }
        for item in environment.items().take(MOST_ITEMS) {
            if let Some((name, value)) = item.text().and_then(|text| text.split_once('=')) {
                add(name, value, item);
            }
        }
        found
    }

    fn words(&self, key: &str) -> Vec<Word> {
        words(self.at.get(key))
    }

    /// Settings of a database in its command: `postgres -c max_connections=300`.
    fn database(&self, words: &[Word], draft: &mut HopDraft) {
        if draft.hop.task != Task::Database {
            return;
        }
        for word in words {
            let option = word.text.trim_start_matches('-').replace('-', "_");
            let (key, name) = match option.split_once('=') {
                Some(("max_connections", _)) => (Key::MaxConnections, "max_connections"),
                Some(("superuser_reserved_connections", _)) => {
                    (Key::ReservedConnections, "superuser_reserved_connections")
                }
                _ => continue,
            };
            let Some(Ok(number)) = option.split_once('=').map(|(_, n)| n.parse::<u64>()) else {
                continue;
            };
            let at = self.document.span(word.at.clone());
            draft.hop.settings.set(Setting::written(key, Value::Count(number), name, at));
        }
    }
}

/// The words of a command, a list or a line.
fn words(at: At<'_>) -> Vec<Word> {
    match at.text() {
        Some(text) => {
            // Places hold only where the line is written as it is read.
            let range = at.range();
            let whole = range.clone();
            let mut words = split_words(text, range.start);
            if range.len() != text.len() {
                words.iter_mut().for_each(|word| word.at = whole.clone());
            }
            words
        }
        None => at
            .items()
            .filter_map(|item| Some(Word { text: item.text()?.to_owned(), at: item.range() }))
            .collect(),
    }
}

/// True if a command runs something beside the server, by the words people use for it.
pub(crate) fn is_worker(words: &[Word]) -> bool {
    const BESIDE: &[&str] = &[
        "worker",
        "celery",
        "sidekiq",
        "cron",
        "consumer",
        "queue",
        "migrate",
        "scheduler",
        "jobs",
        "rq",
    ];
    words.iter().filter(|word| !word.text.starts_with('-')).any(|word| {
        let mut parts = word.text.split(|c: char| !c.is_ascii_alphanumeric());
        parts.any(|part| BESIDE.contains(&part.to_ascii_lowercase().as_str()))
    })
}

/// The inner port of `127.0.0.1:8080:80/tcp`.
fn inner_port(text: &str) -> &str {
    // A variable with a stand-in holds a colon: `${PORT:-8080}:80`.
    let mut depth = 0_usize;
    let mut cut = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => cut = at + 1,
            _ => {}
        }
    }
    &text[cut..]
}

/// A size: `512M`, `1g`, `64mb`.
fn size(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let unit = match text[end..].to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1024.0,
        "m" | "mb" => 1_048_576.0,
        "g" | "gb" => 1_073_741_824.0,
        _ => return None,
    };
    let bytes = number * unit;
    (0.0..9e15).contains(&bytes).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_sizes() {
        assert_eq!(inner_port("127.0.0.1:8080:80/tcp"), "80/tcp");
        assert_eq!(inner_port("${PORT:-8080}:80"), "80");
        assert_eq!(inner_port("3000"), "3000");
        assert_eq!(size("512M"), Some(512 << 20));
        assert_eq!(size("1.5g"), Some(3 << 29));
        assert_eq!(size("x"), None);
        assert!(is_worker(&split_words("node dist/worker.js", 0)));
        assert!(!is_worker(&split_words("gunicorn -w 4 --worker-class=gthread app", 0)));
        assert!(!is_worker(&split_words("gunicorn -k uvicorn.workers.UvicornWorker app:app", 0)));
    }
}
