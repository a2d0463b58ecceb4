//! Keys of the configuration's contract that this version does not use yet: their form is checked, so that a file that
//! passes now passes then, and a warning says that they do nothing.

use super::filter::expression_text;
use super::key;
use super::reader::{Context, Section};
use crate::platform::PlatformName;

const IGNORED: &str = "this key is not part of this version and is ignored.";

/// Checks the form of the keys to come.
pub fn read(account: &Section, platform: PlatformName, context: &mut Context) {
    match platform {
        PlatformName::Nsight => antivirus_products(account, context),
        PlatformName::Tactical => {
            monitoring_token(account, context);
            mappings(account, context);
        }
    }
}

fn antivirus_products(account: &Section, context: &mut Context) {
    let Some(field) = account.get("antivirus_products") else { return };
    for item in field.list(context).unwrap_or_default() {
        let _checked = item.nonempty_text(context);
    }
    field.warn(IGNORED, context);
}

fn monitoring_token(account: &Section, context: &mut Context) {
    if key::read(account, "monitoring_token", false, context).is_some() {
        for name in ["monitoring_token", "monitoring_token_file", "monitoring_token_env"] {
            if let Some(field) = account.get(name) {
                field.warn(IGNORED, context);
            }
        }
    }
}

fn mappings(account: &Section, context: &mut Context) {
    let Some(field) = account.get("mappings") else { return };
    let Some(section) = field.section(&["antivirus", "backup"], context) else { return };
    for name in ["antivirus", "backup"] {
        let Some(mapping) = section.get(name).and_then(|field| field.section(&["check_name", "date_field"], context))
        else {
            continue;
        };
        if let Some(expression) = mapping.get("check_name") {
            let _checked = expression_text(&expression, context);
        }
        if let Some(date_field) = mapping.get("date_field") {
            let _checked = date_field.nonempty_text(context);
        }
    }
    field.warn(IGNORED, context);
}
