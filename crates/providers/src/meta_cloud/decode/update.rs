//! `account_update`: the event and its companions.

use domain::inbound::reader::Node;
use domain::inbound::{
    AccountUpdate, BusinessInfo, Certification, RateEligibility, RateException, Restriction, VolumeTier,
};

pub(super) fn read(value: Node<'_>) -> Option<AccountUpdate> {
    let (violation, ban) = (value.get("violation_info"), value.get("ban_info"));
    let disconnection = value.get("disconnection_info");
    Some(AccountUpdate {
        event: value.text("event")?,
        phone_number: value.text("phone_number").or_else(|| value.text("display_phone_number")),
        country: value.text("country"),
        violation: violation.and_then(|info| info.text("violation_type")),
        remediation: violation.and_then(|info| info.text("remediation")),
        restrictions: objects(value, "restriction_info").into_iter().map(restriction).collect(),
        ban_states: ban.map(|info| info.texts("waba_ban_state")).unwrap_or_default(),
        ban_date: ban.and_then(|info| info.text("waba_ban_date")),
        lock_expires_at: value.get("lock_info").and_then(|info| info.time("expiration")),
        disconnection_reason: disconnection.and_then(|info| info.text("reason")),
        disconnection_by: disconnection.and_then(|info| info.text("initiated_by")),
        business: value.get("waba_info").map(business).filter(|info| *info != BusinessInfo::default()),
        volume_tier: value.get("volume_tier_info").map(tier).filter(|info| *info != VolumeTier::default()),
        rate_eligibility: value
            .get("auth_international_rate_eligibility")
            .map(eligibility)
            .filter(|info| *info != RateEligibility::default()),
        certification: value
            .get("partner_client_certification_info")
            .map(certification)
            .filter(|info| *info != Certification::default()),
    })
}

fn objects<'v>(parent: Node<'v>, list: &str) -> Vec<Node<'v>> {
    parent.list(list).into_iter().filter(|element| element.is_object()).collect()
}

fn restriction(info: Node<'_>) -> Restriction {
    Restriction {
        kind: info.text("restriction_type"),
        expires_at: info.time("expiration"),
        remediation: info.text("remediation"),
    }
}

fn business(info: Node<'_>) -> BusinessInfo {
    BusinessInfo {
        account_id: info.text("waba_id"),
        owner_id: info.text("owner_business_id"),
        partner_app_id: info.text("partner_app_id"),
        solution_id: info.text("solution_id"),
        solution_partners: info.texts("solution_partner_business_ids"),
        ad_account_id: info.text("ad_account_linked").or_else(|| info.text("ad_account_id")),
    }
}

fn tier(info: Node<'_>) -> VolumeTier {
    VolumeTier {
        category: info.text("pricing_category"),
        tier: info.text("tier"),
        month: info.text("effective_month"),
        region: info.text("region"),
        at: info.time("tier_update_time"),
    }
}

fn eligibility(info: Node<'_>) -> RateEligibility {
    let exception =
        |info: Node<'_>| RateException { country: info.text("country_code"), starts_at: info.time("start_time") };
    RateEligibility {
        starts_at: info.time("start_time"),
        exceptions: objects(info, "exception_countries").into_iter().map(exception).collect(),
    }
}

fn certification(info: Node<'_>) -> Certification {
    Certification {
        client_id: info.text("client_business_id"),
        status: info.text("status"),
        rejection_reasons: info.texts("rejection_reasons"),
    }
}
