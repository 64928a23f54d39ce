//! What becomes of a business account as a whole.

use domain::inbound::{AccountUpdate, AlertDetails, Restriction};
use store::account_event::Severity::{self, Critical, Info, Warning};

use super::{Words, quote};

const APPEAL: &str =
    "Open the account in WhatsApp Manager under Account quality, read the reason, and ask for a review.";

pub(super) fn of_update(update: &AccountUpdate) -> Words {
    let event = update.event.as_str();
    let who = update.business.as_ref().and_then(|business| business.account_id.as_deref());
    let account =
        who.map_or_else(|| "The business account".to_owned(), |id| format!("The business account {}", quote(id)));
    let parted = update.disconnection_reason.as_deref().map_or_else(String::new, |r| format!(" Reason: {}.", quote(r)));
    match event {
        "ACCOUNT_DELETED" => {
            Words::new(event, Critical, "The business account was deleted. Nothing can be sent with it.")
                .helps("If nobody of yours deleted it, ask Meta's support; otherwise connect another account.")
        }
        "ACCOUNT_VIOLATION" => of_violation(update),
        "ACCOUNT_RESTRICTION" => of_restriction(&update.restrictions),
        "DISABLED_UPDATE" => of_ban(update),
        "PARTNER_ADDED" => Words::new(event, Info, format!("{account} was shared with this application.")),
        "PARTNER_APP_INSTALLED" => Words::new(event, Info, format!("{account} gave this application access.")),
        "PARTNER_REMOVED" => {
            Words::new(event, Critical, format!("{account} is not shared with this application any more.{parted}"))
                .helps("Connect the number again, if it should go on sending from here.")
        }
        "PARTNER_APP_UNINSTALLED" => {
            Words::new(event, Critical, format!("{account} took this application's access away.{parted}"))
                .helps("Connect the account again, if it should go on sending from here.")
        }
        "ACCOUNT_OFFBOARDED" => Words::new(event, Critical, format!("{account} was disconnected.{parted}"))
            .helps("Open the WhatsApp Business app on the phone of the number, then connect it again."),
        "ACCOUNT_RECONNECTED" => Words::new(event, Info, format!("{account} is connected again.")),
        _ => of_terms(update),
    }
}

fn of_violation(update: &AccountUpdate) -> Words {
    let kind = update
        .violation
        .as_deref()
        .map_or_else(|| "a policy".to_owned(), |kind| format!("the policy on {}", quote(kind)));
    let remedy = update.remediation.as_deref().map_or_else(|| APPEAL.to_owned(), quote);
    Words::new(&update.event, Warning, format!("WhatsApp says that the business account broke {kind}.")).helps(remedy)
}

fn of_restriction(restrictions: &[Restriction]) -> Words {
    let each: Vec<String> = restrictions
        .iter()
        .map(|restriction| {
            let what = match restriction.kind.as_deref() {
                Some("RESTRICTED_BIZ_INITIATED_MESSAGING") => "writing to people first".to_owned(),
                Some("RESTRICTED_CUSTOMER_INITIATED_MESSAGING") => "answering people".to_owned(),
                Some("RESTRICTED_ADD_PHONE_NUMBER_ACTION") => "adding numbers".to_owned(),
                Some(other) => quote(other),
                None => "something".to_owned(),
            };
            restriction.expires_at.map_or_else(|| what.clone(), |at| format!("{what} (until {})", at.utc_day()))
        })
        .collect();
    let what = if each.is_empty() { "something".to_owned() } else { each.join(", ") };
    let remedy = restrictions.iter().find_map(|restriction| restriction.remediation.as_deref());
    Words::new("ACCOUNT_RESTRICTION", Critical, format!("WhatsApp restricted the business account: {what}."))
        .helps(remedy.map_or_else(|| APPEAL.to_owned(), quote))
}

fn of_ban(update: &AccountUpdate) -> Words {
    let date = update.ban_date.as_deref().map_or_else(String::new, |date| format!(" ({})", quote(date)));
    let event = &update.event;
    match update.ban_states.last().map(String::as_str) {
        Some("SCHEDULE_FOR_DISABLE") => {
            Words::new(event, Critical, format!("WhatsApp will disable the business account{date}.")).helps(APPEAL)
        }
        Some("DISABLE") => {
            Words::new(event, Critical, format!("WhatsApp disabled the business account{date}. Nothing can be sent."))
                .helps(APPEAL)
        }
        Some("REINSTATE") => Words::new(event, Info, format!("The business account works again{date}.")),
        Some(other) => Words::new(event, Warning, format!("WhatsApp reported the ban state `{}`{date}.", quote(other)))
            .helps(APPEAL),
        None => Words::new(event, Warning, format!("WhatsApp reported about a ban{date}.")).helps(APPEAL),
    }
}

