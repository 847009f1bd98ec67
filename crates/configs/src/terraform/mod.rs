//! Terraform: modules of HCL or JSON with their variables, plans and states as JSON. What comes out
//! is resources; what they mean is for the readers of the vendors.

mod eval;
mod files;
mod functions;
mod plan;
mod traversal;

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::Span as _;
use model::config::{FileId, Span};

use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;
use crate::resources::{self, Resource, Resources, TERRAFORM, Tongue};
use crate::tree::Kind;
use eval::{Eval, Instance, Scope};
use files::{Code, Coded, Module, Parsed};

/// How deep modules call each other, and how many calls are followed in all.
const MOST_DEEP: usize = 10;
const MOST_CALLS: usize = 500;

/// Reads Terraform.
pub(crate) struct Terraform;

impl Reader for Terraform {
    fn name(&self) -> &'static str {
        TERRAFORM
    }

    fn takes(&self, document: &Document) -> bool {
        is_code(document) || is_values(document) || plan::is_plan(document)
    }

    fn read(&self, documents: &[Document], draft: &mut Draft) {
        for document in documents.iter().filter(|document| self.takes(document)) {
            draft.note_read(document.id, self.name());
        }
        let all: Vec<&Document> = documents.iter().collect();
        if all.iter().any(|document| self.takes(document)) {
            self.read_all(&all, draft);
        }
    }

    /// Gets every document: expressions read files of other kinds.
    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        for found in modules(documents, draft) {
            resources::read(&found, documents, draft);
        }
        for document in documents.iter().filter(|document| plan::is_plan(document)) {
            if let Some((at, _)) = &document.tree().broken {
                draft.remark(document.span(*at..*at), "this is no JSON, the plan was not read");
            }
            if let Some(found) = plan::resources(document) {
                resources::read(&found, documents, draft);
            }
        }
    }
}

fn is_code(document: &Document) -> bool {
    let name = document.name();
    [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|end| name.ends_with(end))
}

fn is_values(document: &Document) -> bool {
    let name = document.name();
    name.ends_with(".tfvars") || name.ends_with(".tfvars.json")
}

/// The resources of every module that no other calls, with those of the modules it calls.
fn modules(documents: &[&Document], draft: &mut Draft) -> Vec<Resources> {
    let is_json = |document: &Document| document.name().ends_with(".json");
    let hcl = documents.iter().filter(|d| (is_code(d) || is_values(d)) && !is_json(d));
    let parsed: Vec<Parsed> = hcl.map(|document| files::parse(document, draft)).collect();
    let name_of: BTreeMap<FileId, &str> =
        documents.iter().map(|document| (document.id, document.name())).collect();
    let is_values_file = |file: FileId| name_of.get(&file).is_some_and(|n| n.ends_with(".tfvars"));
    let mut folders: BTreeMap<&str, Module<'_>> = BTreeMap::new();
    for parsed in parsed.iter().filter(|parsed| !is_values_file(parsed.file)) {
        folders.entry(&parsed.folder).or_default().add(parsed);
    }
    for &document in documents.iter().filter(|d| is_code(d) && is_json(d)) {
        if let Some((at, _)) = &document.tree().broken {
            draft.remark(document.span(*at..*at), "this is no JSON, the file was not read");
        }
        folders.entry(document.folder()).or_default().add_json(document);
    }
    let values = values(documents, &parsed, &name_of);
    let roots = roots(&folders);
    let alone = roots.len() == 1;
    roots
        .iter()
        .map(|&root| {
            let texts = documents.iter().map(|d| (d.id, &*d.text)).collect();
            let paths = documents.iter().map(|d| (d.path.as_str(), d.id)).collect();
            let mut eval = Eval::new(texts, paths);
            call(&mut eval, &folders, root, String::new(), None, draft);
            if let Some(top) = eval.instances.first_mut() {
                top.given = values.of(root);
            }
            let all = all_of(&mut eval);
            Resources {
                tree: eval.tree,
                all,
                tongue: Tongue::Terraform,
                tool: TERRAFORM,
                scope: if alone { String::new() } else { root.to_owned() },
                editable: true,
            }
        })
        .collect()
}

