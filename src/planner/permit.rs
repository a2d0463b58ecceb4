//! The right to start one request.

/// The right to start one request. Only the planner makes them, and the transport takes one for every request it sends,
/// so no request can start anywhere else.
#[derive(Debug)]
pub struct Permit(());

impl Permit {
    /// For the planner alone.
    pub(in crate::planner) const fn new() -> Self {
        Self(())
    }

    /// For tests of the clients, which have no planner.
    #[cfg(test)]
    pub(crate) const fn for_test() -> Self {
        Self(())
    }
}
