//! Reading numbers and templates, against a server of scripted answers.

use std::io::Write;
use std::net::TcpListener;
use std::time::Duration;

use domain::sender_state::Property;

use super::server::{http, read_request};
use super::*;
use crate::account::ReadError;
use crate::meta_cloud::MetaCloud;
use crate::{HttpClient, Provider};

/// Answers each connection with the next of these; gives back the first lines of the requests.
fn serve(answers: Vec<(&'static str, String)>) -> (MetaCloud, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let thread = std::thread::spawn(move || {
        let each = answers.into_iter().map(|(status, body)| {
            let mut stream = listener.accept().expect("a connection").0;
            let request = read_request(&mut stream);
            stream.write_all(http(status, "", &body).as_bytes()).expect("written");
            assert!(request.to_lowercase().contains("authorization: bearer eaasecret"), "{request}");
            request.lines().next().unwrap_or_default().to_owned()
        });
        each.collect()
    });
    let http = HttpClient::new(Duration::from_secs(20)).expect("an HTTP client");
    (MetaCloud::new(settings(&base), http), thread)
}

fn error(code: i64) -> String {
    format!(r#"{{"error":{{"message":"(#{code}) Tried accessing nonexisting field","code":{code}}}}}"#)
}

#[tokio::test]
async fn a_number_is_described_in_its_own_words() {
    let answer = r#"{"id":"106540352242922","display_phone_number":"+1 555-078-3881","verified_name":"Shop",
        "name_status":"APPROVED","new_name_status":"PENDING_REVIEW","new_display_name":"Shop 2","quality_rating":"PURPLE",
        "throughput":{"level":"ULTRA"},"status":"HIBERNATING","whatsapp_business_manager_messaging_limit":"TIER_5K",
        "messaging_limit_tier":"TIER_1K","is_on_biz_app":true,"is_pin_enabled":"yes","colour":{"of":["sky"]},
        "health_status":{"can_send_message":"BLOCKED","entities":[{"entity_type":"WABA","can_send_message":"BLOCKED",
          "errors":[{"error_code":141010,"error_description":"Not paid.","possible_solution":"Pay."}]},
          {"entity_type":"PHONE_NUMBER","additional_info":["Name not approved."]}]}}"#;
    let (provider, thread) = serve(vec![("200 OK", answer.to_owned())]);
    let described = provider.describe_number().await.expect("described");
    let value = |wanted| described.properties.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    assert_eq!((value(Property::Quality), value(Property::Throughput)), (Some("PURPLE"), Some("ULTRA")));
    assert_eq!((value(Property::Status), value(Property::MessagingLimit)), (Some("HIBERNATING"), Some("TIER_5K")));
    assert_eq!((value(Property::NameStatus), value(Property::RequestedName)), (Some("PENDING_REVIEW"), Some("Shop 2")));
    assert_eq!((value(Property::OnPhoneApp), value(Property::PinSet)), (Some("true"), None));
    assert_eq!(
        (value(Property::Health), value(Property::HealthNote)),
        (Some("BLOCKED"), Some("Not paid. Pay. Name not approved."))
    );
    let requests = thread.join().expect("served");
    assert!(requests[0].starts_with("GET /v23.0/106540352242922?fields=id,display_phone_number,"), "{requests:?}");
}

#[tokio::test]
async fn a_field_that_is_not_known_costs_that_field_only() {
    let answers =
        vec![("400 Bad Request", error(100)), ("400 Bad Request", error(100)), ("200 OK", r#"{"id":"1"}"#.to_owned())];
    let (provider, thread) = serve(answers);
    assert_eq!(provider.describe_number().await.expect("described").properties, []);
    let requests = thread.join().expect("served");
    assert!(
        requests[1].len() < requests[0].len() && requests[2].starts_with("GET /v23.0/106540352242922 HTTP"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn templates_come_page_by_page() {
    let first = r#"{"data":[{"id":7,"name":"order_ok","language":"en_US","status":"ODD","category":"UTILITY",
          "correct_category":"MARKETING","components":[{"type":"BODY","text":"Hi {{1}}"}],"parameter_format":"NAMED",
          "quality_score":{"score":"YELLOW","date":1},"rejected_reason":"SCAM","new":1},
          {"name":"no_language"},"what",{"name":"bare","language":"he","rejected_reason":"NONE","correct_category":null}],
        "paging":{"cursors":{"before":"a","after":"b/c"},"next":"https://graph.facebook.com/x"}}"#;
    let last = r#"{"data":[],"paging":{"cursors":{"before":"a","after":"z"}}}"#;
    let (provider, thread) = serve(vec![("200 OK", first.to_owned()), ("200 OK", last.to_owned())]);
    let page = provider.list_templates("102", None).await.expect("a page");
    let names: Vec<&str> = page.templates.iter().map(|template| template.name.as_str()).collect();
    assert_eq!((names.as_slice(), page.next.as_deref()), (["order_ok", "bare"].as_slice(), Some("b/c")));
    let full = &page.templates[0];
    assert_eq!(
        (full.id.as_deref(), full.status.as_deref(), full.quality.as_deref()),
        (Some("7"), Some("ODD"), Some("YELLOW"))
    );
    assert_eq!((full.correct_category.as_deref(), full.rejected_reason.as_deref()), (Some("MARKETING"), Some("SCAM")));
    assert_eq!(full.components.as_deref(), Some(r#"[{"text":"Hi {{1}}","type":"BODY"}]"#));
    assert_eq!((&page.templates[1].rejected_reason, &page.templates[1].components), (&None, &None));
    let end = provider.list_templates("102", page.next.as_deref()).await.expect("a page");
    assert_eq!((end.templates.len(), end.next), (0, None));
    let requests = thread.join().expect("served");
    assert!(requests[0].starts_with("GET /v23.0/102/message_templates?fields=") && requests[0].contains("&limit=100 "));
    assert!(requests[1].contains("&limit=100&after=b%2Fc "), "{requests:?}");
}

#[tokio::test]
async fn refusals_say_what_they_are_and_whether_they_pass() {
    let ask = async |status, body: String| {
        let (provider, thread) = serve(vec![(status, body)]);
        let refused = provider.list_templates("102", None).await.expect_err("refused");
        thread.join().expect("served");
        refused
    };
    let token = ask("401 Unauthorized", error(190)).await;
    assert!(matches!(&token, ReadError::Refused(failure) if failure.code == "190") && !token.is_passing());
    // What was asked too often is not asked again in a moment.
    let limit = ask("400 Bad Request", error(80_007)).await;
    assert!(matches!(&limit, ReadError::Refused(failure) if failure.code == "80007") && !limit.is_passing());
    assert!(ask("500 Internal Server Error", "<html>".to_owned()).await.is_passing());
    assert!(ask("200 OK", "[]".to_owned()).await.is_passing());
    assert_eq!(ask("200 OK", "{}".to_owned()).await.to_string(), "the answer has no list of templates");
    let sandbox = crate::connect(crate::Settings::Sandbox, &HttpClient::new(Duration::from_secs(1)).expect("a client"));
    assert_eq!(sandbox.describe_number().await, Err(ReadError::NotOffered));
}
