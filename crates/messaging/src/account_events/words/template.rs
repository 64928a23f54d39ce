//! What becomes of templates.

use domain::inbound::{TemplateEvent, TemplateNews};
use store::account_event::Severity::{Critical, Info, Warning};

use super::{Words, quote};

pub(super) fn describe(template: &TemplateEvent) -> Words {
    let name = name(template);
    match &template.news {
        TemplateNews::Status { .. } => of_status(&name, &template.news),
        TemplateNews::Quality { current, .. } => of_quality(&name, current),
        TemplateNews::Components { .. } => {
            Words::new("COMPONENTS", Info, format!("{} has new contents.", first(&name)))
        }
        TemplateNews::Category { .. } => of_category(&name, &template.news),
        TemplateNews::Misuse { category, correct } => {
            let (now, right) = (category.as_deref().unwrap_or("another"), correct.as_deref().unwrap_or("another"));
            Words::new(
                "MISUSE",
                Warning,
                format!("WhatsApp thinks that {name} has the wrong category: {}, not {}.", quote(right), quote(now)),
            )
            .helps("Move what is not about an order, a booking or the like into a marketing template; repeated misuse is punished.")
        }
        TemplateNews::Unread => Words::new("TEMPLATE", Info, format!("WhatsApp reported about {name}.")),
    }
}

fn name(template: &TemplateEvent) -> String {
    let name = template.name.as_ref().or(template.id.as_ref());
    let name = name.map_or_else(|| "a template".to_owned(), |name| format!("the template {}", quote(name)));
    template
        .language
        .as_deref()
        .map_or_else(|| name.clone(), |language| format!("{name} ({})", quote(&language.replace('-', "_"))))
}

/// At the beginning of a sentence.
fn first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|letter| letter.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn of_status(name: &str, news: &TemplateNews) -> Words {
    let TemplateNews::Status { event, reason, title, description, rejection, recommendation, disable_date, .. } = news
    else {
        return Words::new("TEMPLATE", Info, format!("WhatsApp reported about {name}."));
    };
    let said = rejection.as_ref().or(description.as_ref()).or(reason.as_ref());
    let said = said.map_or_else(String::new, |text| format!(" WhatsApp says: {}", quote(text)));
    let date = disable_date.as_deref().map_or_else(String::new, |date| format!(" ({})", quote(date)));
    let name = first(name);
    let advice = |ours: &str| recommendation.as_deref().map_or_else(|| ours.to_owned(), quote);
    let words = |severity, text: &str| Words::new(event, severity, format!("{name} {text}{said}"));
    match event.as_str() {
        "APPROVED" if title.as_deref() == Some("UNPAUSE") => words(Info, "is not paused any more."),
        "APPROVED" => words(Info, "was approved and can be sent."),
        "REJECTED" => words(Warning, "was rejected.")
            .helps(advice("Change the template and submit it again, or ask for a review.")),
        "PAUSED" => words(
            Warning,
            &format!("is paused{}: people did not like it, and it cannot be sent.", pause(title.as_deref())),
        )
        .helps(advice("Send it to people who expect it, or change its words, before it is disabled for good.")),
        "DISABLED" => words(Critical, &format!("was disabled{date} and cannot be sent any more."))
            .helps(advice("Make a new template with other words; messages that name this one are refused.")),
        "FLAGGED" => words(Warning, &format!("is at risk of being disabled{date}."))
            .helps(advice("Send it to people who expect it, or change its words.")),
        "REINSTATED" => words(Info, "is not at risk any more."),
        "PENDING" => words(Info, "is being reviewed."),
        "IN_APPEAL" => words(Info, "is being reviewed once more."),
        "PENDING_DELETION" => words(Warning, "is being deleted and cannot be sent any more.")
            .helps("Its name is free again after 30 days; use another one until then."),
        "DELETED" => words(Warning, "was deleted.")
            .helps("If nobody of yours deleted it, look who has access in Business settings."),
        "LIMIT_EXCEEDED" => words(Warning, "was not made: the business account has as many templates as it may have.")
            .helps("Delete templates that are not used any more."),
        "ARCHIVED" => words(Info, "was put into the archive."),
        "UNARCHIVED" => words(Info, "was taken out of the archive."),
        "LOCKED" => words(Info, "cannot be edited any more."),
        other => words(Info, &format!("has the status {} now.", quote(other))),
    }
}

fn pause(title: Option<&str>) -> &'static str {
    match title {
        Some("FIRST_PAUSE") => " for three hours, for the first time",
        Some("SECOND_PAUSE") => " for six hours, for the second time",
        Some("RATE_LIMITING_PAUSE") => " for a while",
        _ => "",
    }
}

fn of_quality(name: &str, current: &str) -> Words {
    let name = first(name);
    match current {
        "GREEN" => Words::new(current, Info, format!("{name} has good quality now.")),
        "YELLOW" => Words::new(
            current,
            Warning,
            format!("{name} has middling quality now: people begin to block or report it."),
        )
        .helps("Send it to people who expect it, or change its words."),
        "RED" => Words::new(current, Warning, format!("{name} has low quality now and may be paused soon."))
            .helps("Stop sending it to people who did not ask for it, and change its words."),
        other => Words::new(current, Info, format!("{name} has the quality {} now.", quote(other))),
    }
}

/// In the notice before the change, `current` is the category as it still is.
fn of_category(name: &str, news: &TemplateNews) -> Words {
    let TemplateNews::Category { previous, current, correct, changes_at } = news else {
        return Words::new("CATEGORY", Info, format!("The category of {name} was reported about."));
    };
    let helps = "Check what it costs; a review of the category can be asked for in WhatsApp Manager for 60 days.";
    if let Some(correct) = correct {
        let when = changes_at.map_or_else(|| "soon".to_owned(), |at| format!("on {}", at.utc_day()));
        let text = format!("The category of {name} becomes {} {when}, and its price changes.", quote(correct));
        return Words::new("CATEGORY", Warning, text).helps(helps);
    }
    let now = current.as_deref().unwrap_or("another one");
    let before = previous.as_deref().map_or_else(String::new, |previous| format!(", it was {}", quote(previous)));
    let text = format!("The category of {name} is {} now{before}.", quote(now));
    if now == "MARKETING" {
        Words::new("CATEGORY", Warning, text).helps(helps)
    } else {
        Words::new("CATEGORY", Info, text)
    }
}
