//! `GET …/events`: what happens in the account, as it happens. Events name a subject and its version; the page fetches
//! what it shows of it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use futures_util::Stream;
use futures_util::stream;
use http::{HeaderMap, HeaderName};
use serde_json::json;
use store::StoreError;
use store::event::{self, Cursor};
use tokio::sync::watch;
use tokio::time::Instant;

use super::error::PageError;
use super::scope::{PageScope, ScriptScope};
use crate::auth;
use crate::state::Web;

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Without a hint: another process, or a transaction that became visible later than its hint.
const POLL: Duration = Duration::from_secs(2);
/// A burst of hints becomes one read.
const READS_APART: Duration = Duration::from_millis(100);
const SESSION_CHECK: Duration = Duration::from_secs(60);
const EVENTS_AT_ONCE: i64 = 500;
const LAST_EVENT_ID: &str = "last-event-id";
/// nginx would hold events back until its buffer is full.
const NO_BUFFERING: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// The stream, from the cursor the page or the browser remembers.
pub(super) async fn stream(
    ScriptScope(page): ScriptScope,
    State(web): State<Web>,
    jar: CookieJar,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    // Before the first read: what happens between the two is hinted at.
    let hints = web.core.hints.watch_account(page.scope.account());
    let wanted = wanted(&headers, &query.unwrap_or_default());
    let (newest, oldest) = {
        let mut reading = web.core.store.read().await?;
        event::ends(&mut reading.conn(), &page.scope).await?
    };
    let (cursor, is_lost) = start(wanted, newest, oldest);
    let mut waiting = VecDeque::new();
    if is_lost {
        waiting.push_back(reload(cursor));
    }
    let checked_at = Instant::now();
    let feed = Feed { web, page, jar, hints, cursor, waiting, has_more: true, read_at: None, checked_at };
    let events = Sse::new(feed.into_stream()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(([NO_BUFFERING], events).into_response())
}

/// Where the client wants to go on: the browser's own memory is newer than the address.
fn wanted(headers: &HeaderMap, query: &str) -> Option<Cursor> {
    if let Some(last) = headers.get(LAST_EVENT_ID) {
        return last.to_str().ok().and_then(Cursor::parse);
    }
    let after = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after");
    after.and_then(|(_, value)| Cursor::parse(&value))
}

/// Where the stream starts, and whether something may have been missed: outside of what is kept nobody knows.
fn start(wanted: Option<Cursor>, newest: Cursor, oldest: Cursor) -> (Cursor, bool) {
    match wanted {
        None => (newest, false),
        Some(wanted) if (oldest..=newest).contains(&wanted) => (wanted, false),
        Some(_) => (newest, true),
    }
}

fn reload(cursor: Cursor) -> Event {
    Event::default().event("reload").id(cursor.to_string()).data("{}")
}

fn told(event: &event::Event) -> Event {
    let id = event.cursor.to_string();
    let data = json!({"id": id, "kind": event.kind, "subject": event.subject, "version": event.version});
    Event::default().id(id).data(data.to_string())
}

/// One connection.
struct Feed {
    web: Web,
    page: PageScope,
    jar: CookieJar,
    hints: watch::Receiver<u64>,
    cursor: Cursor,
    waiting: VecDeque<Event>,
    /// Whether the last read was full, or there was none.
    has_more: bool,
    read_at: Option<Instant>,
    checked_at: Instant,
}

impl Feed {
    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        stream::unfold(self, |mut feed| async move {
            let stop = feed.web.stop.clone();
            let event = stop.run_until_cancelled(feed.next()).await.flatten()?;
            Some((Ok(event), feed))
        })
    }

    /// The next event; `None` ends the stream, and the browser comes back or is turned away.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            self.wait().await;
            match self.read().await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    let account = self.page.scope.account();
                    tracing::warn!(account.id = %account, %error, "An event stream of account {account} ends: {error}");
                    return None;
                }
            }
        }
    }

    async fn wait(&mut self) {
        if !self.has_more {
            // The sender lives as long as somebody listens; were it gone, the poll would go on.
            let hint = async {
                if self.hints.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let _ = tokio::time::timeout(POLL, hint).await;
        }
        if let Some(read_at) = self.read_at {
            tokio::time::sleep_until(read_at + READS_APART).await;
        }
    }

    /// Reads what happened; `false` when the session is over.
    async fn read(&mut self) -> Result<bool, StoreError> {
        if self.checked_at.elapsed() >= SESSION_CHECK {
            if !self.is_in_force().await? {
                return Ok(false);
            }
            self.checked_at = Instant::now();
        }
        self.hints.borrow_and_update();
        self.read_at = Some(Instant::now());
        let events = {
            let mut reading = self.web.core.store.read().await?;
            event::after(&mut reading.conn(), &self.page.scope, self.cursor, EVENTS_AT_ONCE).await?
        };
        self.has_more = i64::try_from(events.len()).is_ok_and(|count| count >= EVENTS_AT_ONCE);
        if let Some(last) = events.last() {
            self.cursor = last.cursor;
        }
        self.waiting.extend(events.iter().map(told));
        Ok(true)
    }

    async fn is_in_force(&self) -> Result<bool, StoreError> {
        let Some(signed_in) = auth::session(&self.web, &self.jar).await? else { return Ok(false) };
        let memberships = auth::memberships(&self.web, &signed_in).await?;
        Ok(memberships.iter().any(|membership| membership.account == self.page.scope.account()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn cursor(id: i64) -> Cursor {
        Cursor { xact: 0, id }
    }

    #[test]
    fn the_browsers_memory_wins() {
        let mut headers = HeaderMap::new();
        assert_eq!(wanted(&headers, ""), None);
        assert_eq!(wanted(&headers, "after=x"), None);
        assert_eq!(wanted(&headers, "after=0-17"), Some(cursor(17)));
        headers.insert(LAST_EVENT_ID, "0-19".parse().expect("a header"));
        assert_eq!(wanted(&headers, "after=0-17"), Some(cursor(19)));
        headers.insert(LAST_EVENT_ID, "?".parse().expect("a header"));
        assert_eq!(wanted(&headers, "after=0-17"), None);
    }

    #[test]
    fn what_is_not_kept_is_loaded_again() {
        let (newest, oldest) = (cursor(30), cursor(10));
        assert_eq!(start(None, newest, oldest), (newest, false));
        assert_eq!(start(Some(cursor(10)), newest, oldest), (cursor(10), false));
        assert_eq!(start(Some(cursor(30)), newest, oldest), (cursor(30), false));
        assert_eq!(start(Some(cursor(9)), newest, oldest), (newest, true));
        // Of a database that was put back to an earlier state.
        assert_eq!(start(Some(cursor(31)), newest, oldest), (newest, true));
        // Nothing is kept: only who saw nothing missed nothing.
        let none = Cursor::default();
        assert_eq!(start(Some(none), none, none), (none, false));
        assert_eq!(start(Some(cursor(9)), none, none), (none, true));
    }
}
