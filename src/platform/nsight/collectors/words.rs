//! Words of the shared vocabulary for N-sight's codes.

use std::borrow::Cow;

use crate::fleet::{Label, OsFamily};

/// The `check_type` of automated tasks.
pub(super) const TASK: &str = "1023";
/// The `check_type` of performance monitoring.
pub(super) const PERFORMANCE: &str = "1007";

/// The `check_type` label for N-sight's number.
pub(super) fn check_type(number: &str) -> Cow<'static, str> {
    Cow::Borrowed(match number {
        "1001" => "antivirus",
        "1002" => "backup",
        "1003" => "drive_change",
        "1004" => "disk_space",
        "1005" => "exchange_store",
        "1006" => "failed_login",
        PERFORMANCE => "performance",
        "1008" => "disk_health",
        "1009" => "memory_health",
        "1010" => "ping",
        "1011" => "tcp",
        "1012" => "web_page",
        "1013" => "service",
        "1014" => "event_log",
        "1015" => "snmp",
        TASK => "task",
        "1024" => "script",
        "1026" | "1034" => "managed_antivirus",
        "" => "unknown",
        other => return Cow::Owned(format!("type_{}", Label::new(other).as_str())),
    })
}

/// Distributions whose names lack the word Linux.
const LINUX: &[&str] = &[
    "linux",
    "unix",
    "ubuntu",
    "debian",
    "raspbian",
    "red hat",
    "redhat",
    "rhel",
    "centos",
    "fedora",
    "suse",
    "rocky",
    "alma",
    "gentoo",
    "alpine",
    "slackware",
    "mageia",
    "manjaro",
    "nixos",
    "proxmox",
    "coreos",
    "photon os",
    "pop!_os",
    "elementary os",
    "zorin",
];

/// The family of an operating system by its name.
pub(super) fn os_family(os: &str) -> OsFamily {
    let os = os.to_lowercase();
    if os.contains("windows") {
        OsFamily::Windows
    } else if os.contains("mac") || os.contains("darwin") {
        OsFamily::MacOs
    } else if LINUX.iter().any(|name| os.contains(name)) {
        OsFamily::Linux
    } else {
        OsFamily::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_types_by_number() {
        assert_eq!(check_type("1013"), "service");
        assert_eq!(check_type("1026"), "managed_antivirus");
        assert_eq!(check_type("1034"), "managed_antivirus");
        assert_eq!(check_type("1023"), "task");
        assert_eq!(check_type("2099"), "type_2099");
        assert_eq!(check_type(""), "unknown");
    }

    #[test]
    fn os_families_by_name() {
        for (os, family) in [
            ("Microsoft Windows Server 2022 Standard", OsFamily::Windows),
            ("MICROSOFT WINDOWS 11 PRO", OsFamily::Windows),
            ("macOS 15.1 Sequoia", OsFamily::MacOs),
            ("Mac OS X 10.14", OsFamily::MacOs),
            ("Darwin 22.6", OsFamily::MacOs),
            ("Ubuntu 24.04 LTS", OsFamily::Linux),
            ("Red Hat Enterprise 9", OsFamily::Linux),
            ("openSUSE Leap", OsFamily::Linux),
            ("Linux 6.1", OsFamily::Linux),
            ("HP-UX or other UNIX", OsFamily::Linux),
            ("HP LaserJet", OsFamily::Other),
            ("", OsFamily::Other),
        ] {
            assert_eq!(os_family(os), family, "{os}");
        }
    }
}
