//! What a message is compared by: words and the signs between them, all values alike.

/// A word or a sign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Token {
    /// With `<*>` for each placeholder and each number.
    pub(super) text: String,
    /// A blank stands before it.
    pub(super) is_apart: bool,
}

/// What a token can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A value and nothing else.
    Wild,
    /// A path.
    Path,
    /// A name with dots in it, or of several parts: a host, a class, a package.
    Name,
    /// A word, perhaps with a number in it.
    Word,
    /// Neither letters nor values.
    Sign,
}

/// Stands for a value.
pub(super) const WILD: &str = "<*>";

/// The tokens of a masked text. Repetitions of what holds a value are one, and a value in parentheses is left out: it
/// says again what stands before it.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let text = wild(text);
    let mut tokens: Vec<Token> = Vec::new();
    let mut is_apart = false;
    let mut start = None;
    let mut push = |word: &str, is_apart: bool| {
        tokens.push(Token {
            text: word.to_owned(),
            is_apart,
        });
    };
    for (place, c) in text.char_indices() {
        // An address with its scheme is one word.
        let is_sign = is_sign(c) && !text.get(place..).is_some_and(|rest| rest.starts_with("://"));
        if c != ' ' && !is_sign {
            start.get_or_insert(place);
            continue;
        }
        if let Some(start) = start.take() {
            push(
                text.get(start..place).unwrap_or_default(),
                std::mem::take(&mut is_apart),
            );
        }
        if is_sign {
            push(c.encode_utf8(&mut [0; 4]), std::mem::take(&mut is_apart));
        } else {
            is_apart = true;
        }
    }
    if let Some(start) = start {
        push(text.get(start..).unwrap_or_default(), is_apart);
    }
    with_ports(&mut tokens);
    without_restated(&mut tokens);
    without_repeated(&mut tokens);
    tokens
}

fn is_sign(c: char) -> bool {
    matches!(
        c,
        '=' | ':' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '"' | '\'' | '|'
    )
}

/// Placeholders and digits become `<*>`.
pub(super) fn wild(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = placeholder(rest)
            .unwrap_or_else(|| rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len());
        if end > 0 {
            if !out.ends_with(WILD) {
                out.push_str(WILD);
            }
            rest = rest.get(end..).unwrap_or_default();
        } else {
            out.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

/// Where a placeholder ends.
fn placeholder(text: &str) -> Option<usize> {
    let name = text.strip_prefix('<')?;
    let end = name.find('>')?;
    PLACEHOLDERS.contains(&name.get(..end)?).then_some(end + 2)
}

const PLACEHOLDERS: [&str; 12] = [
    "num",
    "ts",
    "ip",
    "hex",
    "id",
    "uuid",
    "duration",
    "size",
    "str",
    "long",
    "pod",
    "namespace",
];

impl Token {
    pub(super) fn kind(&self) -> Kind {
        kind(&self.text)
    }
}

/// What a word with its values replaced can be.
pub(super) fn kind(text: &str) -> Kind {
    let bare = text.replace(WILD, "");
    let letters = bare.chars().filter(|c| c.is_alphabetic()).count();
    let inner = text.trim_matches(|c: char| c == '.' || c == '!' || c == '?');
    if letters == 0 {
        return if text.contains(WILD) { Kind::Wild } else { Kind::Sign };
    }
    if text.starts_with('/') || text.starts_with('\\') || inner.matches(['/', '\\']).count() > 1 {
        Kind::Path
    } else if inner.contains(['.', '@', '~', '/', '\\']) || inner.matches('-').count() > 1 || is_numbered(inner) {
        Kind::Name
    } else {
        Kind::Word
    }
}

/// Whether a number is joined to a name, as in `rdd_2_7` or `node-3`.
fn is_numbered(word: &str) -> bool {
    ["_<*>", "-<*>", "<*>_", "<*>-"]
        .iter()
        .any(|joint| word.contains(joint))
}

/// Makes one of an address or a host and its port.
fn with_ports(tokens: &mut Vec<Token>) {
    let mut place = 0;
    while let Some([host, colon, port]) = tokens.get(place..place + 3) {
        let is_host = matches!(host.kind(), Kind::Wild | Kind::Name);
        let is_port = colon.text == ":" && port.text == WILD && !colon.is_apart && !port.is_apart;
        if is_host && is_port {
            tokens.drain(place + 1..place + 3);
        } else {
            place += 1;
        }
    }
}

/// Leaves out values in parentheses that are a word of their own.
fn without_restated(tokens: &mut Vec<Token>) {
    let mut place = 1;
    while place + 2 < tokens.len() {
        let is_restated = match tokens.get(place..place + 3) {
            Some([open, value, close]) => {
                open.text == "(" && open.is_apart && value.kind() == Kind::Wild && close.text == ")"
            }
            _ => false,
        };
        if is_restated {
            tokens.drain(place..place + 3);
        } else {
            place += 1;
        }
    }
}

/// The longest part whose repetitions are one.
const MAX_REPEATED: usize = 6;

/// Makes one of repetitions that hold a value: a list has no fixed length.
fn without_repeated(tokens: &mut Vec<Token>) {
    for length in 1..=MAX_REPEATED {
        let mut place = 0;
        while let (Some(a), Some(b)) = (
            tokens.get(place..place + length),
            tokens.get(place + length..place + 2 * length),
        ) {
            let is_same = a.iter().zip(b).all(|(a, b)| a.text == b.text);
            if is_same && a.iter().any(|token| token.text.contains(WILD)) {
                tokens.drain(place + length..place + 2 * length);
            } else {
                place += 1;
            }
        }
    }
    // The last of a list with commas has none.
    let mut place = 0;
    while let Some([a, comma, b]) = tokens.get(place..place + 3) {
        if a.text == b.text && a.text.contains(WILD) && comma.text == "," {
            tokens.drain(place + 1..place + 3);
        } else {
            place += 1;
        }
    }
}

/// What messages of one group have in common, as a text.
pub(super) fn common<'a>(mut messages: impl Iterator<Item = &'a [Token]>) -> String {
    let Some(first) = messages.next() else {
        return String::new();
    };
    let mut words: Vec<&str> = first.iter().map(|token| token.text.as_str()).collect();
    for message in messages {
        for (word, token) in words.iter_mut().zip(message) {
            if *word != token.text {
                *word = WILD;
            }
        }
    }
    let mut text = String::new();
    for (word, token) in words.iter().zip(first) {
        if token.is_apart {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}
