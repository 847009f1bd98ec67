//! HTTP/1.1: each outcome, each framing, and the pool.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::servers::{OK, Server};
use super::*;

#[test]
fn refused() {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let report = all(&plan(address), Outcome::ConnectionRefused);
    assert_eq!((report.failed(), report.succeeded()), (4, 0));
    assert_eq!(report.connections, Some(0));
    assert_eq!(report.failures.len(), 4);
    assert_eq!(report.latency_of_failures.count, 4);
}

#[test]
fn connection_timeout() {
    // A full backlog: Linux drops further SYNs.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _guard = runtime.enter();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut fill = Vec::new();
    while let Ok(stream) =
        std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300))
    {
        fill.push(stream);
        assert!(fill.len() < 100, "the backlog never fills");
    }
    all(&impatient(address), Outcome::ConnectionTimeout);
}

#[test]
fn unroutable() {
    // The kernel has no TCP to a multicast group; no packet leaves.
    let report =
        all(&plan(SocketAddr::from(([224, 0, 0, 1], 80))), Outcome::DestinationIpUnroutable);
    assert_eq!(report.connections, Some(0));
}

#[test]
fn errors_of_connect() {
    use rustix::io::Errno;
    for (errno, outcome) in [
        (Errno::CONNREFUSED, Outcome::ConnectionRefused),
        (Errno::TIMEDOUT, Outcome::ConnectionTimeout),
        (Errno::HOSTUNREACH, Outcome::DestinationIpUnroutable),
        (Errno::NETUNREACH, Outcome::DestinationIpUnroutable),
        (Errno::ADDRNOTAVAIL, Outcome::NoLocalPort),
        (Errno::PERM, Outcome::ConnectForbidden),
        (Errno::ACCESS, Outcome::ConnectForbidden),
        (Errno::MFILE, Outcome::TooManyOpenFiles),
        (Errno::NFILE, Outcome::TooManyOpenFiles),
        (Errno::INVAL, Outcome::ConnectFailed),
    ] {
        assert_eq!(Outcome::of_connect(&errno.into()), outcome, "{errno}");
    }
}

#[test]
fn success_and_statuses() {
    let server = Server::answering(OK);
    let report = all(&plan(server.address), Outcome::Success);
    assert_eq!(report.statuses, [(200, 4)].into());
    assert_eq!(report.body_bytes, 8);
    let server = Server::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let report = all(&plan(server.address), Outcome::Success);
    assert_eq!(report.statuses, [(404, 4)].into());
    let server = Server::answering("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    let report = all(&plan(server.address), Outcome::Status);
    assert_eq!(report.statuses, [(502, 4)].into());
    assert_eq!(report.failed(), 4);
}

#[test]
fn closed_and_reset_before_the_first_byte() {
    let server = Server::closing_after("");
    all(&plan(server.address), Outcome::ClosedBeforeFirstByte);
    let server = Server::each(|mut connection, _| {
        connection.request();
        connection.reset();
    });
    let report = all(&plan(server.address), Outcome::ResetBeforeFirstByte);
    assert_eq!(report.on_reused, [].into());
}

#[test]
fn accepted_and_reset_at_once() {
    let server = Server::each(|connection, _| connection.reset());
    all(&plan(server.address), Outcome::ResetBeforeFirstByte);
}

#[test]
fn broken_off_inside_the_response() {
    for half in [
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ] {
        let server = Server::closing_after(half);
        let report = all(&plan(server.address), Outcome::ClosedAfterFirstByte);
        assert_eq!(report.statuses, [].into(), "incomplete responses have no status");
        let server = Server::each(move |mut connection, _| {
            connection.request();
            connection.write(half);
            // Else the reset may overtake what was written.
            thread::sleep(Duration::from_millis(100));
            connection.reset();
        });
        all(&plan(server.address), Outcome::ResetAfterFirstByte);
    }
}

#[test]
fn a_reset_does_not_complete_a_close_delimited_response() {
    let server = Server::each(|mut connection, _| {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\n\r\nsome");
        thread::sleep(Duration::from_millis(100));
        connection.reset();
    });
    all(&plan(server.address), Outcome::ResetAfterFirstByte);
}

#[test]
fn silence_in_each_phase() {
    let server = Server::each(|connection, _| connection.stall());
    // More than both sockets' buffers hold.
    let large = Plan { requests: vec![post(64 << 20)], ..impatient(server.address) };
    all(&large, Outcome::ConnectionWriteTimeout);
    all(&impatient(server.address), Outcome::ResponseHeadTimeout);
    for (half, outcome) in [
        ("HTTP/1.1 200 OK\r\nConte", Outcome::ResponseHeadTimeout),
        ("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort", Outcome::ResponseBodyTimeout),
        ("HTTP/1.1 200 OK\r\n\r\nshort", Outcome::ResponseBodyTimeout),
    ] {
        let server = Server::each(move |mut connection, _| {
            connection.request();
            connection.write(half);
            connection.stall();
        });
        let report = all(&impatient(server.address), outcome);
        assert!(report.latency_of_failures.min >= 390_000, "{:?}", report.latency_of_failures);
    }
}

#[test]
fn malformed_responses() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(70_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(300));
    for (bytes, outcome) in [
        ("220 mail.test ESMTP\r\n", Outcome::HttpProtocolError),
        ("\x15\x03\x01\x00\x02\x02\x46", Outcome::HttpProtocolError),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", Outcome::HttpProtocolError),
        ("HTTP/1.1 2x0 OK\r\n\r\n", Outcome::HttpProtocolError),
        ("HTTP/1.1 099 OK\r\n\r\n", Outcome::HttpProtocolError),
        ("HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", Outcome::HttpProtocolError),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Outcome::HttpProtocolError),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
            Outcome::HttpProtocolError,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            Outcome::HttpResponseTransferCoding,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n",
            Outcome::HttpResponseTransferCoding,
        ),
        (&long, Outcome::HttpResponseHeaderSectionSize),
        (&many, Outcome::HttpResponseHeaderSectionSize),
    ] {
        let server = Server::closing_after(bytes);
        all(&plan(server.address), outcome);
    }
}

