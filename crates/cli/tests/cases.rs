//! Runs the real binary over every case in `cases/<cause>/<case>/` and compares what it says with
//! what has to be understood.
//!
//! A case is a folder with `evidence/` (log files as a user has them) and `expect`, a text file of
//! lines:
//!
//! ```text
//! first: keepalive-race              the finding that comes first in the largest incident
//! first-of: app-crash oom-kill       any of these may come first
//! verdict: proved|supported          the first finding's verdict, any of these
//! verdict-at-most: consistent        no finding may claim more
//! not: app-crash oom-kill            not found as proved or supported
//! candidate: app-crash               considered, whatever became of it
//! none                               no finding at all
//! ```
//!
//! Two golden files stand beside it: `events.txt`, what the evidence says after parsing, and
//! `report.txt`, what the user reads. `WHY502_BLESS=1 cargo test -p why502 --test cases` rewrites
//! them; read the difference before you commit it. `WHY502_CASES=word` limits the tests that run
//! the program to the cases whose path contains the word.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// Verdicts from the weakest to the strongest.
const VERDICTS: [&str; 4] = ["cannot-tell", "consistent", "supported", "proved"];
const SUPPORTED: usize = 2;

/// What may stand in a case's folder.
const IN_CASE: [&str; 4] = ["evidence", "expect", "events.txt", "report.txt"];

struct Case {
    cause: String,
    name: String,
    folder: PathBuf,
}

impl Case {
    fn title(&self) -> String {
        format!("{}/{}", self.cause, self.name)
    }

    fn expectation(&self) -> Result<Expect, String> {
        let text = std::fs::read_to_string(self.folder.join("expect"))
            .map_err(|error| format!("expect: {error}"))?;
        Expect::parse(&text)
    }
}

#[derive(Debug, Default, PartialEq)]
struct Expect {
    first: Vec<String>,
    verdicts: Vec<String>,
    at_most: Option<usize>,
    not: Vec<String>,
    candidates: Vec<String>,
    none: bool,
}

impl Expect {
    fn parse(text: &str) -> Result<Expect, String> {
        let mut expect = Expect::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line == "none" {
                expect.none = true;
                continue;
            }
            let (key, value) =
                line.split_once(':').ok_or_else(|| format!("expect: no `key: value`: {line}"))?;
            let words = value.split([' ', '|']).filter(|word| !word.is_empty());
            let words: Vec<String> = words.map(str::to_owned).collect();
            if words.is_empty() {
                return Err(format!("expect: nothing after `{key}:`"));
            }
            match key {
                "first" if words.len() == 1 => expect.first = words,
                "first-of" => expect.first = words,
                "verdict" => {
                    for word in &words {
                        rank(word)?;
                    }
                    expect.verdicts = words;
                }
                "verdict-at-most" if words.len() == 1 => expect.at_most = Some(rank(&words[0])?),
                "not" => expect.not.extend(words),
                "candidate" => expect.candidates.extend(words),
                _ => return Err(format!("expect: not understood: {line}")),
            }
        }
        if expect == Expect::default() {
            return Err("expect: says nothing".to_owned());
        }
        if expect.none && (!expect.first.is_empty() || !expect.verdicts.is_empty()) {
            return Err("expect: `none` and a finding exclude each other".to_owned());
        }
        if !expect.verdicts.is_empty() && expect.first.is_empty() {
            return Err("expect: `verdict` needs `first` or `first-of`".to_owned());
        }
        Ok(expect)
    }

    /// What the diagnosis gets wrong, one sentence each.
    fn wrong(&self, diagnosis: &Diagnosis) -> Vec<String> {
        let mut wrong = Vec::new();
        let found = diagnosis.shown();
        if self.none && !diagnosis.findings.is_empty() {
            wrong.push(format!("expected no finding, got {found}"));
        }
        let wanted = self.first.join(" or ");
        match diagnosis.first() {
            _ if self.first.is_empty() => {}
            None => wrong.push(format!("expected {wanted} first, got no finding")),
            Some(first) if !self.first.contains(&first.cause) => {
                wrong.push(format!("expected {wanted} first, got {found}"));
            }
            Some(first) => {
                if !self.verdicts.is_empty() && !self.verdicts.contains(&first.verdict) {
                    let (cause, verdict) = (&first.cause, &first.verdict);
                    let wanted = self.verdicts.join(" or ");
                    wrong.push(format!("{cause}: expected {wanted}, got {verdict}"));
                }
            }
        }
        for Finding { cause, verdict, .. } in &diagnosis.findings {
            let Ok(rank) = rank(verdict) else {
                wrong.push(format!("{cause}: unknown verdict `{verdict}`"));
                continue;
            };
            if self.at_most.is_some_and(|most| rank > most) {
                wrong.push(format!("{cause}: {verdict} is more than the evidence carries"));
            }
            if self.not.contains(cause) && rank >= SUPPORTED {
                wrong.push(format!("{cause} must not be {verdict}; got {found}"));
            }
        }
        for candidate in &self.candidates {
            if !diagnosis.considered.contains(candidate) {
                wrong.push(format!("{candidate} was not even considered; got {found}"));
            }
        }
        wrong
    }
}

