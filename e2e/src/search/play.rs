//! One row from nothing to its figures: workload up, client, check, patch, client again, all gone.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use temper_api::{CheckRef, CheckStatus, HardeningReport, WorkloadHardeningCheck, condition};
use tokio::process::Command;

use super::catalogue::drivers;
use super::clock;
use super::ending::{Clocked, Ending};
use super::home::Homes;
use super::manifest;
use super::row::Row;
use super::seed::{self, Figures};
use super::subject::Subject;
use super::workload::Workload;
use crate::command::run;
use crate::field::{Clients, Probes};
use crate::wait;

/// Name of every check.
const CHECK: &str = "search";
/// Longer than any search takes: only a hang reaches it.
const PATIENCE: Duration = Duration::from_hours(1);
/// The same requests before the patch and after it.
const SEED: u32 = 1;

/// What all rows share.
#[expect(missing_debug_implementations, reason = "a client has none")]
pub struct Stage {
    client: Client,
    homes: Homes,
    clients: Option<Clients>,
    figures: BTreeMap<String, Figures>,
    duration: String,
    patches: PathBuf,
}

impl Stage {
    /// Sets up what these subjects need. Patches go below a folder.
    pub async fn set_up(client: Client, subjects: &[Subject], duration: String, patches: &Path) -> Result<Self> {
        let is_asked = subjects.iter().any(|subject| subject.client.is_some());
        let clients = if is_asked {
            Some(Clients::set_up(&client, &[drivers()]).await?)
        } else {
            None
        };
        let is_known = subjects.iter().any(|subject| subject.seed.is_some());
        let figures = if is_known { seed::figures() } else { BTreeMap::new() };
        // No patch of an earlier bench stays beside those of this one.
        let empty = std::fs::remove_dir_all(patches).or_else(|error| match error.kind() {
            ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        });
        let made = empty.and_then(|()| std::fs::create_dir_all(patches));
        made.with_context(|| format!("failed to empty `{}`", patches.display()))?;
        Ok(Self {
            homes: Homes::new(client.clone()),
            client,
            clients,
            figures,
            duration,
            patches: patches.to_owned(),
        })
    }

    /// Makes what lies outside of all namespaces.
    pub async fn share(&self, objects: &[Value]) -> Result<()> {
        for object in objects {
            self.homes.create(object).await?;
            for types in manifest::defined(object) {
                self.homes.knows(&types).await?;
            }
        }
        Ok(())
    }

    /// Removes everything that is still there.
    pub async fn strike(&self) -> Result<()> {
        self.homes.close_all().await?;
        match &self.clients {
            Some(clients) => clients.strike().await,
            None => Ok(()),
        }
    }

    /// Hardens a subject. Whatever goes wrong is told in its row.
    pub async fn play(&self, subject: &Subject) -> Row {
        let mut row = Row::new(subject);
        row.seed = subject.seed.as_ref().and_then(|name| self.figures.get(name).cloned());
        if let Err(error) = Box::pin(self.act(subject, &mut row)).await {
            row.message = format!("{error:#}");
        }
        if let Err(error) = self.homes.close(&subject.namespace).await {
            tracing::error!(
                workload = subject.name,
                error = format!("{error:#}"),
                "something is left"
            );
        }
        row
    }

    /// The outcome is that of the step that is under way, until the check has one.
    async fn act(&self, subject: &Subject, row: &mut Row) -> Result<()> {
        "NotStarted".clone_into(&mut row.outcome);
        let workload = self.start(subject).await?;
        workload.up().await?;
        let before = self.ask(subject, &workload).await.context("the client cannot ask")?;
        row.failing = before
            .iter()
            .filter(|(_, tally)| !passes(**tally))
            .map(|(name, _)| name.clone())
            .collect();
        "NotChecked".clone_into(&mut row.outcome);
        let (status, ending) = self.check(subject).await?;
        row.ended(subject, &ending);
        let Some(patch) = self.patch(subject, &status).await? else {
            return Ok(());
        };
        match self.patched(subject, &workload, &patch, &before).await {
            Ok(broken) => row.broken = broken,
            Err(error) => row.broken = vec![format!("{error:#}")],
        }
        row.correct = Some(row.broken.is_empty());
        Ok(())
    }

