//! Every server this machine has: laid out, started, asked once, told to take over a changed
//! configuration, stopped; then its logs have to be read by the dialects. A server that is not
//! there is named and skipped.

mod support;

use std::net::Ipv4Addr;

use lab::parts::authority::{Authority, Issued};
use lab::parts::{Member, Tools, members};
use model::{Part, Server};
use support::{Running, free_port, get, read_logs, run, within};

fn local(name: &str, port: u16) -> Member<'_> {
    Member { name, address: Ipv4Addr::LOCALHOST, port }
}

/// A backend that answers with its own name, kept until it is dropped.
fn backend(name: &'static str) -> Option<(Running, u16)> {
    let script =
        format!("require('http').createServer((q, s) => s.end('{name}')).listen(process.env.PORT)");
    let port = free_port();
    Some((run(Part::new(Server::Node, name, port, ""), &script, &[])?, port))
}

/// A gateway in front of one backend that then goes over to another.
fn gateway(server: Server, config: impl Fn(u16, &str) -> String, dialect: &str, log: &str) {
    let (Some((_one, first)), Some((_two, second))) = (backend("first"), backend("second")) else {
        return;
    };
    let port = free_port();
    let list = |port| members(server, &[local("api-1", port)], "");
    let part = Part::new(server, "gw", port, "");
    let Some(mut gateway) = run(part, &config(port, &list(first)), &[]) else { return };
    assert_eq!(get(port, "/items?id=1"), (200, "first".to_owned()), "{}", gateway.told());

    gateway.change(&config(port, &list(second)));
    let reloaded = within(10, || get(port, "/") == (200, "second".to_owned()));
    assert!(reloaded, "{server:?} did not go over to the other backend\n{}", gateway.told());

    // A backend that is not there: a failing line, and what the gateway says about it.
    gateway.change(&config(port, &list(free_port())));
    let failing = within(10, || matches!(get(port, "/refused").0, 502 | 503));
    assert!(failing, "{server:?} answers without a backend\n{}", gateway.told());
    gateway.stop();
    let read = read_logs(&gateway);
    assert!(read.by_dialect(dialect) >= 3, "{read:#?}\n{}", gateway.told());
    assert!(read.failures >= 1, "{read:#?}\n{}", gateway.told());
    assert!(read.unread.is_empty(), "{read:#?}");
    assert!(gateway.folder().join(log).exists(), "{log}");
    gateway.assert_nothing_elsewhere();
}

#[test]
fn nginx() {
    let config = |port: u16, list: &str| {
        format!(
            "upstream api {{ {list} }}\n\
             server {{ listen {port}; location / {{ proxy_pass http://api; }} }}"
        )
    };
    gateway(Server::Nginx, config, "nginx-access", "logs/error.log");
}

#[test]
fn nginx_options_replace_directives() {
    let port = free_port();
    let config = format!("server {{ listen {port}; return 204; }}");
    let options = ["worker_connections 64;", "worker_processes 1;", "error_log stderr warn;"];
    let part = Part::new(Server::Nginx, "gw", port, "");
    let Some(mut nginx) = run(part, &config, &options) else { return };
    assert_eq!(get(port, "/").0, 204);
    nginx.stop();
    let text = std::fs::read_to_string(nginx.folder().join("nginx.conf")).unwrap();
    assert_eq!(text.matches("worker_connections").count(), 1);
    assert!(text.contains("events {\nworker_connections 64;\n}"), "{text}");
}

fn haproxy_config(port: u16, servers: &str) -> String {
    format!(
        "defaults\n  mode http\n  log global\n  option httplog\n  timeout connect 1s\n  \
         timeout client 5s\n  timeout server 5s\n\
         frontend web\n  bind :{port}\n  default_backend api\n\
         backend api\n  retries 0\n{servers}\n"
    )
}

#[test]
fn haproxy() {
    gateway(Server::HAProxy, haproxy_config, "haproxy-http", "logs/haproxy.log");
}

#[test]
fn haproxy_tells_of_its_servers_once_and_when() {
    let port = free_port();
    let list = members(Server::HAProxy, &[local("gone", free_port())], "check inter 100ms fall 1");
    let part = Part::new(Server::HAProxy, "gw", port, "");
    let Some(mut haproxy) = run(part, &haproxy_config(port, &list), &[]) else { return };
    let empty = "has no server available!";
    assert!(within(10, || haproxy.told().contains(empty)), "{}", haproxy.told());
    haproxy.stop();
    let read = read_logs(&haproxy);
    assert!(read.by_dialect("haproxy-notice") >= 2, "{read:#?}");
    assert!(read.unread.is_empty(), "{read:#?}");
    assert_eq!(read.undated, 0, "{read:#?}\n{}", haproxy.told());
    assert_eq!(haproxy.evidence().matches(empty).count(), 1, "{}", haproxy.told());
}