fn rank(verdict: &str) -> Result<usize, String> {
    let known = VERDICTS.iter().position(|known| *known == verdict);
    known.ok_or_else(|| format!("expect: unknown verdict `{verdict}`"))
}

struct Finding {
    incident: usize,
    cause: String,
    verdict: String,
}

/// What the harness needs of the program's JSON.
struct Diagnosis {
    findings: Vec<Finding>,
    /// Index of the incident with the most failures, the earliest of them.
    largest: usize,
    /// Every cause that came into question, whatever became of it.
    considered: BTreeSet<String>,
}

impl Diagnosis {
    fn read(json: &Value) -> Result<Diagnosis, String> {
        let incidents = list(json, "incidents").ok_or("the JSON has no `incidents`")?;
        let mut diagnosis =
            Diagnosis { findings: Vec::new(), largest: 0, considered: BTreeSet::new() };
        let mut most = 0;
        for (index, incident) in incidents.iter().enumerate() {
            let failures = incident.get("failures").and_then(Value::as_u64).unwrap_or(0);
            if failures > most {
                most = failures;
                diagnosis.largest = index;
            }
            let considered = list(incident, "considered").into_iter().flatten();
            diagnosis.considered.extend(considered.filter_map(slug));
            for finding in list(incident, "findings").ok_or("an incident has no `findings`")? {
                let cause = slug(finding).ok_or("a finding names no cause")?;
                let verdict = finding.get("verdict").and_then(Value::as_str);
                let verdict = verdict.ok_or("a finding has no `verdict`")?.to_owned();
                diagnosis.considered.insert(cause.clone());
                for key in ["rivals", "ruled_out"] {
                    let notes = list(finding, key).into_iter().flatten();
                    diagnosis.considered.extend(notes.filter_map(slug));
                }
                diagnosis.findings.push(Finding { incident: index, cause, verdict });
            }
        }
        Ok(diagnosis)
    }

    fn first(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.incident == self.largest)
    }

    fn shown(&self) -> String {
        let shown: Vec<String> = self
            .findings
            .iter()
            .map(|one| format!("#{} {} ({})", one.incident + 1, one.cause, one.verdict))
            .collect();
        if shown.is_empty() { "no finding".to_owned() } else { shown.join(", ") }
    }
}

fn list<'a>(value: &'a Value, key: &str) -> Option<&'a Vec<Value>> {
    value.get(key).and_then(Value::as_array)
}

/// The cause an object or a word names: `"slug"`, `{"slug": …}`, `{"cause": …}`.
fn slug(value: &Value) -> Option<String> {
    match value {
        Value::String(slug) => Some(slug.clone()),
        Value::Object(object) => slug(object.get("cause").or_else(|| object.get("slug"))?),
        _ => None,
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")
}

/// What stands in a folder, by name, sorted.
fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} can be read: {error}", folder.display()));
    let mut entries: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.expect("an entry can be read"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    entries.sort();
    entries
}

/// Names of the folders in a folder; hidden ones and `make` hold no cases.
fn folders(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for (name, path) in entries(folder) {
        if path.is_dir() && !name.starts_with('.') && name != "make" {
            names.push(name);
        }
    }
    names
}

