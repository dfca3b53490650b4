//! One at a time: advisory file locks, which the kernel gives back when their holder dies.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Takes the lock at `path`, waiting for whoever holds it.
pub(crate) async fn take(path: &Path) -> Result<Lock> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("failed to create `{}`", parent.display()))?;
    }
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("failed to open the lock `{}`", path.display()))?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                if !told {
                    tracing::info!(lock = %path.display(), "waiting for another process");
                    told = true;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(TryLockError::Error(error)) => bail!("failed to lock `{}`: {error}", path.display()),
        }
    }
}
