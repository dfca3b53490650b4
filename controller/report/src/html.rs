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

use crate::{
    error::Error,
    quotes::{Part, parts},
    words::plain,
};

const STYLE: &str = include_str!("html/style.css");

/// Even if something hostile got through, the browser would not run or fetch it.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as one self-contained page, which opens offline and under a strict content security policy.
pub fn html(report: &HardeningReport) -> Result<String, Error> {
    let spec = &report.spec;
    let recommendation = settings::recommendation(report)?;
    let usage = usage::overview(&spec.series, &spec.runs, &spec.resources)?;
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

/// A message, in which what stands between backticks is code.
fn sentence(text: &str) -> Markup {
    let text = plain(text);
    html! {
        @for part in parts(&text) {
            @match part {
                Part::Prose(words) => (words),
                Part::Code(code) => code { (code) },
            }
        }
    }
}

#[cfg(test)]
mod tests;
