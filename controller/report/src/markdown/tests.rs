//! What a pull request shows.

use super::*;
use crate::sample;

#[test]
fn nginx() {
    insta::assert_snapshot!(markdown(&sample::nginx()).unwrap());
}

#[test]
fn nothing_was_verified() {
    insta::assert_snapshot!(markdown(&sample::nothing()).unwrap());
}

#[test]
fn markup_in_any_text_is_shown_and_not_obeyed() {
    let text = markdown(&sample::hostile()).unwrap();
    let mut fence: Option<String> = None;
    for line in text.lines() {
        if let Some(open) = &fence {
            if line == open {
                fence = None;
            }
            continue;
        }
        if line.starts_with("```") {
            fence = Some(line.trim_end_matches(|character| character != '`').to_owned());
            continue;
        }
        let ours = [
            "<details>",
            "</details>",
            "<summary>",
            "</summary>",
            "<br>",
            "<code>",
            "</code>",
            "<!-- -->",
        ];
        let prose = without_code(line);
        assert!(!prose.contains("@eve") && !prose.contains("#99"), "{line}");
        let rest = ours.iter().fold(prose, |line, tag| line.replace(tag, ""));
        assert!(!rest.contains('<'), "{line}");
    }
    assert_eq!(fence, None, "a fence is left open");
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
}

#[test]
fn a_row_has_as_many_cells_as_its_table_has_columns() {
    for report in [sample::nginx(), sample::hostile()] {
        let text = markdown(&report).unwrap();
        let mut columns = 0;
        for line in text.lines() {
            let cells = line.matches('|').count();
            if !line.starts_with("| ") {
                columns = 0;
            } else if columns == 0 {
                columns = cells;
            } else {
                assert_eq!(cells, columns, "{line}");
            }
        }
    }
}

/// A line without its spans of code, in which nothing has a meaning.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}
