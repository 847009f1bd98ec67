//! One run of a scenario: build the system, send the load, let the steps happen, collect the
//! logs, and have them diagnosed by somebody who knows nothing else.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use model::{Scenario, Server};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client;
use crate::configuration::configuration;
use crate::error::{Error, Result};
use crate::evidence;
use crate::inside::Inside;
use crate::lab::Lab;
use crate::load::clients::Client;
use crate::load::{self, Plan, Report};
use crate::message::{Message, send};
use crate::namespace::NetSpace;
use crate::parts::Tools;
use crate::reexec;
use crate::schedule::Schedule;
use crate::topology::{CLIENT, Topology, Variant};
use crate::wire::{self, Cable};

/// What is to be run, as the parent tells the lab process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The cause's slug, or the story's.
    pub slug: String,
    /// The scenario's name.
    pub scenario: String,
    /// Which run.
    pub variant: Variant,
    /// Values that stand in for the knobs' own.
    pub values: Vec<(String, String)>,
    /// A real client that sends the load instead of the lab's own: `ab`, `wrk`, `curl`, `h2load`.
    pub client: Option<String>,
    /// Language tag of the report.
    pub lang: String,
    /// Folder below the one that is kept; empty if nothing is kept.
    pub keep: String,
}

/// What a run showed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// What the client saw.
    pub load: Report,
    /// The diagnosis of the collected logs, as `why502 diagnose --format json` writes it.
    pub diagnosis: Value,
    /// The same as text.
    pub report: String,
    /// The servers with their versions.
    pub versions: Vec<String>,
    /// What was done to the system and when.
    pub journal: Vec<String>,
    /// Seconds from the first host to the diagnosis.
    pub seconds: f64,
}

/// Which parts of a scenario this machine lacks, one sentence each; empty if it can run.
#[must_use]
pub fn missing(scenario: &Scenario, tools: &Tools) -> Vec<String> {
    let servers: BTreeSet<Server> =
        scenario.hosts.iter().flat_map(|host| host.parts).map(|part| part.server).collect();
    let mut missing: Vec<String> =
        servers.into_iter().filter_map(|server| tools.missing(server)).collect();
    let filters = scenario.router.is_some()
        || scenario.hosts.iter().any(|host| !host.firewall.is_empty())
        || scenario.steps.iter().any(|step| matches!(step.does, model::Action::Firewall { .. }));
    if filters && !has_nft() {
        missing.push("nft is not installed: apt-get install nftables".to_owned());
    }
    missing
}

/// Whether a scenario limits the memory of a server.
#[must_use]
pub fn limits_memory(scenario: &Scenario) -> bool {
    scenario.hosts.iter().flat_map(|host| host.parts).any(|part| !part.memory.is_empty())
}

/// Lays one cable, to see whether the kernel has what a network is made of; called in a lab
/// process that has nothing else to do.
///
/// # Errors
///
/// What the kernel refused.
pub fn try_out(_inside: &Inside) -> Result<()> {
    let failed = |why: std::io::Error| Error::network("a first host", why);
    let home = NetSpace::current().map_err(failed)?;
    let host = NetSpace::new().map_err(failed)?;
    wire::bridge(&home, "try")?;
    let cable = Cable {
        bridge: "try",
        number: 1,
        inside: "eth0",
        address: [10, 50, 0, 2].into(),
        prefix: 16,
        gateway: None,
    };
    wire::connect(&home, &host, &cable)
}

/// Runs a job: the life of the lab process, after [`Inside::enter`].
///
/// # Errors
///
/// If the system cannot be built or a step fails. That the drill's failure does not happen is no
/// error here: the outcome says so.
pub fn run(inside: Inside, scenario: &'static Scenario, job: &Job) -> Result<Outcome> {
    let began = Instant::now();
    let tools = Tools::find();
    if let Some(first) = missing(scenario, &tools).into_iter().next() {
        return Err(Error::Missing(first));
    }
    let client = job.client.as_deref().map(client::find).transpose()?;
    let topology = Topology::new(scenario, job.variant, &job.values, &inside.folder)?;
    let plan = plan(&topology)?;
    doing("building the network");
    let mut lab = Lab::new(inside, topology, tools)?;
    for node in lab.topology.nodes.clone() {
        if !node.host.parts.is_empty() {
            let servers: Vec<&str> = node.host.parts.iter().map(|p| p.server.as_str()).collect();
            doing(&format!("starting {} ({})", node.name, servers.join(", ")));
        }
        lab.add_host(&node)?;
        lab.start_host(&node.name, true)?;
    }
    lab.start_taps()?;
    doing("sending requests");
    let load = drive(&mut lab, &plan, client)?;
    // Servers write the last lines of their logs after the client has its answer.
    thread::sleep(Duration::from_millis(400));
    doing("collecting the logs");
    let folder = evidence::collect(&mut lab)?;
    doing("diagnosing them");
    let (diagnosis, report) = diagnose(&folder, &job.lang)?;
    let versions = versions(&lab);
    let outcome = Outcome {
        load,
        diagnosis,
        report,
        versions,
        journal: lab.journal.clone(),
        seconds: began.elapsed().as_secs_f64(),
    };
    if let (Some(keep), false) = (&lab.inside.keep, job.keep.is_empty()) {
        let notes = [
            ("report.txt", outcome.report.as_str()),
            ("diagnosis.json", &json(&outcome.diagnosis)),
            ("load.json", &json(&outcome.load)),
            ("journal.txt", &lines(&outcome.journal)),
            ("versions.txt", &lines(&outcome.versions)),
        ];
        let files = configuration(scenario, job.variant, &job.values, &lab.tools)?;
        evidence::keep(&lab, &files, &keep.join(&job.keep), &notes)?;
    }
    Ok(outcome)
}

