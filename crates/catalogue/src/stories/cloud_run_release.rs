//! A release on Cloud Run that floods the logs with `fetch failed` and 504, and the cures people
//! tried, one after the other.
//!
//! A path-splitting load balancer stands in front of a legacy backend and two services with
//! revisions: a front that renders pages from a GraphQL API, and the API, which reads a database
//! and asks a vendor. Everything the services send leaves through one NAT with 64 ports per
//! instance and destination. The first revision has been up for days: what it needs is in memory.
//! The new one starts cold and all at once.
//!
//! The load balancer is Envoy, on which Google's own is built, with its route timer shortened to
//! three seconds so that a chapter lasts half a minute and not half an hour.

use model::{
    Action, Arrivals, Ask, Chapter, Expect, Host, Knob, Load, Nat, Part, Protocol, Rollout, Router,
    Scenario, Server, Step, Story, Text, When,
};

/// The story.
pub static STORY: Story = Story {
    name: "cloud-run-release",
    tells: Text::new(
        "A release of a front and an API whose database, vendor and own public address are all \
         reached through one NAT with 64 ports per instance: the new instances connect all at \
         once, and the logs fill with `fetch failed` and 504.",
        "フロントと API のリリースです。データベース、外部 API、自サービスの公開アドレスのすべてに、\
         インスタンスあたり 64 ポートの NAT を通って接続します。新しいインスタンスが一斉に接続し、ログ\
         は `fetch failed` と 504 であふれます。",
    ),
    scenario: SCENARIO,
    release: 4000,
    chapters: &[
        Chapter {
            title: Text::new("as it was", "最初の状態"),
            says: Text::new(
                "Every page that needs something the new instances have not yet read waits for a \
                 connection that the NAT has no port for.",
                "新しいインスタンスがまだ読んでいないものを必要とするページは、NAT にポートのない接続を\
                 待ち続けます。",
            ),
            set: &[],
            names: Some("deploy-surge"),
            failing: (0.3, 1.0),
        },
        Chapter {
            title: Text::new(
                "database over its private address",
                "データベースをプライベート IP で",
            ),
            says: Text::new(
                "The database no longer costs ports; the vendor still does.",
                "データベースはポートを使わなくなりますが、外部 API はまだ使います。",
            ),
            set: &[("database", "{{ip:db}}")],
            names: Some("deploy-surge"),
            failing: (0.02, 1.0),
        },
        Chapter {
            title: Text::new("… and private-ranges-only", "… さらに private-ranges-only"),
            says: Text::new(
                "Nothing public uses the NAT any more, but the front's call to its own public \
                 address now comes from outside the network, and is refused.",
                "公開アドレス宛ては NAT を通らなくなりますが、フロントが自分の公開アドレスを呼ぶとネット\
                 ワークの外から来たことになり、拒否されます。",
            ),
            set: &[("database", "{{ip:db}}"), ("egress", "private-ranges-only")],
            names: None,
            failing: (0.5, 1.0),
        },
        Chapter {
            title: Text::new("… and a proxy on 127.0.0.1", "… さらに 127.0.0.1 のプロキシ"),
            says: Text::new(
                "The front asks a proxy on its own loopback, which knows the load balancer's \
                 private address.",
                "フロントは自分のループバックにあるプロキシに問い合わせ、プロキシがロードバランサーの\
                 プライベートアドレスへ届けます。",
            ),
            set: &[
                ("database", "{{ip:db}}"),
                ("egress", "private-ranges-only"),
                ("api", "http://127.0.0.1:9000/graphql"),
            ],
            names: Some(""),
            failing: (0.0, 0.0),
        },
        Chapter {
            title: Text::new("instead: connections used again", "代わりに: 接続の再利用"),
            says: Text::new(
                "The same calls over a handful of connections that stay open.",
                "同じ呼び出しを、開いたままの少数の接続で行います。",
            ),
            set: &[("reuse", "yes")],
            names: Some(""),
            failing: (0.0, 0.0),
        },
        Chapter {
            title: Text::new("instead: more ports", "代わりに: ポートを増やす"),
            says: Text::new(
                "8192 ports per instance last for this run; whether they last for yours is \
                 arithmetic: new connections per second × 120 s.",
                "インスタンスあたり 8192 ポートなら今回は足ります。実環境で足りるかは計算で決まります。\
                 毎秒の新規接続数 × 120 秒です。",
            ),
            set: &[("ports", "8192")],
            names: Some(""),
            failing: (0.0, 0.0),
        },
    ],
};

