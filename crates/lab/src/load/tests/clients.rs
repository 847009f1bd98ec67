//! Other clients: their command lines, run for real where the program is there, and what they
//! print when it cannot be had on demand.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::super::clients::{Client, ClientError, command, read};
use super::servers::{OK, Server};
use super::*;

/// Runs a client as the lab does; `None`, said aloud, if the program is not on this machine.
fn real(plan: &Plan, client: Client) -> Option<Report> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let wanted = command(plan, client).unwrap();
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let dir =
        std::env::temp_dir().join(format!("why502-load-test-{}-{number}", std::process::id()));
    fs::create_dir(&dir).unwrap();
    for (name, bytes) in &wanted.files {
        fs::write(dir.join(name), bytes).unwrap();
    }
    let started = Command::new(wanted.program)
        .args(&wanted.args)
        .current_dir(&dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        eprintln!("{} is not installed: not tried", wanted.program);
        fs::remove_dir_all(&dir).unwrap();
        return None;
    };
    let mut errors = child.stderr.take().unwrap();
    let stderr = thread::spawn(move || {
        let mut bytes = Vec::new();
        errors.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let mut stdout = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    child.wait().unwrap();
    let stderr = stderr.join().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    fs::remove_dir_all(&dir).unwrap();
    let report = read(client, &stdout, &stderr);
    Some(report.unwrap_or_else(|error| panic!("{error}\n{stdout}\n{stderr}")))
}

/// Every fourth request gets a 503, and each is checked for what the plan wants.
fn quarter_failing() -> Server {
    let count = AtomicUsize::new(0);
    Server::each(move |mut connection, _| {
        while let Some(request) = connection.request() {
            assert_eq!(request.field("host"), Some("shop.test"), "{}", request.line);
            assert_eq!(request.field("x-extra"), Some("a \"b\" \\c"), "{}", request.line);
            let keep = request.field("connection") != Some("close")
                && (!request.line.ends_with("HTTP/1.0")
                    || request.field("connection") == Some("Keep-Alive"));
            let status =
                if count.fetch_add(1, Ordering::SeqCst) % 4 == 3 { "503 No" } else { "200 OK" };
            let option = if keep { "keep-alive" } else { "close" };
            connection.write(format!(
                "HTTP/1.1 {status}\r\nConnection: {option}\r\nContent-Length: 2\r\n\r\nok"
            ));
            if !keep {
                return;
            }
        }
    })
}

fn quoting(plan: Plan) -> Plan {
    let headers = vec![("X-Extra".to_owned(), "a \"b\" \\c".to_owned())];
    let requests =
        plan.requests.iter().map(|ask| Ask { headers: headers.clone(), ..ask.clone() }).collect();
    Plan { requests, arrivals: Arrivals::Constant { rate: 100.0 }, ..plan }
}

#[test]
fn each_counts_what_the_server_sent() {
    for client in Client::ALL {
        for keep_alive in [true, false] {
            let server = quarter_failing();
            let plan = quoting(Plan { keep_alive, ..plan(server.address) });
            let plan = Plan { patience: Duration::from_secs(5), ..plan };
            let Some(report) = real(&plan, *client) else { continue };
            let name = client.as_str();
            assert_eq!(report.client, name);
            assert!(report.lasted > 0, "{name}");
            assert!(report.latency.count > 0 && report.latency.max > 0, "{name}");
            if *client == Client::Wrk {
                let (good, bad) = (report.succeeded(), report.failed());
                assert!(bad > 0 && good >= bad * 2, "{name}: {:?}", report.outcomes);
                assert_eq!(report.statuses.values().sum::<u64>(), report.latency.count);
            } else if *client == Client::H2load && !keep_alive {
                assert_eq!(report.sent, 20);
            } else {
                assert_eq!(report.sent, 20, "{name}");
                assert_eq!(report.statuses, [(200, 15), (503, 5)].into(), "{name}");
                assert_eq!(report.outcomes, [(Outcome::Success, 15), (Outcome::Status, 5)].into());
            }
        }
    }
}

#[test]
fn each_sees_a_closed_port() {
    let address = {
        let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap()
    };
    for client in Client::ALL {
        let plan = Plan { patience: Duration::from_secs(2), ..plan(address) };
        let Some(report) = real(&plan, *client) else { continue };
        assert_eq!(report.succeeded(), 0, "{client:?}");
        assert!(report.failed() > 0, "{client:?}");
        assert_eq!(report.statuses, [].into(), "{client:?}");
        let outcome = match client {
            Client::Ab | Client::Wrk => Outcome::ConnectionRefused,
            Client::Curl => Outcome::ConnectFailed,
            Client::H2load => Outcome::NoResponse,
        };
        assert_eq!(report.outcomes.keys().collect::<Vec<_>>(), [&outcome], "{client:?}");
    }
}

#[test]
fn each_sees_a_connection_that_closes() {
    let server = Server::closing_after("");
    for client in Client::ALL {
        let plan = Plan { patience: Duration::from_secs(2), ..plan(server.address) };
        let Some(report) = real(&plan, *client) else { continue };
        assert_eq!(report.succeeded(), 0, "{client:?}: {:?}", report.outcomes);
        assert!(report.failed() > 0, "{client:?}");
    }
}

#[test]
fn curl_tells_mechanisms_and_sends_the_plan() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let keep = std::sync::Arc::clone(&seen);
    let server = Server::each(move |mut connection, _| {
        while let Some(request) = connection.request() {
            let id = request.field("x-request-id").unwrap_or_default().to_owned();
            keep.lock().unwrap().push((request.line.clone(), request.body.len(), id.clone()));
            match id.as_str() {
                "run-2" => connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
                "run-3" => return connection.stall(),
                "run-4" => return connection.reset(),
                _ => {
                    connection.write(OK);
                    continue;
                }
            }
            return;
        }
    });
    let plan = Plan {
        requests: vec![get("/a?b=1"), Ask { method: "PUT".into(), ..post(70_000) }],
        request_ids: Some("run".into()),
        patience: Duration::from_millis(700),
        ..plan(server.address)
    };
    let Some(report) = real(&plan, Client::Curl) else { return };
    assert_eq!(
        report.outcomes,
        [
            (Outcome::Success, 1),
            (Outcome::ClosedAfterFirstByte, 1),
            (Outcome::ResponseHeadTimeout, 1),
            (Outcome::ResetBeforeFirstByte, 1),
        ]
        .into()
    );
    let seen = seen.lock().unwrap();
    let row = |line: &str, body, id: &str| (line.to_owned(), body, id.to_owned());
    assert_eq!(seen[0], row("GET /a?b=1 HTTP/1.1", 0, "run-1"));
    assert_eq!(seen[1], row("PUT / HTTP/1.1", 70_000, "run-2"));
}

