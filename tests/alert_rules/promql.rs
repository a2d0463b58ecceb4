//! Which labels the result of an expression has, and every name in it that does not exist.

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{self, Expr, LabelModifier, VectorMatchCardinality, VectorSelector, token};
use regex::Regex;

use crate::labels::{self, Labels};
use crate::rules::Rules;

/// The metrics that an expression may name.
pub struct Metrics {
    known: BTreeMap<String, Labels>,
}

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A number.
    Scalar,
    /// Series with at most these labels.
    Series(Labels),
    /// Series of which the labels are not known, as a name in it does not exist.
    Unknown,
}

impl Metrics {
    /// What is scraped, what the rules record, and the alerts themselves.
    pub fn of(rules: &Rules) -> Self {
        let mut known = labels::scraped();
        let names = rules.alert_names().into_iter().map(str::to_owned).collect();
        let severities = ["critical", "warning", "info", "none"].map(str::to_owned).into();
        let states = ["pending", "firing"].map(str::to_owned).into();
        // An alert can have any label besides.
        let mut alerts = known.values().flat_map(BTreeMap::keys).map(|label| (label.clone(), None)).collect::<Labels>();
        alerts.insert("alertname".to_owned(), Some(names));
        alerts.insert("alertstate".to_owned(), Some(states));
        alerts.insert("severity".to_owned(), Some(severities));
        known.insert("ALERTS".to_owned(), alerts.clone());
        alerts.remove("alertstate");
        known.insert("ALERTS_FOR_STATE".to_owned(), alerts);
        let mut metrics = Self { known };
        // Rules may be written in any order, and one reads itself: what is known grows until it does not any more.
        loop {
            let before = metrics.known.clone();
            for record in &rules.records {
                let (shape, _) = metrics.shape(&record.expr);
                let Shape::Series(mut labels) = shape else { continue };
                labels.extend(record.labels.iter().map(|(name, value)| (name.clone(), Some([value.clone()].into()))));
                let entry = metrics.known.entry(record.name.clone()).or_default();
                *entry = united(entry, &labels);
            }
            if metrics.known == before {
                return metrics;
            }
        }
    }

    /// What an expression gives, and what is wrong with it.
    pub fn shape(&self, expression: &str) -> (Shape, Vec<String>) {
        let expression = match parser::parse(expression) {
            Ok(expression) => expression,
            Err(error) => return (Shape::Unknown, vec![format!("{expression} is no PromQL: {error}")]),
        };
        let mut reader = Reader { metrics: self, faults: Vec::new() };
        let shape = reader.read(&expression);
        (shape, reader.faults)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }
}

/// What one of two has; a label of both has the values of both.
fn united(one: &Labels, other: &Labels) -> Labels {
    let mut all = one.clone();
    for (name, values) in other {
        all.entry(name.clone())
            .and_modify(|known| {
                *known =
                    known.take().zip(values.clone()).map(|(known, values)| known.union(&values).cloned().collect());
            })
            .or_insert_with(|| values.clone());
    }
    all
}

fn names(labels: &Labels) -> BTreeSet<&str> {
    labels.keys().map(String::as_str).collect()
}

