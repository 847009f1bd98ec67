//! HTTP/2 with prior knowledge: one connection that all requests share, as browsers do, or one
//! connection for each request.

use std::cell::{Cell, OnceCell, RefCell};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use model::Phase;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::http1::connect;
use super::outcome::Outcome;
use super::plan::{Ask, Plan};
use super::trace::{Answer, Trace};
use super::upload::Upload;

/// The sender for HTTP/2.
pub(super) struct Http2 {
    target: SocketAddr,
    keep_alive: bool,
    asks: Vec<Prepared>,
    shared: Mutex<Option<Connection>>,
    opened: Cell<u64>,
    drivers: RefCell<Vec<JoinHandle<()>>>,
}

struct Prepared {
    request: http::Request<()>,
    body_bytes: u64,
}

/// How often a request is sent that servers leave unprocessed.
const TRIES: u32 = 3;

/// A way to send on a connection.
#[derive(Clone)]
struct Connection {
    sender: SendRequest<Bytes>,
    /// How the connection ended; its streams are told only that it did.
    ended: Rc<OnceCell<h2::Error>>,
}

/// Fields that belong to an HTTP/1.1 connection and may not be sent (RFC 9113 section 8.2.2), and
/// `Host`, whose place `:authority` takes.
const NOT_SENT: &[&str] =
    &["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host"];

impl Prepared {
    fn new(plan: &Plan, ask: &Ask) -> Result<Prepared, http::Error> {
        let authority = ask.header("host").unwrap_or(&plan.authority);
        let mut request = http::Request::builder()
            .method(ask.method.as_str())
            .uri(format!("http://{authority}{}", ask.path))
            .version(http::Version::HTTP_2);
        for (name, value) in [("user-agent", "why502-load"), ("accept", "*/*")] {
            if ask.header(name).is_none() {
                request = request.header(name, value);
            }
        }
        if ask.body_bytes > 0 && !ask.chunked() && ask.header("content-length").is_none() {
            request = request.header("content-length", ask.body_bytes);
        }
        for (name, value) in &ask.headers {
            if !NOT_SENT.iter().any(|not| not.eq_ignore_ascii_case(name)) {
                request = request.header(name.as_str(), value.as_str());
            }
        }
        Ok(Prepared { request: request.body(())?, body_bytes: ask.body_bytes })
    }
}

impl Http2 {
    /// # Errors
    ///
    /// A request of the plan cannot be put into HTTP/2.
    pub(super) fn new(plan: &Plan) -> Result<Http2, http::Error> {
        Ok(Http2 {
            target: plan.target,
            keep_alive: plan.keep_alive,
            asks: plan
                .requests
                .iter()
                .map(|ask| Prepared::new(plan, ask))
                .collect::<Result<_, _>>()?,
            shared: Mutex::new(None),
            opened: Cell::new(0),
            drivers: RefCell::new(Vec::new()),
        })
    }

    /// Connections opened so far.
    pub(super) fn opened(&self) -> u64 {
        self.opened.get()
    }

    /// Forgets the tasks of connections that have ended.
    pub(super) fn sweep(&self) {
        self.drivers.borrow_mut().retain(|driver| !driver.is_finished());
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
        let mut request = ask.request.clone();
        if let Some(value) = id.and_then(|id| http::HeaderValue::from_str(id).ok()) {
            request.headers_mut().insert("x-request-id", value);
        }
        let mut left = TRIES;
        loop {
            left -= 1;
            let result = self.attempt(&request, ask.body_bytes, trace).await;
            if !trace.take_unprocessed() || left == 0 {
                return result;
            }
        }
    }

    async fn attempt(
        &self,
        request: &http::Request<()>,
        body_bytes: u64,
        trace: &Trace,
    ) -> Result<Answer, Outcome> {
        trace.enter(Phase::Connect);
        trace.on_reused(false);
        let connection = self.connection(trace).await?;
        trace.enter(Phase::RequestSend);
        match connection.exchange(request.clone(), body_bytes, trace).await {
            Err(Outcome::ClosedBeforeFirstByte) => Err(connection.closed(false).await),
            Err(Outcome::ClosedAfterFirstByte) => Err(connection.closed(true).await),
            result => result,
        }
    }

    /// The shared connection, opened if there is none that takes requests, or one for this request.
    async fn connection(&self, trace: &Trace) -> Result<Connection, Outcome> {
        if !self.keep_alive {
            return self.open().await;
        }
        let mut shared = self.shared.lock().await;
        // What has arrived meanwhile is seen by the connection's own task.
        tokio::task::yield_now().await;
        if let Some(connection) = shared.as_ref()
            && connection.over().await.is_none()
        {
            trace.on_reused(true);
            return Ok(connection.clone());
        }
        *shared = None;
        let connection = self.open().await?;
        *shared = Some(connection.clone());
        Ok(connection)
    }

