//! `status`: where a check stands and what it found.

use jiff::Timestamp;
use temper_api::WorkloadHardeningCheck;

use crate::{
    advice::Advised,
    args::{StatusArgs, StatusOutput},
    cluster::Cluster,
    follow::{Goal, follow},
    output, printer,
    standing::Standing,
    table::{self, Look, News},
};

/// Shows a check, once it has ended if asked to wait.
pub(crate) async fn show(cluster: &Cluster, args: StatusArgs) -> anyhow::Result<u8> {
    let StatusArgs {
        name,
        watch,
        output,
        timeout,
    } = args;
    // A watch of an object that does not exist would wait for it for ever.
    let mut check = cluster.check(&name).await?.ok_or_else(|| missing(cluster, &name))?;
    if watch {
        check = follow(cluster, &name, &Goal::End, timeout).await?;
    }
    print(cluster, check, output).await
}

/// Prints a check and returns the exit code that its standing asks for.
pub(crate) async fn print(
    cluster: &Cluster,
    check: WorkloadHardeningCheck,
    output: StatusOutput,
) -> anyhow::Result<u8> {
    let standing = Standing::of(check.status.as_ref());
    let text = match output {
        StatusOutput::Table => {
            let news = News {
                events: cluster.events(&check).await,
                now: Timestamp::now(),
            };
            table::status(&check, cluster.namespace(), &news, Look::of_stdout())
        }
        StatusOutput::Json => output::json(check)?,
        StatusOutput::Yaml => output::yaml(check)?,
    };
    printer::result(&text)?;
    Ok(standing.exit_code())
}

/// There is no check of this name.
pub(crate) fn missing(cluster: &Cluster, name: &str) -> Advised {
    Advised::new(format!(
        "there is no check `{name}` in namespace `{}`",
        cluster.namespace()
    ))
    .hint(format!("list them with: kubectl get whc -n {}", cluster.namespace()))
    .hint("or create one with: kubectl temper check KIND/NAME")
}
