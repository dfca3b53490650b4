//! What is kept of a run: a folder in the layout of the pilot.
//!
//! `log.txt` has the server's output as bytes, `log.ts` the seconds of each line since its Pod was first seen,
//! `metrics.csv` what the kubelet measured, `meta.json` the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use temper_proto::v1::chunk::Body;
use temper_proto::v1::{Chunk, Moment, Source, Usage};

use super::case::{Case, UNCHANGED};
use super::label::{Probes, Verdict};
use super::pod::SERVER;

/// One run, as it is written down.
#[derive(Debug, Clone)]
pub struct Archived {
    /// Everything but lines and samples.
    pub meta: Meta,
    lines: Vec<(f64, Vec<u8>)>,
    usage: Vec<(f64, f64, u64)>,
    flaw: Option<&'static str>,
}

/// `meta.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Meta {
    /// The program's name, a folder.
    pub program: String,
    /// The setting's name, a folder.
    pub hardening: String,
    /// Which repeat, a folder.
    pub seed: u32,
    /// The label.
    pub verdict: Verdict,
    /// What was expected before.
    pub expected: Verdict,
    /// Seconds until it was Ready, if ever.
    pub ready_s: Option<f64>,
    /// Whether its container ended.
    pub died: bool,
    /// What the clients saw.
    pub probes: Probes,
    /// Names that only this run had, as a check knows those of its clones.
    pub names: BTreeMap<String, String>,
}

impl Meta {
    /// The program as it is.
    pub(super) fn is_unchanged(&self) -> bool {
        self.hardening == UNCHANGED
    }

    /// PROGRAM/SETTING.
    pub(super) fn setting(&self) -> String {
        format!("{}/{}", self.program, self.hardening)
    }

    /// PROGRAM/SETTING/N.
    pub(super) fn folder(&self) -> String {
        format!("{}/{}", self.setting(), self.seed)
    }
}

impl Archived {
    pub(super) fn new(
        case: &Case<'_>,
        [namespace, pod]: [&str; 2],
        chunks: Vec<Chunk>,
        died: bool,
        probes: Probes,
        late: bool,
    ) -> Self {
        let bodies: Vec<Body> = chunks.into_iter().filter_map(|chunk| chunk.body).collect();
        let states = bodies
            .iter()
            .filter_map(|body| if let Body::Pod(pod) = body { Some(pod) } else { None });
        let first = states.clone().map(|pod| pod.time_nanos).min();
        let node = states.map(|pod| pod.node.clone()).find(|node| !node.is_empty());
        let moments = || {
            bodies
                .iter()
                .filter_map(|body| if let Body::Mark(mark) = body { Some(mark) } else { None })
        };
        let ready = moments()
            .find(|mark| mark.moment() == Moment::Ready)
            .map(|mark| mark.time_nanos);
        let origin = first.unwrap_or_default();
        let ready_s = ready.map(|nanos| seconds(nanos - origin));
        let verdict = Verdict::of(ready_s.is_some(), died, &probes);
        let lost = moments().any(|mark| mark.lost > 0) || bodies.iter().any(|body| matches!(body, Body::Gap(_)));
        let ended = |mark: Moment| matches!(mark, Moment::Complete | Moment::NeverReady | Moment::Interrupted);
        let flaw = match () {
            () if first.is_none() || !moments().any(|mark| ended(mark.moment())) => Some("the recording has no end"),
            () if lost => Some("the recording lacks lines"),
            () if late && verdict == Verdict::Works => Some("the requests outlasted the recording"),
            () if ready_s.is_some() && !died && probes.is_empty() => Some("nobody asked"),
            () => None,
        };
        let names = [
            ("namespace", namespace),
            ("pod", pod),
            ("node", node.as_deref().unwrap_or_default()),
        ];
        Self {
            meta: Meta {
                program: case.name.to_owned(),
                hardening: case.setting.to_owned(),
                seed: case.repeat,
                verdict,
                expected: case.expected,
                ready_s,
                died,
                probes,
                names: names.map(|(key, name)| (key.to_owned(), name.to_owned())).into(),
            },
            lines: lines(&bodies, origin),
            usage: usage(&bodies, origin),
            flaw,
        }
    }

