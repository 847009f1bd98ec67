//! Servers on loopback, one thread per connection, that do to each connection what a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Longer than any patience of these tests.
pub(super) const LONG: Duration = Duration::from_secs(2);

/// A server that runs until it is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Hands each connection, with its number from 0, to `serve`.
    pub(super) fn each(serve: impl Fn(Connection, usize) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let serve = Arc::new(serve);
        let (count, stopped) = (Arc::clone(&accepted), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (serve, stream) = (Arc::clone(&serve), stream.unwrap());
                let number = count.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || serve(Connection::new(stream), number));
            }
        });
        Server { address, accepted, stop, thread: Some(thread) }
    }

    /// Reads each request whole and answers it with these bytes, on and on.
    pub(super) fn answering(bytes: impl Into<Vec<u8>>) -> Server {
        let bytes = bytes.into();
        Server::each(move |mut connection, _| {
            while connection.request().is_some() {
                connection.write(&bytes);
            }
        })
    }

    /// Reads a request whole, answers it with these bytes and closes.
    pub(super) fn closing_after(bytes: impl Into<Vec<u8>>) -> Server {
        let bytes = bytes.into();
        Server::each(move |mut connection, _| {
            connection.request();
            connection.write(&bytes);
        })
    }

    /// Connections accepted so far.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the accepting thread.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// A request as a server read it.
pub(super) struct Request {
    pub(super) line: String,
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// The server's end of a connection.
pub(super) struct Connection {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Connection {
    fn new(stream: TcpStream) -> Connection {
        stream.set_nodelay(true).unwrap();
        // A test that goes wrong ends all the same.
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Connection { reader: BufReader::new(stream.try_clone().unwrap()), stream }
    }

    /// The head of the next request; `None` at the end of the connection.
    pub(super) fn head(&mut self) -> Option<Request> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            lines.push(line.to_owned());
        }
        let mut lines = lines.into_iter();
        let line = lines.next()?;
        let fields = lines
            .filter_map(|line| {
                let (name, value) = line.split_once(": ")?;
                Some((name.to_ascii_lowercase(), value.to_owned()))
            })
            .collect();
        Some(Request { line, fields, body: Vec::new() })
    }

    /// The next request with its content.
    pub(super) fn request(&mut self) -> Option<Request> {
        let mut request = self.head()?;
        if request.field("transfer-encoding") == Some("chunked") {
            loop {
                let mut size = String::new();
                self.reader.read_line(&mut size).ok()?;
                let size = usize::from_str_radix(size.trim_end(), 16).ok()?;
                let mut chunk = vec![0; size + 2];
                self.reader.read_exact(&mut chunk).ok()?;
                assert!(chunk.ends_with(b"\r\n"));
                if size == 0 {
                    break;
                }
                request.body.extend_from_slice(&chunk[..size]);
            }
        } else {
            let length = request.field("content-length").map_or(0, |value| value.parse().unwrap());
            request.body.resize(length, 0);
            self.reader.read_exact(&mut request.body).ok()?;
        }
        Some(request)
    }

    /// Reads so many bytes of content.
    pub(super) fn content(&mut self, bytes: usize) -> Vec<u8> {
        let mut content = vec![0; bytes];
        self.reader.read_exact(&mut content).unwrap();
        content
    }

    /// Writes, and does not mind if nobody listens any more.
    pub(super) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Writes one byte at a time, each in its own packet.
    pub(super) fn trickle(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write([*byte]);
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Ends the connection with a reset instead of a close.
    pub(super) fn reset(self) {
        rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO)).unwrap();
    }

    /// Says that no more will come.
    pub(super) fn finish(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Keeps the connection open until the client leaves, reading nothing before `LONG` is over.
    pub(super) fn stall(self) {
        thread::sleep(LONG);
    }
}

/// A complete response with two bytes of content.
pub(super) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
