//! Broken and hostile files, with the real program: each is told in a sentence with its file, and what
//! lies beside it is checked all the same, within bounds of time and memory.
#![cfg(unix)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use support::Run;

/// Far more than any of these takes, on a busy machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(120);

/// Memory that the program may ask for, in KiB: a file of 50 MB takes a third of it at most.
const MEMORY: u32 = 4 << 20;

/// How deep the deep ones are.
const DEEP: usize = 100_000;

const GATEWAY: &str = "server {\n    listen 443 ssl;\n    location / {\n        \
                       proxy_pass https://127.0.0.1:3000;\n    }\n}\nserver {\n    listen 3000;\n}\n";

/// A folder with something that is found, whatever lies beside it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.with("good/nginx/site.conf", GATEWAY.as_bytes())
    }

    fn with(self, path: &str, text: &[u8]) -> Folder {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Checks it within the bounds; the finding beside has to be there.
    fn check(&self) -> Run {
        let start = Instant::now();
        let script = format!("ulimit -v {MEMORY}; exec \"$0\" check --lang en --fail-on never");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_why502")]).current_dir(self.path());
        let run = support::finish(&mut command);
        let took = start.elapsed();
        assert!(took < PATIENCE, "{took:?}");
        assert!(run.out.contains("where plain HTTP is spoken"), "{} {}", run.out, run.err);
        run
    }
}

/// One file, and the sentence about it.
fn told(path: &str, text: &[u8], sentence: &str) {
    let run = Folder::new().with(path, text).check();
    assert!(run.said().contains(path), "{path} is not named: {}", run.said());
    assert!(run.said().contains(sentence), "{sentence:?} is not said of {path}: {}", run.said());
}

#[test]
fn deep_files() {
    let of = |piece: &str| piece.repeat(DEEP).into_bytes();
    told("template.json", &of("{\"Resources\":"), "template.json:1: nothing of this file was read");
    let yaml = [&b"apiVersion: v1\nkind: Service\nspec: "[..], &of("{a: ")].concat();
    told("service.yaml", &yaml, "service.yaml:3: nothing of this file was read");
    let flow = [&b"static_resources:\n  clusters: "[..], &of("[")].concat();
    told("envoy.yaml", &flow, "envoy.yaml:2: the file ends here for its reader");
    told("nginx.conf", &[&b"listen 80;\n"[..], &of("http {\n")].concat(), "too deeply");
    told("httpd.conf", &of("<Location /x>\nProxyPass http://x\n"), "too deeply");
    told("blocks.tf", &of("resource \"a\" \"b\" {\n"), "could not be read here");
    for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("\"${", "}\"")] {
        let text = format!("locals {{\n  x = {}1{}\n}}\n", open.repeat(DEEP), close.repeat(DEEP));
        told("deep.tf", text.as_bytes(), "deep.tf:2: a block could not be read here");
    }
    // What a program's brackets do is no fault of a configuration.
    Folder::new().with("server.js", &[&b"app.listen(80);"[..], &of("(")].concat()).check();
}

#[test]
fn cut_files() {
    told("nginx.conf", b"http {\n  server {\n    listen 80;\n", "the file ends within this block");
    told("main.tf", b"resource \"aws_lb\" \"a\" {\n  name = \"x", "main.tf:2");
    let json = br#"{"Resources": {"A": {"Type": "AWS::EC2::SecurityGroup", "Proper"#;
    told("template.json", json, "template.json:1: ");
    let yaml = b"services:\n  web:\n    image: \"nginx\n    ports: [\"80:80\"\n";
    told("compose.yaml", yaml, "compose.yaml:");
    told("nginx.conf", b"worker_proc", "nothing here is what a file of this name holds");
    told("haproxy.cfg", b"fronte", "nothing here is what a file of this name holds");
}

