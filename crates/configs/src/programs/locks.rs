//! Lock files of JavaScript: which versions of packages were resolved, and for which part of a
//! project.

use std::ops::Range;

use crate::document::Document;

/// Parts of a project that are read.
const MOST_PARTS: usize = 500;

/// A package as a lock file resolves it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The folder below that of the lock file whose program asks for it; `None` for all.
    pub(crate) part: Option<String>,
    /// Its version.
    pub(crate) version: String,
    /// Where the version is written.
    pub(crate) at: Range<usize>,
}

/// What a `yarn.lock` says of a package, of any version of Yarn: nothing if the project has several
/// versions of it, as it does not say whose they are.
pub(crate) fn yarn(text: &str, package: &str) -> Vec<Resolved> {
    let mut found: Vec<Resolved> = Vec::new();
    let mut is_about = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let bare = line.trim_end();
        if !line.starts_with([' ', '\t', '#']) {
            // `next@^15.0.0, next@15:` and `"next@npm:^15.0.0":`
            let asked = bare.trim_end_matches(':').split(',');
            is_about = asked
                .map(|one| one.trim().trim_matches('"'))
                .any(|one| one.strip_prefix(package).is_some_and(|rest| rest.starts_with('@')));
            continue;
        }
        let inner = bare.trim_start();
        let Some(rest) = inner.strip_prefix("version").filter(|_| is_about) else { continue };
        let version = rest.trim_start_matches(':').trim().trim_matches('"');
        if !version.is_empty() && found.iter().all(|had| had.version != version) {
            let version = version.to_owned();
            found.push(Resolved { part: None, version, at: at..at + bare.len() });
        }
        is_about = false;
    }
    if found.len() > 1 { Vec::new() } else { found }
}

/// What a `pnpm-lock.yaml` says of a package, for each part of the project.
/// <https://github.com/pnpm/spec/tree/master/lockfile>
pub(crate) fn pnpm(document: &Document, package: &str) -> Vec<Resolved> {
    let Some(root) = document.tree().roots().next() else { return Vec::new() };
    let mut parts = vec![(String::new(), root)];
    let importers = root.get("importers").entries().take(MOST_PARTS);
    parts.extend(importers.map(|(entry, at)| (entry.key.clone(), at)));
    let found = |(part, at): (String, crate::tree::At<'_>)| {
        let asked = at.get("dependencies").get(package);
        // Version 5 writes the version alone.
        let version = asked.get("version").there().unwrap_or(asked);
        let text = version.text()?;
        // `15.1.0(react@19.0.0)`, `12.0.1_react@18.2.0`
        let end = text.find(['(', '_']).unwrap_or(text.len());
        let part = if part == "." { String::new() } else { part };
        Some(Resolved { part: Some(part), version: text[..end].to_owned(), at: version.range() })
    };
    parts.into_iter().filter_map(found).collect()
}

/// What a `package-lock.json` says of a package: what lies beside all programs, and beside one.
pub(crate) fn npm(document: &Document, package: &str) -> Vec<Resolved> {
    let Some(root) = document.tree().roots().next() else { return Vec::new() };
    let own = format!("node_modules/{package}");
    let mut found = Vec::new();
    for (entry, at) in root.get("packages").entries() {
        let Some(part) = entry.key.strip_suffix(own.as_str()) else { continue };
        let part = part.strip_suffix('/');
        // What a package brings along for itself lies below it.
        if part.is_some_and(|part| part.contains("node_modules")) || found.len() > MOST_PARTS {
            continue;
        }
        let version = at.get("version");
        if let Some(text) = version.text()
            && (part.is_some() || entry.key == own)
        {
            let part = part.map(str::to_owned);
            found.push(Resolved { part, version: text.to_owned(), at: version.range() });
        }
    }
    // Version 1 of the file.
    let version = root.get("dependencies").get(package).get("version");
    if let (true, Some(text)) = (found.is_empty(), version.text()) {
        found.push(Resolved { part: None, version: text.to_owned(), at: version.range() });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_grammars_of_yarn() {
        let versions = |text: &str, package: &str| {
            yarn(text, package).into_iter().map(|found| found.version).collect::<Vec<_>>()
        };
        let first = "# yarn lockfile v1\n\n\nnext@^15.0.0, next@15:\n  version \"15.1.0\"\n  resolved \"https://x\"\n\nnext-auth@4:\n  version \"4.24.0\"\n";
        assert_eq!(versions(first, "next"), ["15.1.0"]);
        let berry = "__metadata:\n  version: 8\n\n\"fastify@npm:^5.0.0\":\n  version: 5.2.1\n  resolution: \"fastify@npm:5.2.1\"\n";
        assert_eq!(versions(berry, "fastify"), ["5.2.1"]);
        assert_eq!(versions(berry, "next"), [""; 0]);
        let two = "next@14:\n  version \"14.2.0\"\nnext@15:\n  version \"15.1.0\"\n";
        assert_eq!(versions(two, "next"), [""; 0]);
        assert_eq!(versions("next@14:\n  version", "next"), [""; 0]);
    }
}
