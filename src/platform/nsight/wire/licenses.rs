//! Software licences of a client: list_client_license_count.

use crate::fleet::Label;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Fields, Names, Shape, Tally, read_list};

/// One count of licences. Several may have one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenseCount {
    /// `name`; may be empty.
    pub name: Label,
    /// `count`: how many the client owns.
    pub owned: Option<u64>,
    /// `installed`: how many are in use.
    pub installed: Option<u64>,
}

const LICENSE_COUNT: &[&str] = &["license_count_id", "swgrpid", "name", "count", "installed"];

/// Reads an answer of list_client_license_count: each count once, by its id.
///
/// # Errors
///
/// When it is none.
pub fn list_client_license_count(text: &str, tally: &mut Tally) -> Result<Vec<LicenseCount>, Error> {
    let mut counts = Vec::new();
    read_list(text, &Shape::ITEMS, |name, element| {
        if name != "license_count" {
            return Ok(false);
        }
        tally.record()?;
        let fields = Fields::read(element, LICENSE_COUNT, Names::Exact)?;
        let name = fields.label("name");
        if name.as_str().is_empty() && fields.id(&["license_count_id", "swgrpid"]).is_none() {
            tally.bad("licence without name and id");
            return Ok(true);
        }
        tally.good();
        if tally.is_first(&[fields.text("license_count_id")]) {
            counts.push(LicenseCount { name, owned: fields.count("count"), installed: fields.count("installed") });
        }
        Ok(true)
    })?;
    Ok(counts)
}
