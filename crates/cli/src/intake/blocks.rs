//! Blocks of a plain file: where each begins and ends, found from any place in the file.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use dialects::reader::{self, LINE_HEAD};

use super::container::fill;

/// Bytes that are looked at first for a border; most logs have one in every line.
const GLANCE: u64 = 4 << 10;

/// The bytes of the file that belong to block `number` of blocks of `block` bytes, from the first record that begins in it to the
/// first that begins in a later one. Empty if no record begins in it.
///
/// # Errors
/// Those of reading the file.
pub(crate) fn span(
    file: &mut File,
    size: u64,
    block: u64,
    number: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<(u64, u64)> {
    let Some(start) = start(file, size, block, number, buffer)? else { return Ok((0, 0)) };
    let mut next = number + 1;
    while next * block < size {
        if let Some(end) = self::start(file, size, block, next, buffer)? {
            return Ok((start, end));
        }
        next += 1;
    }
    Ok((start, size))
}

fn start(
    file: &mut File,
    size: u64,
    block: u64,
    number: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<u64>> {
    if number == 0 {
        return Ok(Some(0));
    }
    // One byte in front tells whether a line begins with the block.
    let from = number * block - 1;
    let to = (from + 1 + block).min(size);
    for length in [GLANCE, block + 1 + LINE_HEAD as u64] {
        let length = length.min(size - from) as usize;
        buffer.resize(length, 0);
        file.seek(SeekFrom::Start(from))?;
        let filled = fill(file, buffer)?;
        let bytes = &buffer[..filled];
        let is_all = from + filled as u64 >= to.saturating_add(LINE_HEAD as u64).min(size);
        let found = if is_all {
            reader::block_start(bytes, 1, (to - from) as usize)
        } else {
            reader::border(bytes, 1).filter(|at| at + LINE_HEAD <= filled)
        };
        if is_all || found.is_some() {
            return Ok(found.map(|at| from + at as u64));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const BLOCK: u64 = 1 << 20;

    fn spans(content: &[u8]) -> Vec<(u64, u64)> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        let size = content.len() as u64;
        let mut buffer = Vec::new();
        let mut span = |number| span(&mut file, size, BLOCK, number, &mut buffer).unwrap();
        (0..size.div_ceil(BLOCK)).map(&mut span).collect()
    }

    /// Every byte belongs to one block, in the order of blocks.
    fn cover(content: &[u8]) -> Vec<(u64, u64)> {
        let spans: Vec<_> = spans(content).into_iter().filter(|(from, to)| from < to).collect();
        let mut at = 0;
        for (from, to) in &spans {
            assert_eq!(*from, at);
            at = *to;
        }
        assert_eq!(at, content.len() as u64);
        spans
    }

    #[test]
    fn blocks_cover_the_file() {
        let line = b"10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] \"GET / HTTP/1.1\" 200 1\n";
        let dated = line.repeat(60_000);
        assert_eq!(cover(&dated).len(), 4);
        assert_eq!(cover(&b"no date at all here\n".repeat(200_000)).len(), 4);
        assert_eq!(cover(&b"  indented, always\n".repeat(200_000)).len(), 1);
        let mut long = line.to_vec();
        long.resize(5 << 20, b'x');
        long.push(b'\n');
        long.extend_from_slice(&line.repeat(20_000));
        assert_eq!(cover(&long).len(), 3);
        // A border exactly at a block's beginning and one just before its end.
        for shift in 0..line.len() {
            let mut content = vec![b'\n'; shift];
            content.extend_from_slice(&line.repeat(16_000));
            cover(&content);
        }
    }
}
