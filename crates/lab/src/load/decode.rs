//! Reads one HTTP/1.1 response out of bytes as they come (RFC 9112): pure, bounded, content
//! counted and not kept.

use super::outcome::Outcome;

/// Most bytes of a head (interim responses each for themselves) or of trailers.
const HEAD_LIMIT: usize = 64 * 1024;
/// Most fields of a head.
const FIELD_LIMIT: usize = 200;
/// Most bytes of a chunk's size line with its extensions.
const CHUNK_LINE_LIMIT: usize = 4 * 1024;
/// Most bytes of content.
const BODY_LIMIT: u64 = 1024 * 1024 * 1024;

enum State {
    Head,
    Length(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    UntilClose,
    Done,
}

/// One response being read.
pub(super) struct Decoder {
    state: State,
    to_head: bool,
    line: Vec<u8>,
    begun: bool,
    interim: bool,
    status: Option<u16>,
    body_bytes: u64,
    persistent: bool,
    left_over: bool,
}

impl Decoder {
    /// For the response to a request; `to_head` if its method was HEAD.
    pub(super) fn new(to_head: bool) -> Decoder {
        Decoder {
            state: State::Head,
            to_head,
            line: Vec::new(),
            begun: false,
            interim: false,
            status: None,
            body_bytes: 0,
            persistent: true,
            left_over: false,
        }
    }

    /// True once a byte has come, be it of an interim response.
    pub(super) fn begun(&self) -> bool {
        self.begun
    }

    /// True once an interim response (1xx) was read, or the final one has begun.
    pub(super) fn released(&self) -> bool {
        self.interim || self.status.is_some()
    }

    /// The final response's status once its head is complete.
    pub(super) fn status(&self) -> Option<u16> {
        self.status
    }

    /// Content read so far, without framing.
    pub(super) fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// True if the response is complete.
    pub(super) fn done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// True if the connection can carry another request after this response.
    pub(super) fn reusable(&self) -> bool {
        self.done() && self.persistent && !self.left_over
    }

    /// The connection ended. True if that completes the response.
    pub(super) fn end(&mut self) -> bool {
        if matches!(self.state, State::UntilClose) {
            self.state = State::Done;
        }
        self.done()
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// They are no valid response, or more than the client accepts.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Outcome> {
        self.begun |= !bytes.is_empty();
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Head => self.head(bytes)?,
                State::Length(left) => {
                    let (rest, left) = self.content(bytes, left)?;
                    self.state = if left == 0 { State::Done } else { State::Length(left) };
                    rest
                }
                State::ChunkSize => self.chunk_size(bytes)?,
                State::ChunkData(left) => {
                    let (rest, left) = self.content(bytes, left)?;
                    self.state = if left == 0 { State::ChunkEnd } else { State::ChunkData(left) };
                    rest
                }
                State::ChunkEnd => self.chunk_end(bytes)?,
                State::Trailers => self.trailers(bytes)?,
                State::UntilClose => self.content(bytes, u64::MAX)?.0,
                State::Done => {
                    self.left_over = true;
                    &[]
                }
            };
        }
        Ok(())
    }

    /// Counts content; returns what is beyond `left` and how much is still to come.
    fn content<'a>(&mut self, bytes: &'a [u8], left: u64) -> Result<(&'a [u8], u64), Outcome> {
        let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.body_bytes += take as u64;
        if self.body_bytes > BODY_LIMIT {
            return Err(Outcome::HttpResponseBodySize);
        }
        Ok((&bytes[take..], left - take as u64))
    }

    /// Moves bytes up to a line end into `line`; true if there was one.
    fn line<'a>(
        &mut self,
        bytes: &'a [u8],
        limit: usize,
        beyond: Outcome,
    ) -> Result<(&'a [u8], bool), Outcome> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
        if self.line.len() + line.len() > limit {
            return Err(beyond);
        }
        self.line.extend_from_slice(line);
        Ok((rest, end.is_some()))
    }

    /// True if `line` ends in an empty line, or is nothing else.
    fn at_empty_line(&self) -> bool {
        let line = self.line.as_slice();
        line.ends_with(b"\n\r\n") || line.ends_with(b"\n\n") || line == b"\r\n" || line == b"\n"
    }

    fn head<'a>(&mut self, mut bytes: &'a [u8]) -> Result<&'a [u8], Outcome> {
        let mut complete = false;
        while !bytes.is_empty() && !complete {
            let beyond = Outcome::HttpResponseHeaderSectionSize;
            let (rest, ended) = self.line(bytes, HEAD_LIMIT, beyond)?;
            bytes = rest;
            complete = ended && self.at_empty_line();
        }
        // Only a request may have an empty line before it (RFC 9112 section 2.2).
        if self.line.starts_with(b"\n") || self.line.starts_with(b"\r\n") {
            return Err(Outcome::HttpProtocolError);
        }
        // Parsed even if incomplete: what is not HTTP is known for it before it ends.
        let mut fields = [httparse::EMPTY_HEADER; FIELD_LIMIT];
        let mut response = httparse::Response::new(&mut fields);
        let parsed = match response.parse(&self.line) {
            Ok(parsed) => parsed,
            Err(httparse::Error::TooManyHeaders) => {
                return Err(Outcome::HttpResponseHeaderSectionSize);
            }
            Err(_) => return Err(Outcome::HttpProtocolError),
        };
        if parsed.is_partial() {
            return Ok(bytes);
        }
        let status = response.code.unwrap_or_default();
        let version = response.version.unwrap_or_default();
        if !(100..=999).contains(&status) {
            return Err(Outcome::HttpProtocolError);
        }
        // Switching protocols was not asked for: such a response is final.
        if (100..200).contains(&status) && status != 101 {
            self.interim = true;
            self.line.clear();
            return Ok(bytes);
        }
        let framing = Framing::read(response.headers)?;
        self.persistent = framing.persistent(version) && status != 101;
        self.status = Some(status);
        self.state = if self.to_head || matches!(status, 101 | 204 | 304) {
            State::Done
        } else {
            match framing.body {
                Body::Length(0) => State::Done,
                Body::Length(bytes) => State::Length(bytes),
                Body::Chunked => State::ChunkSize,
                Body::UntilClose => {
                    self.persistent = false;
                    State::UntilClose
                }
            }
        };
        self.line = Vec::new();
        Ok(bytes)
    }

    fn chunk_size<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Outcome> {
        let bad = Outcome::HttpResponseTransferCoding;
        let (rest, ended) = self.line(bytes, CHUNK_LINE_LIMIT, bad)?;
        match httparse::parse_chunk_size(&self.line) {
            Ok(httparse::Status::Complete((_, size))) => {
                self.line.clear();
                self.state = if size == 0 { State::Trailers } else { State::ChunkData(size) };
                Ok(rest)
            }
            Ok(httparse::Status::Partial) if !ended => Ok(rest),
            _ => Err(bad),
        }
    }

    fn chunk_end<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Outcome> {
        let (rest, ended) = self.line(bytes, 2, Outcome::HttpResponseTransferCoding)?;
        if !b"\r\n".starts_with(&self.line) {
            return Err(Outcome::HttpResponseTransferCoding);
        }
        if ended {
            self.line.clear();
            self.state = State::ChunkSize;
        }
        Ok(rest)
    }

    fn trailers<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Outcome> {
        let beyond = Outcome::HttpResponseHeaderSectionSize;
        let (rest, ended) = self.line(bytes, HEAD_LIMIT, beyond)?;
        if ended && self.at_empty_line() {
            let mut fields = [httparse::EMPTY_HEADER; FIELD_LIMIT];
            if httparse::parse_headers(&self.line, &mut fields).is_err() {
                return Err(Outcome::HttpResponseTransferCoding);
            }
            self.line = Vec::new();
            self.state = State::Done;
        }
        Ok(rest)
    }
}

