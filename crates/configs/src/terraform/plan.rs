//! Plans and states of Terraform as JSON: `terraform show -json`, and the file of the state itself.
//! What a plan does not know before it runs is known by the references of its configuration.

use std::collections::BTreeMap;

use model::config::{FileId, Span};

use crate::document::Document;
use crate::draft::Name;
use crate::resources::{Resource, Resources, TERRAFORM, Tongue};
use crate::tree::{At, Entry, Kind, NodeId, Tree, json};

/// The setting that holds JSON as a text.
const CONTAINERS: &str = "container_definitions";

fn is_json(at: At<'_>) -> bool {
    at.text().is_some_and(|text| text.trim_start().starts_with('['))
}

/// How deep modules lie in each other, and references lead through them.
const MOST_DEEP: usize = 12;

/// True if the file is a plan or a state.
pub(super) fn is_plan(document: &Document) -> bool {
    let name = document.extension();
    if !matches!(name.as_str(), "json" | "tfstate") && !document.text.starts_with('{') {
        return false;
    }
    let has = |word: &str| document.text.contains(word);
    let plan = has("\"format_version\"") && (has("\"planned_values\"") || has("\"values\""));
    (plan && has("\"root_module\"")) || (has("\"terraform_version\"") && has("\"lineage\""))
}

/// The resources of a plan or a state.
pub(super) fn resources(document: &Document) -> Option<Resources> {
    let root = document.tree().roots().next()?;
    let mut reader = Plan { file: document.id, tree: Tree::default(), all: Vec::new() };
    if root.get("lineage").there().is_some() {
        reader.state(root);
    } else {
        let values = root.get("planned_values").there().or_else(|| root.get("values").there())?;
        let top = Config { at: root.at("configuration.root_module"), call: None, outer: None };
        reader.module(values.get("root_module"), &top, MOST_DEEP);
    }
    Some(Resources {
        tree: reader.tree,
        all: reader.all,
        tongue: Tongue::Terraform,
        tool: TERRAFORM,
        scope: document.path.clone(),
        editable: false,
    })
}

/// The configuration of a module, and how it is called.
struct Config<'p> {
    at: At<'p>,
    /// The call of it, and its name.
    call: Option<(At<'p>, String)>,
    outer: Option<&'p Config<'p>>,
}

struct Plan {
    file: FileId,
    tree: Tree,
    all: Vec<Resource>,
}

