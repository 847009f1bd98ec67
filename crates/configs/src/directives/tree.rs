//! Configurations: main files with everything they include put in its place.

use std::collections::{BTreeMap, BTreeSet};

use super::includes::folder;
use super::{Directive, Fault, File, Parsed};

/// Includes and blocks nested deeper than this are left out.
const MOST_DEEP: usize = 48;

/// Directives of one configuration, with every copy that includes make.
const MOST_DIRECTIVES: usize = 300_000;

/// Includes followed of one configuration, and of all files together to see which are included.
const MOST_INCLUDES: usize = 3_000;

/// What a server's grammar and its habits are.
pub(crate) struct Grammar {
    /// Reads a file: its text, its number, and where it begins in its document.
    pub(crate) parse: fn(&str, usize, usize) -> Parsed,
    /// The pattern of an include, if the directive is one.
    pub(crate) include: fn(&Directive) -> Option<&str>,
    /// Which files a pattern means: in the configuration of this main file, written in this file.
    pub(crate) included: fn(&[File], &str, usize, usize) -> Vec<usize>,
    /// True if a pattern may mean no file, or files that set nothing that matters here.
    pub(crate) may_lack: fn(&Directive, &str) -> bool,
    /// True for a main file.
    pub(crate) is_main: fn(&[Directive]) -> bool,
    /// True for a file that holds servers.
    pub(crate) has_servers: fn(&[Directive]) -> bool,
}

/// One configuration: what one server reads.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// Its main file; of several files without one, the first.
    pub(crate) main: usize,
    /// The files that stand at its top: one, or those of a folder such as `conf.d` that nobody here
    /// includes.
    pub(crate) tops: Vec<usize>,
    /// Its directives.
    pub(crate) directives: Vec<Directive>,
}

/// Something to remark: a file, a place in it, and what.
pub(crate) type Note = (usize, std::ops::Range<usize>, String);

/// Reads all files and puts them together.
pub(crate) fn configurations(
    grammar: &Grammar,
    files: &[File],
    text: impl Fn(usize) -> String,
) -> (Vec<Configuration>, Vec<Note>) {
    let mut notes: Vec<Note> = Vec::new();
    let mut parsed = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let (directives, fault) = (grammar.parse)(&text(number), number, file.range.start);
        if let Some(Fault { at, says }) = fault {
            notes.push((number, at, says.to_owned()));
        }
        parsed.push(directives);
    }
    let Tops { groups, mut adopted } = tops(grammar, files, &parsed);
    let mut configurations = Vec::new();
    for tops in groups {
        let main = tops[0];
        let mut reading = Reading {
            grammar,
            files,
            parsed: &parsed,
            main,
            left: MOST_DIRECTIVES,
            includes: MOST_INCLUDES,
            adopted: adopted.remove(&main).unwrap_or_default(),
            notes: &mut notes,
        };
        let mut directives = Vec::new();
        for &top in &tops {
            let mut open = vec![top];
            reading.expand(&parsed[top], &mut open, 0, &mut directives);
        }
        configurations.push(Configuration { main, tops, directives });
    }
    notes.sort_by(|a, b| (a.0, a.1.start, &a.2).cmp(&(b.0, b.1.start, &b.2)));
    notes.dedup();
    (configurations, notes)
}

/// Where configurations begin.
struct Tops {
    /// The files that nobody includes, those that belong to one nginx together.
    groups: Vec<Vec<usize>>,
    /// Files that lie beside a main file whose include of a folder finds nothing: on the server they
    /// are in that folder.
    adopted: BTreeMap<usize, Vec<usize>>,
}

fn tops(grammar: &Grammar, files: &[File], parsed: &[Vec<Directive>]) -> Tops {
    let mains: Vec<usize> = (0..files.len()).filter(|&at| (grammar.is_main)(&parsed[at])).collect();
    let mut includes: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); files.len()];
    let mut lacking: BTreeSet<usize> = BTreeSet::new();
    let mut left = MOST_INCLUDES;
    for (from, directives) in parsed.iter().enumerate() {
        // What a file includes depends on the main file only by its folder.
        let main = mains
            .iter()
            .copied()
            .find(|&main| files[main].document == files[from].document && files[from].dumped)
            .or_else(|| nearest(files, &mains, from))
            .unwrap_or(from);
        each_include(grammar, directives, &mut |pattern| {
            if left > 0 {
                left -= 1;
                let found = (grammar.included)(files, pattern, main, from);
                if found.is_empty() && is_set(pattern) {
                    lacking.insert(from);
                }
                includes[from].extend(found);
            }
        });
    }
    let mut free: Vec<usize> = Vec::new();
    let mut reached: BTreeSet<usize> = BTreeSet::new();
    // Files that nobody includes come first; what then is not reached includes itself in a circle.
    let is_included =
        |at: usize| includes.iter().enumerate().any(|(from, to)| from != at && to.contains(&at));
    let (first, mut rest): (Vec<usize>, Vec<usize>) =
        (0..files.len()).partition(|&at| !is_included(at));
    rest.sort_by_key(|at| !mains.contains(at));
    for at in first.into_iter().chain(rest) {
        if reached.contains(&at) {
            continue;
        }
        free.push(at);
        let mut next = vec![at];
        while let Some(at) = next.pop() {
            if reached.insert(at) {
                next.extend(includes[at].iter().copied());
            }
        }
    }
    free.sort_unstable();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut adopted: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in free {
        let file = &files[at];
        if is_switched_off(files, at) {
            continue;
        }
        let may_join = !file.dumped && !(grammar.is_main)(&parsed[at]);
        let main = nearest(files, &mains, at).filter(|main| lacking.contains(main) && may_join);
        if let Some(main) = main.filter(|_| (grammar.has_servers)(&parsed[at])) {
            adopted.entry(main).or_default().push(at);
            continue;
        }
        let beside = groups.iter_mut().find(|group| {
            let first = group[0];
            may_join
                && is_folder_of_sites(folder(&file.path))
                && !(grammar.is_main)(&parsed[first])
                && folder(&files[first].path) == folder(&file.path)
        });
        match beside {
            Some(group) => group.push(at),
            // What is left of a dump is never read by the server.
            None if file.dumped && at > 0 && files[at - 1].document == file.document => {}
            None => groups.push(vec![at]),
        }
    }
    Tops { groups, adopted }
}

