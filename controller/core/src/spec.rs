//! What a user wrote, read once.

/// Recordings are at least this long: a shorter one shows neither periodic messages nor a late crash.
pub const MIN_RECORDING_SECONDS: u64 = 10;

/// Recordings are at most this long: the stream keeps a day.
pub const MAX_RECORDING_SECONDS: u64 = 86_400;

/// Why a duration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a duration.
    #[error("spec.recordingDuration: `{0}` is not a duration: write it like 90s, 5m or 1h30m")]
    Unparsable(String),
    /// Too short or too long.
    #[error("spec.recordingDuration: `{0}` is not between 10s and 24h: write it like 90s, 5m or 1h30m")]
    OutOfRange(String),
}

/// Reads a duration such as `90s`, `5m` or `1h30m`, in seconds.
pub fn recording_seconds(text: &str) -> Result<u64, DurationError> {
    let unparsable = || DurationError::Unparsable(text.to_owned());
    let mut rest = text;
    let mut total: u64 = 0;
    for (unit, seconds) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((number, after)) = rest.split_once(unit) {
            let number: u64 = number.parse().map_err(|_| unparsable())?;
            total = number
                .checked_mul(seconds)
                .and_then(|n| n.checked_add(total))
                .ok_or_else(unparsable)?;
            rest = after;
        }
    }
    if text.is_empty() || !rest.is_empty() {
        return Err(unparsable());
    }
    if (MIN_RECORDING_SECONDS..=MAX_RECORDING_SECONDS).contains(&total) {
        Ok(total)
    } else {
        Err(DurationError::OutOfRange(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(recording_seconds("90s"), Ok(90));
        assert_eq!(recording_seconds("1h30m"), Ok(5400));
        assert_eq!(recording_seconds("24h"), Ok(86_400));
        for text in ["", "5", "m", "-5m", "5m90", "1m1h", "99999999999999999999s", "5 m"] {
            assert_eq!(
                recording_seconds(text),
                Err(DurationError::Unparsable(text.into())),
                "{text}"
            );
        }
        for text in ["9s", "0s", "25h"] {
            assert_eq!(
                recording_seconds(text),
                Err(DurationError::OutOfRange(text.into())),
                "{text}"
            );
        }
    }
}
