//! Settings that are good each by itself, but of which one makes another idle: warnings.

use super::account::{AccountConfig, ChecksMode};
use super::mappings::{CHECK_KEYS, FIELD_KEYS};
use super::reader::{Context, Field, Section};
use crate::collector::Collector;
use crate::platform::PlatformName;

/// Warns of what does nothing because of what else the account says.
pub fn warn(section: &Section, account: &AccountConfig, context: &mut Context) {
    let runs = |collector| account.collectors.contains_key(&collector);
    match account.platform_name() {
        PlatformName::Nsight => {
            if account.checks_mode == ChecksMode::All
                && !runs(Collector::Checks)
                && let Some(field) = section.get("checks")
            {
                field.warn(
                    "mode all shows only failing checks as long as the collector checks is off. Enable it under collectors.",
                    context,
                );
            }
            antivirus_products(section, account, context);
        }
        PlatformName::Tactical => {
            let token = ["monitoring_token", "monitoring_token_file", "monitoring_token_env"];
            if !runs(Collector::Server)
                && let Some(field) = token.into_iter().find_map(|key| section.get(key))
            {
                field.warn("the token is not used while the collector server is off. Remove one of the two.", context);
            }
            for name in ["antivirus", "backup"] {
                if let Some(mapping) = section.get("mappings").and_then(|field| field.inner(name)) {
                    self::mapping(&mapping, account, context);
                }
            }
        }
    }
}

fn antivirus_products(section: &Section, account: &AccountConfig, context: &mut Context) {
    let collector = Collector::AntivirusDefinitions;
    let none = account.nsight().antivirus_products.is_empty();
    if account.collectors.contains_key(&collector) {
        let field = section.get("collectors").and_then(|field| field.inner(collector.name()));
        if let Some(field) = field.filter(|_| none) {
            field.warn("without antivirus_products it asks nothing. Name products there, such as [sophos].", context);
        }
    } else if let Some(field) = section.get("antivirus_products") {
        let message = "the products are not asked for while the collector antivirus_definitions is off. Enable it under collectors.";
        field.warn(message, context);
    }
}

/// What a mapping looks at has to be collected.
fn mapping(mapping: &Field, account: &AccountConfig, context: &mut Context) {
    for (keys, collector) in [(&CHECK_KEYS[..], Collector::Checks), (&FIELD_KEYS[..], Collector::Inventory)] {
        if !account.collectors.contains_key(&collector)
            && let Some(field) = keys.iter().find_map(|key| mapping.inner(key))
        {
            let name = collector.name();
            let message = format!("cannot match while the collector {name} is off. Enable it under collectors.");
            field.warn(&message, context);
        }
    }
}
