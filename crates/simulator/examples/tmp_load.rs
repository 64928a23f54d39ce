//! temp
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use axum::{Router, routing::post};
use domain::{clock::MockClock, time::Timestamp};
use simulator::*;
#[tokio::main]
async fn main() {
    let count = Arc::new(AtomicUsize::new(0));
    let l = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hook = format!("http://{}/hook", l.local_addr().unwrap());
    let c2 = count.clone();
    let mut set = tokio::task::JoinSet::new();
    set.spawn(async move { axum::serve(l, Router::new().route("/hook", post(async move |_b: axum::body::Bytes| { c2.fetch_add(1, Ordering::Relaxed); "" }))).await.unwrap() });
    let clock = MockClock::at(Timestamp::parse("2026-11-20T18:00:00Z").unwrap());
    let sim = Simulator::start(SimulatorSettings { listen: "127.0.0.1:4199".parse().unwrap(), app_id: "1".into(), app_secret: "s".into(), verify_token: "v".into(), access_token: "T".into(), waba_id: "2".into(),
        numbers: vec![BusinessNumber { phone_number_id: "3".into(), display_phone_number: "15550783881".into(), verified_name: "Carmel View Hotel".into() }],
        customers: vec![Customer { phone: "+972545550128".into(), name: "Yael Ben-David".into(), user_id: None }, Customer { phone: "+919876543210".into(), name: "Hari Menon".into(), user_id: None }, Customer { phone: "+972525550150".into(), name: "דניאל אזולאי".into(), user_id: None }],
        callback_url: Some(hook), clock, statuses: StatusPlan::default(), seed: 1 }).await.unwrap();
    if std::env::args().nth(1).as_deref() == Some("serve") { tokio::time::sleep(std::time::Duration::from_secs(240)).await; return; }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let n = 20000usize;
    let started = std::time::Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for s in 0..32 {
        let (client, url) = (client.clone(), format!("{}/v24.0/3/messages", sim.url()));
        senders.spawn(async move { for i in 0..n / 32 {
            let b = serde_json::json!({"messaging_product":"whatsapp","to":format!("+97254{:07}", (s*1000+i)%50000),"type":"text","text":{"body":format!("m {s} {i}")},"biz_opaque_callback_data":"x"});
            let r = client.post(&url).bearer_auth("T").json(&b).send().await.unwrap(); assert_eq!(r.status(), 200); r.bytes().await.unwrap();
        } });
    }
    while senders.join_next().await.is_some() {}
    println!("accepted {} in {:?}", sim.control().state().accepted, started.elapsed());
    sim.control().idle().await;
    println!("callbacks {} in {:?}; {:?}", count.load(Ordering::Relaxed), started.elapsed(), sim.control().state().callbacks_refused);
    let t = std::time::Instant::now(); sim.stop().await; println!("stop {:?}", t.elapsed());
}
