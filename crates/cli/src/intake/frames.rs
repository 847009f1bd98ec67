//! Zstandard (RFC 8878): frames one after the other, skippable ones passed over, checksums compared.

use std::error::Error;
use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Reads the text of all frames of a stream.
pub(crate) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    /// Inside a frame of which something is left.
    is_open: bool,
}

impl<R: BufRead> Frames<R> {
    pub(crate) fn new(source: R) -> Frames<R> {
        // The decoder refuses windows above 128 MiB, as the reference decoder does by default.
        Frames { source, decoder: FrameDecoder::new(), is_open: false }
    }

    /// Goes to the next frame; false if there is none.
    fn open(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    let skipped =
                        io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
                    if skipped < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(told(error)),
            }
        }
    }

    /// The checksum is over all of a frame's text, so it is only known at the end.
    fn verify(&self) -> io::Result<()> {
        match self.decoder.get_checksum_from_data() {
            Some(stated) if self.decoder.get_calculated_checksum() != Some(stated) => {
                Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the checksum of a frame does not match",
                ))
            }
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            if !self.is_open {
                self.is_open = self.open()?;
                if !self.is_open {
                    return Ok(0);
                }
            }
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if self.decoder.is_finished() {
                self.is_open = false;
                self.verify()?;
            } else {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, one).map_err(told)?;
            }
        }
        Ok(0)
    }
}

/// An error of the decoder by what is behind it: the stream's own error, its early end, or damage.
fn told(error: FrameDecoderError) -> io::Error {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(this) = cause {
        if let Some(of_source) = this.downcast_ref::<io::Error>() {
            return io::Error::new(of_source.kind(), error.to_string());
        }
        cause = this.source();
    }
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the reference encoder writes it, with a checksum.
    fn frame(text: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        encoder.include_checksum(true).unwrap();
        io::copy(&mut &*text, &mut encoder).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut text = Vec::new();
        let ended = Frames::new(bytes).read_to_end(&mut text);
        (text, ended.err().map(|error| error.kind()))
    }

    fn text() -> Vec<u8> {
        (0..40_000).flat_map(|n| format!("{} line {n} ログ\n", n * n % 977).into_bytes()).collect()
    }

    #[test]
    fn frames_empty_frames_and_skippable_ones() {
        let (text, skippable) = (text(), [0x5A, 0x2A, 0x4D, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5]);
        let (head, tail) = text.split_at(text.len() / 3);
        let stream =
            [&skippable[..], &frame(head), &frame(b""), &skippable, &frame(tail), &skippable];
        assert_eq!(read(&stream.concat()), (text, None));
        assert_eq!(read(b""), (Vec::new(), None));
    }

    #[test]
    fn every_level_of_the_reference_encoder() {
        let text = text();
        for level in [-5, 1, 3, 9, 19, 22] {
            let packed = zstd::encode_all(&text[..], level).unwrap();
            assert_eq!(read(&packed), (text.clone(), None), "level {level}");
        }
    }

    #[test]
    fn damage_is_told_from_an_early_end() {
        let text = text();
        let whole = frame(&text);
        for cut in [3, 9, whole.len() / 2, whole.len() - 1] {
            let (got, error) = read(&whole[..cut]);
            assert_eq!(error, Some(io::ErrorKind::UnexpectedEof), "cut at {cut}");
            assert!(text.starts_with(&got));
        }
        let mut wrong = whole.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(read(&wrong), (text.clone(), Some(io::ErrorKind::InvalidData)));
        let trailing = [&whole[..], b"not a frame"].concat();
        assert_eq!(read(&trailing), (text, Some(io::ErrorKind::InvalidData)));
        assert_eq!(
            read(&[0x50, 0x2A, 0x4D, 0x18, 9, 0, 0, 0, 1]).1,
            Some(io::ErrorKind::UnexpectedEof)
        );
    }
}