    /// Makes the workload, and what it needs before.
    async fn start<'a>(&self, subject: &'a Subject) -> Result<Workload<'a>> {
        self.homes.open(&subject.namespace).await?;
        for object in &subject.surroundings {
            self.homes.create(&manifest::placed(object, &subject.namespace)).await?;
        }
        let object = manifest::placed(&subject.workload, &subject.namespace);
        let created = self.homes.create(&object).await?;
        let target = subject.target();
        created.with_context(|| {
            format!(
                "namespace `{}` has a {} `{}` already: it would be patched; remove it, or name another namespace",
                subject.namespace, target.kind, target.name
            )
        })?;
        Ok(Workload::new(&self.client, subject, self.homes.api(&object).await?))
    }

    /// Which probes pass, for who has a client.
    async fn ask(&self, subject: &Subject, workload: &Workload<'_>) -> Result<Probes> {
        let Some((asked, clients)) = subject.client.as_ref().zip(self.clients.as_ref()) else {
            return Ok(Probes::new());
        };
        let address = workload.address().await?;
        clients
            .ask(&asked.program, &address, asked.port, asked.rounds, SEED)
            .await
    }

    /// Checks it to the end, and until nothing is left of its clones.
    async fn check(&self, subject: &Subject) -> Result<(CheckStatus, Ending)> {
        let target = subject.target();
        let mut spec = json!({
            "targetRef": {"apiVersion": target.api_version, "kind": target.kind, "name": target.name},
            "recordingDuration": self.duration
        });
        if !subject.check.is_null() {
            json_patch::merge(&mut spec, &subject.check);
        }
        let check = json!({
            "apiVersion": "temper.dev/v1alpha1", "kind": "WorkloadHardeningCheck",
            "metadata": {"name": CHECK, "namespace": subject.namespace}, "spec": spec
        });
        let created = self.homes.create(&check).await?;
        let began = Instant::now();
        let created = created.with_context(|| format!("there is a check `{CHECK}` already: remove it"))?;
        let reference = CheckRef {
            name: CHECK.to_owned(),
            uid: created.uid().unwrap_or_default(),
        };
        let client = self.client.clone();
        let clock = tokio::spawn(async move { clock::baseline_ready(&client, &reference).await });
        let checks: Api<WorkloadHardeningCheck> = Api::namespaced(self.client.clone(), &subject.namespace);
        let until = |kind: &'static str| {
            let holds = move |check: Option<&WorkloadHardeningCheck>| {
                let status = check.and_then(|check| check.status.as_ref());
                status.is_some_and(|status| status.holds(kind).is_some())
            };
            wait::watch("the check to end", PATIENCE, checks.clone(), CHECK, holds)
        };
        let completed = until(condition::COMPLETE).await;
        let verdict = began.elapsed().as_secs_f64();
        clock.abort();
        completed?;
        let clocked = Clocked {
            verdict,
            baseline_ready: clock.await.ok().and_then(Result::ok),
        };
        let check = until(condition::CLEANED_UP).await?.context("the check is gone")?;
        let status = check.status.unwrap_or_default();
        let ending = Ending::of(&status, clocked)?;
        Ok((status, ending))
    }

    /// The recommended patch, if there is one, which is also written to a file as the plugin prints it.
    async fn patch(&self, subject: &Subject, status: &CheckStatus) -> Result<Option<Value>> {
        let Some(report) = &status.report else {
            return Ok(None);
        };
        let reports: Api<HardeningReport> = Api::namespaced(self.client.clone(), &subject.namespace);
        let patch = reports.get(report).await?.spec.patch;
        if patch.is_some() {
            let file = self.patches.join(format!("{}.yaml", subject.name));
            let mut plugin = Command::new("kubectl");
            plugin.args(["temper", "patch", CHECK, "--namespace", &subject.namespace, "--file"]);
            run(plugin.arg(&file)).await?;
        }
        Ok(patch)
    }

    /// What is wrong with a workload once it is patched, and was not before.
    async fn patched(
        &self,
        subject: &Subject,
        workload: &Workload<'_>,
        patch: &Value,
        before: &Probes,
    ) -> Result<Vec<String>> {
        workload.patch(patch).await?;
        workload.up().await?;
        let after = self.ask(subject, workload).await?;
        if before.is_empty() {
            workload.steady().await?;
        } else {
            workload.never_restarted().await?;
        }
        Ok(worse(before, &after))
    }
}

/// Whether a probe passed in at least half of its tries.
fn passes((passed, tried): (u32, u32)) -> bool {
    passed * 2 >= tried
}

/// Probes that passed and now do not.
fn worse(before: &Probes, after: &Probes) -> Vec<String> {
    let failing = before
        .iter()
        .filter(|(name, tally)| passes(**tally) && !after.get(*name).copied().is_some_and(passes));
    failing.map(|(name, _)| format!("probe {name} fails")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passed_before_can_be_broken() {
        let tally = |pairs: &[(&str, (u32, u32))]| -> Probes {
            pairs.iter().map(|(name, tally)| ((*name).to_owned(), *tally)).collect()
        };
        let before = tally(&[("get", (2, 2)), ("put", (2, 2)), ("peer", (0, 2))]);
        let after = tally(&[("get", (1, 2)), ("put", (0, 2)), ("peer", (0, 2))]);
        assert_eq!(worse(&before, &after), ["probe put fails"]);
        assert_eq!(worse(&before, &Probes::new()).len(), 2);
    }
}
