//! What the generator knows of the catalog: a sample of its products, read from the server itself.
//!
//! Owns reading the export and query logs. It refuses to make queries or requests of them.
//!
//! Invariant: nothing here comes from the server's code; what is known is what the contract lets any client read.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::client::{Access, Client};
use crate::traffic::queries::Logged;
use crate::traffic::urls::encoded;

/// Products of one page of the export.
const PAGE_PRODUCTS: usize = 1_000;
/// Queries read from a log at most: beyond it the rest would hardly be drawn.
const LOG_QUERIES_MAX: usize = 2_000_000;

/// A product, as far as queries, filters and changes need it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) brand: Option<String>,
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    pub(crate) price: Option<f64>,
    #[serde(default)]
    pub(crate) attributes: serde_json::Map<String, serde_json::Value>,
    /// The whole product as it was exported.
    #[serde(skip)]
    pub(crate) line: String,
}

impl Product {
    /// A filter that this product passes.
    pub(crate) fn filter(&self, field: &str) -> Option<String> {
        let quoted = |text: &str| format!("{field}:\"{}\"", text.replace(['"', '\\'], " "));
        match field {
            "brand" => self.brand.as_deref().map(quoted),
            "categories" => self.categories.first().map(|path| quoted(path)),
            // Whole numbers around the price, as a slider gives them.
            "price" => self.price.map(|price| format!("price:{:.0} TO {:.0}", price * 0.5, (price * 1.5).ceil())),
            "in_stock" => Some("in_stock:true".to_owned()),
            _ => match self.attributes.get(field)? {
                serde_json::Value::String(text) => Some(quoted(text)),
                value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => Some(format!("{field}:{value}")),
                serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
            },
        }
    }
}

/// Reads products from the server's export, at most `wanted`; markers that an earlier run left behind are none.
pub(crate) async fn sample(client: &Client, catalog: &str, wanted: usize) -> anyhow::Result<Vec<Product>> {
    let mut products: Vec<Product> = Vec::new();
    while products.len() < wanted {
        let limit = PAGE_PRODUCTS.min(wanted - products.len());
        let mut target = format!("/v1/{catalog}/products?limit={limit}");
        if let Some(last) = products.last() {
            target.push_str(&format!("&after={}", encoded(&last.id)));
        }
        let answer = client.get(Access::Write, &target).await.with_context(|| format!("cannot read {target}"))?;
        if answer.head.status != 200 {
            bail!("GET {target}: status {}: {}", answer.head.status, answer.text());
        }
        let before = products.len();
        for line in answer.text().lines().filter(|line| !line.is_empty()) {
            let mut product: Product =
                serde_json::from_str(line).with_context(|| format!("GET {target}: a line is no product"))?;
            line.clone_into(&mut product.line);
            products.push(product);
        }
        if products.len() - before < limit {
            break;
        }
    }
    products.retain(|product| !product.id.starts_with(crate::probe::MARKER));
    Ok(products)
}

/// Reads a query log: JSON lines with `query` and `popularity`, or one query a line.
pub(crate) fn read_log(path: &Path) -> anyhow::Result<Vec<Logged>> {
    let file = std::fs::File::open(path).with_context(|| format!("queries.path: cannot read {}", path.display()))?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let text: Box<dyn Read> = if packed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut queries = Vec::new();
    for (number, line) in BufReader::new(text).lines().enumerate().take(LOG_QUERIES_MAX) {
        let line = line.with_context(|| format!("queries.path: {}, line {}", path.display(), number + 1))?;
        if let Some(logged) = logged(line.trim()) {
            queries.push(logged);
        }
    }
    if queries.is_empty() {
        bail!("queries.path: {} has no queries", path.display());
    }
    Ok(queries)
}

/// One line of a log. What nobody asked keeps a small weight: it was worth a line.
fn logged(line: &str) -> Option<Logged> {
    #[derive(Deserialize)]
    struct Line {
        query: String,
        #[serde(default)]
        popularity: f64,
    }
    if line.is_empty() {
        return None;
    }
    match serde_json::from_str::<Line>(line) {
        Ok(line) => Some(Logged { text: line.query, popularity: line.popularity.max(1.0) }),
        Err(_) => Some(Logged { text: line.to_owned(), popularity: 1.0 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_passes_its_own_filters() {
        let line = r#"{"id":"1","title":"T","brand":"A \"B\"","categories":["X > Y"],"price":19.99,
            "attributes":{"color":"Red","ram":8,"tags":["a"]}}"#;
        let product: Product = serde_json::from_str(line).unwrap();
        for (field, expected) in [
            ("brand", Some("brand:\"A  B \"")),
            ("categories", Some("categories:\"X > Y\"")),
            ("price", Some("price:10 TO 30")),
            ("color", Some("color:\"Red\"")),
            ("ram", Some("ram:8")),
            ("tags", None),
            ("absent", None),
        ] {
            assert_eq!(product.filter(field).as_deref(), expected, "{field}");
        }
    }

    #[test]
    fn a_log_line_is_json_or_a_query() {
        assert_eq!(
            logged(r#"{"query":"cooktop","popularity":1214,"hits":260}"#),
            Some(Logged { text: "cooktop".into(), popularity: 1214.0 })
        );
        assert_eq!(logged("hdmi cable"), Some(Logged { text: "hdmi cable".into(), popularity: 1.0 }));
        assert_eq!(logged(r#"{"query":"x","popularity":0}"#).unwrap().popularity, 1.0);
        assert_eq!(logged(""), None);
    }
}
