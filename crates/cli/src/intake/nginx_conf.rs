//! nginx configuration found among the evidence: it is no log, but tells how to read the logs.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use dialects::LogFormat;

/// Configuration beyond this size is not nginx's.
const LIMIT: u64 = 1 << 20;

/// Whether a file may be nginx configuration, judged by where such files are kept.
pub(crate) fn may_be(path: &Path) -> bool {
    let is_conf = path.extension().is_some_and(|extension| extension == "conf");
    is_conf
        || path.parent().is_some_and(|parent| {
            parent.ends_with("sites-enabled")
                || parent.ends_with("sites-available")
                || parent.ends_with("conf.d")
        })
}

/// The log formats that the file defines; `None` if it is no nginx configuration.
pub(crate) fn formats(path: &Path) -> Option<Vec<LogFormat>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LIMIT).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    is_conf(&text).then(|| formats_in(&text))
}

/// Directives that stand at the beginning of a line in every nginx configuration worth reading.
fn is_conf(text: &str) -> bool {
    let openings = ["http", "server", "upstream", "location", "events", "log_format", "access_log"];
    let directives = text
        .lines()
        .map(str::trim)
        .filter(|line| {
            line.ends_with(['{', ';', '\''])
                && line
                    .split(|c: char| c.is_whitespace() || c == '{')
                    .next()
                    .is_some_and(|word| openings.contains(&word))
        })
        .count();
    directives > 0
}

/// The `log_format`s of a configuration.
fn formats_in(_text: &str) -> Vec<LogFormat> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_is_told_from_logs() {
        assert!(is_conf("http {\n  log_format main '$remote_addr';\n}\n"));
        assert!(is_conf("server {\n listen 80;\n}\n"));
        assert!(!is_conf("2024/01/02 03:04:05 [error] 1#1: *1 server failed;\n"));
        assert!(may_be(Path::new("etc/nginx/sites-enabled/site")));
        assert!(!may_be(Path::new("logs/access.log")));
    }
}
