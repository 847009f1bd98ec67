//! A program people know sends the load: `ab`, `wrk`, `h2load` or `curl`, started on the client's
//! host and ended if it hangs.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::load::clients::{self, Client};
use crate::load::{Plan, Report};

/// The client of this name, if it is on this machine.
///
/// # Errors
///
/// If there is no such client or it is not installed; the sentence says how to.
pub(crate) fn find(name: &str) -> Result<Client> {
    let client = Client::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Client::ALL.iter().map(|client| client.as_str()).collect();
        Error::Data(format!("{name} cannot send the load; these can: {}", names.join(", ")))
    })?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join(name).is_file()) {
        return Ok(client);
    }
    Err(missing(client))
}

fn missing(client: Client) -> Error {
    let package = match client {
        Client::Ab => "apache2-utils",
        Client::Wrk => "wrk",
        Client::Curl => "curl",
        Client::H2load => "nghttp2-client",
    };
    Error::Missing(format!("{} is not installed: apt-get install {package}", client.as_str()))
}

/// Sends a load with a client, from the network namespace of the calling thread. `folder` is made
/// for the files it needs.
///
/// # Errors
///
/// If it cannot send this load, cannot be started, or leaves no result.
pub(crate) fn run(plan: &Plan, client: Client, folder: &Path) -> Result<Report> {
    let name = client.as_str();
    let wrong = |why: clients::ClientError| Error::Data(why.to_string());
    let failed = |why: io::Error| match why.kind() {
        io::ErrorKind::NotFound => missing(client),
        _ => Error::Start {
            program: name.to_owned(),
            host: crate::topology::CLIENT.to_owned(),
            why: why.to_string(),
        },
    };
    let command = clients::command(plan, client).map_err(wrong)?;
    fs::create_dir_all(folder).map_err(|why| Error::file(folder, why))?;
    for (file, content) in &command.files {
        let path = folder.join(file);
        fs::write(&path, content).map_err(|why| Error::file(&path, why))?;
    }
    let began = Instant::now();
    let mut child = Command::new(command.program)
        .args(&command.args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let output = child.stdout.take().map(collect);
    let errors = child.stderr.take().map(collect);
    let mut hangs = false;
    while child.try_wait().map_err(failed)?.is_none() {
        if !hangs && began.elapsed() > command.at_most {
            hangs = true;
            child.kill().map_err(failed)?;
        }
        thread::sleep(Duration::from_millis(20));
    }
    if hangs {
        return Err(Error::Ended(format!(
            "{name} had not ended after {} s and was killed",
            command.at_most.as_secs()
        )));
    }
    let text = |reader: Option<JoinHandle<String>>| {
        reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
    };
    let mut report = clients::read(client, &text(output), &text(errors)).map_err(wrong)?;
    report.notes.splice(0..0, command.notes);
    Ok(report)
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks ends the text; what came before it counts.
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
