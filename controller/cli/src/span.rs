//! Spans of time as the API takes them: `90s`, `5m`, `1h30m`.

use std::time::Duration;

/// A span of time.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    seconds(text)
        .map(Duration::from_secs)
        .ok_or_else(|| "write it like 90s, 5m or 1h30m".to_owned())
}

/// A span of time that the API takes as a recording duration, as it was written.
pub(crate) fn recording(text: &str) -> Result<String, String> {
    match seconds(text) {
        Some(10..=86_400) => Ok(text.to_owned()),
        Some(_) => Err("it must be between 10s and 24h".to_owned()),
        None => Err("write it like 90s, 5m or 1h30m".to_owned()),
    }
}

/// The pattern of the custom resource: hours, minutes and seconds in this order, each at most once.
fn seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    for (unit, factor) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((digits, after)) = rest.split_once(unit) {
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(factor)?)?;
            rest = after;
        }
    }
    (rest.is_empty() && !text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_takes() {
        for (text, wanted) in [
            ("90s", 90),
            ("5m", 300),
            ("1h30m", 5400),
            ("1h2m3s", 3723),
            ("24h", 86_400),
        ] {
            assert_eq!(seconds(text), Some(wanted), "{text}");
        }
        for text in [
            "",
            "5",
            "m",
            "5m1h",
            "5 m",
            "-5m",
            "+5m",
            "1.5h",
            "5m5m",
            "99999999999999999999s",
            "5s5",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn recordings_have_bounds() {
        assert_eq!(recording("10s").as_deref(), Ok("10s"));
        assert!(recording("9s").is_err() && recording("24h1s").is_err() && recording("soon").is_err());
    }
}
