//! What a provider answers about a number and about the templates of a business account.

use domain::refusal::Failure;
use domain::sender_state::Property;

/// What is known of a number: each property in the provider's words. What the provider did not say is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberDescription {
    /// Each at most once.
    pub properties: Vec<(Property, String)>,
}

/// A template as the provider lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedTemplate {
    /// The provider's id of it.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its language as the provider writes it.
    pub language: String,
    /// `APPROVED`, `REJECTED`, `PAUSED` and so on.
    pub status: Option<String>,
    /// Why it was rejected, as one word.
    pub rejected_reason: Option<String>,
    /// `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    pub category: Option<String>,
    /// The category that the provider thinks right, where it differs.
    pub correct_category: Option<String>,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    pub quality: Option<String>,
    /// `POSITIONAL`, `NAMED`.
    pub parameter_format: Option<String>,
    /// Its parts as the provider writes them, as a JSON list.
    pub components: Option<String>,
}

/// A page of a business account's templates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplatePage {
    /// In the provider's order.
    pub templates: Vec<ListedTemplate>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Why nothing was answered. Reading can always be repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The provider has no such answer.
    #[error("this provider cannot be asked for that")]
    NotOffered,
    /// The provider refused.
    #[error("{}", .0.reason)]
    Refused(Failure),
    /// No answer came, or one that cannot be read.
    #[error("{0}")]
    Failed(String),
}

impl ReadError {
    /// Whether the same question may be answered in a moment. What is asked too often waits for its next turn.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::NotOffered => false,
            Self::Refused(failure) => failure.kind.is_retryable() && !failure.kind.is_limit(),
            Self::Failed(_) => true,
        }
    }
}
