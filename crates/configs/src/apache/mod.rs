//! Apache httpd: the main server and each `<VirtualHost>` become hops, what passes requests on
//! links, `balancer://` sets of targets.
//!
//! [`lex`] reads the grammar, [`conditions`] decides what is read at all, [`servers`], [`proxies`]
//! and [`workers`] say what it means.

mod conditions;
mod lex;
mod proxies;
mod servers;
mod values;
mod workers;

use std::collections::BTreeSet;

use model::config::Notation;

use crate::directives::tree::{Configuration, Grammar, configurations};
use crate::directives::{self, Directive, File, Form, Places, Scope, includes};
use crate::document::Document;
use crate::draft::{Draft, DraftId, LinkDraft};
use crate::readers::Reader;
use proxies::{Proxies, Routing};

/// How Apache httpd writes a directive.
const FORM: Form = Form { end: "", time: Notation::Seconds };

/// Its grammar and habits.
static GRAMMAR: Grammar = Grammar {
    parse: lex::parse,
    include: |directive| {
        let is_include = matches!(directive.name(), "include" | "includeoptional");
        is_include.then(|| directive.text(0))
    },
    included,
    may_lack: |directive, pattern| {
        directive.name() == "includeoptional" || pattern.contains(['*', '?', '[', '$'])
    },
    is_main: |directives| {
        let includes_all = |d: &Directive| {
            matches!(d.name(), "include" | "includeoptional") && d.text(0).contains('*')
        };
        directives.iter().any(|d| d.name() == "serverroot" || includes_all(d))
    },
    has_servers: |directives| directives.iter().any(|d| d.name() == "virtualhost"),
};

/// Which files an include means: a folder means all files in it.
fn included(files: &[File], pattern: &str, main: usize, from: usize) -> Vec<usize> {
    let paths: Vec<Option<&str>> = files.iter().map(|file| Some(file.path.as_str())).collect();
    let found = includes::included(&paths, pattern, main, from);
    if found.is_empty() && !pattern.contains('*') {
        let all = format!("{}/*", pattern.trim_end_matches('/'));
        return includes::included(&paths, &all, main, from);
    }
    found
}

/// Reads Apache httpd.
#[derive(Debug)]
pub(crate) struct Apache;

impl Reader for Apache {
    fn name(&self) -> &'static str {
        "Apache httpd"
    }

    fn takes(&self, document: &Document) -> bool {
        !directives::is_other(document) && looks_like_apache(directives::head(&document.text))
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        let file = |(document, doc): (usize, &&Document)| File {
            document,
            range: 0..doc.text.len(),
            path: doc.path.clone(),
            dumped: false,
        };
        let files: Vec<File> = documents.iter().enumerate().map(file).collect();
        let places = Places { documents, files: &files };
        let text = |at: usize| documents[files[at].document].text.to_string();
        let (configurations, notes) = configurations(&GRAMMAR, &files, text);
        for (file, at, says) in notes {
            draft.remark(places.document(file).span(at), says);
        }
        for configuration in configurations {
            read(places, configuration, draft);
        }
    }
}

/// Directives that others do not have; in lower case.
const DIRECTIVES: &[&str] = &[
    "loadmodule",
    "serverroot",
    "proxypass",
    "proxypassmatch",
    "proxypassreverse",
    "proxypreservehost",
    "proxytimeout",
    "balancermember",
    "documentroot",
    "keepalivetimeout",
    "maxkeepaliverequests",
    "maxrequestworkers",
    "requestreadtimeout",
    "includeoptional",
    "sslengine",
    "sslproxyengine",
    "sslcertificatefile",
    "rewriteengine",
    "rewriterule",
    "customlog",
    "serveralias",
    "limitrequestbody",
    "limitrequestfieldsize",
    "listenbacklog",
    "threadsperchild",
];

/// Sections that others do not have; in lower case.
const SECTIONS: &[&str] =
    &["<virtualhost", "<ifmodule", "<proxy", "<location", "<locationmatch", "<ifdefine"];

/// Directives that tell a server of the same grammar that is not Apache httpd: ProFTPD.
const OTHERS: &[&str] = &["servertype", "defaultserver", "defaultroot"];

