//! A message without the level that it bears, so that the same text at another level is found.

/// Words that are levels where they stand by themselves, in any case.
const LEVELS: [&str; 21] = [
    "trace",
    "debug",
    "info",
    "information",
    "informational",
    "notice",
    "note",
    "log",
    "warn",
    "warning",
    "err",
    "error",
    "severe",
    "fatal",
    "crit",
    "critical",
    "alert",
    "emerg",
    "panic",
    "fine",
    "audit",
];

/// Redis' signs for debug, verbose, notice and warning.
const SIGNS: [&str; 4] = [".", "-", "*", "#"];

/// The words of a template that are not its level; only the first level of a line is one.
pub(super) fn of(template: &str) -> String {
    let mut bare = String::with_capacity(template.len());
    let mut found = false;
    for word in template.split(' ') {
        if !found && is_level(word, bare.is_empty()) {
            found = true;
            continue;
        }
        bare.push_str(word);
        bare.push(' ');
    }
    bare
}

fn is_level(word: &str, is_first: bool) -> bool {
    if SIGNS.contains(&word) {
        return !is_first;
    }
    let value = ["level=", "lvl=", "severity=", "\"level\":", "\"severity\":", "\"lvl\":"]
        .iter()
        .find_map(|key| word.strip_prefix(key));
    let letters = value.unwrap_or(word).trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let is_marked = value.is_some()
        || word.starts_with(['[', '<'])
        || word.ends_with(':')
        || letters.chars().all(char::is_uppercase);
    is_marked && LEVELS.contains(&&*letters.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn only_the_level_goes() {
        for (a, b) in [
            (
                "<ts> [notice] <num>#<num>: started",
                "<ts> [error] <num>#<num>: started",
            ),
            ("<num>:M <ts> * Ready to accept", "<num>:M <ts> # Ready to accept"),
            ("<ts> UTC [<num>] LOG: checkpoint", "<ts> UTC [<num>] FATAL: checkpoint"),
            ("level=info msg=x error=none", "level=error msg=x error=none"),
        ] {
            assert_eq!(of(a), of(b));
        }
        assert_ne!(of("an error of kind a"), of("an info of kind a"));
        assert_ne!(of("[info] error in a"), of("[info] info in a"));
    }
}
