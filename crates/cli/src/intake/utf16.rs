//! UTF-16 to UTF-8, as a stream: what PowerShell's redirection and some exports write.

use std::io::{self, Read};

/// Reads UTF-16 and gives UTF-8; units that pair with nothing become U+FFFD.
pub(crate) struct Utf16<R> {
    inner: R,
    unit: fn([u8; 2]) -> u16,
    /// Bytes read and not decoded yet: at most three, an odd byte behind a high surrogate.
    raw: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    pub(crate) fn new(inner: R, unit: fn([u8; 2]) -> u16) -> Utf16<R> {
        Utf16 { inner, unit, raw: Vec::new(), text: Vec::new(), given: 0, ended: false }
    }

    fn decode(&mut self) -> io::Result<()> {
        let carried = self.raw.len();
        self.raw.resize(carried + (32 << 10), 0);
        let read = self.inner.read(&mut self.raw[carried..]);
        self.raw.truncate(carried + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        let mut units: Vec<u16> =
            self.raw.chunks_exact(2).map(|pair| (self.unit)([pair[0], pair[1]])).collect();
        if !self.ended && units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
            units.pop();
        }
        self.raw.drain(..units.len() * 2);
        self.text.clear();
        self.given = 0;
        let mut utf8 = [0; 4];
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.text.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
        }
        if self.ended && !self.raw.is_empty() {
            self.raw.clear();
            self.text.extend_from_slice("\u{FFFD}".as_bytes());
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            self.decode()?;
        }
        let length = buffer.len().min(self.text.len() - self.given);
        buffer[..length].copy_from_slice(&self.text[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(1).min(self.0.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    #[test]
    fn pairs_and_halves() {
        let text = "\u{FEFF}502 ゲートウェイ 🦀\r\n";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut read = String::new();
        Utf16::new(Slow(&bytes), u16::from_le_bytes).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
        let mut read = String::new();
        let broken = [0xD8, 0x3E, 0, b'a', 7];
        Utf16::new(Slow(&broken), u16::from_be_bytes).read_to_string(&mut read).unwrap();
        assert_eq!(read, "\u{FFFD}a\u{FFFD}");
    }
}
