//! The event with which CloudWatch Logs calls a function, `{"awslogs":{"data":"…"}}`: what is in it
//! is Base64 (RFC 4648 section 4) of gzip.
//!
//! Source: Amazon CloudWatch Logs user guide, "Real-time processing of log data with
//! subscriptions".

use std::io::{self, BufRead, Read};

/// Whether a text begins with such an event.
pub(crate) fn begins(head: &[u8]) -> bool {
    let mut rest = head;
    for part in [&b"{"[..], b"\"awslogs\"", b":", b"{", b"\"data\"", b":", b"\"H4sI"] {
        match rest.trim_ascii_start().strip_prefix(part) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

/// The bytes behind the Base64 of the first string that follows a key `data`.
pub(crate) struct Data<R> {
    source: R,
    /// Passed the quote that opens the data.
    is_inside: bool,
    is_over: bool,
    decoded: Vec<u8>,
    taken: usize,
    /// Bits of an unfinished group, and how many.
    bits: u32,
    held: u32,
}

impl<R: BufRead> Data<R> {
    pub(crate) fn new(source: R) -> Data<R> {
        Data {
            source,
            is_inside: false,
            is_over: false,
            decoded: Vec::new(),
            taken: 0,
            bits: 0,
            held: 0,
        }
    }

    /// Goes to the opening quote of the data, which is the fifth quote.
    fn enter(&mut self) -> io::Result<()> {
        for _ in 0..5 {
            let mut before = Vec::new();
            self.source.by_ref().take(4096).read_until(b'"', &mut before)?;
        }
        self.is_inside = true;
        Ok(())
    }

    fn decode(&mut self) -> io::Result<()> {
        self.decoded.clear();
        self.taken = 0;
        let text = self.source.fill_buf()?;
        if text.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut used = 0;
        for &byte in text {
            used += 1;
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                b'"' | b'=' => {
                    self.is_over = true;
                    break;
                }
                // JSON may escape the slash and breaks no lines; people do.
                b'\\' | b'\r' | b'\n' | b' ' => continue,
                _ => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "the data is no Base64",
                    ));
                }
            };
            self.bits = self.bits << 6 | u32::from(value);
            self.held += 6;
            if self.held >= 8 {
                self.held -= 8;
                self.decoded.push((self.bits >> self.held) as u8);
            }
        }
        self.source.consume(used);
        Ok(())
    }
}

impl<R: BufRead> Read for Data<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_inside {
            self.enter()?;
        }
        while self.taken == self.decoded.len() {
            if self.is_over || buffer.is_empty() {
                return Ok(0);
            }
            self.decode()?;
        }
        let left = &self.decoded[self.taken..];
        let length = left.len().min(buffer.len());
        buffer[..length].copy_from_slice(&left[..length]);
        self.taken += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn read(text: &str, at_once: usize) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut bytes = Vec::new();
        let mut data = Data::new(BufReader::with_capacity(at_once, text.as_bytes()));
        let ended = data.read_to_end(&mut bytes);
        (bytes, ended.err().map(|error| error.kind()))
    }

    #[test]
    fn only_the_event_is_one() {
        assert!(begins(b"{\n  \"awslogs\": {\n    \"data\": \"H4sIAAAA"));
        for other in
            [&b"{\"awslogs\":{\"data\":\"plain\"}}"[..], b"{\"events\":[]}", b"{\"awslogs\":", b""]
        {
            assert!(!begins(other));
        }
    }

    #[test]
    fn base64_in_pieces_of_any_size() {
        let text = r#"{"awslogs": {"data": "SGVsbG8sIHdvcmxkISA\/Pz4+"}}"#;
        for at_once in 1..text.len() {
            assert_eq!(read(text, at_once), (b"Hello, world! ??>>".to_vec(), None));
        }
        assert_eq!(read(r#"{"awslogs":{"data":"SGk="}}"#, 64), (b"Hi".to_vec(), None));
        let cut = read(r#"{"awslogs":{"data":"SGVs"#, 64);
        assert_eq!(cut, (b"Hel".to_vec(), Some(io::ErrorKind::UnexpectedEof)));
        let odd = read(r#"{"awslogs":{"data":"SG*s"}}"#, 64);
        assert_eq!(odd.1, Some(io::ErrorKind::InvalidData));
    }
}
