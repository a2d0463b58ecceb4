//! Keeps the memory of this process, and with it the keys, from other programs.

use std::io;

/// Switches core dumps off for this process and, on Linux, keeps other processes of the same user from reading its memory, its
/// environment and its open files, and from tracing it. The superuser still can.
///
/// # Errors
///
/// When the operating system refuses, as a sandbox may.
pub fn close_memory() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // The limit is for systems without the flag below; with it, not even a program that takes dumps gets one.
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    }
    Ok(())
}