/// The folders that no other calls; of those that only call each other, the first.
fn roots<'f>(folders: &BTreeMap<&'f str, Module<'_>>) -> Vec<&'f str> {
    let calls = |from: &str| {
        let module = folders.get(from);
        let calls = module.into_iter().flat_map(|module| module.calls.values());
        calls.filter_map(|(_, folder)| folder.clone()).collect::<Vec<String>>()
    };
    let called: BTreeSet<String> = folders
        .keys()
        .flat_map(|from| calls(from).into_iter().filter(move |to| to != from))
        .collect();
    let mut roots: Vec<&str> =
        folders.keys().copied().filter(|folder| !called.contains(*folder)).collect();
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut next: Vec<String> = roots.iter().map(|&root| root.to_owned()).collect();
    let mut rest = folders.keys();
    loop {
        while let Some(folder) = next.pop() {
            if reached.insert(folder.clone()) {
                next.extend(calls(&folder));
            }
        }
        let Some(left) = rest.by_ref().find(|folder| !reached.contains(**folder)) else {
            return roots;
        };
        roots.push(left);
        next.push((*left).to_owned());
    }
}

/// Follows the calls of a module; gives the number of its instance.
fn call<'f>(
    eval: &mut Eval<'f>,
    folders: &'f BTreeMap<&str, Module<'f>>,
    folder: &str,
    prefix: String,
    caller: Option<(usize, String)>,
    draft: &mut Draft,
) -> Option<usize> {
    let module = folders.get(folder)?;
    if eval.instances.len() >= MOST_CALLS {
        return None;
    }
    let mut above = caller.clone();
    for depth in 0.. {
        let Some((outer, name)) = above else { break };
        let instance = &eval.instances[outer];
        if depth > MOST_DEEP || std::ptr::eq(instance.module, module) {
            let call = caller.as_ref().and_then(|(by, name)| {
                eval.instances[*by].module.calls.get(name).map(|(body, _)| (body.file, body.code))
            });
            if let Some((file, code)) = call {
                let at = match code {
                    Code::Block(body) => body.span().unwrap_or(0..0).start,
                    Code::Json(at) => at.range().start,
                    Code::Expression(_) => 0,
                };
                let says = format!("module {name} calls itself, the call in it was left out");
                draft.remark(Span::new(file, at..at), says);
            }
            return None;
        }
        above = instance.caller.clone();
    }
    let at = eval.instances.len();
    let children = BTreeMap::new();
    let given = BTreeMap::new();
    eval.instances.push(Instance { module, prefix: prefix.clone(), caller, children, given });
    for (name, (_, folder)) in &module.calls {
        let Some(folder) = folder else { continue };
        let prefix = format!("{prefix}module.{name}.");
        let child = call(eval, folders, folder, prefix, Some((at, name.clone())), draft);
        if let Some(child) = child {
            eval.instances[at].children.insert(name.clone(), child);
        }
    }
    Some(at)
}

/// The resources of all instances; those whose `count` is 0 are not made.
fn all_of(eval: &mut Eval<'_>) -> Vec<Resource> {
    let mut all = Vec::new();
    for number in 0..eval.instances.len() {
        let module = eval.instances[number].module;
        if counts_none(eval, number) {
            continue;
        }
        for declared in &module.resources {
            let scope = Scope::new(number, declared.body.file);
            let body = eval.code(scope, declared.body);
            if eval.tree.part(body).get("count").number() == Some(0) {
                continue;
            }
            let prefix = &eval.instances[number].prefix;
            all.push(Resource {
                kind: declared.kind.clone(),
                address: format!("{prefix}{}.{}", declared.kind, declared.name),
                aliases: Vec::new(),
                body,
                at: declared.at,
            });
        }
    }
    all
}

