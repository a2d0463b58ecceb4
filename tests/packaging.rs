//! What a package is made of: completions and the manual page as the program prints them, the systemd unit, the default configuration.
//! The other tools that judge them are asked where they are installed.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::{CommandFactory as _, Parser as _};
use rmm_exporter::cli::Cli;
use support::child::{Ended, Process, exporter, run};
use support::get;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the program prints.
fn printed(arguments: &[&str]) -> String {
    let ended = run(exporter().args(arguments));
    assert!(ended.status.success() && ended.stderr.is_empty(), "{arguments:?}: {}", ended.stderr);
    ended.stdout
}

/// Every subcommand, and every long flag of any of them.
fn words() -> BTreeSet<String> {
    let command = Cli::command();
    let commands = || std::iter::once(&command).chain(command.get_subcommands());
    let flags = commands().flat_map(clap::Command::get_arguments).filter_map(|flag| flag.get_long());
    let words: BTreeSet<_> =
        flags.chain(command.get_subcommands().map(clap::Command::get_name)).map(str::to_owned).collect();
    assert!(words.len() > 25 && words.contains("web.config.file") && words.contains("check-config"), "{words:?}");
    words
}

/// What a program that reads standard input or a file says, or nothing when it is not installed.
fn asked(program: &str, arguments: &[&str]) -> Option<Ended> {
    let installed = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !installed {
        println!("SKIPPED: {program} is not installed");
        return None;
    }
    Some(run(Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").env("MANWIDTH", "100")))
}

#[test]
fn every_shell_completes_every_subcommand_and_flag() {
    let folder = TempDir::new().unwrap();
    for (shell, parses) in [("bash", true), ("zsh", true), ("fish", true), ("elvish", false), ("powershell", false)] {
        let script = printed(&["completions", shell]);
        for word in words() {
            assert!(script.contains(&word), "{shell}: {word}");
        }
        if parses {
            let path = folder.path().join(shell);
            fs::write(&path, &script).unwrap();
            if let Some(ended) = asked(shell, &["-n", path.to_str().unwrap()]) {
                assert!(ended.status.success() && ended.stderr.is_empty(), "{shell}: {}", ended.stderr);
            }
        }
    }
    assert_eq!(run(exporter().args(["completions", "csh"])).status.code(), Some(2));
}

#[test]
fn bash_completes_what_was_begun() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bash");
    fs::write(&path, printed(&["completions", "bash"])).unwrap();
    for (line, wanted) in [
        ("rmm-exporter check", "check-config\n"),
        ("rmm-exporter --log.f", "--log.format\n"),
        ("rmm-exporter --log.format j", "json\n"),
        ("rmm-exporter doctor --js", "--json\n"),
        ("rmm-exporter completions po", "powershell\n"),
        ("rmm-exporter check-config --format j", "json\n"),
        ("rmm-exporter --log.level debug demo --dev", "--devices\n"),
    ] {
        let complete = "source \"$0\"; function=$(complete -p rmm-exporter); function=${function##*-F }; \
                        COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); \
                        ${function%% *} rmm-exporter \"${COMP_WORDS[-1]}\" \"${COMP_WORDS[-2]}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
        let ended = run(Command::new("bash").args(["-c", complete, path.to_str().unwrap(), line]));
        assert_eq!(ended.stdout, wanted, "{line}: {}", ended.stderr);
    }
}

#[test]
fn the_manual_page_is_whole() {
    let page = printed(&["man"]);
    let headings: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix(".SH ")).map(|text| text.trim_matches('"')).collect();
    let wanted = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "SUBCOMMANDS",
        "FILES",
        "ENVIRONMENT",
        "SIGNALS",
        "EXIT STATUS",
        "SEE ALSO",
    ];
    assert_eq!(headings, wanted);
    assert_eq!(page.matches("\n.TH ").count() + usize::from(page.starts_with(".TH ")), 1, "one title");
    // The requests that are used: those of man(7), and the definition for apostrophes.
    for request in page.lines().filter(|line| line.starts_with(['.', '\''])).map(|line| line.split(' ').next().unwrap())
    {
        let known = [".TH", ".SH", ".SS", ".PP", ".TP", ".IP", ".RS", ".RE", ".BR", ".br", ".ie", ".el"];
        assert!(known.contains(&request), "{request}");
    }
    // Hyphens are written so that they can be searched for and copied.
    let plain = page.replace("\\-", "-");
    for word in words() {
        assert!(plain.contains(&word), "{word}");
    }
    for name in Cli::command().get_subcommands().map(clap::Command::get_name) {
        assert!(plain.contains(&format!("\n.SS {name}\n\\fBrmm-exporter {name}\\fR")), "{name} has no part of its own");
    }
    // A flag of all subcommands stands there once.
    assert_eq!(plain.matches("\n.TP\n\\fB--config.file\\fR").count(), 1);
}

#[test]
fn the_manual_page_tells_the_environment() {
    let page = printed(&["man"]);
    let documented = file("docs/configuration.md");
    let variables: BTreeSet<&str> = documented
        .split(|c: char| !(c.is_ascii_uppercase() || c == '_'))
        .filter(|word| word.starts_with("RMM_"))
        .collect();
    let variables: Vec<&&str> = variables.iter().filter(|name| !name.ends_with('_')).collect();
    assert!(variables.len() >= 9, "{variables:?}");
    for name in variables {
        assert!(page.contains(*name), "{name}");
    }
}