struct Reader<'m> {
    metrics: &'m Metrics,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn read(&mut self, expression: &Expr) -> Shape {
        match expression {
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Shape::Scalar,
            Expr::Paren(inner) => self.read(&inner.expr),
            Expr::Unary(inner) => self.read(&inner.expr),
            Expr::Subquery(inner) => self.read(&inner.expr),
            Expr::MatrixSelector(inner) => self.select(&inner.vs),
            Expr::VectorSelector(selector) => self.select(selector),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Call(call) => self.call(call),
            Expr::Extension(_) => Shape::Unknown,
        }
    }

    fn select(&mut self, selector: &VectorSelector) -> Shape {
        let Some(name) = &selector.name else {
            self.faults.push(format!("{selector} names no metric"));
            return Shape::Unknown;
        };
        let Some(labels) = self.metrics.known.get(name) else {
            self.faults.push(format!("there is no metric {name}"));
            return Shape::Unknown;
        };
        let alternatives = selector.matchers.or_matchers.iter().flatten();
        for matcher in selector.matchers.matchers.iter().chain(alternatives) {
            match labels.get(&matcher.name) {
                None => self.faults.push(format!("{name} has no label {}", matcher.name)),
                Some(None) => {}
                Some(Some(values)) => {
                    let strange = strange_values(matcher, values);
                    self.faults.extend(strange.map(|value| format!("{name} has no {}=\"{value}\"", matcher.name)));
                }
            }
        }
        Shape::Series(labels.clone())
    }

    fn aggregate(&mut self, aggregate: &parser::AggregateExpr) -> Shape {
        if let Some(parameter) = &aggregate.param {
            self.read(parameter);
        }
        let Shape::Series(inner) = self.read(&aggregate.expr) else { return Shape::Unknown };
        let selects = [token::T_TOPK, token::T_BOTTOMK].contains(&aggregate.op.id());
        let mut kept = if selects { inner.clone() } else { Labels::new() };
        if let Some(modifier) = &aggregate.modifier {
            let named = &modifier.labels().labels;
            self.need(named, &inner, &aggregate.to_string());
            let keeps = |label: &String| selects || named.contains(label) == modifier.is_include();
            kept = inner.into_iter().filter(|(label, _)| keeps(label)).collect();
        }
        Shape::Series(kept)
    }

    fn need(&mut self, wanted: &[String], labels: &Labels, place: &str) {
        let missing = wanted.iter().filter(|label| !labels.contains_key(*label));
        self.faults.extend(missing.map(|label| format!("there is no label {label} in {place}")));
    }

    fn binary(&mut self, binary: &parser::BinaryExpr) -> Shape {
        let (left, right) = (self.read(&binary.lhs), self.read(&binary.rhs));
        let (left, right) = match (left, right) {
            (Shape::Series(left), Shape::Series(right)) => (left, right),
            (Shape::Scalar, other) | (other, Shape::Scalar) => return other,
            // A rule that remembers reads itself, before its labels are known.
            (Shape::Series(known), Shape::Unknown) | (Shape::Unknown, Shape::Series(known))
                if binary.op.id() == token::T_LOR =>
            {
                return Shape::Series(known);
            }
            _ => return Shape::Unknown,
        };
        let (matching, card) = match &binary.modifier {
            Some(modifier) => (modifier.matching.as_ref(), modifier.card.clone()),
            None => (None, VectorMatchCardinality::OneToOne),
        };
        let on: BTreeSet<&str> = if let Some(LabelModifier::Include(on)) = matching {
            self.need(&on.labels, &left, &binary.lhs.to_string());
            self.need(&on.labels, &right, &binary.rhs.to_string());
            on.labels.iter().map(String::as_str).collect()
        } else {
            let ignored = matching.map_or(&[][..], |modifier| &modifier.labels().labels);
            let is_matched = |label: &&str| !ignored.iter().any(|ignored| ignored == label);
            let one: BTreeSet<&str> = names(&left).into_iter().filter(is_matched).collect();
            if one != names(&right).into_iter().filter(is_matched).collect() {
                self.faults.push(format!("{binary}: the two sides have different labels and never match"));
            }
            one
        };
        let is_set = [token::T_LAND, token::T_LUNLESS].contains(&binary.op.id());
        Shape::Series(match card {
            _ if binary.op.id() == token::T_LOR => united(&left, &right),
            _ if is_set => left,
            VectorMatchCardinality::ManyToOne(extra) => self.grouped(left.clone(), &right, &extra.labels, &binary.rhs),
            VectorMatchCardinality::OneToMany(extra) => self.grouped(right.clone(), &left, &extra.labels, &binary.lhs),
            // A comparison that filters keeps the left side's labels only as far as they are matched on, like arithmetic.
            _ => left
                .iter()
                .filter(|(label, _)| on.contains(label.as_str()))
                .map(|(l, v)| (l.clone(), v.clone()))
                .collect(),
        })
    }

    fn grouped(&mut self, mut many: Labels, one: &Labels, extra: &[String], place: &Expr) -> Labels {
        self.need(extra, one, &place.to_string());
        many.extend(extra.iter().filter_map(|label| one.get_key_value(label)).map(|(l, v)| (l.clone(), v.clone())));
        many
    }

    /// The labels of what is relabelled, and the new one.
    fn label_replace(&mut self, call: &parser::Call, shapes: Vec<Shape>) -> Shape {
        let text = |at: usize| match call.args.args.get(at).map(|argument| &**argument) {
            Some(Expr::StringLiteral(literal)) => literal.val.clone(),
            _ => String::new(),
        };
        let (new, source) = (text(1), text(3));
        let Some(Shape::Series(mut labels)) = shapes.into_iter().next() else { return Shape::Unknown };
        if !source.is_empty() {
            self.need(&[source], &labels, &call.to_string());
        }
        labels.insert(new, None);
        Shape::Series(labels)
    }

    fn call(&mut self, call: &parser::Call) -> Shape {
        let shapes: Vec<Shape> = call.args.args.iter().map(|argument| self.read(argument)).collect();
        match call.func.name {
            "time" | "scalar" | "pi" => Shape::Scalar,
            "vector" => Shape::Series(Labels::new()),
            // Its labels are those that are asked for by equality.
            "absent" | "absent_over_time" => {
                let selector = match call.args.args.first().map(|argument| &**argument) {
                    Some(Expr::VectorSelector(selector)) => Some(selector),
                    Some(Expr::MatrixSelector(selector)) => Some(&selector.vs),
                    _ => None,
                };
                let matchers = selector.into_iter().flat_map(|selector| &selector.matchers.matchers);
                let equal = matchers.filter(|matcher| matcher.op == MatchOp::Equal);
                Shape::Series(equal.map(|matcher| (matcher.name.clone(), None)).collect())
            }
            "histogram_quantile" => match shapes.into_iter().nth(1) {
                Some(Shape::Series(mut labels)) => {
                    if labels.remove("le").is_none() {
                        self.faults.push(format!("{call}: there is no label le"));
                    }
                    Shape::Series(labels)
                }
                _ => Shape::Unknown,
            },
            "label_replace" => self.label_replace(call, shapes),
            "label_join" => {
                self.faults.push(format!("{call}: labels are not joined here"));
                Shape::Unknown
            }
            _ => shapes.into_iter().find(|shape| *shape != Shape::Scalar).unwrap_or(Shape::Scalar),
        }
    }
}