#[test]
fn apache() {
    let config = |port: u16, list: &str| {
        format!(
            "Listen {port}\n<Proxy balancer://api>\n{list}\n</Proxy>\n\
             ProxyPass / balancer://api/\n"
        )
    };
    gateway(Server::Apache, config, "apache-access", "logs/apache2/error.log");
}

#[test]
fn envoy() {
    let config = |port: u16, list: &str| {
        include_str!("support/envoy.yaml")
            .replace("PORT", &port.to_string())
            .replace("MEMBERS", list)
    };
    gateway(Server::Envoy, config, "envoy-json", "logs/access.json");
}

#[test]
fn node() {
    let port = free_port();
    let script = "if (process.env.FLAG !== 'on' || !process.execArgv.length) process.exit(3);\n\
        require('http').createServer(async (q, s) => {\n\
        try { await fetch('http://127.0.0.1:1080/'); } catch (e) { console.error(e); }\n\
        s.end(process.env.HOSTNAME); }).listen(process.env.PORT);";
    let part = Part::new(Server::Node, "api", port, "");
    let options = ["FLAG=on", "--max-old-space-size=64", ""];
    let Some(mut node) = run(part, script, &options) else { return };
    let (status, body) = get(port, "/");
    assert_eq!(status, 200, "{}", node.told());
    let folder = node.folder();
    assert_eq!(Some(body.as_str()), folder.parent().unwrap().file_name().unwrap().to_str());
    node.stop();
    let read = read_logs(&node);
    assert!(read.failures >= 1, "{read:#?}\n{}", node.told());
}

#[test]
fn gunicorn() {
    let port = free_port();
    let part = Part::new(Server::Gunicorn, "api", port, "");
    let app = "import time\n\
        def app(environ, start):\n\
        \x20   if environ['PATH_INFO'] == '/slow': time.sleep(30)\n\
        \x20   start('200 OK', [('Content-Type', 'text/plain')])\n\
        \x20   return [b'hello']\n";
    let options = ["--workers 2", "--timeout 1", "--keep-alive 1"];
    let Some(mut gunicorn) = run(part, app, &options) else { return };
    assert_eq!(get(port, "/"), (200, "hello".to_owned()));
    let _ = get(port, "/slow");
    let killed = within(10, || gunicorn.told().contains("WORKER TIMEOUT"));
    assert!(killed, "{}", gunicorn.told());
    gunicorn.stop();
    let read = read_logs(&gunicorn);
    assert!(read.by_dialect("gunicorn") >= 8, "{read:#?}\n{}", gunicorn.told());
    assert!(read.unread.is_empty(), "{read:#?}");
    gunicorn.assert_nothing_elsewhere();
}

#[test]
fn uvicorn() {
    let port = free_port();
    let part = Part::new(Server::Uvicorn, "api", port, "");
    let app = "async def app(scope, receive, send):\n\
        \x20   if scope['type'] != 'http': raise RuntimeError('only http')\n\
        \x20   if scope['path'] == '/wrong': raise RuntimeError('asked for it')\n\
        \x20   await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n\
        \x20   await send({'type': 'http.response.body', 'body': b'hello'})\n";
    let Some(mut uvicorn) = run(part, app, &["--timeout-keep-alive 1"]) else { return };
    assert_eq!(get(port, "/"), (200, "hello".to_owned()));
    assert_eq!(get(port, "/wrong").0, 500);
    uvicorn.stop();
    // Nothing here that a dialect reads: uvicorn's lines have no times.
    assert!(uvicorn.evidence().contains("RuntimeError: asked for it"), "{}", uvicorn.told());
}

/// Answers with four rows over two connections, with the SQLSTATE of a wrong query, and with that
/// of a connection too many.
const USES_POSTGRES: &str = r"const { Pool } = require('./pg.js');
const to = { host: '127.0.0.1', port: process.env.DB_PORT };
const pool = new Pool({ ...to, max: 2, idleTimeoutMillis: 100 });
const greedy = new Pool({ ...to, max: 9 });
const nine = async () => {
  const all = await Promise.allSettled(Array.from({ length: 9 }, () => greedy.connect()));
  for (const one of all) if (one.value) one.value.end();
  throw all.find((one) => one.status === 'rejected').reason;
};
const four = (sql) => Promise.all([1, 2, 3, 4].map((n) => pool.query(sql.replace('N', n))));
require('http').createServer(async (q, s) => {
  try {
    if (q.url === '/many') await nine();
    const all = await four(q.url === '/wrong' ? 'select nothing' : 'select N as n, null as x');
    s.end(JSON.stringify([all.map((one) => one.rows[0]), pool.total]));
  } catch (error) { console.error(error); s.statusCode = 500; s.end(error.code); }
}).listen(process.env.PORT);";

