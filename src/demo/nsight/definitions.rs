//! list_supported_av_products and list_av_definitions.

use jiff::Timestamp;

use super::xml::{Xml, utc};
use super::{Refusal, invalid, missing, number};
use crate::demo::server::{Content, Received};
use crate::demo::world::World;

/// Its root is `products`, without an envelope.
pub(super) fn products(world: &World, at: Timestamp) -> Content {
    let mut xml = Xml::document();
    xml.open("products");
    for product in world.nsight_products(at) {
        xml.open("product");
        xml.text("name", product.name);
        xml.value("id", product.id);
        xml.close("product");
    }
    xml.close("products");
    Content::Whole(xml.into_bytes())
}

pub(super) fn definitions(world: &World, request: &Received, at: Timestamp) -> Result<Content, Refusal> {
    let id = request.parameter("product").ok_or_else(|| missing("product"))?;
    let newest = if request.parameter("max_results").is_some() { number(request, "max_results")? } else { 20 };
    let product = world.nsight_product(id, newest, at).ok_or_else(|| invalid("product"))?;
    let mut xml = Xml::result("OK", at);
    xml.open("definitions");
    for definition in &product.definitions {
        xml.open("definition");
        xml.value("product", product.id);
        xml.text("version", &definition.version);
        xml.value("date", utc(Some(definition.released)));
        xml.close("definition");
    }
    xml.raw("</definitions></result>");
    Ok(Content::Whole(xml.into_bytes()))
}
