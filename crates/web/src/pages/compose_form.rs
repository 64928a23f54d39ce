//! What the form sends becomes Meta's message object, and what is wrong with that goes back to the form's fields.
//!
//! There is one parser of messages, [`Draft::read`]; this is only another way to write its input.

use domain::draft::Draft;
use domain::fields::FieldError;
use domain::phone::Region;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::views::compose::{ComposeForm, ComposeKind, ComposeProblem, Field, SenderOption};

/// The fields as the browser sends them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub key: String,
    pub sender: String,
    pub to: String,
    pub kind: String,
    pub template: String,
    pub language: String,
    pub parameters: String,
    pub text: String,
}

/// Something is wrong with a field, or with what no field shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Field(ComposeProblem),
    Other(FieldError),
}

impl Typed {
    pub(super) fn kind(&self) -> ComposeKind {
        ComposeKind::parse(&self.kind)
    }

    /// The body of a send as programs write it.
    pub(super) fn to_body(&self) -> Value {
        let mut body = json!({"sender_id": self.sender.trim(), "to": self.to.trim()});
        if self.kind().is_text() {
            // Browsers send CR LF for every line end.
            let text = self.text.replace("\r\n", "\n");
            body["type"] = json!("text");
            body["text"] = json!({"body": text.trim_end()});
            return body;
        }
        let mut template = json!({"name": self.template.trim(), "language": {"code": self.language.trim()}});
        let parameters: Vec<Value> = self.values().iter().map(|text| json!({"type": "text", "text": text})).collect();
        if !parameters.is_empty() {
            template["components"] = json!([{"type": "body", "parameters": parameters}]);
        }
        body["type"] = json!("template");
        body["template"] = template;
        body
    }

    /// One value per line; lines at the end that say nothing are none.
    fn values(&self) -> Vec<&str> {
        self.parameters.trim_end().lines().map(str::trim).collect()
    }

    /// The message, or everything that is wrong. The parser stops at the first wrong field, so each is put right here
    /// in turn and the rest read again.
    pub(super) fn read(&self, region: Region) -> Result<Draft, Vec<Wrong>> {
        let mut probe = self.clone();
        let mut found = Vec::new();
        loop {
            let error = match Draft::read(&probe.to_body(), region) {
                Ok(draft) if found.is_empty() => return Ok(draft),
                Ok(_) => return Err(found),
                Err(error) => error,
            };
            let Some((problem, repaired)) = probe.place(&error) else {
                found.push(Wrong::Other(error));
                return Err(found);
            };
            found.push(Wrong::Field(problem));
            probe = repaired;
        }
    }

    /// The field an error is about, and the same form with that field right. `None` when no field is meant, or
    /// when that field is right already.
    fn place(&self, error: &FieldError) -> Option<(ComposeProblem, Self)> {
        use ComposeProblem as Problem;
        let is_empty = error.code == "empty";
        let mut right = self.clone();
        let (problem, field, example) = match error.field.as_str() {
            "sender_id" => (Problem::SenderMissing, &mut right.sender, "0"),
            "to" if self.to.trim().is_empty() => (Problem::ToMissing, &mut right.to, "+972545550128"),
            "to" => (Problem::ToInvalid, &mut right.to, "+972545550128"),
            "template.name" if is_empty => (Problem::TemplateMissing, &mut right.template, "x"),
            "template.name" => (Problem::TemplateInvalid, &mut right.template, "x"),
            "template.language.code" if is_empty => (Problem::LanguageMissing, &mut right.language, "en"),
            "template.language.code" => (Problem::LanguageInvalid, &mut right.language, "en"),
            "text.body" if is_empty => (Problem::TextMissing, &mut right.text, "x"),
            "text.body" if error.code == "too_long" => (Problem::TextTooLong, &mut right.text, "x"),
            field if field.starts_with("template.components") && is_empty => {
                (Problem::ParameterEmpty, &mut right.parameters, "")
            }
            field if field.starts_with("template.components") => (Problem::ParameterInvalid, &mut right.parameters, ""),
            _ => return None,
        };
        example.clone_into(field);
        (right != *self).then_some((problem, right))
    }

    /// The form as it goes back: what was typed, without anything wrong yet.
    pub(super) fn to_form(&self, key: String, senders: Vec<SenderOption>) -> ComposeForm {
        ComposeForm {
            key,
            senders,
            templates: Vec::new(),
            sender: Field::new(self.sender.as_str()),
            to: Field::new(self.to.as_str()),
            kind: self.kind(),
            template: Field::new(self.template.as_str()),
            language: Field::new(self.language.as_str()),
            parameters: Field::new(self.parameters.as_str()),
            text: Field::new(self.text.as_str()),
            trouble: None,
        }
    }
}

