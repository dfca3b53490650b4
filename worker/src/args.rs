//! Every flag and variable, once.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::probe::ProbeList;
use crate::scrape::WantedList;

/// The recorder of Temper.
#[derive(Debug, Parser)]
#[command(name = "temper-worker", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Record what a workload does in its clone namespace, and publish it.
    Record(Box<RecordArgs>),
    /// Print what process 1 of this PID namespace shows of itself, as one line of JSON.
    Inspect(InspectArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The clone namespace.
    #[arg(long, env = "TEMPER_NAMESPACE")]
    pub(crate) namespace: String,
    /// Label selector of the target workload's Pods.
    #[arg(long, env = "TEMPER_SELECTOR")]
    pub(crate) selector: String,
    /// How many Ready target Pods are wanted.
    #[arg(long, env = "TEMPER_PODS", default_value_t = 1)]
    pub(crate) pods: u32,
    /// Uid of the check that this run belongs to.
    #[arg(long, env = "TEMPER_CHECK_UID")]
    pub(crate) check_uid: String,
    /// Name of the run within its check.
    #[arg(long, env = "TEMPER_RUN")]
    pub(crate) run: String,
    /// Uid of the run, which its message ids begin with.
    #[arg(long, env = "TEMPER_RUN_UID")]
    pub(crate) run_uid: String,
    /// Attempt of the run, from 1.
    #[arg(long, env = "TEMPER_ATTEMPT", default_value_t = 1)]
    pub(crate) attempt: u32,
    /// When every wanted target Pod was Ready, in RFC 3339, if an earlier attempt saw it: the rest is recorded.
    #[arg(long, env = "TEMPER_READY_AT")]
    pub(crate) ready_at: Option<jiff::Timestamp>,
    /// Seconds to record, counted from the moment that all wanted target Pods are Ready.
    #[arg(long = "duration", env = "TEMPER_DURATION_SECONDS")]
    pub(crate) duration_seconds: u32,
    /// Seconds that the target Pods may take to become Ready.
    #[arg(long = "start-deadline", env = "TEMPER_START_DEADLINE_SECONDS")]
    pub(crate) start_deadline_seconds: u32,
    /// Image of the containers that inspect running processes; without it nothing is inspected.
    #[arg(long, env = "TEMPER_WORKER_IMAGE")]
    pub(crate) image: Option<String>,
    /// Observe what the containers are and do for as long as the recording lasts, instead of one look at their processes.
    #[arg(long, env = "TEMPER_OBSERVE", requires = "image")]
    pub(crate) observe: bool,
    /// Endpoints of the target that expose metrics, as JSON: `[{"port": 9090, "path": "/metrics", "container": "app"}]`.
    /// By default those that the annotations `prometheus.io/…` of its Pods name.
    #[arg(long, env = "TEMPER_METRICS", default_value = "[]")]
    pub(crate) metrics: WantedList,
    /// What the workload is asked, as JSON, spelled as in `spec.probes` of a check.
    #[arg(long, env = "TEMPER_PROBES", hide_env_values = true, default_value = "[]")]
    pub(crate) probes: ProbeList,
    /// Ask the TCP ports that the target's containers declare, too.
    #[arg(long, env = "TEMPER_ASK_PORTS")]
    pub(crate) ask_ports: bool,
    /// W3C trace context that every message carries.
    #[arg(long, env = "TRACEPARENT")]
    pub(crate) traceparent: Option<String>,
    #[command(flatten)]
    pub(crate) nats: NatsArgs,
    #[command(flatten)]
    pub(crate) kubelet: KubeletArgs,
    /// Form of the log on standard error.
    #[arg(long, env = "TEMPER_LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Go on, and also look at what all processes are and write: a line for each look that shows something new.
    #[arg(long)]
    pub(crate) observe: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NatsArgs {
    /// Where to publish.
    #[arg(long = "nats-url", env = "NATS_URL")]
    pub(crate) url: String,
    /// User name, with --nats-password.
    #[arg(long = "nats-user", env = "NATS_USER", requires = "password")]
    pub(crate) user: Option<String>,
    /// Password, with --nats-user.
    #[arg(
        long = "nats-password",
        env = "NATS_PASSWORD",
        hide_env_values = true,
        requires = "user"
    )]
    pub(crate) password: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct KubeletArgs {
    /// Certificate authority of the kubelets; by default the one of the API server.
    #[arg(long = "kubelet-ca", env = "TEMPER_KUBELET_CA")]
    pub(crate) ca: Option<PathBuf>,
    /// Do not verify the kubelets' certificates.
    #[arg(
        long = "kubelet-insecure-skip-tls-verify",
        env = "TEMPER_KUBELET_INSECURE_SKIP_TLS_VERIFY"
    )]
    pub(crate) insecure_skip_tls_verify: bool,
    /// Also read from kubelets' metrics how often containers wait for CPU. Needs a right on `nodes/metrics`.
    #[arg(long = "kubelet-throttling", env = "TEMPER_KUBELET_THROTTLING")]
    pub(crate) throttling: bool,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object for each line.
    Json,
    /// For people.
    Text,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_time_of_ready_is_read_as_kubernetes_writes_it() {
        let base = "temper-worker record --namespace n --selector a=b --check-uid u --run r --run-uid v --duration 10 \
                    --start-deadline 60 --nats-url nats://n --ready-at";
        let parse = |time: &str| Cli::try_parse_from(base.split_whitespace().chain([time]));
        let Ok(Cli {
            command: Command::Record(args),
        }) = parse("2026-01-01T00:00:01.000002Z")
        else {
            unreachable!()
        };
        let nanos = args.ready_at.map(jiff::Timestamp::as_nanosecond);
        assert_eq!(nanos, Some(1_767_225_601_000_002_000));
        assert!(parse("yesterday").is_err());
    }

    #[test]
    fn empty_credentials_are_an_error_not_a_guess() {
        let base = "temper-worker record --namespace n --selector a=b --check-uid u --run r --run-uid v --duration 10 \
                    --start-deadline 60 --nats-url nats://n";
        assert!(Cli::try_parse_from(base.split_whitespace()).is_ok());
        let half = format!("{base} --nats-user u");
        assert!(Cli::try_parse_from(half.split_whitespace()).is_err());
    }
}
