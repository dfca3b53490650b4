//! Masks lines, one after the other, without an allocation for each.

use super::class::part;
use super::fields::{self, Field};
use super::read::{NAMESPACE, POD, Reader, readable};
use super::text::Pass;
use super::{Masked, Names, severity};

/// Masks the lines of one Pod into a buffer that is used again.
#[derive(Debug, Clone, Default)]
pub struct Masker {
    reader: Reader,
    template: Vec<u8>,
    fields: Vec<Field>,
}

impl Masker {
    /// Masks these names.
    pub fn new(names: &Names) -> Self {
        Self {
            reader: Reader::new(&[(&names.pod, POD), (&names.namespace, NAMESPACE)]),
            ..Self::default()
        }
    }

    /// What a line has in common with others of its kind: UTF-8, and empty if the line is blank.
    pub fn template(&mut self, line: &[u8]) -> &[u8] {
        let Self {
            reader,
            template,
            fields,
        } = self;
        let text = reader.read(line);
        template.clear();
        fields.clear();
        let is_logfmt = has_key(text) && fields::logfmt(text, fields);
        let mut pass = Pass::new(text, template, fields);
        if is_logfmt {
            pass.emit(0, b' ', b'=');
        } else {
            pass.mask(0, text.len());
        }
        &self.template
    }

    /// Masks a line and says how bad it sounds.
    pub fn mask(&mut self, line: &[u8]) -> Masked {
        let template = String::from_utf8_lossy(self.template(line)).into_owned();
        let severity = severity::of(&template);
        Masked {
            template,
            text: readable(line),
            severity,
        }
    }
}

/// Whether the first word may be a field.
fn has_key(text: &[u8]) -> bool {
    let word = text
        .iter()
        .position(|byte| matches!(byte, b'=' | b' ' | b'"' | b'[' | b'{'));
    word.is_some_and(|place| part(text, place, place + 1) == b"=")
}
