//! N-able N-sight RMM.

pub mod call;
pub mod encoding;
pub mod error;
pub mod region;
pub mod wire;
pub mod xml;
