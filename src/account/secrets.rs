//! Word to an account at work that its secrets are to be read again.

use tokio::sync::{mpsc, oneshot};

/// Makes an account at work read its key, and every other secret, again from where they are kept.
#[derive(Clone, Debug)]
pub struct Secrets(mpsc::Sender<oneshot::Sender<bool>>);

impl Secrets {
    /// Returns when it was done, or when the account has ended; says whether any of them changed.
    pub async fn reload(&self) -> bool {
        let (done, word) = oneshot::channel();
        // Without word the account has ended, and its successor reads them anyway.
        self.0.send(done).await.is_ok() && word.await.unwrap_or_default()
    }
}

/// The account's side.
#[derive(Debug)]
pub(super) struct Orders {
    /// Kept, so that there is always somebody who could give one.
    secrets: Secrets,
    orders: mpsc::Receiver<oneshot::Sender<bool>>,
}

/// Who waits until it was done.
#[derive(Debug)]
pub(super) struct Done(oneshot::Sender<bool>);

impl Orders {
    pub(super) fn new() -> Self {
        let (sender, orders) = mpsc::channel(1);
        Self { secrets: Secrets(sender), orders }
    }

    pub(super) fn secrets(&self) -> Secrets {
        self.secrets.clone()
    }

    /// The next one; waits for it.
    pub(super) async fn next(&mut self) -> Done {
        match self.orders.recv().await {
            Some(done) => Done(done),
            None => std::future::pending().await,
        }
    }
}

impl Done {
    /// Says that it was done, and whether any of them changed.
    pub(super) fn tell(self, is_new: bool) {
        // Who asked may have gone.
        let _gone = self.0.send(is_new);
    }
}
