//! Subjects and message ids, the only addresses of a recording.

use std::fmt;

/// Every subject of the stream begins with this token pair.
pub const PREFIX: &str = "temper.rec";

/// A token that may stand between two dots of a subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be part of a subject: use letters, digits, `-` and `_`")]
pub struct InvalidToken(pub String);

/// The address of one attempt of one run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recording {
    check_uid: String,
    run: String,
    run_uid: String,
    attempt: u32,
}

impl Recording {
    /// Builds an address from the UID of the check, the run's name within it, the UID of the run and the attempt, which
    /// counts from 1; tokens must be made of letters, digits, `-` and `_`.
    pub fn new(check_uid: &str, run: &str, run_uid: &str, attempt: u32) -> Result<Self, InvalidToken> {
        Ok(Self {
            check_uid: token(check_uid)?,
            run: token(run)?,
            run_uid: token(run_uid)?,
            attempt,
        })
    }

    /// The subject to publish a chunk of this kind to.
    pub fn subject(&self, kind: Kind) -> String {
        format!("{PREFIX}.{}.{}.{}.{kind}", self.check_uid, self.run, self.attempt)
    }

    /// Message id for the part of the recording that `part` names.
    ///
    /// The attempt is left out on purpose: a worker that replaces a lost one on the same clone publishes the same
    /// part under the same id, and JetStream drops the repeat. The UID stands for the run: one that is deleted and made
    /// again under the same name repeats nothing.
    pub fn message_id(&self, part: &str) -> String {
        format!("{}/{part}", self.run_uid)
    }
}

/// Whether a message id, as [`Recording::message_id`] makes it, is of the run with this UID.
pub fn is_of_run(message_id: &str, run_uid: &str) -> bool {
    message_id
        .strip_prefix(run_uid)
        .is_some_and(|part| part.starts_with('/'))
}

/// Filter for everything that all attempts of a run published.
pub fn run_filter(check_uid: &str, run: &str) -> Result<String, InvalidToken> {
    Ok(format!("{PREFIX}.{}.{}.>", token(check_uid)?, token(run)?))
}

/// Filter for everything that any run of a check published.
pub fn check_filter(check_uid: &str) -> Result<String, InvalidToken> {
    Ok(format!("{PREFIX}.{}.>", token(check_uid)?))
}

/// The attempt that published to a subject; none if it is not one of a recording.
pub fn attempt_of(subject: &str) -> Option<u32> {
    let mut tokens = subject.strip_prefix(PREFIX)?.strip_prefix('.')?.split('.');
    let attempt = tokens.nth(2)?.parse().ok()?;
    let kind = tokens.next()?;
    (!kind.is_empty() && tokens.next().is_none()).then_some(attempt)
}

/// Last token of a subject: what a chunk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Log lines, and where some are missing.
    Logs,
    /// States of Pods.
    Pods,
    /// Kubernetes Events.
    Events,
    /// Resource usage.
    Usage,
    /// What the workload counts itself.
    Metrics,
    /// What running processes show of themselves.
    Process,
    /// What a baseline's containers are and do.
    Observation,
    /// What functional probes found.
    Probe,
    /// Turning points of the recording.
    Mark,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Logs => "logs",
            Self::Pods => "pods",
            Self::Events => "events",
            Self::Usage => "usage",
            Self::Metrics => "metrics",
            Self::Process => "process",
            Self::Observation => "observation",
            Self::Probe => "probe",
            Self::Mark => "mark",
        })
    }
}

fn token(text: &str) -> Result<String, InvalidToken> {
    let legal = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if legal {
        Ok(text.to_owned())
    } else {
        Err(InvalidToken(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_built_from_tokens() {
        let recording = Recording::new("0b5f", "baseline-1", "77aa", 2).unwrap();
        let subject = recording.subject(Kind::Logs);
        assert_eq!(subject, "temper.rec.0b5f.baseline-1.2.logs");
        assert_eq!(attempt_of(&subject), Some(2));
        assert_eq!(
            run_filter("0b5f", "baseline-1").unwrap(),
            "temper.rec.0b5f.baseline-1.>"
        );
        assert_eq!(check_filter("0b5f").unwrap(), "temper.rec.0b5f.>");
    }

    #[test]
    fn a_message_knows_its_run() {
        let id = Recording::new("c", "r", "77aa", 1).unwrap().message_id("mark/1");
        assert!(is_of_run(&id, "77aa"));
        assert!(!is_of_run(&id, "77a") && !is_of_run(&id, "c") && !is_of_run("77aa", "77aa"));
    }

    #[test]
    fn a_token_cannot_widen_a_filter() {
        for evil in ["", "a.b", "*", ">", "a b"] {
            assert_eq!(Recording::new("u", evil, "r", 1), Err(InvalidToken(evil.into())));
            assert_eq!(Recording::new("u", "r", evil, 1), Err(InvalidToken(evil.into())));
            assert_eq!(run_filter("u", evil), Err(InvalidToken(evil.into())));
        }
    }

    #[test]
    fn only_a_recording_has_an_attempt() {
        for other in [
            "",
            "temper.rec",
            "temper.rec.u.r",
            "temper.rec.u.r.one.logs",
            "temper.rec.u.r.1",
            "temper.rec.u.r.1.",
            "temper.rec.u.r.1.logs.x",
            "temper.recs.u.r.1.logs",
            "other.rec.u.r.1.logs",
        ] {
            assert_eq!(attempt_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_replacing_worker_reuses_message_ids_and_another_run_does_not() {
        let id = |run_uid: &str, attempt: u32| {
            Recording::new("u", "r", run_uid, attempt)
                .unwrap()
                .message_id("pod/app/0/17")
        };
        assert_eq!(id("a", 1), id("a", 2));
        assert_ne!(id("a", 1), id("b", 1));
    }
}
