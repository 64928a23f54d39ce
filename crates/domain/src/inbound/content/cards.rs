//! Contact cards.

use serde_json::Value;

use super::super::reader::Node;
use super::super::write::Members;

/// A contact card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// The name; at times there is none.
    pub name: CardName,
    /// Telephone numbers.
    pub phones: Vec<CardPhone>,
    /// Mail addresses.
    pub emails: Vec<CardEntry>,
    /// Pages.
    pub urls: Vec<CardEntry>,
    /// Postal addresses.
    pub addresses: Vec<CardAddress>,
    /// The company.
    pub company: Option<String>,
    /// The department there.
    pub department: Option<String>,
    /// The title there.
    pub title: Option<String>,
    /// `YYYY-MM-DD`.
    pub birthday: Option<String>,
    /// The whole card in vCard's own format, for a shared number.
    pub vcard: Option<String>,
}

/// The name on a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardName {
    /// As shown.
    pub formatted: Option<String>,
    /// First name.
    pub first: Option<String>,
    /// Last name.
    pub last: Option<String>,
    /// Middle name.
    pub middle: Option<String>,
    /// Before the name.
    pub prefix: Option<String>,
    /// After the name.
    pub suffix: Option<String>,
}

/// A number on a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardPhone {
    /// As written on the card.
    pub phone: Option<String>,
    /// Its WhatsApp number in digits, if it has one.
    pub wa_id: Option<String>,
    /// The person's business-scoped user id.
    pub user_id: Option<String>,
    /// `CELL`, `HOME`, `WORK`.
    pub kind: Option<String>,
}

/// A mail address or page on a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardEntry {
    /// The address.
    pub value: Option<String>,
    /// `HOME`, `WORK`.
    pub kind: Option<String>,
}

/// A postal address on a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardAddress {
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Postal code.
    pub zip: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// Country in two letters.
    pub country_code: Option<String>,
    /// `HOME`, `WORK`.
    pub kind: Option<String>,
}

impl Card {
    pub(super) fn read(card: Node<'_>) -> Option<Self> {
        let org = card.get("org");
        let entries = |list: &str, key: &str| {
            let read = |entry: &Node<'_>| CardEntry { value: entry.text(key), kind: entry.text("type") };
            card.list(list).iter().filter(|entry| entry.is_object()).map(read).collect()
        };
        card.is_object().then(|| Self {
            name: card.get("name").map(CardName::read).unwrap_or_default(),
            phones: card.list("phones").into_iter().filter(|phone| phone.is_object()).map(CardPhone::read).collect(),
            emails: entries("emails", "email"),
            urls: entries("urls", "url"),
            addresses: card.list("addresses").into_iter().filter(|a| a.is_object()).map(CardAddress::read).collect(),
            company: org.and_then(|org| org.text("company")),
            department: org.and_then(|org| org.text("department")),
            title: org.and_then(|org| org.text("title")),
            birthday: card.text("birthday"),
            vcard: card.text("vcard"),
        })
    }

    pub(super) fn value(&self) -> Value {
        let entries = |entries: &[CardEntry], key: &str| {
            let value = |entry: &CardEntry| {
                Members::default().put(key, entry.value.clone()).put("type", entry.kind.clone()).value()
            };
            entries.iter().map(value).collect()
        };
        let org = Members::default()
            .put("company", self.company.clone())
            .put("department", self.department.clone())
            .put("title", self.title.clone());
        Members::default()
            .object("name", self.name.members())
            .list("phones", self.phones.iter().map(CardPhone::value).collect())
            .list("emails", entries(&self.emails, "email"))
            .list("urls", entries(&self.urls, "url"))
            .list("addresses", self.addresses.iter().map(CardAddress::value).collect())
            .object("org", org)
            .put("birthday", self.birthday.clone())
            .put("vcard", self.vcard.clone())
            .value()
    }

    /// The name, or what else says whose card it is.
    #[must_use]
    pub fn shown_name(&self) -> Option<String> {
        let name = self.name.formatted.clone().or_else(|| self.name.first.clone()).or_else(|| self.company.clone());
        name.or_else(|| self.phones.first().and_then(|phone| phone.phone.clone()))
    }
}

impl CardName {
    fn read(name: Node<'_>) -> Self {
        Self {
            formatted: name.text("formatted_name"),
            first: name.text("first_name"),
            last: name.text("last_name"),
            middle: name.text("middle_name"),
            prefix: name.text("prefix"),
            suffix: name.text("suffix"),
        }
    }

    fn members(&self) -> Members {
        Members::default()
            .put("formatted_name", self.formatted.clone())
            .put("first_name", self.first.clone())
            .put("last_name", self.last.clone())
            .put("middle_name", self.middle.clone())
            .put("prefix", self.prefix.clone())
            .put("suffix", self.suffix.clone())
    }
}

impl CardPhone {
    fn read(phone: Node<'_>) -> Self {
        Self {
            phone: phone.text("phone"),
            wa_id: phone.text("wa_id"),
            user_id: phone.text("user_id"),
            kind: phone.text("type"),
        }
    }

    fn value(&self) -> Value {
        Members::default()
            .put("phone", self.phone.clone())
            .put("wa_id", self.wa_id.clone())
            .put("user_id", self.user_id.clone())
            .put("type", self.kind.clone())
            .value()
    }
}

impl CardAddress {
    fn read(address: Node<'_>) -> Self {
        Self {
            street: address.text("street"),
            city: address.text("city"),
            state: address.text("state"),
            zip: address.text("zip"),
            country: address.text("country"),
            country_code: address.text("country_code"),
            kind: address.text("type"),
        }
    }

    fn value(&self) -> Value {
        Members::default()
            .put("street", self.street.clone())
            .put("city", self.city.clone())
            .put("state", self.state.clone())
            .put("zip", self.zip.clone())
            .put("country", self.country.clone())
            .put("country_code", self.country_code.clone())
            .put("type", self.kind.clone())
            .value()
    }
}
