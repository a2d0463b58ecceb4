//! `rmm-exporter man`.

use std::io;
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::{CommandResult, print};
use crate::cli::Cli;

/// What the definition of the command line does not know: sections, each of terms with their explanation.
const SECTIONS: [(&str, &[(&str, &str)]); 4] = [
    (
        "FILES",
        &[
            ("rmm-exporter.yml", "The configuration, in the working directory unless --config.file names another."),
            (
                "/etc/rmm-exporter/rmm-exporter.yml",
                "The same for the systemd unit and the container image, which work in that directory.",
            ),
            (
                "/etc/rmm-exporter/keys/",
                "API keys for the systemd unit, one in a file, for root's eyes only. It hands them to the program as credentials: \
                 NAME is /run/credentials/rmm-exporter.service/key_NAME.",
            ),
            ("/etc/default/rmm-exporter", "Flags (ARGS) and environment of the systemd unit."),
            ("/var/lib/rmm-exporter/", "The state of the systemd unit and the container image."),
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            (
                "RMM_NSIGHT_REGION, RMM_NSIGHT_SERVER, RMM_NSIGHT_API_KEY, RMM_NSIGHT_API_KEY_FILE",
                "Without a configuration file: an account of N-sight RMM by its region or server, and its API key or a file that \
                 holds it.",
            ),
            (
                "RMM_TACTICAL_SERVER, RMM_TACTICAL_API_KEY, RMM_TACTICAL_API_KEY_FILE, RMM_TACTICAL_MONITORING_TOKEN, \
                 RMM_TACTICAL_MONITORING_TOKEN_FILE",
                "Without a configuration file: an account of Tactical RMM by the address of its API, its API key and, for the state \
                 of the server itself, its monitoring token.",
            ),
            (
                "HTTPS_PROXY, NO_PROXY",
                "The proxy for accounts that name none of their own, and what is reached without it.",
            ),
        ],
    ),
    (
        "SIGNALS",
        &[
            ("SIGHUP", "Read the configuration again. A faulty one changes nothing."),
            ("SIGTERM, SIGINT", "End within five seconds. A second SIGINT ends it at once."),
        ],
    ),
    (
        "EXIT STATUS",
        &[
            ("0", "Done, or ended as it was told to."),
            (
                "1",
                "It failed, and standard error says why; collect: a collector failed; doctor: something is bad; healthcheck: not ready; \
                 check-config: the configuration is wrong or, with --strict, a verdict is TOO MUCH.",
            ),
            ("2", "The command line is wrong."),
            ("130", "Interrupted before it was done."),
        ],
    ),
];

/// Prints the manual page, in the form that man(1) reads: one page for the whole program, made from the same definition that reads
/// the command line.
///
/// # Errors
///
/// When standard output cannot be written.
pub fn man() -> CommandResult {
    print(page()?.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn page() -> io::Result<String> {
    // Before it is built a subcommand has only flags of its own, which is what its part of the page is about.
    let whole = Cli::command().disable_help_subcommand(true);
    let main = Man::new(whole.clone()).manual("User Commands");
    let mut page = written(|text| main.render_title(text))?;
    page += &section(|text| main.render_name_section(text))?;
    page += &section(|text| main.render_synopsis_section(text))?;
    page += &section(|text| main.render_description_section(text))?;
    page += &section(|text| main.render_options_section(text))?;
    page += ".SH SUBCOMMANDS\nEach takes the options above too, also those that have no effect on it; without a subcommand it is serve.\n";
    for subcommand in whole.get_subcommands() {
        page += &part(subcommand)?;
    }
    for (name, entries) in SECTIONS {
        let mut roff = Roff::new();
        roff.control("SH", [name]);
        for (term, explanation) in entries {
            roff.control("TP", []).text([bold(*term)]).text([roman(*explanation)]);
        }
        page += &section(|text| roff.to_writer(text))?;
    }
    page += ".SH SEE ALSO\n.BR prometheus (1),\n.BR promtool (1),\n.BR systemd.exec (5)\n";
    Ok(page)
}

/// What the page says of a subcommand: how it is called, what it does, and its own flags.
fn part(subcommand: &Command) -> io::Result<String> {
    let name = subcommand.get_name();
    let command = subcommand.clone().disable_help_flag(true).bin_name(format!("rmm-exporter {name}"));
    let has_flags = command.get_arguments().next().is_some();
    let man = Man::new(command);
    let mut part = format!(".SS {name}\n");
    part += body(&section(|text| man.render_synopsis_section(text))?);
    part += ".PP\n";
    part += body(&section(|text| man.render_description_section(text))?);
    let used = Cli::used_by(name).iter().map(|flag| format!("--{flag}")).collect::<Vec<_>>().join(", ");
    if !used.is_empty() {
        let mut roff = Roff::new();
        roff.control("PP", []).text([roman(format!("Of the options above these have an effect: {used}."))]);
        part += &written(|text| roff.to_writer(text))?;
    }
    if has_flags {
        part += body(&section(|text| man.render_options_section(text))?);
    }
    Ok(part)
}

fn written(render: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<String> {
    let mut text = Vec::new();
    render(&mut text)?;
    String::from_utf8(text).map_err(io::Error::other)
}

/// A section as it is rendered, without the definitions that every one of them repeats before its heading.
fn section(render: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<String> {
    let text = written(render)?;
    Ok(text.find(".SH ").and_then(|start| text.get(start..)).unwrap_or_default().to_owned())
}

/// A section without its heading.
fn body(section: &str) -> &str {
    section.split_once('\n').map_or("", |(_, body)| body)
}
