//! Public samples of other parsers: how many of their lines are understood, by dialect. Skips
//! where the samples are absent; `WHY502_CORPUS` names another folder.

use std::path::{Path, PathBuf};

use dialects::{Context, Dialect, Quick, Understood, by_name};

const NAMES: [&str; 5] = ["aws-alb", "haproxy-http", "haproxy-notice", "envoy-text", "envoy-json"];

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("WHY502_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

fn lines(path: &Path) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}

/// The `input` of every case of a file with one JSON object a line.
fn inputs(path: &Path) -> Option<Vec<String>> {
    let input = |line: &String| {
        let case: serde_json::Value = serde_json::from_str(line).ok()?;
        case.get("input")?.as_str().map(str::to_owned)
    };
    Some(lines(path)?.iter().filter_map(input).collect())
}

/// Lines understood and lines refused; a quick look must never see a failure as healthy.
fn read(dialect: &'static dyn Dialect, lines: &[String]) -> (usize, Vec<String>) {
    let context = Context::default();
    let mut refused = Vec::new();
    for line in lines {
        let mut events = Vec::new();
        if dialect.parse(line, &context, &mut events) == Understood::No {
            assert!(!dialect.sniff(line), "{}: sniffed and refused: {line}", dialect.name());
            refused.push(line.clone());
        } else if let Quick::Tally(_) = dialect.quick(line.as_bytes(), &context) {
            let healthy = |event: &model::Event<'_>| matches!(event, model::Event::Request(request) if request.failure.is_none());
            assert!(matches!(&events[..], [event] if healthy(event)), "{line}");
        }
    }
    (lines.len() - refused.len(), refused)
}

/// Checks one sample: all lines but `refusals` (each with a reason beside the call) are read.
fn check(dialect: &str, sample: &str, lines: &[String], refusals: &[&str]) {
    let dialect = by_name(dialect).expect("a dialect");
    let (understood, refused) = read(dialect, lines);
    println!("{:<14} {understood:>3} of {:>3}  {sample}", dialect.name(), lines.len());
    let unexpected: Vec<_> =
        refused.iter().filter(|line| !refusals.iter().any(|part| line.contains(part))).collect();
    assert!(unexpected.is_empty(), "{sample}: refused {unexpected:#?}");
    assert!(understood > 0, "{sample}: nothing understood");
}

#[test]
fn public_samples_are_understood() {
    let Some(corpus) = corpus() else {
        println!("no public samples here: skipped");
        return;
    };
    if let Some(lines) = inputs(&corpus.join("vectordotdev+vrl/parse_aws_alb_log.jsonl")) {
        check("aws-alb", "vrl", &lines, &[]);
    }
    let hub = corpus.join("crowdsecurity+hub/tests");
    if let Some(lines) = lines(&hub.join("aws-alb-logs/aws-alb-logs.log")) {
        check("aws-alb", "crowdsec", &lines, &[]);
    }
    if let Some(lines) = lines(&hub.join("haproxy-logs/haproxy-logs.log")) {
        check("haproxy-http", "crowdsec", &lines, &[]);
    }
    let logstash = corpus.join("logstash-plugins+logstash-patterns-core/haproxy.jsonl");
    if let Some(lines) = inputs(&logstash) {
        check("haproxy-http", "logstash", &lines, &[]);
    }
    if let Some(lines) = lines(&corpus.join("haproxy+haproxy/doc-examples.log")) {
        // A header that HAProxy sends to its servers, quoted in the manual beside the log lines.
        check("haproxy-http", "HAProxy manual", &lines, &["X-Haproxy-Server-State"]);
    }
    if let Some(lines) = lines(&corpus.join("tstack+lnav/test/logfile_haproxy.0")) {
        let (notices, requests): (Vec<_>, Vec<_>) =
            lines.into_iter().partition(|line| line.contains(": Proxy "));
        check("haproxy-http", "lnav", &requests, &[]);
        check("haproxy-notice", "lnav", &notices, &[]);
    }
    if let Some(lines) = lines(&hub.join("envoy-logs/envoy.log")) {
        // The container runtime's prefix is the reader's to strip.
        let bare = lines.iter().map(|line| line.split_once(" F ").map_or(&line[..], |(_, l)| l));
        let (json, text): (Vec<_>, Vec<_>) =
            bare.map(str::to_owned).partition(|line| line.starts_with('{'));
        check("envoy-json", "crowdsec", &json, &[]);
        check("envoy-text", "crowdsec", &text, &[]);
    }
}

