//! What the drills of several causes share: an application that works, the frame of a gateway's
//! configuration, and a steady load.

use model::{Arrivals, Ask, Host, Load, Part, Protocol, Server};

/// A Node.js application that answers every request at once.
pub(crate) const NODE_OK: &str = "\
require('http').createServer((request, response) => response.end('ok')).listen(process.env.PORT);
";

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

/// HAProxy on port 8080 in front of the backend `app`, whose section is given.
macro_rules! haproxy {
    ($($backend:literal)+) => {
        concat!(
            "\
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend web
    bind :8080
    default_backend app
backend app
",
            $($backend),+
        )
    };
}
pub(crate) use haproxy;

/// Envoy on port 8080 in front of the cluster `app`, the rest of which is given, indented by four.
macro_rules! envoy {
    ($($cluster:literal)+) => {
        concat!(
            r#"  listeners:
  - address: {socket_address: {address: 0.0.0.0, port_value: 8080}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: gateway
          {{access_log}}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{match: {prefix: /}, route: {cluster: app}}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: app
"#,
            $($cluster),+
        )
    };
}
pub(crate) use envoy;
