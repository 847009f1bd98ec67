//! Puma's configuration file. <https://puma.io/puma/Puma/DSL.html>

use model::config::{Key, Notation, Slot, Value};

use super::command::bind_address;
use super::{Reading, listens};
use crate::code::{Language, Scale};
use crate::document::Document;
use crate::draft::Draft;

/// True if the file is Puma's.
pub(crate) fn matters(path: &str, _text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "puma.rb" || path.ends_with("config/puma/production.rb")
}

/// Reads a file of the program of a folder.
pub(crate) fn read(document: &Document, folder: &str, draft: &mut Draft) {
    let reading = Reading::new(document, Language::Ruby, folder, draft);
    let code = &reading.code;
    let program = draft.program_of(folder);
    super::add_product_first(program, "Puma");
    program.hop.at.get_or_insert(document.span(0..0));
    for at in 0..code.len() {
        // Settings are calls at the beginning of a line: `workers 2`, `workers(2)`.
        if !code.token(at).is_some_and(|token| token.first) {
            continue;
        }
        let open = usize::from(code.is(at + 1, "("));
        let expression = code.expression(at + 1 + open);
        if expression.is_empty() {
            continue;
        }
        let known = reading.value(&expression);
        let span = reading.span(&expression);
        let settings = &mut program.hop.settings;
        match code.word(at) {
            "persistent_timeout" => {
                let about = (Key::ClientIdleTimeout, "persistent_timeout");
                settings.set(reading.time(about, &expression, Scale::Seconds, None));
            }
            "first_data_timeout" => {
                let about = (Key::ClientHeaderTimeout, "first_data_timeout");
                settings.set(reading.time(about, &expression, Scale::Seconds, None));
            }
            "worker_shutdown_timeout" | "force_shutdown_after" => {
                let name = if code.is(at, "force_shutdown_after") {
                    "force_shutdown_after"
                } else {
                    "worker_shutdown_timeout"
                };
                settings.set(reading.time(
                    (Key::ShutdownTimeout, name),
                    &expression,
                    Scale::Seconds,
                    Some(Value::Unlimited),
                ));
            }
            "workers" => settings.set(reading.count((Key::Workers, "workers"), &expression)),
            "threads" => {
                // At least, at most.
                let most = if code.is(expression.end, ",") {
                    code.expression(expression.end + 1)
                } else {
                    expression
                };
                if !most.is_empty() {
                    settings.set(reading.count((Key::Threads, "threads"), &most));
                }
            }
            "port" => {
                if let Some(variable) = known.variable() {
                    program.port_variable = Some(variable.to_owned());
                }
                if let Some(port) = known.port() {
                    listens(program, "", port, span);
                }
            }
            "bind" => {
                if let Some(address) = known.text() {
                    bind_address(address, span, program);
                }
            }
            _ => {}
        }
    }
    if program.hop.get(Key::ClientIdleTimeout).is_none() {
        let gap = if code.text.is_empty() || code.text.ends_with('\n') { "" } else { "\n" };
        program.hop.slots.push(Slot {
            key: Key::ClientIdleTimeout,
            name: "persistent_timeout",
            file: document.id,
            at: u32::try_from(code.text.len()).unwrap_or(u32::MAX),
            text: format!("{gap}persistent_timeout {{}}\n"),
            notation: Notation::Seconds,
        });
    }
}
