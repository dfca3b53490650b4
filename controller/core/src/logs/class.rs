//! What a byte is to the masker. A text has no NUL, so that NUL stands for what is beyond its ends.

/// The byte at a place.
#[inline]
pub(super) fn at(text: &[u8], place: usize) -> u8 {
    text.get(place).copied().unwrap_or(0)
}

/// The byte before a place.
#[inline]
pub(super) fn before(text: &[u8], place: usize) -> u8 {
    place.checked_sub(1).map_or(0, |place| at(text, place))
}

/// The bytes from one place on and before another.
#[inline]
pub(super) fn part(text: &[u8], from: usize, to: usize) -> &[u8] {
    text.get(from..to).unwrap_or_default()
}

/// Part of a word's run: letters, digits, and all of UTF-8 beyond ASCII.
#[inline]
pub(super) fn is_alnum(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// What separates words.
#[inline]
pub(super) fn is_separator(byte: u8) -> bool {
    // One bit for each byte under 128.
    SEPARATORS >> (byte & 0x7f) & 1 == 1 && byte < 0x80
}

const SEPARATORS: u128 = {
    let mut set = (1 << 33) - 1;
    let mut signs: &[u8] = b"\"'()[]{},;=<>|";
    while let [sign, rest @ ..] = signs {
        set |= 1 << *sign;
        signs = rest;
    }
    set
};

/// Where a run of bytes of one kind that begins at a place ends.
#[inline]
pub(super) fn run(text: &[u8], from: usize, is_part: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len())
}

/// Where a run of bytes of one kind that ends at a place begins, not before a floor.
#[inline]
pub(super) fn run_back(text: &[u8], floor: usize, to: usize, is_part: impl Fn(u8) -> bool) -> usize {
    let before = part(text, floor, to);
    floor
        + before
            .iter()
            .rposition(|byte| !is_part(*byte))
            .map_or(0, |last| last + 1)
}

/// Where the digits that begin at a place end.
#[inline]
pub(super) fn digits(text: &[u8], from: usize) -> usize {
    run(text, from, |byte| byte.is_ascii_digit())
}
