//! One thing described in several places becomes one hop: the program of a folder and the
//! container that runs it, the configuration of a server and the container that is given it.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{Check, Found, Key, Setting, Value};

use super::environment;
use crate::draft::{Draft, DraftId, HopDraft, SettingsFile};

/// Products that run whatever program they are given.
const PLATFORMS: &[&str] = &["Kubernetes", "Cloud Run"];

/// Merges what belongs together; says of each hop whether it became part of another.
pub(crate) fn merge(draft: &mut Draft) -> Vec<bool> {
    let mut gone = vec![false; draft.hops.len()];
    for (source, runner, found) in programs(&draft.hops) {
        let program = draft.hops[source].clone();
        absorb(&mut draft.hops[runner], &program);
        draft.hops[runner].hop.program = found;
        let links: Vec<_> = draft.links.iter().filter(|l| l.from.0 == source).cloned().collect();
        draft.links.extend(links.into_iter().map(|mut link| {
            link.from = DraftId(runner);
            link
        }));
        gone[source] = true;
    }
    settings_elsewhere(&mut draft.hops);
    environment::bind(draft, &gone);
    for (runner, served) in servers(&draft.hops, &gone) {
        let container = draft.hops[runner].clone();
        let listening: Vec<Vec<u16>> = served.iter().map(|&at| ports(&draft.hops[at])).collect();
        for &server in &served {
            let hop = &mut draft.hops[server];
            hop.hop.name = in_container(&container.hop.name, &hop.hop.name);
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

/// The name of a server in a container: people know it by the container's, and by what its file calls
/// it. It does not depend on the other servers, so that adding one renames none.
fn in_container(container: &str, server: &str) -> String {
    const KINDS: [&str; 7] = [
        " server ",
        " VirtualHost ",
        " frontend ",
        " listen ",
        " listener ",
        " site ",
        " entry point ",
    ];
    match KINDS.iter().filter_map(|kind| server.find(kind)).min() {
        Some(at) => format!("{container}{}", &server[at..]),
        None => server.to_owned(),
    }
}

/// What a file sets that was not read is not knowable, and no default stands for it.
fn settings_elsewhere(hops: &mut [HopDraft]) {
    for hop in hops {
        let file = hop.settings_file.take().filter(|file| !was_read(file, hop));
        let Some(file) = file else { continue };
        for (key, name) in file.keys {
            if hop.hop.get(key).is_none() {
                let value = Value::Unknown(file.path.clone());
                hop.hop.settings.set(Setting::written(key, value, name, file.at));
            }
        }
    }
}

/// True if the file is one of those that describe the program.
fn is_file_of(file: &SettingsFile, program: &HopDraft) -> bool {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let outer = folder.strip_suffix("config").map(|outer| outer.trim_end_matches('/'));
    let own = program.folder.as_deref();
    program.hop.runs(file.product) && (own == Some(folder) || (outer.is_some() && own == outer))
}

/// True if the program holds what the file says: it is its own, or settings were read that the command
/// leaves open.
fn was_read(file: &SettingsFile, program: &HopDraft) -> bool {
    let written = |key| program.hop.get(key).is_some_and(Setting::is_written);
    let any = file.keys.iter().any(|(key, _)| written(*key));
    is_file_of(file, program) || (program.hop.runs(file.product) && any)
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
    let read = |file: &SettingsFile| was_read(file, program);
    if runner.settings_file.as_ref().is_some_and(read) {
        runner.settings_file = None;
    }
    runner.settings_file = runner
        .settings_file
        .take()
        .or_else(|| program.settings_file.clone().filter(|file| !read(file)));
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
    runner.timers.extend(program.timers.iter().copied());
    runner.port_variable = runner.port_variable.take().or_else(|| program.port_variable.clone());
}

/// Which program runs in which hop, and how that is known: named by its folder, or by the name of its
/// image, else the only program and the only hop of which nothing is known.
fn programs(hops: &[HopDraft]) -> Vec<(usize, usize, Found)> {
    let of = |wanted: fn(&HopDraft) -> bool| {
        hops.iter().enumerate().filter(move |(_, hop)| wanted(hop)).map(|(at, _)| at)
    };
    let sources: Vec<usize> = of(|hop| hop.is_source).collect();
    let runners: Vec<usize> = of(|hop| !hop.is_source && hop.configured_by.is_none()).collect();
    // The same program may run in several places: on a developer's machine and in the cloud.
    let mut by_folder: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut by_image: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &runner in &runners {
        let hop = &hops[runner];
        let image = || hop.image.as_deref().map(image_name);
        if let Some(folder) = hop.folder.as_deref() {
            by_folder.entry(folder).or_default().push(runner);
        } else if let Some(image) = image() {
            by_image.entry(image).or_default().push(runner);
        }
    }
    let mut pairs = Vec::new();
    for &source in &sources {
        let folder = hops[source].folder.as_deref().unwrap_or("");
        let by_name = own_names(folder).into_iter().filter_map(|name| by_image.get(name));
        let found = by_folder.get(folder).into_iter().chain(by_name).flatten();
        let mut found: Vec<usize> = found.copied().collect();
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            let by_file = |&&at: &&usize| {
                let file = hops[at].settings_file.as_ref();
                hops[at].folder.is_none()
                    && file.is_some_and(|file| is_file_of(file, &hops[source]))
            };
            found = runners.iter().filter(by_file).copied().collect();
        }
        pairs.extend(found.into_iter().map(|runner| (source, runner, Found::Stated)));
    }
    let paired: BTreeSet<usize> =
        pairs.iter().flat_map(|(source, runner, _)| [*source, *runner]).collect();
    let free_source: Vec<usize> =
        sources.into_iter().filter(|source| !paired.contains(source)).collect();
    let free_runner: Vec<usize> = runners
        .into_iter()
        .filter(|runner| !paired.contains(runner))
        .filter(|&r| {
            let hop = &hops[r];
            hop.hop.task == model::config::Task::App
                && !hop.is_one_of_several
                && hop.hop.products.iter().all(|product| PLATFORMS.contains(&product.name))
                && hop.folder.is_none()
                && hop.image.as_deref().is_none_or(is_own_image)
        })
        .collect();
    if let ([source], [runner]) = (&free_source[..], &free_runner[..]) {
        pairs.push((*source, *runner, Found::ByElimination));
    }
    pairs
}

/// Folders within a project that say nothing of which project it is.
const WITHIN: &[&str] = &["app", "code", "docker", "source", "src"];

/// The names that a folder gives its program: its own, and that of the project it is the code of.
fn own_names(folder: &str) -> Vec<&str> {
    let names: Vec<&str> = folder.rsplit('/').filter(|name| !name.is_empty()).collect();
    let within = names.first().is_some_and(|own| WITHIN.contains(own));
    names.into_iter().take(if within { 2 } else { 1 }).collect()
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

/// Whether a container runs the server that a configuration is of; `None` if nothing says what it
/// runs.
fn shares_product(runner: &HopDraft, server: &HopDraft) -> Option<bool> {
    let mut own =
        runner.hop.products.iter().filter(|product| {
            !PLATFORMS.contains(&product.name) && product.name != "Docker Compose"
        });
    let servers = &server.hop.products;
    own.next().map(|first| {
        let is = |name: &str| servers.iter().any(|product| product.name == name);
        is(first.name) || own.any(|product| is(product.name))
    })
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
        let is_given = |server: usize, file: &str| {
            hops[runner].given.iter().any(|given| {
                let below = |inner: &str, outer: &str| {
                    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
                };
                if file != given && !below(file, given) && !below(given, file) {
                    return false;
                }
                let same = shares_product(&hops[runner], &hops[server]);
                // A configuration may be a folder of files, of which a container is given some. One
                // that is given a whole project does not run everything in it.
                let own = file.rsplit_once('/').map_or("", |(folder, _)| folder);
                let near = same == Some(true) || own == given;
                same != Some(false)
                    && (file == given || (below(file, given) && near) || below(given, file))
            })
        };
        let served = configured.iter().filter(|(at, file)| is_given(*at, file));
        let served: Vec<usize> = served.map(|(at, _)| *at).collect();
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

#[cfg(test)]
mod tests {
    use super::in_container;

    #[test]
    fn servers_are_known_by_their_container() {
        assert_eq!(in_container("edge", "nginx.conf server :80"), "edge server :80");
        assert_eq!(
            in_container("edge", "site.conf VirtualHost a.example"),
            "edge VirtualHost a.example"
        );
        assert_eq!(in_container("edge", "something else"), "something else");
    }
}
