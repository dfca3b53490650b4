//! Templates that are looked up by a hash and listed in the order of the alphabet.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::Seen;
use crate::logs::{Severity, severity};

/// Bytes of a template and of an example that are kept. The severity is that of the whole line.
const MAX_TEXT: usize = 1024;

/// Templates of this many bytes may have been cut, and tell no severity: a character has four bytes at most.
const MAY_BE_CUT: usize = MAX_TEXT - 3;

/// Templates of one severity that a container's log is told apart by: a program has some hundred kinds of messages.
/// Of more, those that come first in the alphabet are kept, whatever the order in which they arrive; so a fold stays a
/// join, its memory is bounded, and a flood of plain lines never hides a refusal.
const MAX_TEMPLATES: usize = 5_000;

/// What is kept of each template and severity.
#[derive(Debug, Clone, Default)]
pub(super) struct Templates {
    /// Places among those kept, by the hash of the template.
    index: HashTable<usize>,
    kept: Vec<(Arc<str>, Seen)>,
    /// The same places in order.
    order: BTreeMap<Severity, BTreeMap<Arc<str>, usize>>,
    overflow: u64,
}

/// What was looked up.
pub(super) enum Found<'a> {
    Known(&'a mut Seen),
    /// Its severity, and the text to keep it by.
    New(Severity, Arc<str>),
}

impl Templates {
    /// The harmless first, then in the order of the alphabet.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Seen)> {
        let places = self.order.values().flat_map(BTreeMap::values);
        let kept = places.filter_map(|place| self.kept.get(*place));
        kept.map(|(template, seen)| (template.as_ref(), seen))
    }

    /// Lines of templates that found no room.
    pub(super) fn overflow(&self) -> u64 {
        self.overflow
    }

    /// What is known of a template and a severity.
    pub(super) fn get(&self, template: &str, severity: Severity) -> Option<&Seen> {
        let place = self.place(template.as_bytes(), Some(severity))?;
        self.kept.get(place).map(|(_, seen)| seen)
    }

    /// Looks a template up. Its severity follows from it, and is computed if it is new or too long to be kept whole.
    pub(super) fn find(&mut self, template: &[u8]) -> Found<'_> {
        if template.len() < MAY_BE_CUT {
            if let Some(place) = self.place(template, None)
                && let Some((_, seen)) = self.kept.get_mut(place)
            {
                return Found::Known(seen);
            }
            let text = String::from_utf8_lossy(template);
            return Found::New(severity(&text), text.into());
        }
        let text = String::from_utf8_lossy(template);
        let severity = severity(&text);
        let text = cut(&text);
        if let Some(place) = self.place(text.as_bytes(), Some(severity))
            && let Some((_, seen)) = self.kept.get_mut(place)
        {
            return Found::Known(seen);
        }
        Found::New(severity, text.into())
    }

    /// Keeps what is new, in the place of the last of the alphabet if there is no room.
    pub(super) fn insert(&mut self, template: Arc<str>, seen: Seen) {
        let same = self.order.entry(seen.severity).or_default();
        let mut place = self.kept.len();
        if same.len() >= MAX_TEMPLATES
            && let Some((last, last_place)) = same.pop_last()
        {
            if template > last {
                same.insert(last, last_place);
                self.overflow += seen.count;
                return;
            }
            if let Ok(entry) = self
                .index
                .find_entry(hash(last.as_bytes()), |place| *place == last_place)
            {
                entry.remove();
            }
            self.overflow += self.kept.get(last_place).map_or(0, |(_, seen)| seen.count);
            place = last_place;
        }
        same.insert(Arc::clone(&template), place);
        let key = hash(template.as_bytes());
        match self.kept.get_mut(place) {
            Some(slot) => *slot = (template, seen),
            None => self.kept.push((template, seen)),
        }
        let kept = &self.kept;
        let rehash = |place: &usize| kept.get(*place).map_or(0, |(template, _)| hash(template.as_bytes()));
        self.index.insert_unique(key, place, rehash);
    }

    fn place(&self, template: &[u8], severity: Option<Severity>) -> Option<usize> {
        let is_same = |place: &usize| {
            self.kept.get(*place).is_some_and(|(kept, seen)| {
                kept.as_bytes() == template && severity.is_none_or(|severity| seen.severity == severity)
            })
        };
        self.index.find(hash(template), is_same).copied()
    }
}

/// The order in which they came makes no difference.
impl PartialEq for Templates {
    fn eq(&self, other: &Self) -> bool {
        self.overflow == other.overflow && self.iter().eq(other.iter())
    }
}

impl Eq for Templates {}

fn hash(template: &[u8]) -> u64 {
    FixedState::default().hash_one(template)
}

/// Cuts between characters.
pub(super) fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or(text)
}
