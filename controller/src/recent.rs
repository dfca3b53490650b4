//! What was read a moment ago, so that those who want the same thing at the same time read it once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// Values by who they are read for, each good for a moment from when its reading began.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    moment: Duration,
    values: Mutex<BTreeMap<String, (Instant, Arc<T>)>>,
}

impl<T> Recent<T> {
    /// Nothing was read yet.
    pub(crate) fn new(moment: Duration) -> Self {
        Self {
            moment,
            values: Mutex::default(),
        }
    }

    /// The value that was read a moment ago, or that is read now. Who comes meanwhile waits for it.
    pub(crate) async fn get<E>(&self, key: &str, read: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let mut values = self.values.lock().await;
        values.retain(|_, (began, _)| began.elapsed() < self.moment);
        if let Some((_, value)) = values.get(key) {
            return Ok(Arc::clone(value));
        }
        let began = Instant::now();
        let value = Arc::new(read.await?);
        values.insert(key.to_owned(), (began, Arc::clone(&value)));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(recent: &Recent<u32>, key: &str, value: Result<u32, ()>) -> Result<u32, ()> {
        recent.get(key, async { value }).await.map(|value| *value)
    }

    #[tokio::test]
    async fn what_is_recent_is_not_read_again_and_a_failure_is() {
        let recent = Recent::new(Duration::from_hours(1));
        assert_eq!(read(&recent, "a", Err(())).await, Err(()));
        assert_eq!(read(&recent, "a", Ok(1)).await, Ok(1));
        assert_eq!(read(&recent, "a", Ok(2)).await, Ok(1));
        assert_eq!(read(&recent, "b", Ok(3)).await, Ok(3));
    }

    #[tokio::test]
    async fn what_is_old_is_read_again_and_let_go() {
        let recent = Recent::new(Duration::ZERO);
        assert_eq!(read(&recent, "a", Ok(1)).await, Ok(1));
        assert_eq!(read(&recent, "a", Ok(2)).await, Ok(2));
        assert_eq!(read(&recent, "b", Ok(3)).await, Ok(3));
        assert_eq!(recent.values.lock().await.len(), 1);
    }
}