    /// Why it says nothing about the run, if it does not.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        self.flaw
    }

    /// What is written of a case below a folder, if it was recorded before.
    pub fn find(case: &Case<'_>, root: &Path) -> Option<Meta> {
        let path = root.join(case.to_string()).join("meta.json");
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Writes it below a folder.
    pub fn write(&self, root: &Path) -> Result<()> {
        let folder = root.join(self.meta.folder());
        fs::create_dir_all(&folder).with_context(|| format!("failed to make `{}`", folder.display()))?;
        let (mut text, mut times) = (Vec::new(), String::new());
        for (time, line) in &self.lines {
            text.extend_from_slice(line);
            text.push(b'\n');
            writeln!(times, "{time:.3}")?;
        }
        let mut samples = "t,cpu_s,rss\n".to_owned();
        for (time, cpu, memory) in &self.usage {
            writeln!(samples, "{time:.2},{cpu:.3},{memory}")?;
        }
        let write = |name: &str, content: &[u8]| {
            let path = folder.join(name);
            fs::write(&path, content).with_context(|| format!("failed to write `{}`", path.display()))
        };
        write("log.txt", &text)?;
        write("log.ts", times.as_bytes())?;
        write("metrics.csv", samples.as_bytes())?;
        write("meta.json", (serde_json::to_string(&self.meta)? + "\n").as_bytes())
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a short recording")]
fn seconds(nanos: i64) -> f64 {
    (nanos as f64 / 1e6).round() / 1e3
}

fn is_servers(source: Option<&Source>) -> bool {
    source.is_some_and(|source| source.container == SERVER && !source.init)
}

/// The server's lines, one container instance after the other, each line once.
fn lines(bodies: &[Body], origin: i64) -> Vec<(f64, Vec<u8>)> {
    let mut lines = BTreeMap::new();
    for body in bodies {
        if let Body::Logs(logs) = body
            && is_servers(logs.source.as_ref())
        {
            let restart = logs.source.as_ref().map_or(0, |source| source.restart);
            for (position, line) in (logs.first..).zip(&logs.lines) {
                lines.insert(
                    (restart, position),
                    (seconds(line.time_nanos - origin), line.text.clone()),
                );
            }
        }
    }
    lines.into_values().collect()
}

/// Time, CPU seconds so far and resident bytes, one row for each of the kubelet's own times.
fn usage(bodies: &[Body], origin: i64) -> Vec<(f64, f64, u64)> {
    let mut seen = BTreeSet::new();
    let samples = bodies.iter().filter_map(|body| {
        if let Body::Usage(usage) = body {
            Some(usage)
        } else {
            None
        }
    });
    let mut samples: Vec<&Usage> = samples
        .filter(|usage| is_servers(usage.source.as_ref()) && seen.insert(usage.time_nanos))
        .collect();
    samples.sort_by_key(|usage| usage.time_nanos);
    let row = |usage: &&Usage| {
        let cpu = i64::try_from(usage.cpu_core_nanos.unwrap_or_default()).unwrap_or(i64::MAX);
        let memory = usage.memory_rss_bytes.or(usage.memory_working_set_bytes);
        (
            seconds(usage.time_nanos - origin),
            seconds(cpu),
            memory.unwrap_or_default(),
        )
    };
    samples.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use temper_proto::v1::{LogLine, LogLines, Mark, PodState};

    use super::*;
    use crate::field::{Catalogue, cases};

    fn chunk(body: Body) -> Chunk {
        Chunk { body: Some(body) }
    }

    fn mark(moment: Moment, time_nanos: i64) -> Chunk {
        chunk(Body::Mark(Mark {
            moment: moment.into(),
            time_nanos,
            ..Mark::default()
        }))
    }

    fn logs(container: &str, restart: u32, first: u64, lines: &[(i64, &str)]) -> Chunk {
        let line = |&(time_nanos, text): &(i64, &str)| LogLine {
            time_nanos,
            text: text.into(),
            cut_from: 0,
        };
        chunk(Body::Logs(LogLines {
            source: Some(Source {
                container: container.to_owned(),
                restart,
                ..Source::default()
            }),
            first,
            lines: lines.iter().map(line).collect(),
            origin_nanos: 0,
        }))
    }

    fn archived(chunks: Vec<Chunk>, late: bool) -> Archived {
        let catalogue = Catalogue::read(&["nginx".to_owned()]).unwrap();
        let cases = cases(&catalogue);
        let probes = Probes::from([("get".to_owned(), (1, 1))]);
        Archived::new(&cases[0], ["n", "p"], chunks, false, probes, late)
    }

    fn whole() -> Vec<Chunk> {
        let pod = PodState {
            time_nanos: 1_000_000_000,
            ..PodState::default()
        };
        vec![
            chunk(Body::Pod(pod)),
            mark(Moment::Ready, 3_500_000_000),
            mark(Moment::Complete, 9_000_000_000),
        ]
    }

    #[test]
    fn lines_are_the_servers_in_their_order_and_once() {
        let mut chunks = whole();
        chunks.push(logs(SERVER, 1, 0, &[(5_000_000_000, "c")]));
        chunks.push(logs(SERVER, 0, 1, &[(3_000_000_000, "b")]));
        chunks.push(logs(SERVER, 0, 0, &[(2_000_000_000, "a"), (3_000_000_000, "b")]));
        chunks.push(logs("beside", 0, 0, &[(2_000_000_000, "x")]));
        let archived = archived(chunks, false);
        let told: Vec<_> = archived.lines.iter().map(|(at, text)| (*at, &text[..])).collect();
        assert_eq!(told, [(1.0, &b"a"[..]), (2.0, b"b"), (4.0, b"c")]);
        assert_eq!((archived.meta.ready_s, archived.flaw()), (Some(2.5), None));
    }

    #[test]
    fn a_recording_that_is_not_whole_is_no_recording() {
        let mut endless = whole();
        endless.pop();
        assert_eq!(archived(endless, false).flaw(), Some("the recording has no end"));
        let mut gap = whole();
        gap.push(chunk(Body::Gap(temper_proto::v1::LogGap::default())));
        assert_eq!(archived(gap, false).flaw(), Some("the recording lacks lines"));
        assert_eq!(
            archived(whole(), true).flaw(),
            Some("the requests outlasted the recording")
        );
        let mut lost = whole();
        lost.push(chunk(Body::Mark(Mark {
            lost: 1,
            ..Mark::default()
        })));
        assert_eq!(archived(lost, false).flaw(), Some("the recording lacks lines"));
    }
}
