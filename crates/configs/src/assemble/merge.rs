//! One thing described in several places becomes one hop: the program of a folder and the
//! container that runs it, the configuration of a server and the container that is given it.

use model::config::{Check, Key};

use super::environment;
use crate::draft::{Draft, DraftId, HopDraft};

/// Products that run whatever program they are given.
const PLATFORMS: &[&str] = &["Kubernetes", "Cloud Run"];

/// Merges what belongs together; says of each hop whether it became part of another.
pub(crate) fn merge(draft: &mut Draft) -> Vec<bool> {
    let mut gone = vec![false; draft.hops.len()];
    for (source, runner) in programs(&draft.hops) {
        let program = draft.hops[source].clone();
        absorb(&mut draft.hops[runner], &program);
        let links: Vec<_> = draft.links.iter().filter(|l| l.from.0 == source).cloned().collect();
        draft.links.extend(links.into_iter().map(|mut link| {
            link.from = DraftId(runner);
            link
        }));
        gone[source] = true;
    }
    environment::bind(draft, &gone);
    for (runner, served) in servers(&draft.hops, &gone) {
        let container = draft.hops[runner].clone();
        let listening: Vec<Vec<u16>> = served.iter().map(|&at| ports(&draft.hops[at])).collect();
        for &server in &served {
            let hop = &mut draft.hops[server];
            hop.names.extend(container.names.iter().cloned());
            hop.labels = hop.labels.take().or_else(|| container.labels.clone());
            hop.filters.extend(container.filters.iter().cloned());
            hop.subnets.extend(container.subnets.iter().cloned());
            hop.hop.settings.inherit(&container.hop.settings);
            // A check of a port is one of the servers that listen there, if any does.
            let own = ports(hop);
            let is_own = |check: &&Check| {
                let port = check.settings.count(Key::CheckPort);
                let port = port.and_then(|port| u16::try_from(port).ok());
                port.is_none_or(|port| {
                    own.contains(&port) || !listening.iter().any(|ports| ports.contains(&port))
                })
            };
            hop.hop.checks.extend(container.hop.checks.iter().filter(is_own).cloned());
            hop.hop.slots.extend(container.hop.slots.iter().cloned());
            for product in &container.hop.products {
                match hop.hop.products.iter_mut().find(|had| had.name == product.name) {
                    Some(had) if had.version.is_empty() => *had = product.clone(),
                    Some(_) => {}
                    None => hop.hop.products.push(product.clone()),
                }
            }
        }
        gone[runner] = true;
    }
    draft.links.retain(|link| !gone[link.from.0]);
    gone
}

/// The ports a hop listens on.
fn ports(hop: &HopDraft) -> Vec<u16> {
    hop.hop.listens.iter().map(|listen| listen.port).collect()
}

/// Puts what is known of a program into the hop that runs it.
fn absorb(runner: &mut HopDraft, program: &HopDraft) {
    let (hop, of) = (&mut runner.hop, &program.hop);
    // What runs comes before what runs it.
    let mut products = Vec::new();
    for product in &of.products {
        if !hop.products.iter().any(|had| had.name == product.name && !had.version.is_empty()) {
            hop.products.retain(|had| had.name != product.name);
            products.push(product.clone());
        }
    }
    products.append(&mut hop.products);
    hop.products = products;
    // A worker shares the image with the server, and none of what makes it one.
    if !runner.is_worker {
        serve(runner, program);
    }
    runner.given.extend(program.given.iter().cloned());
    for variable in &program.environment {
        // What runs the program has the last word.
        if runner.environment.iter().all(|had| had.name != variable.name) {
            runner.environment.push(variable.clone());
        }
    }
}

/// Puts what is known of a program as a server into the hop that runs it.
fn serve(runner: &mut HopDraft, program: &HopDraft) {
    let (hop, of) = (&mut runner.hop, &program.hop);
    hop.settings.inherit(&of.settings);
    // What a program says of itself counts more than what is declared around it.
    let better = program.listens_known && !runner.listens_known && !of.listens.is_empty();
    if hop.listens.is_empty() || better {
        hop.listens.clone_from(&of.listens);
        runner.listens_known = program.listens_known;
    }
    hop.checks.extend(of.checks.iter().cloned());
    hop.slots.extend(of.slots.iter().cloned());
    runner.port_variable = runner.port_variable.take().or_else(|| program.port_variable.clone());
}

