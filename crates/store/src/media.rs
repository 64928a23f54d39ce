//! Media: what is known of each. The bytes are files, see [`crate::files`].

use domain::ids::{AccountId, MediaId, MessageId, SenderId};
use domain::scope::AccountScope;
use domain::time::Timestamp;

use crate::conn::{Conn, Reader, Row};
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::job;
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// Name of the job that fetches a received medium; its payload is `{"account": …, "media": …}`.
pub const FETCH_JOB: &str = "fetch_media";

/// Where a medium comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Origin {
    /// A person sent it.
    Received = 0,
    /// A caller uploaded it to us.
    Uploaded = 1,
    /// We made it in place of a link that leads nowhere.
    Made = 2,
}

/// How far a medium is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum MediaState {
    /// Still at the provider; it is being fetched.
    Pending = 0,
    /// Its bytes are here.
    Stored = 1,
    /// It cannot be fetched, for the reason that stands beside it.
    Failed = 2,
    /// The provider does not have it any more.
    Gone = 3,
}

impl MediaState {
    const ALL: [Self; 4] = [Self::Pending, Self::Stored, Self::Failed, Self::Gone];

    /// As shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Stored => "stored",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }
}

/// A medium as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Medium {
    /// Its id.
    pub id: MediaId,
    /// Where it comes from.
    pub origin: Origin,
    /// The message it came with.
    pub message: Option<MessageId>,
    /// Over which number.
    pub sender: Option<SenderId>,
    /// What the provider told of it.
    pub told: Told,
    /// Its media type as declared, by the provider or by whoever uploaded it.
    pub mime_type: Option<String>,
    /// The media type the provider answered the bytes with.
    pub content_type: Option<String>,
    /// The name its maker gave it; not fit for a path.
    pub filename: Option<String>,
    /// How far it is.
    pub state: MediaState,
    /// Why it is not stored, in words for people.
    pub reason: Option<String>,
    /// What is stored of it.
    pub stored: Option<Stored>,
    /// When we heard of it.
    pub created_at: Timestamp,
}

/// What the provider told of a medium.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The provider's id.
    pub provider_id: Option<String>,
    /// Where it can be fetched for a few minutes.
    pub url: Option<String>,
    /// When that address was given.
    pub url_at: Option<Timestamp>,
    /// Its SHA-256, as the provider writes it.
    pub sha256: Option<String>,
}

/// A file with a medium's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its SHA-256 in hexadecimal, which is its name too.
    pub digest: String,
    /// Its length.
    pub bytes: i64,
}

/// A received medium, as a callback tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMedium {
    /// What the provider told.
    pub told: Told,
    /// Its media type as declared.
    pub mime_type: Option<String>,
    /// The name the person's phone gave it.
    pub filename: Option<String>,
}

/// A received medium with the message it came with.
#[derive(Clone, Debug)]
pub(crate) struct NewReceived<'a> {
    pub account: AccountId,
    pub message: MessageId,
    pub sender: SenderId,
    pub medium: &'a ReceivedMedium,
}

static INSERT_RECEIVED: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("id", Int),
        ("message_id", Int),
        ("sender_id", Int),
        ("provider_id", Text),
        ("provider_url", Text),
        ("provider_url_at", Int),
        ("provider_sha256", Text),
        ("mime_type", Text),
        ("filename", Text),
        ("created_at", Int),
    ],
    "INSERT INTO media (account_id, id, origin, message_id, sender_id, provider_id, provider_url, provider_url_at,
       provider_sha256, mime_type, filename, state, created_at)
     SELECT account_id, id, 0, message_id, sender_id, provider_id, provider_url, provider_url_at, provider_sha256,
       mime_type, filename, 0, created_at FROM input",
);

/// Writes received media with the jobs that fetch them.
pub(crate) async fn insert_received(
    conn: &mut Conn<'_>,
    media: &[NewReceived<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    let ids = ids::take(conn, Sequence::Media, media.len()).await?;
    let rows: Vec<_> = media
        .iter()
        .zip(&ids)
        .map(|(new, id)| {
            let (medium, told) = (new.medium, &new.medium.told);
            values![
                new.account,
                *id,
                new.message,
                new.sender,
                told.provider_id.as_deref(),
                told.url.as_deref(),
                told.url_at,
                told.sha256.as_deref(),
                medium.mime_type.as_deref(),
                medium.filename.as_deref(),
                now
            ]
        })
        .collect();
    conn.batch(&INSERT_RECEIVED, &rows).await?;
    let jobs: Vec<(AccountId, String, String)> = media
        .iter()
        .zip(&ids)
        .map(|(new, id)| {
            let payload = serde_json::json!({"account": new.account, "media": id}).to_string();
            (new.account, payload, fetch_key(new.account, MediaId(*id)))
        })
        .collect();
    job::insert_all(conn, FETCH_JOB, &jobs, now).await
}

/// The key that makes the job of a medium the only one.
#[must_use]
pub fn fetch_key(account: AccountId, media: MediaId) -> String {
    format!("{account}:{media}")
}

/// A medium whose bytes are here already.
#[derive(Clone, Debug)]
pub struct NewStored<'a> {
    /// Where it comes from.
    pub origin: Origin,
    /// For which number, if that was said.
    pub sender: Option<SenderId>,
    /// Its media type.
    pub mime_type: &'a str,
    /// Its name.
    pub filename: Option<&'a str>,
    /// Its file.
    pub stored: &'a Stored,
}

