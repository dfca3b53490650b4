//! How sure a share is.

use serde::Serialize;

/// Two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The Wilson score interval at 95 % (Wilson 1927) of a share: honest for few cases, and for shares of 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Of `part` in `all`; of nothing at all, everything is possible.
    pub fn wilson(part: u32, all: u32) -> Self {
        if all == 0 {
            return Self { low: 0.0, high: 1.0 };
        }
        let n = f64::from(all);
        let share = f64::from(part) / n;
        let centre = share + Z * Z / (2.0 * n);
        let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        Self {
            low: ((centre - spread) / scale).max(0.0),
            high: ((centre + spread) / scale).min(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_false_alarm_in_three_hundred_bounds_the_rate_near_one_percent() {
        let Interval { low, high } = Interval::wilson(0, 300);
        assert!(low.abs() < 1e-12 && (0.012..0.013).contains(&high), "{low} {high}");
        let Interval { low, high } = Interval::wilson(9, 10);
        assert!(
            (0.59..0.60).contains(&low) && (0.98..0.99).contains(&high),
            "{low} {high}"
        );
    }
}
