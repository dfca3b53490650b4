//! What a container of a baseline is and does, as core sees it.

use temper_core::recording::{Account, Holder, Listener, Observation, Place, Program, Task, Written};
use temper_proto::v1;

use super::source;

pub(super) fn observation(seen: v1::Observation) -> Option<Observation> {
    Some(Observation {
        source: source(seen.source?),
        time_nanos: seen.time_nanos,
        tasks: seen.tasks.into_iter().map(task).collect(),
        written: seen.written.into_iter().map(written).collect(),
        collapsed: seen.collapsed.into_iter().collect(),
        places: seen.places.into_iter().map(place).collect(),
        holders: seen.holders.into_iter().map(holder).collect(),
        tools: seen.tools.into_iter().collect(),
        accounts: seen.accounts.into_iter().map(account).collect(),
        listeners: seen.listeners.into_iter().map(listener).collect(),
        program: seen.program.map(program),
        started_uid: seen.started_uid,
        unprivileged_port_start: seen.unprivileged_port_start,
        apparmor: seen.apparmor,
        selinux: seen.selinux,
        is_scanned: seen.scanned,
        is_cut: seen.cut,
        errors: Some(seen.error).into_iter().filter(|error| !error.is_empty()).collect(),
    })
}

fn task(task: v1::Task) -> Task {
    Task {
        name: task.name,
        is_first: task.first,
        uid: task.uid,
        gid: task.gid,
        groups: task.groups.into_iter().collect(),
        cap_effective: task.cap_effective,
        cap_permitted: task.cap_permitted,
    }
}

fn written(written: v1::Written) -> (String, Written) {
    let state = Written {
        time_nanos: written.time_nanos,
        is_directory: written.directory,
        uid: written.uid,
        gid: written.gid,
        mode: written.mode,
    };
    (written.path, state)
}

fn place(place: v1::Place) -> (String, Place) {
    let owner = Place {
        uid: place.uid,
        gid: place.gid,
        mode: place.mode,
        is_named: place.named,
    };
    (place.path, owner)
}

fn holder(holder: v1::Holder) -> (String, Holder) {
    let content = Holder {
        image_entries: holder.image_entries,
        image_bytes: holder.image_bytes,
        is_cut: holder.cut,
    };
    (holder.path, content)
}

fn account(account: v1::Account) -> Account {
    Account {
        name: account.name,
        uid: account.uid,
        gid: account.gid,
        home: account.home,
    }
}

fn listener(listener: v1::Listener) -> Listener {
    Listener {
        port: listener.port,
        is_udp: listener.udp,
        uid: listener.uid,
        is_held: listener.held,
    }
}

fn program(program: v1::Program) -> Program {
    Program {
        time_nanos: program.time_nanos,
        executable: program.executable,
        home: program.home,
        tmpdir: program.tmpdir,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_is_of_a_container_and_fails_for_a_reason() {
        assert_eq!(observation(v1::Observation::default()), None);
        let seen = |error: &str| v1::Observation {
            source: Some(v1::Source::default()),
            error: error.to_owned(),
            ..v1::Observation::default()
        };
        let errors = |error| observation(seen(error)).map(|seen| seen.errors.into_iter().collect::<Vec<_>>());
        assert_eq!(errors(""), Some(vec![]));
        assert_eq!(errors("gone"), Some(vec!["gone".to_owned()]));
    }
}
