//! The decoder must say the same wherever the bytes are cut.

use super::super::decode::Decoder;
use super::Outcome;

/// Feeds the bytes in pieces of this size.
fn fed(bytes: &[u8], size: usize) -> Result<(bool, Option<u16>, u64, bool), Outcome> {
    let mut decoder = Decoder::new(false);
    for piece in bytes.chunks(size) {
        decoder.feed(piece)?;
    }
    Ok((decoder.done(), decoder.status(), decoder.body_bytes(), decoder.reusable()))
}

#[test]
fn cuts_do_not_matter() {
    let many_chunks = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{}0\r\n\r\n",
        "1\r\nx\r\n".repeat(5000)
    );
    for (bytes, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", Ok((true, Some(200), 3, true))),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", Ok((true, Some(200), 3, false))),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nab", Ok((false, Some(200), 2, false))),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", Ok((true, Some(200), 0, false))),
        (
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
            Ok((true, Some(200), 0, true)),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc",
            Ok((false, Some(200), 3, false)),
        ),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", Ok((true, Some(101), 0, false))),
        ("HTTP/1.1 100 Continue\r\n\r\n", Ok((false, None, 0, false))),
        (&many_chunks, Ok((true, Some(200), 5000, true))),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", Err(Outcome::HttpProtocolError)),
        ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", Err(Outcome::HttpProtocolError)),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            Err(Outcome::HttpProtocolError),
        ),
        ("<html>", Err(Outcome::HttpProtocolError)),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\n",
            Err(Outcome::HttpResponseTransferCoding),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            Err(Outcome::HttpResponseTransferCoding),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n",
            Err(Outcome::HttpResponseTransferCoding),
        ),
    ] {
        for size in [1, 2, 3, 7, 64, usize::MAX] {
            assert_eq!(fed(bytes.as_bytes(), size), expected, "{bytes:.60} by {size}");
        }
    }
}

#[test]
fn what_never_ends_is_bounded() {
    let mut decoder = Decoder::new(false);
    decoder.feed(b"HTTP/1.1 200 OK\r\n").unwrap();
    let field = format!("X: {}\r\n", "y".repeat(997));
    let fed = (0..100).position(|_| decoder.feed(field.as_bytes()).is_err());
    assert_eq!(fed, Some(65), "64 KiB and the field that goes beyond");
    let mut decoder = Decoder::new(false);
    decoder.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;").unwrap();
    assert_eq!(decoder.feed(&[b'a'; 5000]), Err(Outcome::HttpResponseTransferCoding));
    let mut decoder = Decoder::new(false);
    decoder.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ").unwrap();
    assert_eq!(decoder.feed(&[b'a'; 70_000]), Err(Outcome::HttpResponseHeaderSectionSize));
}
