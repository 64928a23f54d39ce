//! What each page shows: one context struct and one template per page, with samples that the tests render.
//!
//! Contexts hold values that are ready to be shown. They ask no database and no clock; templates compute nothing.
//! Every text comes from the [`Catalogue`] through [`Words`].

pub mod account_events;
pub mod badge;
pub mod bubble;
mod bubble_samples;
pub mod callbacks;
pub mod code;
pub mod compose;
pub mod error;
pub mod explain;
pub mod messages;
pub mod moment;
pub mod plan;
pub mod preview;
pub mod rich;
pub mod row;
pub mod scheduled;
pub mod senders;
pub mod shell;
pub mod sign_in;
pub mod status;
pub mod step;
pub mod templates;

use crate::assets;
use crate::catalogue::Catalogue;

/// What every template can say: `t(key)`, `tf(key, [(name, value)])` and the addresses of assets. Keys are literals.
pub trait Words {
    /// The texts of the viewer.
    fn catalogue(&self) -> &'static Catalogue;

    /// The text of a key.
    fn t(&self, key: &'static str) -> &'static str {
        self.catalogue().t(key)
    }

    /// The text of a key with its places filled.
    fn tf(&self, key: &'static str, values: &[(&str, &str)]) -> String {
        self.catalogue().tf(key, values)
    }

    /// The address of an asset.
    fn asset(&self, path: &str) -> String {
        assets::asset_url(path)
    }

    /// The address of the icon sheet.
    fn icons(&self) -> &'static str {
        assets::icons_url()
    }
}

/// A name in a sentence of another writing direction: wrapped in U+2068 and U+2069, so that neither turns the other.
fn isolated(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}

/// Example contexts of a page: usual, empty, too much, right to left, with errors. The tests render each, and people
/// look at them.
pub trait Samples: Sized {
    /// The examples, the usual one first.
    fn samples() -> Vec<Self>;
}

/// Content for samples that breaks careless pages.
pub(crate) mod awkward {
    /// Must never arrive in a page as markup.
    pub const MARKUP: &str = "<script>alert('\"&')</script>";
    /// Hebrew with a Latin word and a number in it.
    pub const RIGHT_TO_LEFT: &str = "יעל בן־דוד, חדר 512 (VIP)";

    /// A name of 500 characters, the first half without a place to break.
    pub fn long_name() -> String {
        "Donaudampfschifffahrtsgesellschaft"
            .repeat(8)
            .chars()
            .take(250)
            .chain(" of Haifa".repeat(28).chars().take(250))
            .collect()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
