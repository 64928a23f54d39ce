//! A PDF of one page, for a document's place that has no document.

use std::fmt::Write;

/// A line's longest part that fits the page, in characters.
const LINE_CHARS_MAX: usize = 70;

/// A PDF with the business's name and what the document was to be. Signs that the fonts every reader has do not know
/// (all but Latin-1) are left out; a line without any sign left is left out too.
#[must_use]
pub fn pdf(business: &str, subject: &str) -> Vec<u8> {
    let mut content = String::from("BT\n");
    let lines = [("F2", 20, business), ("F1", 13, subject)];
    let mut y = 760;
    for (font, size, text) in lines {
        let text = escaped(text);
        if !text.is_empty() {
            // Writing to a text cannot fail.
            let _ = writeln!(content, "/{font} {size} Tf 1 0 0 1 56 {y} Tm ({text}) Tj");
            y -= 2 * size;
        }
    }
    content.push_str("ET\n");
    let font = |name: &str| format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}endstream", content.len()),
        font("Helvetica"),
        font("Helvetica-Bold"),
    ];
    written(&objects)
}

/// The file: its objects in order, then where each begins.
fn written(objects: &[String]) -> Vec<u8> {
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::with_capacity(objects.len());
    for (number, object) in (1..).zip(objects) {
        places.push(file.len());
        let _ = write!(file, "{number} 0 obj\n{object}\nendobj\n");
    }
    let (table, count) = (file.len(), objects.len() + 1);
    let _ = write!(file, "xref\n0 {count}\n0000000000 65535 f \n");
    for place in places {
        let _ = writeln!(file, "{place:010} 00000 n ");
    }
    let _ = write!(file, "trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.into_bytes()
}

/// A PDF string's inside: ASCII only, so that characters and bytes are the same.
fn escaped(text: &str) -> String {
    let printable = text.chars().filter(|c| matches!(c, ' '..='~' | '\u{a0}'..='\u{ff}')).take(LINE_CHARS_MAX);
    let mut escaped = String::new();
    for c in printable.collect::<String>().trim().chars() {
        match c {
            '(' | ')' | '\\' => escaped.extend(['\\', c]),
            ' '..='~' => escaped.push(c),
            // WinAnsi has Latin-1's upper half at the same places.
            other => {
                let _ = write!(escaped, "\\{:03o}", u32::from(other));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_in_the_table_is_where_its_object_begins() {
        for (business, subject) in
            [("Carmel View Hotel", "order_update"), ("(a\\b)", "Café №7"), ("שלום", ""), ("", "")]
        {
            let file = String::from_utf8(pdf(business, subject)).expect("ASCII");
            assert!(file.is_ascii() && file.starts_with("%PDF-1.4\n") && file.ends_with("%%EOF\n"), "{file}");
            let (_, start) = file.rsplit_once("startxref\n").expect("a start");
            let table: usize = start.lines().next().expect("a line").parse().expect("a number");
            let rows: Vec<&str> = file[table..].lines().collect();
            assert_eq!((rows[0], rows[1], rows[2]), ("xref", "0 7", "0000000000 65535 f "));
            for number in 1..=6 {
                let row = rows[2 + number];
                assert_eq!(row.len() + 1, 20, "a row has 20 bytes");
                let place: usize = row[..10].parse().expect("a number");
                assert!(file[place..].starts_with(&format!("{number} 0 obj\n")), "{number}: {file}");
            }
            let (_, stream) = file.split_once("stream\n").expect("a stream");
            let (stream, _) = stream.split_once("endstream").expect("its end");
            assert!(file.contains(&format!("/Length {} ", stream.len())), "{file}");
        }
    }

    #[test]
    fn text_stays_text() {
        let file = String::from_utf8(pdf("A (very) \\ good shop", "Café")).expect("ASCII");
        assert!(file.contains("(A \\(very\\) \\\\ good shop) Tj") && file.contains("(Caf\\351) Tj"), "{file}");
        assert!(!String::from_utf8(pdf("שלום", "")).expect("ASCII").contains("Tj"));
        let long = String::from_utf8(pdf(&"x".repeat(500), "")).expect("ASCII");
        assert!(!long.contains(&"x".repeat(LINE_CHARS_MAX + 1)));
    }
}
