//! Texts with placeholders, numbered or named.

/// A text and the names of its placeholders in the order they appear; numbered ones are named by their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) variables: Vec<String>,
}

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        let mut variables: Vec<String> = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else {
                break;
            };
            if !variables.iter().any(|known| known == name) {
                variables.push(name.to_owned());
            }
            rest = after;
        }
        Self { text: text.to_owned(), variables }
    }

    /// The text with its placeholders filled in; values stand in the order of [`Text::variables`].
    ///
    /// It goes through the text once, so that a value that looks like a placeholder stays what the sender wrote.
    pub(crate) fn fill(&self, values: &[String]) -> String {
        let mut filled = String::with_capacity(self.text.len() + 32);
        let mut rest = self.text.as_str();
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            let Some((name, after)) = after.split_once("}}") else {
                filled.push_str("{{");
                rest = after;
                continue;
            };
            let value = self.variables.iter().position(|known| known == name).and_then(|at| values.get(at));
            filled.push_str(value.map_or("", String::as_str));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// Whether the placeholders are `{{1}}` to `{{n}}`, in any order.
    pub(crate) fn is_numbered(&self) -> bool {
        (1..=self.variables.len()).all(|n| self.variables.iter().any(|name| *name == n.to_string()))
    }

    /// Whether the placeholders are lower-case words.
    pub(crate) fn is_named(&self) -> bool {
        let is_word = |name: &String| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
        };
        self.variables.iter().all(|name| is_word(name) && !name.starts_with(|first: char| first.is_ascii_digit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_once() {
        let values = ["{{2}}".to_owned(), "B".to_owned()];
        assert_eq!(Text::new("a {{1}} b {{2}} c {{").fill(&values), "a {{2}} b B c {{");
        let named = Text::new("{{who}} has {{what}}, {{who}}");
        assert_eq!(named.fill(&["Ana".to_owned(), "it".to_owned()]), "Ana has it, Ana");
    }

    #[test]
    fn numbers_and_names_are_told_apart() {
        assert!(Text::new("{{2}} and {{1}}").is_numbered());
        assert!(!Text::new("{{2}} alone").is_numbered());
        assert!(Text::new("{{first_name}}").is_named() && !Text::new("{{First}}").is_named());
        assert!(!Text::new("{{1}}").is_named() && Text::new("none").is_named());
    }
}