/// True for a file of `sites-available` and its like that is not enabled: Debian's layout, where the
/// server reads `sites-enabled` only.
fn is_switched_off(files: &[File], at: usize) -> bool {
    let Some(kind) = folder(&files[at].path).strip_suffix("-available") else { return false };
    let enabled = format!("{kind}-enabled/");
    files.iter().any(|file| file.path.starts_with(&enabled))
}

/// True for an include of all files of a folder that holds servers.
fn is_set(pattern: &str) -> bool {
    pattern.contains('*') && is_folder_of_sites(folder(pattern))
}

fn is_folder_of_sites(folder: &str) -> bool {
    let last = folder.rsplit('/').next().unwrap_or("");
    matches!(
        last,
        "conf.d" | "http.d" | "templates" | "default.d" | "vhosts" | "vhosts.d" | "servers"
    ) || last.starts_with("sites-")
}

/// The main file in the nearest folder around a file.
fn nearest(files: &[File], mains: &[usize], from: usize) -> Option<usize> {
    let path = &files[from].path;
    mains
        .iter()
        .copied()
        .filter(|&main| {
            let around = folder(&files[main].path);
            let below = || path.strip_prefix(around).is_some_and(|rest| rest.starts_with('/'));
            around.is_empty() || below()
        })
        .max_by_key(|&main| folder(&files[main].path).len())
}

fn each_include(grammar: &Grammar, directives: &[Directive], tell: &mut impl FnMut(&str)) {
    for directive in directives {
        if let Some(pattern) = (grammar.include)(directive) {
            tell(pattern);
        }
        // Bounded by the parser's own bound on nesting.
        each_include(grammar, &directive.block, tell);
    }
}

struct Reading<'r> {
    grammar: &'r Grammar,
    files: &'r [File],
    parsed: &'r [Vec<Directive>],
    main: usize,
    left: usize,
    includes: usize,
    adopted: Vec<usize>,
    notes: &'r mut Vec<Note>,
}

impl Reading<'_> {
    /// Copies directives, with what they include in place of each `include`.
    fn expand(
        &mut self,
        from: &[Directive],
        open: &mut Vec<usize>,
        depth: usize,
        out: &mut Vec<Directive>,
    ) {
        for directive in from {
            if self.left == 0 {
                let says = "with all its includes the configuration is too large; the rest was not \
                            read";
                self.note(directive, says);
                return;
            }
            self.left -= 1;
            if depth >= MOST_DEEP {
                self.note(
                    directive,
                    "blocks and includes are nested too deeply; this was not read",
                );
                return;
            }
            if let Some(pattern) = (self.grammar.include)(directive) {
                self.include(directive, pattern, open, depth, out);
                continue;
            }
            let mut copy = Directive {
                file: directive.file,
                words: directive.words.clone(),
                at: directive.at.clone(),
                opens: directive.opens,
                block: Vec::new(),
            };
            self.expand(&directive.block, open, depth + 1, &mut copy.block);
            out.push(copy);
        }
    }

    fn include(
        &mut self,
        directive: &Directive,
        pattern: &str,
        open: &mut Vec<usize>,
        depth: usize,
        out: &mut Vec<Directive>,
    ) {
        if self.includes == 0 {
            self.note(directive, "there are too many includes; this one was left out");
            return;
        }
        self.includes -= 1;
        let included = self.grammar.included;
        let mut found = included(self.files, pattern, self.main, directive.file);
        if found.is_empty() && is_set(pattern) {
            found = std::mem::take(&mut self.adopted);
        }
        if found.is_empty() && !(self.grammar.may_lack)(directive, pattern) {
            let says = format!("`{pattern}` is not among the files; it was left out");
            self.notes.push((directive.file, directive.at.clone(), says));
        }
        for at in found {
            if open.contains(&at) {
                let path = &self.files[at].path;
                let says = format!("`{path}` includes itself; it was left out here");
                self.notes.push((directive.file, directive.at.clone(), says));
                continue;
            }
            open.push(at);
            self.expand(&self.parsed[at], open, depth + 1, out);
            open.pop();
        }
    }

    fn note(&mut self, directive: &Directive, says: &str) {
        self.notes.push((directive.file, directive.at.clone(), says.to_owned()));
    }
}
