//! HTTP/2: each outcome, one shared connection, and what its end means.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::servers::Server;
use super::*;

/// A server that speaks HTTP/2 until it is dropped.
struct Server2 {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

type Conn = Connection<TcpStream, Bytes>;
type Exchange = (http::Request<RecvStream>, SendResponse<Bytes>);

impl Server2 {
    /// Does to each request, with its number on its connection from 0, what `serve` says; the
    /// connection ends if that is false.
    fn each<F>(serve: F) -> Server2
    where
        F: Fn(&mut Conn, Exchange, usize) -> bool + Send + Sync + 'static,
    {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let (stop, stopped) = oneshot::channel::<()>();
        let (count, serve) = (Arc::clone(&accepted), Arc::new(serve));
        let thread = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.spawn(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(connection(stream, Arc::clone(&serve)));
                }
            });
            let _ = runtime.block_on(stopped);
        });
        Server2 { address, accepted, stop: Some(stop), thread: Some(thread) }
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

async fn connection<F>(stream: TcpStream, serve: Arc<F>)
where
    F: Fn(&mut Conn, Exchange, usize) -> bool,
{
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    let mut number = 0;
    while let Some(Ok(exchange)) = connection.accept().await {
        if !serve(&mut connection, exchange, number) {
            return;
        }
        number += 1;
    }
}

