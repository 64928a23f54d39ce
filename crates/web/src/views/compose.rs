//! The form that sends one message: what was typed, and what is wrong with it, field by field.

use askama::Template;

use super::row::MessageRow;
use super::shell::Shell;
use super::{Samples, Words, awkward, isolated};
use crate::catalogue::Catalogue;

/// One field of a form: what was typed and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// What was typed.
    pub value: String,
    /// What to do about it, in the viewer's language.
    pub error: Option<String>,
}

impl Field {
    /// A field with this value.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// What is wrong, or nothing.
    #[must_use]
    pub fn problem(&self) -> &str {
        self.error.as_deref().unwrap_or_default()
    }
}

/// A number one may send from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderOption {
    /// Its id, the value of the field.
    pub id: String,
    /// Its name, with its number where that helps.
    pub name: String,
    /// Whether it sends to the simulator.
    pub simulated: bool,
}

/// What should be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ComposeKind {
    /// An approved template.
    #[default]
    Template,
    /// Free text.
    Text,
}

impl ComposeKind {
    /// Reads the field `kind`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text == "text" { Self::Text } else { Self::Template }
    }

    /// Whether it is text.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text)
    }
}

/// The form. The names of its inputs are the names of these fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComposeForm {
    /// A fresh random text per form, so that a form sent twice sends once.
    pub key: String,
    /// Whom one may send from; empty while none is connected.
    pub senders: Vec<SenderOption>,
    /// Names of templates to choose from; any other can be typed.
    pub templates: Vec<String>,
    /// Id of the chosen sender.
    pub sender: Field,
    /// The number it goes to.
    pub to: Field,
    /// Template or text.
    pub kind: ComposeKind,
    /// Name of the template.
    pub template: Field,
    /// Its language.
    pub language: Field,
    /// What fills its body, one per line.
    pub parameters: Field,
    /// The text.
    pub text: Field,
    /// What is wrong with the whole.
    pub trouble: Option<String>,
}

/// What can be wrong with the form; each belongs to one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComposeProblem {
    /// No sender was chosen.
    SenderMissing,
    /// The sender cannot send.
    SenderGone,
    /// No number.
    ToMissing,
    /// Not a number.
    ToInvalid,
    /// No template.
    TemplateMissing,
    /// Not a template's name.
    TemplateInvalid,
    /// No language.
    LanguageMissing,
    /// Not a language.
    LanguageInvalid,
    /// An empty line among the values.
    ParameterEmpty,
    /// A value that WhatsApp does not take.
    ParameterInvalid,
    /// No text.
    TextMissing,
    /// Too much text.
    TextTooLong,
}

impl ComposeProblem {
    const fn key(self) -> &'static str {
        match self {
            Self::SenderMissing => "compose_problem.sender_missing",
            Self::SenderGone => "compose_problem.sender_gone",
            Self::ToMissing => "compose_problem.to_missing",
            Self::ToInvalid => "compose_problem.to_invalid",
            Self::TemplateMissing => "compose_problem.template_missing",
            Self::TemplateInvalid => "compose_problem.template_invalid",
            Self::LanguageMissing => "compose_problem.language_missing",
            Self::LanguageInvalid => "compose_problem.language_invalid",
            Self::ParameterEmpty => "compose_problem.parameter_empty",
            Self::ParameterInvalid => "compose_problem.parameter_invalid",
            Self::TextMissing => "compose_problem.text_missing",
            Self::TextTooLong => "compose_problem.text_too_long",
        }
    }
}

impl ComposeForm {
    /// An empty form with the first sender chosen.
    #[must_use]
    pub fn empty(key: String, senders: Vec<SenderOption>) -> Self {
        let sender = Field::new(senders.first().map(|sender| sender.id.clone()).unwrap_or_default());
        Self { key, senders, sender, language: Field::new("en"), ..Self::default() }
    }

    /// Writes a problem at its field.
    pub fn refuse(&mut self, catalogue: &Catalogue, problem: ComposeProblem) {
        let field = match problem {
            ComposeProblem::SenderMissing | ComposeProblem::SenderGone => &mut self.sender,
            ComposeProblem::ToMissing | ComposeProblem::ToInvalid => &mut self.to,
            ComposeProblem::TemplateMissing | ComposeProblem::TemplateInvalid => &mut self.template,
            ComposeProblem::LanguageMissing | ComposeProblem::LanguageInvalid => &mut self.language,
            ComposeProblem::ParameterEmpty | ComposeProblem::ParameterInvalid => &mut self.parameters,
            ComposeProblem::TextMissing | ComposeProblem::TextTooLong => &mut self.text,
        };
        field.error = Some(catalogue.t(problem.key()).to_owned());
    }

