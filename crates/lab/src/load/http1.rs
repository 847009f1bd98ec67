//! HTTP/1.1 over plain TCP: a pool of connections and one exchange on one of them.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf, Bytes};
use model::Phase;
use rustix::io::Errno;
use rustix::net::RecvFlags;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::decode::Decoder;
use super::outcome::Outcome;
use super::plan::{Ask, Plan};
use super::trace::{Answer, Trace};
use super::upload::Upload;

/// How long the content waits for `100 Continue`; RFC 9110 section 10.1.1 leaves it to the client,
/// and curl waits a second.
const CONTINUE_WAIT: Duration = Duration::from_secs(1);

/// The sender for HTTP/1.1.
pub(super) struct Http1 {
    target: SocketAddr,
    keep_alive: bool,
    asks: Vec<Prepared>,
    idle: RefCell<Vec<TcpStream>>,
    opened: Cell<u64>,
    scratch: RefCell<Vec<u8>>,
}

/// A kind of request, written out as far as it is the same each time.
struct Prepared {
    head: Vec<u8>,
    body_bytes: u64,
    chunked: bool,
    waits: bool,
    to_head: bool,
}

impl Prepared {
    fn new(plan: &Plan, ask: &Ask) -> Prepared {
        let mut head = format!("{} {} HTTP/1.1\r\n", ask.method, ask.path);
        let mut field = |name: &str, value: &str| {
            head.push_str(&format!("{name}: {value}\r\n"));
        };
        let mut default = |name: &str, value: &str| {
            if ask.header(name).is_none() {
                field(name, value);
            }
        };
        default("Host", &plan.authority);
        default("User-Agent", "why502-load");
        default("Accept", "*/*");
        if !plan.keep_alive {
            default("Connection", "close");
        }
        // RFC 9110 section 8.6: these methods anticipate content even if there is none.
        let anticipates = matches!(ask.method.as_str(), "POST" | "PUT" | "PATCH");
        if !ask.chunked() && (ask.body_bytes > 0 || anticipates) {
            default("Content-Length", &ask.body_bytes.to_string());
        }
        for (name, value) in &ask.headers {
            field(name, value);
        }
        Prepared {
            head: head.into_bytes(),
            body_bytes: ask.body_bytes,
            chunked: ask.chunked(),
            waits: ask
                .header("expect")
                .is_some_and(|value| value.trim().eq_ignore_ascii_case("100-continue")),
            to_head: ask.method == "HEAD",
        }
    }
}

impl Http1 {
    pub(super) fn new(plan: &Plan) -> Http1 {
        Http1 {
            target: plan.target,
            keep_alive: plan.keep_alive,
            asks: plan.requests.iter().map(|ask| Prepared::new(plan, ask)).collect(),
            idle: RefCell::new(Vec::new()),
            opened: Cell::new(0),
            scratch: RefCell::new(vec![0; 64 * 1024]),
        }
    }

    /// Connections opened so far.
    pub(super) fn opened(&self) -> u64 {
        self.opened.get()
    }

    /// Lets go of idle connections that the server has closed, as browsers do.
    pub(super) fn sweep(&self) {
        self.idle.borrow_mut().retain(still_open);
    }

