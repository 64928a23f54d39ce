//! Times as people read them: short in the viewer's zone, exact when asked.

use domain::time::Timestamp;
use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::catalogue::Catalogue;

/// One instant, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For the `datetime` attribute: RFC 3339.
    pub machine: String,
    /// `14:21` today, `19 Nov, 14:21` this year, `19 Nov 2025, 14:21` before.
    pub short: String,
    /// `14:21:07`, for timelines.
    pub clock: String,
    /// `19 Nov 2026`.
    pub date: String,
    /// With weekday, seconds and zone, for the title.
    pub exact: String,
}

impl Moment {
    /// The instant `at` for somebody in `zone` for whom it is `now`.
    #[must_use]
    pub fn new(at: Timestamp, now: Timestamp, zone: &TimeZone, catalogue: &Catalogue) -> Self {
        let (there, today) = (local(at, zone), local(now, zone));
        let minutes = format!("{:02}:{:02}", there.hour(), there.minute());
        let clock = format!("{minutes}:{:02}", there.second());
        let (day, year) = (there.day().to_string(), there.year().to_string());
        let month = word(catalogue.t("time.months"), there.month() - 1);
        let weekday = word(catalogue.t("time.days"), there.weekday().to_monday_zero_offset());
        let zone_name = zone.iana_name().unwrap_or("UTC");
        let fill = |key, clock: &str| {
            catalogue.tf(
                key,
                &[
                    ("day", day.as_str()),
                    ("month", month),
                    ("year", year.as_str()),
                    ("weekday", weekday),
                    ("clock", clock),
                    ("zone", zone_name),
                ],
            )
        };
        let short = if there.date() == today.date() {
            minutes
        } else if there.year() == today.year() {
            fill("time.this_year", &minutes)
        } else {
            fill("time.other_year", &minutes)
        };
        let exact = fill("time.exact", &clock);
        let date = fill("time.date", "");
        Self { machine: there.timestamp().to_string(), short, clock, date, exact }
    }

    /// A moment for samples: some minutes before noon of 20 November 2026 in Jerusalem.
    pub(crate) fn sample(minutes_ago: i64) -> Self {
        let noon = 1_795_168_800;
        let zone = TimeZone::get("Asia/Jerusalem").unwrap_or(TimeZone::UTC);
        let at = Timestamp::from_seconds(noon - 60 * minutes_ago + 7);
        Self::new(at, Timestamp::from_seconds(noon), &zone, Catalogue::get("en"))
    }
}

fn local(at: Timestamp, zone: &TimeZone) -> Zoned {
    jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default().to_zoned(zone.clone())
}

fn word(list: &str, index: i8) -> &str {
    usize::try_from(index).ok().and_then(|index| list.split(' ').nth(index)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_further_away_the_more_is_said() {
        let now = Moment::sample(0);
        assert_eq!(now.short, "12:00");
        assert_eq!(now.date, "20 Nov 2026");
        assert_eq!(now.clock, "12:00:07");
        assert_eq!(now.exact, "Fri 20 Nov 2026, 12:00:07, Asia/Jerusalem");
        assert_eq!(now.machine, "2026-11-20T10:00:07Z");
        assert_eq!(Moment::sample(24 * 60).short, "19 Nov, 12:00");
        assert_eq!(Moment::sample(365 * 24 * 60).short, "20 Nov 2025, 12:00");
    }

    #[test]
    fn today_is_the_viewers_day() {
        let zone = TimeZone::get("Asia/Jerusalem").unwrap_or(TimeZone::UTC);
        let at = |text| Timestamp::parse(text).unwrap_or(Timestamp::from_seconds(0));
        let moment = Moment::new(at("2026-11-19T22:30:00Z"), at("2026-11-20T08:00:00Z"), &zone, Catalogue::get("en"));
        assert_eq!(moment.short, "00:30");
    }
}
