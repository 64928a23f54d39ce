//! WhatsApp's marks in a text: `*bold*`, `_italic_`, `~strike~`, code in backticks, lists, quotes, and addresses.
//!
//! Everything between the marks is escaped here, and nowhere else does a text of a message reach a page unescaped.

use std::fmt::{self, Display};

use askama::filters::HtmlSafe;

const CODE_FENCE: &str = "```";

/// HTML that was made of a text, with everything of the text escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rich(String);

impl Rich {
    /// The text as WhatsApp shows it.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut html = String::with_capacity(text.len() + 64);
        let mut rest = text;
        while let Some((before, code, after)) = fenced(rest) {
            lines(before.strip_suffix('\n').unwrap_or(before), &mut html);
            html.push_str("<pre dir=\"auto\"><code>");
            escape(code.trim_matches('\n'), &mut html);
            html.push_str("</code></pre>");
            rest = after.strip_prefix('\n').unwrap_or(after);
        }
        lines(rest, &mut html);
        Self(html)
    }
}

impl Display for Rich {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl HtmlSafe for Rich {}

/// The first block between two fences that holds something.
fn fenced(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(CODE_FENCE)?;
    let (code, after) = rest.split_once(CODE_FENCE)?;
    (!code.trim().is_empty()).then_some((before, code, after))
}

/// What a line is by its first characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Plain,
    Quote,
    Bullets,
    Numbers,
}

fn block_of(line: &str) -> (Block, &str) {
    if let Some(rest) = line.strip_prefix("> ") {
        return (Block::Quote, rest);
    }
    if let Some(rest) = line.strip_prefix("* ").or_else(|| line.strip_prefix("- ")) {
        return (Block::Bullets, rest);
    }
    let number = line.split_once(". ").filter(|(number, _)| (1..=3).contains(&number.len()));
    match number {
        Some((number, _)) if number.bytes().all(|byte| byte.is_ascii_digit()) => (Block::Numbers, line),
        _ => (Block::Plain, line),
    }
}

fn lines(text: &str, html: &mut String) {
    if text.is_empty() {
        return;
    }
    let mut open = Block::Plain;
    let mut is_first_of_block = true;
    for line in text.split('\n') {
        let (block, words) = block_of(line);
        if block != open {
            html.push_str(end(open));
            html.push_str(start(block));
            open = block;
            is_first_of_block = true;
        }
        if block == Block::Bullets || block == Block::Numbers {
            html.push_str("<li dir=\"auto\">");
            spans(words, html);
            html.push_str("</li>");
        } else {
            if !is_first_of_block {
                html.push_str("<br>");
            }
            spans(words, html);
        }
        is_first_of_block = false;
    }
    html.push_str(end(open));
}

const fn start(block: Block) -> &'static str {
    match block {
        Block::Plain => "",
        Block::Quote => "<blockquote dir=\"auto\">",
        Block::Bullets => "<ul>",
        // Numbers stay as they were written: they may begin anywhere.
        Block::Numbers => "<ul class=\"numbers\">",
    }
}

const fn end(block: Block) -> &'static str {
    match block {
        Block::Plain => "",
        Block::Quote => "</blockquote>",
        Block::Bullets | Block::Numbers => "</ul>",
    }
}

/// The marks within a line. A mark opens before a word and closes after one, as on the phone.
fn spans(text: &str, html: &mut String) {
    let mut plain_from = 0;
    let mut at = 0;
    let mut before: Option<char> = None;
    while let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        let is_edge = before.is_none_or(|before| !before.is_alphanumeric());
        if is_edge && let Some(length) = address_length(rest) {
            escape(text.get(plain_from..at).unwrap_or_default(), html);
            link(rest.get(..length).unwrap_or_default(), html);
            at += length;
            plain_from = at;
            before = Some('/');
            continue;
        }
        if is_edge
            && let Some(tag) = tag_of(character)
            && let Some(length) = closed_after(rest, character)
        {
            escape(text.get(plain_from..at).unwrap_or_default(), html);
            let inner = rest.get(1..1 + length).unwrap_or_default();
            html.extend(["<", tag, ">"]);
            if character == '`' {
                escape(inner, html);
            } else {
                spans(inner, html);
            }
            html.extend(["</", tag, ">"]);
            at += length + 2;
            plain_from = at;
            before = Some(character);
            continue;
        }
        at += character.len_utf8();
        before = Some(character);
    }
    escape(text.get(plain_from..).unwrap_or_default(), html);
}

