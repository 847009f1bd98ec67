//! What is around the text: found out from the content, never from the file's name.

use std::io::{self, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::awslogs;
use super::frames::Frames;
use super::utf16::Utf16;

/// Bytes that tell a container: a tar header names itself at byte 257.
pub(crate) const PEEK: usize = 512;

/// Wrappings that are opened inside each other: a gzip member of a zip is two.
const DEPTH: usize = 4;

/// What the first bytes are the beginning of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// RFC 1952.
    Gzip,
    /// RFC 8878, including skippable frames in front.
    Zstd,
    /// PKWARE APPNOTE, also when empty.
    Zip,
    /// POSIX ustar.
    Tar,
    /// Text in UTF-16 with a byte order mark, little endian.
    Utf16Le,
    /// The same, big endian.
    Utf16Be,
    /// JSON around Base64, as CloudWatch Logs calls a function with.
    AwsLogs,
    /// Nothing around it.
    Plain,
}

impl Container {
    pub(crate) fn of(head: &[u8]) -> Container {
        match head {
            [0x1F, 0x8B, 8, ..] => Container::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Container::Zstd,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Container::Zip,
            [0xFF, 0xFE, ..] => Container::Utf16Le,
            [0xFE, 0xFF, ..] => Container::Utf16Be,
            _ if head.get(257..262) == Some(b"ustar") => Container::Tar,
            [b'{', ..] if awslogs::begins(head) => Container::AwsLogs,
            _ => Container::Plain,
        }
    }
}

/// Reads until the buffer is full or the input ends.
pub(crate) fn fill(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Text, or an archive that a stream cannot be read as.
pub(crate) enum Opened<'a> {
    Text(Box<dyn Read + 'a>),
    Archive(&'static str),
}

/// Takes off every compression and encoding, however deep.
pub(crate) fn open<'a>(reader: impl Read + 'a) -> io::Result<Opened<'a>> {
    let mut reader: Box<dyn Read + 'a> = Box::new(reader);
    for _ in 0..DEPTH {
        let mut head = vec![0; PEEK];
        let filled = fill(&mut reader, &mut head)?;
        head.truncate(filled);
        let container = Container::of(&head);
        let whole = Cursor::new(head).chain(reader);
        reader = match container {
            Container::Gzip => {
                Box::new(MultiGzDecoder::new(BufReader::with_capacity(64 << 10, whole)))
            }
            Container::Zstd => Box::new(Frames::new(BufReader::with_capacity(64 << 10, whole))),
            Container::AwsLogs => {
                Box::new(awslogs::Data::new(BufReader::with_capacity(64 << 10, whole)))
            }
            Container::Utf16Le => Box::new(Utf16::new(whole, u16::from_le_bytes)),
            Container::Utf16Be => Box::new(Utf16::new(whole, u16::from_be_bytes)),
            Container::Zip => return Ok(Opened::Archive("zip")),
            Container::Tar => return Ok(Opened::Archive("tar")),
            Container::Plain => return Ok(Opened::Text(Box::new(whole))),
        };
    }
    Ok(Opened::Text(reader))
}

/// True if the beginning of a text is none: control characters that no log has, or NUL bytes
/// between others. NUL bytes at the very beginning are what rotation by truncation leaves.
pub(crate) fn is_binary(head: &[u8]) -> bool {
    let start = head.iter().position(|b| *b != 0).unwrap_or(head.len());
    let text = &head[start..head.len().min(start + 8192)];
    let odd = text.iter().filter(|b| matches!(b, 0..=6 | 14..=26 | 28..=31 | 127)).count();
    let foreign = String::from_utf8_lossy(text).matches('\u{FFFD}').count();
    odd * 50 > text.len() || (odd + foreign) * 5 > text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_binary() {
        assert!(!is_binary("日本語のログ 200\n".as_bytes()));
        assert!(!is_binary(b"\0\0\0\0\0\0\0\0GET / 200\n"));
        assert!(!is_binary(
            b"GET / \"\\x16\\x03\" \x1b[31m502\x1b[0m caf\xe9 caf\xe9 and more text\n"
        ));
        assert!(is_binary(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e"));
        assert!(!is_binary(b""));
    }
}
