//! A page with what our pages have: labels, buttons, a link, an event stream.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const PAGE: &str = r#"<!doctype html><html><head><title>Page</title><style>
@media (prefers-color-scheme: dark) { .light { display: none } }
@media (prefers-color-scheme: light) { .dark { display: none } }
</style></head><body>
<h1>Inbox</h1><p class="light">It is day</p><p class="dark">It is night</p><p hidden>Nobody sees this</p>
<p>Hello <b>there</b>, you</p>
<label>Phone number <span>required</span> <input id="phone"></label>
<label for="text">Ana's message</label> <textarea id="text"></textarea>
<label for="language">Language</label> <select id="language"><option>English<option>Hindi</select>
<button style="display:none">Send</button>
<button aria-label="Send" onclick="setTimeout(() => said.textContent = 'Sent to ' + phone.value, 200)"><svg></svg></button>
<a href="/other">Next page</a><p id="said"></p><p id="stream"></p>
<script>
const source = new EventSource('/events');
source.onopen = () => stream.textContent = 'Connected';
source.onerror = () => stream.textContent = 'Connection lost';
</script></body></html>"#;

/// Serves the page until it is dropped.
pub struct Site {
    pub address: String,
    pub socket: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Site {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = listener.local_addr().unwrap();
        let address = format!("http://{socket}/");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream));
            }
        });
        Self { address, socket, _tasks: tasks }
    }
}

async fn serve(mut stream: TcpStream) {
    let mut request = [0; 4096];
    let length = stream.read(&mut request).await.unwrap_or_default();
    let head = "Connection: close\r\nCache-Control: no-store\r\n";
    if request[..length].starts_with(b"GET /events ") {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{head}\r\nretry: 100\n\n");
        let mut is_open = stream.write_all(answer.as_bytes()).await.is_ok();
        while is_open {
            tokio::time::sleep(Duration::from_millis(100)).await;
            is_open = stream.write_all(b"data: beat\n\n").await.is_ok();
        }
        return;
    }
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n{head}\r\n{PAGE}", PAGE.len());
    // A browser that went away needs no answer.
    let _ = stream.write_all(answer.as_bytes()).await;
}