const fn tag_of(mark: char) -> Option<&'static str> {
    match mark {
        '*' => Some("strong"),
        '_' => Some("em"),
        '~' => Some("s"),
        '`' => Some("code"),
        _ => None,
    }
}

/// How many bytes stand between the mark at the start and the one that closes it.
fn closed_after(text: &str, mark: char) -> Option<usize> {
    let inner = text.get(1..)?;
    if inner.chars().next().is_none_or(|first| first.is_whitespace() || first == mark) {
        return None;
    }
    inner.match_indices(mark).map(|(at, _)| at).find(|at| {
        let ends_word =
            inner.get(..*at).and_then(|before| before.chars().next_back()).is_some_and(|c| !c.is_whitespace());
        let after = inner.get(at + 1..).and_then(|after| after.chars().next());
        ends_word && after.is_none_or(|after| !after.is_alphanumeric() && after != mark)
    })
}

/// The length of a web address at the start, without the punctuation that follows it.
fn address_length(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let address = text.split(char::is_whitespace).next().unwrap_or_default();
    let address = address.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'', '*', '_', '~', '>']);
    (address.len() > scheme.len()).then_some(address.len())
}

fn link(address: &str, html: &mut String) {
    html.push_str("<a rel=\"noopener noreferrer nofollow\" target=\"_blank\" href=\"");
    escape(address, html);
    html.push_str("\">");
    escape(address, html);
    html.push_str("</a>");
}

fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&#38;"),
            '<' => html.push_str("&#60;"),
            '>' => html.push_str("&#62;"),
            '"' => html.push_str("&#34;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        Rich::of(text).to_string()
    }

    #[test]
    fn marks_around_words_become_tags() {
        assert_eq!(html("*a* _b_ ~c~ `d*e*`"), "<strong>a</strong> <em>b</em> <s>c</s> <code>d*e*</code>");
        assert_eq!(html("*both _of_ them*"), "<strong>both <em>of</em> them</strong>");
        assert_eq!(html("(*in* brackets)"), "(<strong>in</strong> brackets)");
        assert_eq!(html("*שלום*"), "<strong>שלום</strong>");
    }

    #[test]
    fn marks_that_do_not_close_a_word_stay() {
        for text in ["2*3*4", "snake_case_name", "* a *", "*a", "**", "a ~ b", "*a *b", "_"] {
            assert!(!html(text).contains('<') || text.starts_with("* "), "{text}: {}", html(text));
        }
    }

    #[test]
    fn lines_become_lists_and_quotes() {
        assert_eq!(html("a\nb"), "a<br>b");
        assert_eq!(html("- a\n- *b*\nc"), "<ul><li dir=\"auto\">a</li><li dir=\"auto\"><strong>b</strong></li></ul>c");
        assert_eq!(html("3. a"), "<ul class=\"numbers\"><li dir=\"auto\">3. a</li></ul>");
        assert_eq!(html("> a\n> b"), "<blockquote dir=\"auto\">a<br>b</blockquote>");
        assert_eq!(html("x\n```\nlet *a*;\n```\ny"), "x<pre dir=\"auto\"><code>let *a*;</code></pre>y");
    }

    #[test]
    fn addresses_become_links_without_their_full_stop() {
        let link = html("see https://example.com/a_b_c?x=1&y=2.");
        assert!(link.contains("href=\"https://example.com/a_b_c?x=1&#38;y=2\""), "{link}");
        assert!(link.ends_with("</a>."), "{link}");
        assert_eq!(html("https://"), "https://");
    }

    #[test]
    fn nothing_hostile_gets_through() {
        for text in [
            "<script>alert(1)</script>",
            "*<img src=x onerror=alert(1)>*",
            "```</code><script>```",
            "> <b>\n- <i>",
            "https://e.com/\"onmouseover=\"alert(1)",
            "`<svg onload=x>`",
        ] {
            let html = html(text);
            for bad in ["<script", "<img", "<svg", "<b>", "<i>", "\"onmouseover", "=\"alert"] {
                assert!(!html.contains(bad), "{text}: {html}");
            }
        }
        assert_eq!(html("javascript:alert(1)"), "javascript:alert(1)");
    }
}
