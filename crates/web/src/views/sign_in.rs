//! The door.

use askama::Template;

use super::compose::Field;
use super::shell::{Document, Theme};
use super::{Samples, Words, awkward};
use crate::catalogue::{Catalogue, Direction};

/// E-mail and password for a demonstration, shown at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoLogin {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// `GET` and `POST /app/sign-in`; fields `email`, `password`, `next`.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// Language and colours.
    pub document: Document,
    /// The name this server is reached by.
    pub host: String,
    /// What was typed as address; its value is kept.
    pub email: Field,
    /// What is wrong with the password; what was typed is never sent back.
    pub password_error: Option<String>,
    /// Where to go afterwards: a path of our own.
    pub next: String,
    /// A sentence above the form: why one is here again.
    pub notice: Option<String>,
    /// Finds the line in the log.
    pub error_id: Option<String>,
    /// In demo mode.
    pub demo: Option<DemoLogin>,
}

/// What can be wrong at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInProblem {
    /// No address.
    EmailMissing,
    /// No password.
    PasswordMissing,
    /// They do not belong together.
    Wrong,
    /// Too many tries.
    Paused {
        /// How long to wait.
        minutes: u32,
    },
}

impl SignInPage {
    /// An empty form.
    #[must_use]
    pub fn new(document: Document, host: String, next: String) -> Self {
        Self {
            document,
            host,
            email: Field::default(),
            password_error: None,
            next,
            notice: None,
            error_id: None,
            demo: None,
        }
    }

    fn password_problem(&self) -> &str {
        self.password_error.as_deref().unwrap_or_default()
    }

    /// Writes a problem at its field.
    pub fn refuse(&mut self, problem: SignInProblem) {
        match problem {
            SignInProblem::EmailMissing => self.email.error = Some(self.t("sign_in.email_missing").to_owned()),
            SignInProblem::PasswordMissing => self.password_error = Some(self.t("sign_in.password_missing").to_owned()),
            SignInProblem::Wrong => self.password_error = Some(self.t("sign_in.wrong").to_owned()),
            SignInProblem::Paused { minutes } => {
                let minutes = minutes.to_string();
                self.password_error = Some(self.tf("sign_in.paused", &[("minutes", minutes.as_str())]));
            }
        }
    }

    /// Says that the session ended.
    pub fn say_ended(&mut self) {
        self.notice = Some(self.t("sign_in.ended").to_owned());
    }
}

impl Words for SignInPage {
    fn catalogue(&self) -> &'static Catalogue {
        self.document.catalogue
    }
}

impl Samples for SignInPage {
    fn samples() -> Vec<Self> {
        let new = || Self::new(Document::new("en"), "whatsapp.carmelview.example".to_owned(), String::new());
        let mut refused = new();
        refused.email.value = "noa@carmelview.example".to_owned();
        refused.error_id = Some("8F41-C2A9".to_owned());
        refused.refuse(SignInProblem::Wrong);
        let mut missing = new();
        missing.refuse(SignInProblem::EmailMissing);
        missing.refuse(SignInProblem::PasswordMissing);
        let mut turned = new();
        turned.document.direction = Direction::RightToLeft;
        turned.document.theme = Theme::Dark;
        turned.say_ended();
        turned.refuse(SignInProblem::Paused { minutes: 15 });
        let mut much = new();
        much.host = awkward::long_name();
        much.email.value = awkward::MARKUP.to_owned();
        much.next = format!("/app?x=\"{}", awkward::MARKUP);
        let demo = DemoLogin { email: "demo@waypost.example".to_owned(), password: "waypost".to_owned() };
        vec![new(), refused, missing, turned, much, Self { demo: Some(demo), ..new() }]
    }
}
