//! One connection: writes a request, reads one answer.
//!
//! Owns the framing of HTTP/1.1 answers: by length, in chunks, or without a body. It refuses to pipeline and to decode.
//!
//! Invariant: after an exchange that says "reusable", exactly the bytes of one answer have been read.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Failure;
use super::answer::{self, Answer, Body, Framing};

/// First size of the buffer: most answers of 20 products fit, compressed.
const BUFFER_BYTES: usize = 16 * 1024;
/// Largest answer: an export's page of 1,000 products of 60 KB each.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest line that gives the size of a chunk.
const CHUNK_LINE_BYTES_MAX: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where the head of the last answer ends.
    head_end: usize,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await.map_err(|_| Failure::Connect)?;
        // A request is one write; it should not wait for the answer to another.
        stream.set_nodelay(true).map_err(|_| Failure::Connect)?;
        Ok(Self { stream, buffer: Vec::with_capacity(BUFFER_BYTES), head_end: 0 })
    }

    /// Whether nothing has come since the last request.
    pub(crate) fn is_silent(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The head of the last answer as it came, from the status line to the empty line.
    pub(crate) fn last_head(&self) -> &[u8] {
        &self.buffer[..self.head_end]
    }

    /// The answer, and whether the connection can be used again.
    pub(crate) async fn exchange(&mut self, request: &[u8], body: Body) -> Result<(Answer, bool), Failure> {
        self.buffer.clear();
        self.head_end = 0;
        self.stream.write_all(request).await.map_err(|_| Failure::Closed)?;
        let (head, framing, start) = loop {
            self.read().await?;
            if let Some(parsed) = answer::parse(&self.buffer)? {
                break parsed;
            }
        };
        self.head_end = start;
        let (content, end) = match framing {
            Framing::Length(length) => {
                let end = start.checked_add(length).filter(|end| *end <= ANSWER_BYTES_MAX).ok_or(Failure::Malformed)?;
                while self.buffer.len() < end {
                    self.read().await?;
                }
                (if body == Body::Kept { self.buffer[start..end].to_vec() } else { Vec::new() }, end)
            }
            Framing::Chunked => self.chunks(start).await?,
        };
        let reusable = !head.closes && self.buffer.len() == end;
        Ok((Answer { head, body: content }, reusable))
    }

    /// Reads chunks up to the last; the content, and where the answer ends.
    async fn chunks(&mut self, start: usize) -> Result<(Vec<u8>, usize), Failure> {
        let mut content = Vec::new();
        let mut place = start;
        loop {
            let line = self.line(place).await?;
            let size = std::str::from_utf8(&self.buffer[place..line - 2]).map_err(|_| Failure::Malformed)?;
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| Failure::Malformed)?;
            if size == 0 {
                place = line;
                // Trailers end with an empty line.
                loop {
                    let next = self.line(place).await?;
                    if next - place == 2 {
                        return Ok((content, next));
                    }
                    place = next;
                }
            }
            let end = line.checked_add(size + 2).filter(|end| *end <= ANSWER_BYTES_MAX).ok_or(Failure::Malformed)?;
            while self.buffer.len() < end {
                self.read().await?;
            }
            content.extend_from_slice(&self.buffer[line..end - 2]);
            place = end;
        }
    }

    /// Where the line that begins at `place` ends, its end included.
    async fn line(&mut self, place: usize) -> Result<usize, Failure> {
        loop {
            if let Some(length) = self.buffer[place..].windows(2).position(|two| two == b"\r\n") {
                return Ok(place + length + 2);
            }
            if self.buffer.len() - place > CHUNK_LINE_BYTES_MAX {
                return Err(Failure::Malformed);
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), Failure> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => Err(Failure::Closed),
            Ok(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Exchanges with a server that answers each request with the next of these texts.
    async fn exchanged(answers: &'static [&'static str]) -> Vec<Result<(String, bool), Failure>> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in answers {
                let mut request = [0; 4];
                stream.read_exact(&mut request).await.unwrap();
                for byte in answer.as_bytes() {
                    stream.write_all(std::slice::from_ref(byte)).await.unwrap();
                }
            }
        });
        let mut connection = Connection::open(address).await.unwrap();
        let mut seen = Vec::new();
        for _ in answers {
            let answer = connection.exchange(b"ping", Body::Kept).await;
            seen.push(answer.map(|(answer, reusable)| (answer.text(), reusable)));
        }
        server.await.unwrap();
        seen
    }

    #[tokio::test]
    async fn an_answer_ends_where_its_framing_says() {
        let seen = exchanged(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ])
        .await;
        let expected = [("hello", true), ("", true), ("abc0123456789", true), ("", false)];
        assert_eq!(seen, expected.map(|(text, reusable)| Ok((text.to_owned(), reusable))));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_a_failure() {
        let seen = exchanged(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"]).await;
        assert_eq!(seen, [Err(Failure::Closed)]);
    }

    #[tokio::test]
    async fn what_is_not_http_is_malformed() {
        let seen = exchanged(&["ICY 200 OK\r\n\r\n"]).await;
        assert_eq!(seen, [Err(Failure::Malformed)]);
    }
}
