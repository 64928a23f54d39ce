//! Lines: the senders this process can send over, and the applications whose callbacks it believes.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use domain::ids::SenderId;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use providers::{HookHeaders, InvalidSignature, Provider, ProviderKind};
use secrecy::{ExposeSecret, SecretString};
use store::sender::Sender;
use subtle::ConstantTimeEq;

/// A sender with the connection to its provider.
#[derive(Clone, Debug)]
pub struct Line {
    /// The sender.
    pub sender: Sender,
    /// Its provider.
    pub provider: Arc<dyn Provider>,
}

/// An application at a provider: its secret signs callbacks about its own numbers, and about no others.
#[derive(Debug)]
pub struct Application {
    /// Name of it here, kept with every stored body.
    pub name: String,
    /// Where the signature is checked.
    pub provider: Arc<dyn Provider>,
    /// What the provider must know to subscribe.
    pub verify_token: Option<SecretString>,
    /// Its senders by the provider's id of the number.
    pub senders: HashMap<String, Sender>,
    /// How fast its callbacks are taken.
    pub rate: CallbackRate,
}

/// How many signed callbacks of an application are taken per second.
#[derive(Debug)]
pub struct CallbackRate(Option<DefaultDirectRateLimiter>);

impl CallbackRate {
    /// At most so many; `None` for any number.
    #[must_use]
    pub fn per_second(max: Option<NonZeroU32>) -> Self {
        Self(max.map(|max| RateLimiter::direct(Quota::per_second(max))))
    }

    /// Whether one more may be taken now.
    #[must_use]
    pub fn allows_one(&self) -> bool {
        self.0.as_ref().is_none_or(|limiter| limiter.check().is_ok())
    }
}

impl Application {
    /// Checks a callback's signature over its exact bytes.
    ///
    /// # Errors
    /// Missing, wrong, or no secret to check it with.
    pub fn verify(&self, headers: &HookHeaders, body: &[u8]) -> Result<(), InvalidSignature> {
        self.provider.verify_hook(headers, body)
    }

    /// Whether the given token is the one agreed with the provider; in constant time, and never without one.
    #[must_use]
    pub fn knows_token(&self, given: &str) -> bool {
        let Some(known) = &self.verify_token else { return false };
        let known = known.expose_secret().as_bytes();
        !known.is_empty() && bool::from(known.ct_eq(given.as_bytes()))
    }

    /// Which provider's callbacks it sends.
    #[must_use]
    pub fn kind(&self) -> ProviderKind {
        self.provider.kind()
    }
}

/// All lines and applications of this process.
#[derive(Debug)]
pub struct Lines {
    lines: HashMap<SenderId, Line>,
    applications: HashMap<String, Arc<Application>>,
    sandbox: Arc<dyn Provider>,
}

impl Lines {
    /// From what the configuration connects; `sandbox` sends for accounts that are not live.
    #[must_use]
    pub fn new(lines: Vec<Line>, applications: Vec<Application>, sandbox: Arc<dyn Provider>) -> Self {
        Self {
            lines: lines.into_iter().map(|line| (line.sender.id, line)).collect(),
            applications: applications.into_iter().map(|app| (app.name.clone(), Arc::new(app))).collect(),
            sandbox,
        }
    }

    /// The line of a sender, if it is connected.
    #[must_use]
    pub fn line(&self, sender: SenderId) -> Option<&Line> {
        self.lines.get(&sender)
    }

    /// All lines.
    pub fn all(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    /// The provider a message goes to.
    #[must_use]
    pub fn provider(&self, sender: SenderId, simulated: bool) -> Option<&Arc<dyn Provider>> {
        if simulated { Some(&self.sandbox) } else { self.lines.get(&sender).map(|line| &line.provider) }
    }

    /// The application with this name.
    #[must_use]
    pub fn application(&self, name: &str) -> Option<&Arc<Application>> {
        self.applications.get(name)
    }

    /// The names of all applications.
    pub fn application_names(&self) -> impl Iterator<Item = &str> {
        self.applications.keys().map(String::as_str)
    }

    /// The applications of a provider.
    pub fn applications(&self, kind: ProviderKind) -> impl Iterator<Item = &Arc<Application>> {
        self.applications.values().filter(move |app| app.kind() == kind)
    }
}
