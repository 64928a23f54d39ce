use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Answers by path, and counts who asked; ends with the test's process.
struct Server {
    base: String,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn start(answer: impl Fn(&str, &str) -> Option<Vec<u8>> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(AtomicUsize::new(0));
        let (base, counted) = (format!("http://localhost:{port}"), asked.clone());
        let of_thread = base.clone();
        std::thread::spawn(move || {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept() {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut buffer = [0; 4096];
                let count = stream.read(&mut buffer).unwrap_or(0);
                let head = String::from_utf8_lossy(&buffer[..count]).into_owned();
                assert!(!head.to_lowercase().contains("authorization"), "a link gets no token: {head}");
                match answer(&of_thread, head.split(' ').nth(1).unwrap_or_default()) {
                    Some(bytes) => drop(stream.write_all(&bytes)),
                    None => held.push(stream),
                }
            }
        });
        Self { base, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn answer(status: &str, header: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {status}\r\n{header}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    if body.is_empty() {
        bytes = format!("HTTP/1.1 {status}\r\n{header}\r\nConnection: close\r\n\r\n");
    }
    let mut bytes = bytes.into_bytes();
    bytes.extend(body);
    bytes
}

fn documents() -> Server {
    Server::start(|base, path| {
        let pdf = || answer("200 OK", "Content-Type: application/pdf", b"%PDF-1.7\nrest");
        let to = |path: &str| Some(answer("302 Found", &format!("Location: {path}"), b"gone"));
        match path {
            "/a.pdf" => Some(pdf()),
            "/page" => Some(answer("200 OK", "Content-Type: text/html", b"<html>")),
            "/gone" => Some(answer("404 Not Found", "Content-Type: text/plain", b"no")),
            "/withdrawn" => Some(answer("410 Gone", "Content-Type: text/plain", b"no")),
            "/locked" => Some(answer("403 Forbidden", "Content-Type: text/plain", b"no")),
            "/busy" => Some(answer("429 Too Many Requests", "Content-Type: text/html", b"<html>later")),
            "/broken" => Some(answer("503 Service Unavailable", "Content-Type: text/html", b"<html>later")),
            "/to-broken" => to("/broken"),
            "/cut" => {
                Some(b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 99\r\n\r\n%PDF".to_vec())
            }
            "/once" => to("/a.pdf"),
            "/absolute" => to(&format!("{base}/a.pdf")),
            "/inside" => to("http://169.254.169.254/latest/meta-data"),
            "/file" => to("file:///etc/passwd"),
            "/short" => to("https://bit.ly/abc"),
            "/round" => to("/round"),
            "/endless" => {
                let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4".to_vec();
                bytes.extend(vec![b'x'; 4 * BYTES_MAX]);
                Some(bytes)
            }
            _ => None,
        }
    })
}

async fn dropped(links: &Links, link: &str) -> String {
    match links.look(link).await {
        Look::Dropped(why) => why,
        other => panic!("{link} counts as {other:?}"),
    }
}

async fn unclear(links: &Links, link: &str) -> String {
    match links.look(link).await {
        Look::Unclear(why) => why,
        other => panic!("{link} counts as {other:?}"),
    }
}

#[tokio::test]
async fn a_document_is_found_also_behind_redirects() {
    let (links, server) = (Links::new(true).expect("a client"), documents());
    for path in ["/a.pdf", "/once", "/absolute", "/endless"] {
        assert_eq!(links.look(&format!("{}{path}", server.base)).await, Look::Document, "{path}");
    }
}

#[tokio::test]
async fn everything_else_is_dropped_with_a_reason() {
    let (links, server) = (Links::new(true).expect("a client"), documents());
    for (path, why) in [
        ("/page", "web page"),
        ("/gone", "404"),
        ("/withdrawn", "410"),
        ("/locked", "403"),
        ("/file", "plain http"),
        ("/short", "short link"),
        ("/round", "more than 3 times"),
    ] {
        let said = dropped(&links, &format!("{}{path}", server.base)).await;
        assert!(said.contains(why), "{path}: {said}");
    }
    for (link, why) in [
        ("https://bit.ly/3abc", "short link"),
        ("https://WWW.TinyURL.com./x", "short link"),
        ("https://scontent.whatsapp.net/v/t61.29466-34/1.pdf", "example"),
        ("https://user:secret@files.example.test/a.pdf", "plain http"),
        ("ftp://files.example.test/a.pdf", "plain http"),
        ("not an address", "well-formed"),
    ] {
        let said = dropped(&links, link).await;
        assert!(said.contains(why), "{link}: {said}");
    }
}

#[tokio::test]
async fn a_fault_that_passes_says_nothing_of_the_link() {
    let (links, server) = (Links::new(true).expect("a client"), documents());
    for (path, why) in [("/busy", "429"), ("/broken", "503"), ("/to-broken", "503"), ("/cut", ""), ("/silent", "")] {
        let said = unclear(&links, &format!("{}{path}", server.base)).await;
        assert!(said.contains(why) && !said.is_empty(), "{path}: {said}");
    }
    for link in ["http://127.0.0.1:1/a.pdf", "http://no-such-host.invalid/a.pdf"] {
        assert!(!unclear(&links, link).await.is_empty(), "{link}");
    }
}

#[tokio::test]
async fn nothing_private_is_connected_to_by_name_by_number_or_by_redirect() {
    let (careful, server) = (Links::new(false).expect("a client"), documents());
    let port = server.base.rsplit(':').next().expect("a port");
    for link in [
        format!("http://localhost:{port}/a.pdf"),
        format!("http://127.0.0.1:{port}/a.pdf"),
        format!("http://0x7f000001:{port}/a.pdf"),
        format!("http://2130706433:{port}/a.pdf"),
        format!("http://[::1]:{port}/a.pdf"),
        format!("http://[::ffff:127.0.0.1]:{port}/a.pdf"),
        "http://169.254.169.254/latest".to_owned(),
    ] {
        let said = dropped(&careful, &link).await;
        assert!(said.contains("public internet"), "{link}: {said}");
    }
    assert_eq!(server.asked(), 0, "nobody was connected to");
    let step = Links { allow_private: false, ..Links::new(true).expect("a client") };
    let said = dropped(&step, &format!("{}/inside", server.base)).await;
    assert!(said.contains("public internet"), "{said}");
}
