//! What a Caddyfile says once imports, snippets and named routes have been put in their places.
//!
//! <https://caddyserver.com/docs/caddyfile/directives/import>.

use std::collections::{BTreeMap, BTreeSet};

use model::config::Span;

use super::lex::{self, Block, Line, Word};
use crate::directives::includes;
use crate::document::Document;
use crate::draft::Draft;

/// Snippets and files that import each other deeper than this are left out.
const MOST_DEEP: usize = 16;

/// Lines of one configuration, with every copy that imports make.
const MOST_LINES: usize = 200_000;

/// The lines of every file, as they are written.
pub(super) struct Files<'d> {
    documents: &'d [Document],
    lines: BTreeMap<usize, Vec<Line>>,
}

impl<'d> Files<'d> {
    /// No file read yet.
    pub(super) fn new(documents: &'d [Document]) -> Files<'d> {
        Files { documents, lines: BTreeMap::new() }
    }

    /// Reads a file, once, and notes what is wrong with it.
    pub(super) fn open(&mut self, at: usize, draft: &mut Draft) {
        if self.lines.contains_key(&at) {
            return;
        }
        let document = &self.documents[at];
        let (lines, faults) = lex::lines(&document.text, document.id);
        for fault in faults {
            draft.remark(document.span(fault.at), fault.says);
        }
        self.lines.insert(at, lines);
    }

    /// The lines of a file that was read.
    pub(super) fn lines(&self, at: usize) -> &[Line] {
        self.lines.get(&at).map_or(&[], Vec::as_slice)
    }

    /// Which files an import means.
    pub(super) fn meant(&self, pattern: &str, main: usize, from: usize) -> Vec<usize> {
        let paths: Vec<Option<&str>> =
            self.documents.iter().map(|document| Some(document.path.as_str())).collect();
        includes::included(&paths, pattern, main, from)
    }
}

/// The imports of files in these lines, at any depth.
pub(super) fn imports(lines: &[Line]) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open: Vec<&Line> = lines.iter().collect();
    while let Some(line) = open.pop() {
        if line.name() == "import" {
            found.push(line.text(1));
        }
        open.extend(line.lines());
    }
    found
}

/// Imports followed of one configuration.
const MOST_IMPORTS: usize = 3_000;

/// Arguments of an import that are put in, and letters of a word beyond which nothing more is: each
/// import could make the words of the next one longer.
const MOST_ARGS: usize = 32;
const MOST_LETTERS: usize = 4_096;

/// What an import hands on.
struct Given<'l> {
    args: &'l [Word],
    block: &'l [Line],
}

/// One configuration while its parts are put together.
pub(super) struct Expansion<'f, 'd> {
    files: &'f Files<'d>,
    main: usize,
    snippets: BTreeMap<String, Vec<Line>>,
    routes: BTreeMap<String, Vec<Line>>,
    left: usize,
    imports: usize,
    notes: Vec<(Span, String)>,
}

impl<'f, 'd> Expansion<'f, 'd> {
    /// The configuration of a main file: the block of global options and the sites.
    pub(super) fn of(files: &'f Files<'d>, main: usize, draft: &mut Draft) -> Vec<Line> {
        let mut own = Expansion {
            files,
            main,
            snippets: BTreeMap::new(),
            routes: BTreeMap::new(),
            left: MOST_LINES,
            imports: MOST_IMPORTS,
            notes: Vec::new(),
        };
        own.gather(files.lines(main), &mut BTreeSet::new(), MOST_DEEP);
        let mut out = Vec::new();
        let given = Given { args: &[], block: &[] };
        own.expand(files.lines(main), &given, &mut Vec::new(), &mut out);
        out.retain(|line| !is_definition(line));
        for (at, says) in own.notes {
            draft.remark(at, says);
        }
        out
    }

    /// Snippets and named routes of a file, and of the files that it imports at its top.
    fn gather(&mut self, lines: &[Line], gathered: &mut BTreeSet<usize>, depth: usize) {
        for line in lines {
            let name = line.name();
            let inner = |text: &str| text.strip_suffix(')').map(str::to_owned);
            if let Some(name) = name.strip_prefix('(').and_then(inner) {
                self.snippets.entry(name).or_insert_with(|| line.lines().to_vec());
            } else if let Some(name) = name.strip_prefix("&(").and_then(inner) {
                self.routes.entry(name).or_insert_with(|| line.lines().to_vec());
            } else if name == "import" && line.words.len() > 1 && depth > 0 {
                let from = line.words[0].at.file.0 as usize;
                for at in self.files.meant(line.text(1), self.main, from) {
                    if gathered.insert(at) {
                        self.gather(self.files.lines(at), gathered, depth - 1);
                    }
                }
            }
        }
    }

