//! Servers of Go's net/http. <https://pkg.go.dev/net/http#Server>

use model::config::{Key, KnownDefault, Setting, Value};

use super::{Reading, runs};
use crate::code::{Known, Language, Scale};
use crate::document::Document;
use crate::draft::Draft;

const SERVER: &[(&str, Key, &str)] = &[
    ("IdleTimeout", Key::ClientIdleTimeout, "IdleTimeout"),
    ("ReadHeaderTimeout", Key::ClientHeaderTimeout, "ReadHeaderTimeout"),
    ("ReadTimeout", Key::ClientBodyTimeout, "ReadTimeout"),
    ("WriteTimeout", Key::RequestTimeout, "WriteTimeout"),
];

/// Without an `IdleTimeout` the `ReadTimeout` holds for idle connections, and without that nothing.
static IDLE: KnownDefault = KnownDefault {
    product: "Go",
    versions: "all",
    source: "https://pkg.go.dev/net/http#Server",
    fixed: false,
};

/// True if the file may hold anything of this.
pub(crate) fn matters(text: &str) -> bool {
    let serves = text.contains("ListenAndServe") || text.contains("http.Server{");
    (text.contains("net/http") && serves) || super::go_calls::matters(text)
}

/// Reads a file of the program of a folder.
pub(crate) fn read(document: &Document, folder: &str, draft: &mut Draft) {
    let reading = Reading::new(document, Language::Go, folder, draft);
    let code = &reading.code;
    for open in 1..code.len() {
        if code.is(open, "{") && code.name_ending(open - 1) == "http.Server" {
            server(&reading, open, folder, draft);
        }
        if code.is(open, "(")
            && matches!(
                code.callee(open).as_str(),
                "http.ListenAndServe" | "http.ListenAndServeTLS"
            )
        {
            let Some(first) = code.parts(open).into_iter().next() else { continue };
            let program = draft.program_of(folder);
            runs(program, "Go");
            program.hop.at.get_or_insert(reading.span(&first));
            listen(&reading, &first, folder, draft);
            idle(&Value::Unlimited, folder, draft);
        }
    }
}

fn server(reading: &Reading<'_>, open: usize, folder: &str, draft: &mut Draft) {
    let code = &reading.code;
    let program = draft.program_of(folder);
    runs(program, "Go");
    program.hop.at.get_or_insert(reading.span(&(open - 1..open)));
    let named = code.named(open);
    for (label, value) in &named {
        if let Some((_, key, name)) = SERVER.iter().find(|(known, ..)| code.label(*label) == *known)
        {
            let mut setting =
                reading.time((*key, name), value, Scale::Seconds, Some(Value::Unlimited));
            // A duration is an expression, which no plain number may replace.
            setting.notation = None;
            program.hop.settings.set(setting);
        }
    }
    if let Some((_, value)) = named.iter().find(|(label, _)| code.label(*label) == "Addr") {
        listen(reading, value, folder, draft);
    }
    let read = draft
        .program_of(folder)
        .hop
        .get(Key::ClientBodyTimeout)
        .map(|setting| setting.value.clone());
    idle(&read.unwrap_or(Value::Unlimited), folder, draft);
}

fn idle(value: &Value, folder: &str, draft: &mut Draft) {
    let program = draft.program_of(folder);
    let setting =
        Setting::default(Key::ClientIdleTimeout, value.clone(), "IdleTimeout", &IDLE, None);
    program.hop.settings.set(setting);
}

fn listen(reading: &Reading<'_>, value: &std::ops::Range<usize>, folder: &str, draft: &mut Draft) {
    let at = reading.span(value);
    let source = reading.code.source(value);
    let known = reading.value(value);
    let program = draft.program_of(folder);
    // ":" + port
    let variable = known.variable().map(str::to_owned).or_else(|| {
        let name = source.split("os.Getenv(\"").nth(1)?;
        Some(name.split('"').next()?.to_owned())
    });
    if let Some(variable) = variable {
        program.port_variable = Some(variable);
    }
    if let Known::Text(address) = known.settled() {
        super::command::bind_address(address, at, program);
    }
}
