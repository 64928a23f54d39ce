//! News about templates.

use domain::inbound::reader::Node;
use domain::inbound::{TemplateButton, TemplateEvent, TemplateNews};

/// Reads news about a template; `None` where the field is none of theirs.
///
/// Meta's page on quality prints the field name of the status: the members decide between the two.
pub(super) fn read(field: &str, value: Node<'_>) -> Option<TemplateEvent> {
    let news = match field {
        "message_template_status_update" | "message_template_quality_update" => {
            quality(value).or_else(|| status(value)).unwrap_or_default()
        }
        "message_template_components_update" => components(value),
        "template_category_update" => category(value),
        "template_correct_category_detection" => TemplateNews::Misuse {
            category: value.text("category").or_else(|| value.text("message_template_category")),
            correct: value.text("correct_category"),
        },
        _ => return None,
    };
    Some(TemplateEvent {
        id: value.text("message_template_id"),
        name: value.text("message_template_name"),
        language: value.text("message_template_language"),
        news,
    })
}

fn quality(value: Node<'_>) -> Option<TemplateNews> {
    let current = value.text("new_quality_score")?;
    Some(TemplateNews::Quality { previous: value.text("previous_quality_score"), current })
}

fn status(value: Node<'_>) -> Option<TemplateNews> {
    let (other, rejection) = (value.get("other_info"), value.get("rejection_info"));
    Some(TemplateNews::Status {
        event: value.text("event")?,
        reason: value.text("reason").filter(|reason| reason != "NONE"),
        category: value.text("message_template_category"),
        disable_date: value.get("disable_info").and_then(|info| info.text("disable_date")),
        title: other.and_then(|info| info.text("title")),
        description: other.and_then(|info| info.text("description")),
        rejection: rejection.and_then(|info| info.text("reason")),
        recommendation: rejection.and_then(|info| info.text("recommendation")),
    })
}

fn components(value: Node<'_>) -> TemplateNews {
    let button = |button: Node<'_>| TemplateButton {
        kind: button.text("message_template_button_type"),
        text: button.text("message_template_button_text"),
        url: button.text("message_template_button_url"),
        phone: button.text("message_template_button_phone_number"),
    };
    let buttons = value.list("message_template_buttons").into_iter().filter(|button| button.is_object());
    TemplateNews::Components {
        title: value.text("message_template_title"),
        element: value.text("message_template_element"),
        footer: value.text("message_template_footer"),
        buttons: buttons.map(button).collect(),
    }
}

/// In the notice before a change, `new_category` is the category now.
fn category(value: Node<'_>) -> TemplateNews {
    TemplateNews::Category {
        previous: value.text("previous_category"),
        current: value.text("new_category"),
        correct: value.text("correct_category"),
        changes_at: value.time("category_update_timestamp"),
    }
}
