//! What people's tools make of a text: compressions, archives, encodings, in one piece or several; and
//! where a text may be cut. For the suites that compare, and for the fuzzer.

use std::io::{Cursor, Write as _};

use dialects::reader::{self, LINE_HEAD};
use flate2::{Compression, write::GzEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// One way to store a text that reads like the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Two members of gzip.
    Gzip,
    /// Two frames of Zstandard with a skippable one between.
    Zstd,
    /// The member of an archive, deflated or stored.
    Zip,
    /// UTF-16 behind a byte order mark, little endian or big endian.
    Utf16,
    /// Gzip in gzip.
    Twice,
    /// What CloudWatch Logs calls a function with: gzip as Base64 in JSON.
    AwsLogs,
}

impl Packing {
    pub(crate) const ALL: [Packing; 6] = [
        Packing::Gzip,
        Packing::Zstd,
        Packing::Zip,
        Packing::Utf16,
        Packing::Twice,
        Packing::AwsLogs,
    ];

    /// The text, packed; what has parts is cut before the byte `at`. `other` chooses between
    /// variants.
    ///
    /// # Panics
    /// Encoded as UTF-16, if the text is not UTF-8.
    pub(crate) fn pack(self, text: &[u8], at: usize, other: bool) -> Vec<u8> {
        let pieces: [&[u8]; 2] = text.split_at(at).into();
        match self {
            Packing::Gzip => gzip(&pieces),
            Packing::Zstd => {
                let skippable = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];
                let level =
                    if other { CompressionLevel::Uncompressed } else { CompressionLevel::Fastest };
                let [head, tail] = pieces.map(|piece| compress_to_vec(piece, level));
                [&head[..], &skippable, &tail].concat()
            }
            Packing::Zip => zip(text, other),
            Packing::Utf16 => {
                let bytes = if other { u16::to_be_bytes } else { u16::to_le_bytes };
                let text = std::str::from_utf8(text).expect("text");
                std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes).collect()
            }
            Packing::Twice => gzip(&[&gzip(&pieces)]),
            Packing::AwsLogs => {
                let data = base64(&gzip(&pieces));
                let (space, end) = if other { (" ", "\n") } else { ("", "") };
                format!("{{\"awslogs\":{space}{{\"data\":{space}\"{data}\"}}}}{end}").into_bytes()
            }
        }
    }
}

/// Whether each block of so many bytes has a certain border, or none at all. Text of which any line may
/// go on with what stands before it is cut where a record is likely to begin: blocks of a mebibyte, the
/// length of the longest record, allow that, and small ones do not.
pub(crate) fn is_cut_with_certainty(text: &[u8], block: usize) -> bool {
    (block..text.len()).step_by(block).all(|from| {
        let to = (from + block).min(text.len());
        let seen = &text[..(to + LINE_HEAD).min(text.len())];
        let start = reader::block_start(seen, from, to);
        start.is_none() || start == reader::border(seen, from).filter(|at| *at < to)
    })
}

/// Each piece as a member.
pub(crate) fn gzip(pieces: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        let mut member = GzEncoder::new(out, Compression::fast());
        member.write_all(piece).expect("compressed");
        out = member.finish().expect("finished");
    }
    out
}

/// The member is called like the file that holds plain text.
fn zip(text: &[u8], is_stored: bool) -> Vec<u8> {
    let method =
        if is_stored { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    archive.start_file("a.log", options).expect("a member");
    archive.write_all(text).expect("compressed");
    archive.finish().expect("finished").into_inner()
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().enumerate().map(|(at, byte)| u32::from(*byte) << (16 - 8 * at));
        let bits: u32 = bits.sum();
        for digit in 0..=group.len() {
            out.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
        out.extend(std::iter::repeat_n('=', 3 - group.len()));
    }
    out
}
