//! What the drills of `keepalive-race` are made of: four gateways, three servers, and a load that
//! meets their idle timers.

use model::{Arrivals, Ask, Expect, Host, Knob, Load, Part, Protocol, Scenario, Server, Text};

use super::{envoy, haproxy};

/// What all scenarios share: bursts of POST, which no gateway repeats by itself, on connections
/// that have been idle for about as long as the service keeps them. The gap between two bursts
/// passes over the moment at which the timer fires.
const RACE: Scenario = Scenario {
    name: "",
    happens: Text::new("", ""),
    cure: Text::new(
        "The service keeps idle connections longer than the gateway does.",
        "サービスがアイドル接続をゲートウェイより長く保持します。",
    ),
    hosts: &[],
    router: None,
    knobs: &[Knob { name: "idle", fault: "1", remedy: "75" }],
    steps: &[],
    load: Load {
        target: "gateway:8080",
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Bursts { size: "24", gap: "1050", step: "75" },
        lasts: "6100",
        patience: "5000",
        requests: &[ORDER],
    },
    expect: Expect::failing(0.02, &[502]),
    everyday: true,
};

/// HAProxy and Apache httpd answer `502` to the first request of a client's connection. Later
/// ones they leave without an answer and close the connection, because a client that reuses one
/// has to be ready for that; HAProxy does not even log them.
pub(crate) const EITHER: Expect = Expect::failing(0.002, &[502, 0]);

/// Where the event loop is busy, Node.js looks at its timers before it looks at its sockets, and
/// closes connections on which requests already wait.
pub(crate) const NODE_RACE: Scenario = Scenario {
    knobs: &[Knob { name: "idle", fault: "65", remedy: "65000" }],
    load: Load {
        arrivals: Arrivals::Bursts { size: "24", gap: "1070", step: "5" },
        lasts: "7000",
        ..RACE.load
    },
    ..RACE
};

const ORDER: Ask = Ask::new("POST", "/orders").body("200");

/// The main thread of gunicorn's worker sleeps past the timers; what wakes it is the first request
/// of the next burst, and then it closes what has been idle too long before it looks for more.
pub(crate) const GUNICORN_RACE: Scenario = RACE;

/// What asyncio finds readable goes before the timers, so that only requests that arrive while it
/// is at work meet a connection that is being closed.
pub(crate) const UVICORN_RACE: Scenario = Scenario {
    load: Load {
        arrivals: Arrivals::Bursts { size: "60", gap: "1005", step: "10" },
        lasts: "7000",
        ..RACE.load
    },
    expect: Expect::failing(0.002, &[502]),
    ..RACE
};

pub(crate) const NODE: Host = Host::new(
    "app",
    &[Part::new(Server::Node, "orders", 3000, NODE_APP).options(&["IDLE={{idle}}"])],
);

/// `keepAliveTimeout` is in milliseconds; 65 is what somebody writes who thinks of seconds.
/// Node.js waits a second longer than that (`keepAliveTimeoutBuffer`, fixed before it became a
/// setting).
const NODE_APP: &str = r"
const http = require('http');
const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end('{}\n'));
});
server.keepAliveTimeout = Number(process.env.IDLE);
server.keepAliveTimeoutBuffer = 1000;
server.listen(process.env.PORT, () => {
  console.log(`${new Date().toISOString()} listening on port ${process.env.PORT}`);
});
// Work on the side, in slices so that requests get their turn.
setInterval(() => setImmediate(() => {
  const until = performance.now() + 30;
  while (performance.now() < until);
}), 40);
";

pub(crate) const GUNICORN: Host = Host::new(
    "app",
    &[Part::new(Server::Gunicorn, "orders", 3000, WSGI_APP)
        .options(&["--worker-class gthread --threads 4", "--keep-alive {{idle}}"])],
);

const WSGI_APP: &str = r"
import time

def app(environ, start_response):
    environ['wsgi.input'].read()
    time.sleep(0.002)
    start_response('200 OK', [('Content-Type', 'application/json'), ('Content-Length', '3')])
    return [b'{}\n']
";

pub(crate) const UVICORN: Host = Host::new(
    "app",
    &[Part::new(Server::Uvicorn, "orders", 3000, ASGI_APP)
        .options(&["--timeout-keep-alive {{idle}}"])],
);

const ASGI_APP: &str = r"
async def app(scope, receive, send):
    if scope['type'] != 'http':
        return
    while (await receive()).get('more_body'):
        pass
    headers = [(b'content-type', b'application/json'), (b'content-length', b'3')]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': b'{}\n'})
";

pub(crate) const NGINX_GATEWAY: Host =
    Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)]);

pub(crate) const HAPROXY_GATEWAY: Host =
    Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]);

pub(crate) const ENVOY_GATEWAY: Host =
    Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)]);

pub(crate) const APACHE_GATEWAY: Host =
    Host::new("gateway", &[Part::new(Server::Apache, "apache", 8080, APACHE)]);

const HAPROXY: &str = haproxy!("    http-reuse always\n    {{members:app:3000}}\n");

/// Keeps idle connections for a minute: less than the service does after the remedy.
const ENVOY: &str = envoy!(
    r#"    connect_timeout: 2s
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        common_http_protocol_options: {idle_timeout: 60s}
        explicit_http_config: {http_protocol_options: {}}
    {{members:app:3000}}
"#
);

const NGINX: &str = r#"
upstream orders {
    {{members:app:3000}}
    keepalive 64;
}
server {
    listen 8080;
    keepalive_timeout 75s;
    location / {
        proxy_pass http://orders;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
    }
}
"#;

const APACHE: &str = r#"
Listen 8080
KeepAliveTimeout 75
MaxKeepAliveRequests 0
<VirtualHost *:8080>
    <Proxy "balancer://orders">
        {{members:app:3000 retry=0 ttl=60}}
    </Proxy>
    ProxyPass / balancer://orders/
</VirtualHost>
"#;