impl Plan {
    fn module(&mut self, module: At<'_>, config: &Config<'_>, depth: usize) {
        if depth == 0 {
            return;
        }
        // Of a module with many resources, each is looked up once.
        let triple = |at: At<'_>| {
            ["mode", "type", "name"].map(|name| at.get(name).text().unwrap_or_default().to_owned())
        };
        let declared: BTreeMap<[String; 3], At<'_>> = config
            .at
            .get("resources")
            .items()
            .map(|declared| (triple(declared), declared))
            .collect();
        for resource in module.get("resources").items() {
            let text = |name: &str| resource.get(name).text().unwrap_or_default().to_owned();
            let data = if text("mode") == "data" { "data." } else { "" };
            let declared = declared.get(&triple(resource));
            let values = resource.get("values");
            let expressions = declared.map(|declared| declared.get("expressions"));
            let body = self.merged(values, expressions, config, MOST_DEEP);
            self.add(format!("{data}{}", text("type")), text("address"), values, body, resource);
        }
        for child in module.get("child_modules").items() {
            let address = child.get("address").text().unwrap_or_default();
            let last = address.rsplit("module.").next().unwrap_or_default();
            let name = last.split('[').next().unwrap_or_default().to_owned();
            let call = config.at.get("module_calls").get(&name);
            let inner =
                Config { at: call.get("module"), call: Some((call, name)), outer: Some(config) };
            self.module(child, &inner, depth - 1);
        }
    }

    fn add(
        &mut self,
        kind: String,
        address: String,
        values: At<'_>,
        body: NodeId,
        resource: At<'_>,
    ) {
        let mut aliases = Vec::new();
        for name in ["arn", "id"] {
            let text = values.get(name).text().filter(|text| !text.is_empty());
            aliases.extend(text.map(|text| Name::id("aws", text)));
        }
        aliases.dedup();
        let at = resource.range();
        let at = Span::new(self.file, at.start..at.start + 1);
        self.all.push(Resource { kind, address, aliases, body, at });
    }

    /// The values, with references where a value is only known once it is made.
    fn merged(
        &mut self,
        values: At<'_>,
        expressions: Option<At<'_>>,
        config: &Config<'_>,
        depth: usize,
    ) -> NodeId {
        let file = self.file;
        if depth == 0 {
            return self.tree.graft(values, &|range| Span::new(file, range));
        }
        let expressions = expressions.unwrap_or_else(|| values.get("\u{0}"));
        let mut entries = Vec::new();
        for (entry, value) in values.entries() {
            let expression = expressions.get(&entry.key);
            let empty = matches!(value.kind(), Some(Kind::Null))
                || (matches!(value.kind(), Some(Kind::List(_))) && value.items().next().is_none());
            let node = if entry.key == CONTAINERS && is_json(value) {
                let parsed = json(value.text().unwrap_or_default());
                let at = Span::new(file, value.range());
                match parsed.roots().next() {
                    Some(root) => self.tree.graft(root, &|_| at),
                    None => self.tree.graft(value, &|_| at),
                }
            } else if empty && expression.get("references").there().is_some() {
                self.referred(expression, config)
            } else if let (Some(Kind::List(_)), Some(Kind::List(_))) =
                (value.kind(), expression.kind())
            {
                let blocks: Vec<At<'_>> = expression.items().collect();
                let items: Vec<NodeId> = value
                    .items()
                    .enumerate()
                    .map(|(n, item)| self.merged(item, blocks.get(n).copied(), config, depth - 1))
                    .collect();
                self.tree.add_from(Span::new(file, value.range()), Kind::List(items), "")
            } else {
                self.tree.graft(value, &|range| Span::new(file, range))
            };
            entries.push(Entry {
                key: entry.key.clone(),
                key_at: entry.key_at.clone(),
                value: node,
            });
        }
        for (entry, expression) in expressions.entries() {
            if values.get(&entry.key).kind().is_none() {
                let value = match expression.kind() {
                    Some(Kind::List(_)) => {
                        let items = expression
                            .items()
                            .map(|block| {
                                self.merged(block.get("none"), Some(block), config, depth - 1)
                            })
                            .collect();
                        self.tree.add_from(
                            Span::new(file, expression.range()),
                            Kind::List(items),
                            "",
                        )
                    }
                    _ => self.referred(expression, config),
                };
                let (key, key_at) = (entry.key.clone(), entry.key_at.clone());
                entries.push(Entry { key, key_at, value });
            }
        }
        let at = values.there().unwrap_or(expressions).range();
        self.tree.add_from(Span::new(file, at), Kind::Map(entries), "")
    }

    /// What an expression refers to: one reference, or a list of them.
    fn referred(&mut self, expression: At<'_>, config: &Config<'_>) -> NodeId {
        let at = Span::new(self.file, expression.range());
        let mut found = Vec::new();
        config.resolve(expression, MOST_DEEP, &mut found);
        let mut nodes: Vec<NodeId> = found
            .into_iter()
            .map(|name| self.tree.add_from(at, Kind::Reference(name), ""))
            .collect();
        match (nodes.pop(), nodes.is_empty()) {
            (None, _) => super::unknown_of(&mut self.tree, at, "known after apply"),
            (Some(only), true) => only,
            (Some(last), false) => {
                nodes.push(last);
                self.tree.add_from(at, Kind::List(nodes), "")
            }
        }
    }

    /// The file of the state: every attribute is known.
    fn state(&mut self, root: At<'_>) {
        for resource in root.get("resources").items() {
            let text = |name: &str| resource.get(name).text().unwrap_or_default();
            let data = if text("mode") == "data" { "data." } else { "" };
            let module = match text("module") {
                "" => String::new(),
                module => format!("{module}."),
            };
            let kind = format!("{data}{}", text("type"));
            let name = text("name");
            for instance in resource.get("instances").items() {
                let values = instance.get("attributes");
                let index = instance.get("index_key").text();
                let index = index.map_or_else(String::new, |index| format!("[{index}]"));
                let address = format!("{module}{kind}.{name}{index}");
                let nothing = Config { at: values.get("\u{0}"), call: None, outer: None };
                let body = self.merged(values, None, &nothing, MOST_DEEP);
                self.add(kind.clone(), address, values, body, resource);
            }
        }
    }
}

impl Config<'_> {
    /// The addresses that an expression refers to, through variables and outputs of modules.
    fn resolve(&self, expression: At<'_>, depth: usize, found: &mut Vec<String>) {
        if depth == 0 || found.len() > 64 {
            return;
        }
        let all: Vec<&str> = expression.get("references").items().filter_map(At::text).collect();
        // Each reference stands there in full and shortened; the shortened one says nothing more.
        let longest = all.iter().filter(|one| {
            !all.iter().any(|other| {
                other.len() > one.len()
                    && other.starts_with(**one)
                    && other[one.len()..].starts_with(['.', '['])
            })
        });
        for reference in longest {
            let parts: Vec<&str> = reference.split('.').collect();
            match parts[..] {
                ["var", name, ..] => {
                    if let (Some((call, _)), Some(outer)) = (&self.call, self.outer) {
                        outer.resolve(call.get("expressions").get(name), depth - 1, found);
                    }
                }
                ["module", name, output, ..] => {
                    let name = name.split('[').next().unwrap_or(name);
                    let call = self.at.get("module_calls").get(name);
                    let inner = Config {
                        at: call.get("module"),
                        call: Some((call, name.to_owned())),
                        outer: Some(self),
                    };
                    let output = inner.at.get("outputs").get(output).get("expression");
                    inner.resolve(output, depth - 1, found);
                }
                ["local" | "each" | "count" | "path" | "terraform" | "self", ..] => {}
                _ => {
                    let name = format!("{}{reference}", self.prefix());
                    if !found.contains(&name) {
                        found.push(name);
                    }
                }
            }
        }
    }

    fn prefix(&self) -> String {
        let mut names = Vec::new();
        let mut at = Some(self);
        while let Some(config) = at {
            names.extend(config.call.as_ref().map(|(_, name)| format!("module.{name}.")));
            at = config.outer;
        }
        names.reverse();
        names.concat()
    }
}
