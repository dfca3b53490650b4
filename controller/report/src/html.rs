//! One page that needs nothing but itself: no script, no font, no image from anywhere.

mod evidence;
mod plot;
mod runs;
mod settings;
mod summary;
mod timeline;
mod usage;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use temper_api::HardeningReport;

use crate::{error::Error, words::plain};

const STYLE: &str = include_str!("html/style.css");

/// Even if something hostile got through, the browser would not run or fetch it.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as one self-contained page, which opens offline and under a strict content security policy.
pub fn html(report: &HardeningReport) -> Result<String, Error> {
    let spec = &report.spec;
    let recommendation = settings::recommendation(report)?;
    let usage = usage::overview(&spec.series, &spec.runs)?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(CONTENT_POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Hardening of " (plain(&spec.target)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (summary::header(report))
                main {
                    (settings::verdicts(&spec.settings))
                    (recommendation)
                    (settings::proof(&spec.proof))
                    (runs::overview(&spec.runs))
                    (evidence::overview(&spec.evidence, &spec.runs))
                    (usage)
                    (summary::costs(&spec.cost, &spec.timings))
                }
                (summary::footer(report))
            }
        }
    };
    Ok(page.into_string())
}

/// A section with its heading, to which links can point.
fn section(id: &str, heading: &str, body: &Markup) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (heading) }
            (body)
        }
    }
}

/// A table that scrolls on its own where the page is too narrow for it.
fn table(caption: &str, columns: &[&str], body: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody { (body) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    /// The page without its style sheet, a tag per line, so that a difference can be read.
    fn readable(page: &str) -> String {
        page.replace(STYLE, "…").replace("><", ">\n<")
    }

    #[test]
    fn nginx() {
        insta::assert_snapshot!(readable(&html(&sample::nginx()).unwrap()));
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
    fn nothing_comes_from_elsewhere() {
        let page = html(&sample::nginx()).unwrap();
        for forbidden in ["<script", "<link", "src=", "href=\"http", "url(", "@import", "style=\""] {
            assert!(!page.contains(forbidden), "{forbidden:?} in the page");
        }
        let elsewhere: Vec<_> = page
            .match_indices("http")
            .filter(|(at, _)| page[*at..].starts_with("http"))
            .collect();
        let namespaces = page.matches("http://www.w3.org/2000/svg").count() + page.matches("http-equiv").count();
        assert_eq!(elsewhere.len(), namespaces, "only names of XML namespaces");
    }

    #[test]
    fn a_report_of_nothing_is_a_page() {
        let mut report = sample::nginx();
        let spec = &mut report.spec;
        "BaselineUnstable".clone_into(&mut spec.outcome);
        "baseline-1 crashes: container nginx exited with 1.".clone_into(&mut spec.message);
        (spec.recommendation, spec.patch, spec.verification, spec.completed_at) = (None, None, None, None);
        (spec.settings, spec.proof, spec.runs, spec.evidence, spec.series) = <_>::default();
        (spec.cost, spec.timings) = <_>::default();
        insta::assert_snapshot!(readable(&html(&report).unwrap()));
    }

    #[test]
    fn every_id_is_there_once() {
        let page = html(&sample::nginx()).unwrap();
        let mut ids: Vec<&str> = page
            .split(" id=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{ids:?}");
        for reference in page.split("aria-labelledby=\"").skip(1) {
            for id in reference.split('"').next().unwrap_or_default().split(' ') {
                assert!(ids.contains(&id), "{id} is not on the page");
            }
        }
    }
}
