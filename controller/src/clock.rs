//! Times as core counts them, in nanoseconds since the Unix epoch, and as statuses hold them, in whole microseconds:
//! what a reader of JSON can be expected to compare.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

/// Now, for core.
pub(crate) fn now() -> i64 {
    nanos(Timestamp::now())
}

/// Now, for a status.
pub(crate) fn stamp() -> MicroTime {
    MicroTime(Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default())
}

/// A time, for core.
pub(crate) fn nanos(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

/// A time, for a status; none outside the years that a timestamp has.
pub(crate) fn time(nanos: i64) -> Option<MicroTime> {
    Timestamp::from_microsecond(nanos / 1000).ok().map(MicroTime)
}
