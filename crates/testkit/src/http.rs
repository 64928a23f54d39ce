//! The HTTP client of tests.

use std::time::Duration;

/// A client that speaks to loopback: no proxy, no redirects followed, and a test that waits ten seconds has failed.
///
/// # Panics
/// When the client cannot be built, which no test can do anything about.
#[must_use]
#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "the one place that builds the clients of tests")]
pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .build()
        .expect("a client without settings can be built")
}
