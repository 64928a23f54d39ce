//! Every template is rendered with every sample, and its texts are compared with the catalogue in both directions.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use askama::Template;

use super::account_events::AccountEventsPage;
use super::callbacks::CallbacksPage;
use super::compose::{ComposeFragment, MessageSent};
use super::error::ErrorPage;
use super::messages::{MessagePage, MessagesPage};
use super::plan::{CancelPage, ReschedulePage};
use super::row::MessageRowFragment;
use super::scheduled::ScheduledPage;
use super::senders::SendersPage;
use super::sign_in::SignInPage;
use super::templates::{TemplatePage, TemplatesPage};
use super::{Samples, awkward};
use crate::assets;
use crate::catalogue::{Catalogue, FALLBACK};

fn here(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

fn files(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.push((path, text));
        }
    }
    found
}

/// Every sample of every page with its place in the list.
fn pages() -> Vec<(String, String)> {
    fn render<P: Samples + Template>(name: &str) -> Vec<(String, String)> {
        let samples = P::samples().into_iter().enumerate();
        samples
            .map(|(number, page)| {
                (format!("{name} {number}"), page.render().unwrap_or_else(|error| panic!("{name} {number}: {error}")))
            })
            .collect()
    }
    [
        render::<SignInPage>("sign_in"),
        render::<ErrorPage>("error"),
        render::<MessagesPage>("messages"),
        render::<MessagePage>("message"),
        render::<CallbacksPage>("callbacks"),
        render::<SendersPage>("senders"),
        render::<AccountEventsPage>("account_events"),
        render::<TemplatesPage>("templates"),
        render::<TemplatePage>("template"),
        render::<ScheduledPage>("scheduled"),
        render::<ReschedulePage>("reschedule"),
        render::<CancelPage>("cancel"),
        render::<MessageRowFragment>("row"),
        render::<ComposeFragment>("compose"),
        render::<MessageSent>("sent"),
    ]
    .concat()
}

#[test]
fn every_sample_renders_without_unescaped_content() {
    let mut awkward_seen = 0;
    for (name, html) in pages() {
        assert!(!html.contains("<script>"), "{name} lets markup through");
        assert!(!html.contains(awkward::MARKUP), "{name} lets markup through");
        awkward_seen += usize::from(html.contains("&#60;script&#62;"));
    }
    assert!(awkward_seen > 5, "only {awkward_seen} samples carry markup");
}

#[test]
fn nothing_is_inline_and_every_asset_exists() {
    for (name, html) in pages() {
        for forbidden in [" style=", "<style", " onclick=", "javascript:", "hx-on"] {
            assert!(!html.contains(forbidden), "{name} has {forbidden}");
        }
        // Nothing is loaded from elsewhere or sent there; what leads there does not tell from where.
        for tag in html.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
            let is_link = tag.starts_with("a ") && tag.contains("rel=\"noopener noreferrer nofollow\"");
            assert!(is_link || !(tag.contains("http://") || tag.contains("https://")), "{name} has <{tag}>");
        }
        for used in html.split(assets::PREFIX).skip(1) {
            let address = used.split(['"', '#']).next().unwrap_or_default();
            let (path, version) = address.split_once("?v=").unwrap_or_else(|| panic!("{name}: {address}"));
            assert_eq!(assets::serve(path).map(|asset| asset.version).as_deref(), Some(version), "{name}");
        }
    }
}

#[test]
fn every_icon_exists() {
    let icons = assets::serve("icons.svg").map(|asset| String::from_utf8_lossy(&asset.bytes).into_owned());
    let icons = icons.unwrap_or_default();
    for (name, html) in pages() {
        for used in html.split("icons.svg?v=").skip(1) {
            let icon = used.split('"').next().and_then(|address| address.split('#').nth(1)).unwrap_or_default();
            assert!(icons.contains(&format!("id=\"{icon}\"")), "{name} uses the icon {icon}");
        }
    }
}

#[test]
fn ids_are_used_once_and_descriptions_exist() {
    for (name, html) in pages() {
        let ids: Vec<&str> =
            html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
        let unique: BTreeSet<&&str> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{name} uses an id twice");
        for used in html.split("aria-describedby=\"").skip(1) {
            let described = used.split('"').next().unwrap_or_default();
            // An error is named always and there only when something is wrong.
            for id in described.split(' ').filter(|id| !id.ends_with("-error")) {
                assert!(ids.contains(&id), "{name} has no {id}");
            }
        }
    }
}

