//! The client against a server of one answer, over real sockets.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use domain::attempt::AttemptStatus;
use domain::refusal::RefusalKind;

use super::server::{Server, http, read_request};
use super::*;
use crate::meta_cloud::MetaCloud;
use crate::{Answer, CallOutcome, ExternalId, HttpClient, Outcome, Prepared, Provider, Refusal};

const ACCEPTED: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+919876543210","wa_id":"919876543210"}],
    "messages":[{"id":"wamid.HBgL"}]}"#;

fn provider(base: &str) -> MetaCloud {
    provider_within(base, Duration::from_secs(20))
}

fn provider_within(base: &str, timeout: Duration) -> MetaCloud {
    MetaCloud::new(settings(base), HttpClient::new(timeout).expect("an HTTP client"))
}

async fn send(base: &str) -> Answer {
    send_with(&provider(base)).await
}

/// Gives up soon, and on a connection after half that time.
async fn send_impatiently(base: &str) -> Answer {
    send_with(&provider_within(base, Duration::from_secs(1))).await
}

async fn send_with(provider: &MetaCloud) -> Answer {
    let prepared = provider.prepare(&call(text("hi"))).expect("one message");
    let answer = provider.send(&prepared).await;
    assert!(!format!("{answer:?}").contains("EAAsecret"), "{answer:?}");
    answer
}

async fn answer_to(status: &str, headers: &str, body: &str) -> Answer {
    send(&Server::answering(http(status, headers, body)).base).await
}

fn outcome(answer: &Answer) -> &Outcome {
    match &answer.outcome {
        CallOutcome::Whole(outcome) => outcome,
        CallOutcome::Each(_) => panic!("one message has one outcome"),
    }
}

