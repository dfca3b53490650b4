//! Brings up, describes and removes the local cluster, and builds what runs in it.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use temper_e2e::cluster::{self, Cluster, Part, Start};
use temper_e2e::images::Image;
use temper_e2e::tools::Tool;
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(about = "A real Kubernetes cluster on this machine, in namespaces of its own")]
struct Arguments {
    /// Which cluster; several can run side by side.
    #[arg(long, env = "TEMPER_CLUSTER", default_value = "dev", global = true)]
    name: String,
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start the cluster, or find it healthy.
    Up,
    /// End the cluster and remove all of it but caches.
    Down,
    /// Say how every part is.
    Status,
    /// Start a part of the node anew: containerd, kubelet, kube-proxy or coredns; Pods go on.
    Restart {
        /// Name of the program.
        part: String,
    },
    /// Print what a shell needs to use the cluster: `eval "$(cluster env)"`.
    Env,
    /// Build the programs that the cluster is made of.
    Tools,
    /// Build images and load them into the cluster.
    Images {
        /// Which ones; all when none is named.
        names: Vec<String>,
        /// Only write build contexts for docker or podman below this directory.
        #[arg(long)]
        contexts: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,kube=off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let cluster = Cluster::named(&arguments.name)?;
    match arguments.command {
        Task::Up => up(&cluster).await,
        Task::Down => cluster.down().await,
        Task::Status => status(&cluster).await,
        Task::Restart { part } => restart(&cluster, &part).await,
        Task::Env => env(&cluster),
        Task::Tools => tools().await,
        Task::Images {
            names,
            contexts: Some(directory),
        } => contexts(&names, &directory).await,
        Task::Images { names, contexts: None } => images(&cluster, &names).await,
    }
}

async fn up(cluster: &Cluster) -> Result<()> {
    if cluster::external() {
        let version = cluster::client()
            .await?
            .apiserver_version()
            .await
            .context("KUBECONFIG names no cluster that answers")?;
        println!("external cluster, Kubernetes {}", version.git_version);
        return Ok(());
    }
    match cluster.up().await? {
        Start::Found => println!("cluster `{}` is up", cluster.name()),
        Start::Started(time) => println!("cluster `{}` is up after {:.1} s", cluster.name(), time.as_secs_f64()),
    }
    println!("export KUBECONFIG={}", cluster.kubeconfig().display());
    Ok(())
}

async fn status(cluster: &Cluster) -> Result<()> {
    if cluster::external() {
        return up(cluster).await;
    }
    for status in cluster.parts() {
        let pid = status
            .pid
            .map_or_else(|| "not running".to_owned(), |pid| format!("pid {pid}"));
        println!("{:<24} {pid:<12} {}", status.part.name(), status.log.display());
    }
    cluster.healthy().await?;
    println!("cluster `{}` is healthy", cluster.name());
    Ok(())
}

async fn restart(cluster: &Cluster, name: &str) -> Result<()> {
    let part = Part::ALL.into_iter().find(|part| part.name() == name);
    let part = part.with_context(|| format!("no part is named `{name}`"))?;
    cluster.restart(part).await
}

fn env(cluster: &Cluster) -> Result<()> {
    let [kubectl, helm] = Cluster::programs()?;
    if !cluster::external() {
        println!("export KUBECONFIG={}", cluster.kubeconfig().display());
    }
    println!("export PATH={}:{}:$PATH", kubectl.display(), helm.display());
    Ok(())
}

async fn tools() -> Result<()> {
    for tool in Tool::ALL {
        println!("{}", tool.build().await?.display());
    }
    Ok(())
}

async fn images(cluster: &Cluster, names: &[String]) -> Result<()> {
    for image in chosen(names)? {
        let archive = image.build().await?;
        if cluster::external() {
            println!(
                "{} is in {}: load it into your cluster",
                archive.name,
                archive.path.display()
            );
        } else if cluster.import(&archive).await? {
            println!("{} loaded", archive.name);
        } else {
            println!("{} is there", archive.name);
        }
    }
    Ok(())
}

async fn contexts(names: &[String], directory: &std::path::Path) -> Result<()> {
    for image in chosen(names)? {
        let context = directory.join(image.short_name());
        image.export_context(&context).await?;
        println!(
            "docker build --file {0}/Containerfile --tag {1} {0}",
            context.display(),
            image.name()
        );
    }
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<Image>> {
    if names.is_empty() {
        return Ok(Image::ALL.to_vec());
    }
    let find = |name: &String| match Image::ALL.into_iter().find(|image| image.short_name() == name) {
        Some(image) => Ok(image),
        None => bail!(
            "no image is named `{name}`; there are {}",
            Image::ALL.map(Image::short_name).join(", ")
        ),
    };
    names.iter().map(find).collect()
}
