//! A client and two servers, one beside it and one on another node: who can reach whom.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use tokio::process::Command;

use crate::bed::{Bed, sample};
use crate::pods::{address, ready, server, shell};
use crate::wait;

/// Longer than endpoints and policies take to arrive on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client, a server `near` on its node and a server `far` on another one, each with a Service of its name.
#[expect(missing_debug_implementations, reason = "a client has none")]
pub struct Neighbours {
    bed: Bed,
    /// Who asks.
    pub client: Pod,
    /// Who is asked.
    pub servers: [Pod; 2],
}

impl Neighbours {
    /// Makes them on these two nodes, all Ready.
    pub async fn meet(bed: &Bed, [here, there]: [&str; 2]) -> Result<Self> {
        let path = sample("neighbours");
        let config = std::fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        bed.apply(&config).await?;
        let (client, near, far) = (
            shell("client", here, "exec sleep inf")?,
            server("near", here)?,
            server("far", there)?,
        );
        let (client, near, far) = tokio::try_join!(ready(bed, &client), ready(bed, &near), ready(bed, &far))?;
        Ok(Self {
            bed: bed.clone(),
            client,
            servers: [near, far],
        })
    }

    /// What a server says to the client, or nothing if it cannot be reached.
    pub async fn ask(&self, host: &str, port: u16) -> Result<Option<String>> {
        // Only time tells a packet that was lost from one that is slow.
        let script = "exec 3<>/dev/tcp/$0/$1 && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && tail -n 1 <&3";
        let output = Command::new("kubectl")
            .args(["exec", "--quiet", "-n", &self.bed.namespace, "client", "--"])
            .args(["timeout", "2", "bash", "-c", script, host, &port.to_string()])
            .output()
            .await
            .context("failed to start kubectl")?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(output.status.success().then_some(said))
    }

    /// Asks until the answer is the one that is wanted.
    pub async fn hear(&self, host: &str, port: u16, wanted: impl Fn(Option<&str>) -> bool) -> Result<()> {
        let what = format!("`{host}` answers as it should");
        wait::until(&what, PATIENCE, || async {
            Ok(wanted(self.ask(host, port).await?.as_deref()))
        })
        .await
    }

    /// Waits until the client reaches both servers by their addresses, or neither.
    pub async fn reachable(&self, reachable: bool) -> Result<()> {
        for server in &self.servers {
            let address = address(server)?;
            let heard = self.hear(&address, 8080, |answer| answer.is_some() == reachable);
            heard.await.with_context(|| server.name_any())?;
        }
        Ok(())
    }
}