#[test]
fn circles() {
    let run = Folder::new()
        .with("nginx.conf", b"http {\n  include a.conf;\n  server { listen 81; }\n}\n")
        .with("a.conf", b"proxy_read_timeout 5s;\ninclude nginx.conf;\n")
        .with("httpd/httpd.conf", b"Listen 80\nInclude extra.conf\n")
        .with("httpd/extra.conf", b"ProxyTimeout 5\nInclude httpd.conf\n")
        .with("tf/a/main.tf", b"module \"b\" {\n  source = \"../b\"\n}\n")
        .with("tf/b/main.tf", b"module \"a\" {\n  source = \"../a\"\n}\n")
        .check();
    for sentence in [
        "a.conf:2: `nginx.conf` includes itself",
        "httpd/httpd.conf:2: `httpd/extra.conf` includes itself",
        "calls itself",
    ] {
        assert!(run.out.contains(sentence), "{sentence:?}: {}", run.out);
    }
}

#[test]
fn anchors_that_explode() {
    let mut text = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..30 {
        let list = vec![format!("*l{}", n - 1); 10].join(", ");
        let _ = writeln!(text, "l{n}: &l{n} [{list}]");
    }
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: *l29}\n";
    Folder::new().with("pod.yaml", format!("{text}{pod}").as_bytes()).check();
    let envoy = "static_resources: {clusters: *l29, listeners: *l29}\n";
    Folder::new().with("envoy.yaml", format!("{text}{envoy}").as_bytes()).check();
    let compose = "services: {web: {image: a, ports: *l29, environment: *l29}}\n";
    Folder::new().with("compose.yaml", format!("{text}{compose}").as_bytes()).check();
}

#[test]
fn fifty_megabytes() {
    let nginx = "server {\n  listen 80;\n}\n".repeat(2_200_000);
    told("big/nginx.conf", nginx.as_bytes(), "too many directives");
    let terraform = "resource \"aws_lb\" \"a\" {\n  name = \"x\"\n}\n".repeat(1_300_000);
    told("big/main.tf", terraform.as_bytes(), "too large to be written by hand");
    let template = format!("{{\"Resources\": {{{}", "\"A\": {\"Type\": \"B\"},".repeat(2_500_000));
    told("big/template.json", template.as_bytes(), "big/template.json:1: ");
    told("big/nginx.conf", &vec![b'#'; 65 << 20], "larger than 64 MiB");
}

#[test]
fn many_files() {
    let mut folder = Folder::new();
    for n in 0..20_000 {
        let text = format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: p{n}\n");
        folder = folder.with(&format!("many/{}/{n}.yaml", n % 100), text.as_bytes());
    }
    let run = folder.check();
    assert!(run.out.contains("20001 files") || run.out.contains("too many objects"), "{}", run.out);
}

#[test]
fn what_is_no_text_or_cannot_be_read() {
    let noise: Vec<u8> =
        (0..50_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    told("nginx.conf", &noise, "nginx.conf was left out: it is no text in UTF-8");
    told(
        "latin/nginx.conf",
        b"# caf\xe9\nhttp {\n  server {\n    listen 80;\n  }\n}\n",
        "nginx.conf:1: this is no UTF-8",
    );
    Folder::new().with("nginx.conf", b"").with("main.tf", b"").with("a.yaml", b"").check();

    let folder = Folder::new().with("shut/nginx.conf", b"http { }").with("closed.tf", b"x");
    std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
    std::os::unix::fs::symlink("b.conf", folder.path().join("a.conf")).unwrap();
    std::os::unix::fs::symlink("a.conf", folder.path().join("b.conf")).unwrap();
    std::process::Command::new("mkfifo").arg(folder.path().join("pipe.conf")).status().unwrap();
    let shut = |mode| {
        let to = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(folder.path().join("shut"), fs::Permissions::clone(&to)).unwrap();
        fs::set_permissions(folder.path().join("closed.tf"), to).unwrap();
    };
    shut(0o000);
    // Who may read everything is refused nothing.
    let refused = fs::read(folder.path().join("closed.tf")).is_err();
    let run = folder.check();
    shut(0o755);
    for name in ["shut", "closed.tf"].iter().filter(|_| refused) {
        assert!(run.err.contains(&format!("{name} was left out")), "{}", run.err);
    }
}
