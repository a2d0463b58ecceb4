//! Asking the exporter at work to read its configuration again, and its answer.

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

/// So many may ask at once before the next one has to wait to ask.
const MOST_ASKING: usize = 64;

/// Why nothing was reloaded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The new configuration cannot be used, and the old one goes on: everything that is wrong, a line each. Holds no secret.
    #[error("{0}")]
    Faulty(String),
    /// The exporter is stopping.
    #[error("the exporter is stopping")]
    Stopping,
}

/// What became of a reload.
pub type Outcome = Result<(), Refusal>;

/// Asks for reloads.
#[derive(Clone, Debug)]
pub struct Reloader(mpsc::Sender<oneshot::Sender<Outcome>>);

/// Those who ask, for whoever reloads.
#[derive(Debug)]
pub struct Requests(mpsc::Receiver<oneshot::Sender<Outcome>>);

/// Both ends.
#[must_use]
pub fn channel() -> (Reloader, Requests) {
    let (sender, receiver) = mpsc::channel(MOST_ASKING);
    (Reloader(sender), Requests(receiver))
}

impl Reloader {
    /// Asks for a reload that begins after this moment, and waits for its end.
    ///
    /// # Errors
    ///
    /// Why nothing was reloaded.
    pub async fn reload(&self) -> Outcome {
        let (sender, outcome) = oneshot::channel();
        if self.0.send(sender).await.is_err() {
            return Err(Refusal::Stopping);
        }
        outcome.await.unwrap_or(Err(Refusal::Stopping))
    }
}

impl Requests {
    /// Waits until somebody asks. All who wait by then are answered by one reload.
    pub async fn next(&mut self) -> Waiting {
        let Some(first) = self.0.recv().await else {
            // Nobody can ask any more.
            return std::future::pending().await;
        };
        let mut waiting = vec![first];
        while let Ok(another) = self.0.try_recv() {
            waiting.push(another);
        }
        Waiting(waiting)
    }
}

/// Those who wait for one reload.
#[derive(Debug)]
pub struct Waiting(Vec<oneshot::Sender<Outcome>>);

impl Waiting {
    /// Tells all of them what became of it.
    pub fn tell(self, outcome: &Outcome) {
        for one in self.0 {
            // Who asked may have gone.
            let _gone = one.send(outcome.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_before_a_reload_begins_shares_it_and_who_asks_later_does_not() {
        let (reloader, mut requests) = channel();
        let ask = || {
            let reloader = reloader.clone();
            tokio::spawn(async move { reloader.reload().await })
        };
        let early = [ask(), ask(), ask()];
        tokio::task::yield_now().await;
        let first = requests.next().await;
        assert_eq!(first.0.len(), 3);
        let late = ask();
        tokio::task::yield_now().await;
        let fault = Err(Refusal::Faulty("line 3".to_owned()));
        first.tell(&fault);
        for asked in early {
            assert_eq!(asked.await.unwrap(), fault);
        }
        assert!(!late.is_finished());
        requests.next().await.tell(&Ok(()));
        assert_eq!(late.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn who_asks_a_stopping_exporter_is_told() {
        let (reloader, requests) = channel();
        let asked = tokio::spawn({
            let reloader = reloader.clone();
            async move { reloader.reload().await }
        });
        tokio::task::yield_now().await;
        drop(requests);
        assert_eq!(asked.await.unwrap(), Err(Refusal::Stopping));
        assert_eq!(reloader.reload().await, Err(Refusal::Stopping));
    }

    #[tokio::test]
    async fn without_anybody_who_could_ask_nothing_happens() {
        let (_, mut requests) = channel();
        let waited = tokio::time::timeout(std::time::Duration::from_millis(20), requests.next()).await;
        assert!(waited.is_err());
    }
}
