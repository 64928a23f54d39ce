//! `waypost demo`: server, simulator and sample data, with no account anywhere.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use domain::draft::Draft;
use domain::ids::SenderId;
use domain::phone::Region;
use domain::random::Random;
use domain::scope::AccountScope;
use messaging::{messages, send};
use serde::Serialize;
use serde_json::json;
use simulator::{BusinessNumber, Customer, Inbound, Simulator, SimulatorSettings, StatusPlan};
use tempfile::TempDir;
use web::state::DemoLogin;

use super::serve::{real_world, stop_signal};
use crate::app::{self, App, AppSettings};
use crate::config::Config;
use crate::setup::{self, FirstThings, Made};

const EMAIL: &str = "demo@waypost.example";
const PHONE_NUMBER_ID: &str = "106540352242922";
const BUSINESS_ACCOUNT_ID: &str = "102290129340398";
/// A number of the range that is reserved for fiction.
const SENDER_PHONE: &str = "+15550783881";

/// When the sample message for later is due.
const SCHEDULED_AHEAD: Duration = Duration::from_secs(20 * 60 * 60);

/// Where the demo runs.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Kept data; none: a folder that goes away with the demo.
    pub data: Option<PathBuf>,
    /// A PostgreSQL database instead of the embedded one.
    pub database_url: Option<String>,
    /// Where one JSON object for scripts is written once everything runs.
    pub info: Option<PathBuf>,
}

/// What a script needs to know about a running demo.
#[derive(Clone, Debug, Serialize)]
pub struct DemoInfo {
    /// Where pages and API are.
    pub base_url: String,
    /// Whom to sign in.
    pub email: String,
    /// With which password.
    pub password: String,
    /// A token of the API.
    pub access_token: String,
    /// The account.
    pub account_id: i64,
    /// The sender.
    pub sender_id: i64,
    /// Its number.
    pub sender_phone: String,
    /// Where callbacks go.
    pub webhook_url: String,
    /// What signs them.
    pub app_secret: String,
    /// What the subscription is agreed with.
    pub verify_token: String,
    /// The provider's id of the sender's number.
    pub phone_number_id: String,
    /// The business account.
    pub waba_id: String,
    /// Where the simulator is.
    pub simulator_url: String,
    /// The simulated customer.
    pub customer_phone: String,
}

/// A running demo.
pub struct Demo {
    /// What to tell scripts and people.
    pub info: DemoInfo,
    app: App,
    simulator: Simulator,
    _folder: Option<TempDir>,
}

/// Runs the demo until the process is told to stop.
///
/// # Errors
/// In words, what is in the way.
pub async fn run(options: DemoOptions) -> anyhow::Result<()> {
    let info_file = options.info.clone();
    let demo = Demo::start(options).await?;
    if let Some(file) = &info_file {
        write_info(file, &demo.info)?;
    }
    println!("{}", welcome(&demo.info));
    stop_signal().await?;
    println!("The demo stops.");
    demo.stop().await;
    Ok(())
}

