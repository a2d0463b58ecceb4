//! Word that an attempt is recorded.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::STANDSTILLS;

/// A disk that has not answered by then has failed: what is asked of it is in memory, and the call goes on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Word that the entry of an attempt is where it outlives the process. Whoever makes the call waits for it first: a process
/// that dies while the request is under way must not forget it.
#[derive(Debug)]
#[must_use = "the request may leave when the attempt is recorded"]
pub struct Recorded(Option<oneshot::Receiver<()>>);

impl Recorded {
    /// It is recorded, as well as it will be.
    pub const fn now() -> Self {
        Self(None)
    }

    /// It is recorded when word comes, or when it is known that none will (the sender is dropped).
    pub const fn when(word: oneshot::Receiver<()>) -> Self {
        Self(Some(word))
    }

    /// Waits for it, at most five seconds.
    pub async fn wait(self) {
        if let Some(word) = self.0
            && tokio::time::timeout(PATIENCE * STANDSTILLS, word).await.is_err()
        {
            tracing::debug!("the state directory is slow: a call goes out before it is recorded");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_for_word_and_not_for_ever() {
        Recorded::now().wait().await;
        let (word, recorded) = oneshot::channel();
        let waiting = tokio::spawn(Recorded::when(recorded).wait());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!waiting.is_finished());
        word.send(()).unwrap();
        waiting.await.unwrap();

        let (word, recorded) = oneshot::channel();
        drop(word);
        Recorded::when(recorded).wait().await;

        let (_word, recorded) = oneshot::channel();
        let start = tokio::time::Instant::now();
        Recorded::when(recorded).wait().await;
        assert_eq!(start.elapsed(), PATIENCE * STANDSTILLS);
    }
}
