//! The pipe between an asynchronous body and a blocking reader, with decompression and its bound.
//!
//! Invariant: the reader reports an end only when the sender said so; a sender that vanished or failed is an error, so
//! that half a line is never mistaken for a whole one.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Arc, OnceLock};

use bytes::{Buf as _, Bytes};
use flate2::read::MultiGzDecoder;
use tokio::sync::mpsc;

/// Chunks that may wait for the reader: enough that neither side waits for every chunk, some 100 KB.
const CHUNKS_MAX: usize = 8;

/// A piece of the body, or its proper end.
#[derive(Debug)]
pub(super) enum Part {
    /// Some bytes.
    Data(Bytes),
    /// Everything has been sent.
    End,
}

/// How the body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Not at all.
    Identity,
    /// By gzip, of one or several members.
    Gzip,
}

/// Why a body could not be read to its end, told past the readers in between, which know of bytes only.
pub(super) type Reason = Arc<OnceLock<Broken>>;

/// Why a body could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    /// The sending side stopped without an end; it knows why.
    #[error("the body broke off")]
    Off,
    /// Decompressed, it is over the limit.
    #[error("the body is larger than the limit of {0} bytes after decompression")]
    TooLarge(usize),
}

/// The two sides of a pipe.
pub(super) struct Pipe {
    /// For the asynchronous side.
    pub(super) sender: mpsc::Sender<Part>,
    /// For the blocking side.
    pub(super) receiver: Receiver,
    /// Set when the reader fails for a reason of this module's.
    pub(super) reason: Reason,
}

/// The receiving end, not yet open.
pub(super) struct Receiver {
    raw: PartReader,
    encoding: Encoding,
    bytes_max: usize,
}

/// A pipe that decompresses.
pub(super) fn pipe(encoding: Encoding, bytes_max: usize) -> Pipe {
    let (sender, parts) = mpsc::channel(CHUNKS_MAX);
    let reason = Reason::default();
    let raw = PartReader { parts, current: Bytes::new(), ended: false, reason: reason.clone() };
    Pipe { sender, receiver: Receiver { raw, encoding, bytes_max }, reason }
}

impl Receiver {
    /// A reader of the bytes behind the encoding. Blocking, since a decoder reads the header at once: on an
    /// asynchronous thread this would wait for a sender that it keeps from running.
    pub(super) fn open(self) -> Box<dyn BufRead> {
        let Self { raw, encoding, bytes_max } = self;
        let reason = raw.reason.clone();
        match encoding {
            Encoding::Identity => Box::new(BufReader::new(raw)),
            Encoding::Gzip => {
                let reader = MultiGzDecoder::new(raw);
                Box::new(BufReader::new(Bounded { reader, left: bytes_max, bytes_max, reason }))
            }
        }
    }
}

struct PartReader {
    parts: mpsc::Receiver<Part>,
    current: Bytes,
    ended: bool,
    reason: Reason,
}

impl Read for PartReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            if self.ended {
                return Ok(0);
            }
            match self.parts.blocking_recv() {
                Some(Part::Data(bytes)) => self.current = bytes,
                Some(Part::End) => self.ended = true,
                None => return Err(fail(&self.reason, Broken::Off)),
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// Gives at most `bytes_max` bytes; one more is an error, not an end as with [`Read::take`].
struct Bounded<R> {
    reader: R,
    left: usize,
    bytes_max: usize,
    reason: Reason,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        match self.left.checked_sub(length) {
            Some(left) => {
                self.left = left;
                Ok(length)
            }
            None => Err(fail(&self.reason, Broken::TooLarge(self.bytes_max))),
        }
    }
}

/// The first reason stays: what follows from it is no news.
fn fail(reason: &Reason, broken: Broken) -> io::Error {
    let first = *reason.get_or_init(|| broken);
    io::Error::other(first)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn read(
        encoding: Encoding,
        bytes_max: usize,
        parts: Vec<Part>,
    ) -> Result<Vec<u8>, (io::ErrorKind, Option<Broken>)> {
        let Pipe { sender, receiver, reason } = pipe(encoding, bytes_max);
        for part in parts {
            sender.try_send(part).unwrap();
        }
        drop(sender);
        let mut all = Vec::new();
        let outcome = receiver.open().read_to_end(&mut all);
        outcome.map(|_| all).map_err(|error| (error.kind(), reason.get().copied()))
    }

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn parts_are_joined_and_an_end_is_an_end() {
        let parts = vec![Part::Data("ab".into()), Part::Data(Bytes::new()), Part::Data("c".into()), Part::End];
        assert_eq!(read(Encoding::Identity, 3, parts).unwrap(), b"abc");
    }

    #[test]
    fn a_body_without_an_end_is_an_error() {
        for encoding in [Encoding::Identity, Encoding::Gzip] {
            let (_, reason) = read(encoding, 9, vec![Part::Data(gzip(b"ab").slice(..4))]).unwrap_err();
            assert_eq!(reason, Some(Broken::Off));
        }
    }

    #[test]
    fn gzip_is_read_up_to_its_bound_and_not_beyond() {
        let zeros = [0_u8; 1_000];
        for (bytes_max, ok) in [(1_000, true), (999, false)] {
            let outcome = read(Encoding::Gzip, bytes_max, vec![Part::Data(gzip(&zeros)), Part::End]);
            let reason = outcome.err().map(|(_, reason)| reason);
            assert_eq!(reason, (!ok).then_some(Some(Broken::TooLarge(bytes_max))), "{bytes_max}");
        }
    }

    #[test]
    fn gzip_members_are_joined_and_a_cut_one_is_an_error() {
        let members = vec![Part::Data(gzip(b"a")), Part::Data(gzip(b"b")), Part::End];
        assert_eq!(read(Encoding::Gzip, 9, members).unwrap(), b"ab");
        let cut = gzip(b"abc").slice(..12);
        assert_eq!(read(Encoding::Gzip, 9, vec![Part::Data(cut), Part::End]).unwrap_err().1, None);
    }
}
