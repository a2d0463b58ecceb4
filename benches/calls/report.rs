//! The tables.

use super::simulation::Outcome;

/// Prints a row for each account, then one for each of its collectors and calls.
pub fn print(outcomes: &[Outcome], settings: &str) {
    println!("\nfirst sweep, then the day after it: {settings}; no call fails");
    println!(
        "{:<16} {:>12} {:>10} {:>9} {:>9} {:>9} {:>10} {:>8} {:>8}",
        "account", "first sweep", "calls", "of first", "÷ budget", "", "calls/h", "budget", "needed"
    );
    for outcome in outcomes {
        let (calls, distinct) = outcome.first_calls;
        let at_budget = calls as f64 / f64::from(outcome.budget) * 60.0;
        let (took, ratio) = outcome.first_sweep.map_or(("not done".to_owned(), "-".to_owned()), |took| {
            (time(took.as_secs_f64()), format!("{:.3}", took.as_secs_f64() / at_budget))
        });
        let an_hour = outcome.calls.values().sum::<u64>() as f64 / 24.0;
        let part_of_budget = |a_minute: f64| a_minute / f64::from(outcome.budget) * 100.0;
        let (used, needed) = (part_of_budget(an_hour / 60.0), part_of_budget(outcome.needed));
        println!(
            "{:<16} {took:>12} {calls:>10} {distinct:>9} {:>9} {ratio:>9} {an_hour:>10.0} {used:>7.1}% {needed:>7.0}%",
            outcome.name,
            time(at_budget)
        );
    }
    println!("\nage of data in that day, over all calls of a collector and all time");
    println!(
        "{:<16} {:<16} {:>8} {:>9} {:>9} {:>9} {:>9} {:>11} {:>8}",
        "account", "collector", "calls", "interval", "p50", "p99", "max", "stale after", "stale"
    );
    for outcome in outcomes {
        for collector in &outcome.collectors {
            let stale_after = collector.stale_after.as_secs_f64();
            println!(
                "{:<16} {:<16} {:>8} {:>9} {:>9} {:>9} {:>9} {:>11} {:>7.1}%",
                outcome.name,
                collector.collector.name(),
                collector.targets,
                time(collector.interval.as_secs_f64()),
                time(collector.gaps.quantile(0.5)),
                time(collector.gaps.quantile(0.99)),
                time(collector.gaps.max()),
                time(stale_after),
                collector.gaps.older_than(stale_after) * 100.0
            );
        }
    }
    println!("\ncalls an hour by name");
    for outcome in outcomes {
        let calls: Vec<String> =
            outcome.calls.iter().map(|(name, count)| format!("{name} {:.1}", *count as f64 / 24.0)).collect();
        println!("{:<16} {}", outcome.name, calls.join(" · "));
    }
}

/// A time as people write it.
fn time(seconds: f64) -> String {
    let minutes = seconds / 60.0;
    match minutes {
        _ if seconds < 100.0 => format!("{seconds:.0} s"),
        _ if minutes < 100.0 => format!("{minutes:.1} min"),
        _ if minutes < 2_880.0 => format!("{:.1} h", minutes / 60.0),
        _ => format!("{:.1} d", minutes / 1_440.0),
    }
}
