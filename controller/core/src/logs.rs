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
    pod: String,
}

impl Names {
    /// The names of a clone.
    pub fn of_clone(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            pod: String::new(),
        }
    }

    /// The names that a Pod of the clone knows: its own is its host's name, too. That of a bare Pod may be an ordinary
    /// word, and is left alone.
    #[must_use]
    pub fn in_pod(&self, pod: &str) -> Self {
        Self {
            namespace: self.namespace.clone(),
            pod: if pod.contains('-') {
                pod.to_owned()
            } else {
                String::new()
            },
        }
    }

    fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for (name, placeholder) in [(&self.pod, "<pod>"), (&self.namespace, "<namespace>")] {
            if !name.is_empty() && masked.contains(name) {
                masked = masked.replace(name, placeholder);
            }
        }
        masked
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
    let unplaced = names.mask(&text);
    let template = token::template(&unplaced);
    let severity = severity::of(&unplaced).max(severity::of_status(&template));
    Masked {
        template,
        text,
        severity,
    }
}

/// Whether a line bears a level such as info or notice, whatever it says.
pub fn is_called_harmless(line: &str) -> bool {
    severity::is_called_harmless(line)
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

#[cfg(test)]
mod tests;
