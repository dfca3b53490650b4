//! The last Events of a check.

use comfy_table::{Cell, Color};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use temper_report::{plain, seconds};

use super::grid::{Look, drawn, table, tinted};

/// Events that are shown at most.
const LAST: usize = 5;

/// What happened lately.
pub(crate) struct News {
    /// Events of the check, in any order.
    pub(crate) events: Vec<Event>,
    /// The time from which their age counts.
    pub(crate) now: Timestamp,
}

/// The last Events, the newest at the end as in a log.
pub(super) fn events(news: &News, look: Look) -> Option<String> {
    let mut dated: Vec<(Timestamp, &Event)> = news
        .events
        .iter()
        .filter_map(|event| Some((last_seen(event)?, event)))
        .collect();
    dated.sort_by_key(|(seen, _)| *seen);
    let mut table = table(&["EVENT", "AGE", "MESSAGE"], look);
    for (seen, event) in dated.iter().skip(dated.len().saturating_sub(LAST)) {
        let colour = (event.type_.as_deref() == Some("Warning")).then_some(Color::Yellow);
        table.add_row(vec![
            tinted(&plain(event.reason.as_deref().unwrap_or_default()), colour, look),
            Cell::new(seconds(news.now.duration_since(*seen).as_secs_f64().max(0.0))),
            Cell::new(plain(event.message.as_deref().unwrap_or_default())),
        ]);
    }
    drawn(&table)
}

/// Both generations of the Event API note the time, each in its own field.
fn last_seen(event: &Event) -> Option<Timestamp> {
    let series = event
        .series
        .as_ref()
        .and_then(|series| series.last_observed_time.as_ref());
    let time = series.or(event.event_time.as_ref()).map(|time| time.0);
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    let created = event.metadata.creation_timestamp.as_ref().map(|time| time.0);
    [time, last].into_iter().flatten().max().or(created)
}
