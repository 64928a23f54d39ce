//! "Did you mean": the nearest known name for one that is not known.

use super::keys::{KEYS, Key};

/// The key of the file that was probably meant.
pub(super) fn for_file_key(section: &str, name: &str) -> Option<&'static str> {
    // The right key under the wrong heading is the commonest mistake, and no edit distance finds it.
    if let Some(key) = KEYS.iter().find(|key| key.parts().1 == name) {
        return Some(key.name);
    }
    let written = format!("{section}.{name}");
    nearest(&written, KEYS.iter().map(|key| (key.name, key.name)))
}

/// The section that was probably meant.
pub(super) fn for_section(section: &str) -> Option<&'static str> {
    nearest(section, KEYS.iter().map(|key| (key.parts().0, key.parts().0)))
}

/// The environment variable that was probably meant, whatever prefix was guessed.
pub(super) fn for_env(name: &str) -> Option<&'static str> {
    let rest = name.split_once('_').map_or(name, |(_, rest)| rest);
    let path = |key: &Key| key.name.replace('.', "_").to_uppercase();
    let ending = format!("_{rest}");
    let has_ending = |key: &&Key| path(key) == rest || path(key).ends_with(&ending) || key.env.ends_with(&ending);
    if let Some(key) = KEYS.iter().find(has_ending) {
        return Some(key.env);
    }
    nearest(name, KEYS.iter().map(|key| (key.env, key.env)))
        .or_else(|| KEYS.iter().find(|key| distance(rest, &path(key)) <= 2).map(|key| key.env))
}

/// Among (compared, answered) pairs the one nearest to `written`, if it is near at all.
fn nearest<'a>(written: &str, candidates: impl Iterator<Item = (&'a str, &'static str)>) -> Option<&'static str> {
    candidates
        .map(|(compared, answer)| (distance(written, compared), answer))
        .filter(|(distance, _)| *distance <= 1 + written.len() / 5)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, answer)| answer)
}

/// How many letters must be put in, taken out or exchanged (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, to) in right.iter().enumerate() {
            let exchanged = row[j] + usize::from(from != *to);
            next.push(exchanged.min(row[j + 1] + 1).min(next[j] + 1));
        }
        row = next;
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("listen", "listen"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn the_key_under_the_wrong_heading_is_found() {
        assert_eq!(for_file_key("server", "access_token"), Some("meta.access_token"));
        assert_eq!(for_file_key("server", "lisen"), Some("server.listen"));
        assert_eq!(for_file_key("server", "colour_of_the_sky"), None);
    }

    #[test]
    fn a_guessed_prefix_is_found() {
        assert_eq!(for_env("WAYPOST_LISTEN"), Some("WAYPOST_SERVER_LISTEN"));
        assert_eq!(for_env("WAYPOST_META_APP_SECRET"), Some("WHATSAPP_APP_SECRET"));
        assert_eq!(for_env("WAYPOST_SERVER_LISTN"), Some("WAYPOST_SERVER_LISTEN"));
        assert_eq!(for_env("WAYPOST_META_ACESS_TOKEN"), Some("WHATSAPP_ACCESS_TOKEN"));
        assert_eq!(for_env("WAYPOST_COLOUR_OF_THE_SKY"), None);
    }
}
