//! Dockerfiles: the image that runs, what it is built on, its ports, its environment and its command.

use std::collections::BTreeMap;
use std::ops::Range;

use super::words::{self, Word};

/// How many stages may build on each other.
const MOST_STAGES_DEEP: usize = 16;

/// Variables that are kept.
const MOST_VARIABLES: usize = 1000;

/// Longest text that variables are filled in to: they may hold each other.
const MOST_FILLED: usize = 1 << 14;

/// An instruction with what follows it.
#[derive(Clone, Debug)]
struct Instruction {
    name: String,
    /// What follows the name, with lines that go on.
    rest: Range<usize>,
}

/// What the last stage says, with what it takes over from the stages it builds on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    /// The image it is built on, with arguments filled in; empty if it is `scratch` or unknown.
    pub(crate) base: String,
    /// Where that is written.
    pub(crate) base_at: Range<usize>,
    /// Ports.
    pub(crate) ports: Vec<(u16, Range<usize>)>,
    /// Variables with the places of their values.
    pub(crate) environment: Vec<(String, String, Range<usize>)>,
    /// The words of `ENTRYPOINT` and `CMD`, as they run.
    pub(crate) command: Vec<Word>,
    /// Sources and destinations of `COPY` and `ADD` from the project.
    pub(crate) copies: Vec<(String, String)>,
    /// Words of the options of `HEALTHCHECK` and its command.
    pub(crate) health: Option<(Vec<Word>, Range<usize>)>,
}

/// Reads a Dockerfile. `None` if it has no stage.
pub(crate) fn read(text: &str) -> Option<Image> {
    let instructions = instructions(text);
    let mut arguments: BTreeMap<String, String> = BTreeMap::new();
    let mut stages: Vec<Stage<'_>> = Vec::new();
    for instruction in &instructions {
        let rest = text.get(instruction.rest.clone()).unwrap_or("");
        match (instruction.name.as_str(), stages.last_mut()) {
            ("ARG", None) => {
                for word in words::split(rest, 0) {
                    if let Some((name, value)) = word.text.split_once('=') {
                        arguments.insert(name.to_owned(), value.to_owned());
                    }
                }
            }
            ("FROM", _) => stages.extend(stage(rest, instruction.rest.start, &arguments)),
            (_, Some(stage)) => stage.instructions.push(instruction),
            _ => {}
        }
    }
    // The stages that the last one builds on, the first of them first.
    let mut chain: Vec<&Stage<'_>> = vec![stages.last()?];
    for _ in 0..MOST_STAGES_DEEP {
        let Some(&outer) = chain.first() else { break };
        let before = stages.iter().take_while(|stage| !std::ptr::eq(*stage, outer));
        let Some(base) = before.filter(|stage| stage.name.eq_ignore_ascii_case(&outer.base)).last()
        else {
            break;
        };
        chain.insert(0, base);
    }
    let mut image = Image::default();
    if let Some(first) = chain.first() {
        image.base_at = first.base_at.clone();
        if first.base != "scratch" {
            image.base.clone_from(&first.base);
        }
    }
    let (mut entry, mut command) = (Vec::new(), Vec::new());
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for instruction in chain.iter().flat_map(|stage| &stage.instructions) {
        let start = instruction.rest.start;
        let rest = text.get(instruction.rest.clone()).unwrap_or("");
        match instruction.name.as_str() {
            "ENV" => environment(rest, start, &mut values, &mut image.environment),
            "EXPOSE" => {
                image.ports.extend(words::split(rest, start).into_iter().filter_map(|word| {
                    let (port, protocol) = word.text.split_once('/').unwrap_or((&word.text, "tcp"));
                    let port = fill(port, &values).parse().ok()?;
                    (protocol == "tcp" && port != 0).then_some((port, word.at))
                }));
            }
            "ENTRYPOINT" => {
                entry = run(rest, start);
                // An entry point of one's own takes away the command of the image below.
                command.clear();
            }
            "CMD" => command = run(rest, start),
            "COPY" | "ADD" => image.copies.extend(copies(rest)),
            "HEALTHCHECK" => {
                image.health = Some((words::split(rest, start), instruction.rest.clone()));
            }
            _ => {}
        }
    }
    entry.extend(command);
    image.command = entry;
    Some(image)
}

struct Stage<'i> {
    name: String,
    base: String,
    base_at: Range<usize>,
    instructions: Vec<&'i Instruction>,
}

fn stage<'i>(rest: &str, start: usize, arguments: &BTreeMap<String, String>) -> Option<Stage<'i>> {
    let mut words =
        words::split(rest, start).into_iter().filter(|word| !word.text.starts_with("--"));
    let image = words.next()?;
    let name = match (words.next(), words.next()) {
        (Some(word), Some(name)) if word.text.eq_ignore_ascii_case("as") => name.text,
        _ => String::new(),
    };
    let base = fill(&image.text, arguments);
    Some(Stage { name, base, base_at: image.at, instructions: Vec::new() })
}

