//! A shop to evaluate: a folder with a configuration, a catalog, judgments and a set of queries.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use storefind::demo;
use tempfile::TempDir;

/// Enough for several laptops, teas and T-shirts to be among them.
const PRODUCTS: u64 = 400;
/// Query, and the beginning of the category whose products answer it.
const QUERIES: [(&str, &str); 4] = [
    ("laptop", "Electronics > Computers > Laptops"),
    ("cotton t-shirt", "Clothing & Shoes"),
    ("tea", "Grocery > Drinks > Tea"),
    ("flying carpet", "Carpets"),
];
/// A folder with a configuration, a catalog imported from a file, and judgments.
pub struct Folder {
    dir: TempDir,
}

impl Folder {
    pub fn with_catalog() -> Self {
        let folder = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(folder.path("storefind.toml"), "[catalogs.shop]\nlanguage = \"english\"\n").unwrap();
        let mut feed = String::new();
        let mut judgments = "query,docid,rating\n".to_owned();
        for product in demo::products(PRODUCTS) {
            feed.push_str(&Value::Object(product.to_json()).to_string());
            feed.push('\n');
            for (query, category) in QUERIES {
                // Some stay unjudged, as in life.
                if !product.id.ends_with('7') {
                    let rating = if product.categories[0].starts_with(category) { 3 } else { 0 };
                    writeln!(judgments, "{query},{},{rating}", product.id).unwrap();
                }
            }
        }
        std::fs::write(folder.path("shop.jsonl"), feed).unwrap();
        std::fs::write(folder.path("judgments.csv"), judgments).unwrap();
        let queries = QUERIES.map(|(query, category)| {
            let popularity = query.len();
            json!({"query": query, "popularity": popularity, "hits": 1, "categories": [category]}).to_string()
        });
        // As the category is called, so that it is suggested.
        let laptops = json!({"query": "laptops", "popularity": 9, "categories": ["Laptops"]}).to_string();
        std::fs::write(folder.path("queries.jsonl"), [queries.join("\n"), laptops].join("\n")).unwrap();
        let imported = folder.run(&["import", "shop", "shop.jsonl"]);
        assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_storefind"));
        command.args(arguments).current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs an evaluation that must succeed: what it says.
    pub fn evaluate(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["evaluate", "shop"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A JSON file that a command wrote.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(name)).unwrap()).unwrap()
    }
}
