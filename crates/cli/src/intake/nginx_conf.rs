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
    dialects::looks_like_nginx_conf(&text).then(|| dialects::nginx_formats_in_conf(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_is_told_from_logs_by_where_it_lies() {
        assert!(may_be(Path::new("etc/nginx/sites-enabled/site")));
        assert!(!may_be(Path::new("logs/access.log")));
    }
}