#[test]
fn what_they_cannot_do() {
    let plan = plan(SocketAddr::from(([127, 0, 0, 1], 9)));
    let http2 = Plan { protocol: Protocol::Http2, ..plan.clone() };
    for client in [Client::Ab, Client::Wrk] {
        let error = command(&http2, client).unwrap_err();
        assert!(matches!(error, ClientError::Unfit { .. }), "{error}");
        assert!(command(&plan, client).unwrap().notes[0].contains("rate"));
    }
    for client in [Client::Curl, Client::H2load] {
        assert!(!command(&http2, client).unwrap().notes.is_empty());
    }
    let mixed = Plan { requests: vec![get("/a"), get("/b")], ..plan };
    let notes = command(&mixed, Client::Ab).unwrap().notes;
    assert_eq!(notes[0], "ab sends one kind of request only: GET /a");
    for client in Client::ALL {
        let error = read(*client, "", "\nno such thing\n").unwrap_err();
        assert_eq!(error.to_string(), format!("{} left no result: no such thing", client.as_str()));
        assert_eq!(Client::parse(client.as_str()), Some(*client));
    }
}

#[test]
fn ab_that_gives_up() {
    let stdout = "Benchmarking 127.0.0.1 (be patient)...INFO: GET header == \n---\nGET /x HTTP/1.0\n\
                  \n---\nLOG: header received:\nHTTP/1.1 200 OK\nContent-Length: 5\n\nhello\n";
    let stderr = "apr_pollset_poll: The timeout specified has expired (70007)\n";
    let report = read(Client::Ab, stdout, stderr).unwrap();
    assert_eq!(report.outcomes, [(Outcome::Success, 1), (Outcome::ResponseHeadTimeout, 1)].into());
    assert!(report.notes[0].ends_with("has expired (70007)"), "{:?}", report.notes);
}

#[test]
fn h2load_without_lines_for_each_request() {
    let stdout = "\nfinished in 403.40ms, 9.92 req/s, 778B/s\n\
        requests: 12 total, 6 started, 4 done, 2 succeeded, 10 failed, 8 errored, 3 timeout\n\
        status codes: 2 2xx, 0 3xx, 1 4xx, 1 5xx\n";
    let report = read(Client::H2load, stdout, "").unwrap();
    assert_eq!(
        report.outcomes,
        [
            (Outcome::Success, 3),
            (Outcome::Status, 1),
            (Outcome::ResponseHeadTimeout, 3),
            (Outcome::NoResponse, 5),
        ]
        .into()
    );
    assert_eq!((report.sent, report.lasted), (12, 403_400));
}
