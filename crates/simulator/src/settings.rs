//! What a simulator is started with.

use std::net::SocketAddr;

use domain::clock::SharedClock;

use crate::plan::StatusPlan;

/// Everything a [`Simulator`](crate::Simulator) needs to start: one app with its numbers, and the people around it.
#[derive(Clone)]
pub struct SimulatorSettings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The id of the app that owns the callback.
    pub app_id: String,
    /// The key of every callback's signature.
    pub app_secret: String,
    /// What the callback has to know in the `hub.verify_token` handshake.
    pub verify_token: String,
    /// The only bearer token the Graph API takes.
    pub access_token: String,
    /// The WhatsApp Business Account that owns numbers and templates.
    pub waba_id: String,
    /// The business numbers.
    pub numbers: Vec<BusinessNumber>,
    /// The customers with a phone page from the start; every other number gets one with its first message.
    pub customers: Vec<Customer>,
    /// Where callbacks go; may be set later.
    pub callback_url: Option<String>,
    /// The source of every timestamp. Delays run on the machine's timers.
    pub clock: SharedClock,
    /// How statuses follow an accepted message.
    pub statuses: StatusPlan,
    /// The seed of ids, of shuffling and of every probability.
    pub seed: u64,
}

/// A business number of the account.
#[derive(Clone, Debug)]
pub struct BusinessNumber {
    /// The id in the path of a send.
    pub phone_number_id: String,
    /// The number itself, digits with country code.
    pub display_phone_number: String,
    /// The name customers see.
    pub verified_name: String,
}

/// A person with WhatsApp.
#[derive(Clone, Debug, Default)]
pub struct Customer {
    /// The number, `+` and digits.
    pub phone: String,
    /// The profile name.
    pub name: String,
    /// The business-scoped user id, for people who have one.
    pub user_id: Option<String>,
    /// The username, for people who have one.
    pub username: Option<String>,
    /// Whether callbacks leave the number out, as Meta does for people with a username; needs a user id.
    pub hides_number: bool,
}
