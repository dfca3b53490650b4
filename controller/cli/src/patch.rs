//! `patch`: the verified recommendation as what `kubectl patch` takes.

use temper_report::{Verdict, patch_yaml, verdict};

use crate::{advice::Advised, args::PatchArgs, cluster::Cluster, output, report::find};

/// Prints the patch of a report.
pub(crate) async fn show(cluster: &Cluster, args: PatchArgs) -> anyhow::Result<u8> {
    let PatchArgs { name, file } = args;
    let report = find(cluster, &name).await?;
    let text = patch_yaml(&report).map_err(|error| {
        let code = no_patch_code(verdict(&report));
        let page = format!("kubectl temper report {name} -n {} -f report.html", cluster.namespace());
        Advised::new("there is no patch")
            .because(error)
            .code(code)
            .hint(format!("see why: {page}"))
    })?;
    output::deliver(&text, file.as_deref())?;
    Ok(0)
}

/// There is no patch: that is never a success, even where the workload needs none.
fn no_patch_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Verified | Verdict::AlreadyHardened | Verdict::NothingProven => 1,
        Verdict::Undecided => 2,
    }
}