/// Which program runs in which hop: named by its folder, else by the name of its image, else the
/// only program and the only hop of which nothing is known.
fn programs(hops: &[HopDraft]) -> Vec<(usize, usize)> {
    let of = |wanted: fn(&HopDraft) -> bool| {
        hops.iter().enumerate().filter(move |(_, hop)| wanted(hop)).map(|(at, _)| at)
    };
    let sources: Vec<usize> = of(|hop| hop.is_source).collect();
    let runners: Vec<usize> = of(|hop| !hop.is_source && hop.configured_by.is_none()).collect();
    let mut pairs = Vec::new();
    for &source in &sources {
        let folder = hops[source].folder.as_deref().unwrap_or("");
        let by_folder = |&&at: &&usize| hops[at].folder.as_deref() == Some(folder);
        let name = folder.rsplit('/').next().unwrap_or("");
        let by_image = |&&at: &&usize| {
            let image = hops[at].image.as_deref().map(image_name);
            hops[at].folder.is_none() && !name.is_empty() && image == Some(name)
        };
        let mut found: Vec<usize> = runners.iter().filter(by_folder).copied().collect();
        if found.is_empty() {
            found = runners.iter().filter(by_image).copied().collect();
        }
        pairs.extend(found.into_iter().map(|runner| (source, runner)));
    }
    let free_source: Vec<usize> =
        sources.into_iter().filter(|s| pairs.iter().all(|(source, _)| source != s)).collect();
    let free_runner: Vec<usize> = runners
        .into_iter()
        .filter(|r| pairs.iter().all(|(_, runner)| runner != r))
        .filter(|&r| {
            let hop = &hops[r];
            hop.hop.task == model::config::Task::App
                && hop.hop.products.iter().all(|product| PLATFORMS.contains(&product.name))
                && hop.folder.is_none()
                && hop.image.as_deref().is_none_or(is_own_image)
        })
        .collect();
    if let ([source], [runner]) = (&free_source[..], &free_runner[..]) {
        pairs.push((*source, *runner));
    }
    pairs
}

/// The last part of an image's name, without registry, tag and digest.
fn image_name(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split(':').next().unwrap_or(last)
}

/// True if the image may be the project's own: images of others have no registry of one's own, and
/// no variable in their names.
fn is_own_image(image: &str) -> bool {
    image.contains('/') || image.contains('$') || image.contains('{')
}

/// Which hops, read from a server's configuration, run in which container.
fn servers(hops: &[HopDraft], gone: &[bool]) -> Vec<(usize, Vec<usize>)> {
    let alive = |at: usize| !gone[at];
    let configured: Vec<(usize, &str)> = hops
        .iter()
        .enumerate()
        .filter(|(at, _)| alive(*at))
        .filter_map(|(at, hop)| Some((at, hop.configured_by.as_deref()?)))
        .collect();
    let mut pairs = Vec::new();
    let mut taken = Vec::new();
    let runners = || {
        (0..hops.len())
            .filter(|&at| alive(at) && !hops[at].is_source && hops[at].configured_by.is_none())
    };
    for runner in runners() {
        let is_given = |file: &str| {
            hops[runner].given.iter().any(|given| {
                let below = |inner: &str, outer: &str| {
                    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
                };
                // A configuration may be a folder of files, of which a container is given some.
                file == given || below(file, given) || below(given, file)
            })
        };
        let served: Vec<usize> =
            configured.iter().filter(|(_, file)| is_given(file)).map(|(at, _)| *at).collect();
        if !served.is_empty() {
            taken.extend(served.iter().copied());
            pairs.push((runner, served));
        }
    }
    // The only container of a product and the only configuration of it belong together.
    let free: Vec<(usize, &str)> =
        configured.into_iter().filter(|(at, _)| !taken.contains(at)).collect();
    let product_of = |at: usize| hops[at].hop.products.first().map(|product| product.name);
    let mut products: Vec<&str> = free.iter().filter_map(|(at, _)| product_of(*at)).collect();
    products.sort_unstable();
    products.dedup();
    for product in products {
        let served: Vec<usize> =
            free.iter().map(|(at, _)| *at).filter(|&at| product_of(at) == Some(product)).collect();
        let of_product = free.iter().filter(|(at, _)| product_of(*at) == Some(product));
        let mut files: Vec<&str> = of_product.map(|(_, file)| *file).collect();
        files.dedup();
        let candidates: Vec<usize> = runners()
            .filter(|at| pairs.iter().all(|(runner, _)| runner != at))
            .filter(|&at| hops[at].hop.runs(product))
            .collect();
        if let ([runner], [_]) = (&candidates[..], &files[..]) {
            pairs.push((*runner, served));
        }
    }
    pairs
}