#[test]
fn man_formats_the_page_without_a_warning() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rmm-exporter.1");
    fs::write(&path, printed(&["man"])).unwrap();
    let Some(ended) = asked("man", &["--warnings", "-l", path.to_str().unwrap()]) else { return };
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", ended.stderr);
    assert!(ended.stdout.contains("--web.telemetry-path <PATH> [default: /metrics]"), "{}", ended.stdout);
}

/// The values of a key of the systemd unit.
fn unit(key: &str) -> Vec<String> {
    let text = file("deploy/systemd/rmm-exporter.service");
    text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned).collect()
}

#[test]
fn the_unit_starts_the_program_with_flags_that_exist() {
    let start = unit("ExecStart");
    let words: Vec<&str> = start[0].split(' ').filter(|word| *word != "$ARGS").collect();
    let cli = Cli::try_parse_from(words).unwrap();
    let state = cli.flags.state_dir.unwrap();
    assert_eq!(
        state.to_str(),
        Some(format!("/var/lib/{}", unit("StateDirectory")[0]).as_str()),
        "systemd makes what is used"
    );
    assert_eq!(unit("DynamicUser"), ["yes"]);
    assert!(unit("LoadCredential")[0].starts_with("key:"), "the documents name credentials key_…");
    assert!(unit("LimitNOFILE").is_empty(), "the program raises it by itself, as far as it may");
}

#[test]
fn a_package_that_is_not_configured_says_so_and_its_examples_are_valid() {
    let folder = TempDir::new().unwrap();
    let check = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        run(exporter().arg("check-config").arg(format!("--config.file={}", path.display())))
    };
    let shipped = file("deploy/debian/rmm-exporter.yml");
    let ended = check("shipped.yml", &shipped);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stdout);
    assert!(ended.stderr.contains("names no account"), "{}", ended.stderr);

    for key in ["nsight", "tactical"] {
        fs::write(folder.path().join(format!("key_{key}")), "0123456789abcdef0123456789abcdef\n").unwrap();
    }
    let credentials = folder.path().display().to_string();
    let (_, accounts) = shipped.split_once("\naccounts:\n").unwrap();
    let used = format!("accounts:\n{accounts}")
        .replace("\n  # ", "\n  ")
        .replace("/run/credentials/rmm-exporter.service", &credentials);
    let ended = check("used.yml", &used);
    assert!(ended.status.success(), "{}\n{used}", ended.stderr);
    assert!(ended.stdout.contains("msp-uk") && ended.stdout.contains("helpdesk"), "{}", ended.stdout);

    // The same by the environment alone.
    let mut command = exporter();
    let settings = file("deploy/debian/rmm-exporter.default");
    let settings = settings.replace("/run/credentials/rmm-exporter.service", &credentials);
    let variables: Vec<_> = settings
        .lines()
        .filter_map(|line| line.strip_prefix("# ")?.split_once('='))
        .filter(|(name, _)| name.starts_with("RMM_"))
        .collect();
    assert_eq!(variables.len(), 4);
    let ended = run(command.arg("check-config").current_dir(folder.path()).envs(variables));
    assert!(ended.status.success() && ended.stdout.contains("tactical"), "{}", ended.stderr);
}

#[test]
fn a_service_manager_hears_when_the_start_went_well() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    let mut heard = [0; 256];

    manager.set_nonblocking(true).unwrap();
    let faulty = folder.path().join("faulty.yml");
    fs::write(&faulty, "accounts: []\n").unwrap();
    let serve = |arguments: &[&str]| {
        let mut command = exporter();
        command.env("NOTIFY_SOCKET", &socket).arg("--web.listen-address=127.0.0.1:0").args(arguments);
        command
    };
    let ended = run(&mut serve(&["serve", &format!("--config.file={}", faulty.display())]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(manager.recv(&mut heard).is_err(), "a start that fails is no start");

    manager.set_nonblocking(false).unwrap();
    manager.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut process = Process::start(&mut serve(&["demo"]));
    let length = manager.recv(&mut heard).expect("told");
    assert_eq!(&heard[..length], b"READY=1\n");
    let address = process.address();
    assert_eq!(get(address, "/-/healthy", &[]).unwrap().0, 200);
    process.signal("TERM");
    assert!(process.end(Duration::from_secs(6)).status.success());
}

#[test]
fn everything_that_is_packed_is_there() {
    let manifest = file("Cargo.toml");
    let assets = manifest.split_once("\nassets = [\n").expect("assets").1.split_once("\n]").expect("end").0;
    let sources: Vec<&str> = assets.lines().filter_map(|line| line.split('"').nth(1)).collect();
    let (made, kept): (Vec<&str>, Vec<&str>) = sources.iter().partition(|source| source.starts_with("target/"));
    assert_eq!(made, ["target/release/rmm-exporter", "target/deb/share/**/*"], "what deploy/debian/build.sh makes");
    assert!(kept.contains(&"deploy/debian/rmm-exporter.yml"), "{kept:?}");
    for path in kept {
        assert!(root().join(path).is_file(), "{path}");
    }
}
