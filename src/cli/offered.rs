//! Which of the flags of every subcommand mean something to which. All are taken everywhere, because scripts and units have one list
//! of them for several commands; those without effect are offered nowhere.

use std::ffi::OsString;

use clap::{Arg, Command, CommandFactory, FromArgMatches};

use super::Cli;

impl Cli {
    /// Reads the command line; ends the process where it is wrong, or asks for help.
    #[must_use]
    pub fn read() -> Self {
        Self::read_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// Reads these arguments, the first of them the program's name.
    ///
    /// # Errors
    ///
    /// What is wrong with them; also when they ask for help or the version.
    pub fn read_from(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let mut definition = Self::definition();
        let matches = definition.try_get_matches_from_mut(arguments)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut definition))
    }

    /// The command line as it is read: `--help` of a subcommand leaves out what has no effect there.
    #[must_use]
    pub fn definition() -> Command {
        for_each_subcommand(Self::command(), |subcommand, flags| {
            let name = subcommand.get_name().to_owned();
            subcommand.args(flags.iter().filter(|flag| !is_used(&name, flag)).map(|flag| flag.clone().hide(true)))
        })
    }

    /// The command line as it is completed. Scripts for shells do not know flags that are hidden: a subcommand has only what it uses.
    #[must_use]
    pub fn completed() -> Command {
        let with_flags = for_each_subcommand(Self::command(), |subcommand, flags| {
            let name = subcommand.get_name().to_owned();
            subcommand.args(flags.iter().filter(|flag| is_used(&name, flag)).map(|flag| flag.clone().global(false)))
        });
        with_flags.mut_args(|flag| flag.global(false))
    }

    /// The flags of every subcommand that this one uses, by name.
    #[must_use]
    pub fn used_by(subcommand: &str) -> Vec<String> {
        let flags = flags_of_all(&Self::command());
        let used = flags.iter().filter(|flag| is_used(subcommand, flag));
        used.filter_map(Arg::get_long).map(str::to_owned).collect()
    }
}

/// Whether the flag has an effect on that subcommand.
fn is_used(subcommand: &str, flag: &Arg) -> bool {
    let flag = flag.get_long().unwrap_or_default();
    let is_log = flag.starts_with("log.");
    match subcommand {
        "serve" => true,
        "demo" => flag != "config.file",
        "check-config" => is_log || matches!(flag, "config.file" | "web.config.file"),
        "collect" | "doctor" => is_log || flag == "config.file",
        "healthcheck" => is_log || flag == "web.listen-address",
        // They print something that is always the same.
        _ => false,
    }
}

fn flags_of_all(whole: &Command) -> Vec<Arg> {
    whole.get_arguments().filter(|flag| flag.is_global_set()).cloned().collect()
}

fn for_each_subcommand(whole: Command, change: impl Fn(Command, &[Arg]) -> Command) -> Command {
    let flags = flags_of_all(&whole);
    whole.mut_subcommands(|subcommand| change(subcommand, &flags))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The flags that a help text lists.
    fn listed(help: &str) -> BTreeSet<String> {
        let flags = help.lines().filter_map(|line| line.split_once("--")).filter(|(before, _)| before.trim().len() < 4);
        let name = |text: &str| text.split([' ', '\n']).next().unwrap_or_default().to_owned();
        flags.map(|(_, flag)| name(flag)).filter(|name| !["help", "version"].contains(&name.as_str())).collect()
    }

    const LOG: [&str; 2] = ["log.format", "log.level"];
    const WEB: [&str; 5] =
        ["web.config.file", "web.enable-lifecycle", "web.listen-address", "web.max-requests", "web.telemetry-path"];

    #[test]
    fn help_lists_what_has_an_effect() {
        let demo = ["devices", "seed", "speed", "calm", "write-config", "state.dir"];
        let check =
            ["devices", "clients", "sites", "patch", "managed-antivirus", "backup", "mobile", "format", "strict"];
        let wanted: [(&str, &[&[&str]]); 9] = [
            ("serve", &[&["config.file", "state.dir"], &WEB, &LOG]),
            ("demo", &[&demo, &WEB, &LOG]),
            ("check-config", &[&check, &["config.file", "web.config.file"], &LOG]),
            ("collect", &[&["config.file"], &LOG]),
            ("doctor", &[&["config.file", "json"], &LOG]),
            ("metrics", &[&["format"]]),
            ("healthcheck", &[&["web.listen-address"], &LOG]),
            ("completions", &[]),
            ("man", &[]),
        ];
        let commands: BTreeSet<_> = Cli::command().get_subcommands().map(|one| one.get_name().to_owned()).collect();
        assert_eq!(commands, wanted.iter().map(|(name, _)| (*name).to_owned()).collect());
        for (name, flags) in wanted {
            let help = Cli::read_from(["x", name, "--help"]).expect_err("help").to_string();
            let wanted: BTreeSet<_> = flags.concat().into_iter().map(str::to_owned).collect();
            assert_eq!(listed(&help), wanted, "{help}");
        }
        let whole = Cli::read_from(["x", "--help"]).expect_err("help").to_string();
        assert_eq!(listed(&whole), listed(&Cli::read_from(["x", "serve", "--help"]).expect_err("help").to_string()));
    }

    #[test]
    fn what_has_no_effect_is_taken_all_the_same() {
        for name in ["demo", "check-config", "collect", "doctor", "metrics", "healthcheck", "man"] {
            for flag in ["--config.file=a.yml", "--web.listen-address=:1", "--web.enable-lifecycle", "--log.level=warn"]
            {
                for arguments in [["x", flag, name], ["x", name, flag]] {
                    assert!(Cli::read_from(arguments).is_ok(), "{arguments:?}");
                }
            }
        }
        let doctor = Cli::read_from(["x", "doctor", "--state.dir=/a", "--config.file", "b.yml"]).expect("valid");
        assert_eq!(doctor.flags.config_file.as_deref(), Some(std::path::Path::new("b.yml")));
        assert_eq!(doctor.flags.state_dir.as_deref(), Some(std::path::Path::new("/a")));
    }

    #[test]
    fn completed_is_what_is_listed() {
        let mut completed = Cli::completed();
        completed.build();
        let of = |name: &str| {
            let command = completed.find_subcommand(name).expect("a subcommand");
            command.get_arguments().filter_map(Arg::get_long).map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(of("doctor").contains(&"config.file".to_owned()) && !of("doctor").contains(&"state.dir".to_owned()));
        assert!(of("demo").contains(&"state.dir".to_owned()) && !of("demo").contains(&"config.file".to_owned()));
        assert_eq!(of("man"), ["help"]);
    }
}
