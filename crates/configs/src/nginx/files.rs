//! The files of nginx among the documents: which they are, those that `nginx -T` prints into one
//! document, and which of them an `include` means.

use std::ops::Range;

use crate::document::Document;

/// What `nginx -T` writes before each file.
const DUMP: &str = "# configuration file ";

/// How much of a file is looked at to see whether it is nginx's.
const LOOKED_AT: usize = 64 << 10;

/// One file: a document, or a part of a dump.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Which of the documents it is in.
    pub(super) document: usize,
    /// Its part of the document.
    pub(super) range: Range<usize>,
    /// Its path: below the folder that is checked, or in a dump the path on the server.
    pub(super) path: String,
    /// True if it is a part of a dump.
    pub(super) dumped: bool,
}

/// Beginnings of directives that only nginx has, or that it shares with formats told apart by their
/// `;`.
const DIRECTIVES: &[&str] = &[
    "proxy_",
    "fastcgi_",
    "uwsgi_",
    "scgi_",
    "grpc_",
    "ssl_",
    "client_",
    "server_name",
    "listen ",
    "keepalive_",
    "add_header",
    "limit_",
    "worker_",
    "gzip",
    "upstream ",
    "location ",
    "include ",
    "resolver",
    "try_files",
    "return ",
    "root ",
    "real_ip_",
    "set_real_ip_from",
    "map ",
];

/// Blocks that hold such directives.
const BLOCKS: &[&str] = &["http", "server", "upstream", "location", "events", "stream", "map"];

/// Folders in which files of any name are nginx's, if they look so.
const FOLDERS: &[&str] = &["nginx", "sites-", "conf.d", "http.d", "snippets", "vhost", "openresty"];

/// Endings of files that are never a server's configuration.
const OTHERS: &[&str] = &[
    "md",
    "rst",
    "html",
    "htm",
    "js",
    "mjs",
    "cjs",
    "ts",
    "jsx",
    "tsx",
    "py",
    "rb",
    "go",
    "rs",
    "c",
    "h",
    "cc",
    "cpp",
    "java",
    "kt",
    "php",
    "pl",
    "lua",
    "sh",
    "json",
    "yaml",
    "yml",
    "toml",
    "tf",
    "hcl",
    "tfvars",
    "log",
    "css",
    "scss",
    "sql",
    "xml",
    "properties",
    "pem",
    "crt",
    "key",
    "csv",
];

/// True if the file is nginx's, by its name and what is in it.
pub(super) fn is_nginx(document: &Document) -> bool {
    let extension = document.extension();
    if OTHERS.contains(&extension.as_str()) {
        return false;
    }
    let text = head(&document.text);
    if text.contains(DUMP) && dump_parts(&document.text).next().is_some() {
        return true;
    }
    let name = document.name().to_ascii_lowercase();
    let by_name = name.contains("nginx")
        || matches!(
            extension.as_str(),
            "conf" | "vhost" | "template" | "inc" | "tmpl" | "j2" | "erb"
        )
        || FOLDERS.iter().any(|folder| document.folder().to_ascii_lowercase().contains(folder));
    by_name && looks_like_nginx(text)
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn looks_like_nginx(text: &str) -> bool {
    let mut directive = false;
    let mut block = false;
    for line in text.lines().map(str::trim) {
        // A section of Apache httpd, INI or HAProxy has no like in nginx.
        if line.starts_with('<') && line.ends_with('>') {
            return false;
        }
        let code = line.split(" #").next().unwrap_or(line).trim_end();
        if code.ends_with(';') || code.ends_with("; }") || code.ends_with(";}") {
            directive |= DIRECTIVES.iter().any(|start| code.starts_with(start));
            block |= code.contains('{')
                && BLOCKS.iter().any(|name| is_block(code.split('{').next().unwrap_or(""), name));
        } else if let Some(opened) = code.strip_suffix('{') {
            block |= BLOCKS.iter().any(|name| is_block(opened, name));
        }
        if directive {
            return true;
        }
    }
    block && text.contains(';')
}

fn is_block(opened: &str, name: &str) -> bool {
    let opened = opened.trim();
    opened == name || opened.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '))
}

/// The files of the documents.
pub(super) fn files(documents: &[&Document]) -> Vec<File> {
    let mut files = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        let before = files.len();
        for (path, range) in dump_parts(&document.text) {
            files.push(File { document: number, range, path: path.to_owned(), dumped: true });
        }
        if files.len() == before {
            let range = 0..document.text.len();
            let path = document.path.clone();
            files.push(File { document: number, range, path, dumped: false });
        }
    }
    files
}

/// The parts of a dump: paths, and where their text stands.
fn dump_parts(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut marks = text
        .match_indices(DUMP)
        .filter(|(at, _)| *at == 0 || text.as_bytes()[at - 1] == b'\n')
        .filter_map(|(at, _)| {
            let line = text[at..].lines().next()?;
            let path = line[DUMP.len()..].trim_end().strip_suffix(':')?;
            Some((path, at, at + line.len()))
        })
        .peekable();
    std::iter::from_fn(move || {
        let (path, _, start) = marks.next()?;
        let end = marks.peek().map_or(text.len(), |(_, at, _)| *at);
        Some((path, start..end))
    })
}