/// Prices, papers and links.
fn of_terms(update: &AccountUpdate) -> Words {
    let event = update.event.as_str();
    match event {
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE" => {
            let certification = update.certification.clone().unwrap_or_default();
            let status = certification.status.unwrap_or_else(|| "unknown".to_owned());
            let words = format!("The certification has the status {} now.", quote(&status));
            if certification.rejection_reasons.is_empty() {
                return Words::new(event, Info, words);
            }
            let reasons = quote(&certification.rejection_reasons.join(", "));
            Words::new(event, Warning, format!("{words} Reasons: {reasons}."))
                .helps("Correct what is named and submit it again.")
        }
        "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE" => {
            let from = update.rate_eligibility.as_ref().and_then(|rates| rates.starts_at);
            let from = from.map_or_else(String::new, |at| format!(" from {}", at.utc_day()));
            Words::new(
                event,
                Warning,
                format!("Sign-in codes to other countries are charged at international rates{from}."),
            )
            .helps("Check the price list before the next campaign of sign-in codes abroad.")
        }
        "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE" => {
            let country = update.country.as_deref().unwrap_or("another country");
            Words::new(event, Info, format!("The business belongs to {} now.", quote(country)))
        }
        "VOLUME_BASED_PRICING_TIER_UPDATE" => {
            let tier = update.volume_tier.clone().unwrap_or_default();
            let category = tier.category.unwrap_or_else(|| "its".to_owned());
            Words::new(
                event,
                Info,
                format!("The business reached another price level for {} messages.", quote(&category)),
            )
        }
        "AD_ACCOUNT_LINKED" => Words::new(event, Info, "An advertising account was linked."),
        "MM_LITE_TERMS_SIGNED" => Words::new(event, Info, "The terms of the Marketing Messages API were accepted."),
        other => Words::new(event, Info, format!("WhatsApp reported `{}` about the business account.", quote(other))),
    }
}

pub(super) fn of_alert(alert: &AlertDetails) -> Words {
    let kind = alert.kind.as_deref().unwrap_or("ALERT");
    let told = alert.severity.as_deref();
    let (usual, words, remedy) = match kind {
        "OBA_APPROVED" => (Info, "The number is an official business account now.", None),
        "OBA_REJECTED" => (
            Warning,
            "The number does not become an official business account.",
            Some("You can ask again in WhatsApp Manager after 30 days."),
        ),
        "PROFILE_PICTURE_LOST" => {
            (Warning, "The profile picture of the number was lost.", Some("Upload it again in WhatsApp Manager."))
        }
        "INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED" => {
            (Info, "The decision about a higher messaging limit was put off.", None)
        }
        "INCREASED_CAPABILITIES_ELIGIBILITY_FAILED" => (
            Warning,
            "The business does not get a higher messaging limit.",
            Some("Send messages people want, and ask again later."),
        ),
        "INCREASED_CAPABILITIES_ELIGIBILITY_NEED_MORE_INFO" => (
            Warning,
            "WhatsApp needs to know more before it raises the messaging limit.",
            Some("Open WhatsApp Manager and give what is asked for."),
        ),
        _ => (Info, "WhatsApp made an alert.", None),
    };
    // What is over does not call anybody.
    let severity = if alert.status.as_deref() == Some("NONE") { Info } else { severity(told).unwrap_or(usual) };
    let said = alert.description.as_deref().map_or_else(String::new, |text| format!(" WhatsApp says: {}", quote(text)));
    let described = Words::new(kind, severity, format!("{words}{said}"));
    match remedy {
        Some(remedy) => described.helps(remedy),
        None if severity > Info => described.helps("Open WhatsApp Manager and look what is asked for."),
        None => described,
    }
}

fn severity(told: Option<&str>) -> Option<Severity> {
    match told? {
        "CRITICAL" => Some(Critical),
        "WARNING" => Some(Warning),
        "INFORMATIONAL" | "INFO" => Some(Info),
        _ => None,
    }
}

pub(super) fn of_review(decision: &str) -> Words {
    match decision {
        "APPROVED" => Words::new(decision, Info, "The business account passed its review."),
        "REJECTED" => Words::new(decision, Critical, "The business account did not pass its review.").helps(APPEAL),
        "PENDING" => Words::new(decision, Info, "The business account is being reviewed."),
        "DEFERRED" => Words::new(decision, Warning, "The review of the business account was put off.")
            .helps("Complete the business verification in Business settings."),
        other => Words::new(decision, Info, format!("The review of the business account says `{}`.", quote(other))),
    }
}
