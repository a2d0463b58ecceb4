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

/// The `plugin` label for a backup plugin: N-sight writes `FILE_SYSTEM` in one answer and `FsBackupPlugin` in another.
pub(super) fn backup_plugin(word: &str) -> Label {
    let name = strip_suffix(strip_suffix(word.trim(), "plugin"), "backup");
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    Label::new(match letters.as_str() {
        "fs" | "filesystem" => "file_system",
        "systemstate" => "system_state",
        "networkshares" => "network_shares",
        // Written with a capital within a word.
        known @ ("exchange" | "vmware" | "mssql" | "sharepoint" | "oracle") => known,
        _ => return Label::new(&snake_case(if letters.is_empty() { word } else { name })),
    })
}

/// Without this ending in any case.
fn strip_suffix<'a>(text: &'a str, suffix: &str) -> &'a str {
    match text.split_at_checked(text.len().saturating_sub(suffix.len())) {
        Some((start, end)) if end.eq_ignore_ascii_case(suffix) => start,
        _ => text,
    }
}

/// `HyperV`, `HYPER_V` and `hyper v` as `hyper_v`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut characters = name.chars().peekable();
    let mut last = '_';
    while let Some(c) = characters.next() {
        let c = if c.is_alphanumeric() { c } else { '_' };
        // A new word begins after a small letter, and with the last capital before one.
        let before_small = characters.peek().is_some_and(|next| next.is_lowercase());
        let begins = c.is_uppercase() && (!last.is_uppercase() || before_small);
        if (begins || c == '_') && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        if c != '_' {
            snake.extend(c.to_lowercase());
        }
        last = c;
    }
    snake.truncate(snake.trim_end_matches('_').len());
    snake
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
    fn backup_plugins_in_both_spellings() {
        for (words, plugin) in [
            (["FILE_SYSTEM", "FsBackupPlugin", "file_system", "FSBACKUPPLUGIN"], "file_system"),
            (
                ["SYSTEM_STATE", "SystemStateBackupPlugin", "SystemStatePlugin", "systemstatebackupplugin"],
                "system_state",
            ),
            (["NETWORK_SHARES", "NetworkSharesBackupPlugin", "Network Shares", "network_shares"], "network_shares"),
            (["EXCHANGE", "ExchangeBackupPlugin", "Exchange", " exchange "], "exchange"),
            (["VMWARE", "VMwareBackupPlugin", "VmwareBackupPlugin", "VMWareBackupplugin"], "vmware"),
            (["MSSQL", "MsSqlBackupPlugin", "MSSQLBackupPlugin", "MsSqlPlugin"], "mssql"),
            (["SHAREPOINT", "SharePointBackupPlugin", "SharepointBackupPlugin", "SharePoint"], "sharepoint"),
            (["ORACLE", "OracleBackupPlugin", "oracle", "OracleBackup"], "oracle"),
            (["HYPER_V", "HyperVBackupPlugin", "hyper-v", "HyperVPlugin"], "hyper_v"),
            (["VSS_WRITER", "VSSWriterBackupPlugin", "VssWriterBackupPlugin", "__vss__writer__"], "vss_writer"),
            (["MAILBOX_365", "Mailbox_365BackupPlugin", "mailbox 365", "Mailbox_365"], "mailbox_365"),
        ] {
            for word in words {
                assert_eq!(backup_plugin(word).as_str(), plugin, "{word}");
            }
        }
        assert_eq!(backup_plugin("BackupPlugin").as_str(), "backup_plugin", "never empty");
        assert_eq!(backup_plugin("ÖLPLUGIN").as_str(), "öl");
        assert_eq!(backup_plugin(&"x".repeat(300)).as_str().len(), 200);
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
