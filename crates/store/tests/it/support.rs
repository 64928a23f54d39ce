//! A store with an account, a sender and its leases, and short words for what tests do with them.

use std::time::Duration;

use anyhow::{Context, Result};
use domain::address::{Address, IdentityKind, UserIdentifier};
use domain::attempt::{AttemptReference, AttemptStatus, Evidence};
use domain::ids::{AccountId, CallId, Epoch, MessageId, SenderId};
use domain::message::{Class, Direction, Lane};
use domain::phone::E164;
use domain::refusal::{Failure, RefusalKind};
use domain::scope::AccountScope;
use domain::shard::Shard;
use domain::time::Timestamp;
use store::account::NewAccount;
use store::conn::Row;
use store::contact::Identity;
use store::group::Commands as _;
use store::hot::{
    Accept, Accepted, Answer, Apply, Bearing, Claim, Claimed, Command, Complete, IdempotencyKey, Inbound, Settlement,
    StatusChange,
};
use store::media::{ReceivedMedium, Told};
use store::message::{self, Message};
use store::pools::Pools;
use store::sender::NewSender;
use store::sql::{Sql, Value};
use store::{Store, StoreSettings, account, lease, sender, values};
use testkit::engine::{Engine, TestDatabase};

/// Noon of a day in 2026.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_176_000);

/// So many seconds after [`NOW`].
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() + seconds * 1_000_000)
}

pub fn settings(db: &TestDatabase) -> StoreSettings {
    StoreSettings {
        data_dir: db.data_dir().to_owned(),
        postgres_url: (db.engine() == Engine::Postgres).then(|| db.url().to_owned()),
        connections: 6,
        queue_max: 1024,
        inlet_bytes_max: None,
        new_node: "node-a".to_owned(),
    }
}

/// Connections of our own to the store's database.
pub async fn pools(db: &TestDatabase) -> Result<Pools> {
    Ok(match db.engine() {
        Engine::Sqlite => Pools::sqlite(&db.path("waypost.db"), 2).await?,
        Engine::Postgres => Pools::postgres(db.url(), 4).await?,
    })
}

pub struct World {
    pub store: Store,
    pub account: AccountId,
    pub sender: SenderId,
    pub epoch: Epoch,
    // Last, so that the database outlives its connections.
    pub db: TestDatabase,
}

impl World {
    pub async fn open(db: TestDatabase) -> Result<Self> {
        let store = Store::open(&settings(&db), NOW).await?;
        let (account, sender) = add_account(&store, "Acme", "1001").await?;
        let mut tx = store.begin().await?;
        let owned = lease::take(&mut tx.conn(), "node-a", NOW, at(12)).await?;
        tx.commit().await?;
        let epoch = owned.first().context("a lease")?.epoch;
        Ok(Self { store, account, sender, epoch, db })
    }

    pub fn scope(&self) -> AccountScope {
        AccountScope::system(self.account)
    }

    pub fn accept(&self, to: &str) -> Accept {
        accept(self.account, self.sender, to)
    }

    /// Accepts a message to `to`.
    pub async fn send(&self, to: &str) -> Result<MessageId> {
        new_id(self.store.hot().accept(self.accept(to)).await?)
    }

    /// Accepts and claims a message to `to`.
    pub async fn calling(&self, to: &str) -> Result<(MessageId, CallId)> {
        let message = self.send(to).await?;
        Ok((message, self.claimed(message, 0).await?))
    }

    /// Accepts, claims and hands over a message to `to`, under the wamid `wamid`.
    pub async fn submitted(&self, to: &str, wamid: &str) -> Result<MessageId> {
        let (message, call) = self.calling(to).await?;
        self.store.hot().complete(self.complete(message, 1, call, taken(wamid))).await?;
        Ok(message)
    }

    pub fn claim(&self, message: MessageId, attempts: i64) -> Claim {
        Claim {
            account: self.account,
            message,
            sender: self.sender,
            attempts,
            epoch: self.epoch,
            node: "node-a".to_owned(),
            provider: "sandbox",
            path: "/v25.0/1001/messages".to_owned(),
            payload: "{}".to_owned(),
            note: None,
            at: at(1),
        }
    }

    pub async fn claimed(&self, message: MessageId, attempts: i64) -> Result<CallId> {
        match self.store.hot().claim(self.claim(message, attempts)).await? {
            Claimed::Yes(call) => Ok(call),
            Claimed::No => anyhow::bail!("{message} was not claimed"),
        }
    }