    /// Whether something is wrong.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let fields = [&self.sender, &self.to, &self.template, &self.language, &self.parameters, &self.text];
        self.trouble.is_some() || fields.iter().any(|field| field.error.is_some())
    }
}

/// Answer with status 422 to a `POST {base}/messages` by htmx that was refused: the same form with what is wrong.
#[derive(Debug, Template)]
#[template(path = "messages/compose.html")]
pub struct ComposeFragment {
    /// The texts of the viewer.
    pub catalogue: &'static Catalogue,
    /// Where the account's messages are ([`Shell::messages`]).
    pub messages: String,
    /// What was typed.
    pub form: ComposeForm,
}

/// Answer with status 201 to a `POST {base}/messages` by htmx that was accepted: an empty form, the new row, a toast.
#[derive(Debug, Template)]
#[template(path = "messages/sent.html")]
pub struct MessageSent {
    /// The texts of the viewer.
    pub catalogue: &'static Catalogue,
    /// Where the account's messages are ([`Shell::messages`]).
    pub messages: String,
    /// The next form: a new key and the same sender.
    pub form: ComposeForm,
    /// The message that was accepted.
    pub row: MessageRow,
}

impl ComposeFragment {
    fn messages(&self) -> &str {
        &self.messages
    }
}

impl Words for ComposeFragment {
    fn catalogue(&self) -> &'static Catalogue {
        self.catalogue
    }
}

impl MessageSent {
    fn messages(&self) -> &str {
        &self.messages
    }
}

impl MessageSent {
    fn accepted(&self) -> String {
        let person = self.row.person().unwrap_or_else(|| self.t("messages.unknown_contact"));
        self.tf("compose.accepted", &[("name", isolated(person).as_str())])
    }
}

impl Words for MessageSent {
    fn catalogue(&self) -> &'static Catalogue {
        self.catalogue
    }
}

impl ComposeForm {
    /// An empty form for samples.
    pub(crate) fn sample() -> Self {
        let sender =
            |id: &str, name: &str, simulated| SenderOption { id: id.to_owned(), name: name.to_owned(), simulated };
        let senders =
            vec![sender("1", "Front desk, +972 4-555-0110", false), sender("2", "Olive Bar, +972 4-555-0111", true)];
        let templates = vec!["appointment_reminder".to_owned(), "order_update".to_owned()];
        Self { templates, ..Self::empty("0193a2b4-0000-7000-8000-000000000001".to_owned(), senders) }
    }

    /// Everything typed is wrong.
    pub(crate) fn refused(kind: ComposeKind) -> Self {
        let mut form = Self { kind, to: Field::new("054"), template: Field::new("Room Ready"), ..Self::sample() };
        form.language = Field::new("English");
        form.parameters = Field::new("Yael\n\n512");
        form.text = Field::new(format!("{} {}", awkward::MARKUP, awkward::RIGHT_TO_LEFT));
        for problem in [
            ComposeProblem::SenderGone,
            ComposeProblem::ToInvalid,
            ComposeProblem::TemplateInvalid,
            ComposeProblem::LanguageInvalid,
            ComposeProblem::ParameterEmpty,
            ComposeProblem::TextTooLong,
        ] {
            form.refuse(Catalogue::get("en"), problem);
        }
        form
    }
}

impl Samples for ComposeFragment {
    fn samples() -> Vec<Self> {
        let shell = Shell::sample();
        let long = SenderOption { id: "3".to_owned(), name: awkward::long_name(), simulated: true };
        let trouble = Some("This account sends no more than 100 messages a day in its trial.".to_owned());
        let forms = [
            ComposeForm::sample(),
            ComposeForm::empty(String::new(), Vec::new()),
            ComposeForm::empty("k".to_owned(), vec![long]),
            ComposeForm::refused(ComposeKind::Template),
            ComposeForm::refused(ComposeKind::Text),
            ComposeForm { trouble, ..ComposeForm::sample() },
        ];
        forms.map(|form| Self { catalogue: shell.document.catalogue, messages: shell.messages(), form }).into()
    }
}

impl Samples for MessageSent {
    fn samples() -> Vec<Self> {
        let shell = Shell::sample();
        [MessageRow::sample(901), MessageRow::right_to_left(902), MessageRow::too_much(903)]
            .map(|row| Self {
                catalogue: shell.document.catalogue,
                messages: shell.messages(),
                form: ComposeForm::sample(),
                row,
            })
            .into()
    }
}
