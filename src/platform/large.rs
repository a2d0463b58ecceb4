//! Work on large answers, where it disturbs nobody.

use tokio::task::JoinError;

/// Bodies from this size on are worked on by a thread of their own: that takes milliseconds, in which a scrape would wait.
pub const LARGE_BODY_BYTES: usize = 256 * 1024;

/// Does the work on a body of so many bytes.
///
/// # Errors
///
/// When the work panicked, or the process ends.
pub async fn work_on<T, W>(bytes: usize, work: W) -> Result<T, JoinError>
where
    T: Send + 'static,
    W: FnOnce() -> T + Send + 'static,
{
    if bytes < LARGE_BODY_BYTES { Ok(work()) } else { tokio::task::spawn_blocking(work).await }
}

#[cfg(test)]
mod tests {
    use std::thread::{self, ThreadId};

    use super::*;

    #[tokio::test]
    async fn only_what_is_large_goes_to_another_thread() {
        let worker = thread::current().id();
        let of = async |bytes: usize| -> ThreadId { work_on(bytes, || thread::current().id()).await.expect("done") };
        assert_eq!(of(LARGE_BODY_BYTES - 1).await, worker);
        assert_ne!(of(LARGE_BODY_BYTES).await, worker);
    }
}
