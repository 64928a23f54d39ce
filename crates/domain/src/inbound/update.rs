//! Meta's `account_update`: what becomes of a business account as a whole.

use crate::time::Timestamp;

/// Something became of a business account; the companions that belong to the event are filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountUpdate {
    /// Meta's word: `ACCOUNT_RESTRICTION`, `DISABLED_UPDATE`, `PARTNER_REMOVED` and so on.
    pub event: String,
    /// The number it concerns, as the provider writes it.
    pub phone_number: Option<String>,
    /// The country the business belongs to from now on.
    pub country: Option<String>,
    /// The kind of violation, such as `ADULT`.
    pub violation: Option<String>,
    /// What can be done about the violation.
    pub remediation: Option<String>,
    /// What the account may not do for a while.
    pub restrictions: Vec<Restriction>,
    /// The steps of a ban: `SCHEDULE_FOR_DISABLE`, `DISABLE`, `REINSTATE`.
    pub ban_states: Vec<String>,
    /// When the ban begins or ended, in Meta's words: a date such as `April 17, 2025`.
    pub ban_date: Option<String>,
    /// When a lock ends.
    pub lock_expires_at: Option<Timestamp>,
    /// Why an account parted from us, such as `PRIMARY_INACTIVITY`.
    pub disconnection_reason: Option<String>,
    /// Who parted: `SYSTEM`, `BUSINESS` and so on.
    pub disconnection_by: Option<String>,
    /// Which account joined or left, and whose it is.
    pub business: Option<BusinessInfo>,
    /// The price level by volume.
    pub volume_tier: Option<VolumeTier>,
    /// Prices for authentication abroad.
    pub rate_eligibility: Option<RateEligibility>,
    /// A partner's certification.
    pub certification: Option<Certification>,
}

/// Something an account may not do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restriction {
    /// Such as `RESTRICTED_BIZ_INITIATED_MESSAGING`.
    pub kind: Option<String>,
    /// Until when; for ever if absent.
    pub expires_at: Option<Timestamp>,
    /// What can be done about it.
    pub remediation: Option<String>,
}

/// An account and those who share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BusinessInfo {
    /// The business account (WABA).
    pub account_id: Option<String>,
    /// The portfolio that owns it.
    pub owner_id: Option<String>,
    /// The partner's application.
    pub partner_app_id: Option<String>,
    /// The solution of several partners.
    pub solution_id: Option<String>,
    /// The partners of the solution.
    pub solution_partners: Vec<String>,
    /// The advertising account that was linked.
    pub ad_account_id: Option<String>,
}

/// A price level by volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeTier {
    /// Such as `UTILITY`.
    pub category: Option<String>,
    /// From and to, as `25000001:50000000`.
    pub tier: Option<String>,
    /// The month it holds for, as `2025-11`.
    pub month: Option<String>,
    /// The region it holds for.
    pub region: Option<String>,
    /// When it was reached.
    pub at: Option<Timestamp>,
}

/// From when messages for authentication are charged at international rates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateEligibility {
    /// From when.
    pub starts_at: Option<Timestamp>,
    /// Countries with a time of their own.
    pub exceptions: Vec<RateException>,
}

/// A country with a time of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateException {
    /// Two letters.
    pub country: Option<String>,
    /// From when.
    pub starts_at: Option<Timestamp>,
}

/// The certification of a partner's client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certification {
    /// The client's portfolio.
    pub client_id: Option<String>,
    /// Such as `APPROVED`.
    pub status: Option<String>,
    /// Why not.
    pub rejection_reasons: Vec<String>,
}
