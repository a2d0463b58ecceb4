//! Whether the budget suffices for the fleet that the key sees, and how long each sweep takes.

use super::report::Line;
use crate::collector::Collector;
use crate::config::duration::display;
use crate::config::plan::{AccountPlan, Verdict, rounded};

/// How exactly the size of the fleet is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Counted.
    Counted,
    /// Partly worked out from a sample.
    About,
}

/// What the plan for the fleet comes to, and each collector's part of it.
#[must_use]
pub fn lines(plan: &AccountPlan, known: Known) -> Vec<Line> {
    let about = if known == Known::About { "about " } else { "" };
    let percent = plan.budget_used_ratio * 100.0;
    let first = plan.first_sweep.map_or_else(
        || "the first sweep would never be done".to_owned(),
        |time| format!("the first sweep is done after {}", rounded(time)),
    );
    let finding = format!(
        "{about}{:.1} of {} calls a minute ({percent:.0}%); {first}",
        plan.calls_per_minute, plan.budget_per_minute
    );
    let advice = plan.advice.join("; or ");
    let budget = match plan.verdict {
        Verdict::Fits => Line::ok("budget", finding),
        Verdict::Tight => Line::warn("budget", format!("tight: {finding}"), advice),
        Verdict::TooMuch => Line::bad("budget", format!("too much: {finding}"), advice),
    };
    let sweeps = plan.collectors.iter().map(|collector| {
        if collector.idle {
            let finding = "no calls: metrics.exclude leaves nothing of it";
            return Line::ok("sweep", finding).about(collector.collector);
        }
        let calls = if collector.calls_per_sweep == 1 { "call" } else { "calls" };
        // The others do not depend on how many sites there are.
        let by_site = [Collector::Inventory.name(), Collector::Directory.name()].contains(&collector.collector);
        let about = match (by_site, collector.at_most) {
            (true, _) => about,
            (false, true) => "at most ",
            (false, false) => "",
        };
        let finding = format!(
            "every {}: {about}{} {calls}, {} at full budget",
            display(collector.interval),
            collector.calls_per_sweep,
            rounded(collector.sweep_at_budget)
        );
        Line::ok("sweep", finding).about(collector.collector)
    });
    std::iter::once(budget).chain(sweeps).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::plan::{FleetSize, plan_account};
    use crate::doctor::report::Verdict as Judged;

    #[test]
    fn the_plan_for_the_real_fleet() {
        let config = crate::config::parse(
            "accounts: [{name: n, platform: nsight, region: uk, api_key: k}]",
            std::path::Path::new("test"),
            &|_| None,
        );
        let account = &config.expect("valid").accounts[0];
        let small = lines(&plan_account(account, FleetSize::new(500, None, None)), Known::Counted);
        assert_eq!(small[0].verdict, Judged::Ok);
        assert!(small[0].finding.ends_with("the first sweep is done after 1h15m"), "{:?}", small[0]);
        let patches = small.iter().find(|line| line.subject.as_deref() == Some("patches")).expect("a line");
        assert_eq!(patches.finding, "every 12h: at most 500 calls, 16m40s at full budget");
        let large = lines(&plan_account(account, FleetSize::new(30_000, None, None)), Known::About);
        assert_eq!(large[0].verdict, Judged::Bad);
        assert!(large[0].finding.starts_with("too much: about "), "{:?}", large[0]);
        assert!(large[0].remedy.as_ref().is_some_and(|remedy| remedy.contains("or ")), "{:?}", large[0]);
    }
}
