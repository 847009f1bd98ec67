//! The configurations of gateways that several drills share: whole ones, and frames of which a
//! drill gives what it is about. Every gateway listens on port 8080.

/// nginx in front of the upstream `app`: the upstream's lines, then what else its location says.
macro_rules! nginx {
    ($upstream:expr $(, $location:expr)* $(,)?) => {
        concat!(
            "upstream app {\n",
            $upstream,
            "\n}\nserver {\n  listen 8080;\n  location / {\n    proxy_pass http://app;\n",
            $($location,)*
            "  }\n}\n"
        )
    };
}
pub(crate) use nginx;

/// nginx in front of the host `api`, with nothing but its defaults.
pub(crate) const NGINX_API: &str = nginx!("  server {{ip:api}}:3000;");

/// nginx in front of the host `front`, with nothing but its defaults.
pub(crate) const NGINX_FRONT: &str = "\
upstream front { server {{ip:front}}:3000; }
server { listen 8080; location / { proxy_pass http://front; } }
";

/// nginx in front of the instances of `app`, with nothing but its defaults.
pub(crate) const NGINX_ORDERS: &str = "\
upstream orders {
    {{members:app:3000}}
}
server {
    listen 8080;
    location / {
        proxy_pass http://orders;
    }
}
";

/// HAProxy in front of the backend `app`, whose lines are given, as are those of its frontend that
/// come before the choice of the backend.
macro_rules! haproxy {
    (frontend: $frontend:expr, $($backend:expr),+ $(,)?) => {
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
",
            $frontend,
            "    default_backend app\nbackend app\n",
            $($backend),+
        )
    };
    ($($backend:expr),+ $(,)?) => { $crate::drills::haproxy!(frontend: "", $($backend),+) };
}
pub(crate) use haproxy;

/// HAProxy in front of the instances of `app`, checking each once a second.
pub(crate) const HAPROXY_CHECKED: &str = haproxy!("    {{members:app:3000 check inter 1s}}\n");

/// How Envoy takes connections on a listener whose address is given before; what the routes are
/// comes after, indented by twelve.
macro_rules! envoy_filter_chain {
    () => {
        r#"    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: gateway
          {{access_log}}
          route_config:
"#
    };
}
pub(crate) use envoy_filter_chain;

/// Envoy in front of the cluster `app`, the rest of which is given, indented by four. Where a drill
/// is about them, the whole of the route configuration comes first, indented by twelve, or the
/// filters before the router, indented by ten.
macro_rules! envoy {
    (routes: $routes:expr, filters: $filters:expr, $($cluster:expr),+ $(,)?) => {
        concat!(
            "  listeners:\n  - address: {socket_address: {address: 0.0.0.0, port_value: 8080}}\n",
            $crate::drills::envoy_filter_chain!(),
            $routes,
            "          http_filters:\n",
            $filters,
            r#"          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: app
"#,
            $($cluster),+
        )
    };
    (routes: $routes:expr, $($cluster:expr),+ $(,)?) => {
        $crate::drills::envoy!(routes: $routes, filters: "", $($cluster),+)
    };
    (filters: $filters:expr, $($cluster:expr),+ $(,)?) => {
        $crate::drills::envoy!(
            routes: r#"            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{match: {prefix: /}, route: {cluster: app}}]
"#,
            filters: $filters,
            $($cluster),+
        )
    };
    ($($cluster:expr),+ $(,)?) => { $crate::drills::envoy!(filters: "", $($cluster),+) };
}
pub(crate) use envoy;

/// Where the cluster `app` of [`envoy!`] is: at one fixed address, looked up by nobody.
macro_rules! envoy_app {
    () => {
        $crate::drills::envoy_app!("3000")
    };
    ($port:literal) => {
        concat!(
            "    load_assignment:
      cluster_name: app
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: {{ip:app}}, port_value: ",
            $port,
            "}}}\n"
        )
    };
}
pub(crate) use envoy_app;

/// Envoy in front of the cluster `app`, to which it connects within a second: its routes, indented
/// by fourteen, then the rest of the cluster, indented by four.
macro_rules! envoy_routes {
    ($routes:expr, $($cluster:expr),+ $(,)?) => {
        concat!(
            "  listeners:\n  - name: gateway\n",
            "    address: {socket_address: {address: 0.0.0.0, port_value: 8080}}\n",
            $crate::drills::envoy_filter_chain!(),
            r#"            virtual_hosts:
            - name: app
              domains: ["*"]
              routes:
"#,
            $routes,
            r#"          http_filters:
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
  - name: app
    connect_timeout: 1s
"#,
            $($cluster),+
        )
    };
}
pub(crate) use envoy_routes;
