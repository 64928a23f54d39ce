//! Badges for the words of providers: what is known has a name and a colour here, what is not shows as it came.

use crate::catalogue::Catalogue;

/// A word in a coloured box, with an icon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// What it says.
    pub text: String,
    /// Its `data-tone`.
    pub tone: &'static str,
    /// Its icon.
    pub icon: &'static str,
}

/// The provider's word, the key of its name, tone and icon.
type Known = (&'static str, &'static str, &'static str, &'static str);

const QUALITY: [Known; 3] = [
    ("GREEN", "quality.green", "good", "check"),
    ("YELLOW", "quality.yellow", "warn", "info"),
    ("RED", "quality.red", "bad", "failed"),
];

const NUMBER_STATUS: [Known; 10] = [
    ("CONNECTED", "number_status.connected", "good", "check"),
    ("PENDING", "number_status.pending", "warn", "clock"),
    ("UNVERIFIED", "number_status.unverified", "warn", "clock"),
    ("RATE_LIMITED", "number_status.rate_limited", "warn", "pace"),
    ("FLAGGED", "number_status.flagged", "warn", "info"),
    ("RESTRICTED", "number_status.restricted", "bad", "lock"),
    ("BANNED", "number_status.banned", "bad", "stop"),
    ("DISCONNECTED", "number_status.disconnected", "bad", "failed"),
    ("MIGRATED", "number_status.migrated", "bad", "failed"),
    ("DELETED", "number_status.deleted", "bad", "trash"),
];

const TEMPLATE_STATUS: [Known; 13] = [
    ("APPROVED", "template_status.approved", "good", "check"),
    ("PENDING", "template_status.pending", "info", "clock"),
    ("IN_APPEAL", "template_status.in_appeal", "info", "clock"),
    ("FLAGGED", "template_status.flagged", "warn", "info"),
    ("PAUSED", "template_status.paused", "warn", "pause"),
    ("REJECTED", "template_status.rejected", "bad", "failed"),
    ("DISABLED", "template_status.disabled", "bad", "stop"),
    ("PENDING_DELETION", "template_status.pending_deletion", "warn", "trash"),
    ("DELETED", "template_status.deleted", "", "trash"),
    ("LIMIT_EXCEEDED", "template_status.limit_exceeded", "bad", "failed"),
    ("ARCHIVED", "template_status.archived", "", "document"),
    ("UNARCHIVED", "template_status.unarchived", "good", "check"),
    ("LOCKED", "template_status.locked", "info", "lock"),
];

const CATEGORY: [Known; 3] = [
    ("MARKETING", "category.marketing", "", "campaign"),
    ("UTILITY", "category.utility", "", "wrench"),
    ("AUTHENTICATION", "category.authentication", "", "key"),
];

impl Badge {
    /// A number's or a template's quality. `UNKNOWN` and `NA` say that nobody has judged it yet.
    #[must_use]
    pub fn quality(word: Option<&str>, catalogue: &Catalogue) -> Self {
        let word = word.filter(|word| !["UNKNOWN", "NA"].contains(word));
        let none = || Self { text: catalogue.t("quality.none").to_owned(), tone: "", icon: "help" };
        word.map_or_else(none, |word| Self::of(&QUALITY, word, catalogue))
    }

    /// How a number stands.
    #[must_use]
    pub fn number_status(word: &str, catalogue: &Catalogue) -> Self {
        Self::of(&NUMBER_STATUS, word, catalogue)
    }

    /// How a template stands.
    #[must_use]
    pub fn template_status(word: Option<&str>, catalogue: &Catalogue) -> Self {
        let none = || Self { text: catalogue.t("template_status.none").to_owned(), tone: "", icon: "help" };
        word.map_or_else(none, |word| Self::of(&TEMPLATE_STATUS, word, catalogue))
    }

    /// What a template is for.
    #[must_use]
    pub fn category(word: &str, catalogue: &Catalogue) -> Self {
        Self::of(&CATEGORY, word, catalogue)
    }

    fn of(known: &[Known], word: &str, catalogue: &Catalogue) -> Self {
        match known.iter().find(|(known, ..)| *known == word) {
            Some((_, key, tone, icon)) => Self { text: catalogue.t(key).to_owned(), tone, icon },
            None => Self { text: word.to_owned(), tone: "", icon: "help" },
        }
    }
}

/// A word that a list can be narrowed to, with the key of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As in addresses.
    pub word: &'static str,
    /// Key of its name.
    pub key: &'static str,
}

/// The statuses a list of templates can be narrowed to.
#[must_use]
pub fn template_statuses() -> Vec<Choice> {
    TEMPLATE_STATUS.iter().map(|(word, key, ..)| Choice { word, key }).collect()
}

/// The categories a list of templates can be narrowed to.
#[must_use]
pub fn categories() -> Vec<Choice> {
    CATEGORY.iter().map(|(word, key, ..)| Choice { word, key }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_nobody_knows_show_as_they_came() {
        let catalogue = Catalogue::get("en");
        assert_eq!(Badge::number_status("CONNECTED", catalogue).tone, "good");
        let odd = Badge::number_status("HIBERNATING", catalogue);
        assert_eq!((odd.text.as_str(), odd.tone), ("HIBERNATING", ""));
        assert_eq!(Badge::quality(Some("NA"), catalogue), Badge::quality(None, catalogue));
        assert_eq!(Badge::template_status(Some("PAUSED"), catalogue).tone, "warn");
    }

    #[test]
    fn every_word_has_a_name() {
        let catalogue = Catalogue::get("en");
        for (word, key, ..) in QUALITY.iter().chain(&NUMBER_STATUS).chain(&TEMPLATE_STATUS).chain(&CATEGORY) {
            assert_ne!(catalogue.t(key), *key, "{word}");
        }
    }
}
