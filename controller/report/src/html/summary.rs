//! The head and the foot of the page: what came of it, and what it cost.

use maud::{Markup, html};
use temper_api::{Cost, HardeningReport, Timings};

use super::{section, sentence};
use crate::{
    verdict::{Verdict, verdict},
    words::{self, admission, moment, plain, seconds, seconds_to_verdict},
};

/// What came of it, for somebody who reads nothing else.
pub(super) fn header(report: &HardeningReport) -> Markup {
    let spec = &report.spec;
    let verdict = verdict(report);
    html! {
        header {
            p.kicker { "Temper hardening report" }
            h1 {
                (plain(&spec.target))
                @if let Some(namespace) = &report.metadata.namespace {
                    " " span.muted { "in namespace " (plain(namespace)) }
                }
            }
            p.verdict {
                span class={ "badge " (tone(verdict)) } { (verdict.word()) }
                " " (sentence(&spec.message))
            }
            dl.facts {
                (fact("Settings proven", &plain(&spec.summary), "of those applicable"))
                @if let Some(verification) = &spec.verification {
                    (fact(
                        "Pod Security level",
                        verification.level.label_value(),
                        admission(verification.admitted),
                    ))
                    (fact("Verified by", &plain(&verification.run), words::outcome(verification.outcome)))
                } @else {
                    (fact("Pod Security level", "none", "nothing was verified"))
                }
                (fact("Runs", &spec.cost.runs.to_string(), &format!("of {} s each", spec.timings.recording_seconds)))
                @if let Some(total) = seconds_to_verdict(&spec.timings) {
                    (fact("Time to the verdict", &seconds(total), "from the first run"))
                }
            }
            @if let Some(exercise) = &spec.exercise {
                p.note { (words::exercised(exercise.exercised)) ": " (sentence(&exercise.message)) }
            }
            @if let Some(message) = spec.verification.as_ref().and_then(|verification| verification.message.as_ref()) {
                p.note { "The API server answered: " code { (plain(message)) } }
            }
        }
    }
}

/// What the check took.
pub(super) fn costs(cost: &Cost, timings: &Timings) -> Markup {
    let body = html! {
        dl.facts {
            (fact("Runs", &cost.runs.to_string(), "started"))
            (fact("Clones", &cost.clones.to_string(), "repeated attempts included"))
            (fact("Clone time", &seconds(cost.clone_seconds), "summed over all clones"))
            (fact("Recording", &format!("{} s", timings.recording_seconds), "per run, once Ready"))
            @if let Some(ready) = timings.baseline_ready_seconds {
                (fact("Baseline Ready after", &seconds(ready), "the slower of the baselines"))
            }
            @if let Some(started) = &timings.started_at {
                (fact("First run", &moment(started), "created"))
            }
            @if let Some(completed) = &timings.completed_at {
                (fact("Verdict", &moment(completed), "stood"))
            }
        }
    };
    section("costs", "Costs and timings", &body)
}

/// Where the page comes from.
pub(super) fn footer(report: &HardeningReport) -> Markup {
    let spec = &report.spec;
    html! {
        footer {
            p {
                "HardeningReport " code { (plain(report.metadata.name.as_deref().unwrap_or_default())) }
                ", made by check " code { (plain(&spec.check.name)) }
                @if let Some(completed) = &spec.completed_at { ", " (moment(completed)) }
                ". It holds for the Pod template with SHA-256 " code.break { (plain(&spec.template_hash)) }
                " and no other."
            }
        }
    }
}

fn fact(name: &str, value: &str, note: &str) -> Markup {
    html! {
        div {
            dt { (name) }
            dd { strong { (value) } " " span.muted { (note) } }
        }
    }
}

fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified | Verdict::AlreadyHardened => "good",
        Verdict::NothingProven => "bad",
        Verdict::Undecided => "unsure",
    }
}
