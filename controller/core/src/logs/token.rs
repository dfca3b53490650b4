//! Masks the tokens of a line.

/// Words after which a number is a verdict, not a measurement.
const TELLING: [&str; 8] = ["status", "code", "errno", "exit", "exited", "signal", "returned", "rc"];

/// Names of months and days, and halves of the day, as they stand in times.
const CALENDAR: [&str; 21] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Mon", "Tue", "Wed", "Thu",
    "Fri", "Sat", "Sun", "AM", "PM",
];

/// The template of a readable line.
pub(super) fn template(line: &str) -> String {
    let mut template = String::with_capacity(line.len());
    let mut word_before = String::new();
    let mut word = String::new();
    for c in line.chars() {
        // What separates words stays as it is: it is part of the message's shape. A colon does so only before a word.
        if is_separator(c) || (c == ':' && word.is_empty()) {
            if !word.is_empty() {
                push(&mut template, &word, &word_before);
                word_before = std::mem::take(&mut word);
            }
            if !(c.is_whitespace() && template.ends_with(' ')) {
                template.push(if c.is_whitespace() { ' ' } else { c });
            }
        } else {
            word.push(c);
        }
    }
    push(&mut template, &word, &word_before);
    collapse(&template)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\'' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '=' | '<' | '>' | '|'
        )
}

fn push(template: &mut String, word: &str, before: &str) {
    if !word.is_empty() {
        // An access log has the HTTP status right after the quoted request.
        let after_request = template.ends_with("\" ");
        template.push_str(&masked(word, before, after_request));
    }
}

/// Runs of the same placeholder are one: a list of numbers has no fixed length.
fn collapse(template: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in template.split(' ').filter(|word| !word.is_empty()) {
        if !(word.starts_with('<') && word.ends_with('>') && words.last() == Some(&word)) {
            words.push(word);
        }
    }
    words.join(" ")
}

fn masked(word: &str, before: &str, after_request: bool) -> String {
    // Punctuation at the end is the sentence's, not the value's.
    let core = word.trim_end_matches(['.', ':', '!', '?']);
    let end = word.get(core.len()..).unwrap_or_default();
    let before = before.trim_end_matches(':').to_ascii_lowercase();
    let mask = if !core.bytes().any(|b| b.is_ascii_digit()) {
        return if is_hex_id(core) {
            format!("<hex>{end}")
        } else if CALENDAR.contains(&core) {
            format!("<ts>{end}")
        } else {
            word.to_owned()
        };
    } else if ((after_request || before.starts_with("http/")) && is_http_status(core))
        || (TELLING.contains(&before.as_str()) && is_number(core))
    {
        core.to_owned()
    } else if let Some((name, value)) = core
        .split_once(':')
        .filter(|(name, value)| TELLING.contains(name) && is_number(value))
    {
        format!("{name}:{value}")
    } else {
        class(core)
    };
    format!("{mask}{end}")
}

fn class(word: &str) -> String {
    let bytes = word.as_bytes();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let only = |allowed: &str| word.chars().all(|c| c.is_ascii_digit() || allowed.contains(c));
    if is_uuid(word) {
        "<uuid>".to_owned()
    } else if is_address(word) {
        "<ip>".to_owned()
    } else if digits >= 4 && is_time(word) {
        "<ts>".to_owned()
    } else if only(".,+-%_") {
        "<num>".to_owned()
    } else if let Some(unit) = unit(word) {
        unit.to_owned()
    } else if word.starts_with("0x") || is_hex_id(word) {
        "<hex>".to_owned()
    } else {
        // Numbers inside a longer word vary, its letters do not: `worker3`, `/proc/17/fd`, `pid#1`.
        inner(word)
    }
}

/// Replaces each run of digits inside a word, and ids that Kubernetes appends to names.
fn inner(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for part in word.split_inclusive(['-', '/', '.', ':', '_', '@']) {
        let core = part.trim_end_matches(['-', '/', '.', ':', '_', '@']);
        let end = part.get(core.len()..).unwrap_or_default();
        if is_suffix(core) || (out.ends_with("<id>-") && core.len() == 5) {
            out.push_str("<id>");
        } else {
            let mut in_digits = false;
            for c in core.chars() {
                if c.is_ascii_digit() {
                    if !in_digits {
                        out.push_str("<num>");
                    }
                    in_digits = true;
                } else {
                    in_digits = false;
                    out.push(c);
                }
            }
        }
        out.push_str(end);
    }
    out
}

/// What Kubernetes appends to names: lower case letters and digits, with a letter after a digit.
fn is_suffix(word: &str) -> bool {
    let legal = word.len() >= 5 && word.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    legal
        && word
            .as_bytes()
            .windows(2)
            .any(|pair| matches!(pair, [b'0'..=b'9', b'a'..=b'z']))
}

/// Digits and what stands between them in dates and times, perhaps with the name of a month.
fn is_time(word: &str) -> bool {
    word.contains([':', '-', '/'])
        && word
            .split(|c: char| !c.is_ascii_alphabetic())
            .all(|letters| matches!(letters, "" | "T" | "Z") || CALENDAR.contains(&letters))
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "-/:.+,".contains(c))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

fn is_http_status(word: &str) -> bool {
    word.len() == 3 && is_number(word) && matches!(word.as_bytes().first(), Some(b'1'..=b'5'))
}

fn is_uuid(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// IPv4 or IPv6, with or without a port or a mask.
fn is_address(word: &str) -> bool {
    let host = word.split(['/', '%']).next().unwrap_or(word);
    host.parse::<std::net::IpAddr>().is_ok()
        || host.parse::<std::net::SocketAddr>().is_ok()
        || host
            .rsplit_once(':')
            .is_some_and(|(ip, port)| ip.parse::<std::net::IpAddr>().is_ok() && is_number(port))
}

/// At least eight hexadecimal digits with both letters and digits, or 32 of any kind.
fn is_hex_id(word: &str) -> bool {
    let hex = word.len() >= 8 && word.bytes().all(|b| b.is_ascii_hexdigit());
    hex && (word.len() >= 32 || word.bytes().any(|b| b.is_ascii_digit()))
}

fn unit(word: &str) -> Option<&'static str> {
    let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == 'µ');
    let unit = word.get(number.len()..)?;
    let numeric = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if numeric && matches!(unit, "ns" | "us" | "µs" | "ms" | "s" | "m" | "h" | "sec" | "min") {
        Some("<duration>")
    } else if numeric
        && matches!(
            unit,
            "B" | "b" | "k" | "K" | "M" | "G" | "kB" | "KB" | "MB" | "GB" | "KiB" | "MiB" | "GiB" | "Ki" | "Mi" | "Gi"
        )
    {
        Some("<size>")
    } else {
        // A duration of several parts, such as 1m30.5s.
        let parts = word
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'h' | b'm' | b's' | b'u' | b'n'));
        (parts && word.ends_with('s') && word.starts_with(|c: char| c.is_ascii_digit())).then_some("<duration>")
    }
}
