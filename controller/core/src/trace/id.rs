//! Ids that follow from what they stand for, and the W3C trace context that carries them.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// Id of a trace: 16 bytes, never all zero. Its text is 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId([u8; 16]);

/// Id of a span: 8 bytes, never all zero. Its text is 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId([u8; 8]);

/// Why a text is no trace context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a W3C traceparent: it is 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, no id all zero")]
pub struct InvalidTraceparent(pub String);

/// The trace of a check as it was accepted. `retry` tells a repeated check from what it was before.
pub fn trace_id(check_uid: &str, generation: i64, retry: Option<&str>) -> TraceId {
    let accepted = format!("{check_uid}/{generation}");
    let text = retry.map_or_else(|| accepted.clone(), |retry| format!("{accepted}/{retry}"));
    TraceId(not_zero(first(&text)))
}

impl TraceId {
    /// As OTLP carries it.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl SpanId {
    /// The span that stands for a part of the thing with this id, which must be unique within its trace.
    pub fn of(id: &str, part: &str) -> Self {
        Self(not_zero(first(&format!("{id}/{part}"))))
    }

    /// As OTLP carries it.
    pub fn to_bytes(self) -> [u8; 8] {
        self.0
    }
}

/// The context that makes a span the parent of what its reader does.
pub fn traceparent(trace: TraceId, span: SpanId) -> String {
    format!("00-{trace}-{span}-01")
}

/// Reads what [`traceparent`] wrote, or any other context of version 00.
pub fn parse_traceparent(text: &str) -> Result<(TraceId, SpanId), InvalidTraceparent> {
    let invalid = || InvalidTraceparent(text.to_owned());
    let mut parts = text.split('-');
    let (Some("00"), Some(trace), Some(span), Some(flags), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(invalid());
    };
    let _flags: [u8; 1] = bytes(flags).ok_or_else(invalid)?;
    Ok((
        trace.parse().map_err(|()| invalid())?,
        span.parse().map_err(|()| invalid())?,
    ))
}

impl FromStr for TraceId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        bytes(text).filter(|id| *id != [0; 16]).map(Self).ok_or(())
    }
}

impl FromStr for SpanId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        bytes(text).filter(|id| *id != [0; 8]).map(Self).ok_or(())
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The first bytes of the digest of a text.
fn first<const N: usize>(text: &str) -> [u8; N] {
    let mut id = [0; N];
    for (to, from) in id.iter_mut().zip(Sha256::digest(text.as_bytes())) {
        *to = from;
    }
    id
}

/// All zero means "no id" to every reader.
fn not_zero<const N: usize>(mut id: [u8; N]) -> [u8; N] {
    if id == [0; N]
        && let Some(last) = id.last_mut()
    {
        *last = 1;
    }
    id
}

/// Lower-case hexadecimal digits, exactly as many as fill the array.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut id = [0; N];
    for (to, [high, low]) in id.iter_mut().zip(pairs) {
        *to = digit(*high)? << 4 | digit(*low)?;
    }
    Some(id)
}
