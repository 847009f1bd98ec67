//! `check --since`, as people run it: a repository of git with two revisions, or two folders.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use support::fits_the_schema_of_check;

const NGINX: &str = "\
upstream app { server app:3000; }
server { listen 80; location / { proxy_pass http://app; } }
";

const COMPOSE: &str = "\
services:
  web:
    image: nginx:1.28
    volumes: [\"./nginx.conf:/etc/nginx/conf.d/default.conf\"]
    ports: [\"80:80\"]
  app:
    build: ./app
";

const DOCKERFILE: &str = "FROM node:20\nCMD [\"node\", \"server.js\"]\n";

const SERVER_JS: &str = "require('http').createServer((q, s) => s.end('x')).listen(3000);\n";

/// nginx in front of Node.js; 1.28 opens a connection per request.
const SHOP: &[(&str, &str)] = &[
    ("deploy/nginx.conf", NGINX),
    ("deploy/compose.yaml", COMPOSE),
    ("deploy/app/Dockerfile", DOCKERFILE),
    ("deploy/app/server.js", SERVER_JS),
];

struct Repository(tempfile::TempDir);

impl Repository {
    fn new(files: &[(&str, &str)]) -> Repository {
        let repository = Repository(tempfile::tempdir().unwrap());
        repository.git(&["init", "-q", "-b", "main"]);
        for (path, text) in files {
            repository.write(path, text);
        }
        repository.commit();
        repository
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        let done = Command::new("git")
            .arg("-C")
            .arg(self.0.path())
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(["-c", "commit.gpgsign=false"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .expect("git is installed");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "a revision"]);
    }

    fn check(&self, arguments: &[&str]) -> Output {
        check(self.0.path(), arguments)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.check(&[&["--format", "json"], arguments].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_why502"));
    command.arg("check").args(["--lang", "en"]).current_dir(folder).env_remove("COLUMNS");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn of<'f>(found: &'f Value, cause: &str) -> Vec<&'f Value> {
    found["findings"].as_array().unwrap().iter().filter(|f| f["cause"] == cause).collect()
}

fn english(texts: &Value) -> Vec<&str> {
    texts
        .as_array()
        .map(|all| all.iter().map(|t| t["en"].as_str().unwrap()).collect())
        .unwrap_or_default()
}

#[test]
fn an_update_that_arms_a_race_is_said_with_both_versions() {
    let shop = Repository::new(SHOP);
    shop.write("deploy/compose.yaml", &COMPOSE.replace("1.28", "1.30"));
    let output = shop.check(&["deploy", "--since", "HEAD"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!("an_update_arms", text(&output.stdout));

    let found = shop.json(&["deploy", "--since", "HEAD"]);
    let race = of(&found, "keepalive-race");
    assert_eq!(race.len(), 1);
    assert_eq!(race[0]["new"], true);
    assert!(english(&race[0]["armed_by"]).iter().any(|says| says.contains("nginx 1.28 → 1.30")));
    let old: Vec<&Value> = race[0]["places"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|place| place["revision"] == "HEAD")
        .collect();
    assert_eq!(old.len(), 1, "{race:#?}");
    assert_eq!(old[0]["path"], "deploy/compose.yaml");
    // What is said with the race is not said a second time.
    assert!(of(&found, "config-change-regression").is_empty(), "{found:#}");
    let alone = shop.json(&["deploy"]);
    let print = |found: &Value| of(found, "keepalive-race")[0]["fingerprint"].clone();
    assert_eq!(print(&found), print(&alone), "a baseline fits both");
}

#[test]
fn an_update_that_arms_nothing_is_a_note() {
    let written = SERVER_JS.replace("require", "const server = require")
        + "server.keepAliveTimeout = 75000;\n";
    let shop = Repository::new(SHOP);
    shop.write("deploy/app/server.js", &written);
    shop.commit();
    shop.write("deploy/compose.yaml", &COMPOSE.replace("1.28", "1.30"));
    let found = shop.json(&["deploy", "--since", "HEAD"]);
    assert!(of(&found, "keepalive-race").is_empty(), "{found:#}");
    let changes = of(&found, "config-change-regression");
    assert_eq!(changes.len(), 2, "{found:#}");
    for change in changes {
        assert_eq!(change["severity"], "note");
        let sums = english(&change["arithmetic"]);
        assert!(sums[0].contains("before 1.29.7") && sums[1].contains("1.29.7 and later"));
        assert!(sums[1].contains("https://nginx.org/en/CHANGES"), "{sums:?}");
    }
    let output = shop.check(&["deploy", "--since", "HEAD", "--only-new"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn an_update_on_which_nothing_depends_is_silent() {
    let shop = Repository::new(SHOP);
    shop.write("deploy/compose.yaml", &COMPOSE.replace("1.28", "1.28.1"));
    shop.write("deploy/app/Dockerfile", &DOCKERFILE.replace("20", "22"));
    let found = shop.json(&["deploy", "--since", "HEAD"]);
    assert!(of(&found, "config-change-regression").is_empty(), "{found:#}");
    assert!(found["findings"].as_array().unwrap().iter().all(|f| f["new"] == false), "{found:#}");
}

#[test]
fn an_update_that_ends_a_race_is_no_more_than_a_note() {
    let shop = Repository::new(SHOP);
    shop.write("deploy/compose.yaml", &COMPOSE.replace("1.28", "1.30"));
    shop.commit();
    shop.write("deploy/compose.yaml", COMPOSE);
    let found = shop.json(&["deploy", "--since", "HEAD"]);
    assert!(of(&found, "keepalive-race").is_empty(), "{found:#}");
    let changes = of(&found, "config-change-regression");
    assert!(!changes.is_empty() && changes.iter().all(|c| c["severity"] == "note"), "{found:#}");
}

/// A race that is there in both revisions.
fn raced() -> Repository {
    let shop = Repository::new(SHOP);
    shop.write("deploy/compose.yaml", &COMPOSE.replace("1.28", "1.30"));
    shop.commit();
    shop
}

#[test]
fn only_what_is_new_decides() {
    let shop = raced();
    assert_eq!(shop.check(&["deploy", "--since", "HEAD"]).status.code(), Some(1));
    let output = shop.check(&["deploy", "--since", "HEAD", "--only-new"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(
        text(&output.stdout).contains("There before and not shown: "),
        "{}",
        text(&output.stdout)
    );
    let found = shop.json(&["deploy", "--since", "HEAD", "--only-new"]);
    assert!(of(&found, "keepalive-race").is_empty());
    assert!(found["since"]["old"].as_u64().unwrap() >= 1, "{found:#}");

    // A second server with the same fault is new, the first one is not, whatever the lines above.
    let second = "\n\nupstream more { server more:4000; }\n\
                  server { listen 81; location / { proxy_pass http://more; } }\n";
    shop.write("deploy/nginx.conf", &format!("{second}{NGINX}"));
    shop.write(
        "deploy/compose.yaml",
        &(COMPOSE.replace("1.28", "1.30") + "  more:\n    build: ./more\n"),
    );
    shop.write("deploy/more/Dockerfile", DOCKERFILE);
    shop.write("deploy/more/server.js", &SERVER_JS.replace("3000", "4000"));
    let found = shop.json(&["deploy", "--since", "HEAD"]);
    let new: Vec<bool> =
        of(&found, "keepalive-race").iter().map(|f| f["new"].as_bool().unwrap()).collect();
    assert_eq!(new.len(), 2, "{found:#}");
    assert_eq!(new.iter().filter(|new| **new).count(), 1, "{found:#}");
    assert_eq!(shop.check(&["deploy", "--since", "HEAD", "--only-new"]).status.code(), Some(1));
}

#[test]
fn every_form_says_what_is_new_and_fits_its_schema() {
    let shop = Repository::new(SHOP);
    shop.write("deploy/compose.yaml", &COMPOSE.replace("1.28", "1.30"));
    let arguments = ["deploy", "--since", "HEAD", "-o", "a.json", "-o", "a.sarif", "-o", "a.xml"];
    shop.check(&[&arguments[..], &["--format", "github"]].concat());
    let read = |name: &str| fs::read_to_string(shop.0.path().join(name)).unwrap();
    fits_the_schema_of_check(&serde_json::from_str(&read("a.json")).unwrap());
    let sarif: Value = serde_json::from_str(&read("a.sarif")).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["results"][0]["baselineState"], "new");
    assert_eq!(run["results"][1]["baselineState"], "unchanged");
    let main = &run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert!(main.get("uriBaseId").is_none(), "{main}");
    let related = run["results"][0]["relatedLocations"].to_string();
    assert!(related.contains("\"uriBaseId\":\"EARLIER\""), "{related}");
    assert!(run["originalUriBaseIds"]["EARLIER"].is_object());
    assert!(read("a.xml").contains("HEAD:deploy/compose.yaml:3"), "{}", read("a.xml"));
}

#[test]
fn names_are_the_same_wherever_it_is_run() {
    let shop = raced();
    for (folder, arguments) in [
        (".", &["deploy"][..]),
        (".", &["./deploy/"]),
        (".", &[]),
        ("deploy", &[]),
        ("deploy/app", &[".."]),
        ("deploy", &["nginx.conf", "compose.yaml", "app"]),
    ] {
        let folder = shop.0.path().join(folder);
        let arguments = [arguments, &["--since", "HEAD", "--only-new"]].concat();
        let output = check(&folder, &arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stdout));
        assert!(!text(&output.stdout).contains("not shown: 0"), "{}", text(&output.stdout));
    }
}

#[test]
fn a_folder_can_be_what_was_before() {
    let both = tempfile::tempdir().unwrap();
    for (folder, version) in [("old", "1.28"), ("new", "1.30")] {
        for (path, content) in SHOP {
            let path = both.path().join(folder).join(path.trim_start_matches("deploy/"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content.replace("1.28", version)).unwrap();
        }
    }
    let output = check(both.path(), &["new", "--since", "old", "--format", "json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(of(&found, "keepalive-race")[0]["new"], true);
    assert_eq!(of(&found, "stale-upstream-address")[0]["new"], false, "{found:#}");
    let two = check(both.path(), &["new", "new/app", "--since", "old"]);
    assert_eq!(two.status.code(), Some(2));
    assert!(text(&two.stderr).contains("one folder only"), "{}", text(&two.stderr));
}

#[test]
fn what_cannot_be_compared_is_one_sentence() {
    let shop = Repository::new(SHOP);
    let says = |output: Output| {
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
        let said = text(&output.stderr);
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        said
    };
    let said = says(shop.check(&["deploy", "--since", "nope"]));
    assert!(said.contains("neither a folder nor a revision"), "{said}");
    let said = says(shop.check(&["deploy", "--since=--upload-pack=x"]));
    assert!(said.contains("neither"), "{said}");
    let said = says(shop.check(&["deploy", "--since", "HEAD:deploy"]));
    assert!(said.contains("neither"), "{said}");

    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("nginx.conf"), NGINX).unwrap();
    let said = says(
        command(outside.path())
            .args(["--since", "HEAD"])
            .env("GIT_CEILING_DIRECTORIES", outside.path())
            .output()
            .unwrap(),
    );
    assert!(said.contains("lies in no git repository"), "{said}");

    let said = says(
        command(shop.0.path())
            .args(["deploy", "--since", "HEAD"])
            .env("PATH", outside.path())
            .output()
            .unwrap(),
    );
    assert!(said.contains("not installed"), "{said}");

    shop.commit();
    let shallow = tempfile::tempdir().unwrap();
    let from = format!("file://{}", shop.0.path().display());
    let to = shallow.path().join("clone");
    let done =
        Command::new("git").args(["clone", "-q", "--depth", "1", &from]).arg(&to).output().unwrap();
    assert!(done.status.success(), "{}", text(&done.stderr));
    let said = says(check(&to, &["deploy", "--since", "HEAD~1"]));
    assert!(said.contains("--unshallow"), "{said}");
}

#[test]
fn files_of_the_revision_are_read_as_the_intake_reads_them() {
    let shop = raced();
    // Links, foreign folders and names with odd characters.
    std::os::unix::fs::symlink("nginx.conf", shop.0.path().join("deploy/link.conf")).unwrap();
    shop.write("deploy/node_modules/x/nginx.conf", NGINX);
    shop.write("deploy/sites é \"1\"/new\nline.conf", "server { listen 90; }\n");
    shop.write("deploy/[a]*.conf", "server { listen 91; }\n");
    shop.commit();
    let found = shop.json(&["deploy", "--since", "HEAD"]);
    assert!(found["findings"].as_array().unwrap().iter().all(|f| f["new"] == false), "{found:#}");
    // A folder that was not there before: everything in it is new.
    for (path, content) in SHOP {
        let path = path.replace("deploy", "second");
        shop.write(&path, &content.replace("1.28", "1.30"));
    }
    let found = shop.json(&["second", "--since", "HEAD"]);
    assert!(found["findings"].as_array().unwrap().iter().all(|f| f["new"] == true), "{found:#}");
}

const SCHEMA: &str = "\
type Query {
  user(id: ID!): User
}

type User {
  id: ID!
  name: String
  mail: String @deprecated(reason: \"ask the directory\")
}
";

const FRONT: &str = "query Profile($id: ID!) {\n  user(id: $id) { id name }\n}\n";

#[test]
fn a_schema_that_breaks_running_clients_is_said_with_their_operations() {
    let api = Repository::new(&[("api/schema.graphql", SCHEMA), ("web/profile.graphql", FRONT)]);
    let now = SCHEMA
        .replace("  name: String\n", "")
        .replace("  mail: String @deprecated(reason: \"ask the directory\")\n", "");
    api.write("api/schema.graphql", &now);
    api.write("web/profile.graphql", &FRONT.replace("id name", "id"));
    let output = api.check(&["--since", "HEAD"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!("a_schema_breaks_clients", text(&output.stdout));
    let found = api.json(&["--since", "HEAD"]);
    let broken = of(&found, "bad-release");
    let severities: Vec<&str> = broken.iter().map(|f| f["severity"].as_str().unwrap()).collect();
    assert_eq!(severities, ["error", "note"], "{found:#}");
    assert_ne!(broken[0]["fingerprint"], broken[1]["fingerprint"]);
    let places: Vec<(&str, bool)> = broken[0]["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| (place["path"].as_str().unwrap(), place["revision"] == "HEAD"))
        .collect();
    let expected = [
        ("api/schema.graphql", false),
        ("api/schema.graphql", true),
        ("web/profile.graphql", true),
    ];
    assert_eq!(places, expected);

    // Without a revision to compare with, nothing is said of schemas.
    let alone = api.json(&[]);
    assert!(of(&alone, "bad-release").is_empty(), "{alone:#}");

    // A comment where the type is now, and a baseline.
    let silenced =
        now.replace("type User", "# why502: ignore[bad-release] the apps are updated\ntype User");
    api.write("api/schema.graphql", &silenced);
    assert_eq!(api.check(&["--since", "HEAD"]).status.code(), Some(0));
    api.write("api/schema.graphql", &now);
    api.check(&["--since", "HEAD", "--write-baseline", "known.txt"]);
    assert_eq!(api.check(&["--since", "HEAD", "--baseline", "known.txt"]).status.code(), Some(0));
}

#[test]
fn a_schema_that_only_grows_is_silent() {
    let api = Repository::new(&[("api/schema.graphql", SCHEMA), ("web/profile.graphql", FRONT)]);
    let more = SCHEMA.replace(
        "  name: String\n",
        "  name: String! @deprecated\n  names(first: Int): [String!]\n",
    );
    api.write("api/schema.graphql", &more);
    let found = api.json(&["--since", "HEAD"]);
    assert!(found["findings"].as_array().unwrap().is_empty(), "{found:#}");
    assert_eq!(found["files"][0]["read_as"], "graphql");
}

/// Two machines, of which only the declarations at the root know the addresses.
const MACHINES: &[(&str, &str)] = &[
    (
        "why502.toml",
        "[[hop]]\nname = \"api\"\nfiles = [\"deploy/api\"]\nhosts = [\"10.0.0.11\"]\n\n\
         [[hop]]\nname = \"edge\"\nproduct = \"nginx 1.28\"\nfiles = [\"deploy/nginx\"]\n",
    ),
    ("deploy/api/server.js", "require('http').createServer(answer).listen(3000);\n"),
    // A site of nginx has no extension: the folder it lies in tells.
    (
        "deploy/nginx/site",
        "server {\n listen 80;\n location / { proxy_pass http://10.0.0.11:3001; }\n}\n",
    ),
];

#[test]
fn what_is_declared_around_the_files_was_declared_before() {
    let machines = Repository::new(MACHINES);
    let other = tempfile::tempdir().unwrap();
    for (path, text) in MACHINES {
        let path = other.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let folder = other.path().join("deploy");
    let folder = folder.to_str().unwrap();
    for (place, arguments) in [
        ("", &["--since", "HEAD"][..]),
        ("", &["deploy", "--since", "HEAD"]),
        ("deploy", &[".", "--since", "HEAD"]),
        ("deploy", &["nginx", "api", "--since", "HEAD"]),
        ("deploy/api", &["..", "--since", "HEAD"]),
        ("", &["deploy", "--since", folder]),
    ] {
        let output = command(&machines.0.path().join(place))
            .args(["--format", "json"])
            .args(arguments)
            .output()
            .unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let refused = of(&found, "target-connect-refused");
        assert_eq!(refused.len(), 1, "in {place:?} with {arguments:?}: {found:#}");
        assert_eq!(refused[0]["new"], false, "in {place:?} with {arguments:?}: {found:#}");
    }
}
