//! Every metric of the core, in one list.

/// A metric's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Messages accepted, by `surface`.
    MessagesAccepted,
    /// Calls to providers, by `provider` and `outcome`.
    Calls,
    /// Time from writing a request to reading its answer, by `provider`.
    CallSeconds,
    /// Callbacks stored, by `provider`.
    CallbacksStored,
    /// Callbacks refused, by `reason`.
    CallbacksRefused,
    /// Stored bodies applied, by `state`.
    CallbacksApplied,
    /// Messages that outlived their expiry.
    MessagesExpired,
    /// Messages taken back before they were sent.
    MessagesCancelled,
    /// Attempts whose outcome nobody knows after a change of owner.
    AttemptsAbandoned,
    /// Received media that came to an end, by `state`.
    MediaFetched,
    /// Writes refused because the database was not available, by `what`.
    StoreUnavailable,
}

impl Metric {
    /// As exported.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MessagesAccepted => "waypost_messages_accepted_total",
            Self::Calls => "waypost_provider_calls_total",
            Self::CallSeconds => "waypost_provider_call_seconds",
            Self::CallbacksStored => "waypost_callbacks_stored_total",
            Self::CallbacksRefused => "waypost_callbacks_refused_total",
            Self::CallbacksApplied => "waypost_callbacks_applied_total",
            Self::MessagesExpired => "waypost_messages_expired_total",
            Self::MessagesCancelled => "waypost_messages_cancelled_total",
            Self::AttemptsAbandoned => "waypost_attempts_abandoned_total",
            Self::MediaFetched => "waypost_media_fetched_total",
            Self::StoreUnavailable => "waypost_store_unavailable_total",
        }
    }

    /// Counts one.
    pub fn count(self, label: &'static str, value: &'static str) {
        self.add(1, label, value);
    }

    /// Counts several.
    pub fn add(self, count: u64, label: &'static str, value: &'static str) {
        metrics::counter!(self.name(), label => value).increment(count);
    }
}
