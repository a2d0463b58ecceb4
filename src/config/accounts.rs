//! The `accounts` section: one account after the other.

use std::time::Duration;

use jiff::tz::TimeZone;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::account::{AccountConfig, ChecksMode, NsightOptions, PlatformOptions, TacticalOptions, is_loopback};
use super::collectors::within_longest;
use super::defaults::{self, Limits};
use super::duration::display;
use super::reader::{Context, Field, Section};
use super::text::{may_hold_a_key, nearest, quote, shown, shown_in_quotes, shown_text, suggest};
use super::{coherence, collectors, connection, filter, key, mappings, server};
use crate::platform::PlatformName;

const COMMON_KEYS: [&str; 22] = [
    "name",
    "platform",
    "server",
    "allow_http",
    "console_url",
    "api_key",
    "api_key_file",
    "api_key_env",
    "requests_per_minute",
    "max_concurrent_requests",
    "min_interval",
    "timeout",
    "stale_after",
    "max_series",
    "filter",
    "checks",
    "metrics",
    "time_zone",
    "user_agent",
    "tls",
    "proxy",
    "collectors",
];
const NSIGHT_KEYS: &[&str] = &["region", "offline_after", "antivirus_products"];
const TACTICAL_KEYS: &[&str] = &["monitoring_token", "monitoring_token_file", "monitoring_token_env", "mappings"];

/// The most that `max_series` can be.
const MOST_SERIES: u64 = 10_000_000;
/// The longest name of an account; it is a label of every series.
const MOST_NAME_BYTES: usize = 200;

/// Reads every account of the list. Faulty accounts are missing from the result; their faults are in the context.
pub fn read(field: &Field, context: &mut Context) -> Vec<AccountConfig> {
    let known: Vec<&str> = COMMON_KEYS.iter().chain(NSIGHT_KEYS).chain(TACTICAL_KEYS).copied().collect();
    let items = field.list(context).unwrap_or_default();
    let mut names: Vec<(String, String)> = Vec::new();
    let mut keys: Vec<(Url, SecretString, String)> = Vec::new();
    let mut accounts = Vec::new();
    for item in items {
        if item.is_nothing() {
            item.error("the account is empty. Write its keys below the dash, or remove the dash.", context);
        }
        let Some(section) = item.section(&known, context) else { continue };
        let name = name(&section, &mut names, context);
        let read = account(&section, &name.unwrap_or_default(), context);
        if let Some((account, key)) = read {
            warn_of_shared_key(&section, &account, key, &mut keys, context);
            accounts.push(account);
        }
    }
    accounts
}

fn name(section: &Section, names: &mut Vec<(String, String)>, context: &mut Context) -> Option<String> {
    let Some(field) = section.get("name") else {
        let message = "the account has no name. Add name: …; it becomes the label account.";
        section.missing(&["name"], message, context);
        return None;
    };
    // Labels have no two blanks in a row, so names that differ only in blanks are the same name.
    let name = field.nonempty_text(context)?.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if name.chars().any(char::is_control) || name.len() > MOST_NAME_BYTES {
        field.error("a name has no control characters and at most 200 bytes. Shorten it.", context);
        return None;
    }
    if let Some((_, path)) = names.iter().find(|(other, _)| *other == name) {
        let message =
            format!("{} is the name of {path} already. Names are unique: choose another one.", shown_in_quotes(&name));
        field.error(message, context);
        return None;
    }
    if name.len() >= 24 && name.chars().all(char::is_alphanumeric) && may_hold_a_key(&name) {
        field.warn("this looks like a key, but the name is a label of every series. Is it the right one?", context);
    }
    names.push((name.clone(), section.path.clone()));
    Some(name)
}

/// Two accounts with one key ask the platform the same things twice: neither floor nor budget holds for the sum.
fn warn_of_shared_key(
    section: &Section,
    account: &AccountConfig,
    key: SecretString,
    keys: &mut Vec<(Url, SecretString, String)>,
    context: &mut Context,
) {
    let same = |(server, other, _): &&(Url, SecretString, String)| {
        *server == account.server && other.expose_secret() == key.expose_secret()
    };
    if let Some((_, _, path)) = keys.iter().find(same) {
        let message = format!(
            "has the same server and API key as {path}: the platform sees the calls of both together, so neither min_interval nor requests_per_minute holds for it. Use one account."
        );
        context.warn(section.place, &section.path, &message);
    }
    keys.push((account.server.clone(), key, section.path.clone()));
}

