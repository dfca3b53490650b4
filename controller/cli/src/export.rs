//! `export`: the recording of one run, out of the cluster and into files.

use std::path::Path;

use kube::ResourceExt;
use temper_api::{CheckRef, CheckRun, RunPhase, RunRole, WorkloadHardeningCheck, clone_name};
use temper_archive::{About, Writer, sample};
use temper_core::recording::Sample;
use temper_report::plain;
use temper_stream::{Delivered, Recordings};

use crate::{advice::Advised, args::ExportArgs, cluster::Cluster, printer};

/// A run whose recording is wanted, as far as the cluster still knows it.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    check: CheckRef,
    run: String,
    role: RunRole,
    settings: Vec<String>,
    /// Of the CheckRun, while it is there.
    uid: Option<String>,
    /// What earlier attempts published is of a clone that is gone.
    first_attempt: u32,
    ended: bool,
}

/// Writes the recording of a run.
pub(crate) async fn export(cluster: &Cluster, args: ExportArgs) -> anyhow::Result<u8> {
    let ExportArgs {
        run: name,
        output,
        temper_namespace,
    } = args;
    let wanted = find(cluster, &name).await?;
    let recordings = Recordings::open(cluster.client(), &temper_namespace)
        .await
        .map_err(|error| refused(error, &temper_namespace))?;
    let stopped = |error| refused(error, &temper_namespace);
    let last = recordings
        .last_run(&wanted.check.uid, &wanted.run)
        .await
        .map_err(stopped)?;
    let Some(last) = last else {
        return Err(gone(&name, cluster).into());
    };
    let uid = wanted.uid.clone().unwrap_or(last);
    let about = About {
        namespace: cluster.namespace().to_owned(),
        check: wanted.check.name.clone(),
        run: wanted.run.clone(),
        run_uid: uid.clone(),
        role: format!("{:?}", wanted.role),
        settings: wanted.settings.clone(),
    };
    let mut files = Files {
        writer: Writer::create(&output, &clone_name(&wanted.check, &wanted.run), about)?,
        uid,
        first_attempt: wanted.first_attempt,
        messages: 0,
        lines: 0,
        unknown: 0,
        failed: None,
    };
    recordings
        .read(&wanted.check.uid, &wanted.run, |delivered| files.take(delivered))
        .await
        .map_err(stopped)?;
    files.finish(&name, &output, cluster)?;
    if !wanted.ended {
        printer::note(&format!(
            "warning: run `{}` has not ended: what it records from now on is not in the files",
            plain(&name)
        ));
    }
    Ok(0)
}

/// What is written while it is read.
struct Files {
    writer: Writer,
    uid: String,
    first_attempt: u32,
    messages: u64,
    lines: usize,
    unknown: u64,
    failed: Option<temper_archive::Error>,
}

impl Files {
    /// Writes a message, if it is of the run's present clone.
    fn take(&mut self, delivered: Delivered) {
        let Delivered {
            run_uid,
            attempt,
            sequence,
            chunk,
        } = delivered;
        if run_uid != self.uid || attempt < self.first_attempt || self.failed.is_some() {
            return;
        }
        // What cannot be read was not received, as the controller has it.
        let Some(sample) = chunk.and_then(|chunk| sample(chunk, attempt)) else {
            self.unknown += 1;
            return;
        };
        self.messages += 1;
        if let Sample::Logs(chunk) = &sample {
            self.lines += chunk.lines.len();
        }
        self.writer.received(attempt, sequence);
        self.failed = self.writer.add(&sample).err();
    }

    fn finish(self, name: &str, output: &Path, cluster: &Cluster) -> anyhow::Result<()> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        if self.messages == 0 {
            return Err(gone(name, cluster).into());
        }
        self.writer.finish()?;
        if self.unknown > 0 {
            printer::note(&format!(
                "warning: {} messages cannot be decoded and are left out: is this plugin older than the Temper of the cluster?",
                self.unknown
            ));
        }
        printer::note(&format!(
            "wrote {} with {} messages and {} log lines",
            output.display(),
            self.messages,
            self.lines
        ));
        Ok(())
    }
}

