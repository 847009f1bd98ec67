//! The files of nginx among the documents: which they are, those that `nginx -T` prints into one
//! document, and which of them an `include` means.

use std::ops::Range;

use crate::directives::{self, File, includes};
use crate::document::Document;

/// What `nginx -T` writes before each file.
const DUMP: &str = "# configuration file ";

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
    "keepalive_",
    "add_header",
    "limit_",
    "worker_",
    "gzip",
    "upstream ",
    "location ",
    "try_files",
    "real_ip_",
    "set_real_ip_from",
];

/// Directives whose names others use as well: they tell nothing in a file that could be anybody's.
const SHARED: &[&str] = &["include ", "return ", "root ", "map ", "resolver", "listen "];

/// Blocks that hold such directives and have nothing between their name and their `{`.
const BARE_BLOCKS: &[&str] = &["http", "server", "events", "stream"];

/// Blocks that have a name or a pattern there.
const NAMED_BLOCKS: &[&str] = &["upstream", "location", "map"];

/// Folders in which files of any name are nginx's, if they look so.
const FOLDERS: &[&str] = &["nginx", "sites-", "conf.d", "http.d", "snippets", "vhost", "openresty"];

/// True if the file is nginx's, by its name and what is in it.
pub(super) fn is_nginx(document: &Document) -> bool {
    if directives::is_other(document) {
        return false;
    }
    let extension = document.extension();
    let text = directives::head(&document.text);
    if text.contains(DUMP) && dump_parts(&document.text).next().is_some() {
        return true;
    }
    let name = document.name().to_ascii_lowercase();
    let folders = document.folder().to_ascii_lowercase();
    let is_its_place =
        name.contains("nginx") || FOLDERS.iter().any(|folder| folders.contains(folder));
    let may_be = name == "conf"
        || matches!(
            extension.as_str(),
            "conf" | "vhost" | "template" | "inc" | "tmpl" | "j2" | "erb"
        );
    (is_its_place || may_be) && looks_like_nginx(text, is_its_place)
}

fn looks_like_nginx(text: &str, is_its_place: bool) -> bool {
    let mut directive = false;
    let mut block = false;
    for line in text.lines().map(str::trim) {
        // A section of Apache httpd, INI or HAProxy has no like in nginx.
        if line.starts_with('<') && line.ends_with('>') {
            return false;
        }
        let code = line.split(" #").next().unwrap_or(line).trim_end();
        if code.ends_with(';') || code.ends_with("; }") || code.ends_with(";}") {
            directive |= DIRECTIVES.iter().any(|start| code.starts_with(start))
                || (is_its_place && SHARED.iter().any(|start| code.starts_with(start)));
            block |= code.split_once('{').is_some_and(|(opened, _)| is_block(opened));
        } else if code.ends_with(['{', '}'])
            && let Some((opened, _)) = code.split_once('{')
        {
            block |= is_block(opened);
        }
        if directive {
            return true;
        }
    }
    block && text.contains(';')
}

fn is_block(opened: &str) -> bool {
    let opened = opened.trim();
    BARE_BLOCKS.contains(&opened)
        || NAMED_BLOCKS
            .iter()
            .any(|name| opened.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))
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

/// Which files an `include` means, written in the file `from`.
pub(super) fn included(files: &[File], pattern: &str, main: usize, from: usize) -> Vec<usize> {
    let here = &files[from];
    let is_near = |file: &File| match here.dumped {
        true => file.dumped && file.document == here.document,
        false => !file.dumped,
    };
    let paths: Vec<Option<&str>> =
        files.iter().map(|file| is_near(file).then_some(file.path.as_str())).collect();
    if here.dumped {
        return includes::included_there(&paths, pattern, main);
    }
    let found = includes::included(&paths, pattern, main, from);
    if !found.is_empty() {
        return found;
    }
    // The image of nginx makes `conf.d/x.conf` of `templates/x.conf.template`.
    // https://hub.docker.com/_/nginx ("Using environment variables in nginx configuration")
    let Some((_, name)) = pattern.rsplit_once("conf.d/") else { return found };
    includes::included(&paths, &format!("templates/{name}.template"), main, from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_with_the_same_grammar_are_left_alone() {
        let bind = "options {\n  listen-on { any; };\n};\ninclude \"/etc/bind/zones\";\n\
                    server 10.0.0.1 {\n  keys { k; };\n};\n";
        assert!(!looks_like_nginx(bind, false));
        assert!(!looks_like_nginx("<VirtualHost *:80>\n</VirtualHost>\n", true));
        assert!(!looks_like_nginx("{ \"a\": \"b;\" }", true));
        assert!(looks_like_nginx("server {\n  listen 80;\n}\n", false));
        assert!(looks_like_nginx("server { listen 80; root /srv; }\n", false));
        assert!(looks_like_nginx("proxy_set_header Host $host; # for all\n", false));
        assert!(looks_like_nginx("include snippets/tls.conf;\n", true));
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