fn account(section: &Section, name: &str, context: &mut Context) -> Option<(AccountConfig, SecretString)> {
    let platform = platform(section, context);
    // Without a platform only what is the same for both can be judged.
    let Some(platform) = platform else {
        check_without_platform(section, context);
        return None;
    };
    refuse_foreign_keys(section, platform, context);
    let server = server_url(section, platform, context);
    let key = key::read(section, "api_key", true, context);
    let limits = defaults::limits(platform, server.as_ref().is_some_and(is_loopback));
    let options = match platform {
        PlatformName::Nsight => PlatformOptions::Nsight(nsight_options(section, context)),
        PlatformName::Tactical => PlatformOptions::Tactical(tactical_options(section, context)),
    };
    // Everything below is read even when the account is lost already: all faults belong into one report.
    let placeholder = || Url::parse("https://server.invalid/").ok();
    let faulty = server.is_none() || key.is_none();
    let (source, key) = key.unwrap_or_else(|| {
        let nothing = SecretString::from(String::new());
        (super::KeySource::Inline(nothing.clone()), nothing)
    });
    let mut account = defaults::account(name, options, server.or_else(placeholder)?, source);
    budget(section, &mut account, limits, Some(platform), context);
    selection(section, &mut account, context);
    account.collectors = collectors::read(section, &account.platform, account.min_interval, context);
    connection::read(section, &mut account, context);
    coherence::warn(section, &account, context);
    (!faulty).then_some((account, key))
}

/// What is looked at and what is exposed.
fn selection(section: &Section, account: &mut AccountConfig, context: &mut Context) {
    account.filter = filter::read(section, context);
    account.checks_mode = checks_mode(section, context);
    account.metrics_exclude = section
        .get("metrics")
        .and_then(|field| field.section(&["exclude"], context))
        .and_then(|metrics| metrics.get("exclude"))
        .map(|field| filter::metric_names(&field, account.platform_name(), context))
        .unwrap_or_default();
}

/// Checks what can be judged when nobody knows which platform it is: form and kind of every value, and the limits that
/// hold on both.
fn check_without_platform(section: &Section, context: &mut Context) {
    let _checked = key::read(section, "api_key", true, context);
    let Ok(placeholder) = Url::parse("https://server.invalid/") else { return };
    let nothing = super::KeySource::Inline(SecretString::from(String::new()));
    let mut account =
        defaults::account("", PlatformOptions::Tactical(TacticalOptions::default()), placeholder, nothing);
    if let Some(field) = section.get("allow_http") {
        let _checked = field.boolean(context);
    }
    if let Some(field) = section.get("server") {
        let _checked = field.nonempty_text(context);
    }
    budget(section, &mut account, defaults::limits(PlatformName::Tactical, true), None, context);
    selection(section, &mut account, context);
    collectors::check_without_platform(section, context);
    connection::read(section, &mut account, context);
    let _checked = nsight_options(section, context);
    let _checked = (key::read(section, "monitoring_token", false, context), mappings::read(section, context));
}

fn platform(section: &Section, context: &mut Context) -> Option<PlatformName> {
    let Some(field) = section.get("platform") else {
        let message = "the account has no platform. Add platform: nsight or platform: tactical.";
        section.missing(&["platform"], message, context);
        return None;
    };
    let text = field.text(context)?;
    let known = [PlatformName::Nsight, PlatformName::Tactical];
    let found = known.into_iter().find(|platform| platform.name() == text);
    if found.is_none() {
        field.error(
            format!("{} is no platform. {}", shown(text), suggest(text, &known.map(PlatformName::name), "platforms")),
            context,
        );
    }
    found
}

fn refuse_foreign_keys(section: &Section, platform: PlatformName, context: &mut Context) {
    let (foreign, other) = match platform {
        PlatformName::Nsight => (TACTICAL_KEYS, PlatformName::Tactical),
        PlatformName::Tactical => (NSIGHT_KEYS, PlatformName::Nsight),
    };
    for field in foreign.iter().filter_map(|key| section.get(key)) {
        field.error(format!("this key is for {} accounts only. Remove it.", other.name()), context);
    }
}

fn server_url(section: &Section, platform: PlatformName, context: &mut Context) -> Option<Url> {
    let allow = section.get("allow_http");
    let allow_http = allow.as_ref().and_then(|field| field.boolean(context)).unwrap_or(false);
    let region = section.get("region").filter(|_| platform == PlatformName::Nsight);
    match (section.get("server"), region) {
        (Some(server), region) => {
            if region.is_some() {
                server.error("region and server are given together. Keep one of them.", context);
            }
            let url = server::parse(server.nonempty_text(context)?, platform, allow_http)
                .map_err(|message| server.error(message, context))
                .ok()?;
            if platform == PlatformName::Tactical
                && let Some(hint) = server::no_api_host(&url)
            {
                server.warn(hint, context);
            }
            if url.scheme() == "http"
                && !is_loopback(&url)
                && let Some(allow) = allow
            {
                allow.warn("the API key travels readable over the network.", context);
            }
            Some(url)
        }
        (None, Some(region)) => {
            let name = region.nonempty_text(context)?;
            server::of_region(name).map_err(|message| region.error(message, context)).ok()
        }
        (None, None) => {
            let (keys, message): (&[&str], _) = match platform {
                PlatformName::Nsight => (
                    &["region", "server"],
                    "the account has no server. Add region: uk (or another one), or server: https://….",
                ),
                PlatformName::Tactical => (
                    &["server"],
                    "the account has no server. Add server: https://api.… (the API's address, not the dashboard's).",
                ),
            };
            section.missing(keys, message, context);
            None
        }
    }
}