/// How a response's content is delimited (RFC 9112 section 6.3).
enum Body {
    Length(u64),
    Chunked,
    UntilClose,
}

/// What a head says about content and connection.
struct Framing {
    body: Body,
    both: bool,
    close: bool,
    keep_alive: bool,
}

impl Framing {
    fn read(fields: &[httparse::Header<'_>]) -> Result<Framing, Outcome> {
        let bad = Outcome::HttpProtocolError;
        let (mut length, mut coding) = (None, None);
        let (mut close, mut keep_alive) = (false, false);
        for field in fields {
            let value = std::str::from_utf8(field.value).ok();
            if field.name.eq_ignore_ascii_case("content-length") {
                // One number, or the same one several times; anything else leaves the end open.
                for number in value.ok_or(bad)?.split(',').map(str::trim) {
                    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                        return Err(bad);
                    }
                    let number: u64 = number.parse().map_err(|_| bad)?;
                    if length.is_some_and(|before| before != number) {
                        return Err(bad);
                    }
                    length = Some(number);
                }
            } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
                let last = value.ok_or(bad)?.rsplit(',').next().unwrap_or_default().trim();
                coding = Some(last.eq_ignore_ascii_case("chunked"));
            } else if field.name.eq_ignore_ascii_case("connection") {
                for option in value.unwrap_or_default().split(',').map(str::trim) {
                    close |= option.eq_ignore_ascii_case("close");
                    keep_alive |= option.eq_ignore_ascii_case("keep-alive");
                }
            }
        }
        let body = match (coding, length) {
            (Some(true), _) => Body::Chunked,
            (None, Some(length)) => Body::Length(length),
            (Some(false) | None, _) => Body::UntilClose,
        };
        Ok(Framing { body, both: coding.is_some() && length.is_some(), close, keep_alive })
    }

    /// RFC 9112 section 9.3; after a head with both kinds of framing nothing can be trusted.
    fn persistent(&self, minor_version: u8) -> bool {
        !self.both && !self.close && (minor_version >= 1 || self.keep_alive)
    }
}