#[test]
fn complete_responses_of_every_framing() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5;ext=1\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 1\r\n\r\n";
    for (method, bytes, content) in [
        ("GET", chunked, 21),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 0),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 0),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", 0),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0),
        (
            "GET",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            2,
        ),
        ("GET", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 2),
    ] {
        // One byte per packet, so that every border is met.
        let server = Server::each(move |mut connection, _| {
            while connection.request().is_some() {
                connection.trickle(bytes.as_bytes());
            }
        });
        // Slower than an exchange takes, so that each finds the connection idle.
        let plan = Plan {
            requests: vec![ask(method, "/")],
            arrivals: Arrivals::Constant { rate: 2.0 },
            lasts: Duration::from_secs(1),
            ..plan(server.address)
        };
        // On a busy machine the first exchange may last longer than that.
        let reused = (0..5).any(|_| {
            let report = all(&plan, Outcome::Success);
            assert_eq!(report.body_bytes, 2 * content, "{bytes}");
            report.connections == Some(1) && report.on_reused == [(Outcome::Success, 1)].into()
        });
        assert!(reused, "it leaves the connection usable: {bytes}");
    }
}

#[test]
fn responses_that_end_the_connection() {
    for bytes in [
        "HTTP/1.1 200 OK\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    ] {
        let server = Server::closing_after(bytes);
        let report = all(&plan(server.address), Outcome::Success);
        assert_eq!((report.connections, report.body_bytes), (Some(4), 8));
        assert_eq!(report.on_reused, [].into());
    }
    // Nothing that cannot be trusted is used again.
    for bytes in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ] {
        let server = Server::answering(bytes);
        let report = all(&plan(server.address), Outcome::Success);
        assert_eq!(report.connections, Some(4), "{bytes}");
    }
}

#[test]
fn keep_alive_off() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let server = Server::each(move |mut connection, _| {
        while let Some(request) = connection.request() {
            keep.lock().unwrap().push(request.field("connection").map(str::to_owned));
            connection.write(OK);
        }
    });
    let report = all(&Plan { keep_alive: false, ..plan(server.address) }, Outcome::Success);
    assert_eq!((report.connections, server.accepted()), (Some(4), 4));
    assert_eq!(*seen.lock().unwrap(), vec![Some("close".to_owned()); 4]);
}

#[test]
fn a_connection_closed_while_idle_is_not_used() {
    let server = Server::each(|mut connection, _| {
        connection.request();
        connection.write(OK);
    });
    let plan = Plan {
        arrivals: Arrivals::Constant { rate: 2.0 },
        lasts: Duration::from_secs(2),
        ..plan(server.address)
    };
    let report = all(&plan, Outcome::Success);
    assert_eq!(report.connections, Some(4));
}

