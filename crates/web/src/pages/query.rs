//! What the address of the list asks for, and what the store is asked for it.

use domain::message::{Direction, MessageStatus};
use domain::phone::{E164, Region};
use store::message as stored;
use store::message::Place;

use crate::views::messages::MessageFilter;
use crate::views::status::{StatusWord, Way};

/// What stands behind the `?`. What cannot be read is as if it were not there: addresses are typed and shortened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ListQuery {
    pub filter: MessageFilter,
    /// Only older than this.
    pub before: Option<Place>,
    /// Only newer than this.
    pub after: Option<Place>,
    /// Whether the sheet is open.
    pub composing: bool,
}

impl ListQuery {
    pub(super) fn parse(query: &str) -> Self {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "q" => value.trim().clone_into(&mut read.filter.query),
                "status" => read.filter.status = StatusWord::parse(&value),
                "direction" => read.filter.way = Way::parse(&value),
                "before" => read.before = Place::parse(&value),
                "after" => read.after = Place::parse(&value),
                "compose" => read.composing = value == "1",
                _ => {}
            }
        }
        // Of two places one is enough; the later page is the one people were on.
        if read.before.is_some() {
            read.after = None;
        }
        read
    }
}

/// What the store is asked for; `None` when nothing can match.
pub(super) fn store_filter(filter: &MessageFilter, region: Region) -> Option<stored::MessageFilter> {
    let phone = Some(filter.query.as_str()).filter(|query| !query.is_empty());
    let phone = match phone.map(|query| E164::parse(query, region)) {
        None => None,
        Some(Ok(phone)) => Some(phone.match_key()),
        // A name, or a part of a number: the store finds whole numbers only.
        Some(Err(_)) => return None,
    };
    let (status, direction) = narrowed(filter)?;
    Some(stored::MessageFilter { phone_match_key: phone, status, direction, ..stored::MessageFilter::default() })
}

/// What came in has no status that people know but `received`, so every other word means what was sent.
fn narrowed(filter: &MessageFilter) -> Option<(Option<MessageStatus>, Option<Direction>)> {
    let wanted = filter.way.map(|way| if way.is_out() { Direction::Outbound } else { Direction::Inbound });
    let (status, meant) = match filter.status {
        None => return Some((None, wanted)),
        Some(StatusWord::Received) => (None, Direction::Inbound),
        Some(word) => (Some(MessageStatus::parse(word.as_str())?), Direction::Outbound),
    };
    if wanted.is_some_and(|wanted| wanted != meant) { None } else { Some((status, Some(meant))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_patience() {
        let query = ListQuery::parse("q=+98765%2043210+&status=read&direction=out&before=17-3&compose=1&utm=x");
        assert_eq!(query.filter.query, "98765 43210");
        assert_eq!((query.filter.status, query.filter.way), (Some(StatusWord::Read), Some(Way::Out)));
        assert_eq!(query.before.map(|place| place.to_string()).as_deref(), Some("17-3"));
        assert!(query.composing);
        assert_eq!(ListQuery::parse("status=lost&direction=up&after=x&compose=yes&q="), ListQuery::default());
        let both = ListQuery::parse("after=2-1&before=17-3");
        assert_eq!((both.before.is_some(), both.after), (true, None));
    }

    #[test]
    fn every_status_has_its_direction() {
        let narrow = |status, way| narrowed(&MessageFilter { query: String::new(), status, way });
        for word in StatusWord::ALL {
            let (_, direction) = narrow(Some(word), None).expect("every word is known to the store");
            assert_eq!(direction == Some(Direction::Inbound), word == StatusWord::Received, "{word:?}");
        }
        assert_eq!(narrow(None, None), Some((None, None)));
        assert_eq!(narrow(None, Some(Way::In)), Some((None, Some(Direction::Inbound))));
        assert_eq!(narrow(Some(StatusWord::Delivered), Some(Way::In)), None);
        assert_eq!(narrow(Some(StatusWord::Received), Some(Way::Out)), None);
    }

    #[test]
    fn numbers_are_found_with_and_without_country_code() {
        let asked = |query: &str| {
            let filter = MessageFilter { query: query.to_owned(), ..MessageFilter::default() };
            store_filter(&filter, Region::INDIA).map(|filter| filter.phone_match_key)
        };
        let whole = Some(Some("919876543210".to_owned()));
        assert_eq!(asked("+91 98765 43210"), whole);
        assert_eq!(asked("098765-43210"), whole);
        assert_eq!(asked(""), Some(None));
        assert_eq!(asked("Yael"), None);
        assert_eq!(asked("98765"), None);
    }
}
