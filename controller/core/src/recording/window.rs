//! From points in time to one number: what was measured between Ready and the end of a recording.

use statrs::statistics::{Data, Median as _};

use super::Recording;

/// Points that a number is made from at least. A kubelet gives about four a minute.
const MIN_POINTS: usize = 3;

/// Points of one instance of something, by time.
pub(super) type Points = Vec<(i64, f64)>;

/// The time from Ready to the end of a recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    from: i64,
    to: i64,
}

impl Window {
    /// None for a recording that was not Ready, or has not ended.
    pub(super) fn of(recording: &Recording) -> Option<Self> {
        let (from, to) = (recording.ready_at()?, recording.ended_at()?);
        (to > from).then_some(Self { from, to })
    }

    /// Its length in seconds.
    pub(super) fn seconds(self) -> f64 {
        length(self.from, self.to) / 1e9
    }

    /// How much counters rose, each of one instance. What lies between the first or last point and the end of the window
    /// is taken to be like the rest; none where that is more than half of it, or where there are too few points.
    pub(super) fn rise(self, counters: &[Points]) -> Option<f64> {
        let (mut risen, mut points, mut first, mut last) = (0.0, 0, self.to, self.from);
        for counter in counters {
            let mut any = false;
            for pair in counter.windows(2) {
                let [(start, before), (end, after)] = *pair else {
                    continue;
                };
                if end <= self.from || start >= end {
                    continue;
                }
                // A smaller value is a counter that began again.
                let rise = if after < before { after } else { after - before };
                let inside = start.max(self.from);
                risen += rise * length(inside, end) / length(start, end);
                points += if any { 1 } else { 2 };
                any = true;
                (first, last) = (first.min(inside), last.max(end));
            }
        }
        let covered = length(first, last);
        let whole = length(self.from, self.to);
        (points >= MIN_POINTS && covered * 2.0 >= whole).then(|| risen * whole / covered)
    }

    /// The highest value of all points within; none where there are too few.
    pub(super) fn highest(self, gauges: &[Points]) -> Option<f64> {
        let values = self.within(gauges);
        (values.len() >= MIN_POINTS).then(|| values.into_iter().fold(f64::MIN, f64::max))
    }

    /// The median of all points within; none where there are too few.
    pub(super) fn median(self, gauges: &[Points]) -> Option<f64> {
        let values = self.within(gauges);
        (values.len() >= MIN_POINTS).then(|| Data::new(values).median())
    }

    fn within(self, gauges: &[Points]) -> Vec<f64> {
        let points = gauges.iter().flatten();
        points
            .filter(|(time, _)| *time >= self.from)
            .map(|(_, value)| *value)
            .collect()
    }
}

/// Nanoseconds from one time to another.
#[expect(clippy::cast_precision_loss, reason = "a ratio needs no more than 52 bits")]
fn length(from: i64, to: i64) -> f64 {
    to.saturating_sub(from) as f64
}
