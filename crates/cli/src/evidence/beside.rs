//! Which of the inputs are configuration, and the system they and the files of `--config` describe.

use std::cell::Cell;
use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use configs::Input;
use dialects::reader::{HEAD_BYTES, Options, Profile};
use model::config::{FileId, Settings, Span, System};

use crate::check::today;
use crate::check::{gather, names};

/// Largest file among the logs that is taken for configuration, in bytes; larger ones have to be named.
const LARGEST: u64 = 4 << 20;

/// Bytes of files among the logs that are taken for configuration, together.
const MOST_BYTES: u64 = 64 << 20;

/// The configuration of one run of `diagnose`.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// What it describes; nothing if there is none.
    pub(crate) system: System,
    /// Files among the inputs that are configuration and no logs, by their real paths.
    pub(crate) apart: HashSet<PathBuf>,
    /// Where it was found, for `check`.
    pub(crate) paths: Vec<String>,
}

impl Beside {
    /// Whether any configuration was read.
    pub(crate) fn is_there(&self) -> bool {
        self.system.files.iter().any(|file| !file.read_as.is_empty())
    }
}

/// Reads the files that are named as configuration, and those among the inputs that are. With `look`
/// false no input is taken for configuration.
///
/// # Errors
/// If a file that was named as configuration cannot be read.
pub(crate) fn beside(inputs: &[PathBuf], named: &[PathBuf], look: bool) -> Result<Beside> {
    let mut beside = Beside::default();
    let mut given = Vec::new();
    let mut bases = Vec::new();
    if !named.is_empty() {
        let gathered = gather::gather(named)?;
        bases.push(gathered.base().to_owned());
        given = gathered.into_files();
    }
    for (path, _) in &given {
        beside.apart.insert(real(path));
    }
    named.iter().for_each(|path| beside.name(path));
    let mut found: Vec<(PathBuf, PathBuf, Input)> = Vec::new();
    let left = Cell::new(MOST_BYTES);
    let is_wanted = |path: &Path| {
        let Ok(size) = fs::metadata(path).map(|file| file.len()) else { return false };
        let is_wanted = size <= LARGEST.min(left.get()) && !is_log(path);
        left.set(left.get() - if is_wanted { size } else { 0 });
        is_wanted
    };
    let mut seen = beside.apart.clone();
    for argument in inputs.iter().filter(|_| look).flat_map(|input| matches(input)) {
        let gathered = gather::among(&argument, &is_wanted);
        let base = gathered.base().to_owned();
        let files = gathered.into_files();
        if !files.is_empty() {
            bases.push(base);
        }
        for (path, input) in files {
            if seen.insert(real(&path)) {
                found.push((argument.clone(), path, input));
            }
        }
    }
    if given.is_empty() && found.is_empty() {
        return Ok(beside);
    }
    let given_names: BTreeSet<&str> = given.iter().map(|(_, input)| input.path.as_str()).collect();
    let all = found.iter().map(|(_, _, input)| input).chain(given.iter().map(|(_, input)| input));
    let mut system = configs::read_below(&names::common(&bases), all.cloned().collect());
    let cited = cited(&system);
    // Code and data that state nothing of a path are no configuration, though a reader knows them.
    let readers = configs::reader_names();
    for (number, file) in (0..).zip(&mut system.files) {
        let tells = readers.contains(&file.read_as) || cited.contains(&FileId(number));
        if !tells && !given_names.contains(file.name.as_str()) {
            file.read_as = "";
        }
    }
    let read: BTreeSet<&str> = system
        .files
        .iter()
        .filter(|file| !file.read_as.is_empty())
        .map(|file| file.name.as_str())
        .collect();
    found.retain(|(_, _, input)| read.contains(input.path.as_str()));
    for (argument, path, _) in found {
        beside.apart.insert(real(&path));
        beside.name(&argument);
    }
    system.today = today::today();
    beside.system = system;
    Ok(beside)
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

impl Beside {
    fn name(&mut self, path: &Path) {
        let name = path.display().to_string();
        if !self.paths.contains(&name) {
            self.paths.push(name);
            self.paths.sort();
        }
    }
}

/// The paths that an argument stands for.
fn matches(argument: &Path) -> Vec<PathBuf> {
    if argument.symlink_metadata().is_ok() {
        return vec![argument.to_owned()];
    }
    let pattern = argument.display().to_string();
    let mut paths: Vec<PathBuf> =
        glob::glob(&pattern).into_iter().flatten().filter_map(Result::ok).collect();
    paths.sort();
    paths
}

/// Whether its beginning is that of a log.
fn is_log(path: &Path) -> bool {
    let mut head = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
    read.is_err() || Profile::of(&head, &Options::default()).dialects().next().is_some()
}

/// The files that hops, links, filters and remarks of the system point to.
fn cited(system: &System) -> BTreeSet<FileId> {
    let mut files = BTreeSet::new();
    let mut add = |span: Option<Span>| files.extend(span.map(|span| span.file));
    let of = |settings: &Settings| -> Vec<Option<Span>> {
        settings.iter().map(model::config::Setting::span).collect()
    };
    for hop in &system.hops {
        add(hop.at);
        hop.products.iter().for_each(|product| add(product.version_at));
        hop.listens.iter().for_each(|listen| add(listen.at));
        of(&hop.settings).into_iter().for_each(&mut add);
        hop.checks.iter().for_each(|check| add(check.at));
    }
    for link in &system.links {
        add(link.at);
        of(&link.settings).into_iter().for_each(&mut add);
        link.checks.iter().for_each(|check| add(check.at));
    }
    system.filters.iter().for_each(|filter| add(filter.at));
    system.subnets.iter().for_each(|subnet| add(subnet.at));
    files
}