/// The values that a matcher asks for and that do not exist. Each alternative of a regular expression stands for itself.
fn strange_values<'a>(matcher: &'a Matcher, values: &'a BTreeSet<String>) -> impl Iterator<Item = &'a str> {
    let is_regex = matches!(matcher.op, MatchOp::Re(_) | MatchOp::NotRe(_));
    let alternatives = if is_regex { matcher.value.split('|').collect() } else { vec![matcher.value.as_str()] };
    alternatives.into_iter().filter(move |wanted| {
        if is_regex {
            let regex = Regex::new(&format!("^(?:{wanted})$"));
            !regex.is_ok_and(|regex| values.iter().any(|value| regex.is_match(value)))
        } else {
            !values.contains(*wanted)
        }
    })
}

/// What is wrong with the expressions of the rules.
pub fn faults(rules: &Rules) -> Vec<String> {
    let metrics = Metrics::of(rules);
    let faults = rules.expressions().flat_map(|(place, expression)| {
        let (_, faults) = metrics.shape(expression);
        faults.into_iter().map(move |fault| format!("{place}: {fault}")).collect::<Vec<_>>()
    });
    faults.collect()
}

#[test]
fn the_rules_name_what_exists() {
    let faults = faults(&Rules::of_the_project());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules::of(&[r#"
groups:
  - name: g
    rules:
      - { record: "a:sum", expr: 'sum by (job, account, kind) (rmm_client_devices{kind!="mobile"})' }
      - { record: "part:ratio", expr: "vector(1)", labels: { part: backup } }
      - { record: "part:ratio", expr: "vector(2)", labels: { part: patches } }
      - { record: "self:last", expr: "max by (account) (rmm_up) or self:last" }
      - { alert: RMMOne, expr: "vector(1)" }
"#])
    }

    fn faults_of(expression: &str) -> String {
        Metrics::of(&rules()).shape(expression).1.join("; ")
    }

    fn labels_of(expression: &str) -> Vec<String> {
        match Metrics::of(&rules()).shape(expression) {
            (Shape::Series(labels), faults) if faults.is_empty() => labels.into_keys().collect(),
            other => panic!("{expression}: {other:?}"),
        }
    }

    #[test]
    fn what_does_not_exist_is_found() {
        for (expression, fault) in [
            ("rmm_upp == 0", "there is no metric rmm_upp"),
            ("rmm_api_request_duration_seconds", "there is no metric rmm_api_request_duration_seconds"),
            ("b:sum", "there is no metric b:sum"),
            ("{job=\"rmm\"}", "names no metric"),
            ("rmm_up{client=\"x\"}", "rmm_up has no label client"),
            ("up{account=\"x\"}", "up has no label account"),
            ("rmm_device_info{kind=\"servers\"}", "rmm_device_info has no kind=\"servers\""),
            ("rmm_device_info{kind=~\"server|laptop\"}", "rmm_device_info has no kind=\"laptop\""),
            ("rmm_check_failing{check_type!~\"disk|service\"}", "rmm_check_failing has no check_type=\"disk\""),
            ("rmm_up{platform=\"ncentral\"}", "rmm_up has no platform=\"ncentral\""),
            ("rmm_collector_success{collector=\"av\"}", "rmm_collector_success has no collector=\"av\""),
            ("rmm_api_requests_total{outcome=\"error\"}", "no outcome=\"error\""),
            ("part:ratio{part=\"antivirus\"}", "part:ratio has no part=\"antivirus\""),
            ("a:sum{kind=\"phone\"}", "a:sum has no kind=\"phone\""),
            ("ALERTS{alertname=\"RMMTwo\"}", "ALERTS has no alertname=\"RMMTwo\""),
            ("ALERTS{alertstate=\"resolved\"}", "ALERTS has no alertstate=\"resolved\""),
            ("sum by (device) (rmm_up)", "there is no label device in"),
            ("sum without (device) (rmm_up)", "there is no label device in"),
            ("sum by (site) (a:sum)", "there is no label site in"),
            ("rmm_up and on (client) rmm_client_info", "there is no label client in rmm_up"),
            ("rmm_client_info and on (client) rmm_up", "there is no label client in rmm_up"),
            ("rmm_device_online * on (device_id) group_left (kinds) rmm_device_info", "there is no label kinds in"),
            ("max by (account) (rmm_up) == max by (job) (rmm_up)", "never match"),
            ("rmm_device_online unless rmm_device_info", "never match"),
            ("histogram_quantile(0.9, rmm_up)", "there is no label le"),
            ("sum by (account (rmm_up)", "is no PromQL"),
            ("rate(rmm_up)", "is no PromQL"),
            ("1 + (2 > bool (scalar(rmm_upp)))", "there is no metric rmm_upp"),
            ("max_over_time(sum by (site) (rmm_up)[1h:5m])", "there is no label site in"),
            ("topk(scalar(b:sum), rmm_up)", "there is no metric b:sum"),
        ] {
            let faults = faults_of(expression);
            assert!(faults.contains(fault), "{expression}: {faults}");
        }
    }

    #[test]
    fn what_exists_is_not_a_fault() {
        for (expression, labels) in [
            ("rmm_up", &["account", "instance", "job", "platform"][..]),
            ("max by (account) (rmm_up == 0)", &["account"]),
            ("a:sum", &["account", "job", "kind"]),
            ("sum(rmm_up)", &[]),
            ("sum without (instance, job) (rmm_up)", &["account", "platform"]),
            ("topk(3, sum by (account) (rmm_up))", &["account"]),
            ("self:last", &["account"]),
            ("time() - max by (job) (process_start_time_seconds) > scalar(a:sum)", &["job"]),
            (
                "max by (account) (rmm_up) * on (account) group_left (kind) sum by (account, kind) (a:sum)",
                &["account", "kind"],
            ),
            ("a:sum * on (account) a:sum", &["account"]),
            ("a:sum / ignoring (kind) sum without (kind) (a:sum)", &["account", "job"]),
            ("absent(up{job=\"rmm\", instance!=\"x\"})", &["job"]),
            ("vector(1) or max by (job) (up)", &["job"]),
            ("sum by (le) (rate(rmm_api_request_duration_seconds_bucket[5m]))", &["le"]),
            ("histogram_quantile(0.9, sum by (le) (rate(rmm_api_request_duration_seconds_bucket[5m])))", &[]),
        ] {
            if expression.starts_with("vector(1) or") {
                // The sides of this one differ on purpose.
                assert!(faults_of(expression).contains("never match"));
                continue;
            }
            assert_eq!(labels_of(expression), labels, "{expression}");
        }
        for expression in [
            "rmm_check_failing{check_type=~\"disk_.*|memory_health\", severity=\"error\"}",
            "rmm_server_component_up{component=\"whatever\"}",
            "ALERTS{alertname=\"RMMOne\", alertstate=\"firing\", client=\"x\"}",
            "part:ratio{part=~\"backup|patches\"}",
            "rmm_up{account=\"any\", platform=\"nsight\"}",
        ] {
            assert_eq!(faults_of(expression), "");
        }
        assert_eq!(Metrics::of(&rules()).shape("time() > bool 1"), (Shape::Scalar, Vec::new()));
    }

    #[test]
    fn every_rule_is_read() {
        let mut rules = rules();
        rules.alerts[0].expr = "rmm_upp".to_owned();
        rules.records[0].expr = "rmm_uppp".to_owned();
        let faults = faults(&rules);
        assert_eq!(faults, ["RMMOne : there is no metric rmm_upp", "a:sum: there is no metric rmm_uppp"]);
        assert!(!Metrics::of(&rules).contains("a:sum"));
    }
}