fn doing(what: &str) {
    send(&Message::Doing { what: what.to_owned() });
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The load of a scenario, with every number filled in.
///
/// # Errors
///
/// If a number is none or the target is not known.
pub(crate) fn plan(topology: &Topology) -> Result<Plan> {
    let load = &topology.scenario.load;
    let target = topology.fill(load.target)?;
    let wrong = || Error::Data(format!("`{target}` is not host:port"));
    let (host, port) = target.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    let address = match host.parse() {
        Ok(address) => address,
        Err(_) => topology.find(host)?.address,
    };
    let milliseconds = |text: &str| -> Result<Duration> {
        let value: f64 = topology.number(text)?;
        Duration::try_from_secs_f64(value / 1000.0)
            .map_err(|_| Error::Data(format!("`{text}` is not a time")))
    };
    let arrivals = match load.arrivals {
        model::Arrivals::Constant { rate } => {
            load::Arrivals::Constant { rate: topology.number(rate)? }
        }
        model::Arrivals::Bursts { size, gap, step } => load::Arrivals::Bursts {
            size: topology.number(size)?,
            gap: milliseconds(gap)?,
            step: milliseconds(step)?,
        },
    };
    let mut requests = Vec::new();
    for ask in load.requests {
        let mut headers = Vec::new();
        for line in ask.headers {
            let line = topology.fill(line)?;
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| Error::Data(format!("`{line}` is not a header line")))?;
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let body = topology.fill(ask.body)?;
        requests.push(load::Ask {
            method: ask.method.to_owned(),
            path: topology.fill(ask.path)?,
            body_bytes: if body.is_empty() { 0 } else { topology.number(ask.body)? },
            headers,
            weight: ask.weight,
        });
    }
    Ok(Plan {
        target: SocketAddr::new(std::net::IpAddr::V4(address), port),
        authority: target.clone(),
        protocol: load.protocol,
        keep_alive: load.keep_alive,
        arrivals,
        lasts: milliseconds(load.lasts)?,
        patience: milliseconds(load.patience)?,
        requests,
        request_ids: Some("lab".to_owned()),
        in_flight: Plan::IN_FLIGHT,
    })
}

/// How often the lab looks whether a step is due.
const TICK: Duration = Duration::from_millis(5);

/// Sends the load from the client's host and lets the steps happen meanwhile.
fn drive(lab: &mut Lab, plan: &Plan, client: Option<Client>) -> Result<Report> {
    let mut schedule = Schedule::of(&lab.topology)?;
    let space = lab
        .machine(CLIENT)?
        .space
        .try_clone()
        .map_err(|why| Error::network("the client's host", why))?;
    let done = Arc::new(AtomicBool::new(false));
    let thread = {
        let (plan, done, folder) = (plan.clone(), Arc::clone(&done), lab.own("load"));
        thread::spawn(move || {
            let report = space
                .enter()
                .map_err(|why| Error::network("the client's host", why))
                .and_then(|()| match client {
                    Some(client) => client::run(&plan, client, &folder),
                    None => load::run(&plan, |progress| {
                        send(&Message::Load {
                            elapsed: progress.elapsed.as_secs_f64(),
                            of: plan.lasts.as_secs_f64(),
                            sent: progress.sent,
                            failed: progress.failed,
                        });
                    })
                    .map_err(|why| Error::Data(why.to_string())),
                });
            done.store(true, Ordering::Release);
            report
        })
    };
    let start = Instant::now();
    lab.note("the load starts");
    while !done.load(Ordering::Acquire) {
        schedule.run_due(lab, start.elapsed())?;
        lab.supervise()?;
        thread::sleep(TICK);
    }
    lab.note("the load has ended");
    thread.join().unwrap_or_else(|_| Err(Error::Ended("the load generator stopped".to_owned())))
}

/// Has the evidence diagnosed by the program itself, in a process that gets nothing but the files.
fn diagnose(evidence: &Path, lang: &str) -> Result<(Value, String)> {
    let program = reexec::program()?;
    let json = evidence.with_file_name("diagnosis.json");
    let text = evidence.with_file_name("report.txt");
    let output = Command::new(&program)
        .args(["diagnose", ".", "--no-progress", "--lang", lang])
        .args(["--format", "json", "-o"])
        .arg(&json)
        .args(["--format", "text", "-o"])
        .arg(&text)
        .current_dir(evidence)
        .env_remove("WHY502_LAB")
        .output()
        .map_err(|why| Error::Start {
            program: "why502 diagnose".to_owned(),
            host: "the lab".to_owned(),
            why: why.to_string(),
        })?;
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|why| Error::file(path, why));
    let said = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if !json.exists() {
        // Nothing in the logs was a record of a gateway: an answer too, and an empty one.
        return Ok((Value::Null, said()));
    }
    let value = serde_json::from_str(&read(&json)?)
        .map_err(|why| Error::Ended(format!("the diagnosis is not JSON: {why}")))?;
    Ok((value, read(&text)?))
}

fn versions(lab: &Lab) -> Vec<String> {
    let servers: BTreeSet<Server> = lab
        .machines
        .values()
        .flat_map(|machine| &machine.processes)
        .map(|process| process.part.server)
        .collect();
    servers
        .into_iter()
        .map(|server| lab.tools.version(server).unwrap_or_else(|| server.to_string()))
        .collect()
}

fn has_nft() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join("nft").is_file())
}