const INSERT_STORED: Sql = Sql::same(
    "INSERT INTO media (account_id, id, origin, sender_id, mime_type, filename, state, digest, bytes, created_at, stored_at)
     VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $9)
     ON CONFLICT (account_id, digest) WHERE origin = 2 DO NOTHING RETURNING id",
);
const FIND_MADE: Sql = Sql::same("SELECT id FROM media WHERE account_id = $1 AND digest = $2 AND origin = 2");

/// Writes a medium whose bytes are here; what we made ourselves is there once, however often it is made.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert_stored(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    new: &NewStored<'_>,
    now: Timestamp,
) -> Result<MediaId, StoreError> {
    let id = ids::take_one(conn, Sequence::Media).await?;
    let values = values![
        scope.account(),
        id,
        new.origin as i64,
        new.sender,
        new.mime_type,
        new.filename,
        new.stored.digest.as_str(),
        new.stored.bytes,
        now
    ];
    let inserted = conn.fetch_optional(&INSERT_STORED, values).await?;
    match inserted {
        Some(row) => row.reader().read(),
        None => {
            let found = conn.fetch_one(&FIND_MADE, values![scope.account(), new.stored.digest.as_str()]).await?;
            found.reader().read()
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.origin, m.message_id, m.sender_id, m.provider_id, m.provider_url, m.provider_url_at,
               m.provider_sha256, m.mime_type, m.content_type, m.filename, m.state, m.reason, m.digest, m.bytes, m.created_at
             FROM ",
            $rest
        )
    };
}

const FIND: Sql = Sql::same(select!("media m WHERE m.account_id = $1 AND m.id = $2"));

/// One medium of the account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find(conn: &mut Conn<'_>, scope: &AccountScope, id: MediaId) -> Result<Option<Medium>, StoreError> {
    let row = conn.fetch_optional(&FIND, values![scope.account(), id]).await?;
    row.as_ref().map(medium).transpose()
}

static OF_MESSAGES: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int)],
    select!(
        "input JOIN media m ON m.account_id = input.account_id AND m.message_id = input.message_id
         ORDER BY m.message_id, m.id"
    ),
);

/// The media that came with these messages, in the order of the messages' ids.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn of_messages(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    messages: &[MessageId],
) -> Result<Vec<Medium>, StoreError> {
    let rows: Vec<_> = messages.iter().map(|message| values![scope.account(), *message]).collect();
    conn.batch(&OF_MESSAGES, &rows).await?.iter().map(medium).collect()
}

fn medium(row: &Row) -> Result<Medium, StoreError> {
    let mut row = row.reader();
    let id = row.read()?;
    let origin = match row.read::<i64>()? {
        0 => Origin::Received,
        1 => Origin::Uploaded,
        2 => Origin::Made,
        other => return Err(StoreError::Corrupt(format!("media.origin holds {other}"))),
    };
    let (message, sender) = (row.read()?, row.read()?);
    let told = Told { provider_id: row.read()?, url: row.read()?, url_at: row.read()?, sha256: row.read()? };
    let (mime_type, content_type, filename) = (row.read()?, row.read()?, row.read()?);
    let state = state(&mut row)?;
    let reason = row.read()?;
    let (digest, bytes): (Option<String>, Option<i64>) = (row.read()?, row.read()?);
    let stored = digest.zip(bytes).map(|(digest, bytes)| Stored { digest, bytes });
    let created_at = row.read()?;
    let medium = Medium {
        id,
        origin,
        message,
        sender,
        told,
        mime_type,
        content_type,
        filename,
        state,
        reason,
        stored,
        created_at,
    };
    Ok(medium)
}

fn state(row: &mut Reader<'_>) -> Result<MediaState, StoreError> {
    let code: i64 = row.read()?;
    let found = MediaState::ALL.into_iter().find(|state| *state as i64 == code);
    found.ok_or_else(|| StoreError::Corrupt(format!("media.state holds {code}")))
}

const MARK_STORED: Sql = Sql::same(
    "UPDATE media SET state = 1, reason = NULL, digest = $3, bytes = $4, content_type = $5, stored_at = $6,
       provider_url = NULL
     WHERE account_id = $1 AND id = $2 AND state = 0 RETURNING message_id",
);
const MARK_ENDED: Sql = Sql::same(
    "UPDATE media SET state = $3, reason = $4, provider_url = NULL
     WHERE account_id = $1 AND id = $2 AND state = 0 RETURNING message_id",
);
const NOTE: Sql = Sql::same("UPDATE media SET reason = $3 WHERE account_id = $1 AND id = $2 AND state = 0");

