//! The content of a request, made as it is sent: what it says does not matter, how long it is does.

use bytes::Bytes;

static BLOCK: [u8; 16 * 1024] = [b'x'; 16 * 1024];

/// What is left to send of a request's content.
pub(super) struct Upload {
    left: u64,
    chunked: bool,
    ended: bool,
}

impl Upload {
    pub(super) fn new(bytes: u64, chunked: bool) -> Upload {
        Upload { left: bytes, chunked, ended: !chunked && bytes == 0 }
    }

    /// The next piece, framed if the content goes out in chunks; `None` after the last.
    pub(super) fn piece(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let size = usize::try_from(self.left).unwrap_or(usize::MAX).min(BLOCK.len());
        self.left -= size as u64;
        let data = &BLOCK[..size];
        if !self.chunked {
            self.ended = self.left == 0;
            return Some(Bytes::from_static(&BLOCK).slice(..size));
        }
        self.ended = size == 0;
        let mut framed = format!("{size:x}\r\n").into_bytes();
        framed.extend_from_slice(data);
        framed.extend_from_slice(b"\r\n");
        Some(framed.into())
    }

    /// True when there is nothing left.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }
}
