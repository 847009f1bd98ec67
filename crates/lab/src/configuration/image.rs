//! The command line and the environment of a program, in the form in which teams keep them: a
//! Dockerfile.

use crate::parts::Launch;

/// Variables that are the machine's or the lab's, not the program's.
const NOT_ITS_OWN: &[&str] = &[
    "TZ",
    "HOME",
    "HOSTNAME",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH",
    "XDG_RUNTIME_DIR",
];

/// A Dockerfile that starts the program as `launch` does. `version` is product and version, such as
/// `Node.js 20.20.2`.
pub(super) fn write(launch: &Launch, version: &str) -> String {
    let (product, number) = version.rsplit_once(' ').unwrap_or((version, ""));
    let mut text = String::new();
    if product == "Node.js" {
        text.push_str(&format!("FROM node:{number}\n"));
    } else {
        text.push_str(&format!("FROM python:3\nRUN pip install {product}=={number}\n"));
    }
    text.push_str("COPY . .\n");
    for (name, value) in launch.env.iter().filter(|(name, _)| !NOT_ITS_OWN.contains(&&**name)) {
        text.push_str(&format!("ENV {name}={}\n", quoted(value)));
    }
    let program = launch.program.file_name().map(|name| name.to_string_lossy().into_owned());
    let words = program.iter().chain(&launch.args).map(|word| quoted(word));
    text.push_str(&format!("CMD [{}]\n", words.collect::<Vec<_>>().join(", ")));
    text
}

/// A word in quotation marks, as JSON and Dockerfiles take it.
fn quoted(word: &str) -> String {
    serde_json::Value::from(word).to_string()
}
