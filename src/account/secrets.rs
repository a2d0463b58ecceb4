//! Word to an account at work that its secrets are to be read again.

use tokio::sync::{mpsc, oneshot};

/// Makes an account at work read its key, and every other secret, again from where they are kept.
#[derive(Clone, Debug)]
pub struct Secrets(mpsc::Sender<oneshot::Sender<()>>);

impl Secrets {
    /// Returns when it was done, or when the account has ended.
    pub async fn reload(&self) {
        let (done, word) = oneshot::channel();
        if self.0.send(done).await.is_ok() {
            // Without word the account has ended, and its successor reads them anyway.
            let _ended = word.await;
        }
    }
}

/// The account's side.
#[derive(Debug)]
pub(super) struct Orders {
    /// Kept, so that there is always somebody who could give one.
    secrets: Secrets,
    orders: mpsc::Receiver<oneshot::Sender<()>>,
}

/// Who waits until it was done.
#[derive(Debug)]
pub(super) struct Done(oneshot::Sender<()>);

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
    /// Says that it was done.
    pub(super) fn tell(self) {
        // Who asked may have gone.
        let _gone = self.0.send(());
    }
}