#[test]
fn postgres_and_its_client() {
    let port = free_port();
    let part = Part::new(Server::Postgres, "db", port, "");
    let config = "max_connections = 5\nsuperuser_reserved_connections = 0\nmax_wal_senders = 0\n";
    let Some(mut postgres) = run(part, config, &[]) else { return };
    let web = free_port();
    let database = format!("DB_PORT={port}");
    let part = Part::new(Server::Node, "api", web, "");
    let Some(mut node) = run(part, USES_POSTGRES, &[&database]) else { return };
    let row = |n: u8| format!(r#"{{"n":"{n}","x":null}}"#);
    let rows = format!("[[{},{},{},{}],2]", row(1), row(2), row(3), row(4));
    assert_eq!(get(web, "/"), (200, rows), "{}", node.told());
    assert_eq!(get(web, "/wrong"), (500, "42703".to_owned()), "{}", node.told());
    // The pool has let go of its idle connections by the time these are opened.
    assert!(within(5, || get(web, "/many") == (500, "53300".to_owned())), "{}", node.told());
    node.stop();
    postgres.stop();
    for (server, dialect) in [(&postgres, "postgresql"), (&node, "node")] {
        let read = read_logs(server);
        assert!(read.by_dialect(dialect) >= 1, "{read:#?}\n{}", server.told());
    }
    postgres.assert_nothing_elsewhere();
}

#[test]
fn dns() {
    let port = free_port();
    let config = |last| {
        let member = Member { name: "api-1", address: Ipv4Addr::new(10, 50, 0, last), port: 80 };
        members(Server::Dns, &[member], "api.internal") + "\nlog-queries\nlocal-ttl=7\n"
    };
    let part = Part::new(Server::Dns, "dns", port, "");
    let Some(mut dns) = run(part, &config(7), &[]) else { return };
    let resolve = |name| support::resolve(port, name);
    assert_eq!(resolve("api.internal"), (0, vec![([10, 50, 0, 7], 7)]), "{}", dns.told());
    assert_eq!(resolve("other.internal").0, 5, "refused: nobody else is asked");
    dns.change(&config(8));
    let moved = within(10, || resolve("api.internal").1 == [([10, 50, 0, 8], 7)]);
    assert!(moved, "{}", dns.told());
    dns.stop();
    assert!(dns.told().contains("query[A] api.internal"), "{}", dns.told());
    dns.assert_nothing_elsewhere();
}

/// Status, or error code, of a request to an nginx with this certificate.
fn safely(authority: &Authority, issued: &Issued) -> Option<String> {
    let port = free_port();
    let config = format!(
        "server {{ listen {port} ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem; \
         return 200 safe; }}"
    );
    let part = Part::new(Server::Nginx, "gw", port, "");
    let files = [
        ("cert.pem", issued.cert.as_str()),
        ("key.pem", issued.key.as_str()),
        ("ca.pem", authority.pem()),
    ];
    let node = Tools::find().command(Server::Node)?.program.clone();
    let mut nginx = support::run_with(part, &config, &[], &files)?;
    let script = format!(
        "require('https').get({{ host: '127.0.0.1', port: {port}, servername: 'api.internal', \
         ca: require('fs').readFileSync('ca.pem') }}, (r) => {{ console.log(r.statusCode); \
         r.resume(); }}).on('error', (e) => console.log(e.code));"
    );
    let mut client = std::process::Command::new(node);
    let output = client.args(["-e", &script]).current_dir(nginx.folder()).output().unwrap();
    nginx.stop();
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
fn certificates_that_servers_take() {
    let authority = Authority::new().unwrap();
    for (names, days, expected) in [
        ("api.internal 10.50.0.2", 90, "200"),
        ("api.internal", -3, "CERT_HAS_EXPIRED"),
        ("www.internal", 90, "ERR_TLS_CERT_ALTNAME_INVALID"),
    ] {
        let Some(got) = safely(&authority, &authority.issue(names, days).unwrap()) else { return };
        assert_eq!(got, expected, "{names}, {days} days");
    }
}

#[test]
fn wrong_configurations_are_told_before_the_start() {
    for (server, config, word) in [
        (Server::Nginx, "server { listen 1; prosy_pass x; }", "prosy_pass"),
        (Server::HAProxy, "frontend web\n  bindd :1\n", "bindd"),
        (Server::Envoy, "  clusters: [{nam: x}]\n", "nam"),
        (Server::Apache, "ProsyPass / http://a/\n", "ProsyPass"),
        (Server::Node, "let x = ;", "SyntaxError"),
        (Server::Postgres, "max_connections = many\n", "max_connections"),
        (Server::Dns, "adress=/a/b\n", "bad option"),
    ] {
        let Some(said) = support::check(server, config) else { continue };
        assert!(said.contains(word), "{server:?} said: {said}");
    }
}

#[test]
fn versions_are_told() {
    let tools = Tools::find();
    for server in Server::ALL {
        match tools.missing(*server) {
            Some(missing) => println!("skipped: {missing}"),
            None => {
                let version = tools.version(*server).unwrap_or_default();
                let number = version.rsplit(' ').next().unwrap_or("");
                assert!(number.starts_with(|c: char| c.is_ascii_digit()), "{server:?}: {version}");
                println!("{version}");
            }
        }
    }
}