/// The run of this name: a CheckRun or, of a check that has ended, what the check remembers.
async fn find(cluster: &Cluster, name: &str) -> Result<Wanted, Advised> {
    if let Some(run) = cluster.run(name).await? {
        return Ok(of_run(run));
    }
    let checks = cluster.list_checks().await?;
    match checks.iter().find_map(|check| remembered(check, name)) {
        Some(Remembered::One(wanted)) => Ok(wanted),
        Some(Remembered::Mixed { attempts }) => Err(Advised::new(format!(
            "run `{name}` took {attempts} attempts, and which of them recorded its last clone is not known any more"
        ))
        .hint("export a run of several attempts before its check ends")),
        None => Err(Advised::new(format!(
            "there is no run `{name}` in namespace `{}`",
            cluster.namespace()
        ))
        .hint(
            "a run is named CHECK-RUN, such as web-baseline-1; `kubectl temper status CHECK` lists the runs of a check",
        )),
    }
}

fn of_run(run: CheckRun) -> Wanted {
    let status = run.status.clone().unwrap_or_default();
    Wanted {
        uid: run.uid(),
        run: run.spec.run,
        role: run.spec.role,
        settings: run.spec.settings,
        first_attempt: status.clone_attempt,
        ended: status.phase.is_terminal(),
        check: run.spec.check,
    }
}

enum Remembered {
    One(Wanted),
    /// Of several attempts only their number is kept.
    Mixed {
        attempts: u32,
    },
}

/// A run of a check that has ended: its CheckRun is gone, its recording is kept for a day.
fn remembered(check: &WorkloadHardeningCheck, name: &str) -> Option<Remembered> {
    let run = name.strip_prefix(&check.name_any())?.strip_prefix('-')?;
    let summary = check.status.as_ref()?.runs.iter().find(|summary| summary.name == run)?;
    if let Some(attempts) = summary.attempts.filter(|attempts| *attempts > 1) {
        return Some(Remembered::Mixed { attempts });
    }
    Some(Remembered::One(Wanted {
        check: CheckRef {
            name: check.name_any(),
            uid: check.uid().unwrap_or_default(),
        },
        run: run.to_owned(),
        role: summary.role,
        settings: summary.settings.clone(),
        uid: None,
        first_attempt: 1,
        ended: RunPhase::is_terminal(summary.phase),
    }))
}

fn gone(name: &str, cluster: &Cluster) -> Advised {
    Advised::new(format!(
        "the recording of run `{name}` is gone, or nothing was recorded yet"
    ))
    .hint("recordings are kept for 26 hours, and go with their check")
    .hint(format!(
        "record again: kubectl temper retry CHECK -n {}",
        cluster.namespace()
    ))
}

fn refused(error: temper_stream::Error, namespace: &str) -> Advised {
    use temper_stream::Error;
    let code = match &error {
        Error::Kubernetes { source, .. } => match &**source {
            kube::Error::Api(status) => status.code,
            _ => 0,
        },
        _ => 0,
    };
    let is_elsewhere = matches!(error, Error::NoServer { .. });
    let advised = Advised::new("cannot read recordings").because(error);
    if code == 403 {
        advised.hint(format!(
            "you need the rights of the chart's Role for recordings; bind it: kubectl create rolebinding recordings-USER -n \
             {namespace} --role temper-recordings --user USER"
        ))
    } else if code == 404 {
        advised.hint("the Temper of this cluster is older than this plugin; upgrade it with: helm upgrade")
    } else if is_elsewhere {
        advised
            .hint("name the namespace of Temper with --temper-namespace")
            .hint("a NATS that the chart did not install is not reached from here")
    } else {
        advised
    }
}

#[cfg(test)]
mod tests;