fn refusal(answer: &Answer) -> &Refusal {
    match outcome(answer) {
        Outcome::Refused(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn cause(answer: &Answer) -> &str {
    match outcome(answer) {
        Outcome::Unknown(cause) => cause,
        other => panic!("not unknown: {other:?}"),
    }
}

fn error_body(code: i64) -> String {
    format!(r#"{{"error":{{"message":"(#{code}) words","type":"OAuthException","code":{code},"fbtrace_id":"A"}}}}"#)
}

#[tokio::test]
async fn an_accepted_message_is_submitted() {
    let server = Server::answering(http("200 OK", "", ACCEPTED));
    let answer = send(&server.base).await;
    let id = ExternalId { kind: "wamid", value: "wamid.HBgL".to_owned() };
    assert_eq!(outcome(&answer), &Outcome::Sent { external_ids: vec![id], status: AttemptStatus::Submitted });
    assert_eq!((answer.http_status, answer.body.as_deref()), (Some(200), Some(ACCEPTED)));

    let request = server.request();
    let (head, body) = request.split_once("\r\n\r\n").expect("a request");
    let mut head = head.lines();
    assert_eq!(head.next(), Some("POST /v23.0/106540352242922/messages HTTP/1.1"));
    let head: Vec<&str> = head.collect();
    for header in ["authorization: Bearer EAAsecret", "content-type: application/json"] {
        assert!(head.contains(&header), "{head:?}");
    }
    assert!(head.iter().any(|header| header.starts_with("user-agent: waypost/")), "{head:?}");
    let prepared = provider("").prepare(&call(text("hi"))).expect("one message");
    assert_eq!(body, prepared.payload);
}

#[tokio::test]
async fn a_refusal_is_classified_by_its_code() {
    for (status, code, kind) in [
        ("400 Bad Request", 132_000, RefusalKind::Template),
        ("401 Unauthorized", 190, RefusalKind::Authentication),
        ("403 Forbidden", 131_056, RefusalKind::PairRate),
        ("400 Bad Request", 131_999, RefusalKind::Permanent),
        // A code of its own is clearer than the status it comes with.
        ("500 Internal Server Error", 131_045, RefusalKind::Policy),
        ("500 Internal Server Error", 131_057, RefusalKind::Transient),
        ("503 Service Unavailable", 130_429, RefusalKind::SenderRate),
        ("200 OK", 131_009, RefusalKind::Permanent),
        // "HTTP 429 with any code" is a refusal before processing.
        ("429 Too Many Requests", 131_000, RefusalKind::SenderRate),
        ("429 Too Many Requests", 131_056, RefusalKind::PairRate),
        ("429 Too Many Requests", 999, RefusalKind::SenderRate),
    ] {
        let answer = answer_to(status, "", &error_body(code)).await;
        let failure = &refusal(&answer).failure;
        assert_eq!((failure.code.as_str(), failure.kind), (code.to_string().as_str(), kind), "{status}");
        assert_eq!(answer.body, Some(error_body(code)));
    }
}

#[tokio::test]
async fn codes_and_statuses_that_settle_nothing_are_unknown() {
    for (status, code) in [
        ("400 Bad Request", 1),
        ("503 Service Unavailable", 2),
        ("500 Internal Server Error", 131_000),
        ("500 Internal Server Error", 131_016),
        ("503 Service Unavailable", 133_004),
        ("500 Internal Server Error", 131_999),
        ("200 OK", 131_999),
    ] {
        let answer = answer_to(status, "", &error_body(code)).await;
        assert!(cause(&answer).contains(&format!("code {code}")), "{status} {}", cause(&answer));
        assert_eq!(answer.http_status.map(|status| status.to_string()).as_deref(), status.get(..3));
    }
}

#[tokio::test]
async fn an_answer_in_other_words_goes_by_its_status() {
    let html = "<html><body>Bad Gateway\0</body></html>";
    for status in ["500 Internal Server Error", "502 Bad Gateway", "504 Gateway Timeout", "408 Request Timeout"] {
        let answer = answer_to(status, "", html).await;
        assert!(cause(&answer).contains(&status[..3]), "{}", cause(&answer));
        assert_eq!(answer.body.as_deref(), Some("<html><body>Bad Gateway\u{fffd}</body></html>"));
    }
    for (status, code, kind) in [
        ("400 Bad Request", "http_400", RefusalKind::Permanent),
        ("401 Unauthorized", "http_401", RefusalKind::Permanent),
        ("404 Not Found", "http_404", RefusalKind::Permanent),
        ("429 Too Many Requests", "http_429", RefusalKind::SenderRate),
        ("302 Found", "http_302", RefusalKind::Permanent),
    ] {
        let answer = answer_to(status, "Location: http://127.0.0.1:9/\r\n", html).await;
        let failure = &refusal(&answer).failure;
        assert_eq!((failure.code.as_str(), failure.kind), (code, kind));
    }
}

#[tokio::test]
async fn a_success_without_an_id_may_have_been_sent() {
    for body in ["", "OK", "<html>", "{}", r#"{"messages":[]}"#, r#"{"messages":[{"id":""}]}"#, r#"{"success":true}"#] {
        assert_eq!(cause(&answer_to("200 OK", "", body).await), "the provider answered without a message id", "{body}");
    }
}

#[tokio::test]
async fn an_answer_that_broke_off_may_have_said_anything() {
    for (status, rest) in [("200 OK", r#"{"messages":[{"id":"wam"#), ("400 Bad Request", r#"{"error":{"code":1"#)] {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 1000\r\n\r\n{rest}");
        let answer = send(&Server::answering(answer).base).await;
        assert!(cause(&answer).starts_with("the answer broke off"), "{}", cause(&answer));
        assert_eq!(answer.body.as_deref(), Some(rest));
    }
    let answer = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 1000\r\n\r\n{".to_owned();
    let answer = send(&Server::answering(answer).base).await;
    assert_eq!(refusal(&answer).failure.kind, RefusalKind::SenderRate);
}

#[tokio::test]
async fn the_provider_may_say_when_to_come_back() {
    let wait = async |headers: &str, code: i64| {
        let answer = answer_to("400 Bad Request", headers, &error_body(code)).await;
        refusal(&answer).retry_after.map(|wait| wait.as_secs())
    };
    let usage =
        "X-Business-Use-Case-Usage: {\"1\":[{\"type\":\"messaging\",\"estimated_time_to_regain_access\":7}]}\r\n";
    assert_eq!(wait("Retry-After: 30\r\n", 130_429).await, Some(30));
    assert_eq!(wait("Retry-After: 99999999\r\n", 130_429).await, Some(86_400));
    assert_eq!(wait("Retry-After: tomorrow\r\n", 130_429).await, None);
    assert_eq!(wait(usage, 80_007).await, Some(420));
    assert_eq!(wait(usage, 130_429).await, None, "a number's rate has its own end");
    assert_eq!(wait(usage, 131_056).await, None);
    assert_eq!(wait("", 133_015).await, Some(300));
    assert_eq!(wait("Retry-After: 30\r\n", 132_000).await, None);
}

#[tokio::test]
async fn a_request_that_was_written_and_not_answered_may_have_arrived() {
    let closed = Server::start(|mut stream| read_request(&mut stream));
    assert!(!cause(&send(&closed.base).await).is_empty());
    // What is left unread when a socket closes makes the kernel send a reset.
    let reset = Server::start(|mut stream| {
        stream.read_exact(&mut [0]).expect("a byte");
        String::new()
    });
    assert!(!cause(&send(&reset.base).await).is_empty());
    let silent = Server::start(|mut stream| {
        let request = read_request(&mut stream);
        // Until the other side gives up.
        let _ = stream.read(&mut [0]);
        request
    });
    let answer = send_impatiently(&silent.base).await;
    assert_eq!((cause(&answer), answer.http_status, &answer.body), ("no answer came in time", None, &None));
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let answer = send(&format!("http://{nobody}")).await;
    let failure = &refusal(&answer).failure;
    assert_eq!((failure.code.as_str(), failure.kind), ("not_connected", RefusalKind::Transient));
    assert_eq!((answer.http_status, answer.body.as_deref()), (None, None));

    let no_tls = Server::start(|mut stream| {
        stream.read_exact(&mut [0]).expect("a byte");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").expect("written");
        String::new()
    });
    let answer = send(&no_tls.base.replace("http:", "https:")).await;
    assert_eq!(refusal(&answer).failure.code, "not_connected");
    // A TLS handshake that never ends is cut off before the request as a whole is.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let answer = send_impatiently(&format!("https://{}", listener.local_addr().expect("an address"))).await;
    assert_eq!(refusal(&answer).failure.code, "not_connected");
}

#[tokio::test]
async fn what_is_no_request_is_not_sent() {
    for base in ["", "graph.facebook.com", "https://"] {
        assert_eq!(refusal(&send(base).await).failure.kind, RefusalKind::Authentication, "{base}");
    }
    let mut settings = settings("http://127.0.0.1:9");
    settings.access_token = "EAA\nsecret".into();
    let provider = MetaCloud::new(settings, HttpClient::new(Duration::from_secs(1)).expect("an HTTP client"));
    let prepared = Prepared { path: "/x".to_owned(), payload: String::new() };
    assert_eq!(refusal(&provider.send(&prepared).await).failure.code, "malformed_request");
}

#[tokio::test]
async fn an_endless_answer_is_read_to_a_bound() {
    let server = Server::start(|mut stream| {
        let request = read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
        request
    });
    let answer = send(&server.base).await;
    assert_eq!(refusal(&answer).failure.code, "http_400");
    assert_eq!(answer.body.map(|body| body.len()), Some(crate::ANSWER_BYTES_KEPT_MAX));
}

#[tokio::test]
async fn a_read_receipt_is_a_request_of_its_own() {
    let server = Server::answering(http("200 OK", "", r#"{"success":true}"#));
    let answer = provider(&server.base).mark_read("wamid.IN", true).await;
    let sent = Outcome::Sent { external_ids: Vec::new(), status: AttemptStatus::Submitted };
    assert_eq!(outcome(&answer), &sent);
    let request = server.request();
    assert!(request.starts_with("POST /v23.0/106540352242922/messages HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with(&crate::meta_cloud::encode::read_receipt("wamid.IN", true)), "{request}");

    let server = Server::answering(http("400 Bad Request", "", &error_body(131_009)));
    let answer = provider(&server.base).mark_read("wamid.OLD", false).await;
    assert_eq!(refusal(&answer).failure.kind, RefusalKind::Permanent);
}

#[test]
fn a_callback_is_checked_with_the_secret_of_the_application() {
    let headers = crate::HookHeaders { signature: Some(format!("sha256={}", "0".repeat(64))) };
    assert_eq!(provider("").verify_hook(&headers, b"{}"), Err(crate::InvalidSignature::Wrong));
}
