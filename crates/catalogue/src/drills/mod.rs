//! What the drills of several causes share: applications that work, a steady load, and the
//! configurations of gateways.

mod gateways;
pub(crate) mod keepalive_race;
mod unforeseen;

use model::{Arrivals, Ask, Host, Load, Part, Protocol, Server};

pub use unforeseen::{UNFORESEEN, Unforeseen};

pub(crate) use gateways::{
    HAPROXY_CHECKED, NGINX_API, NGINX_FRONT, NGINX_ORDERS, envoy, envoy_app, envoy_filter_chain,
    envoy_routes, haproxy, nginx,
};

/// A Node.js application that answers every request at once.
pub(crate) const NODE_OK: &str = "\
require('http').createServer((request, response) => response.end('ok')).listen(process.env.PORT);
";

/// A Node.js application that asks the service at `API` for every answer, and answers 502 with the
/// error in its log where that fails.
pub(crate) const NODE_FRONT: &str = r#"
const { API, PORT } = process.env;
require('http').createServer(async (request, response) => {
  try {
    const answer = await fetch(API + request.url);
    response.end(await answer.text());
  } catch (error) {
    console.error(new Date().toISOString(), error);
    response.writeHead(502).end('bad gateway');
  }
}).listen(PORT);
"#;

/// The host `app` with [`NODE_OK`] on port 3000.
pub(crate) const APP: Host = Host::new("app", &[Part::new(Server::Node, "node", 3000, NODE_OK)]);

/// Twenty requests a second for three seconds to the host `gateway`.
pub(crate) const STEADY: Load = Load {
    target: "gateway:8080",
    protocol: Protocol::Http1,
    keep_alive: true,
    arrivals: Arrivals::Constant { rate: "20" },
    lasts: "3000",
    patience: "8000",
    requests: &[Ask::new("GET", "/orders")],
};
