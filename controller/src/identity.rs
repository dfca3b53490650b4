//! Between ids as users write them, as settings use them and as processes show them.

use temper_api::Identity;
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

/// What the user asked for; where they did not, what the workload runs as already.
pub(crate) fn resolve(asked: Option<&Identity>, seen: Option<&Identity>) -> Identity {
    let pick = |asked: Option<i64>, seen: Option<i64>| asked.or(seen);
    let asked = asked.cloned().unwrap_or_default();
    let seen = seen.cloned().unwrap_or_default();
    let run_as_group = pick(asked.run_as_group, seen.run_as_group);
    Identity {
        run_as_user: pick(asked.run_as_user, seen.run_as_user),
        run_as_group,
        fs_group: asked.fs_group.or(run_as_group),
    }
}