/// Literal keys: `"messages.title"` is one, `"waypost.css"` is not since no table is called `waypost`, and names of
/// templates are none.
fn keys_in(text: &str, tables: &BTreeSet<&str>) -> Vec<String> {
    let is_key = |candidate: &str| {
        let (table, key) = candidate.split_once('.').unwrap_or_default();
        tables.contains(table)
            && !["", "html"].contains(&key)
            && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    text.split('"').filter(|candidate| is_key(candidate)).map(ToOwned::to_owned).collect()
}

/// What stands behind `t("` and `tf("`.
fn asked_in(text: &str) -> Vec<String> {
    let calls = ["t(\"", "tf(\""].into_iter().flat_map(|call| {
        text.match_indices(call).filter_map(move |(at, _)| {
            let before = text[..at].chars().next_back();
            let alone = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            alone.then(|| text[at + call.len()..].split('"').next().unwrap_or_default().to_owned())
        })
    });
    calls.collect()
}

#[test]
fn the_catalogue_has_every_key_that_is_used_and_no_other() {
    let catalogue = Catalogue::get(FALLBACK);
    let known: BTreeSet<String> = catalogue.keys().into_iter().map(ToOwned::to_owned).collect();
    let tables: BTreeSet<&str> = known.iter().filter_map(|key| key.split('.').next()).collect();
    let views = Path::new(file!()).parent().map(Path::to_owned).unwrap_or_default();
    let mut sources = files(&here("templates"), "html");
    sources.extend(files(&here("src"), "rs"));
    if !sources.iter().any(|(path, _)| path.ends_with("views/mod.rs")) {
        sources.extend(files(&views, "rs"));
    }
    let mut used = BTreeSet::new();
    for (path, text) in
        sources.iter().filter(|(path, _)| !path.ends_with("tests.rs") && !path.ends_with("catalogue.rs"))
    {
        // Elsewhere a literal such as "message.created" may be something else than a key.
        let ours =
            path.extension().is_some_and(|extension| extension == "html") || path.iter().any(|part| part == "views");
        let (asked, literals) = (asked_in(text), keys_in(text, &tables));
        for key in asked.iter().chain(literals.iter().filter(|_| ours)) {
            assert!(known.contains(key), "{} asks for {key}", path.display());
        }
        used.extend(asked.into_iter().chain(literals));
    }
    let unused: Vec<&String> = known.difference(&used).collect();
    assert!(unused.is_empty(), "nobody uses {unused:?}");
}

#[test]
fn places_of_a_text_are_filled_by_every_sample() {
    let catalogue = Catalogue::get(FALLBACK);
    let places: BTreeSet<String> = catalogue
        .keys()
        .iter()
        .flat_map(|key| catalogue.t(key).split('{').skip(1))
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| format!("{{{name}}}")))
        .filter(|place| place != "{time}") // Filled by app.js.
        .collect();
    for (name, html) in pages() {
        for place in &places {
            assert!(!html.contains(place), "{name} shows {place}");
        }
    }
}

/// Removes what a template engine or browser does not show, and keeps the text nodes and the attributes people meet.
fn visible_literals(template: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '<']) {
        plain.push_str(&rest[..at]);
        let tail = &rest[at..];
        let closing = [("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("<!--", "-->")];
        let skipped = closing.iter().find(|(start, _)| tail.starts_with(start));
        // Keys such as Esc are written on keyboards, not translated.
        let end = match skipped {
            Some((start, end)) => tail[start.len()..].find(end).map(|at| start.len() + at + end.len()),
            None if tail.starts_with("<kbd") => tail.find("</kbd>").map(|at| at + "</kbd>".len()),
            None => None,
        };
        plain.push_str(if end.is_some() { "" } else { &tail[..1] });
        rest = &tail[end.unwrap_or(1)..];
    }
    plain.push_str(rest);
    let mut literals = Vec::new();
    for (number, part) in plain.split(['<', '>']).enumerate() {
        if number % 2 == 0 {
            literals.push(part.to_owned());
            continue;
        }
        for attribute in [" title=\"", " aria-label=\"", " placeholder=\"", " alt=\"", " data-th=\"", " value=\""] {
            let values = part.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
            // Values of radio buttons are words of the protocol.
            literals.extend(values.filter(|_| !part.contains("type=\"radio\"")).map(ToOwned::to_owned));
        }
    }
    literals
}

#[test]
fn no_template_speaks_by_itself() {
    for (path, template) in files(&here("templates"), "html") {
        for literal in visible_literals(&template) {
            let words = literal.replace("Waypost", "");
            assert!(!words.chars().any(char::is_alphabetic), "{} says {:?}", path.display(), literal.trim());
        }
    }
}

#[test]
fn the_search_for_literals_finds_them() {
    let found = |template| visible_literals(template).iter().any(|text| text.chars().any(char::is_alphabetic));
    assert!(found("<p>Hello</p>"));
    assert!(found("<p>{{ t(\"a\") }} there</p>"));
    assert!(found("<a title=\"Hello\">{{ x }}</a>"));
    assert!(!found("<p class=\"a\">{{ t(\"a.b\") }}{# why #}{% if x %} · {% endif %}<kbd>Esc</kbd></p>"));
}

/// For eyes: `VIEWS_TO=folder cargo test -p web write_samples` writes every sample as a file.
#[test]
fn write_samples_where_asked() {
    let Ok(folder) = std::env::var("VIEWS_TO") else { return };
    for (name, html) in pages() {
        let path = Path::new(&folder).join(format!("{}.html", name.replace(' ', "-")));
        fs::write(&path, html).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
