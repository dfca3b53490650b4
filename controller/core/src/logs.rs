//! From a line to its template: what varies from run to run is masked, what tells good from bad never is.
//!
//! One pass over the bytes of a line; no list of regular expressions. The rules are those of section 7.2 of the
//! oracle's design: numbers, times, addresses and ids become typed placeholders; an HTTP status, an errno, an exit
//! code, a signal or a level stays, because a change in it is what is looked for. JSON and logfmt are read by field, in
//! the order of the fields' names.

mod address;
mod class;
mod fields;
mod group;
mod keys;
mod masker;
mod read;
mod severity;
mod text;
mod time;
mod value;

pub use group::{Groups, group};
pub(crate) use keys::SAYING;
pub use masker::Masker;
pub use severity::Severity;
pub(crate) use severity::client_error;

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
    Masker::new(names).mask(line)
}

/// How bad a template sounds.
pub fn severity(template: &str) -> Severity {
    severity::of(template)
}

/// Whether a line bears a level such as info or notice, whatever it says.
pub fn is_called_harmless(line: &str) -> bool {
    severity::is_called_harmless(line)
}

/// The line as people read it: valid UTF-8 without escape sequences, carriage returns and the blanks around it.
pub fn readable(line: &[u8]) -> String {
    read::readable(line)
}

/// Whether a line goes on with the event of a line before it, as those of a stack trace do. It follows from the line
/// alone, so that the order in which lines are read makes no difference.
pub fn is_continuation(line: &[u8]) -> bool {
    match line.first() {
        Some(b' ' | b'\t') => true,
        Some(b'a') => line.starts_with(b"at "),
        Some(b'C') => line.starts_with(b"Caused by"),
        Some(b'.') => line.starts_with(b"..."),
        Some(b'g') => line.starts_with(b"goroutine ") && line.ends_with(b"]:"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
