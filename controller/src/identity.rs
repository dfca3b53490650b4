//! Between ids as users write them, as settings use them and as processes show them.

use temper_api::{Identity, WorkloadHardeningCheckSpec};
use temper_core::recording::Process;
use temper_core::setting;

/// The ids that settings use; 1000 where nothing says otherwise.
pub(crate) fn of(identity: &Identity) -> setting::Identity {
    let default = setting::Identity::default();
    let user = identity.run_as_user.unwrap_or(default.user);
    let group = identity.run_as_group.unwrap_or(default.group);
    setting::Identity {
        user,
        group,
        fs_group: identity.fs_group.unwrap_or(group),
    }
}

/// The ids that a process runs as, root left out: it is nothing to recommend.
pub(crate) fn observed(process: &Process) -> Identity {
    let id = |id: u32| (id != 0).then(|| i64::from(id));
    Identity {
        run_as_user: id(process.uid),
        run_as_group: id(process.gid),
        fs_group: None,
    }
}

/// What the user asked for; where they did not, what every run has, and then what the workload runs as already.
pub(crate) fn resolve(spec: &WorkloadHardeningCheckSpec, seen: Option<&Identity>) -> Identity {
    let asked = &spec.identity;
    let base = spec.security_context.clone();
    let (pod, container) = (base.pod.unwrap_or_default(), base.container.unwrap_or_default());
    let seen = seen.cloned().unwrap_or_default();
    let user = asked.run_as_user.or(container.run_as_user).or(pod.run_as_user);
    let group = asked.run_as_group.or(container.run_as_group).or(pod.run_as_group);
    let run_as_group = group.or(seen.run_as_group);
    Identity {
        run_as_user: user.or(seen.run_as_user),
        run_as_group,
        fs_group: asked.fs_group.or(pod.fs_group).or(run_as_group),
    }
}
