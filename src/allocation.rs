//! How the C library's allocator gives memory back.
//!
//! By itself glibc raises two thresholds with the largest block that was ever freed. After the first large answer and the first
//! rendering, large blocks come from the same heaps as small ones, whose holes are kept for ever: the process then holds about
//! twice what it needs. With fixed thresholds large blocks go back to the operating system at once. The allocator reads them
//! when the process starts, so the process is replaced by itself with them set (`docs/decisions/0013-memory.md`).

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// From this size on a block has pages of its own, and so much unused memory at the end of a heap is given back. 128 KiB, which
/// is what glibc begins with.
const THRESHOLD: &str = "131072";
/// What sets them.
const SETTINGS: [&str; 2] = ["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"];
/// What else people tune the allocator with; they know better.
const OTHERS: [&str; 3] = ["GLIBC_TUNABLES", "LD_PRELOAD", "MALLOC_ARENA_MAX"];
/// Says that it was done. The settings themselves do not: where the program has privileges of its own, they are taken away.
const DONE: &str = "_RMM_EXPORTER_ALLOCATION";

/// Starts the program again in this very process, with the same arguments, so that memory is given back early; nothing on other C
/// libraries, and when somebody tuned the allocator. Returns when nothing is to be done, or nothing can be.
pub fn settle() {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    if cfg!(not(all(target_os = "linux", target_env = "gnu"))) || needs_nothing(is_set) {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_else(|| program.clone().into());
    let mut command = again(program.as_os_str(), &name);
    // It only returns when the operating system refuses, as a sandbox may. Then more memory is used.
    let _refused = command.args(arguments).exec();
}

fn needs_nothing(is_set: impl Fn(&str) -> bool) -> bool {
    SETTINGS.into_iter().chain(OTHERS).chain([DONE]).any(is_set)
}

fn again(program: &OsStr, name: &OsStr) -> Command {
    let mut command = Command::new(program);
    command.arg0(name).env(DONE, "1").envs(SETTINGS.map(|setting| (setting, THRESHOLD)));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_set_is_left_alone_and_nothing_is_done_twice() {
        assert!(!needs_nothing(|_| false));
        for name in ["MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES", DONE] {
            assert!(needs_nothing(|other| other == name), "{name}");
        }
        let command = again(OsStr::new("/bin/rmm-exporter"), OsStr::new("rmm-exporter"));
        let set: Vec<_> =
            command.get_envs().filter_map(|(name, value)| value.map(|_| name.to_str().unwrap())).collect();
        for name in set.iter().copied() {
            assert!(needs_nothing(|other| other == name), "{name}");
        }
        assert_eq!(set.len(), 3);
    }
}
