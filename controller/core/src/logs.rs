//! From a line to its template: what varies from run to run is masked, what tells good from bad never is.
//!
//! One pass over the tokens of a line; no list of regular expressions. The rules are those of section 7.2 of the
//! oracle's design: numbers, times, addresses and ids become typed placeholders; an HTTP status, an errno, an exit
//! code, a signal or a level stays, because a change in it is what is looked for.

mod severity;
mod token;

pub use severity::Severity;

/// A line is read up to this many bytes.
const MAX_LINE: usize = 16 * 1024;

/// Names that differ from clone to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    namespace: String,
}

impl Names {
    /// The names of a clone.
    pub fn of_clone(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
        }
    }
}

/// A masked line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// What it has in common with other lines of its kind.
    pub template: String,
    /// The line itself, readable.
    pub text: String,
    /// How bad it sounds.
    pub severity: Severity,
}

/// Masks a line. Total: any bytes have a template.
pub fn mask(line: &[u8], names: &Names) -> Masked {
    let text = readable(line);
    let unplaced = if names.namespace.is_empty() {
        text.clone()
    } else {
        text.replace(&names.namespace, "<namespace>")
    };
    let template = token::template(&unplaced);
    let severity = severity::of(&unplaced);
    Masked {
        template,
        text,
        severity,
    }
}

/// Valid UTF-8 without escape sequences, carriage returns and the blanks around it.
fn readable(line: &[u8]) -> String {
    let cut = line.get(..MAX_LINE).unwrap_or(line);
    let text = String::from_utf8_lossy(cut);
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            // CSI sequences end with a letter; all else that begins with ESC has two characters.
            if chars.next() == Some('[') {
                while chars.next().is_some_and(|c| !c.is_ascii_alphabetic()) {}
            }
        } else if !c.is_control() || c == '\t' {
            plain.push(c);
        }
    }
    plain.trim().to_owned()
}

/// Whether a message of a run can be taken for one of the baselines' with other words in it: at least four fifths of
/// the words are the same, in place, and none of those that differ speaks of a refusal.
pub fn resembles(template: &str, known: &str) -> bool {
    let (a, b): (Vec<&str>, Vec<&str>) = (template.split(' ').collect(), known.split(' ').collect());
    if a.len() != b.len() || a.len() < 3 {
        return false;
    }
    let different: Vec<&str> = a.iter().zip(&b).filter(|(a, b)| a != b).map(|(a, _)| *a).collect();
    different.len() * 5 <= a.len() && !different.iter().any(|word| severity::of(word) > Severity::Plain)
}

#[cfg(test)]
mod tests;
