//! Hostile source code, Dockerfiles and compose files: what is large, deep, or multiplies itself is
//! read within seconds, and without a panic.

use std::time::{Duration, Instant};

use configs::{Input, read};

/// Far more than any of these takes, on a slow machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(120);

fn reads(path: &str, text: String) {
    let start = Instant::now();
    let system = read(vec![Input { path: path.to_owned(), text }]);
    let took = start.elapsed();
    assert!(system.hops.len() < 100_000, "{path}");
    assert!(took < PATIENCE, "{path} took {took:?}");
}

#[test]
fn source_code_ends() {
    let repeated =
        |piece: &str| format!("app.listen(1);fetch(a);{}", piece.repeat((1 << 18) / piece.len()));
    for piece in [
        "x=",
        "f(",
        "(",
        "{",
        "[",
        "'\\",
        "\"\\",
        "`${",
        "/[",
        "a.b.",
        "app.listen(x)\n",
        "1+",
        "p.env||",
        "fetch(`http://a/${b}`)\n",
        "new Pool({max:1})\n",
        "x.keepAliveTimeout=1\n",
        "}",
        "const a=b\n",
        "createServer({a:1},",
        "/*",
        "on('SIGTERM',()=>",
    ] {
        reads("server.js", repeated(piece));
        reads("gunicorn.conf.py", repeated(piece));
        reads("config/puma.rb", repeated(piece));
        reads("main.go", format!("import \"net/http\"\nhttp.Server{{{}", repeated(piece)));
    }
}

#[test]
fn files_that_multiply_themselves_end() {
    let laughs: String = (0..80).map(|n| format!("ENV A{}=$A{n}$A{n}\n", n + 1)).collect();
    reads("Dockerfile", format!("FROM a\nENV A0=xxxxxxxx\n{laughs}EXPOSE $A80\n"));
    let variables: String = (0..100_000).map(|n| format!("ENV V{n}=http://h{n}\n")).collect();
    reads("Dockerfile", format!("FROM node:20\n{variables}"));
    let stages: String = (0..50_000).map(|n| format!("FROM s{n} AS s{}\n", n + 1)).collect();
    reads("Dockerfile", stages);
    let ports: String = (0..3000).map(|n| format!("    - \"{n}\"\n")).collect();
    let services: String = (0..3000).map(|n| format!("  s{n}:\n    ports: *p\n")).collect();
    reads("compose.yaml", format!("x: &p\n{ports}services:\n{services}"));
    let keys: String = (0..100_000).map(|n| format!("server.port={n}\n")).collect();
    reads("application.properties", keys);
}