    pub fn complete(&self, message: MessageId, number: i64, call: CallId, settled: Settlement) -> Complete {
        Complete {
            account: self.account,
            message,
            number,
            call,
            sender: self.sender,
            epoch: self.epoch,
            http_status: Some(200),
            answer: Some("{}".to_owned()),
            settled,
            pause_until: None,
            at: at(2),
        }
    }

    /// A status that names the provider's id only.
    pub fn status(&self, wamid: &str, evidence: Evidence) -> StatusChange {
        StatusChange {
            account: self.account,
            sender: self.sender,
            kind: "wamid",
            external_id: wamid.to_owned(),
            reference: None,
            evidence,
            billing: None,
        }
    }

    /// A status that also echoes our reference.
    pub fn echo(&self, wamid: &str, message: MessageId, number: i64, evidence: Evidence) -> StatusChange {
        let reference = AttemptReference { installation: "test".to_owned(), account: self.account, message, number };
        StatusChange { reference: Some(reference), ..self.status(wamid, evidence) }
    }

    pub async fn apply(&self, statuses: Vec<StatusChange>) -> Result<usize> {
        let applied = self.store.hot().apply(Apply { statuses, ..Apply::at(at(5)) }).await?;
        Ok(applied.statuses_early)
    }

    pub fn inbound(&self, from: &str, wamid: &str) -> Inbound {
        inbound(self.account, self.sender, from, wamid)
    }

    pub async fn receive(&self, messages: Vec<Inbound>) -> Result<usize> {
        let applied = self.store.hot().apply(Apply { messages, ..Apply::at(at(5)) }).await?;
        Ok(applied.messages_new)
    }

    /// Runs commands as one batch, whatever the writer's pace.
    pub async fn batch(&self, commands: &[Command]) -> Result<Vec<Answer>> {
        let mut tx = self.store.begin().await?;
        let answers = Command::run(&mut tx.conn(), commands).await?;
        tx.commit().await?;
        Ok(answers)
    }

    pub async fn message(&self, id: MessageId) -> Result<Message> {
        let mut reading = self.store.read().await?;
        message::find(&mut reading.conn(), &self.scope(), id).await?.context("the message is not there")
    }

    /// The message that the provider calls `wamid`.
    pub async fn by_wamid(&self, wamid: &str) -> Result<Message> {
        let (mut reading, scope, external) = (self.store.read().await?, self.scope(), ("wamid", wamid));
        let found = message::find_by_external_id(&mut reading.conn(), &scope, self.sender, external).await?;
        found.with_context(|| format!("no message is called {wamid}"))
    }

