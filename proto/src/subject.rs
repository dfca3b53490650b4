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
    attempt: u32,
}

impl Recording {
    /// Builds an address; both tokens must be made of letters, digits, `-` and `_`.
    pub fn new(check_uid: &str, run: &str, attempt: u32) -> Result<Self, InvalidToken> {
        Ok(Self {
            check_uid: token(check_uid)?,
            run: token(run)?,
            attempt,
        })
    }

    /// The subject to publish a chunk of this kind to.
    pub fn subject(&self, kind: Kind) -> String {
        format!("{PREFIX}.{}.{}.{}.{kind}", self.check_uid, self.run, self.attempt)
    }

    /// Filter for everything that all attempts of this run published.
    pub fn run_filter(&self) -> String {
        format!("{PREFIX}.{}.{}.>", self.check_uid, self.run)
    }

    /// Message id for the part of the recording that `part` names.
    ///
    /// The attempt is left out on purpose: a worker that replaces a lost one on the same clone publishes the same
    /// part under the same id, and JetStream drops the repeat.
    pub fn message_id(&self, part: &str) -> String {
        format!("{}/{}/{part}", self.check_uid, self.run)
    }
}

/// The attempt that published to a subject, from 1; none if it is no subject of a recording.
pub fn attempt(subject: &str) -> Option<u32> {
    let mut tokens = subject.strip_prefix(PREFIX)?.strip_prefix('.')?.split('.');
    let (Some(_check), Some(_run), Some(attempt), Some(_kind), None) = (
        tokens.next(),
        tokens.next(),
        tokens.next(),
        tokens.next(),
        tokens.next(),
    ) else {
        return None;
    };
    attempt.parse().ok()
}

/// Filter for everything that any run of a check published.
pub fn check_filter(check_uid: &str) -> Result<String, InvalidToken> {
    Ok(format!("{PREFIX}.{}.>", token(check_uid)?))
}

/// Last token of a subject: what a chunk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Log lines.
    Logs,
    /// States of Pods.
    Pods,
    /// Kubernetes Events.
    Events,
    /// Resource usage.
    Usage,
    /// What running processes show of themselves.
    Process,
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
            Self::Process => "process",
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
        let recording = Recording::new("0b5f", "baseline-1", 2).unwrap();
        let subject = recording.subject(Kind::Logs);
        assert_eq!(subject, "temper.rec.0b5f.baseline-1.2.logs");
        assert_eq!(attempt(&subject), Some(2));
        assert_eq!(recording.run_filter(), "temper.rec.0b5f.baseline-1.>");
        assert_eq!(check_filter("0b5f").unwrap(), "temper.rec.0b5f.>");
    }

    #[test]
    fn a_token_cannot_widen_a_filter() {
        for evil in ["", "a.b", "*", ">", "a b"] {
            assert_eq!(Recording::new("u", evil, 1), Err(InvalidToken(evil.into())));
        }
    }

    #[test]
    fn what_is_no_subject_has_no_attempt() {
        for other in [
            "temper.rec.u.r.1",
            "temper.rec.u.r.1.logs.x",
            "temper.rec.u.r.x.logs",
            "other.u.r.1.logs",
            "",
        ] {
            assert_eq!(attempt(other), None, "{other}");
        }
    }

    #[test]
    fn a_replacing_worker_reuses_message_ids() {
        let first = Recording::new("u", "r", 1).unwrap();
        let second = Recording::new("u", "r", 2).unwrap();
        assert_eq!(first.message_id("pod/app/0/17"), second.message_id("pod/app/0/17"));
    }
}
