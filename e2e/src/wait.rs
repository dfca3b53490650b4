//! Waits for conditions, never for time.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use kube::runtime::wait::{Condition, await_condition};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};

/// Between two looks: short against a start, long against the cost of a look.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until `probe` is true, and gives up at the limit also in the middle of a look that hangs; an error of the probe
/// ends the wait at once.
pub async fn until<F>(what: &str, limit: Duration, mut probe: impl FnMut() -> F) -> Result<()>
where
    F: Future<Output = Result<bool>>,
{
    let looks = async {
        while !probe().await? {
            sleep(PAUSE).await;
        }
        Ok(())
    };
    timeout(limit, looks)
        .await
        .unwrap_or_else(|_| bail!("gave up after {} s: {what}", limit.as_secs()))
}

/// Watches an object until a condition holds, and returns it as it is then, if it is there.
pub async fn watch<K>(
    what: &str,
    limit: Duration,
    api: Api<K>,
    name: &str,
    condition: impl Condition<K>,
) -> Result<Option<K>>
where
    K: Resource + Clone + std::fmt::Debug + Send + DeserializeOwned + 'static,
{
    let outcome = timeout(limit, Box::pin(await_condition(api, name, condition))).await;
    outcome
        .with_context(|| format!("gave up waiting for {what}"))?
        .with_context(|| format!("failed to wait for {what}"))
}
