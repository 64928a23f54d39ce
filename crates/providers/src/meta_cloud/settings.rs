//! What is needed to use one business number.

use secrecy::SecretString;

/// One business number with the right to use it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://graph.facebook.com`, or the simulator's address.
    pub graph_base_url: String,
    /// Such as `v23.0`. Always sent: without it Graph takes the application's default.
    pub graph_version: String,
    /// Meta's id of the business number.
    pub phone_number_id: String,
    /// The host that media are downloaded from, besides the Graph API's own: `lookaside.fbsbx.com`.
    pub media_host: String,
    /// Token of a system user with `whatsapp_business_messaging`.
    pub access_token: SecretString,
    /// Secret of the application that owns the callback subscription.
    pub app_secret: Option<SecretString>,
}

impl Settings {
    /// An endpoint of this number, below the base address.
    pub(super) fn path(&self, endpoint: &str) -> String {
        format!("/{}/{}/{endpoint}", segment(&self.graph_version), segment(&self.phone_number_id))
    }

    /// Where this number is read.
    pub(super) fn number_path(&self) -> String {
        format!("/{}/{}", segment(&self.graph_version), segment(&self.phone_number_id))
    }

    /// Where the templates of a business account are read.
    pub(super) fn templates_path(&self, business_account: &str) -> String {
        format!("/{}/{}/message_templates", segment(&self.graph_version), segment(business_account))
    }

    /// Where a medium is described, below the base address. Naming the number makes Meta check that it is its own.
    pub(super) fn medium_path(&self, id: &str) -> String {
        let number = segment(&self.phone_number_id);
        format!("/{}/{}?phone_number_id={number}", segment(&self.graph_version), segment(id))
    }

    /// The address of a path given by [`Self::path`] and its like.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.graph_base_url.trim_end_matches('/'))
    }
}

/// Percent-encoded, so that an id with a slash or a question mark in it cannot lead to another endpoint.
pub(super) fn segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