impl Demo {
    /// Starts simulator, server and sample data.
    ///
    /// # Errors
    /// In words, what is in the way.
    pub async fn start(options: DemoOptions) -> anyhow::Result<Self> {
        let (clock, random) = real_world();
        let secrets = Secrets::draw(random.as_ref());
        let simulator = Simulator::start(simulator_settings(&secrets, clock.clone()))
            .await
            .context("the simulator does not start")?;
        let folder = match &options.data {
            Some(_) => None,
            None => Some(tempfile::tempdir().context("cannot make a folder for the demo's data")?),
        };
        let data = options.data.clone().or_else(|| folder.as_ref().map(|f| f.path().to_owned()));
        let data = data.context("the demo has no folder")?;
        let config = Config::load(None, environment(&options, &data, &secrets, &simulator.url()))?;
        let store = app::open_store(&config, &clock, &random).await?;
        let first = FirstThings {
            account: "Carmel View Hotel",
            email: EMAIL,
            name: "Noa Levi",
            region: "IN",
            time_zone: config.accounts.default_time_zone.as_str(),
            live: true,
        };
        let made = setup::make(&store, clock.as_ref(), random.as_ref(), &first).await?;
        let demo_login = Some(DemoLogin { email: EMAIL.to_owned(), password: made.password.clone() });
        let app = App::start(AppSettings { config: Arc::new(config), clock, random, demo_login }, store).await?;
        let scope = AccountScope::system(made.account);
        let senders = messages::senders(app.core(), &scope).await?;
        let sender = senders.first().map(|sender| sender.id).context("the demo's sender is missing")?;
        let info = demo_info(&app, &simulator, &made, sender, &secrets);
        // The subscription goes through the same handshake as at Meta.
        simulator.control().verify_callback(&info.webhook_url).await.context("the server refused the subscription")?;
        simulator.set_callback_url(info.webhook_url.clone());
        let is_new = messages::list(app.core(), &scope, &Default::default(), one()).await?.is_empty();
        if is_new {
            sample_data(&app, &simulator, &scope, sender).await?;
        }
        Ok(Self { info, app, simulator, _folder: folder })
    }

    /// Stops both.
    pub async fn stop(self) {
        self.app.stop().await;
        self.simulator.stop().await;
    }
}

const fn one() -> store::message::Page {
    store::message::Page { older_than: None, newer_than: None, limit: 1 }
}

struct Secrets {
    access_token: String,
    app_secret: String,
    verify_token: String,
}

impl Secrets {
    fn draw(random: &dyn Random) -> Self {
        Self {
            access_token: format!("EAA{}", web::auth::new_secret(random)),
            // As long as Meta's.
            app_secret: web::auth::new_secret(random)[..32].to_owned(),
            verify_token: web::auth::new_secret(random)[..24].to_owned(),
        }
    }
}

fn customers() -> Vec<Customer> {
    [("+919876543210", "Asha Verma"), ("+919999900000", "Hari Menon"), ("+972545550128", "יעל בן־דוד")]
        .into_iter()
        .map(|(phone, name)| Customer { phone: phone.to_owned(), name: name.to_owned(), ..Customer::default() })
        .collect()
}

fn simulator_settings(secrets: &Secrets, clock: domain::clock::SharedClock) -> SimulatorSettings {
    SimulatorSettings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        app_id: "670843887433847".to_owned(),
        app_secret: secrets.app_secret.clone(),
        verify_token: secrets.verify_token.clone(),
        access_token: secrets.access_token.clone(),
        waba_id: BUSINESS_ACCOUNT_ID.to_owned(),
        numbers: vec![BusinessNumber {
            phone_number_id: PHONE_NUMBER_ID.to_owned(),
            display_phone_number: SENDER_PHONE.trim_start_matches('+').to_owned(),
            verified_name: "Carmel View Hotel".to_owned(),
        }],
        customers: customers(),
        callback_url: None,
        clock,
        // Slow enough to watch, quick enough not to wait.
        statuses: StatusPlan {
            sent: Duration::from_millis(600),
            delivered: Duration::from_millis(900),
            ..StatusPlan::default()
        },
        seed: 1,
    }
}

/// The demo is configured as an operator would: by environment, pointed at the simulator.
fn environment(options: &DemoOptions, data: &Path, secrets: &Secrets, simulator_url: &str) -> HashMap<String, String> {
    let mut pairs: HashMap<String, String> = [
        ("WAYPOST_SERVER_LISTEN", options.listen.to_string()),
        ("WAYPOST_DATABASE_DATA_DIR", data.display().to_string()),
        ("WAYPOST_META_GRAPH_BASE_URL", simulator_url.to_owned()),
        ("WAYPOST_META_DISPLAY_PHONE_NUMBER", SENDER_PHONE.to_owned()),
        ("WHATSAPP_ACCESS_TOKEN", secrets.access_token.clone()),
        ("WHATSAPP_APP_SECRET", secrets.app_secret.clone()),
        ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", secrets.verify_token.clone()),
        ("WHATSAPP_PHONE_NUMBER_ID", PHONE_NUMBER_ID.to_owned()),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", BUSINESS_ACCOUNT_ID.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if let Some(url) = &options.database_url {
        pairs.insert("DATABASE_URL".to_owned(), url.clone());
    }
    pairs
}