/// Hash of what a body says.
pub(super) fn fingerprint(body: &Value) -> String {
    hex::encode(Sha256::digest(body.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use domain::content::{Component, Content, Parameter, TEXT_CHARS_MAX};

    use super::*;

    fn template() -> Typed {
        let [key, sender, to] = ["k", "7", " 98765 43210 "].map(str::to_owned);
        let [kind, template, language] = ["template", " room_ready", "en "].map(str::to_owned);
        Typed {
            key,
            sender,
            to,
            kind,
            template,
            language,
            parameters: "Yael\r\n512\r\n\r\n".to_owned(),
            text: "x".to_owned(),
        }
    }

    fn text(text: &str) -> Typed {
        Typed { kind: "text".to_owned(), text: text.to_owned(), template: String::new(), ..template() }
    }

    fn wrong(typed: &Typed) -> Vec<Wrong> {
        typed.read(Region::INDIA).expect_err("something is wrong")
    }

    #[test]
    fn a_form_is_what_a_program_sends() {
        let draft = template().read(Region::INDIA).expect("well formed");
        assert_eq!((draft.sender.0, draft.to.value()), (7, "+919876543210"));
        let Content::Template(sent) = draft.content else { panic!("no template") };
        assert_eq!((sent.name(), sent.language()), ("room_ready", "en"));
        let value = |text: &str| Parameter::Text { text: text.to_owned(), name: None };
        assert_eq!(sent.components(), [Component::Body(vec![value("Yael"), value("512")])]);

        let draft = text("Hello\r\n\r\nYael\r\n").read(Region::INDIA).expect("well formed");
        assert_eq!(draft.content, Content::Text { body: "Hello\n\nYael".to_owned(), preview_url: None });
    }

    #[test]
    fn a_template_without_places_has_no_components() {
        let typed = Typed { parameters: " \r\n\r\n".to_owned(), ..template() };
        assert_eq!(typed.to_body()["template"], json!({"name": "room_ready", "language": {"code": "en"}}));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        use ComposeProblem as Problem;
        let nothing = Typed { kind: "template".to_owned(), ..Typed::default() };
        let missing = [Problem::SenderMissing, Problem::ToMissing, Problem::TemplateMissing, Problem::LanguageMissing];
        assert_eq!(wrong(&nothing), missing.map(Wrong::Field));
        let [to, template_name, language, parameters] =
            ["054", "Room Ready", "English (United States)", "Yael\n\n512"].map(str::to_owned);
        let typed = Typed { to, template: template_name, language, parameters, ..template() };
        let invalid = [Problem::ToInvalid, Problem::TemplateInvalid, Problem::LanguageInvalid, Problem::ParameterEmpty];
        assert_eq!(wrong(&typed), invalid.map(Wrong::Field));
    }

    #[test]
    fn texts_have_their_limits() {
        use ComposeProblem as Problem;
        assert_eq!(wrong(&text(" \r\n")), [Wrong::Field(Problem::TextMissing)]);
        assert_eq!(wrong(&text(&"é".repeat(TEXT_CHARS_MAX + 1))), [Wrong::Field(Problem::TextTooLong)]);
        assert!(text(&"é".repeat(TEXT_CHARS_MAX)).read(Region::INDIA).is_ok());
        for parameters in ["a\tb", "a     b", &"é".repeat(1025)] {
            let typed = Typed { parameters: parameters.to_owned(), ..template() };
            assert_eq!(wrong(&typed), [Wrong::Field(Problem::ParameterInvalid)], "{parameters}");
        }
        assert!(matches!(wrong(&text("a\0b")).as_slice(), [Wrong::Other(error)] if error.code == "invalid_text"));
    }

    #[test]
    fn the_fingerprint_is_of_what_is_sent() {
        let print = |typed: &Typed| fingerprint(&typed.to_body());
        let usual = print(&template());
        // Another form that says the same: another key, what the hidden half of the form still holds.
        assert_eq!(print(&Typed { key: "other".to_owned(), text: "y".to_owned(), ..template() }), usual);
        assert_ne!(print(&Typed { parameters: "Yael\n513".to_owned(), ..template() }), usual);
        assert_ne!(print(&text("x")), usual);
    }

    #[test]
    fn what_was_typed_comes_back() {
        let typed = template();
        let form = typed.to_form("next".to_owned(), Vec::new());
        assert_eq!((form.key.as_str(), form.to.value.as_str()), ("next", " 98765 43210 "));
        assert_eq!((form.kind, form.parameters.value.as_str()), (ComposeKind::Template, "Yael\r\n512\r\n\r\n"));
        assert!(!form.is_refused());
    }
}