    pub async fn rows(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>> {
        let mut reading = self.store.read().await?;
        Ok(reading.conn().fetch(&Sql::same(sql), values).await?)
    }

    /// The one number that a statement answers.
    pub async fn number(&self, sql: &'static str) -> Result<i64> {
        let rows = self.rows(sql, Vec::new()).await?;
        Ok(rows.first().context("a row")?.reader().read()?)
    }

    pub async fn execute(&self, sql: &'static str) -> Result<u64> {
        let mut tx = self.store.begin().await?;
        let changed = tx.conn().execute(&Sql::same(sql), Vec::new()).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// The outbox row of a message.
    pub async fn waiting(&self, message: MessageId) -> Result<Option<OutboxRow>> {
        let sql = "SELECT state, lane, attempts, due_at FROM outbox WHERE account_id = $1 AND message_id = $2";
        let rows = self.rows(sql, values![self.account, message]).await?;
        let row = rows.first().map(|row| {
            let mut row = row.reader();
            Ok(OutboxRow { state: row.read()?, lane: row.read()?, attempts: row.read()?, due_at: row.read()? })
        });
        row.transpose()
    }

    /// Kind and version of the message's events, in order, whatever other transactions are running.
    pub async fn events_of(&self, message: MessageId) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT kind, version FROM event WHERE account_id = $1 AND subject = $2 ORDER BY id";
        let rows = self.rows(sql, values![self.account, format!("message:{message}")]).await?;
        rows.iter()
            .map(|row| {
                let mut row = row.reader();
                Ok((row.read()?, row.read()?))
            })
            .collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    pub state: i64,
    pub lane: i64,
    pub attempts: i64,
    pub due_at: Timestamp,
}

/// An account with one sender.
pub async fn add_account(store: &Store, name: &str, number_id: &str) -> Result<(AccountId, SenderId)> {
    let mut tx = store.begin().await?;
    let new = NewAccount { name, default_region: "IN", time_zone: "Asia/Kolkata", live: true };
    let account = account::insert(&mut tx.conn(), &new, NOW).await?;
    let sender = add_sender_on(&mut tx, account, number_id).await?;
    tx.commit().await?;
    Ok((account, sender))
}

pub async fn add_sender(store: &Store, account: AccountId, number_id: &str) -> Result<SenderId> {
    let mut tx = store.begin().await?;
    let sender = add_sender_on(&mut tx, account, number_id).await?;
    tx.commit().await?;
    Ok(sender)
}

async fn add_sender_on(tx: &mut store::pools::Tx, account: AccountId, number_id: &str) -> Result<SenderId> {
    let new =
        NewSender { account, name: "Shop", provider: "sandbox", phone: None, number_id, business_account_id: None };
    Ok(sender::find_or_insert(&mut tx.conn(), &new, NOW).await?.id)
}

pub fn phone(number: &str) -> Address {
    Address::Phone(E164::try_from(number.to_owned()).expect("a number"))
}

pub fn user_id(id: &str) -> Address {
    Address::UserId(UserIdentifier::try_from(id.to_owned()).expect("a user id"))
}

pub fn accept(account: AccountId, sender: SenderId, to: &str) -> Accept {
    Accept {
        scope: AccountScope::system(account),
        sender,
        shard: Shard::of(sender),
        to: phone(to),
        content: r#"{"type":"text","text":{"body":"Hello"}}"#.to_owned(),
        kind: "text",
        excerpt: "Hello".to_owned(),
        class: Class::Transactional,
        lane: Lane::Transactional,
        context: None,
        options: None,
        reference: None,
        simulated: false,
        send_at: None,
        expires_at: at(3600),
        at: NOW,
        idempotency: None,
        schedule: None,
    }
}

pub fn key(key: &str, fingerprint: &str) -> Option<IdempotencyKey> {
    Some(IdempotencyKey { surface: "v1", key: key.to_owned(), fingerprint: fingerprint.to_owned() })
}

pub fn new_id(accepted: Accepted) -> Result<MessageId> {
    match accepted {
        Accepted::New(id) => Ok(id),
        other => anyhow::bail!("not a new message: {other:?}"),
    }
}

pub fn inbound(account: AccountId, sender: SenderId, from: &str, wamid: &str) -> Inbound {
    let address = phone(from);
    Inbound {
        account,
        sender,
        id_kind: "wamid",
        external_id: wamid.to_owned(),
        identities: vec![Identity::from(&address)],
        address,
        name: None,
        at: at(4),
        kind: "text".to_owned(),
        content: r#"{"type":"text","text":{"body":"Hi"}}"#.to_owned(),
        excerpt: "Hi".to_owned(),
        context: None,
        media: None,
        target: None,
        group: None,
        bearing: Bearing::Answer,
        direction: Direction::Inbound,
        origin: None,
        reached: AttemptStatus::Delivered,
        replaces: None,
    }
}

/// A picture, as a callback tells of it.
pub fn picture(provider_id: &str) -> ReceivedMedium {
    let told = Told {
        provider_id: Some(provider_id.to_owned()),
        url: Some("https://lookaside.example/1".to_owned()),
        url_at: Some(at(4)),
        sha256: Some("aGFzaA==".to_owned()),
    };
    ReceivedMedium { told, mime_type: Some("image/jpeg".to_owned()), filename: None }
}

pub fn username(name: &str) -> Identity {
    Identity { kind: IdentityKind::Username, match_key: name.to_owned(), value: name.to_owned() }
}

pub fn taken(wamid: &str) -> Settlement {
    Settlement::Taken { external_ids: vec![("wamid", wamid.to_owned())], status: AttemptStatus::Submitted }
}

pub fn failure(code: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        kind: RefusalKind::Recipient,
        reason: "it cannot be reached".to_owned(),
        remedy: "ask for another number".to_owned(),
    }
}

/// Something happened so many seconds after [`NOW`].
pub fn evidence(status: AttemptStatus, seconds: i64) -> Evidence {
    let failure = (status == AttemptStatus::Failed).then(|| failure("131026"));
    Evidence { status, at: at(seconds), failure }
}

/// Asks again and again until there is something, for ten seconds at most.
pub async fn eventually<T>(mut probe: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    for _ in 0..1000 {
        if let Some(found) = probe().await? {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("it did not happen within ten seconds")
}
