//! Groups lines by what they say: the batch counterpart of the masker, for reports and for long logs.
//!
//! Lines with the same masked text are one message from the start. What masking cannot know is which words are values:
//! that shows only beside the other lines. After Drain, Brain and PIPLUP, without a parameter: messages of one shape
//! that differ in one place are one message if what stands there looks like a value, or if more words stand there than
//! a sentence of that length has verbs for.

mod header;
mod merge;
mod token;

use std::collections::BTreeMap;

use self::token::Token;
use super::{Masker, Names};

/// Lines by template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    /// The template of each line, as a place in the list of templates.
    pub lines: Vec<usize>,
    /// The templates in the order of the lines they come with, `<*>` where lines of one differ.
    pub templates: Vec<String>,
}

/// Groups lines. Of raw ones, what stands before the message of each is found by itself and left out: time, level,
/// process and the like.
pub fn group<'a>(lines: impl IntoIterator<Item = &'a [u8]>, is_raw: bool) -> Groups {
    let mut masker = Masker::new(&Names::default());
    let mut known: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut messages: Vec<(String, u64)> = Vec::new();
    let mut message_of = Vec::new();
    for line in lines {
        let template = masker.template(line);
        let message = known.get(template).copied().unwrap_or_else(|| {
            messages.push((String::from_utf8_lossy(template).into_owned(), 0));
            known.insert(template.to_vec(), messages.len() - 1);
            messages.len() - 1
        });
        if let Some((_, count)) = messages.get_mut(message) {
            *count += 1;
        }
        message_of.push(message);
    }
    let starts = if is_raw {
        header::lengths(&messages)
    } else {
        vec![0; messages.len()]
    };
    let contents = messages.iter().zip(&starts);
    let contents: Vec<Vec<Token>> = contents
        .map(|((text, _), start)| token::tokens(text.get(*start..).unwrap_or_default()))
        .collect();
    let group_of = merge::merge(&contents);
    let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    let mut number_of = Vec::with_capacity(messages.len());
    for (message, group) in group_of.iter().enumerate() {
        let number = *numbers.entry(*group).or_insert_with(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        if let Some(members) = members.get_mut(number) {
            members.push(message);
        }
        number_of.push(number);
    }
    let of = |message: &usize| contents.get(*message).map(Vec::as_slice);
    let templates = members
        .iter()
        .map(|members| token::common(members.iter().filter_map(of)))
        .collect();
    let lines = message_of.iter().filter_map(|message| number_of.get(*message).copied());
    Groups {
        lines: lines.collect(),
        templates,
    }
}
