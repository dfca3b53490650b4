//! What a browser gets.

use super::*;
use crate::sample;

/// Elements that have no end tag.
const VOID: [&str; 2] = ["meta", "br"];

/// The page without its style sheet, a tag per line, so that a difference can be read.
fn readable(page: &str) -> String {
    page.replace(STYLE, "…").replace("><", ">\n<")
}

#[test]
fn nginx() {
    insta::assert_snapshot!(readable(&html(&sample::nginx()).unwrap()));
}

#[test]
fn a_report_of_nothing_is_a_page() {
    insta::assert_snapshot!(readable(&html(&sample::nothing()).unwrap()));
}

#[test]
fn markup_in_any_text_is_shown_and_not_obeyed() {
    let page = html(&sample::hostile()).unwrap();
    let lower = page.to_lowercase();
    for forbidden in ["<script", "<img", "javascript:", "\u{202e}", "\0", "\u{1b}"] {
        assert!(!lower.contains(forbidden), "{forbidden:?} in the page");
    }
    assert_eq!(lower.matches("</style>").count(), 1);
    assert_eq!(lower.matches("</title>").count(), lower.matches("<title").count());
    assert!(page.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"));
    assert!(page.contains(r"\u{1b}[2J\u{202e}\u{0}"));
}

#[test]
fn a_script_in_a_log_line_is_text() {
    let mut report = sample::nginx();
    let finding = &mut report.spec.evidence[0].findings[0];
    finding.example = Some("<script>fetch('//evil.example')</script>".to_owned());
    let page = html(&report).unwrap();
    assert!(
        page.contains("&lt;script&gt;fetch('//evil.example')&lt;/script&gt;"),
        "{page}"
    );
    assert!(!page.contains("<script"));
}

#[test]
fn nothing_comes_from_elsewhere() {
    for report in [sample::nginx(), sample::hostile(), sample::nothing()] {
        let page = html(&report).unwrap();
        for tag in tags(&page) {
            assert!(
                ![
                    "script", "link", "img", "iframe", "object", "embed", "image", "use", "base"
                ]
                .contains(&tag.name),
                "<{}> fetches",
                tag.name
            );
            for (name, value) in &tag.attributes {
                assert!(!name.starts_with("on"), "{name} runs a script");
                assert!(!["src", "srcset", "style", "action"].contains(name), "{name}={value}");
                assert!(
                    *name != "href" || value.starts_with('#'),
                    "{name}={value} leaves the page"
                );
                assert!(
                    !value.contains("://") || *value == "http://www.w3.org/2000/svg",
                    "{name}={value} names another place"
                );
            }
        }
    }
    for forbidden in ["url(", "@import", "http"] {
        assert!(!STYLE.contains(forbidden), "{forbidden} in the style sheet");
    }
}

#[test]
fn every_element_is_closed_where_it_was_opened() {
    for report in [sample::nginx(), sample::hostile(), sample::nothing()] {
        let page = html(&report).unwrap();
        let mut open = Vec::new();
        for tag in tags(&page) {
            match tag.kind {
                Kind::Start if VOID.contains(&tag.name) => {}
                Kind::Start => open.push(tag.name),
                Kind::Empty => assert!(open.contains(&"svg"), "<{}/> outside of a picture", tag.name),
                Kind::End => assert_eq!(open.pop(), Some(tag.name), "in {open:?}"),
            }
        }
        assert!(open.is_empty(), "not closed: {open:?}");
    }
}

#[test]
fn every_id_is_there_once_and_every_reference_leads_to_one() {
    for report in [sample::nginx(), sample::hostile(), sample::nothing()] {
        let page = html(&report).unwrap();
        let tags = tags(&page);
        let values = |wanted: &str| {
            let attributes = tags.iter().flat_map(|tag| &tag.attributes);
            let values = attributes.filter(|(name, _)| *name == wanted).map(|(_, value)| *value);
            values.collect::<Vec<_>>()
        };
        let mut ids = values("id");
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{ids:?}");
        let labels = values("aria-labelledby");
        let references = labels.iter().flat_map(|label| label.split(' '));
        for id in references.chain(values("href").iter().map(|href| href.trim_start_matches('#'))) {
            assert!(ids.contains(&id), "{id} is not on the page");
        }
    }
}

enum Kind {
    Start,
    End,
    Empty,
}

struct Tag<'a> {
    kind: Kind,
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
}

/// The tags of a page. It panics where a bracket or a quote is left open, so that only a page that is well-formed passes.
fn tags(page: &str) -> Vec<Tag<'_>> {
    let page = page.strip_prefix("<!DOCTYPE html>").expect("a document type");
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>') || text == STYLE, "a stray bracket in {text:?}");
        let mut quoted = false;
        let end = after.find(|character| {
            quoted ^= character == '"';
            character == '>' && !quoted
        });
        let (tag, after) = after.split_at(end.expect("a tag that ends"));
        let (kind, tag) = match (tag.strip_prefix('/'), tag.strip_suffix('/')) {
            (Some(tag), _) => (Kind::End, tag),
            (_, Some(tag)) => (Kind::Empty, tag),
            _ => (Kind::Start, tag),
        };
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "<{name}>");
        tags.push(Tag {
            kind,
            name,
            attributes: self::attributes(attributes),
        });
        rest = &after[1..];
    }
    tags
}

fn attributes(text: &str) -> Vec<(&str, &str)> {
    let mut attributes = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no value in {rest:?}"));
        let (value, after) = after.split_once('"').expect("a quote that ends");
        assert!(!value.contains('<'), "{name}={value}");
        attributes.push((name, value));
        rest = after.trim_start();
    }
    attributes
}