    fn expand(
        &mut self,
        lines: &[Line],
        given: &Given<'_>,
        open: &mut Vec<String>,
        out: &mut Vec<Line>,
    ) {
        for line in lines {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            if self.left == 0 {
                let says = "with all its imports the configuration is too large; the rest was \
                            not read";
                self.notes.push((line.span(), says.to_owned()));
                return;
            }
            let words = substituted(&line.words, given.args);
            match line.name() {
                "{block}" if line.words.len() == 1 => {
                    let none = Given { args: &[], block: &[] };
                    self.expand(given.block, &none, open, out);
                }
                "import" if words.len() > 1 => {
                    let mut block = Vec::new();
                    self.expand(line.lines(), given, open, &mut block);
                    self.import(line, &words, &block, open, out);
                }
                "invoke" if words.len() > 1 && self.routes.contains_key(&words[1].text) => {
                    let name = words[1].text.clone();
                    let body = self.routes.get(&name).cloned().unwrap_or_default();
                    let none = Given { args: &[], block: &[] };
                    self.enter(format!("&({name})"), line, open, |own, open| {
                        own.expand(&body, &none, open, out);
                    });
                }
                _ => {
                    let block = line.block.as_ref().map(|block| {
                        let mut lines = Vec::new();
                        self.expand(&block.lines, given, open, &mut lines);
                        Block { opens: block.opens, lines }
                    });
                    out.push(Line { words, block });
                }
            }
        }
    }

    fn import(
        &mut self,
        line: &Line,
        words: &[Word],
        block: &[Line],
        open: &mut Vec<String>,
        out: &mut Vec<Line>,
    ) {
        let pattern = words[1].text.as_str();
        let given = Given { args: &words[2..], block };
        let from = line.words[0].at.file.0 as usize;
        if let Some(body) = self.snippets.get(pattern).cloned() {
            self.enter(format!("({pattern})"), line, open, |own, open| {
                own.expand(&body, &given, open, out);
            });
            return;
        }
        let files = self.files;
        let found = files.meant(pattern, self.main, from);
        if found.is_empty() && !pattern.contains('*') {
            let says = format!("`{pattern}` is not among the files; it was left out");
            self.notes.push((line.span(), says));
        }
        for at in found {
            self.enter(files.documents[at].path.clone(), line, open, |own, open| {
                own.expand(files.lines(at), &given, open, out);
            });
        }
    }

    /// Goes into what an import names, unless that is what is being put in already.
    fn enter(
        &mut self,
        name: String,
        line: &Line,
        open: &mut Vec<String>,
        read: impl FnOnce(&mut Self, &mut Vec<String>),
    ) {
        if self.imports == 0 {
            return;
        }
        self.imports -= 1;
        if self.imports == 0 {
            let says = "there are too many imports; the rest was left out";
            self.notes.push((line.span(), says.to_owned()));
        } else if open.contains(&name) {
            let says = format!("`{name}` imports itself; it was left out here");
            self.notes.push((line.span(), says));
        } else if open.len() >= MOST_DEEP {
            let says = "imports are nested too deeply; this one was left out";
            self.notes.push((line.span(), says.to_owned()));
        } else {
            open.push(name);
            read(self, open);
            open.pop();
        }
    }
}

/// True for a snippet and a named route.
fn is_definition(line: &Line) -> bool {
    line.name().ends_with(')') && line.name().starts_with(['(', '&'])
}

/// The words with the arguments of an import put in.
fn substituted(words: &[Word], args: &[Word]) -> Vec<Word> {
    if !words.iter().any(|word| word.text.contains("{args")) {
        return words.to_vec();
    }
    let mut out: Vec<Word> = Vec::new();
    for word in words {
        if out.len() > MOST_LETTERS {
            break;
        }
        if matches!(word.text.as_str(), "{args[:]}" | "{args.*}") {
            out.extend(args.iter().take(MOST_ARGS).cloned());
            continue;
        }
        let number = |at: usize| [format!("{{args[{at}]}}"), format!("{{args.{at}}}")];
        let whole = args.iter().enumerate().find(|(at, _)| number(*at).contains(&word.text));
        if let Some((_, arg)) = whole {
            out.push(arg.clone());
            continue;
        }
        let mut word = word.clone();
        for (at, arg) in args.iter().enumerate().take(MOST_ARGS) {
            for mark in number(at) {
                if word.text.contains(&mark) && word.text.len() < MOST_LETTERS {
                    word.text = word.text.replace(&mark, &arg.text);
                    word.plain = false;
                }
            }
        }
        out.push(word);
    }
    out
}
