//! Waits for conditions, never for time.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

/// Between two looks: short against a start, long against the cost of a look.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until `probe` is true; an error of the probe ends the wait at once.
pub async fn until<F>(what: &str, limit: Duration, mut probe: impl FnMut() -> F) -> Result<()>
where
    F: Future<Output = Result<bool>>,
{
    let deadline = Instant::now() + limit;
    while !probe().await? {
        if Instant::now() >= deadline {
            bail!("gave up after {} s: {what}", limit.as_secs());
        }
        sleep(PAUSE).await;
    }
    Ok(())
}