/// True if the module's call, or one around it, is made no times.
fn counts_none(eval: &mut Eval<'_>, instance: usize) -> bool {
    let mut at = instance;
    for _ in 0..=MOST_DEEP {
        let Some((caller, name)) = eval.instances[at].caller.clone() else { return false };
        let module = eval.instances[caller].module;
        let count = module.calls.get(&name).and_then(|(body, _)| match body.code {
            Code::Block(block) => {
                let value = &block.get_attribute("count")?.value;
                Some(Coded { code: Code::Expression(value), file: body.file })
            }
            Code::Json(at) => Some(Coded { code: Code::Json(at.get("count")), file: body.file }),
            Code::Expression(_) => None,
        });
        if let Some(count) = count {
            let node = eval.code(Scope::new(caller, count.file), count);
            if eval.tree.part(node).number() == Some(0) {
                return true;
            }
        }
        at = caller;
    }
    false
}

/// Values of variables from `*.tfvars`, by folder: those that Terraform takes by itself, and those
/// of which one has to be named.
#[derive(Default)]
struct Values<'f> {
    taken: BTreeMap<String, BTreeMap<String, Coded<'f>>>,
    named: BTreeMap<String, BTreeMap<String, Vec<Coded<'f>>>>,
}

fn values<'f>(
    documents: &[&'f Document],
    parsed: &'f [Parsed],
    name_of: &BTreeMap<FileId, &str>,
) -> Values<'f> {
    let mut values = Values::default();
    let mut add = |folder: &str, file: &str, name: &str, value: Coded<'f>| {
        let plain = file.trim_end_matches(".json");
        // terraform.tfvars and *.auto.tfvars are taken without being asked for.
        // https://developer.hashicorp.com/terraform/language/values/variables
        if plain == "terraform.tfvars" || plain.ends_with(".auto.tfvars") {
            values.taken.entry(folder.to_owned()).or_default().insert(name.to_owned(), value);
        } else {
            let named = values.named.entry(folder.to_owned()).or_default();
            named.entry(name.to_owned()).or_default().push(value);
        }
    };
    for parsed in parsed {
        let name = name_of.get(&parsed.file).copied().unwrap_or("");
        if name.ends_with(".tfvars") {
            for attribute in parsed.body.attributes() {
                let value = Coded { code: Code::Expression(&attribute.value), file: parsed.file };
                add(&parsed.folder, name, attribute.key.as_str(), value);
            }
        }
    }
    for &document in documents.iter().filter(|d| d.name().ends_with(".tfvars.json")) {
        for (entry, value) in document.tree().roots().flat_map(crate::tree::At::entries) {
            let value = Coded { code: Code::Json(value), file: document.id };
            add(document.folder(), document.name(), &entry.key, value);
        }
    }
    values
}

impl<'f> Values<'f> {
    /// What a root module is given: files of its folder that are taken by themselves, and files of
    /// its folder and the folders below; where several set the same variable it is not known.
    fn of(&self, root: &str) -> BTreeMap<String, Vec<Coded<'f>>> {
        let mut given: BTreeMap<String, Vec<Coded<'f>>> = BTreeMap::new();
        let below = |folder: &str| {
            folder == root || root.is_empty() || folder.starts_with(&format!("{root}/"))
        };
        for (_, named) in self.named.iter().filter(|(folder, _)| below(folder)) {
            for (name, values) in named {
                given.entry(name.clone()).or_default().extend(values.iter().copied());
            }
        }
        for (name, value) in self.taken.get(root).into_iter().flatten() {
            given.entry(name.clone()).or_insert_with(|| vec![*value]);
        }
        given
    }
}

/// A part that stands for what only the vendor knows.
fn unknown_of(tree: &mut crate::tree::Tree, at: Span, text: &str) -> crate::tree::NodeId {
    tree.add_from(at, Kind::Unknown(text.to_owned()), "")
}

#[cfg(test)]
mod tests {
    use model::config::{Found, Key, Listen, Notation, Value};

    use super::*;
    use crate::{Input, assemble, document};

    const MAIN: &str = r#"resource "aws_lb" "front" {
  subnets = var.subnets
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.front.arn
  port              = 80
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}