/// The instructions: lines joined where they go on, without comments and without the text of
/// here-documents.
fn instructions(text: &str) -> Vec<Instruction> {
    let mut found: Vec<Instruction> = Vec::new();
    let escape = match text.lines().next().map(|line| line.to_ascii_lowercase().replace(' ', "")) {
        Some(line) if line.starts_with("#escape=`") => '`',
        _ => '\\',
    };
    let (mut at, mut goes_on, mut until): (usize, bool, Option<String>) = (0, false, None);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let bare = line.trim();
        if let Some(end) = &until {
            if bare == end.as_str() {
                until = None;
            }
            continue;
        }
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let end = start + line.trim_end().len();
        if goes_on {
            if let Some(last) = found.last_mut() {
                last.rest.end = end;
            }
        } else {
            let indent = line.len() - line.trim_start().len();
            let length = bare.find(char::is_whitespace).unwrap_or(bare.len());
            let name = bare[..length].to_ascii_uppercase();
            let after = start + indent + length;
            let gap =
                text[after..end.max(after)].len() - text[after..end.max(after)].trim_start().len();
            found.push(Instruction { name, rest: after + gap..end.max(after + gap) });
        }
        goes_on = bare.ends_with(escape);
        let instruction = found.last().map_or("", |last| &last.name);
        if !goes_on && matches!(instruction, "RUN" | "COPY" | "ADD") {
            until = bare.split_whitespace().find_map(|word| {
                let mark = word.strip_prefix("<<")?;
                let mark = mark.trim_start_matches('-').trim_matches(['"', '\'']);
                (!mark.is_empty()).then(|| mark.to_owned())
            });
        }
    }
    found
}

/// A command: the words of a list, or those of a line for the shell.
fn run(rest: &str, start: usize) -> Vec<Word> {
    // A list may go on in the next line; the same number of blanks keeps the places.
    let joined = rest.replace("\\\r\n", "   ").replace("\\\n", "  ");
    words::list(&joined, start).unwrap_or_else(|| words::split(rest, start))
}

fn environment(
    rest: &str,
    start: usize,
    values: &mut BTreeMap<String, String>,
    out: &mut Vec<(String, String, Range<usize>)>,
) {
    let words = words::split(rest, start);
    let Some(first) = words.first() else { return };
    let mut set = |name: &str, value: &str, at: Range<usize>| {
        if out.len() >= MOST_VARIABLES {
            return;
        }
        let value = fill(value, values);
        out.retain(|(had, ..)| had != name);
        values.insert(name.to_owned(), value.clone());
        out.push((name.to_owned(), value, at));
    };
    if !first.text.contains('=') {
        // The old form: one name, and the rest of the line is its value.
        let value: Vec<&str> = words[1..].iter().map(|word| word.text.as_str()).collect();
        if let (Some(second), Some(last)) = (words.get(1), words.last()) {
            set(&first.text, &value.join(" "), second.at.start..last.at.end);
        }
        return;
    }
    for word in &words {
        if let Some((name, value)) = word.text.split_once('=') {
            let value_at = word.at.start + (name.len() + 1).min(word.at.len());
            set(name, value, value_at..word.at.end);
        }
    }
}

/// What is copied from the project, each source with its destination.
fn copies(rest: &str) -> Vec<(String, String)> {
    let words = words::list(rest, 0).unwrap_or_else(|| words::split(rest, 0));
    if words.iter().any(|word| word.text.starts_with("--from")) {
        return Vec::new();
    }
    let paths: Vec<&str> = words
        .iter()
        .map(|word| word.text.as_str())
        .filter(|word| !word.starts_with("--"))
        .collect();
    match paths.split_last() {
        Some((to, from)) => {
            from.iter().map(|from| ((*from).to_owned(), (*to).to_owned())).collect()
        }
        None => Vec::new(),
    }
}

/// A text with `$NAME`, `${NAME}` and `${NAME:-default}` filled in; a name without a value stays.
pub(crate) fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, stand_in, length) = if let Some(inner) = after.strip_prefix('{') {
            let Some(end) = inner.find('}') else {
                rest = &rest[at..];
                break;
            };
            let body = &inner[..end];
            let cut = body.find([':', '-', '+', '?']).unwrap_or(body.len());
            let stand_in = body[cut..].strip_prefix(":-").or_else(|| body[cut..].strip_prefix('-'));
            (&body[..cut], stand_in, end + 2)
        } else {
            let end =
                after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            (&after[..end], None, end)
        };
        if out.len() > MOST_FILLED {
            return text.to_owned();
        }
        let value =
            values.get(name).map(String::as_str).filter(|value| !value.is_empty()).or(stand_in);
        match value {
            Some(value) if !name.is_empty() => out.push_str(value),
            _ => out.push_str(&rest[at..at + 1 + length]),
        }
        rest = &rest[at + 1 + length..];
    }
    out.push_str(rest);
    if out.len() > MOST_FILLED { text.to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_counts_with_what_it_builds_on() {
        let text = "ARG NODE=20.11\nFROM --platform=linux/amd64 node:${NODE}-slim AS base\nENV PORT=8080 HOST=0.0.0.0\n\
                    # comment\nFROM base AS build\nRUN <<EOF\nFROM evil:1\nEOF\nFROM base\nEXPOSE $PORT 9/udp\n\
                    CMD [\"node\", \\\n  \"server.js\"]\n";
        let image = read(text).unwrap();
        assert_eq!(image.base, "node:20.11-slim");
        assert_eq!(&text[image.base_at], "node:${NODE}-slim");
        assert_eq!(image.ports.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [8080]);
        let command: Vec<&str> = image.command.iter().map(|word| word.text.as_str()).collect();
        assert!(command.contains(&"node"), "{command:?}");
        assert_eq!(&text[image.environment[0].2.clone()], "8080");
    }

    #[test]
    fn values_are_filled_in() {
        let values = BTreeMap::from([("A".to_owned(), "1".to_owned())]);
        assert_eq!(fill("$A-${A}-${B:-2}-${B-3}-$B-${", &values), "1-1-2-3-$B-${");
        let mut laughs = "FROM a\nENV A0=xxxxxxxxxxxxxxxx\n".to_owned();
        for at in 0..60 {
            laughs.push_str(&format!("ENV A{}=$A{at}$A{at}\n", at + 1));
        }
        let image = read(&laughs).unwrap();
        assert!(image.environment.iter().all(|(_, value, _)| value.len() <= MOST_FILLED));
        assert!(read("").is_none());
        assert!(read("RUN x").is_none());
    }
}
