//! What WhatsApp takes as which kind of medium, by type and size; and names and types that are fit to be shown.

use domain::content::MediaKind;

/// A megabyte as Meta counts them.
const MB: i64 = 1024 * 1024;
const KB: i64 = 1024;

/// What a kind of medium may be.
struct Rule {
    kind: MediaKind,
    /// Empty: any type.
    types: &'static [&'static str],
    bytes_max: i64,
    size: &'static str,
}

/// Meta's table of media types. Of stickers this is the larger bound, of animated ones; see [`may_be_too_large_if_still`].
/// A `gif` is a short MP4.
const RULES: [Rule; 6] = [
    Rule { kind: MediaKind::Image, types: &["image/jpeg", "image/png"], bytes_max: 5 * MB, size: "5 MB" },
    Rule { kind: MediaKind::Video, types: &["video/mp4", "video/3gpp"], bytes_max: 16 * MB, size: "16 MB" },
    Rule { kind: MediaKind::Gif, types: &["video/mp4"], bytes_max: 7 * MB / 2, size: "3.5 MB" },
    Rule {
        kind: MediaKind::Audio,
        types: &["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"],
        bytes_max: 16 * MB,
        size: "16 MB",
    },
    Rule { kind: MediaKind::Document, types: &[], bytes_max: 100 * MB, size: "100 MB" },
    Rule { kind: MediaKind::Sticker, types: &["image/webp"], bytes_max: 500 * KB, size: "500 KB" },
];

/// Which rule a medium breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It has a type that the kind does not take.
    Type(String),
    /// It is larger than the kind may be.
    Size(String),
}

/// Whether a medium of this type and size can be sent as this kind.
///
/// # Errors
/// The rule it breaks, with what would be right.
pub fn check(kind: MediaKind, mime_type: &str, bytes: i64) -> Result<(), Broken> {
    let Some(rule) = RULES.iter().find(|rule| rule.kind == kind) else { return Ok(()) };
    let essence = essence(mime_type);
    if !rule.types.is_empty() && !rule.types.contains(&essence.as_str()) {
        let known = rule.types.join(", ");
        return Err(Broken::Type(format!("the medium is `{essence}`; as {kind} WhatsApp takes {known}")));
    }
    if bytes > rule.bytes_max {
        let detail = format!("the medium has {bytes} bytes; as {kind} WhatsApp takes at most {}", rule.size);
        return Err(Broken::Size(detail));
    }
    Ok(())
}

/// The bound of stickers that stand still.
const STILL_STICKER_BYTES_MAX: i64 = 100 * KB;
/// How many first bytes of a WebP tell whether it moves.
pub const WEBP_HEAD_BYTES: usize = 21;

/// Whether it is a sticker that is too large unless it moves, which [`check_still`] tells by its first bytes.
#[must_use]
pub fn may_be_too_large_if_still(kind: MediaKind, bytes: i64) -> bool {
    kind == MediaKind::Sticker && bytes > STILL_STICKER_BYTES_MAX
}

/// Whether a sticker that large may be sent; `head` is its first bytes.
///
/// # Errors
/// It stands still, and such a one must be smaller.
pub fn check_still(head: &[u8], bytes: i64) -> Result<(), Broken> {
    // RFC 9649, 2.7: only the extended header can speak of an animation, in its flags' second bit.
    let is_webp = head.starts_with(b"RIFF") && head.get(8..16) == Some(b"WEBPVP8X");
    if is_webp && head.get(20).is_some_and(|flags| flags & 0b10 != 0) {
        return Ok(());
    }
    Err(Broken::Size(format!(
        "the medium has {bytes} bytes; as sticker that stands still WhatsApp takes at most 100 KB"
    )))
}

/// Whether a medium of this type can be sent as a voice note: OGG, with OPUS or with a codec that nobody named.
///
/// # Errors
/// The rule it breaks, with what would be right.
pub fn check_voice(mime_type: &str) -> Result<(), Broken> {
    let parameters = mime_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut codecs =
        parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("codecs")).map(|(_, codecs)| codecs);
    let is_opus = codecs.all(|codecs| codecs.trim().trim_matches('"').eq_ignore_ascii_case("opus"));
    if essence(mime_type) == "audio/ogg" && is_opus {
        return Ok(());
    }
    Err(Broken::Type(format!("the medium is `{mime_type}`; as voice note WhatsApp takes audio/ogg with OPUS only")))
}

/// A media type without its parameters, in lower case.
#[must_use]
pub fn essence(mime_type: &str) -> String {
    mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The types a file's name stands for, where nobody says its type.
const ENDINGS: [(&str, &str); 24] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("mp4", "video/mp4"),
    ("3gp", "video/3gpp"),
    ("aac", "audio/aac"),
    ("amr", "audio/amr"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("xls", "application/vnd.ms-excel"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("zip", "application/zip"),
    ("vcf", "text/vcard"),
];

/// What everything is of which nobody knows more.
pub const UNTOLD: &str = "application/octet-stream";

/// The type of an uploaded file: as declared, else by its name.
#[must_use]
pub fn type_of(declared: Option<&str>, filename: Option<&str>) -> String {
    let told = declared.map(str::trim).filter(|told| is_well_formed(told) && essence(told) != UNTOLD);
    let by_name = || {
        let ending = filename?.rsplit_once('.')?.1.to_ascii_lowercase();
        ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, mime_type)| (*mime_type).to_owned())
    };
    told.map(ToOwned::to_owned).or_else(by_name).unwrap_or_else(|| UNTOLD.to_owned())
}

/// The usual ending of a type.
#[must_use]
pub fn ending_of(mime_type: &str) -> &'static str {
    let essence = essence(mime_type);
    ENDINGS.iter().find(|(_, known)| *known == essence).map_or("bin", |(ending, _)| ending)
}

