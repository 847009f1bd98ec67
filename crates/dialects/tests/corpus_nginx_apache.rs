//! How much of what other people's test suites hold for nginx and httpd is understood, and what is
//! refused for which reason. Skipped where the corpus is not there.

use std::path::{Path, PathBuf};

use dialects::{Context, Understood};

/// The corpus: `WHY502_CORPUS`, or `shared/corpus` next to the workspace.
fn corpus() -> Option<PathBuf> {
    let given = std::env::var_os("WHY502_CORPUS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    given.or(Some(beside)).filter(|path| path.is_dir())
}

/// The `input` of every case of a JSON lines file whose `key` begins with `prefix`.
fn inputs(path: &Path, key: &str, prefix: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a file of the corpus");
    text.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|case| case[key].as_str().is_some_and(|value| value.starts_with(prefix)))
        .filter_map(|case| Some(case["input"].as_str()?.to_owned()))
        .collect()
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read(path).expect("a file of the corpus");
    String::from_utf8_lossy(&text).lines().map(str::to_owned).collect()
}

struct Suite {
    name: &'static str,
    records: Vec<String>,
    /// Dialects that may understand a record.
    dialects: &'static [&'static str],
    apache: bool,
    /// Parts of records that are refused, and why.
    refused: &'static [(&'static str, &'static str)],
}

#[test]
fn public_samples_are_understood() {
    const NGINX: &[&str] = &["nginx-access", "nginx-error"];
    const HTTPD: &[&str] = &["apache-access", "apache-error"];
    const NO_LOG: &[(&str, &str)] = &[
        ("- - - - - - -", "nothing but dashes: no client, time or status"),
        ("- - - [-] \"-\" - -", "nothing but dashes: no client, time or status"),
        ("- - - [2000-10-10T20:55:36Z]", "no client, request or status"),
        ("- - - [1234]", "the time is none"),
        ("not a common log line", "prose"),
        ("[2021/06/03 09:30:50] - - - -", "no level, module or message"),
    ];
    let Some(root) = corpus() else {
        eprintln!("no corpus: skipped");
        return;
    };
    let vrl = root.join("vectordotdev+vrl");
    let crowdsec = root.join("crowdsecurity+hub/tests");
    let suites = [
        Suite {
            name: "vrl parse_nginx_log",
            records: inputs(&vrl.join("parse_nginx_log.jsonl"), "fn", ""),
            dialects: NGINX,
            apache: false,
            refused: &[],
        },
        Suite {
            name: "vrl parse_apache_log",
            records: inputs(&vrl.join("parse_apache_log.jsonl"), "fn", ""),
            dialects: HTTPD,
            apache: true,
            refused: NO_LOG,
        },
        Suite {
            name: "vrl parse_common_log",
            records: inputs(&vrl.join("parse_common_log.jsonl"), "fn", ""),
            dialects: HTTPD,
            apache: true,
            refused: NO_LOG,
        },
        Suite {
            name: "crowdsec nginx",
            records: lines(&crowdsec.join("nginx_http-logs/nginx_http-logs.log")),
            dialects: NGINX,
            apache: false,
            refused: &[(
                "www.crowdsec11.net:80 ",
                "a virtual host with its port in front is httpd's vhost_combined",
            )],
        },
        Suite {
            name: "crowdsec nginx, hostile requests",
            records: lines(&crowdsec.join("nginx-http-malformed/nginx_http-logs.log")),
            dialects: NGINX,
            apache: false,
            refused: &[],
        },
        Suite {
            name: "crowdsec nginx, limits",
            records: lines(&crowdsec.join("nginx_req_limit_exceeded/nginx_req_limit_exceeded.log")),
            dialects: NGINX,
            apache: false,
            refused: &[],
        },
        Suite {
            name: "crowdsec httpd",
            records: lines(&crowdsec.join("apache2-logs/apache2-logs.log")),
            dialects: HTTPD,
            apache: true,
            refused: &[],
        },
        Suite {
            name: "crowdsec httpd, hostile requests",
            records: lines(&crowdsec.join("apache2-malformed/apache2-logs.log")),
            dialects: HTTPD,
            apache: true,
            refused: &[],
        },
        Suite {
            name: "logstash httpd",
            records: inputs(
                &root.join("logstash-plugins+logstash-patterns-core/httpd.jsonl"),
                "pattern",
                "HTTPD_",
            ),
            dialects: HTTPD,
            apache: true,
            refused: &[],
        },
    ];
    let mut wrong = Vec::new();
    for suite in &suites {
        assert!(!suite.records.is_empty(), "{} is empty", suite.name);
        let context = Context { combined_is_apache: suite.apache, ..Context::default() };
        let mut understood = 0;
        for record in &suite.records {
            let taken = suite.dialects.iter().any(|name| {
                let dialect = dialects::by_name(name).expect("a dialect");
                dialect.parse(record, &context, &mut Vec::new()) == Understood::Yes
            });
            let reason = suite.refused.iter().find(|(part, _)| record.starts_with(part));
            understood += usize::from(taken);
            if taken == reason.is_some() {
                wrong.push(format!("{}: taken={taken}: {record}", suite.name));
            }
        }
        println!("{}: {understood} of {} understood", suite.name, suite.records.len());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines of every other program's suites are nobody's here.
#[test]
fn other_programs_samples_are_refused() {
    let Some(root) = corpus() else {
        eprintln!("no corpus: skipped");
        return;
    };
    let crowdsec = root.join("crowdsecurity+hub/tests");
    let lnav = root.join("tstack+lnav/test");
    let mut records = Vec::new();
    for file in ["aws-alb-logs/aws-alb-logs.log", "caddy-logs/caddy-logs.log"] {
        records.extend(lines(&crowdsec.join(file)));
    }
    for file in ["envoy-logs/envoy.log", "haproxy-logs/haproxy-logs.log"] {
        records.extend(lines(&crowdsec.join(file)));
    }
    for file in ["traefik_clf/traefik_clf.log", "traefik_json/traefik_json.log"] {
        records.extend(lines(&crowdsec.join(file)));
    }
    for file in ["logfile_syslog.0", "logfile_w3c.0", "logfile_caddy_log.0", "logfile_haproxy.0"] {
        records.extend(lines(&lnav.join(file)));
    }
    records.extend(lines(&root.join("haproxy+haproxy/doc-examples.log")));
    let mut taken = Vec::new();
    for apache in [false, true] {
        let context = Context { combined_is_apache: apache, ..Context::default() };
        for name in ["nginx-access", "nginx-error", "apache-access", "apache-error"] {
            let dialect = dialects::by_name(name).expect("a dialect");
            for record in &records {
                if dialect.parse(record, &context, &mut Vec::new()) == Understood::Yes {
                    taken.push(format!("{name}: {record}"));
                }
            }
        }
    }
    println!("{} records of other programs", records.len());
    assert!(taken.is_empty(), "{}", taken.join("\n"));
}
