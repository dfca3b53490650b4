//! Between repairs as objects hold them and as core knows them, and what is known of them for a check.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use temper_api::{CheckRun, Fill, Learned, Mend, Repairs, RunRole, WorkloadHardeningCheckSpec};
use temper_core::{repair, setting};

/// As core knows them. A capability that is not one of the default ones is none of ours.
pub(crate) fn of(repairs: &Repairs) -> repair::Repairs {
    let mend = |(name, mend): (&String, &Mend)| {
        let fill = |fill: Fill| match fill {
            Fill::Empty => repair::Fill::Empty,
            Fill::Copied => repair::Fill::Copied,
        };
        let mend = repair::Mend {
            user: mend.user,
            group: mend.group,
            source_user: mend.source_user,
            directories: mend
                .directories
                .iter()
                .map(|(path, what)| (path.clone(), fill(*what)))
                .collect(),
            capabilities: mend.capabilities.iter().filter_map(|name| name.parse().ok()).collect(),
            home: mend.home.clone(),
            temporary: false,
        };
        (name.clone(), mend)
    };
    repair::Repairs {
        fs_group: repairs.fs_group,
        unprivileged_ports: repairs.unprivileged_ports,
        containers: repairs.containers.iter().map(mend).collect(),
    }
}

/// As objects hold them.
pub(crate) fn told(repairs: &repair::Repairs) -> Repairs {
    let mend = |(name, mend): (&String, &repair::Mend)| {
        let fill = |fill: repair::Fill| match fill {
            repair::Fill::Empty => Fill::Empty,
            repair::Fill::Copied => Fill::Copied,
        };
        let mend = Mend {
            user: mend.user,
            group: mend.group,
            source_user: mend.source_user,
            directories: mend
                .directories
                .iter()
                .map(|(path, what)| (path.clone(), fill(*what)))
                .collect(),
            capabilities: mend.capabilities.iter().map(ToString::to_string).collect(),
            home: mend.home.clone(),
        };
        (name.clone(), mend)
    };
    Repairs {
        fs_group: repairs.fs_group,
        unprivileged_ports: repairs.unprivileged_ports,
        containers: repairs.containers.iter().map(mend).collect::<BTreeMap<_, _>>(),
    }
}

/// What a run taught, as objects hold it.
pub(crate) fn taught(learned: &repair::Learned) -> Learned {
    Learned {
        required: told(&learned.required),
        helpful: told(&learned.helpful),
    }
}

/// Whether a baseline was looked at, or has been Ready for so long that it will not be. Without any there is nothing to
/// wait for either.
pub(crate) fn is_observed(runs: &[Arc<CheckRun>]) -> bool {
    let baselines = runs.iter().filter(|run| run.spec.role == RunRole::Baseline);
    let mut statuses = baselines.filter_map(|run| run.status.as_ref());
    let is_late = |ready: &MicroTime| jiff::Timestamp::now().duration_since(ready.0) > OBSERVATION;
    statuses.any(|status| {
        status.learned.is_some() || status.phase.is_terminal() || status.ready_at.as_ref().is_some_and(is_late)
    })
}

/// A baseline is looked at within seconds; a busy node takes some more.
pub(crate) const OBSERVATION: jiff::SignedDuration = jiff::SignedDuration::from_secs(20);

/// What is known for a check: what its user asks for and what is expected of any workload, then what baselines and
/// failures taught. The order of the runs makes no difference.
pub(crate) fn known(spec: &WorkloadHardeningCheckSpec, pod: &PodSpec, runs: &[Arc<CheckRun>]) -> repair::Learned {
    let mut asked = asked(spec, pod);
    asked.learn(&repair::Repairs::expected(pod));
    let mut known = repair::Learned {
        required: asked.clone(),
        helpful: asked,
    };
    known.learn(&taught_by(runs));
    known
}

/// What baselines and failures taught.
pub(crate) fn taught_by(runs: &[Arc<CheckRun>]) -> repair::Learned {
    let mut known = repair::Learned::default();
    let mut runs: Vec<&CheckRun> = runs.iter().map(|run| &**run).collect();
    runs.sort_by_key(|run| (run.spec.role != RunRole::Baseline, run.spec.run.clone()));
    for learned in runs.iter().filter_map(|run| run.status.as_ref()?.learned.as_ref()) {
        known.learn(&repair::Learned {
            required: of(&learned.required),
            helpful: of(&learned.helpful),
        });
    }
    known
}

/// The ids that the user asks for, for every container.
fn asked(spec: &WorkloadHardeningCheckSpec, pod: &PodSpec) -> repair::Repairs {
    let asked = &spec.identity;
    let base = spec.security_context.clone();
    let (of_pod, of_container) = (base.pod.unwrap_or_default(), base.container.unwrap_or_default());
    let user = asked.run_as_user.or(of_container.run_as_user).or(of_pod.run_as_user);
    let group = asked.run_as_group.or(of_container.run_as_group).or(of_pod.run_as_group);
    let mend = repair::Mend {
        user,
        group,
        ..repair::Mend::default()
    };
    let containers = setting::containers(pod).map(|container| (container.name.clone(), mend.clone()));
    repair::Repairs {
        fs_group: asked.fs_group.or(of_pod.fs_group),
        unprivileged_ports: false,
        containers: if user.is_none() && group.is_none() {
            BTreeMap::new()
        } else {
            containers.collect()
        },
    }
}
