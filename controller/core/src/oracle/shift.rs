//! Whether a number of a run differs from those of its baselines by more than they do from each other.
//!
//! Two to five baselines carry no p-value under 0.17, so what is compared is the size of the effect: the logarithm of
//! the ratio to the baselines' median, against a floor and their own spread (section 7.5 of the design).

use statrs::statistics::{Data, Median as _};

/// What makes the median absolute deviation of a normal distribution its standard deviation.
const MAD_TO_DEVIATION: f64 = 1.4826;

/// Deviations of the baselines that a difference must exceed.
const DEVIATIONS: f64 = 4.0;

/// Under this share of what its baselines do a run does nothing of it.
const NOTHING: f64 = 0.1;

/// What a difference must exceed whatever the baselines' spread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floor {
    /// Ratio to the median of the baselines, or its inverse; more than 1.
    pub(super) ratio: f64,
    /// Difference, and the value up to which all values are alike.
    pub(super) least: f64,
}

/// How a number of a run stands to those of its baselines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    /// As with the baselines.
    None,
    /// More than in the baselines.
    Above,
    /// Less than in the baselines.
    Below,
    /// Next to nothing of what the baselines have.
    Gone,
    /// The baselines differ from each other by more than the floor.
    Undecidable,
}

/// Compares a number with those of at least one baseline.
pub(super) fn shift(value: f64, usual: &[f64], floor: Floor) -> Shift {
    let log = |value: f64| value.max(floor.least).ln();
    let logs: Vec<f64> = usual.iter().copied().map(log).collect();
    let limit = floor.ratio.ln();
    let (low, high) = (
        logs.iter().copied().fold(f64::MAX, f64::min),
        logs.iter().copied().fold(f64::MIN, f64::max),
    );
    if high - low > limit {
        return Shift::Undecidable;
    }
    let center = Data::new(logs.clone()).median();
    let deviations: Vec<f64> = logs.iter().map(|log| (log - center).abs()).collect();
    let noise = DEVIATIONS * MAD_TO_DEVIATION * Data::new(deviations).median();
    let effect = log(value) - center;
    if effect.abs() <= limit.max(noise) || (value - center.exp()).abs() <= floor.least {
        return Shift::None;
    }
    match effect {
        above if above > 0.0 => Shift::Above,
        below if below < NOTHING.ln() => Shift::Gone,
        _ => Shift::Below,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FLOOR: Floor = Floor { ratio: 2.0, least: 0.5 };

    #[test]
    fn a_difference_counts_beyond_the_floor_and_the_noise() {
        let cases: [(f64, &[f64], Shift); 10] = [
            (10.0, &[10.0, 10.0], Shift::None),
            (19.0, &[10.0, 10.0], Shift::None),
            (21.0, &[10.0, 10.0], Shift::Above),
            (4.9, &[10.0, 10.0], Shift::Below),
            (0.9, &[10.0, 10.0], Shift::Gone),
            (0.0, &[10.0, 10.0], Shift::Gone),
            // Four deviations of baselines that differ by half are a factor of 3.3.
            (30.0, &[10.0, 15.0], Shift::None),
            (60.0, &[10.0, 15.0], Shift::Above),
            (60.0, &[10.0, 21.0], Shift::Undecidable),
            // Next to nothing and nothing are the same.
            (0.4, &[0.01, 0.2], Shift::None),
        ];
        for (value, usual, expected) in cases {
            assert_eq!(shift(value, usual, FLOOR), expected, "{value} against {usual:?}");
        }
    }

    proptest! {
        #[test]
        fn a_baseline_is_no_different_from_baselines_like_itself(value in 0.0_f64..1e12, count in 1_usize..6) {
            prop_assert_eq!(shift(value, &vec![value; count], FLOOR), Shift::None);
        }

        #[test]
        fn the_order_of_baselines_makes_no_difference(
            value in 0.0_f64..100.0,
            mut usual in proptest::collection::vec(0.0_f64..100.0, 1..6),
        ) {
            let straight = shift(value, &usual, FLOOR);
            usual.reverse();
            prop_assert_eq!(straight, shift(value, &usual, FLOOR));
        }
    }
}