const SCENARIO: Scenario = Scenario {
    name: "release",
    happens: STORY_TELLS,
    cure: Text::new("See the chapters.", "各章のとおりです。"),
    hosts: &[
        Host::new("client", &[]).public(),
        Host::new("vendor", &[Part::new(Server::Node, "vendor", 8443, VENDOR)]).public(),
        Host::new(
            "db",
            &[Part::new(Server::Postgres, "postgres", 5432, "max_connections = 300\n")],
        )
        .both(),
        Host::new("legacy", &[Part::new(Server::Node, "legacy", 8080, LEGACY)]),
        Host::new(
            "api",
            &[Part::new(Server::Node, "api", 8080, API).options(&[
                "DATABASE={{database}}",
                "VENDOR=http://{{ip:vendor}}:8443",
                "REUSE={{reuse}}",
                "WARM=yes",
            ])],
        )
        .instances("2"),
        Host::new("lb", &[Part::new(Server::Envoy, "envoy", 8080, LOAD_BALANCER)]).both(),
        Host::new(
            "front",
            &[
                Part::new(Server::Nginx, "proxy", 9000, SELF_PROXY),
                Part::new(Server::Node, "front", 3000, FRONT).options(&["API={{api}}"]),
            ],
        )
        .instances("2"),
    ],
    router: Some(Router {
        nat: Some(Nat { ports: "{{ports}}", egress: "{{egress}}", ..Nat::STATIC }),
        firewall: "",
        sysctls: &[],
    }),
    knobs: &[
        Knob { name: "database", fault: "{{public:db}}", remedy: "{{ip:db}}" },
        Knob { name: "egress", fault: "all-traffic", remedy: "private-ranges-only" },
        Knob {
            name: "api",
            fault: "http://{{public:lb}}:8080/graphql",
            remedy: "http://127.0.0.1:9000/graphql",
        },
        Knob { name: "reuse", fault: "no", remedy: "yes" },
        Knob { name: "ports", fault: "64", remedy: "64" },
    ],
    steps: &[
        Step { at: "4000", does: Action::Rollout(release("api")), when: When::Always },
        Step { at: "4000", does: Action::Rollout(release("front")), when: When::Always },
    ],
    load: Load {
        target: "{{public:lb}}:8080",
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Constant { rate: "20" },
        lasts: "18000",
        patience: "8000",
        requests: &[
            Ask::new("GET", "/products").weight(5),
            Ask::new("GET", "/legacy/imprint").weight(1),
        ],
    },
    expect: Expect::failing(0.2, &[502, 504]),
    everyday: true,
};

const STORY_TELLS: Text = Text::new(
    "New revisions of a front and an API start behind a NAT with 64 ports per instance.",
    "インスタンスあたり 64 ポートの NAT の背後で、フロントと API の新しいリビジョンが起動します。",
);

const fn release(host: &'static str) -> Rollout {
    Rollout {
        host,
        gateways: &["lb/envoy"],
        pace: "0",
        ready: "",
        drain: "500",
        grace: "10000",
        // Only instances that have been up for days have everything in memory.
        environment: &["WARM=no"],
    }
}

/// An external API: answers, and lets its clients keep their connections.
const VENDOR: &str = r"
const server = require('http').createServer((request, response) => {
  setTimeout(() => response.end(JSON.stringify({ price: 1000 })), 20);
});
server.keepAliveTimeout = 75_000;
server.listen(process.env.PORT);
";

/// What has not moved to the new services yet.
const LEGACY: &str = r"
const server = require('http').createServer((request, response) => response.end('legacy'));
server.keepAliveTimeout = 620_000;
server.listen(process.env.PORT);
";

