//! Style sheet, scripts and icons, compiled into the binary (read from the disk in debug builds).
//!
//! Pages name an asset through [`asset_url`], which carries a hash of its content, so that browsers may keep it for a
//! year: `Cache-Control: public, max-age=31536000, immutable` where the `v` in the address is right.

use std::borrow::Cow;
use std::sync::LazyLock;

use rust_embed::RustEmbed;

/// Where the assets are served.
pub const PREFIX: &str = "/static/";

#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

/// One file, ready to be answered.
#[derive(Debug)]
pub struct Asset {
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// For `Content-Type`.
    pub content_type: &'static str,
    /// For `ETag`, with its quotes.
    pub etag: String,
    /// The `v` of its address: the first 8 digits of the hash.
    pub version: String,
}

/// The asset with this path under [`PREFIX`], such as `waypost.css` or `vendor/htmx.min.js`.
#[must_use]
pub fn serve(path: &str) -> Option<Asset> {
    let content_type = content_type(path)?;
    let file = Files::get(path)?;
    let hash = file.metadata.sha256_hash();
    Some(Asset {
        bytes: file.data,
        content_type,
        etag: format!("\"{}\"", hex::encode(&hash[..16])),
        version: hex::encode(&hash[..4]),
    })
}

/// The address of an asset for use in a page: `/static/waypost.css?v=1a2b3c4d`. A path nobody embedded stays without a
/// version; a test looks for such uses.
#[must_use]
pub fn asset_url(path: &str) -> String {
    let version = serve(path).map(|asset| format!("?v={}", asset.version)).unwrap_or_default();
    format!("{PREFIX}{path}{version}")
}

/// The address of the icon sheet. A list names it several hundred times, so it is worked out once.
#[must_use]
pub fn icons_url() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| asset_url("icons.svg"));
    &URL
}

fn content_type(path: &str) -> Option<&'static str> {
    match path.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_have_type_version_and_etag() {
        for (path, expected) in [("waypost.css", "text/css"), ("app.js", "text/javascript"), ("icons.svg", "image/svg")]
        {
            let asset = serve(path).unwrap_or_else(|| panic!("{path} is not embedded"));
            assert!(asset.content_type.starts_with(expected));
            assert!(!asset.bytes.is_empty());
            assert_eq!(asset.version.len(), 8);
            assert_eq!(asset_url(path), format!("/static/{path}?v={}", asset.version));
        }
    }

    #[test]
    fn nothing_else_is_served() {
        for path in ["vendor/README.md", "../Cargo.toml", "", "waypost", "missing.css"] {
            assert!(serve(path).is_none(), "{path}");
        }
    }

    #[test]
    fn assets_ask_nobody_else() {
        for path in Files::iter().filter(|path| path.ends_with(".css") || *path == "app.js") {
            let text = String::from_utf8_lossy(&serve(&path).unwrap_or_else(|| panic!("{path}")).bytes).into_owned();
            assert!(!text.contains("http://") && !text.contains("https://"), "{path} names another host");
        }
    }
}
