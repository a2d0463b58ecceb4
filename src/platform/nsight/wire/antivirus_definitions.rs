//! Antivirus products and their definitions: list_supported_av_products, list_av_definitions.

use jiff::Timestamp;

use crate::fleet::Label;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Fields, Names, Shape, Tally, read_list};

/// The root is `products`, or `result` like everywhere else.
const PRODUCTS: Shape = Shape { root: Some("products"), containers: &["products"] };
/// `result/definitions/definition*`.
const DEFINITIONS: Shape = Shape { root: None, containers: &["definitions"] };

/// The longest id of a product. It goes into the address of a call.
const MAX_ID: usize = 100;

/// A product that the platform knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// `id`, in lower case.
    pub id: String,
    /// `name`.
    pub name: Label,
}

/// Reads an answer of list_supported_av_products.
///
/// # Errors
///
/// When it is none.
pub fn list_supported_av_products(text: &str, tally: &mut Tally) -> Result<Vec<Product>, Error> {
    let mut products = Vec::new();
    read_list(text, &PRODUCTS, |name, element| {
        if name != "product" {
            return Ok(false);
        }
        tally.record()?;
        let fields = Fields::read(element, &["id", "name"], Names::Exact)?;
        let id = fields.text("id").to_ascii_lowercase();
        if (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
            tally.good();
            products.push(Product { id, name: fields.label("name") });
        } else {
            tally.bad("product without id");
        }
        Ok(true)
    })?;
    Ok(products)
}

/// Reads an answer of list_av_definitions: when each version came out. The zone is not documented and taken to be UTC.
/// Versions that never came out have no date and are not there.
///
/// # Errors
///
/// When it is none.
pub fn list_av_definitions(text: &str, tally: &mut Tally) -> Result<Vec<Timestamp>, Error> {
    let mut released = Vec::new();
    read_list(text, &DEFINITIONS, |name, element| {
        if name != "definition" {
            return Ok(false);
        }
        tally.record()?;
        let fields = Fields::read(element, &["date"], Names::Exact)?;
        let date = fields.utc("date");
        let never = fields.text("date");
        if date.is_none() && !never.is_empty() && !never.starts_with("0000-00-00") {
            tally.bad("definition with a date that cannot be read");
            return Ok(true);
        }
        tally.good();
        released.extend(date);
        Ok(true)
    })?;
    Ok(released)
}
