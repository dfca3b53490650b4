//! Times as text: seconds since the start of a recording beside its logs, RFC 3339 elsewhere. Both are exact to the
//! nanosecond.

use std::fmt;

const SECOND: i128 = 1_000_000_000;

/// Digits after the point that nanoseconds have.
const DIGITS: usize = 9;

/// Nanoseconds as decimal seconds with nine digits after the point.
pub(crate) struct Seconds(pub(crate) i128);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.abs();
        write!(f, "{sign}{}.{:09}", nanos / SECOND, nanos % SECOND)
    }
}

/// Nanoseconds from decimal seconds; what is smaller than a nanosecond is cut off.
pub(crate) fn nanos(text: &[u8]) -> Option<i128> {
    plain(text).or_else(|| scientific(text))
}

/// Digits, perhaps with a point between them: no allocation, and no rounding.
fn plain(text: &[u8]) -> Option<i128> {
    let (is_negative, digits) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (digits.get(..at)?, digits.get(at + 1..)?),
        None => (digits, &[][..]),
    };
    if whole.is_empty() || whole.len() > 18 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut nanos = number(whole)?;
    let kept = fraction.get(..DIGITS).unwrap_or(fraction);
    for _ in 0..DIGITS {
        nanos *= 10;
    }
    let missing = DIGITS - kept.len();
    let mut part = number(kept)?;
    for _ in 0..missing {
        part *= 10;
    }
    nanos += part;
    Some(if is_negative { -nanos } else { nanos })
}

fn number(digits: &[u8]) -> Option<i128> {
    digits.iter().try_fold(0, |sum: i128, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i128::from(*digit - b'0'))
    })
}

/// As Python writes a very small number.
#[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
fn scientific(text: &[u8]) -> Option<i128> {
    let seconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let is_sane = seconds.is_finite() && seconds.abs() < 1e18;
    is_sane.then_some((seconds * 1e9) as i128)
}

/// For serde: nanoseconds since the Unix epoch as RFC 3339.
pub(crate) mod rfc3339 {
    use jiff::Timestamp;
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
    pub(crate) fn serialize<S: Serializer>(nanos: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        let time = Timestamp::from_nanosecond(i128::from(*nanos)).map_err(S::Error::custom)?;
        serializer.collect_str(&format_args!("{time:.9}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let time: Timestamp = text
            .parse()
            .map_err(|_| D::Error::custom(format!("`{text}` is not a time such as 2026-01-01T00:00:00Z")))?;
        i64::try_from(time.as_nanosecond())
            .map_err(|_| D::Error::custom(format!("`{text}` is not between 1678 and 2262")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seconds_are_read_however_they_are_written() {
        for (text, expect) in [
            ("0", Some(0)),
            ("0.012", Some(12_000_000)),
            ("12.5", Some(12_500_000_000)),
            ("-1.000000001", Some(-1_000_000_001)),
            ("0.1120615005493164", Some(112_061_500)),
            ("1e-05", Some(10_000)),
            ("7.", Some(7_000_000_000)),
            ("", None),
            ("-", None),
            ("1,5", None),
            ("1.x", None),
            ("nan", None),
            ("inf", None),
            ("1e300", None),
            (" 1", None),
        ] {
            assert_eq!(nanos(text.as_bytes()), expect, "{text}");
        }
    }

    proptest! {
        #[test]
        fn seconds_come_back(time in any::<i64>(), start in any::<i64>()) {
            let since = i128::from(time) - i128::from(start);
            prop_assert_eq!(nanos(Seconds(since).to_string().as_bytes()), Some(since));
        }
    }
}
