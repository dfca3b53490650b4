//! Every word of the command line, once. What it means is elsewhere.

use std::{path::PathBuf, time::Duration};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use temper_api::{Dependencies, Egress};

use crate::span;

const IDS: std::ops::RangeInclusive<i64> = 1..=2_147_483_647;

/// Finds, by running clones of a workload, the strictest security settings under which it still works.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-temper",
    bin_name = "kubectl temper",
    version,
    after_help = "Exit codes: 0 passed, 1 verdict failed, 2 could not judge or bad usage."
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the cluster is.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct Connection {
    /// Namespace; without it, that of the kubeconfig context.
    #[arg(short, long, global = true)]
    pub(crate) namespace: Option<String>,
    /// Context of the kubeconfig.
    #[arg(long, global = true)]
    pub(crate) context: Option<String>,
    /// Kubeconfig file; without it, what KUBECONFIG names, or ~/.kube/config.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a workload: record it as it is and with hardened settings.
    Check(CheckArgs),
    /// Show where a check stands and what it found.
    Status(StatusArgs),
    /// Render the report of a check.
    Report(ReportArgs),
    /// Print the verified recommendation as a patch.
    Patch(PatchArgs),
}

/// Arguments of `check`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Kinds: deployment (deploy), statefulset (sts), daemonset (ds).\n\
    Exit codes: 0 created; with --watch 0 passed, 1 verdict failed, 2 could not judge or bad usage.")]
pub(crate) struct CheckArgs {
    /// The workload, as KIND/NAME or as KIND NAME.
    #[arg(required = true, num_args = 1..=2, value_name = "KIND/NAME")]
    pub(crate) target: Vec<String>,
    /// Name of the check; without it, that of the workload.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// How long to record each run once its clone is Ready, 10s to 24h.
    #[arg(long, default_value = "5m", value_parser = span::recording)]
    pub(crate) duration: String,
    /// User id to try; without it, that of the running image, else 1000.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(IDS))]
    pub(crate) run_as_user: Option<i64>,
    /// Group id to try.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(IDS))]
    pub(crate) run_as_group: Option<i64>,
    /// Group to own the volumes.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(IDS))]
    pub(crate) fs_group: Option<i64>,
    /// Where the clones may connect to.
    #[arg(long, value_enum, default_value_t = EgressArg::Deny)]
    pub(crate) egress: EgressArg,
    /// Which neighbours of the workload are cloned with it.
    #[arg(long, value_enum, default_value_t = DependenciesArg::Namespace)]
    pub(crate) dependencies: DependenciesArg,
    /// Mount hostPath and inline remote volumes into the clones, too: they then share state with the workload.
    #[arg(long)]
    pub(crate) allow_shared: bool,
    /// Delete a completed check of the same name first.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Print the check as YAML and create nothing.
    #[arg(long, conflicts_with_all = ["replace", "watch", "timeout"])]
    pub(crate) dry_run: bool,
    /// Follow the check to its end, then print the verdict.
    #[arg(short, long)]
    pub(crate) watch: bool,
    /// Stop following after this long; the check goes on.
    #[arg(long, requires = "watch", value_parser = span::parse)]
    pub(crate) timeout: Option<Duration>,
}

/// Arguments of `status`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit codes: 0 verified or already hardened, 1 nothing proven, 2 no verdict (yet) or an error.")]
pub(crate) struct StatusArgs {
    /// Name of the check.
    pub(crate) name: String,
    /// Follow the check to its end: a line per change on stderr, then the verdict.
    #[arg(short, long)]
    pub(crate) watch: bool,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t = StatusOutput::Table)]
    pub(crate) output: StatusOutput,
    /// Stop following after this long; the check goes on.
    #[arg(long, requires = "watch", value_parser = span::parse)]
    pub(crate) timeout: Option<Duration>,
}

/// Arguments of `report`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// Name of the check or of the report.
    pub(crate) name: String,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t = ReportOutput::Html)]
    pub(crate) output: ReportOutput,
    /// Write to this file instead of stdout.
    #[arg(short, long)]
    pub(crate) file: Option<PathBuf>,
}

/// Arguments of `patch`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Apply it with: kubectl patch KIND NAME --patch-file FILE")]
pub(crate) struct PatchArgs {
    /// Name of the check or of the report.
    pub(crate) name: String,
    /// Write to this file instead of stdout.
    #[arg(short, long)]
    pub(crate) file: Option<PathBuf>,
}

/// How `status` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusOutput {
    /// For people.
    Table,
    /// The WorkloadHardeningCheck.
    Json,
    /// The WorkloadHardeningCheck.
    Yaml,
}

/// How `report` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportOutput {
    /// One self-contained page.
    Html,
    /// The HardeningReport.
    Json,
    /// The HardeningReport.
    Yaml,
}

/// Where clones may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EgressArg {
    /// Cluster DNS and the clone itself.
    Deny,
    /// Also the cluster's Pods and Services.
    ClusterOnly,
    /// Anywhere.
    Allow,
}

impl From<EgressArg> for Egress {
    fn from(arg: EgressArg) -> Self {
        match arg {
            EgressArg::Deny => Self::Deny,
            EgressArg::ClusterOnly => Self::ClusterOnly,
            EgressArg::Allow => Self::Allow,
        }
    }
}

/// Which neighbours are cloned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DependenciesArg {
    /// All workloads of the namespace.
    Namespace,
    /// The workload alone.
    None,
}

impl From<DependenciesArg> for Dependencies {
    fn from(arg: DependenciesArg) -> Self {
        match arg {
            DependenciesArg::Namespace => Self::Namespace,
            DependenciesArg::None => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds() {
        Args::command().debug_assert();
    }

    #[test]
    fn help() {
        let mut command = Args::command().term_width(100);
        command.build();
        let mut text = command.render_long_help().to_string();
        for name in ["check", "status", "report", "patch"] {
            let subcommand = command.find_subcommand_mut(name).unwrap();
            text = format!("{text}\n===== {name} =====\n{}", subcommand.render_long_help());
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn global_options_may_follow_the_command() {
        let args = Args::try_parse_from(["kubectl-temper", "status", "nginx", "-n", "web", "--watch"]).unwrap();
        assert_eq!(args.connection.namespace.as_deref(), Some("web"));
    }

    #[test]
    fn what_does_not_go_together() {
        for words in [
            &["check", "deploy/a", "--dry-run", "--watch"][..],
            &["check", "deploy/a", "--timeout", "5m"],
            &["check", "deploy/a", "--run-as-user", "0"],
            &["check", "deploy/a", "--duration", "9s"],
            &["check"],
            &["status", "a", "--timeout", "1h"],
        ] {
            let error = Args::try_parse_from([&["kubectl-temper"], words].concat()).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
    }
}
