//! What a template looks like on a phone, with the places of its variables.

/// A piece of a text: words, or the place of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// Whether it is the place of a variable.
    pub is_variable: bool,
}

/// Takes a text apart at its variables, `{{1}}` or `{{name}}`.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut put = |text: &str, is_variable| {
        if !text.is_empty() {
            found.push(Piece { text: text.to_owned(), is_variable });
        }
    };
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else { break };
        put(before, false);
        put(&format!("{{{{{name}}}}}"), true);
        rest = after;
    }
    put(rest, false);
    found
}

/// What stands above the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviewHeader {
    /// A line of text.
    Text(Vec<Piece>),
    /// A picture, a film and so on: the key of its name, and its icon.
    Media {
        /// Key of its name.
        key: &'static str,
        /// Its icon.
        icon: &'static str,
    },
}

/// A button below the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewButton {
    /// What it says.
    pub text: String,
    /// Its icon.
    pub icon: &'static str,
    /// Where it leads or what it calls.
    pub target: Option<String>,
}

/// A message, or a card of a carousel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// What stands above the text.
    pub header: Option<PreviewHeader>,
    /// The text.
    pub body: Vec<Piece>,
    /// The small text below it.
    pub footer: Option<String>,
    /// The buttons.
    pub buttons: Vec<PreviewButton>,
    /// The cards of a carousel.
    pub cards: Vec<Preview>,
}

impl Preview {
    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_told_from_words() {
        let shown = |text| pieces(text).into_iter().map(|piece| (piece.text, piece.is_variable)).collect::<Vec<_>>();
        let word = |text: &str| (text.to_owned(), false);
        let variable = |text: &str| (text.to_owned(), true);
        assert_eq!(shown("Hi {{1}}, {{name}}"), [word("Hi "), variable("{{1}}"), word(", "), variable("{{name}}")]);
        assert_eq!(shown("{{1}} {{ open"), [variable("{{1}}"), word(" {{ open")]);
        assert_eq!(shown(""), []);
    }
}
