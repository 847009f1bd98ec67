//! Conditions and definitions: `<IfModule>` and its like hold what is read as if it stood outside of
//! them, `Define` gives names a value.

use std::collections::{BTreeMap, BTreeSet};

use crate::directives::Directive;

/// The directives with conditions decided and names filled in. A module counts as loaded, other than
/// the engines of processes (`mpm_…`), of which one is.
pub(super) fn decide(directives: Vec<Directive>) -> Vec<Directive> {
    let mut state = State { defined: BTreeMap::new(), engines: BTreeSet::new() };
    engines(&directives, &mut state.engines);
    let mut out = Vec::new();
    state.decide(directives, &mut out);
    out
}

struct State {
    defined: BTreeMap<String, String>,
    engines: BTreeSet<String>,
}

/// The engines that `LoadModule` names.
fn engines(directives: &[Directive], found: &mut BTreeSet<String>) {
    for directive in directives {
        if directive.name() == "loadmodule" {
            found.extend(engine(directive.text(0)));
        }
        // Nesting is bounded where the tree is made.
        engines(&directive.block, found);
    }
}

/// The engine of processes that a module is: `mpm_event_module`, `event.c`.
fn engine(module: &str) -> Option<String> {
    let module = module.trim_end_matches(".c").trim_end_matches("_module");
    let name = module.strip_prefix("mpm_").unwrap_or(module);
    matches!(name, "event" | "worker" | "prefork" | "winnt" | "mpmt_os2" | "netware" | "motorz")
        .then(|| name.to_owned())
}

impl State {
    fn decide(&mut self, directives: Vec<Directive>, out: &mut Vec<Directive>) {
        for mut directive in directives {
            match directive.name() {
                "define" => {
                    let value = self.filled(directive.text(1));
                    self.defined.insert(directive.text(0).to_owned(), value);
                }
                "undefine" => {
                    self.defined.remove(directive.text(0));
                }
                "ifmodule" | "ifdefine" | "ifversion" | "iffile" | "ifdirective" | "ifsection" => {
                    if self.holds(&directive) {
                        self.decide(std::mem::take(&mut directive.block), out);
                    }
                }
                _ => {
                    for word in directive.words.iter_mut().skip(1) {
                        if word.text.contains("${") {
                            word.text = self.filled(&word.text);
                        }
                    }
                    let block = std::mem::take(&mut directive.block);
                    self.decide(block, &mut directive.block);
                    out.push(directive);
                }
            }
        }
    }

    fn holds(&self, section: &Directive) -> bool {
        let text = section.text(0);
        let (wanted, name) = match text.strip_prefix('!') {
            Some(name) => (false, name),
            None => (true, text),
        };
        let there = match section.name() {
            "ifdefine" => self.defined.contains_key(name),
            "ifmodule" => engine(name).is_none_or(|engine| match self.engines.is_empty() {
                true => engine == "event",
                false => self.engines.contains(&engine),
            }),
            _ => true,
        };
        there == wanted
    }

    /// The text with what is defined put in for `${NAME}`; what is not defined stays.
    fn filled(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let Some(length) = rest[at..].find('}') else { break };
            out.push_str(&rest[..at]);
            let name = &rest[at + 2..at + length];
            match self.defined.get(name) {
                Some(value) if out.len() + value.len() < 1_000 => out.push_str(value),
                _ => out.push_str(&rest[at..=at + length]),
            }
            rest = &rest[at + length + 1..];
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex::parse;
    use super::*;

    fn decided(text: &str) -> String {
        let words =
            |d: &Directive| d.words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
        decide(parse(text, 0, 0).0).iter().map(words).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn modules_are_there_and_one_engine_is() {
        let text = "<IfModule mod_ssl.c>\nA 1\n</IfModule>\n<IfModule !mod_ssl.c>\nB 1\n</IfModule>\n\
                    <IfModule mpm_prefork_module>\nC 1\n</IfModule>\n\
                    <IfModule mpm_event_module>\nD 1\n</IfModule>\n";
        assert_eq!(decided(text), "a 1; d 1");
        let prefork = format!("LoadModule mpm_prefork_module modules/x.so\n{text}");
        assert_eq!(decided(&prefork), "loadmodule mpm_prefork_module modules/x.so; a 1; c 1");
    }

    #[test]
    fn names_get_their_values() {
        let text = "Define host app\nDefine url http://${host}:80\n<IfDefine host>\nA ${url}/ ${x}\n\
                    </IfDefine>\n<IfDefine !host>\nB 1\n</IfDefine>\nUndefine host\nC ${host} ${\n";
        assert_eq!(decided(text), "a http://app:80/ ${x}; c ${host} ${");
    }
}
