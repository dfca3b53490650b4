//! Every word of the command line, once. What it means is elsewhere.

mod choice;

use std::{path::PathBuf, time::Duration};

use clap::{Args as ClapArgs, Parser, Subcommand, builder::PossibleValuesParser};
use temper_api::SETTINGS;

pub(crate) use self::choice::{
    DependenciesArg, EgressArg, ExplainOutput, JudgeOutput, ReportOutput, ResourcesArg, RunModeArg, StatusOutput,
    TemplatesOutput, VerificationArg,
};
use crate::span;

const IDS: std::ops::RangeInclusive<i64> = 1..=2_147_483_647;

/// Finds, by running clones of a workload, the strictest security settings under which it still works.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-temper",
    bin_name = "kubectl temper",
    version,
    after_help = "Exit codes: 0 verified or already hardened, 1 nothing proven, 2 no verdict or bad usage."
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
    /// Tell why each setting was accepted, rejected or repaired, with evidence.
    Explain(ExplainArgs),
    /// Render the report of a check.
    Report(ReportArgs),
    /// Print the verified recommendation as a patch.
    Patch(PatchArgs),
    /// Write the recording of one run as plain files.
    Export(ExportArgs),
    /// Judge a recording against baselines, from files and without a cluster.
    Judge(JudgeArgs),
    /// Hold a check still: runs that have not ended are removed, what has ended counts.
    #[command(after_help = "Exit codes: 0 asked, with --watch suspended; those of status if it ended instead.")]
    Suspend(AskArgs),
    /// Let a suspended check go on.
    #[command(after_help = "Exit codes: 0 asked; with --watch those of status.")]
    Resume(AskArgs),
    /// End a check without a verdict, and remove what it made.
    #[command(after_help = "Exit codes: 0 asked, with --watch ended; 2 on an error.")]
    Cancel(AskArgs),
    /// Let a check that has ended begin anew.
    #[command(after_help = "Exit codes: 0 asked; with --watch those of status.")]
    Retry(AskArgs),
    /// Read logs as Temper does; needs no cluster.
    #[command(subcommand)]
    Logs(LogsCommand),
}

/// What to do with a log.
#[derive(Debug, Subcommand)]
pub(crate) enum LogsCommand {
    /// Print the template of each line: what it has in common with others of its kind.
    Templates(TemplatesArgs),
}

/// Arguments of `logs templates`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit codes: 0 printed, 2 on an error or bad usage.")]
pub(crate) struct TemplatesArgs {
    /// The log, or - for stdin.
    pub(crate) file: PathBuf,
    /// Find and leave out what stands before the message of each line: time, level, process and the like.
    #[arg(long)]
    pub(crate) raw: bool,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t = TemplatesOutput::Json)]
    pub(crate) output: TemplatesOutput,
}

/// Arguments of `check`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Kinds: deployment (deploy), statefulset (sts), daemonset (ds), replicaset (rs), job, cronjob (cj), pod (po).\n\
    Others as KIND.VERSION.GROUP, such as Widget.v1.example.com, where the installation lists them.\n\
    Exit codes: 0 created; with --watch those of status; 2 on an error or bad usage."
)]
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
    /// In which order runs are made.
    #[arg(long, value_enum, ignore_case = true, default_value_t = RunModeArg::Adaptive)]
    pub(crate) run_mode: RunModeArg,
    /// Settings to try, with commas between them; without it, all.
    #[arg(long, value_name = "ID,…", value_delimiter = ',', value_parser = PossibleValuesParser::new(SETTINGS))]
    pub(crate) settings: Vec<String>,
    /// How the recommendation as a whole is verified.
    #[arg(long, value_enum, ignore_case = true, default_value_t = VerificationArg::Included)]
    pub(crate) verification: VerificationArg,
    /// What is done about requests and limits that containers lack.
    #[arg(long, value_enum, ignore_case = true, default_value_t = ResourcesArg::Suggest)]
    pub(crate) resources: ResourcesArg,
    /// What to ask of every run: a list as `spec.probes`, YAML or JSON, in a file or on stdin (-).
    #[arg(long, value_name = "FILE")]
    pub(crate) probes: Option<PathBuf>,
    /// Recommend nothing unless probes drove the workload.
    #[arg(long, requires = "probes")]
    pub(crate) require_exercise: bool,
    /// Create it suspended: it starts nothing until it is resumed.
    #[arg(long, conflicts_with = "watch")]
    pub(crate) suspend: bool,
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

/// Arguments of `explain`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit codes: 0 printed, 2 on an error or bad usage.")]
pub(crate) struct ExplainArgs {
    /// Name of the check or of the report.
    pub(crate) name: String,
    /// Id of a setting, alone or followed by a slash and a container; without it, all.
    pub(crate) setting: Option<String>,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t = ExplainOutput::Text)]
    pub(crate) output: ExplainOutput,
}

/// Arguments of `report`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// Name of the check or of the report.
    pub(crate) name: String,
    /// How to print it; without it, what the name of the file ends in, else html.
    #[arg(short, long, value_enum)]
    pub(crate) output: Option<ReportOutput>,
    /// Write to this file instead of stdout.
    #[arg(short, long)]
    pub(crate) file: Option<PathBuf>,
}

/// Arguments of `patch`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "A comment in it says how to apply it.")]
pub(crate) struct PatchArgs {
    /// Name of the check or of the report.
    pub(crate) name: String,
    /// Write to this file instead of stdout.
    #[arg(short, long)]
    pub(crate) file: Option<PathBuf>,
}

/// Arguments of `export`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Recordings are kept for 26 hours. It takes the rights of the Role `temper-recordings` in the namespace of Temper.\n\
    Exit codes: 0 written; 2 on an error or bad usage."
)]
pub(crate) struct ExportArgs {
    /// Name of the run, as CHECK-RUN, such as web-baseline-1.
    pub(crate) run: String,
    /// Directory to write, new or empty.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Namespace that Temper is installed in.
    #[arg(long, value_name = "NAMESPACE", default_value = "temper-system")]
    pub(crate) temper_namespace: String,
}

/// Arguments of `judge`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "DIR holds one recording: what `export` writes, or log.txt and log.ts with meta.json and metrics.csv.\n\
    A time is in seconds since the recording began, as in log.ts.\n\
    Exit codes: 0 passed, with or without warnings; 3 failed; 5 inconclusive; 2 bad usage or a directory that cannot be read."
)]
pub(crate) struct JudgeArgs {
    /// A recording of the workload as it is; two or more say what varies by itself.
    #[arg(long = "baseline", required = true, value_name = "DIR")]
    pub(crate) baselines: Vec<PathBuf>,
    /// The recording to judge.
    #[arg(long, value_name = "DIR")]
    pub(crate) candidate: PathBuf,
    /// Look at nothing but log.txt and log.ts, and when the baselines were Ready.
    #[arg(long)]
    pub(crate) logs_only: bool,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t = JudgeOutput::Table)]
    pub(crate) output: JudgeOutput,
}

/// Arguments of whatever asks something of a check.
#[derive(Debug, ClapArgs)]
pub(crate) struct AskArgs {
    /// Name of the check.
    pub(crate) name: String,
    /// Follow the check to its end, or until it is suspended, then print its status.
    #[arg(short, long)]
    pub(crate) watch: bool,
    /// Stop following after this long; the check goes on.
    #[arg(long, requires = "watch", value_parser = span::parse)]
    pub(crate) timeout: Option<Duration>,
}

#[cfg(test)]
mod tests;