    /// Sends one request and reads its response.
    ///
    /// # Errors
    ///
    /// How it failed.
    pub(super) async fn request(
        &self,
        ask: usize,
        id: Option<&str>,
        trace: &Trace,
    ) -> Result<Answer, Outcome> {
        let ask = &self.asks[ask];
        let stream = if let Some(stream) = self.take() {
            trace.on_reused(true);
            stream
        } else {
            let stream = connect(self.target).await?;
            self.opened.set(self.opened.get() + 1);
            stream
        };
        let mut head = ask.head.clone();
        if let Some(id) = id {
            head.extend_from_slice(format!("x-request-id: {id}\r\n").as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        let mut exchange = Exchange {
            stream: &stream,
            scratch: &self.scratch,
            trace,
            piece: head.into(),
            upload: Upload::new(ask.body_bytes, ask.chunked),
            hold: ask.waits.then(|| Instant::now() + CONTINUE_WAIT),
            broken: None,
            decoder: Decoder::new(ask.to_head),
        };
        let answer = exchange.run().await?;
        let reusable = exchange.reusable();
        if self.keep_alive && reusable {
            self.idle.borrow_mut().push(stream);
        }
        Ok(answer)
    }

    /// The most recently used idle connection that is still open.
    fn take(&self) -> Option<TcpStream> {
        let mut idle = self.idle.borrow_mut();
        std::iter::from_fn(|| idle.pop()).find(still_open)
    }
}

/// Opens a connection that sends without waiting for more.
pub(super) async fn connect(target: SocketAddr) -> Result<TcpStream, Outcome> {
    let stream = TcpStream::connect(target).await.map_err(|error| Outcome::of_connect(&error))?;
    // An error here means the connection is gone already; writing to it will say so.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Whether an idle connection has neither ended nor sent what nobody asked for. Asks the kernel:
/// tokio may not have seen yet what has arrived.
fn still_open(stream: &TcpStream) -> bool {
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    matches!(rustix::net::recv(stream, &mut [0_u8; 1][..], flags), Err(Errno::AGAIN))
}

/// One request on one connection: sends and reads at the same time, since a server may answer
/// before it has read everything.
struct Exchange<'a> {
    stream: &'a TcpStream,
    scratch: &'a RefCell<Vec<u8>>,
    trace: &'a Trace,
    /// What is written next; the head first.
    piece: Bytes,
    upload: Upload,
    /// Until when the content waits for `100 Continue`.
    hold: Option<Instant>,
    /// How writing failed; the answer may be there all the same.
    broken: Option<io::Error>,
    decoder: Decoder,
}

impl Exchange<'_> {
    async fn run(&mut self) -> Result<Answer, Outcome> {
        self.trace.enter(Phase::RequestSend);
        while !self.decoder.done() {
            let ready = match self.interest() {
                (interest, Some(hold)) => match timeout_at(hold, self.stream.ready(interest)).await
                {
                    Ok(ready) => ready,
                    Err(_) => {
                        self.hold = None;
                        continue;
                    }
                },
                (interest, None) => self.stream.ready(interest).await,
            };
            let ready = ready.map_err(|error| Outcome::of_broken(&error, self.decoder.begun()))?;
            if ready.is_readable() || ready.is_read_closed() {
                self.read()?;
            }
            if (ready.is_writable() || ready.is_write_closed()) && !self.decoder.done() {
                self.write();
            }
        }
        Ok(Answer {
            status: self.decoder.status().unwrap_or_default(),
            body_bytes: self.decoder.body_bytes(),
        })
    }

    fn reusable(&self) -> bool {
        self.decoder.reusable() && self.sent() && self.broken.is_none()
    }

    fn sent(&self) -> bool {
        self.piece.is_empty() && self.upload.ended()
    }

    /// What to wait for, and until when the content is held back.
    fn interest(&mut self) -> (Interest, Option<Instant>) {
        if self.decoder.released() {
            self.hold = None;
        }
        let held = self.piece.is_empty() && !self.upload.ended();
        match self.hold {
            _ if self.broken.is_some() || self.sent() => (Interest::READABLE, None),
            Some(hold) if held => (Interest::READABLE, Some(hold)),
            _ => (Interest::READABLE | Interest::WRITABLE, None),
        }
    }

    fn write(&mut self) {
        loop {
            if self.piece.is_empty() {
                if self.hold.is_some() || self.broken.is_some() {
                    return;
                }
                let Some(piece) = self.upload.piece() else { break };
                self.piece = piece;
            }
            match self.stream.try_write(&self.piece) {
                Ok(written) => self.piece.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.broken = Some(error);
                    return;
                }
            }
        }
        if !self.decoder.begun() {
            self.trace.enter(Phase::ResponseWait);
        }
    }

    fn read(&mut self) -> Result<(), Outcome> {
        let mut scratch = self.scratch.borrow_mut();
        match self.stream.try_read(&mut scratch) {
            Ok(0) => self.end(),
            Ok(count) => {
                self.decoder.feed(&scratch[..count])?;
                self.trace.enter(if self.decoder.status().is_some() {
                    Phase::ResponseBody
                } else {
                    Phase::ResponseHead
                });
                Ok(())
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                Ok(())
            }
            Err(error) => Err(Outcome::of_broken(&error, self.decoder.begun())),
        }
    }

    /// The server closed its side. If writing had met a reset, the kernel told that only once, and
    /// this end is its echo.
    fn end(&mut self) -> Result<(), Outcome> {
        let begun = self.decoder.begun();
        if let Some(error) = &self.broken {
            return Err(Outcome::of_broken(error, begun));
        }
        if self.decoder.end() { Ok(()) } else { Err(Outcome::closed(begun)) }
    }
}
