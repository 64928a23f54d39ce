//! XPath expressions for what a person sees; pure text.

/// An element of a role that carries the name, by its text, its `aria-label` or what labels it.
///
/// Roles that HTML elements have by themselves are known for the elements our pages use.
pub fn role(role: &str, name: &str) -> String {
    let by_itself = match role {
        "button" => "self::button or self::summary or self::input[@type='submit' or @type='button' or @type='reset']",
        "link" => "self::a[@href]",
        "heading" => "self::h1 or self::h2 or self::h3 or self::h4 or self::h5 or self::h6",
        "checkbox" => "self::input[@type='checkbox']",
        "radio" => "self::input[@type='radio']",
        "dialog" => "self::dialog",
        "navigation" => "self::nav",
        "region" => "self::section",
        "listitem" => "self::li",
        "row" => "self::tr",
        "table" => "self::table",
        "img" => "self::img",
        _ => "false()",
    };
    format!("//*[@role={} or (not(@role) and ({by_itself}))][{}]", literal(role), has_name(name))
}

/// A field that carries the label.
pub fn field(label: &str) -> String {
    let text = literal(label);
    let is_label = format!("self::label[normalize-space(.)={text} or .//text()[normalize-space(.)={text}]]");
    format!(
        "//*[self::input[not(@type='hidden')] or self::select or self::textarea or @contenteditable='true' \
         or @role='textbox' or @role='combobox' or @role='switch']\
         [ancestor::*[{is_label}] or @id=//*[{is_label}]/@for or @aria-label={text} \
         or @aria-labelledby=//*[normalize-space(.)={text}]/@id]"
    )
}

/// The innermost elements whose text contains the words, also where a part of them is emphasised.
pub fn text(words: &str) -> String {
    let contains = format!("contains(normalize-space(.), {})", literal(words));
    format!("//body//*[not(self::script or self::style or self::template)][{contains}][not(*[{contains}])]")
}

fn has_name(name: &str) -> String {
    let name = literal(name);
    format!(
        "@aria-label={name} or @aria-labelledby=//*[normalize-space(.)={name}]/@id \
         or (not(@aria-label or @aria-labelledby) \
             and (normalize-space(.)={name} or @value={name} or @alt={name} or @title={name} \
                  or (self::input and @id=//label[normalize-space(.)={name}]/@for) \
                  or (self::input and ancestor::label[normalize-space(.)={name}])))"
    )
}

/// XPath 1 knows no escapes: a text with both kinds of quotes is put together from pieces.
fn literal(text: &str) -> String {
    if !text.contains('\'') {
        format!("'{text}'")
    } else if !text.contains('"') {
        format!("\"{text}\"")
    } else {
        let pieces: Vec<String> = text.split('\'').map(|piece| format!("'{piece}'")).collect();
        format!("concat({})", pieces.join(", \"'\", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_of_both_kinds_are_put_together() {
        assert_eq!(literal("plain"), "'plain'");
        assert_eq!(literal("Ana's"), "\"Ana's\"");
        assert_eq!(literal("a'b\"c"), "concat('a', \"'\", 'b\"c')");
    }
}
