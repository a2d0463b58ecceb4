//! Whether the mappings of antivirus and backup mean anything on this server (Tactical RMM).

use super::fields;
use super::report::Line;
use super::sees::listed;
use crate::fleet::{Check, CheckSelector, Mapping, Mappings};
use crate::platform::tactical::probe::SeenField;

/// The checks of one agent, each with the script that it runs.
pub type AgentChecks = Vec<(Check, Option<u64>)>;

/// What was seen of the server.
#[derive(Debug, Default)]
pub struct Sample {
    /// The checks of each agent that was looked at. `None`: they cannot be read.
    pub checks: Option<Vec<AgentChecks>>,
    /// The custom fields of agents. `None`: they cannot be read.
    pub fields: Option<Vec<SeenField>>,
    /// Checks are collected at all.
    pub collects_checks: bool,
}

/// One line for each thing that a mapping looks at.
#[must_use]
pub fn lines(mappings: &Mappings, sample: &Sample) -> Vec<Line> {
    let both = [("antivirus", &mappings.antivirus), ("backup", &mappings.backup)];
    let of_one = |(name, mapping): (&'static str, &Option<Mapping>)| {
        let Some(mapping) = mapping else { return Vec::new() };
        let checks = mapping.checks.as_ref().map(|selector| checks(selector, sample));
        let fields = fields::lines(mapping, sample.fields.as_deref());
        checks.into_iter().chain(fields).map(|line| line.about(name)).collect()
    };
    both.into_iter().flat_map(of_one).collect()
}

fn checks(selector: &CheckSelector, sample: &Sample) -> Line {
    if !sample.collects_checks {
        return Line::warn(
            "mapping",
            "it looks at checks, but the collector checks is off",
            "enable checks, or map custom fields instead",
        );
    }
    let Some(agents) = &sample.checks else {
        return Line::skip("mapping", "the checks cannot be read");
    };
    let selected = |checks: &[(Check, Option<u64>)]| {
        checks.iter().filter(|(check, script)| selector.selects(check, *script)).count()
    };
    let (found, with) = agents
        .iter()
        .map(|checks| selected(checks))
        .fold((0, 0), |(found, with), count| (found + count, with + usize::from(count > 0)));
    let all: usize = agents.iter().map(Vec::len).sum();
    let looked_at = format!("of {} sampled agents' checks ({all})", agents.len());
    if found > 0 {
        return Line::ok("mapping", format!("{looked_at} {found} match, at {with} agents"));
    }
    let remedy = format!(
        "compare the mapping with what the agents have{}; it may still match at others",
        names(agents).map(|names| format!(" ({names})")).unwrap_or_default()
    );
    Line::warn("mapping", format!("{looked_at} none matches"), remedy)
}

/// Some of the checks' names and types.
fn names(agents: &[AgentChecks]) -> Option<String> {
    let mut names: Vec<String> = agents
        .iter()
        .flatten()
        .map(|(check, script)| match script {
            Some(script) => format!("\"{}\" {}, script {script}", check.name.as_str(), check.check_type),
            None => format!("\"{}\" {}", check.name.as_str(), check.check_type),
        })
        .collect();
    names.sort();
    names.dedup();
    listed(&names, "; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;
    use crate::fleet::{CheckState, Severity};
    use regex::Regex;

    fn check(name: &str, script: Option<u64>) -> (Check, Option<u64>) {
        let check = Check {
            id: "1".into(),
            name: name.into(),
            check_type: "script".into(),
            state: CheckState::Passing,
            severity: Severity::Error,
            consecutive_failures: None,
            last_run: None,
        };
        (check, script)
    }

    fn mappings(name: &str, date_field: Option<&str>) -> Mappings {
        let antivirus = Mapping {
            checks: Some(CheckSelector { name: Some(Regex::new(name).expect("valid")), ..CheckSelector::default() }),
            date_field: date_field.map(str::to_owned),
            status_field: None,
            status_passing: Regex::new("ok").expect("valid"),
        };
        Mappings { antivirus: Some(antivirus), backup: None }
    }

    fn sample() -> Sample {
        Sample {
            checks: Some(vec![
                vec![check("Defender", Some(7)), check("Disk C:", None)],
                vec![check("Defender", None)],
                vec![],
            ]),
            fields: Some(vec![SeenField { name: "Last Backup".to_owned(), field_type: Some("datetime".to_owned()) }]),
            collects_checks: true,
        }
    }

    #[test]
    fn what_matches_and_what_does_not() {
        for (name, field, sample, verdicts, words) in [
            ("Defender", None, sample(), &[Verdict::Ok][..], "2 match, at 2 agents"),
            ("Sophos", None, sample(), &[Verdict::Warn], "\"Defender\" script, script 7"),
            ("Defender", Some("Last Backup"), sample(), &[Verdict::Ok, Verdict::Ok], "\"Last Backup\""),
            ("Defender", Some("last backup"), sample(), &[Verdict::Ok, Verdict::Bad], "did you mean \"Last Backup\"?"),
            ("Defender", Some("Veeam"), sample(), &[Verdict::Ok, Verdict::Bad], "take one of: Last Backup"),
            ("Defender", Some("x"), Sample::default(), &[Verdict::Warn, Verdict::Skip], "collector checks is off"),
            ("x", None, Sample { checks: None, ..sample() }, &[Verdict::Skip], "cannot be read"),
        ] {
            let lines = lines(&mappings(name, field), &sample);
            assert_eq!(lines.iter().map(|line| line.verdict).collect::<Vec<_>>(), verdicts, "{lines:?}");
            let said = lines.iter().any(|line| {
                line.finding.contains(words) || line.remedy.as_ref().is_some_and(|remedy| remedy.contains(words))
            });
            assert!(said, "{words}: {lines:?}");
            assert!(lines.iter().all(|line| line.subject.as_deref() == Some("antivirus")));
        }
    }
}
