//! A server of one answer, over a real socket.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// Serves one connection and gives back the request it read.
pub(super) struct Server {
    pub(super) base: String,
    thread: JoinHandle<String>,
}

impl Server {
    pub(super) fn start(serve: impl FnOnce(TcpStream) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let thread = std::thread::spawn(move || serve(listener.accept().expect("a connection").0));
        Self { base, thread }
    }

    /// Reads the whole request, then answers with these bytes and closes.
    pub(super) fn answering(answer: String) -> Self {
        Self::start(move |mut stream| {
            let request = read_request(&mut stream);
            stream.write_all(answer.as_bytes()).expect("written");
            request
        })
    }

    pub(super) fn request(self) -> String {
        self.thread.join().expect("the server ends")
    }
}

pub(super) fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).expect("readable");
        request.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().expect("a number")) {
            return text;
        }
    }
}

/// The bytes of an answer.
pub(super) fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}
