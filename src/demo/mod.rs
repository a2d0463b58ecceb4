//! Two simulated RMM servers on loopback for a lively fleet: for `rmm-exporter demo`, and for the tests.
//!
//! They are written from the platforms' reference documents and share no code with the exporter's own clients, so that a
//! misreading in one of them shows.

pub mod world;