fn demo_info(app: &App, simulator: &Simulator, made: &Made, sender: SenderId, secrets: &Secrets) -> DemoInfo {
    let base_url = format!("http://{}", app.address());
    DemoInfo {
        webhook_url: format!("{base_url}/api/whatsapp/webhook"),
        base_url,
        email: EMAIL.to_owned(),
        password: made.password.clone(),
        access_token: made.access_token.clone(),
        account_id: made.account.0,
        sender_id: sender.0,
        sender_phone: SENDER_PHONE.to_owned(),
        app_secret: secrets.app_secret.clone(),
        verify_token: secrets.verify_token.clone(),
        phone_number_id: PHONE_NUMBER_ID.to_owned(),
        waba_id: BUSINESS_ACCOUNT_ID.to_owned(),
        simulator_url: simulator.url(),
        customer_phone: customers().first().map(|customer| customer.phone.clone()).unwrap_or_default(),
    }
}

/// A few messages through the real parts: two sent, one scheduled, one received.
async fn sample_data(app: &App, simulator: &Simulator, scope: &AccountScope, sender: SenderId) -> anyhow::Result<()> {
    let bodies = [
        json!({"sender_id": sender, "class": "transactional", "to": "+919999900000", "type": "template",
            "template": {"name": "hello_world", "language": {"code": "en_US"}}}),
        json!({"sender_id": sender, "class": "transactional", "to": "+972545550128", "type": "template",
            "template": {"name": "order_update", "language": {"code": "en_US"}, "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "Yael"}, {"type": "text", "text": "A-1001"}]}]}}),
        json!({"sender_id": sender, "class": "transactional", "to": "+972545550128", "type": "template",
            "template": {"name": "hello_world", "language": {"code": "en_US"}},
            "send_at": app.core().now().plus(SCHEDULED_AHEAD), "schedule_key": "demo-reminder"}),
    ];
    for body in bodies {
        let draft = Draft::read(&body, Region::INDIA)?;
        send::accept(app.core(), scope, draft, None).await?;
    }
    let hello = Inbound::text("+972545550128", "שלום, אפשר להוסיף מיטת תינוק?");
    simulator.control().inbound(hello).await.context("the sample message did not arrive")?;
    Ok(())
}

fn write_info(file: &Path, info: &DemoInfo) -> anyhow::Result<()> {
    // Whole or not at all: a script may be waiting for the file to appear.
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut whole = tempfile::NamedTempFile::new_in(parent).context("cannot write the info file")?;
    serde_json::to_writer_pretty(&mut whole, info)?;
    whole.persist(file).context("cannot write the info file")?;
    Ok(())
}

fn welcome(info: &DemoInfo) -> String {
    let DemoInfo { base_url, email, password, access_token, simulator_url, sender_id, customer_phone, .. } = info;
    let phone = customer_phone.trim_start_matches('+');
    format!(
        "
Waypost runs. Nothing leaves this machine: Meta is played by a simulator.

  Pages     {base_url}
  E-mail    {email}
  Password  {password}
  Token     {access_token}
  Phone     {simulator_url}/phone/{phone}   (the customer's WhatsApp)

Try this:
  1. Sign in, press “Send a message”, send the template hello_world (en_US) to {customer_phone}, and watch its ticks.
  2. Open the customer's phone, read it, and answer; the answer appears in the list.
  3. curl {base_url}/v1/messages -H 'Authorization: Bearer {access_token}' -H 'Content-Type: application/json' \\
       -d '{{\"sender_id\": {sender_id}, \"to\": \"{customer_phone}\", \"type\": \"text\", \"text\": {{\"body\": \"Hello from curl\"}}}}'

Ctrl-C stops it."
    )
}