/// What a change of a medium that was pending leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is changed, and so is this message.
    Now(Option<MessageId>),
    /// It was not pending any more: nothing changed.
    Before,
}

fn ended(row: Option<Row>) -> Result<Ended, StoreError> {
    match row {
        Some(row) => Ok(Ended::Now(row.reader().read()?)),
        None => Ok(Ended::Before),
    }
}

/// The bytes of a pending medium are here.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn mark_stored(
    conn: &mut Conn<'_>,
    (scope, id): (&AccountScope, MediaId),
    stored: &Stored,
    content_type: Option<&str>,
    now: Timestamp,
) -> Result<Ended, StoreError> {
    let values = values![scope.account(), id, stored.digest.as_str(), stored.bytes, content_type, now];
    ended(conn.fetch_optional(&MARK_STORED, values).await?)
}

/// A pending medium will never be here: `Failed` or `Gone`, and why.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn mark_ended(
    conn: &mut Conn<'_>,
    (scope, id): (&AccountScope, MediaId),
    state: MediaState,
    reason: &str,
) -> Result<Ended, StoreError> {
    ended(conn.fetch_optional(&MARK_ENDED, values![scope.account(), id, state as i64, reason]).await?)
}

/// A pending medium could not be fetched yet, and why.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn note(conn: &mut Conn<'_>, (scope, id): (&AccountScope, MediaId), reason: &str) -> Result<(), StoreError> {
    conn.execute(&NOTE, values![scope.account(), id, reason]).await?;
    Ok(())
}

static KNOWN: Batch = Batch::new(
    &[("account_id", Int), ("digest", Text)],
    "SELECT input.digest FROM input WHERE EXISTS (
       SELECT 1 FROM media m WHERE m.account_id = input.account_id AND m.digest = input.digest)",
);

/// Those of the digests that media of the account have.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn known_digests(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    digests: &[String],
) -> Result<Vec<String>, StoreError> {
    let rows: Vec<_> = digests.iter().map(|digest| values![scope.account(), digest.as_str()]).collect();
    conn.batch(&KNOWN, &rows).await?.iter().map(|row| row.reader().read()).collect()
}

/// A provider's id of a medium of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The provider's id.
    pub provider_id: String,
    /// Since when.
    pub uploaded_at: Timestamp,
    /// Until when it may be used.
    pub expires_at: Timestamp,
}

const UPLOAD: Sql = Sql::same(
    "SELECT provider_id, uploaded_at, expires_at FROM media_upload
     WHERE account_id = $1 AND media_id = $2 AND sender_id = $3",
);
const KEEP_UPLOAD: Sql = Sql::same(
    "INSERT INTO media_upload (account_id, media_id, sender_id, provider_id, uploaded_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (account_id, media_id, sender_id) DO UPDATE SET provider_id = excluded.provider_id,
       uploaded_at = excluded.uploaded_at, expires_at = excluded.expires_at",
);
const FORGET_UPLOAD: Sql = Sql::same(
    "DELETE FROM media_upload WHERE account_id = $1 AND media_id = $2 AND sender_id = $3 AND provider_id = $4",
);
const FORGET_EXPIRED: Sql = Sql::same(
    "DELETE FROM media_upload WHERE (account_id, media_id, sender_id) IN (
       SELECT account_id, media_id, sender_id FROM media_upload WHERE expires_at < $1 ORDER BY expires_at LIMIT 50)",
);

/// The provider's id of a medium for one sender, if it was uploaded; it may have expired.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn upload(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    (media, sender): (MediaId, SenderId),
) -> Result<Option<Upload>, StoreError> {
    let row = conn.fetch_optional(&UPLOAD, values![scope.account(), media, sender]).await?;
    row.map(|row| {
        let mut row = row.reader();
        Ok(Upload { provider_id: row.read()?, uploaded_at: row.read()?, expires_at: row.read()? })
    })
    .transpose()
}

/// Keeps the provider's id of a medium for one sender.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn keep_upload(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    (media, sender): (MediaId, SenderId),
    upload: &Upload,
) -> Result<(), StoreError> {
    let (id, at, until) = (upload.provider_id.as_str(), upload.uploaded_at, upload.expires_at);
    conn.execute(&KEEP_UPLOAD, values![scope.account(), media, sender, id, at, until]).await?;
    Ok(())
}

/// Forgets the provider's id of a medium, if it is still this one; answers whether it was.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn forget_upload(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    (media, sender): (MediaId, SenderId),
    provider_id: &str,
) -> Result<bool, StoreError> {
    Ok(conn.execute(&FORGET_UPLOAD, values![scope.account(), media, sender, provider_id]).await? > 0)
}

/// Forgets some of what expired before that time; answers how many, 0 when nothing is left.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn delete_uploads_before(conn: &mut Conn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    conn.execute(&FORGET_EXPIRED, values![before]).await
}
