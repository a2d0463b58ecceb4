//! list_active_directory_users.

use jiff::Timestamp;

use super::xml::Xml;
use super::{Refusal, invalid};
use crate::demo::server::Content;
use crate::demo::world::World;

pub(super) fn users(world: &World, site: u64, at: Timestamp) -> Result<Content, Refusal> {
    let directory = world.nsight_directory(site, at).ok_or_else(|| invalid("siteid"))?;
    let mut xml = Xml::result("OK", at);
    if directory.statuses.is_empty() {
        xml.empty("users");
    } else {
        xml.open("users");
        for (status, number) in directory.statuses.iter().zip(1..) {
            let device = directory.device_id;
            xml.raw(&format!("<user objectGUID=\"{number:032x}\" status=\"{status}\" device=\"{device}\">"));
            // Whatever attributes somebody chose to watch.
            xml.text("displayName", &format!("SECRET-NAME Müller {number}"));
            xml.text("mail", &format!("secret-{number}@muster.example"));
            xml.text("distinguishedName", &format!("CN=SECRET-NAME {number},OU=Büro,DC=muster,DC=example"));
            xml.close("user");
        }
        xml.close("users");
    }
    xml.close("result");
    Ok(Content::Whole(xml.into_bytes()))
}
