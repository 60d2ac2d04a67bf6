use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use dhc_domain::UnprovenReason;

use super::{EndpointStatus, Recorded, Role};
use crate::ports::Clock;

/// Several nodes of one kind; the one that answered last is asked first. What one has not, by
/// pruning or by being behind, the next is asked for.
pub(crate) struct Pool<N> {
    nodes: Vec<Arc<N>>,
    role: Role,
    preferred: AtomicUsize,
    clock: Arc<dyn Clock>,
}

/// How much a failure says. Of the failures of several nodes the most telling one is reported.
pub(crate) trait Severity {
    fn severity(&self) -> u8;
    /// Whether another node could do better. Where not, the failure is final.
    fn is_the_nodes(&self) -> bool;
    /// What it says of the node that was asked; `None` where the node did what it should.
    fn of_the_node(&self) -> Option<UnprovenReason>;
}

/// Where only an answer matters.
impl Severity for () {
    fn severity(&self) -> u8 {
        0
    }

    fn is_the_nodes(&self) -> bool {
        true
    }

    fn of_the_node(&self) -> Option<UnprovenReason> {
        Some(UnprovenReason::NetworkUnreachable)
    }
}

impl<N: Recorded> Pool<N> {
    pub(crate) fn new(nodes: Vec<N>, role: Role, clock: Arc<dyn Clock>) -> Self {
        Self {
            nodes: nodes.into_iter().map(Arc::new).collect(),
            role,
            preferred: AtomicUsize::new(0),
            clock,
        }
    }

    pub(crate) fn nodes(&self) -> &[Arc<N>] {
        &self.nodes
    }

    pub(crate) fn status(&self) -> impl Iterator<Item = EndpointStatus> {
        self.nodes.iter().map(|node| node.status(self.role))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Asks one node after the other until one gives what holds.
    ///
    /// `none` is the failure where there is no node at all. A node is handed over owned: a question
    /// that borrowed it would not be `Send` for every lifetime.
    pub(crate) async fn ask<T, E: Severity, Q>(
        &self,
        none: impl FnOnce() -> E,
        mut question: impl FnMut(Arc<N>) -> Q,
    ) -> Result<T, E>
    where
        Q: Future<Output = Result<T, E>> + Send,
    {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut worst: Option<E> = None;
        for i in 0..self.nodes.len() {
            let at = (first + i) % self.nodes.len();
            let node = &self.nodes[at];
            match question(Arc::clone(node)).await {
                Ok(answer) => {
                    node.record().answered(self.clock.now());
                    self.preferred.store(at, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(e) if !e.is_the_nodes() => return Err(e),
                Err(e) => {
                    match e.of_the_node() {
                        Some(reason) => node.record().failed(reason),
                        None => node.record().answered(self.clock.now()),
                    }
                    if worst.as_ref().is_none_or(|w| e.severity() > w.severity()) {
                        worst = Some(e);
                    }
                }
            }
        }
        Err(worst.unwrap_or_else(none))
    }
}