fn nsight_options(section: &Section, context: &mut Context) -> NsightOptions {
    let time_zone = section.get("time_zone").and_then(|field| time_zone(&field, context));
    let offline_after = section.get("offline_after").and_then(|field| {
        let duration = field.duration(context)?;
        if duration.is_zero() {
            field.error("with 0s every workstation would be offline. Set more, such as 2h.", context);
            return None;
        }
        within_longest(&field, duration, context)
    });
    let antivirus_products =
        section.get("antivirus_products").map(|field| antivirus_products(&field, context)).unwrap_or_default();
    NsightOptions { time_zone, offline_after, antivirus_products }
}

fn tactical_options(section: &Section, context: &mut Context) -> TacticalOptions {
    TacticalOptions {
        monitoring_token: key::read(section, "monitoring_token", false, context).map(|(source, _)| source),
        mappings: mappings::read(section, context),
        time_zone: section.get("time_zone").and_then(|field| time_zone(&field, context)),
    }
}

fn antivirus_products(field: &Field, context: &mut Context) -> Vec<String> {
    let mut products: Vec<String> = Vec::new();
    for item in field.list(context).unwrap_or_default() {
        let Some(name) = item.nonempty_text(context) else { continue };
        // As the platform's products are found: in capitals or not.
        if products.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            item.error(format!("{} stands in the list already. Keep one.", shown_in_quotes(name)), context);
        }
        products.push(name.to_owned());
    }
    products
}

fn time_zone(field: &Field, context: &mut Context) -> Option<TimeZone> {
    let name = field.nonempty_text(context)?;
    if let Ok(zone) = TimeZone::get(name) {
        return Some(zone);
    }
    let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.as_str().to_owned()).collect();
    let remedy = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean {near}?"),
        None => "Write an IANA name such as Europe/London or America/New_York.".to_owned(),
    };
    field.error(format!("{} is no time zone. {remedy}", shown_text(name)), context);
    None
}

fn budget(
    section: &Section,
    account: &mut AccountConfig,
    limits: Limits,
    platform: Option<PlatformName>,
    context: &mut Context,
) {
    if let Some(field) = section.get("requests_per_minute") {
        let why = match platform {
            None => "",
            Some(PlatformName::Nsight) => "N-able allows at most 60 calls a minute and key. ",
            Some(PlatformName::Tactical) => {
                "A Tactical RMM server shall not have to bear more than 600 calls a minute. "
            }
        };
        if let Some(number) = field.integer(1..=u64::from(limits.most_requests_per_minute), why, context) {
            account.requests_per_minute = u32::try_from(number).unwrap_or(limits.most_requests_per_minute);
        }
    }
    if let Some(field) = section.get("max_concurrent_requests")
        && let Some(number) = field.integer(1..=16, "", context)
    {
        account.max_concurrent_requests = usize::try_from(number).unwrap_or(16);
    }
    if let Some(field) = section.get("max_series")
        && let Some(number) = field.integer(1..=MOST_SERIES, "", context)
    {
        account.max_series = usize::try_from(number).unwrap_or(usize::MAX);
    }
    if let Some(field) = section.get("min_interval")
        && let Some(duration) = min_interval(&field, limits, platform, context)
    {
        account.min_interval = duration;
    }
    if let Some(field) = section.get("timeout")
        && let Some(duration) = field.duration(context)
    {
        if (limits.least_timeout..=Duration::from_mins(10)).contains(&duration) {
            account.timeout = duration;
        } else {
            let least = display(limits.least_timeout);
            field.error(format!("{} is out of range. Set {least} to 10m.", display(duration)), context);
        }
    }
}

fn min_interval(
    field: &Field,
    limits: Limits,
    platform: Option<PlatformName>,
    context: &mut Context,
) -> Option<Duration> {
    let duration = field.duration(context)?;
    let floor = limits.least_min_interval;
    if duration < floor {
        let why = match platform {
            Some(PlatformName::Nsight) => "the least time N-able allows between two identical automated calls",
            Some(PlatformName::Tactical) | None => {
                "the least time between two identical calls to a Tactical RMM server"
            }
        };
        let (given, floor) = (display(duration), display(floor));
        field.error(format!("{given} is below {floor}, {why}. Set {floor} or more."), context);
        return None;
    }
    within_longest(field, duration, context)
}

fn checks_mode(section: &Section, context: &mut Context) -> ChecksMode {
    const MODES: [(&str, ChecksMode); 3] =
        [("failing", ChecksMode::Failing), ("all", ChecksMode::All), ("none", ChecksMode::None)];
    let Some(field) =
        section.get("checks").and_then(|field| field.section(&["mode"], context)).and_then(|checks| checks.get("mode"))
    else {
        return ChecksMode::default();
    };
    let Some(text) = field.text(context) else { return ChecksMode::default() };
    if let Some((_, mode)) = MODES.iter().find(|(name, _)| *name == text) {
        return *mode;
    }
    field.error(format!("{} is no mode. Write {}.", shown(text), quote(&MODES.map(|(name, _)| name))), context);
    ChecksMode::default()
}
