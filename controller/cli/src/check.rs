//! `check`: asks for a check.

use std::{fs, io, path::Path};

use kube::ResourceExt;
use temper_api::{
    BaseSecurityContext, Identity, Isolation, Oracles, Probe, SETTINGS, WorkloadHardeningCheck,
    WorkloadHardeningCheckSpec,
};

use crate::{
    advice::Advised,
    args::{CheckArgs, Connection, StatusOutput},
    cluster::{self, Cluster},
    follow::{Goal, follow, until_gone},
    output, printer,
    standing::Standing,
    status, target,
};

/// Prints the check and creates nothing.
pub(crate) async fn preview(connection: &Connection, args: CheckArgs) -> anyhow::Result<u8> {
    let mut check = build(&args)?;
    // The kubeconfig is only asked for its namespace: a dry run needs no cluster.
    check.metadata.namespace = cluster::namespace(connection).await;
    printer::result(&output::yaml(check)?)?;
    Ok(0)
}

/// Creates the check, and follows it if asked to.
pub(crate) async fn create(cluster: &Cluster, args: CheckArgs) -> anyhow::Result<u8> {
    let check = build(&args)?;
    let name = check.name_any();
    if args.replace {
        make_room(cluster, &name).await?;
    }
    if cluster.create(&check).await?.is_none() {
        return Err(taken(cluster, &name).into());
    }
    let namespace = cluster.namespace();
    printer::note(&format!(
        "created check `{name}` of {} in namespace `{namespace}`",
        check.spec.target_ref
    ));
    if args.watch {
        let ended = follow(cluster, &name, &Goal::End, args.timeout).await?;
        return status::print(cluster, ended, StatusOutput::Table).await;
    }
    printer::note(&if args.suspend {
        format!("it starts nothing until: kubectl temper resume {name} -n {namespace}")
    } else {
        format!("follow it with: kubectl temper status {name} -n {namespace} --watch")
    });
    Ok(0)
}

fn build(args: &CheckArgs) -> Result<WorkloadHardeningCheck, Advised> {
    let probes = args.probes.as_deref().map(probes).transpose()?.unwrap_or_default();
    let target_ref = target::parse(&args.target)?;
    let identity = Identity {
        run_as_user: args.run_as_user,
        run_as_group: args.run_as_group,
        fs_group: args.fs_group,
    };
    let spec = WorkloadHardeningCheckSpec {
        recording_duration: args.duration.clone(),
        identity,
        isolation: Isolation {
            dependencies: args.dependencies.into(),
            egress: args.egress.into(),
            allow_shared: args.allow_shared,
        },
        target_ref,
        run_mode: args.run_mode.into(),
        settings: chosen(&args.settings),
        verification: args.verification.into(),
        suspend: args.suspend,
        security_context: BaseSecurityContext::default(),
        oracles: Oracles {
            require_exercise: args.require_exercise,
            ..Oracles::default()
        },
        resources: args.resources.into(),
        probes,
    };
    let name = args.name.as_ref().unwrap_or(&spec.target_ref.name).clone();
    Ok(WorkloadHardeningCheck::new(&name, spec))
}

/// The probes of a file. What they say, the API server judges.
fn probes(file: &Path) -> Result<Vec<Probe>, Advised> {
    let named = format!("--probes `{}`", file.display());
    let text = if file == Path::new("-") {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(file)
    };
    let text = text.map_err(|error| Advised::new(format!("failed to read {named}")).because(error))?;
    serde_saphyr::from_str(&text).map_err(|error| {
        Advised::new(format!("{named} is not a list of probes"))
            .because(error.to_string())
            .hint("give a list as `spec.probes` of a check: [{name: page, http: {port: 8080}}]")
    })
}

/// Settings in the order of the API, each once.
fn chosen(settings: &[String]) -> Vec<String> {
    let known = SETTINGS.iter().filter(|id| settings.iter().any(|chosen| chosen == *id));
    known.map(|id| (*id).to_owned()).collect()
}

/// Deletes a check of this name that has ended, and waits until it is gone.
async fn make_room(cluster: &Cluster, name: &str) -> Result<(), Advised> {
    let Some(old) = cluster.check(name).await? else {
        return Ok(());
    };
    let leaving = old.metadata.deletion_timestamp.is_some();
    if !leaving && !Standing::of(old.status.as_ref()).is_final() {
        return Err(
            Advised::new(format!("check `{name}` has not ended, so it is not replaced"))
                .hint(format!(
                    "wait for it: kubectl temper status {name} -n {} --watch",
                    cluster.namespace()
                ))
                .hint(format!(
                    "or end it: kubectl temper cancel {name} -n {}",
                    cluster.namespace()
                )),
        );
    }
    if !leaving {
        cluster.delete(&old).await?;
    }
    until_gone(cluster, &old).await
}

fn taken(cluster: &Cluster, name: &str) -> Advised {
    Advised::new(format!(
        "there is a check `{name}` in namespace `{}` already",
        cluster.namespace()
    ))
    .hint("replace it once it has ended: --replace")
    .hint(format!(
        "or let it begin anew: kubectl temper retry {name} -n {}",
        cluster.namespace()
    ))
    .hint("or choose another name: --name NAME")
    .hint(format!(
        "or delete it: kubectl delete whc {name} -n {}",
        cluster.namespace()
    ))
}

#[cfg(test)]
mod tests;