/// The GraphQL API: products from the database, prices of imported ones from the vendor.
const API: &str = r#"
const { Client, Pool } = require('./pg.js');
const { DATABASE, VENDOR, REUSE, WARM, PORT } = process.env;

const settings = { host: DATABASE, max: 10, connectionTimeoutMillis: 8000 };
const pool = new Pool(settings);
async function query(text) {
  if (REUSE === 'yes') return pool.query(text);
  const client = new Client(settings);
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

const PRODUCTS = 400;
const imported = (id) => id % 2 === 0;
const known = new Map();
async function product(id) {
  if (known.has(id)) return known.get(id);
  const found = { id, ...(await query(`select 'product ${id}' as name`)).rows[0] };
  if (imported(id)) {
    const headers = REUSE === 'yes' ? {} : { connection: 'close' };
    found.price = (await (await fetch(`${VENDOR}/prices/${id}`, { headers })).json()).price;
  }
  known.set(id, found);
  return found;
}
if (WARM === 'yes') {
  for (let id = 0; id < PRODUCTS; id += 1) known.set(id, { id, name: `product ${id}`, price: 1000 });
}

let next = Math.floor(Math.random() * PRODUCTS);
const server = require('http').createServer(async (request, response) => {
  const ids = [next, (next + 1) % PRODUCTS];
  next = (next + 2) % PRODUCTS;
  try {
    const products = await Promise.all(ids.map(product));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { products } }));
  } catch (error) {
    console.error(new Date().toISOString(), error);
    response.writeHead(500).end(JSON.stringify({ errors: [{ message: error.message }] }));
  }
});
server.keepAliveTimeout = 620_000;
server.listen(PORT);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
"#;

/// The front: renders a page from one GraphQL query.
const FRONT: &str = r#"
const { API, PORT } = process.env;
const server = require('http').createServer(async (request, response) => {
  try {
    const answer = await fetch(`${API}?query=${encodeURIComponent('{products{id name price}}')}`);
    if (!answer.ok) throw new Error(`GraphQL answered ${answer.status}`);
    const { data } = await answer.json();
    response.end(data.products.map(({ name }) => `<li>${name}</li>`).join(''));
  } catch (error) {
    console.error(new Date().toISOString(), error);
    response.writeHead(502).end('bad gateway');
  }
});
server.keepAliveTimeout = 620_000;
server.listen(PORT);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
"#;

/// The proxy on the front's own loopback that knows the way past the public address.
const SELF_PROXY: &str = "\
upstream lb { server {{ip:lb}}:8080; keepalive 32; keepalive_timeout 60s; }
server {
  listen 127.0.0.1:9000;
  location / {
    proxy_pass http://lb;
    proxy_http_version 1.1;
    proxy_set_header Connection \"\";
  }
}
";

/// Splits by path; the API is for the network only, as Cloud Run's `--ingress=internal` has it.
const LOAD_BALANCER: &str = r#"
  listeners:
  - address: {socket_address: {address: 0.0.0.0, port_value: 8080}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: lb
          {{access_log}}
          local_reply_config:
            body_format: {json_format: {code: "%RESPONSE_CODE%", message: "%LOCAL_REPLY_BODY%"}}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {prefix: /legacy}
                route: {cluster: legacy, timeout: 3s}
                typed_per_filter_config: &everyone
                  envoy.filters.http.rbac: {"@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute}
              - match: {prefix: /graphql}
                route: {cluster: api, timeout: 3s}
              - match: {prefix: /}
                route: {cluster: front, timeout: 3s}
                typed_per_filter_config: *everyone
          http_filters:
          - name: envoy.filters.http.rbac
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
              rules:
                policies:
                  network:
                    permissions: [{any: true}]
                    principals:
                    - direct_remote_ip: {address_prefix: 10.50.0.0, prefix_len: 16}
                    - direct_remote_ip: {address_prefix: {{ip:nat}}, prefix_len: 32}
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
  - name: legacy
    connect_timeout: 1s
    {{members:legacy:8080}}
  - name: api
    connect_timeout: 1s
    {{members:api:8080}}
  - name: front
    connect_timeout: 1s
    {{members:front:3000}}
"#;