fn is_well_formed(mime_type: &str) -> bool {
    let is_token =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    mime_type.len() <= 255
        && mime_type.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        && essence(mime_type).split_once('/').is_some_and(|(kind, name)| is_token(kind) && is_token(name))
}

/// The longest name that is kept, in characters.
const NAME_CHARS_MAX: usize = 200;

/// A file's name fit for a header and for any disk: no folders, no signs that some system takes for something else, no
/// direction marks that hide an ending.
#[must_use]
pub fn safe_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_hidden =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let kept = last.chars().filter(|c| !c.is_control() && !is_hidden(*c));
    let kept: String =
        kept.map(|c| if matches!(c, '"' | '<' | '>' | ':' | '|' | '?' | '*') { '_' } else { c }).collect();
    let kept = kept.trim().trim_matches('.').trim();
    let (stem, ending) = match kept.rsplit_once('.') {
        Some((stem, ending)) if ending.chars().count() <= 10 => (stem, format!(".{ending}")),
        _ => (kept, String::new()),
    };
    let stem: String = stem.chars().take(NAME_CHARS_MAX - ending.chars().count()).collect();
    (!stem.is_empty()).then(|| format!("{stem}{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_its_types_up_to_its_size() {
        for (kind, mime_type, bytes) in [
            (MediaKind::Image, "image/jpeg", 5 * MB),
            (MediaKind::Image, "IMAGE/PNG", 1),
            (MediaKind::Video, "video/3gpp", 16 * MB),
            (MediaKind::Gif, "video/mp4", 3 * MB),
            (MediaKind::Audio, "audio/ogg; codecs=opus", 16 * MB),
            (MediaKind::Document, "application/x-anything", 100 * MB),
            (MediaKind::Sticker, "image/webp", 500 * KB),
        ] {
            assert_eq!(check(kind, mime_type, bytes), Ok(()), "{kind}");
        }
        for (kind, mime_type) in [
            (MediaKind::Image, "application/pdf"),
            (MediaKind::Image, "image/webp"),
            (MediaKind::Gif, "video/3gpp"),
            (MediaKind::Sticker, "image/png"),
        ] {
            assert!(matches!(check(kind, mime_type, 1), Err(Broken::Type(_))), "{kind} {mime_type}");
        }
        for rule in &RULES {
            let mime_type = rule.types.first().copied().unwrap_or("application/pdf");
            assert!(matches!(check(rule.kind, mime_type, rule.bytes_max + 1), Err(Broken::Size(_))), "{}", rule.kind);
        }
    }

    #[test]
    fn a_large_sticker_must_move() {
        let head = |kind: &[u8], flags: u8| [b"RIFF\0\0\0\0WEBP", kind, b"\x0a\0\0\0", &[flags]].concat();
        assert_eq!(head(b"VP8X", 0).len(), WEBP_HEAD_BYTES);
        for (head, moves) in [
            (head(b"VP8X", 0b10), true),
            (head(b"VP8X", 0b1_0010), true),
            (head(b"VP8X", 0b1_0000), false),
            (head(b"VP8 ", 0b10), false),
            (head(b"VP8L", 0b10), false),
            (b"RIFF".to_vec(), false),
        ] {
            assert_eq!(check_still(&head, 1).is_ok(), moves, "{head:?}");
        }
        assert!(!may_be_too_large_if_still(MediaKind::Sticker, 100 * KB));
        assert!(may_be_too_large_if_still(MediaKind::Sticker, 100 * KB + 1));
        assert!(!may_be_too_large_if_still(MediaKind::Image, 5 * MB));
    }

    #[test]
    fn a_voice_note_is_ogg_with_opus() {
        for good in ["audio/ogg", "Audio/OGG; codecs=opus", "audio/ogg; codecs=\"OPUS\"", "audio/ogg; rate=48000"] {
            assert_eq!(check_voice(good), Ok(()), "{good}");
        }
        for bad in ["audio/mpeg", "audio/ogg; codecs=vorbis", "audio/ogg; codecs=\"opus, vorbis\"", "application/ogg"] {
            assert!(matches!(check_voice(bad), Err(Broken::Type(_))), "{bad}");
        }
    }

    #[test]
    fn a_type_is_what_is_declared_or_what_the_name_says() {
        for (declared, name, found) in [
            (Some("image/png"), Some("a.jpg"), "image/png"),
            (Some("audio/ogg; codecs=opus"), None, "audio/ogg; codecs=opus"),
            (Some("application/octet-stream"), Some("A.PDF"), "application/pdf"),
            (None, Some("a.docx"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (Some("image/png\r\nX-Evil: 1"), Some("a"), UNTOLD),
            (Some("nonsense"), None, UNTOLD),
        ] {
            assert_eq!(type_of(declared, name), found);
        }
        assert_eq!((ending_of("image/jpeg"), ending_of("x/y")), ("jpg", "bin"));
    }

    #[test]
    fn a_name_leads_nowhere_and_hides_nothing() {
        for (name, safe) in [
            ("order.pdf", Some("order.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\temp\\a.pdf", Some("a.pdf")),
            ("a\"b\r\nc.pdf", Some("a_bc.pdf")),
            ("rechnung\u{202e}fdp.exe", Some("rechnungfdp.exe")),
            ("חשבונית 7.pdf", Some("חשבונית 7.pdf")),
            ("..", None),
            ("", None),
            ("a/", None),
        ] {
            assert_eq!(safe_name(name).as_deref(), safe, "{name}");
        }
        let long = safe_name(&format!("{}.pdf", "x".repeat(500))).expect("a name");
        assert!(long.chars().count() == NAME_CHARS_MAX && long.ends_with(".pdf"), "{long}");
    }
}