resource "aws_lb_target_group" "web" {
  port     = 3000
  protocol = "HTTP"
  vpc_id   = var.vpc
}
"#;

    /// A load balancer whose targets no file registers reaches the program of the folder by its
    /// port, and its idle timeout can be added to its block.
    #[test]
    fn a_target_group_without_targets_reaches_the_program_by_its_port() {
        let inputs = vec![Input { path: "main.tf".to_owned(), text: MAIN.to_owned() }];
        let documents = document::open(inputs);
        let mut draft = Draft::default();
        Terraform.read(&documents, &mut draft);
        let listen = Listen { address: String::new(), port: 3000, tls: false, at: None };
        draft.program_of("").hop.listens.push(listen);
        let sources = documents.into_iter().map(|doc| doc.into_source(&draft)).collect();
        let system = assemble::assemble(draft, sources);
        let [link] = &system.links[..] else { panic!("{}", system.describe()) };
        assert_eq!(link.found, Found::ByPort(3000));
        assert_eq!(system.hop(link.from).name, "aws_lb.front");
        assert_eq!(system.hop(link.to).name, "the program");
        assert_eq!(system.place(link.at.unwrap()), "main.tf:15");
        let idle = link.get(Key::UpstreamIdleTimeout).unwrap();
        assert_eq!(idle.time(), Some(model::Micros::from_secs(60)));
        assert!(!idle.is_written());
        let slot = link.slots.iter().find(|slot| slot.key == Key::UpstreamIdleTimeout).unwrap();
        assert_eq!(slot.notation, Notation::Seconds);
        let edit = slot.fill(&Value::Time(model::Micros::from_secs(4))).unwrap();
        let mut text = MAIN.to_owned();
        text.insert_str(edit.at.start as usize, &edit.text);
        assert!(text.contains("{\n  idle_timeout = 4\n  subnets = var.subnets\n}"), "{text}");
    }

    /// The image of a container is that of the folder which its repository is named after.
    #[test]
    fn a_container_runs_the_program_of_the_folder_its_repository_is_named_after() {
        let text = r#"
resource "aws_ecr_repository" "a" { name = "shop/web" }
resource "aws_ecs_task_definition" "a" {
  container_definitions = jsonencode([{
    name         = "app"
    image        = "${aws_ecr_repository.a.repository_url}:${var.tag}"
    portMappings = [{ containerPort = 3000 }]
  }, { name = "agent", image = "datadog/agent:7" }])
}
resource "aws_ecs_service" "a" { task_definition = aws_ecs_task_definition.a.arn }
resource "aws_instance" "bastion" {}
"#;
        let inputs = vec![Input { path: "infra/main.tf".to_owned(), text: text.to_owned() }];
        let documents = document::open(inputs);
        let mut draft = Draft::default();
        Terraform.read(&documents, &mut draft);
        let product = model::config::Product { name: "Node.js", ..Default::default() };
        draft.program_of("apps/web").hop.products.push(product);
        let sources = documents.into_iter().map(|doc| doc.into_source(&draft)).collect();
        let system = assemble::assemble(draft, sources);
        let service = system.hops.iter().find(|hop| hop.name == "aws_ecs_service.a").unwrap();
        assert!(service.runs("Node.js"), "{}", system.describe());
        assert_eq!(system.hops.len(), 2, "{}", system.describe());
    }

    /// Files that lead into themselves, and expressions that grow, come to an end.
    #[test]
    fn circles_and_bombs_end() {
        let mut text = String::from(
            "module \"m\" {\n source = \"./\"\n}\nlocals {\n a = local.b\n b = local.a\n l0 = \"xx\"\n c0 = [1]\n",
        );
        for n in 1..80 {
            let m = n - 1;
            text.push_str(&format!(" l{n} = \"${{local.l{m}}}${{local.l{m}}}\"\n"));
            text.push_str(&format!(" c{n} = concat(local.c{m}, local.c{m})\n"));
        }
        text.push_str("}\nresource \"aws_lb\" \"x\" {\n idle_timeout = local.a\n name = local.l79\n subnets = local.c79\n}\n");
        let system = crate::read(vec![Input { path: "a.tf".to_owned(), text }]);
        assert!(!system.hops.is_empty());
        let idle = system.hops[0].get(Key::ClientIdleTimeout).unwrap();
        assert!(matches!(idle.value, Value::Unknown(_)), "{idle:?}");
    }
}