fn all_cases() -> Vec<Case> {
    let root = root();
    let mut cases = Vec::new();
    for cause in folders(&root) {
        for name in folders(&root.join(&cause)) {
            let folder = root.join(&cause).join(&name);
            cases.push(Case { cause: cause.clone(), name, folder });
        }
    }
    assert!(!cases.is_empty(), "no cases under {}", root.display());
    cases
}

/// The cases this run was limited to.
fn cases() -> Vec<Case> {
    let mut cases = all_cases();
    if let Ok(only) = std::env::var("WHY502_CASES") {
        cases.retain(|case| case.title().contains(&only));
        assert!(!cases.is_empty(), "no case contains `{only}`");
    }
    cases
}

/// Standard output of the program, run inside a case's folder so that paths are the same on every
/// machine, and with nothing of the surroundings let in.
fn run(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_why502"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("LC_ALL")
        .env_remove("LC_MESSAGES")
        .env_remove("CLICOLOR_FORCE")
        .env("LANG", "C")
        .env("TZ", "UTC")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "80")
        .output()
        .map_err(|error| format!("the program cannot be run: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.lines().last().unwrap_or("nothing on stderr");
        let arguments = arguments.join(" ");
        return Err(format!("`why502 {arguments}` ended with {}: {last}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| "the output is not UTF-8".to_owned())
}

fn json(folder: &Path, arguments: &[&str]) -> Result<Value, String> {
    serde_json::from_str(&run(folder, arguments)?)
        .map_err(|error| format!("`why502 {}`: no JSON: {error}", arguments.join(" ")))
}

/// Every case with its diagnosis, made once for all tests of this file.
fn diagnoses() -> &'static [(Case, Result<Diagnosis, String>)] {
    static DONE: OnceLock<Vec<(Case, Result<Diagnosis, String>)>> = OnceLock::new();
    DONE.get_or_init(|| {
        let judged = |case: Case| {
            let json = json(&case.folder, &["diagnose", "--format", "json", "evidence"]);
            let diagnosis = json.and_then(|json| Diagnosis::read(&json));
            (case, diagnosis)
        };
        cases().into_iter().map(judged).collect()
    })
}

/// The catalogue as the program tells it: causes, and those each is mistaken for.
fn catalogue() -> BTreeMap<String, Vec<String>> {
    let json = json(&root(), &["causes", "--format", "json"]).expect("the catalogue as JSON");
    let causes = json.get("causes").unwrap_or(&json).as_array().expect("a list of causes");
    assert!(!causes.is_empty(), "the catalogue lists no cause");
    let told = |cause: &Value| {
        let rivals = list(cause, "rivals").into_iter().flatten().filter_map(slug).collect();
        (slug(cause).expect("a cause has a slug"), rivals)
    };
    causes.iter().map(told).collect()
}

#[test]
fn every_case_is_judged_as_expected() {
    let mut complaints = Vec::new();
    for (case, diagnosis) in diagnoses() {
        let wrong = match (case.expectation(), diagnosis) {
            (Err(error), _) => vec![error],
            (_, Err(error)) => vec![error.clone()],
            (Ok(expect), Ok(diagnosis)) => expect.wrong(diagnosis),
        };
        if !wrong.is_empty() {
            complaints.push(format!("{}\n    {}", case.title(), wrong.join("\n    ")));
        }
    }
    fail_with(&complaints, diagnoses().len());
}

#[test]
fn every_case_reads_as_recorded() {
    golden("events.txt", &["events", "evidence"]);
}

#[test]
fn every_case_reports_as_recorded() {
    golden("report.txt", &["diagnose", "--format", "text", "evidence"]);
}

/// Compares what the program prints for every case with a file, or rewrites the file.
fn golden(file: &str, arguments: &[&str]) {
    let bless = std::env::var_os("WHY502_BLESS").is_some();
    let cases = cases();
    let mut complaints = Vec::new();
    for case in &cases {
        let path = case.folder.join(file);
        let complaint = match run(&case.folder, arguments) {
            Err(error) => Some(error),
            Ok(got) if got.is_empty() => Some("the program says nothing".to_owned()),
            Ok(got) if bless => std::fs::write(&path, got).err().map(|error| error.to_string()),
            Ok(got) => match std::fs::read_to_string(&path) {
                Err(_) => Some(format!("has no {file}; WHY502_BLESS=1 writes it")),
                Ok(expected) => difference(&expected, &got),
            },
        };
        if let Some(complaint) = complaint {
            complaints.push(format!("{}\n    {complaint}", case.title()));
        }
    }
    fail_with(&complaints, cases.len());
}

/// The first line in which two texts differ, if any does.
fn difference(expected: &str, got: &str) -> Option<String> {
    if expected == got {
        return None;
    }
    let (mut left, mut right) = (expected.lines(), got.lines());
    for number in 1.. {
        let (expected, got) = (left.next(), right.next());
        if expected != got || expected.is_none() {
            let [expected, got] = [expected, got].map(|line| line.unwrap_or("(end of text)"));
            return Some(format!("line {number}\n      got      {got}\n      expected {expected}"));
        }
    }
    None
}

/// Fails with everything that is wrong in one message.
fn fail_with(complaints: &[String], of: usize) {
    let (count, all) = (complaints.len(), complaints.join("\n"));
    assert!(complaints.is_empty(), "\n{all}\n{count} of {of} wrong");
}

#[test]
fn every_cause_has_its_cases() {
    let root = root();
    let catalogue = catalogue();
    let mut complaints = Vec::new();
    for cause in catalogue.keys() {
        let folder = root.join(cause);
        let names = if folder.is_dir() { folders(&folder) } else { Vec::new() };
        for kind in ["fires-", "quiet-", "blind-"] {
            if !names.iter().any(|name| name.starts_with(kind)) {
                complaints.push(format!("{cause}: no case {kind}…"));
            }
        }
    }
    for cause in folders(&root) {
        if !catalogue.contains_key(&cause) {
            complaints.push(format!("{cause}: the catalogue has no such cause"));
        }
    }
    fail_with(&complaints, catalogue.len());
}

#[test]
fn every_case_is_whole() {
    let root = root();
    let cases = all_cases();
    let mut complaints = Vec::new();
    for case in &cases {
        let title = case.title();
        match case.expectation() {
            Ok(expect) if fits(case, &expect) => {}
            Ok(_) => complaints.push(format!("{title}: expects other than its name says")),
            Err(error) => complaints.push(format!("{title}: {error}")),
        }
        for (name, _) in entries(&case.folder) {
            if !IN_CASE.contains(&name.as_str()) {
                complaints.push(format!("{title}: what is {name}?"));
            }
        }
        let evidence = case.folder.join("evidence");
        if !evidence.is_dir() || entries(&evidence).is_empty() {
            complaints.push(format!("{title}: no evidence"));
        }
        let origin = root.join(&case.cause).join("origin.md");
        let origin = std::fs::read_to_string(origin).unwrap_or_default();
        if !origin.lines().any(|line| line.trim_start_matches('#').trim() == case.name) {
            complaints.push(format!("{title}: origin.md has no heading for it"));
        }
    }
    fail_with(&complaints, cases.len());
}

/// Whether a case expects what its kind is there for.
fn fits(case: &Case, expect: &Expect) -> bool {
    let own_first = expect.first.contains(&case.cause);
    match case.name.split('-').next() {
        Some("fires") => own_first && expect.first.len() == 1 && !expect.verdicts.is_empty(),
        Some("quiet") => expect.none || (!own_first && !expect.first.is_empty()),
        Some("blind") => !own_first && expect.not.contains(&case.cause),
        _ => false,
    }
}

#[test]
fn every_rival_pair_has_a_case_where_the_right_one_wins() {
    let catalogue = catalogue();
    let mut pairs: BTreeSet<[&String; 2]> = BTreeSet::new();
    for (cause, rivals) in &catalogue {
        for rival in rivals.iter().filter(|rival| catalogue.contains_key(*rival)) {
            pairs.insert(if cause < rival { [cause, rival] } else { [rival, cause] });
        }
    }
    let mut complaints = Vec::new();
    for [one, other] in &pairs {
        let mut deciding = Vec::new();
        let mut met = false;
        for (case, diagnosis) in diagnoses() {
            let Ok(expect) = case.expectation() else { continue };
            let wins = |winner: &String, loser: &String| {
                expect.first == [winner.clone()] && expect.not.contains(loser)
            };
            if case.name.starts_with("quiet-") && (wins(one, other) || wins(other, one)) {
                deciding.push(case.title());
                met |= diagnosis.as_ref().is_ok_and(|diagnosis| {
                    diagnosis.considered.contains(*one) && diagnosis.considered.contains(*other)
                });
            }
        }
        if deciding.is_empty() {
            complaints.push(format!("{one} and {other}: no quiet case decides between them"));
        } else if !met {
            let deciding = deciding.join(", ");
            complaints.push(format!("{one} and {other}: not both considered in {deciding}"));
        }
    }
    fail_with(&complaints, pairs.len());
}

#[test]
fn an_expectation_is_read_strictly() {
    let text = "first: app-crash\nverdict: proved|supported\nnot: oom-kill bad-release\n";
    let read = Expect::parse(text).expect("understood");
    assert_eq!(read.first, ["app-crash"]);
    assert_eq!(read.verdicts, ["proved", "supported"]);
    assert_eq!(read.not, ["oom-kill", "bad-release"]);
    assert!(Expect::parse("none\n").is_ok_and(|expect| expect.none));
    for bad in ["", "frist: a", "first: a b", "first:", "first: a\nverdict: x", "verdict: proved"] {
        assert!(Expect::parse(bad).is_err(), "{bad:?} must not pass");
    }
}

#[test]
fn a_wrong_diagnosis_is_noticed() {
    let json = serde_json::json!({"incidents": [
        {"failures": 2, "findings": [{"cause": "oom-kill", "verdict": "proved"}]},
        {"failures": 9, "findings": [{
            "cause": {"slug": "app-crash"}, "verdict": "consistent",
            "rivals": [{"cause": "keepalive-race"}],
            "ruled_out": [{"cause": {"slug": "bad-release"}}],
        }]},
    ]});
    let diagnosis = Diagnosis::read(&json).expect("readable");
    let wrong = |text: &str| Expect::parse(text).expect("understood").wrong(&diagnosis).len();
    let right = "first: app-crash\nverdict: consistent\ncandidate: keepalive-race bad-release";
    assert_eq!(wrong(right), 0);
    assert_eq!(wrong("first: oom-kill"), 1);
    assert_eq!(wrong("first: app-crash\nverdict: proved"), 1);
    assert_eq!(wrong("verdict-at-most: consistent"), 1);
    assert_eq!(wrong("not: oom-kill app-crash"), 1);
    assert_eq!(wrong("candidate: client-abort"), 1);
    assert_eq!(wrong("none"), 1);
    assert_eq!(difference("a\nb\n", "a\nb\n"), None);
    assert!(difference("a\nb\n", "a\nc\n").is_some_and(|told| told.starts_with("line 2")));
    assert!(difference("a\n", "a").is_some());
}

/// `1 processes were killed` is read by somebody who is tired already. Cited records speak for
/// themselves.
#[test]
fn no_report_counts_one_as_many() {
    const COUNTED: &str = "answers calls checks connections errors failures instances kills lines \
        packets processes programs refusals reports requests responses sources targets times workers";
    let counted: BTreeSet<&str> = COUNTED.split_whitespace().collect();
    let mut wrong = Vec::new();
    for case in cases() {
        let Ok(report) = std::fs::read_to_string(case.folder.join("report.txt")) else { continue };
        let ours = report.lines().filter(|line| !is_cited(line));
        let words: Vec<&str> = ours.flat_map(str::split_whitespace).collect();
        for pair in words.windows(2) {
            let noun = pair[1].trim_end_matches(['.', ',', ';', ':', ')']);
            if pair[0].trim_start_matches('(') == "1" && counted.contains(noun) {
                wrong.push(format!("{}: {} {}", case.title(), pair[0], pair[1]));
            }
        }
    }
    fail_with(&wrong, cases().len());
}

/// Whether a line of a report shows a record: `12: text`, or `file:12: text`.
fn is_cited(line: &str) -> bool {
    let Some((place, _)) = line.trim_start().split_once(": ") else { return false };
    let number = place.rsplit(':').next().unwrap_or(place);
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}