fn looks_like_apache(text: &str) -> bool {
    let mut found = false;
    for line in text.lines().map(str::trim) {
        let Some(first) = line.split([' ', '\t']).next() else { continue };
        if first.is_empty() || first.starts_with('#') {
            continue;
        }
        // No line of it ends so, and every file of nginx has one that does.
        if line.ends_with(';') || line.ends_with('{') {
            return false;
        }
        let first = first.to_ascii_lowercase();
        let first = first.trim_end_matches('>');
        if OTHERS.contains(&first) {
            return false;
        }
        found |= DIRECTIVES.contains(&first)
            || SECTIONS.contains(&first)
            || (first == "listen" && listens(line));
    }
    found
}

/// `Listen 80` and `Listen 10.0.0.1:80 https`, alone in their file: `ports.conf`.
fn listens(line: &str) -> bool {
    let place = line.split_whitespace().nth(1).unwrap_or("");
    let port = place.rsplit(':').next().unwrap_or("");
    line.starts_with("Listen") && port.parse::<u16>().is_ok()
}

/// Links after which virtual hosts inherit no more.
const MOST_LINKS: usize = 50_000;

/// Directives of main servers that are gone through for virtual hosts.
const MOST_STEPS: usize = 5_000_000;

/// A server that became a hop.
struct Server<'d> {
    from: DraftId,
    block: Option<&'d Directive>,
    scope: Scope<'d>,
}

fn read(places: Places<'_>, configuration: Configuration, draft: &mut Draft) {
    let Configuration { main, tops, directives } = configuration;
    let directives = conditions::decide(directives);
    let is_host = |directive: &Directive| directive.name() == "virtualhost";
    let (hosts, directives): (Vec<Directive>, Vec<Directive>) =
        directives.into_iter().partition(is_host);
    let path = places.files[main].path.as_str();
    let by = if tops.len() == 1 { path } else { includes::folder(path) };
    let outer = Scope::new(&directives, None);
    let mut main_proxies = Proxies::default();
    main_proxies.collect(&directives, None);
    draft.pools.extend(main_proxies.pools(places, by));

    let mut servers = Vec::new();
    let mut ports: BTreeSet<u16> = BTreeSet::new();
    let hosts = hosts.iter().filter(|block| block.opens.is_some());
    let mut blocks: Vec<Option<&Directive>> = hosts.map(Some).collect();
    let inherits =
        directives.iter().any(|directive| directive.opens.is_some() || proxies::passes(directive));
    let answers = ["listen", "documentroot", "proxypass", "proxypassmatch", "servername"];
    // The main server answers what no virtual host does; of it nothing is known beside its name if
    // there are any.
    if blocks.is_empty() && answers.iter().any(|name| !outer.own(name).is_empty()) {
        blocks.push(None);
    }
    for block in blocks {
        let scope = match block {
            Some(block) => Scope::new(&block.block, Some(&outer)),
            None => Scope::new(&directives, None),
        };
        let file = block.map_or(main, |block| block.file);
        let mut hop = servers::hop(places, by, block, &scope, &outer, file);
        hop.configured_by = Some(by.to_owned());
        ports.extend(hop.hop.listens.iter().map(|listen| listen.port));
        servers.push(Server { from: draft.add_hop(hop), block, scope });
    }
    let (mut steps, mut told) = (0, false);
    for (number, server) in servers.iter().enumerate() {
        let mut own = Proxies::default();
        let name = format!("{by} {number}");
        if let Some(block) = server.block {
            own.collect(&block.block, None);
            draft.pools.extend(own.pools(places, &name));
        }
        let routing = Routing {
            places,
            around: by,
            owners: vec![(name, &own), (by.to_owned(), &main_proxies)],
            ports: &ports,
            from: server.from,
            hosts: servers::server_names(&server.scope, server.block.is_some()),
        };
        let first = draft.links.len();
        if let Some(block) = server.block {
            routing.links(&block.block, &server.scope, None, draft);
        }
        if !inherits {
            continue;
        }
        if draft.links.len() >= MOST_LINKS || steps > MOST_STEPS {
            if let Some(block) = server.block.filter(|_| !told) {
                let says = "there is too much here; from this virtual host on nothing is inherited";
                draft.remark(places.directive(block), says);
                told = true;
            }
            continue;
        }
        steps += directives.len();
        // Virtual hosts inherit what the main server passes on (`ProxyPassInherit`), unless they
        // pass the same path on themselves.
        let last = draft.links.len();
        routing.links(&directives, &server.scope, None, draft);
        let inherited = draft.links.split_off(last);
        let own: BTreeSet<String> =
            draft.links[first..].iter().map(|link| link.route.path.clone()).collect();
        let is_new = |link: &LinkDraft| server.block.is_none() || !own.contains(&link.route.path);
        draft.links.extend(inherited.into_iter().filter(is_new));
    }
}
