//! The plan as text for a terminal.

use std::fmt::Write;
use std::time::Duration;

use super::super::duration::display;
use super::{AccountPlan, FleetSize, Having, Verdict, at_budget};
use crate::wrap::wrap;

/// The widest line of text, in columns; the table is as wide as its numbers.
const WIDTH: usize = 100;

const HEAD: [&str; 7] = ["collector", "every", "calls a sweep", "a minute", "an hour", "a day", "sweep at full budget"];

/// The plans as aligned tables, one an account.
#[must_use]
pub fn render(plans: &[AccountPlan]) -> String {
    let mut text = String::new();
    for (index, plan) in plans.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        // Writing to a String cannot fail.
        let _written = render_account(plan, &mut text);
    }
    text
}

fn render_account(plan: &AccountPlan, text: &mut String) -> std::fmt::Result {
    writeln!(text, "account {} ({}, {})", plan.account, plan.platform, plan.server)?;
    let FleetSize { clients, sites, servers, workstations, having } = plan.fleet;
    say(
        text,
        &format!(
            "assumed: {clients} clients, {sites} sites, {servers} servers, {workstations} workstations \
             (--devices, --clients, --sites){}",
            features(having)
        ),
    );
    let gap = display(plan.min_interval);
    say(
        text,
        &format!(
            "allowed: {} calls a minute, {} at once, {gap} between two identical calls",
            plan.budget_per_minute, plan.max_concurrent_requests
        ),
    );
    text.push('\n');
    for row in aligned(&rows(plan)) {
        writeln!(text, "  {row}")?;
    }
    text.push('\n');
    for note in &plan.notes {
        say(text, note);
    }
    for mapping in &plan.mappings {
        say(text, &format!("mapping of {mapping}"));
    }
    if !plan.mappings.is_empty() {
        say(text, "what the mappings match: rmm-exporter doctor");
    }
    say(
        text,
        &format!(
            "one sweep of all: {}{} calls, {} at full budget if nothing were repeated meanwhile",
            at_most(plan.at_most()),
            plan.first_sweep_calls,
            rounded(at_budget(plan.first_sweep_calls, f64::from(plan.budget_per_minute)))
        ),
    );
    say(text, &first_sweep(plan));
    say(text, "later sweeps: spread over their intervals, so \"a minute\" above is the steady state");
    let percent = format!("{}{:.0}", at_most(plan.at_most()), plan.budget_used_ratio * 100.0);
    let verdict = match plan.verdict {
        Verdict::Fits => format!("verdict: fits, uses {percent} % of the budget"),
        Verdict::Tight => {
            format!("verdict: tight, uses {percent} % of the budget; after failures data will be late. Better:")
        }
        Verdict::TooMuch => {
            format!("verdict: TOO MUCH, needs {percent} % of the budget; intervals cannot be kept. Do one of:")
        }
    };
    say(text, &verdict);
    plan.advice.iter().for_each(|advice| write_wrapped(text, "    - ", advice));
    Ok(())
}

fn first_sweep(plan: &AccountPlan) -> String {
    let done = plan
        .first_sweep
        .map_or_else(|| "never done".to_owned(), |duration| format!("done after {}", rounded(duration)));
    match plan.frequent().as_slice() {
        [] => format!("first sweep: {done}; the same calls"),
        [one] => format!("first sweep: {done}; the same calls, but {one} is repeated beside them and goes first"),
        [others @ .., last] => {
            let others = others.join(", ");
            format!(
                "first sweep: {done}; the same calls, but {others} and {last} are repeated beside them and go first"
            )
        }
    }
}

/// A sentence below the account's name.
fn say(text: &mut String, sentence: &str) {
    write_wrapped(text, "  ", sentence);
}

/// Writes `words` after `start`, the lines that follow indented a little more than that.
fn write_wrapped(text: &mut String, start: &str, words: &str) {
    let indent = start.len().max(4);
    let mut start = start.to_owned();
    for row in wrap(words, WIDTH - indent) {
        text.push_str(&start);
        text.push_str(&row);
        text.push('\n');
        start = " ".repeat(indent);
    }
}

/// What is allowed but worth saying, one paragraph each.
#[must_use]
pub fn render_warnings(warnings: &[String]) -> String {
    let mut text = String::new();
    for warning in warnings {
        write_wrapped(&mut text, "", &format!("warning: {warning}"));
    }
    text
}

/// What is known of the fleet besides its size.
fn features(having: Having) -> String {
    let Having { patch, managed_antivirus, backup, mobile } = having;
    let parts = [
        (patch, "with patch management"),
        (managed_antivirus, "with managed antivirus"),
        (backup, "with backup"),
        (mobile, "mobile devices"),
    ];
    parts.into_iter().filter_map(|(count, what)| Some(format!(", {} {what}", count?))).collect()
}

const fn at_most(at_most: bool) -> &'static str {
    if at_most { "at most " } else { "" }
}

fn rows(plan: &AccountPlan) -> Vec<[String; 7]> {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(plan.collectors.iter().map(|collector| {
        [
            collector.collector.to_owned(),
            display(collector.interval),
            format!("{}{}", at_most(collector.at_most), collector.calls_per_sweep),
            number(collector.calls_per_minute),
            number(collector.calls_per_hour),
            number(collector.calls_per_day),
            rounded(collector.sweep_at_budget),
        ]
    }));
    rows.push([
        "all".to_owned(),
        String::new(),
        format!("{}{}", at_most(plan.at_most()), plan.first_sweep_calls),
        number(plan.calls_per_minute),
        number(plan.calls_per_hour),
        number(plan.calls_per_day),
        rounded(at_budget(plan.first_sweep_calls, f64::from(plan.budget_per_minute))),
    ]);
    rows
}

/// The first column to the left, numbers to the right.
fn aligned(rows: &[[String; 7]]) -> Vec<String> {
    let mut widths = [0; 7];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(widths).enumerate();
        let cells: Vec<String> = cells
            .map(
                |(index, (cell, width))| if index == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") },
            )
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Two decimals below ten, where they matter; none above a hundred.
fn number(value: f64) -> String {
    match value {
        _ if value < 10.0 => format!("{value:.2}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Whole seconds, rounded up; above an hour whole minutes.
pub(crate) fn rounded(duration: Duration) -> String {
    let step = if duration > Duration::from_hours(1) { 60 } else { 1 };
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    display(Duration::from_secs(seconds.div_ceil(step).saturating_mul(step)))
}
