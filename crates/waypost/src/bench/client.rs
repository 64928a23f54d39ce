//! A minimal HTTP/1.1 client: one request at a time on one kept connection. What a full client costs would be measured
//! too, since it runs on the same cores as the server.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A kept connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a whole request and reads the whole answer: its status and its body.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (status, body) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
            }
            if let Some(reply) = whole_reply(&self.buffer)? {
                break reply;
            }
        };
        Ok((status, self.buffer.get(body).unwrap_or_default()))
    }

    /// Asks for a page and insists on 200.
    pub(crate) async fn get(&mut self, path: &str, token: Option<&str>) -> anyhow::Result<&[u8]> {
        let authorization = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<(&str, &str)> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        let (status, body) = self.exchange(&request("GET", path, &headers, b"")).await.context(path.to_owned())?;
        if status != 200 {
            bail!("{path} answered {status}: {}", String::from_utf8_lossy(body));
        }
        Ok(body)
    }
}

/// A request, whole.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: waypost\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" {
        text.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    let mut whole = text.into_bytes();
    whole.extend_from_slice(body);
    whole
}

/// Status and place of the body, once everything is there.
fn whole_reply(bytes: &[u8]) -> io::Result<Option<(u16, Range<usize>)>> {
    let Some(head_length) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let head = bytes.get(..head_length).and_then(|head| std::str::from_utf8(head).ok());
    let mut lines = head.ok_or_else(|| broken("the head is no text"))?.split("\r\n");
    let status = lines.next().and_then(|line| line.get(9..12)?.parse().ok()).ok_or_else(|| broken("no status"))?;
    let mut body_length = 0;
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if name.eq_ignore_ascii_case("content-length") {
            body_length = value.trim().parse().map_err(|_| broken("no length"))?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(broken("an answer in chunks, which this client does not read"));
        }
    }
    let (from, until) = (head_length + 4, head_length + 4 + body_length);
    Ok((bytes.len() >= until).then_some((status, from..until)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello";
        for cut in 0..answer.len() {
            assert!(whole_reply(&answer[..cut]).expect("readable").is_none(), "{cut}");
        }
        let (status, body) = whole_reply(answer).expect("readable").expect("whole");
        assert_eq!((status, &answer[body]), (202, b"hello".as_slice()));
    }

    #[test]
    fn a_request_carries_its_length() {
        let text = String::from_utf8(request("POST", "/x", &[("a", "b")], b"{}")).expect("text");
        assert_eq!(
            text,
            "POST /x HTTP/1.1\r\nhost: waypost\r\na: b\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
        );
    }
}
