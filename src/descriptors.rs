//! How many files and connections this process may have open.

use std::io;

/// So many are asked for at most: more than any fleet needs, and no table of the kernel grows large.
const MOST: u64 = 65_536;

/// Raises the number of files and connections that may be open at once to what the system allows, at most 65,536. The usual limit
/// of 1,024 is for programs that cannot count further, and 512 connections to this exporter could fill it.
///
/// # Errors
///
/// When the operating system refuses.
pub fn raise_limit() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // Nothing is no limit.
    let wanted = maximum.map_or(MOST, |maximum| maximum.min(MOST));
    if current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?;
    }
    Ok(())
}
