//! Arrivals are written together: what waits goes into one transaction, and each caller is answered
//! once it is durable.

use tokio::sync::{mpsc, oneshot};

use crate::store::arrivals::{self, Arrival};
use crate::store::{Store, StoreError};

/// Arrivals that wait for the writer.
const WAITING: usize = 1_024;
/// Most arrivals in one transaction.
const TOGETHER: usize = 256;

type Waiting = (Arrival, oneshot::Sender<Result<u64, StoreError>>);

/// The way to the writer of arrivals.
#[derive(Clone)]
pub struct Arrivals(mpsc::Sender<Waiting>);

impl Arrivals {
    /// Starts the writer; it ends when the last of these is dropped.
    pub fn start(store: Store) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(run(store, receiver));
        Self(sender)
    }

    /// Writes an arrival and gives its position. The same bytes again have the same position.
    pub(super) async fn take(&self, arrival: Arrival) -> Result<u64, StoreError> {
        let (reply, answer) = oneshot::channel();
        let gone = || StoreError::Range;
        self.0.send((arrival, reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn run(store: Store, mut receiver: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::with_capacity(TOGETHER);
    while receiver.recv_many(&mut waiting, TOGETHER).await > 0 {
        let (rows, replies): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
        match write(&store, &rows).await {
            Ok(placed) => {
                for (position, reply) in placed.into_iter().zip(replies) {
                    let _ = reply.send(Ok(position));
                }
            }
            Err(error) => {
                tracing::error!(%error, "arrivals could not be written");
                // Dropped replies tell their callers to try again.
            }
        }
    }
}

async fn write(store: &Store, rows: &[Arrival]) -> Result<Vec<u64>, StoreError> {
    let mut tx = store.write().await?;
    let placed = arrivals::insert(&mut tx, rows).await?;
    tx.commit().await?;
    Ok(placed.into_iter().map(|placed| placed.position).collect())
}