/// Which files an `include` means: `pattern` as written, in a configuration whose main file is
/// `main`, written in the file `from`. In the order of their paths, as nginx reads them.
pub(super) fn included(files: &[File], pattern: &str, main: usize, from: usize) -> Vec<usize> {
    let same = |other: &File| {
        if files[from].dumped {
            other.dumped && other.document == files[from].document
        } else {
            !other.dumped
        }
    };
    let find = |full: &str| -> Vec<usize> {
        let mut found: Vec<usize> = (0..files.len())
            .filter(|&at| same(&files[at]) && glob(full, &files[at].path))
            .collect();
        found.sort_by(|a, b| files[*a].path.cmp(&files[*b].path));
        found
    };
    let pattern = normal(pattern);
    if files[from].dumped {
        let full = if pattern.starts_with('/') {
            pattern
        } else {
            join(folder(&files[main].path), &pattern)
        };
        return find(&full);
    }
    let main_folder = folder(&files[main].path);
    let from_folder = folder(&files[from].path);
    if !pattern.starts_with('/') {
        let near = find(&join(main_folder, &pattern));
        let near = if near.is_empty() { find(&join(from_folder, &pattern)) } else { near };
        if !near.is_empty() {
            return near;
        }
    }
    // The path on the server ends like the path in the project: the longest common end wins, first
    // below the folder of the main file, then anywhere if only one folder has it.
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    for skip in 0..parts.len() {
        let end = parts[skip..].join("/");
        let is_bare_glob = skip + 1 == parts.len() && end.contains(['*', '?', '[']);
        if is_bare_glob {
            break;
        }
        for base in [main_folder, from_folder] {
            let found = find(&join(base, &end));
            if !found.is_empty() {
                return found;
            }
        }
        let found: Vec<usize> = (0..files.len())
            .filter(|&at| same(&files[at]) && ends_like(&end, &files[at].path))
            .collect();
        let mut folders: Vec<&str> = found.iter().map(|&at| folder(&files[at].path)).collect();
        folders.dedup();
        if folders.len() == 1 {
            let mut found = found;
            found.sort_by(|a, b| files[*a].path.cmp(&files[*b].path));
            return found;
        }
        if folders.len() > 1 {
            return Vec::new();
        }
    }
    Vec::new()
}

/// True if the last parts of the path match the pattern.
fn ends_like(pattern: &str, path: &str) -> bool {
    let wanted = pattern.split('/').count();
    let parts: Vec<&str> = path.split('/').collect();
    parts.len() >= wanted && glob(pattern, &parts[parts.len() - wanted..].join("/"))
}

/// The folder of a path, without `/` at its end.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, rest: &str) -> String {
    if folder.is_empty() { normal(rest) } else { normal(&format!("{folder}/{rest}")) }
}

/// The path without `.` and `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// True if the path matches a pattern with `*`, `?` and `[…]`, none of which matches a `/`.
pub(super) fn glob(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.as_bytes(), path.as_bytes());
    let (mut p, mut s) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while s < path.len() {
        let step = match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, s));
                p += 1;
                continue;
            }
            Some(b'?') if path[s] != b'/' => Some(p + 1),
            Some(b'[') => match class(&pattern[p..], path[s]) {
                Some((true, length)) if path[s] != b'/' => Some(p + length),
                Some(_) => None,
                None => (path[s] == b'[').then_some(p + 1),
            },
            Some(&byte) if byte == path[s] => Some(p + 1),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => {
                p = next;
                s += 1;
            }
            (None, Some((at, from))) if path[from] != b'/' => {
                star = Some((at, from + 1));
                p = at + 1;
                s = from + 1;
            }
            (None, _) => return false,
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

/// Whether a byte is of the class that begins here, and how long the class is written; `None` if it
/// is never closed.
fn class(pattern: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let start = if negated { 2 } else { 1 };
    let close = pattern.iter().skip(start + 1).position(|&b| b == b']')? + start + 1;
    let set = &pattern[start..close];
    let mut found = false;
    let mut at = 0;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == b'-' {
            found |= (set[at]..=set[at + 2]).contains(&byte);
            at += 3;
        } else {
            found |= set[at] == byte;
            at += 1;
        }
    }
    Some((found != negated, close + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> File {
        File { document: 0, range: 0..0, path: path.to_owned(), dumped: false }
    }

    #[test]
    fn globs() {
        assert!(glob("conf.d/*.conf", "conf.d/web.conf"));
        assert!(!glob("conf.d/*.conf", "conf.d/old/web.conf"));
        assert!(!glob("*.conf", "web.conf.bak"));
        assert!(glob("[a-c]?.conf", "b1.conf"));
        assert!(!glob("[!a-c]?.conf", "b1.conf"));
        assert!(glob("*a*b*", "xxaxxbxx"));
        assert!(!glob("[", "a"));
    }

    #[test]
    fn includes_are_found_in_the_project() {
        let files = [
            file("nginx/conf.d/a.conf"),
            file("nginx/nginx.conf"),
            file("nginx/snippets/tls.conf"),
            file("other/conf.d/b.conf"),
        ];
        assert_eq!(included(&files, "/etc/nginx/conf.d/*.conf", 1, 1), [0]);
        assert_eq!(included(&files, "conf.d/*.conf", 1, 1), [0]);
        assert_eq!(included(&files, "snippets/tls.conf", 1, 0), [2]);
        assert_eq!(included(&files, "/etc/nginx/snippets/tls.conf", 3, 3), [2]);
        assert_eq!(included(&files, "/etc/nginx/*.conf", 1, 1), [1]);
        assert_eq!(included(&files, "/srv/*.conf", 1, 1), [] as [usize; 0]);
        assert_eq!(included(&files, "mime.types", 1, 1), [] as [usize; 0]);
    }

    #[test]
    fn a_dump_is_many_files() {
        let text = "nginx: ok\n# configuration file /etc/nginx/nginx.conf:\nhttp {}\n\
                    # configuration file /etc/nginx/mime.types:\ntypes {}\n";
        let parts: Vec<_> = dump_parts(text).collect();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].0, "/etc/nginx/nginx.conf");
        assert_eq!(text[parts[0].1.clone()].trim(), "http {}");
        assert_eq!(text[parts[1].1.clone()].trim(), "types {}");
    }
}