    async fn open(&self) -> Result<Connection, Outcome> {
        let stream = connect(self.target).await?;
        self.opened.set(self.opened.get() + 1);
        let (sender, connection) =
            h2::client::handshake(stream).await.map_err(|error| of(&error, false))?;
        let ended = Rc::new(OnceCell::new());
        let end = Rc::clone(&ended);
        let driver = tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                // The cell is empty: a connection ends once.
                let _ = end.set(error);
            }
        });
        self.drivers.borrow_mut().push(driver);
        Ok(Connection { sender, ended })
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        for driver in self.drivers.get_mut() {
            driver.abort();
        }
    }
}

impl Connection {
    async fn exchange(
        &self,
        request: http::Request<()>,
        body_bytes: u64,
        trace: &Trace,
    ) -> Result<Answer, Outcome> {
        let sender = self.sender.clone();
        let mut sender = sender.ready().await.map_err(|error| refused(&error, trace))?;
        let upload = Upload::new(body_bytes, false);
        let (response, stream) =
            sender.send_request(request, upload.ended()).map_err(|error| refused(&error, trace))?;
        exchange(response, stream, upload, trace).await
    }

    /// Why the connection takes no more streams, if so. Does not wait for room among those it has.
    async fn over(&self) -> Option<h2::Error> {
        let mut sender = self.sender.clone();
        poll_fn(|cx| match sender.poll_ready(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Some(error)),
            _ => Poll::Ready(None),
        })
        .await
    }

    /// What it was if a stream was told that the connection was closed.
    async fn closed(&self, begun: bool) -> Outcome {
        let io = self.ended.get().and_then(h2::Error::get_io);
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionReset) {
            Outcome::reset(begun)
        } else if self.over().await.is_some_and(|error| error.is_go_away()) {
            Outcome::Http2Goaway
        } else {
            Outcome::closed(begun)
        }
    }
}

/// Sends the content and reads the response at the same time; done when the response is.
async fn exchange(
    response: ResponseFuture,
    stream: SendStream<Bytes>,
    upload: Upload,
    trace: &Trace,
) -> Result<Answer, Outcome> {
    let mut sending = pin!(send(stream, upload, trace));
    let mut receiving = pin!(receive(response, trace));
    let mut sent = false;
    poll_fn(|cx| {
        if !sent {
            sent = sending.as_mut().poll(cx).is_ready();
        }
        receiving.as_mut().poll(cx)
    })
    .await
}

/// Sends the content as the peer's window allows. An error ends it silently: the response's side
/// of the stream sees the same one.
async fn send(mut stream: SendStream<Bytes>, mut upload: Upload, trace: &Trace) {
    while let Some(mut piece) = upload.piece() {
        while !piece.is_empty() {
            stream.reserve_capacity(piece.len());
            let Some(Ok(room)) = poll_fn(|cx| stream.poll_capacity(cx)).await else { return };
            let part = piece.split_to(room.min(piece.len()));
            let last = upload.ended() && piece.is_empty();
            if stream.send_data(part, last).is_err() {
                return;
            }
        }
    }
    if trace.phase() == Phase::RequestSend {
        trace.enter(Phase::ResponseWait);
    }
    // Dropped early, the stream would be cancelled while its response is still under way.
    std::future::pending::<()>().await;
}

async fn receive(response: ResponseFuture, trace: &Trace) -> Result<Answer, Outcome> {
    let response = response.await.map_err(|error| refused(&error, trace))?;
    trace.enter(Phase::ResponseBody);
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut body_bytes = 0;
    while let Some(data) = body.data().await {
        let data = match data {
            Ok(data) => data,
            // After a complete response this only asks to stop sending (RFC 9113 section 8.1).
            Err(error) if error.is_reset() && error.reason() == Some(Reason::NO_ERROR) => {
                return Ok(Answer { status, body_bytes });
            }
            Err(error) => return Err(of(&error, true)),
        };
        body_bytes += data.len() as u64;
        // It fails only for a stream that is over, and then `data` says so.
        let _ = body.flow_control().release_capacity(data.len());
    }
    body.trailers().await.map_err(|error| of(&error, true))?;
    Ok(Answer { status, body_bytes })
}

/// What an error before the response's head means. A server that ends a connection in order says
/// which streams it has not looked at, and every client sends those again (RFC 9113 section 6.8):
/// nginx does so each thousand requests.
fn refused(error: &h2::Error, trace: &Trace) -> Outcome {
    let in_order = error.reason() == Some(Reason::NO_ERROR);
    if in_order && error.is_go_away() && error.is_remote() {
        trace.unprocessed();
    }
    of(error, false)
}

/// What an error of the HTTP/2 layer means.
fn of(error: &h2::Error, begun: bool) -> Outcome {
    if let Some(io) = error.get_io() {
        // h2 reports the peer's close as a broken pipe; a reset keeps its own kind.
        return match io.kind() {
            std::io::ErrorKind::BrokenPipe => Outcome::closed(begun),
            _ => Outcome::of_broken(io, begun),
        };
    }
    if !error.is_remote() {
        return Outcome::HttpProtocolError;
    }
    match error.reason() {
        _ if error.is_go_away() => Outcome::Http2Goaway,
        Some(Reason::REFUSED_STREAM) => Outcome::Http2StreamRefused,
        _ => Outcome::Http2StreamReset,
    }
}
