//! Brings up, describes and removes the local cluster, and builds what runs in it.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use temper_e2e::cluster::{self, Cluster, Start};
use temper_e2e::images::{Archive, Image, load_hook};
use temper_e2e::provisioner;
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
    Up {
        /// How many nodes it has; one that has another number of them is started anew [default: what it has, or 1].
        #[arg(long, env = "TEMPER_NODES")]
        nodes: Option<u8>,
    },
    /// End the cluster and remove all of it but caches.
    Down,
    /// Say how every part is.
    Status,
    /// End a part, as if it crashed, and start it anew; Pods go on.
    Restart {
        /// Name of the program, and on other nodes than the first the index of the node: `etcd`, `kubelet`, `kubelet-1`.
        part: String,
    },
    /// Stop a part where it is, as if it hung.
    Pause {
        /// As for `restart`.
        part: String,
    },
    /// Let a part go on that was paused.
    Resume {
        /// As for `restart`.
        part: String,
    },
    /// Print what a shell needs to use the cluster: `eval "$(cluster env)"`.
    Env,
    /// Build the programs that the cluster is made of.
    Tools,
    /// Build images and load them into the cluster.
    Images {
        /// Which ones; when none is named, all but `field`.
        names: Vec<String>,
        /// Only write build contexts for docker or podman below this directory.
        #[arg(long)]
        contexts: Option<PathBuf>,
    },
    /// Load images into the cluster, also where CLUSTER=external says that another one is the one to use.
    Load {
        /// OCI archives.
        #[arg(required = true)]
        archives: Vec<PathBuf>,
    },
    /// Make volumes for claims; a part of the cluster, which `up` starts.
    #[command(hide = true)]
    Provision {
        /// Whose account to use.
        #[arg(long)]
        kubeconfig: PathBuf,
        /// A node and the directory of its volumes, as NAME=DIRECTORY.
        #[arg(long = "node", value_parser = directory_of_node)]
        nodes: Vec<(String, PathBuf)>,
    },
}

fn directory_of_node(text: &str) -> Result<(String, PathBuf)> {
    let (name, directory) = text.split_once('=').context("NAME=DIRECTORY is wanted")?;
    Ok((name.to_owned(), PathBuf::from(directory)))
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
        Task::Up { nodes } => up(&cluster, nodes).await,
        Task::Down => cluster.down().await,
        Task::Status => status(&cluster).await,
        Task::Restart { part } => cluster.restart(cluster.part(&part)?).await,
        Task::Pause { part } => cluster.pause(cluster.part(&part)?),
        Task::Resume { part } => cluster.resume(cluster.part(&part)?),
        Task::Env => env(&cluster),
        Task::Tools => tools().await,
        Task::Images {
            names,
            contexts: Some(directory),
        } => contexts(&names, &directory).await,
        Task::Images { names, contexts: None } => images(&cluster, &names).await,
        Task::Load { archives } => load(&cluster, &archives).await,
        Task::Provision { kubeconfig, nodes } => {
            provisioner::run(cluster::client_of(&kubeconfig).await?, nodes.into_iter().collect()).await;
            Ok(())
        }
    }
}

async fn up(cluster: &Cluster, nodes: Option<u8>) -> Result<()> {
    if cluster::external() {
        for (program, tool) in [("kubectl", Tool::Kubernetes), ("helm", Tool::Helm)] {
            if !is_on_path(program) {
                tool.build().await?;
            }
        }
        return external().await;
    }
    match cluster.up(nodes).await? {
        Start::Found => println!("cluster `{}` is up", cluster.name()),
        Start::Started(time) => println!("cluster `{}` is up after {:.1} s", cluster.name(), time.as_secs_f64()),
    }
    println!("export KUBECONFIG={}", cluster.kubeconfig().display());
    Ok(())
}

fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

async fn external() -> Result<()> {
    let version = cluster::client()
        .await?
        .apiserver_version()
        .await
        .context("KUBECONFIG names no cluster that answers")?;
    println!("external cluster, Kubernetes {}", version.git_version);
    Ok(())
}

async fn status(cluster: &Cluster) -> Result<()> {
    if cluster::external() {
        return external().await;
    }
    for status in cluster.parts() {
        let state = match status.pid {
            None => "not running".to_owned(),
            Some(pid) if status.paused => format!("pid {pid} paused"),
            Some(pid) => format!("pid {pid}"),
        };
        println!("{:<24} {state:<18} {}", status.part.name(), status.log.display());
    }
    cluster.healthy().await?;
    println!(
        "cluster `{}` is healthy: {}",
        cluster.name(),
        cluster.node_names().join(", ")
    );
    Ok(())
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
    let hook = load_hook();
    for image in chosen(names)? {
        let archive = image.build().await?;
        match &hook {
            _ if !cluster::external() => import(cluster, &archive).await?,
            Some(hook) => archive.load_by(hook).await?,
            None => println!(
                "{} is in {}: load it into your cluster, or set TEMPER_LOAD_IMAGE to a command that does",
                archive.name,
                archive.path.display()
            ),
        }
    }
    Ok(())
}

async fn load(cluster: &Cluster, archives: &[PathBuf]) -> Result<()> {
    for path in archives {
        import(cluster, &Archive::open(path).await?).await?;
    }
    Ok(())
}

async fn import(cluster: &Cluster, archive: &Archive) -> Result<()> {
    let loaded = cluster.import(archive).await?;
    println!("{} {}", archive.name, if loaded { "loaded" } else { "is there" });
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
        return Ok(Image::ALL.into_iter().filter(|image| image.is_usual()).collect());
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
