//! Text that Markdown shows as it is.

use crate::{
    quotes::{Part, parts},
    words::plain,
};

/// Words, with everything escaped that Markdown, HTML or GitHub would read as something else.
pub(super) fn prose(text: &str) -> String {
    let text = plain(text);
    let mut prose = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let after = text.get(at + character.len_utf8()..).unwrap_or_default();
        match character {
            '&' => prose.push_str("&amp;"),
            '<' => prose.push_str("&lt;"),
            '>' => prose.push_str("&gt;"),
            // Backslash and pipe together would be read in two ways, in tables and outside of them.
            '\\' => prose.push_str("&#92;"),
            '|' => prose.push_str("&#124;"),
            '`' | '*' | '_' | '~' | '[' | ']' | '!' | '$' => prose.extend(['\\', character]),
            // Nobody is called, and no issue is linked: GitHub looks for these in the text that is left of Markdown.
            '@' | '#' if after.starts_with(|next: char| next.is_ascii_alphanumeric()) => {
                prose.push(character);
                prose.push_str("<!-- -->");
            }
            ':' if after.starts_with("//") => prose.push_str("\\:"),
            '.' if prose.ends_with("www") || prose.ends_with("WWW") => prose.push_str("\\."),
            character => prose.push(character),
        }
    }
    prose
}

/// A name or a line as code.
pub(super) fn code(text: &str) -> String {
    let text = plain(text);
    if text.contains(['`', '|', '\\']) || text.trim() != text || text.is_empty() {
        return format!("<code>{}</code>", prose(&text));
    }
    format!("`{text}`")
}

/// A message, in which what stands between backticks is code.
pub(super) fn sentence(text: &str) -> String {
    let text = plain(text);
    let part = |part: &Part<'_>| match part {
        Part::Prose(words) => prose(words),
        Part::Code(words) => code(words),
    };
    parts(&text).iter().map(part).collect()
}

/// Lines between fences that they cannot close.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

/// A table. Its cells must have been escaped.
pub(super) fn table<const N: usize>(columns: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(&columns.map(str::to_owned)),
        line(&[const { String::new() }; N].map(|_| "---".to_owned())),
    ];
    lines.extend(rows.into_iter().map(|cells| line(&cells)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_prose_means_anything() {
        for (text, wanted) in [
            ("a | b \\| c", "a &#124; b &#92;&#124; c"),
            (
                "*bold* _it_ ~no~ [l](u) ![i](u)",
                r"\*bold\* \_it\_ \~no\~ \[l\](u) \!\[i\](u)",
            ),
            ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
            ("@eve fixes #12, 7#7", "@<!-- -->eve fixes #<!-- -->12, 7#<!-- -->7"),
            (
                "see https://e.example, www.e.example",
                r"see https\://e.example, www\.e.example",
            ),
            ("a\nb\u{202e}", r"a b&#92;u{202e}"),
        ] {
            assert_eq!(prose(text), wanted);
        }
    }

    #[test]
    fn code_is_shown_to_the_letter() {
        assert_eq!(code("runAsUser"), "`runAsUser`");
        assert_eq!(code("a|b"), "<code>a&#124;b</code>");
        assert_eq!(code("`x`"), r"<code>\`x\`</code>");
        assert_eq!(sentence("run `all`: *"), r"run `all`: \*");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("yaml", "a: b\n"), "```yaml\na: b\n```");
        assert_eq!(fenced("", "````\nx"), "`````\n````\nx\n`````");
    }
}
