//! The beginning of what a workload answers, and whether it holds what is wanted.

/// Bytes of an answer that are looked at.
const LIMIT: usize = 1024 * 1024;

/// Characters of an answer that are told.
const QUOTE: usize = 200;

/// The bytes that came so far.
#[derive(Debug, Default)]
pub(super) struct Answer {
    bytes: Vec<u8>,
}

impl Answer {
    /// Takes in more; whether there is no need of any further.
    pub(super) fn push(&mut self, bytes: &[u8], wanted: Option<&str>) -> bool {
        let room = LIMIT.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
        match wanted {
            None => self.bytes.len() >= QUOTE * 4,
            Some(wanted) => self.bytes.len() >= LIMIT || self.has(wanted),
        }
    }

    /// Why it is not what is wanted.
    pub(super) fn holds(&mut self, wanted: Option<&str>) -> Result<(), String> {
        match wanted {
            Some(wanted) if !self.has(wanted) => Err(format!(
                "the answer does not hold \"{}\": {}",
                shown(wanted),
                self.quote()
            )),
            _ => Ok(()),
        }
    }

    fn has(&self, wanted: &str) -> bool {
        let wanted = wanted.as_bytes();
        self.bytes.windows(wanted.len().max(1)).any(|window| window == wanted)
    }

    /// Its beginning, for people. Findings put what probes say between backticks.
    pub(super) fn quote(&self) -> String {
        match String::from_utf8_lossy(&self.bytes).trim() {
            "" => "it is empty".to_owned(),
            text => format!("\"{}\"", shown(text)),
        }
    }
}

/// The beginning of a text on one line.
pub(super) fn shown(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    let mut cut: String = line.chars().take(QUOTE).collect();
    if cut.len() < line.len() {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_found_across_pieces_and_only_within_the_limit() {
        let mut answer = Answer::default();
        assert!(!answer.push(b"+PO", Some("PONG")));
        assert!(answer.push(b"NG\r\n", Some("PONG")));
        assert_eq!(answer.holds(Some("PONG")), Ok(()));
        let mut long = Answer::default();
        assert!(long.push(&vec![b'x'; LIMIT + 9], Some("y")));
        assert_eq!(long.bytes.len(), LIMIT);
    }

    #[test]
    fn a_long_answer_is_told_on_one_short_line() {
        let mut answer = Answer::default();
        answer.push("<html>\n  é".repeat(99).as_bytes(), None);
        let quote = answer.quote();
        assert!(
            quote.starts_with("\"<html> é") && quote.ends_with("…\"") && quote.chars().count() == QUOTE + 3,
            "{quote}"
        );
        assert_eq!(Answer::default().quote(), "it is empty");
    }
}