impl Drop for Server2 {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn plan2(target: SocketAddr) -> Plan {
    Plan { protocol: Protocol::Http2, ..plan(target) }
}

fn head(status: u16) -> http::Response<()> {
    http::Response::builder().status(status).body(()).unwrap()
}

fn answer(respond: &mut SendResponse<Bytes>, status: u16) {
    let mut body = respond.send_response(head(status), false).unwrap();
    body.send_data(Bytes::from_static(b"hello"), true).unwrap();
}

#[test]
fn one_connection_for_all() {
    let server = Server2::each(|_, (request, mut respond), _| {
        assert_eq!(request.uri().authority().unwrap().as_str(), "shop.test");
        let id = request.headers()["x-request-id"].to_str().unwrap();
        assert!(id.starts_with("run-"), "{id}");
        answer(&mut respond, if id == "run-4" { 503 } else { 200 });
        true
    });
    let plan = Plan { request_ids: Some("run".into()), ..plan2(server.address) };
    let report = sent(&plan);
    assert_eq!(report.outcomes, [(Outcome::Success, 3), (Outcome::Status, 1)].into());
    assert_eq!(report.statuses, [(200, 3), (503, 1)].into());
    assert_eq!((report.connections, server.accepted()), (Some(1), 1));
    assert_eq!(report.on_reused.values().sum::<u64>(), 3);
    assert_eq!(report.body_bytes, 20);
}

#[test]
fn one_connection_for_each() {
    let server = Server2::each(|_, (_, mut respond), _| {
        answer(&mut respond, 200);
        true
    });
    let plan = Plan { keep_alive: false, ..plan2(server.address) };
    let report = all(&plan, Outcome::Success);
    assert_eq!((report.connections, server.accepted()), (Some(4), 4));
    assert_eq!(report.on_reused, [].into());
}

#[test]
fn content_beyond_the_window() {
    let server = Server2::each(|_, (request, mut respond), _| {
        tokio::spawn(async move {
            let mut body = request.into_body();
            let mut length = 0;
            while let Some(Ok(data)) = body.data().await {
                length += data.len();
                body.flow_control().release_capacity(data.len()).unwrap();
            }
            answer(&mut respond, if length == 300_000 { 200 } else { 500 });
        });
        true
    });
    let plan = Plan { requests: vec![post(300_000)], ..plan2(server.address) };
    all(&plan, Outcome::Success);
}

#[test]
fn streams_reset() {
    for (reason, outcome) in [
        (Reason::INTERNAL_ERROR, Outcome::Http2StreamReset),
        (Reason::REFUSED_STREAM, Outcome::Http2StreamRefused),
    ] {
        let server = Server2::each(move |_, (_, mut respond), _| {
            respond.send_reset(reason);
            true
        });
        let report = all(&plan2(server.address), outcome);
        assert_eq!(report.connections, Some(1));
    }
    let server = Server2::each(|_, (_, mut respond), _| {
        let mut body = respond.send_response(head(200), false).unwrap();
        body.send_reset(Reason::CANCEL);
        true
    });
    all(&plan2(server.address), Outcome::Http2StreamReset);
}

#[test]
fn goaway() {
    let server = Server2::each(|connection, exchange, _| {
        connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
        std::mem::forget(exchange);
        true
    });
    let report = all(&plan2(server.address), Outcome::Http2Goaway);
    assert_eq!(report.connections, Some(4), "such a connection is not used again");
}

#[test]
fn what_a_goaway_leaves_unprocessed_is_sent_again() {
    // By hand: an empty SETTINGS frame, and GOAWAY with stream 0 as the last one looked at.
    let goaway = |reason: u8| {
        let mut bytes = b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.push(reason);
        bytes
    };
    for (reason, tries) in [(0, 3), (2, 1)] {
        let bytes = goaway(reason);
        let server = Server::each(move |mut connection, _| {
            connection.head();
            connection.content(12);
            connection.write(&bytes);
            connection.finish();
            connection.stall();
        });
        let plan = Plan { keep_alive: false, ..plan2(server.address) };
        let report = all(&plan, Outcome::Http2Goaway);
        assert_eq!(report.connections, Some(4 * tries));
    }
}

#[test]
fn a_graceful_goaway_fails_nothing() {
    let server = Server2::each(|connection, (_, mut respond), number| {
        answer(&mut respond, 200);
        if number == 0 {
            connection.graceful_shutdown();
        }
        true
    });
    let plan = Plan {
        arrivals: Arrivals::Constant { rate: 4.0 },
        lasts: Duration::from_secs(1),
        ..plan2(server.address)
    };
    let report = all(&plan, Outcome::Success);
    assert_eq!(report.connections, Some(4));
}

#[test]
fn closed_before_the_head() {
    let server = Server::closing_after("");
    all(&plan2(server.address), Outcome::ClosedBeforeFirstByte);
}

#[test]
fn broken_off_after_the_head() {
    // By hand, since the library ends streams before it ends a connection. An empty SETTINGS
    // frame; HEADERS of stream 1 with `:status: 200` (index 8 of HPACK's table) and END_HEADERS.
    let half = b"\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x04\0\0\0\x01\x88";
    for reset in [false, true] {
        let server = Server::each(move |mut connection, _| {
            // The client's preface and its SETTINGS; its request follows.
            connection.head();
            connection.content(12);
            connection.write(half);
            thread::sleep(Duration::from_millis(150));
            if reset {
                connection.reset();
            } else {
                connection.finish();
                connection.stall();
            }
        });
        let plan = Plan { keep_alive: false, ..plan2(server.address) };
        let report = all(
            &plan,
            if reset { Outcome::ResetAfterFirstByte } else { Outcome::ClosedAfterFirstByte },
        );
        assert_eq!(report.statuses, [].into());
    }
}

#[test]
fn silence_in_the_content() {
    let server = Server2::each(|_, (_, mut respond), _| {
        let mut body = respond.send_response(head(200), false).unwrap();
        tokio::spawn(async move {
            body.send_data(Bytes::from_static(b"half"), false).unwrap();
            tokio::time::sleep(super::servers::LONG).await;
        });
        true
    });
    let plan = Plan { protocol: Protocol::Http2, ..impatient(server.address) };
    let report = all(&plan, Outcome::ResponseBodyTimeout);
    assert_eq!(report.statuses, [].into());
}

#[test]
fn silence() {
    let server = Server::each(|connection, _| connection.stall());
    let silent = Plan { protocol: Protocol::Http2, ..impatient(server.address) };
    all(&silent, Outcome::ResponseHeadTimeout);
    let large = Plan { requests: vec![post(1 << 20)], ..silent };
    all(&large, Outcome::ConnectionWriteTimeout);
}

#[test]
fn reset_and_refused() {
    let server = Server::each(|mut connection, _| {
        connection.head();
        connection.reset();
    });
    all(&plan2(server.address), Outcome::ResetBeforeFirstByte);
    let address = {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap()
    };
    all(&plan2(address), Outcome::ConnectionRefused);
}

#[test]
fn a_server_that_speaks_http1() {
    let server = Server::each(|mut connection, _| {
        connection.head();
        connection
            .write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        connection.stall();
    });
    all(&plan2(server.address), Outcome::HttpProtocolError);
}
