//! Whether bytes are a document, by what the server calls them and by how they begin.

/// Says why these are not the first bytes of a document that Meta passes on (PDF, Word, Excel, PowerPoint, text).
pub(super) fn check_document(content_type: &str, head: &[u8]) -> Result<(), String> {
    let declared = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if head.is_empty() {
        return Err("there is nothing behind it".to_owned());
    }
    if declared.contains("html") || looks_like_html(head) {
        return Err("it leads to a web page, not to a document".to_owned());
    }
    let is_untold = ["", "application/octet-stream", "binary/octet-stream", "application/force-download"];
    let is_untold = is_untold.contains(&declared.as_str());
    let is_office = ["msword", "ms-excel", "ms-powerpoint", "openxmlformats", "vnd.ms-"];
    let is_office = is_office.iter().any(|part| declared.contains(part));
    let fits = if head.starts_with(b"%PDF-") {
        is_untold || declared == "application/pdf" || declared == "application/x-pdf"
    } else if head.starts_with(b"PK\x03\x04") || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) {
        // The containers of Office, new and old; what else is packed so says so.
        is_untold || is_office
    } else {
        declared.starts_with("text/")
            && std::str::from_utf8(whole_characters(head)).is_ok_and(|text| !text.contains('\0'))
    };
    if fits {
        Ok(())
    } else {
        Err(format!("it leads to no document ({})", if declared.is_empty() { "of no type" } else { &declared }))
    }
}

/// Without the beginnings of a character whose rest was not read.
fn whole_characters(head: &[u8]) -> &[u8] {
    match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => head.get(..error.valid_up_to()).unwrap_or(head),
        _ => head,
    }
}

fn looks_like_html(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start: Vec<u8> = head.trim_ascii_start().iter().take(64).map(u8::to_ascii_lowercase).collect();
    [&b"<!doctype"[..], b"<html", b"<head", b"<body", b"<script", b"<!--", b"<?xml"]
        .iter()
        .any(|sign| start.starts_with(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_pass_and_everything_else_does_not() {
        for (content_type, head) in [
            ("application/pdf", &b"%PDF-1.7\n"[..]),
            ("application/octet-stream", b"%PDF-1.4"),
            ("", b"%PDF-1.4"),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04rest"),
            ("application/msword", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
            ("text/plain; charset=utf-8", "שלום".as_bytes()),
            ("text/csv", b"a,b\n1,\xe2\x82"),
        ] {
            assert_eq!(check_document(content_type, head), Ok(()), "{content_type}");
        }
        for (content_type, head) in [
            ("text/html", &b"%PDF-1.7"[..]),
            ("application/pdf", b"<!DOCTYPE html><html>"),
            ("application/pdf", b"\xef\xbb\xbf \n <HTML>"),
            ("application/pdf", b"not a pdf"),
            ("application/zip", b"PK\x03\x04rest"),
            ("image/jpeg", b"\xff\xd8\xff"),
            ("text/plain", b"\x00\x01"),
            ("application/pdf", b""),
        ] {
            assert!(check_document(content_type, head).is_err(), "{content_type} {head:?}");
        }
    }
}
