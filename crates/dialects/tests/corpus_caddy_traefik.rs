//! How much of what other people's test suites hold for Caddy and Traefik is understood. Skipped
//! where the corpus is not there.

use std::path::{Path, PathBuf};

use dialects::{Context, Understood};

/// The corpus: `WHY502_CORPUS`, or `shared/corpus` next to the workspace.
fn corpus() -> Option<PathBuf> {
    let given = std::env::var_os("WHY502_CORPUS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    given.or(Some(beside)).filter(|path| path.is_dir())
}

#[test]
fn public_samples_are_understood() {
    let Some(root) = corpus() else {
        eprintln!("no corpus: skipped");
        return;
    };
    for (file, name) in [
        ("crowdsecurity+hub/tests/caddy-logs/caddy-logs.log", "caddy"),
        ("tstack+lnav/test/logfile_caddy_log.0", "caddy"),
        ("crowdsecurity+hub/tests/traefik_clf/traefik_clf.log", "traefik"),
        ("crowdsecurity+hub/tests/traefik_json/traefik_json.log", "traefik"),
    ] {
        let text = std::fs::read(root.join(file)).expect("a file of the corpus");
        let text = String::from_utf8_lossy(&text);
        let own = dialects::by_name(name).expect("a dialect");
        let context = Context::default();
        let (mut understood, mut all) = (0, 0);
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line = line.strip_prefix("caddy  | ").unwrap_or(line);
            // What a plugin prints is no format of Traefik's.
            if line.starts_with("DEBUG: CrowdsecBouncerTraefikPlugin") {
                continue;
            }
            all += 1;
            let reader = dialects::ALL.iter().find(|dialect| {
                dialect.sniff(line)
                    && dialect.parse(line, &context, &mut Vec::new()) == Understood::Yes
            });
            let reader = reader.map(|dialect| dialect.name());
            assert!(reader.is_none() || reader == Some(own.name()), "{reader:?} took {line}");
            understood += usize::from(reader.is_some());
            if reader.is_none() {
                eprintln!("{file}: {line}");
            }
        }
        assert!(all > 0, "{file} is empty");
        assert_eq!(understood, all, "{file}: {understood} of {all}");
    }
}
