//! nginx: `server` blocks become hops, `location` blocks with a `…_pass` links, `upstream` blocks
//! sets of targets.
//!
//! [`lex`] reads the grammar, [`files`] knows the files, [`servers`], [`routes`], [`pools`] and [`keep`] what they mean.

mod families;
mod files;
mod keep;
mod lex;
mod pools;
mod routes;
mod servers;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use model::config::{Listen, Notation};

use crate::directives::tree::{self, Configuration, Grammar};
use crate::directives::{Directive, File, Form, Places, Scope, includes};
use crate::document::Document;
use crate::draft::{Draft, DraftId, HopDraft};
use crate::readers::Reader;
use pools::Upstream;
use routes::Routing;
pub(crate) use values::size;

/// How nginx writes a directive.
const FORM: Form = Form { end: ";", time: Notation::SecondsUnit };

/// nginx's grammar and habits.
static GRAMMAR: Grammar = Grammar {
    parse: lex::parse,
    include: |directive| {
        let is_include = directive.name() == "include" && directive.opens.is_none();
        is_include.then(|| directive.text(0))
    },
    included: files::included,
    may_lack: |_, pattern| {
        let name = pattern.rsplit('/').next().unwrap_or(pattern);
        pattern.contains(['*', '?', '[']) || SHIPPED.contains(&name)
    },
    is_main,
    has_servers: |directives| {
        directives.iter().any(|d| d.opens.is_some() && matches!(d.name(), "server" | "upstream"))
    },
};

/// Files that come with nginx and set nothing that matters here.
const SHIPPED: &[&str] = &[
    "mime.types",
    "fastcgi_params",
    "fastcgi.conf",
    "uwsgi_params",
    "scgi_params",
    "koi-utf",
    "koi-win",
    "win-utf",
    "fastcgi-php.conf",
];

/// True if the file has the blocks of a main file.
fn is_main(directives: &[Directive]) -> bool {
    let is = |directive: &Directive| {
        directive.opens.is_some() && matches!(directive.name(), "http" | "events" | "stream")
    };
    directives.iter().any(is)
}

#[cfg(test)]
pub(crate) fn parse(text: &str) -> Vec<Directive> {
    lex::parse(text, 0, 0).0
}

/// Reads nginx.
#[derive(Debug)]
pub(crate) struct Nginx;

impl Reader for Nginx {
    fn name(&self) -> &'static str {
        "nginx"
    }

    fn takes(&self, document: &Document) -> bool {
        files::is_nginx(document)
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        let files = files::files(documents);
        let places = Places { documents, files: &files };
        let (configurations, notes) = tree::configurations(&GRAMMAR, &files, |at| {
            let File { document, range, .. } = &files[at];
            documents[*document].text[range.clone()].to_owned()
        });
        for (file, at, says) in notes {
            draft.remark(places.document(file).span(at), says);
        }
        for configuration in &configurations {
            read(places, configuration, draft);
        }
    }
}

/// A `server` that became a hop.
struct Server<'d> {
    from: DraftId,
    scope: Scope<'d>,
}

fn read(places: Places<'_>, configuration: &Configuration, draft: &mut Draft) {
    let outermost = Scope::new(&configuration.directives, None);
    let around = places.files[configuration.main].path.as_str();
    let around = match configuration.tops.len() {
        1 => around,
        _ => includes::folder(around),
    };
    // A dump is known by its document, not by the paths it was made from.
    let by = match places.files[configuration.main].dumped {
        true => places.document(configuration.main).path.as_str(),
        false => around,
    };
    let blocks = |name: &str| -> Vec<Scope<'_>> {
        let blocks = outermost.own(name).iter().filter(|block| block.opens.is_some());
        blocks.map(|block| Scope::new(&block.block, Some(&outermost))).collect()
    };
    let (mut https, mut streams) = (blocks("http"), blocks("stream"));
    // A `}` too many ends `http` early; what follows belongs to it all the same.
    if !is_main(&configuration.directives) || !outermost.own("server").is_empty() {
        // Files below `conf.d` hold what the main file has inside `http`, or inside `stream`.
        let inside = Scope::new(&configuration.directives, None);
        if is_stream(&inside) { streams.push(inside) } else { https.push(inside) }
    }
    for (scopes, is_stream) in [(&https, false), (&streams, true)] {
        for scope in scopes {
            Section { places, by, is_stream, scope }.read(draft);
        }
    }
}

/// True if servers pass on without any `location`: the stream module.
fn is_stream(scope: &Scope<'_>) -> bool {
    let servers = scope.own("server");
    let passes = |server: &&Directive| server.block.iter().any(|d| d.name() == "proxy_pass");
    !servers.is_empty() && servers.iter().all(passes)
}

/// An `http` or `stream` block.
struct Section<'s, 'd> {
    places: Places<'d>,
    by: &'s str,
    is_stream: bool,
    scope: &'d Scope<'d>,
}

impl<'d> Section<'_, 'd> {
    fn read(&self, draft: &mut Draft) {
        let tool = if self.is_stream { "nginx stream upstream" } else { "nginx upstream" };
        let upstreams = pools::upstreams(self.by, tool, self.scope);
        draft.pools.extend(
            upstreams.values().map(|upstream| pools::pool(self.places, upstream, self.scope)),
        );
        let mut servers = Vec::new();
        let mut ports: BTreeSet<u16> = BTreeSet::new();
        let blocks = self.scope.own("server").iter();
        for block in blocks.filter(|block| block.opens.is_some()) {
            let scope = Scope::new(&block.block, Some(self.scope));
            let mut hop = servers::hop(self.places, self.by, block, &scope, self.is_stream);
            hop.configured_by = Some(self.by.to_owned());
            ports.extend(listened(&hop));
            servers.push(Server { from: draft.add_hop(hop), scope });
        }
        for server in &servers {
            self.links(server, &upstreams, &ports, draft);
        }
    }

    fn links(
        &self,
        server: &Server<'_>,
        upstreams: &BTreeMap<&str, Upstream<'_>>,
        ports: &BTreeSet<u16>,
        draft: &mut Draft,
    ) {
        let hosts = servers::server_names(&server.scope);
        let hosts = hosts.into_iter().filter(|name| !matches!(name.as_str(), "_" | "")).collect();
        let routing = Routing {
            places: self.places,
            around: self.by,
            upstreams,
            ports,
            from: server.from,
            hosts,
            server_limit: server.scope.get("client_max_body_size"),
        };
        if self.is_stream {
            if let Some(pass) = server.scope.own("proxy_pass").last() {
                routing.stream(pass, &server.scope, draft);
            }
        } else {
            routing.links(&server.scope, "", draft);
        }
    }
}

fn listened(hop: &HopDraft) -> impl Iterator<Item = u16> {
    hop.hop.listens.iter().map(|Listen { port, .. }| *port).filter(|port| *port != 0)
}