#[test]
fn a_connection_that_closes_on_the_next_request_is_not_retried() {
    let server = Server::each(|mut connection, _| {
        connection.request();
        connection.write(OK);
        connection.head();
    });
    let plan = Plan {
        arrivals: Arrivals::Constant { rate: 2.0 },
        lasts: Duration::from_secs(2),
        ..plan(server.address)
    };
    let report = sent(&plan);
    assert_eq!(
        report.outcomes,
        [(Outcome::Success, 2), (Outcome::ClosedBeforeFirstByte, 2)].into()
    );
    assert_eq!(report.on_reused, [(Outcome::ClosedBeforeFirstByte, 2)].into());
    assert!(report.failures.iter().all(|failure| failure.reused));
}

#[test]
fn answers_before_the_content_is_sent() {
    let server = Server::each(|mut connection, _| {
        connection.head();
        connection.write(
            "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
        connection.finish();
        connection.stall();
    });
    let plan = Plan { requests: vec![post(64 << 20)], ..plan(server.address) };
    let report = all(&plan, Outcome::Status);
    assert_eq!(report.statuses, [(413, 4)].into());
    assert_eq!(report.connections, Some(4), "the content is unfinished");
}

#[test]
fn content_arrives_whole() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let server = Server::each(move |mut connection, _| {
        while let Some(request) = connection.request() {
            keep.lock().unwrap().push((request.line, request.body.len()));
            connection.write(OK);
        }
    });
    let chunked =
        Ask { headers: vec![("Transfer-Encoding".into(), "chunked".into())], ..post(100_000) };
    let plan = Plan { requests: vec![post(100_000), chunked, post(0)], ..plan(server.address) };
    all(&Plan { lasts: Duration::from_millis(150), ..plan }, Outcome::Success);
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    let line = "POST / HTTP/1.1".to_owned();
    assert_eq!(seen, [(line.clone(), 0), (line.clone(), 100_000), (line, 100_000)]);
}

#[test]
fn expecting_100_continue() {
    let expect = vec![("Expect".to_owned(), "100-continue".to_owned())];
    let request = Ask { headers: expect, ..post(5) };
    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&told);
    let server = Server::each(move |mut connection, number| {
        let head = connection.head().unwrap();
        assert_eq!(head.field("expect"), Some("100-continue"));
        if number == 0 {
            connection.write("HTTP/1.1 100 Continue\r\n\r\n");
        }
        // The second server never says it: the content comes all the same, later.
        let content = connection.content(5);
        keep.lock().unwrap().push(content);
        connection.write(OK);
    });
    let plan = Plan {
        requests: vec![request],
        arrivals: Arrivals::Constant { rate: 10.0 },
        keep_alive: false,
        ..plan(server.address)
    };
    let report = all(&plan, Outcome::Success);
    assert_eq!(*told.lock().unwrap(), [b"xxxxx", b"xxxxx"]);
    assert!(report.latency.max >= 990_000, "the second waited: {:?}", report.latency);
}

#[test]
fn fields_ids_and_mix() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let server = Server::each(move |mut connection, _| {
        while let Some(request) = connection.request() {
            let field = |name| request.field(name).unwrap_or_default().to_owned();
            keep.lock().unwrap().push((
                request.line.clone(),
                field("host"),
                field("x-request-id"),
                field("x-extra"),
            ));
            connection.write(OK);
        }
    });
    let first = Ask { headers: vec![("X-Extra".into(), "1".into())], weight: 3, ..get("/a?b=c") };
    let second = Ask { headers: vec![("Host".into(), "other.test".into())], ..get("/d") };
    let plan = Plan {
        requests: vec![first, second],
        request_ids: Some("run7".into()),
        ..plan(server.address)
    };
    all(&plan, Outcome::Success);
    let mut seen = seen.lock().unwrap().clone();
    seen.sort_by(|left, right| left.2.cmp(&right.2));
    assert_eq!(seen.iter().filter(|request| request.0 == "GET /a?b=c HTTP/1.1").count(), 3);
    for (index, (line, host, id, extra)) in seen.iter().enumerate() {
        let first = line.starts_with("GET /a");
        assert_eq!(host, if first { "shop.test" } else { "other.test" });
        assert_eq!(extra, if first { "1" } else { "" });
        assert_eq!(*id, format!("run7-{}", index + 1));
    }
}