/// Logs of other servers and programs: refused by all dialects of these families.
#[test]
fn foreign_lines_are_refused() {
    let Some(corpus) = corpus() else { return };
    let hub = corpus.join("crowdsecurity+hub/tests");
    let mut files: Vec<PathBuf> = vec![
        hub.join("nginx_http-logs/nginx_http-logs.log"),
        hub.join("apache2-logs/apache2-logs.log"),
        hub.join("caddy-logs/caddy-logs.log"),
        hub.join("traefik_json/traefik_json.log"),
        hub.join("traefik_clf/traefik_clf.log"),
        hub.join("aws-cloudfront-logs/aws-cloudfront-logs.log"),
        corpus.join("tstack+lnav/test/logfile_shop_access_log.0"),
        corpus.join("tstack+lnav/test/datafile_syslog.0"),
    ];
    let samples = std::fs::read_dir(corpus.join("tstack+lnav/test/log-samples"));
    files.extend(samples.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())));
    let mut tried = 0;
    for line in files.iter().filter_map(|path| lines(path)).flatten() {
        for name in NAMES {
            let dialect = by_name(name).expect("a dialect");
            let mut events = Vec::new();
            let understood = dialect.parse(&line, &Context::default(), &mut events);
            assert!(understood == Understood::No && !dialect.sniff(&line), "{name}: {line}");
            assert_eq!(dialect.quick(line.as_bytes(), &Context::default()), Quick::Full, "{line}");
            tried += 1;
        }
    }
    println!("{} foreign lines refused", tried / NAMES.len());
}

/// Every line of every sample, cut and altered, offered to every dialect of these families: no
/// panic, and a quick look that counts a line says the same as the full parse of it.
#[test]
fn damaged_lines_do_no_harm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let context = Context { year: Some(2026), ..Context::default() };
    let mut tried = 0;
    for sample in NAMES {
        let Some(lines) = lines(&folder.join(format!("{sample}.txt"))) else { continue };
        for line in lines.iter().filter(|line| line.len() < 2_000) {
            for dialect in NAMES.map(|name| by_name(name).expect("a dialect")) {
                let mut offer = |record: &str| {
                    let mut events = Vec::new();
                    let quick = dialect.quick(record.as_bytes(), &context);
                    let understood = dialect.parse(record, &context, &mut events);
                    if let (Quick::Tally(tally), Understood::Yes) = (quick, understood) {
                        let [model::Event::Request(request)] = &events[..] else {
                            panic!("tallied, but no single request: {record}")
                        };
                        assert_eq!(request.failure, None, "{record}");
                        assert_eq!(request.status, Some(tally.status), "{record}");
                        assert_eq!(request.timers.total, tally.elapsed, "{record}");
                        assert_eq!(request.hop.as_bytes(), tally.hop, "{record}");
                        let target = request.target.as_deref().unwrap_or("");
                        assert_eq!(target.as_bytes(), tally.target, "{record}");
                    }
                    assert!(understood == Understood::Yes || !dialect.sniff(record), "{record}");
                    tried += 1;
                };
                let borders = line.char_indices().map(|(at, _)| at);
                for at in borders.step_by(if dialect.name() == sample { 3 } else { 41 }) {
                    let (head, tail) = line.split_at(at);
                    offer(head);
                    offer(tail);
                    offer(&format!("{head}é{}", tail.get(1..).unwrap_or("")));
                    offer(&format!("{head}\"{tail}"));
                    offer(&format!("{head} {tail}"));
                }
            }
        }
    }
    assert!(tried > 100_000, "only {tried} records tried");
}
