//! The message templates of the account: what Meta's reviewers have approved.

use serde_json::{Value, json};

/// What a template is for, which decides its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    Marketing,
    Utility,
    /// Not a template: an answer inside the customer service window.
    Service,
}

impl Category {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Utility => "utility",
            Self::Service => "service",
        }
    }
}

/// The header of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    None,
    Text(&'static str),
    Image,
}

/// An approved template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TemplateDefinition {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) language: &'static str,
    pub(crate) category: Category,
    pub(crate) header: Header,
    pub(crate) body: &'static str,
    pub(crate) footer: Option<&'static str>,
    pub(crate) quick_replies: &'static [&'static str],
    /// Sample values of the header's variable and of the body's.
    header_sample: Option<&'static str>,
    body_samples: &'static [&'static str],
}

/// Every template of the account, in the order the list answers.
pub(crate) const TEMPLATES: &[TemplateDefinition] = &[
    TemplateDefinition {
        id: "1174567890123401",
        name: "hello_world",
        language: "en_US",
        category: Category::Utility,
        header: Header::Text("Hello World"),
        body: "Welcome and congratulations!! This message demonstrates your ability to send a WhatsApp message \
               notification from the Cloud API, hosted by Meta. Thank you for taking the time to test with us.",
        footer: Some("WhatsApp Business Platform sample message"),
        quick_replies: &[],
        header_sample: None,
        body_samples: &[],
    },
    TemplateDefinition {
        id: "1174567890123402",
        name: "order_update",
        language: "en_US",
        category: Category::Utility,
        header: Header::None,
        body: "Hello {{1}}, your order {{2}} is on its way.",
        footer: None,
        quick_replies: &[],
        header_sample: None,
        body_samples: &["Ana", "A-1042"],
    },
    TemplateDefinition {
        id: "1174567890123403",
        name: "appointment_reminder",
        language: "en",
        category: Category::Utility,
        header: Header::Text("Your appointment on {{1}}"),
        body: "Dear {{1}}, we expect you at {{2}}. Will you come?",
        footer: Some("Answer with one tap"),
        quick_replies: &["Confirm", "Call me"],
        header_sample: Some("Monday"),
        body_samples: &["Ana", "10:30"],
    },
    TemplateDefinition {
        id: "1174567890123404",
        name: "season_offer",
        language: "en_US",
        category: Category::Marketing,
        header: Header::Image,
        body: "Hi {{1}}, our winter menu is here. Book this week and the dessert is on us.",
        footer: Some("Reply STOP to hear no more of us"),
        quick_replies: &[],
        header_sample: Some("https://scontent.whatsapp.net/v/t61.29466-34/season_offer.png"),
        body_samples: &["Ana"],
    },
];

/// The template of that name and language.
pub(crate) fn find(name: &str, language: &str) -> Option<&'static TemplateDefinition> {
    TEMPLATES.iter().find(|template| template.name == name && template.language == language)
}

/// How many positional variables a text has.
pub(crate) fn variables(text: &str) -> usize {
    (1..).take_while(|n| text.contains(&format!("{{{{{n}}}}}"))).count()
}

/// The text with its variables filled in.
///
/// It goes through the text once, so that a value that looks like a variable stays what the sender wrote.
pub(crate) fn fill(text: &str, values: &[String]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            filled.push_str("{{");
            rest = after;
            continue;
        };
        let value = name.parse::<usize>().ok().and_then(|n| values.get(n.checked_sub(1)?));
        filled.push_str(value.map_or("", String::as_str));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

impl TemplateDefinition {
    /// The template as the management API shows it.
    pub(crate) fn to_json(self) -> Value {
        json!({
            "name": self.name,
            "parameter_format": "POSITIONAL",
            "components": self.components(),
            "language": self.language,
            "status": "APPROVED",
            "category": self.category.word().to_uppercase(),
            "id": self.id,
            "quality_score": {"score": "GREEN", "date": 1_758_754_645},
            "rejected_reason": "NONE",
        })
    }

    fn components(self) -> Vec<Value> {
        let mut components = Vec::new();
        match (self.header, self.header_sample) {
            (Header::None, _) => {}
            (Header::Text(text), None) => components.push(json!({"type": "HEADER", "format": "TEXT", "text": text})),
            (Header::Text(text), Some(sample)) => components.push(
                json!({"type": "HEADER", "format": "TEXT", "text": text, "example": {"header_text": [sample]}}),
            ),
            (Header::Image, sample) => components.push(
                json!({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [sample.unwrap_or_default()]}}),
            ),
        }
        components.push(if self.body_samples.is_empty() {
            json!({"type": "BODY", "text": self.body})
        } else {
            json!({"type": "BODY", "text": self.body, "example": {"body_text": [self.body_samples]}})
        });
        if let Some(footer) = self.footer {
            components.push(json!({"type": "FOOTER", "text": footer}));
        }
        if !self.quick_replies.is_empty() {
            let buttons: Vec<Value> =
                self.quick_replies.iter().map(|text| json!({"type": "QUICK_REPLY", "text": text})).collect();
            components.push(json!({"type": "BUTTONS", "buttons": buttons}));
        }
        components
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_once() {
        let values = ["{{2}}".to_owned(), "B".to_owned()];
        assert_eq!(fill("a {{1}} b {{2}} c {{", &values), "a {{2}} b B c {{");
        assert_eq!(variables("{{1}} and {{2}}"), 2);
        assert_eq!(variables("{{2}} alone"), 0);
    }

    #[test]
    fn samples_match_the_variables() {
        for template in TEMPLATES {
            assert_eq!(template.body_samples.len(), variables(template.body), "{}", template.name);
        }
    }
}
