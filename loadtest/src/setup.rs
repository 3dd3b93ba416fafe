//! What a run needs before its first request: a server, a sample of its products, and queries made of them.
//!
//! Owns the preparations. It refuses to count anything: what is asked here is not part of a result.
//!
//! Invariant: after the preparations every connection that a run begins with is open, and every query is made.

use std::path::Path;
use std::rc::Rc;

use anyhow::{Context as _, bail};

use crate::catalog::{self, Product};
use crate::client::Client;
use crate::scenario::{QuerySource, Scenario};
use crate::server::{self, Server};
use crate::traffic::queries::QueryPool;

#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) scenario: Scenario,
    pub(crate) client: Rc<Client>,
    pub(crate) products: Rc<Vec<Product>>,
    pub(crate) pool: QueryPool,
    /// The server, when it is ours.
    pub(crate) server: Option<Server>,
}

impl Setup {
    pub(crate) async fn prepare(scenario: Scenario, program: &Path) -> anyhow::Result<Self> {
        let server = match &scenario.server {
            Some(settings) => Some(Server::start(&scenario, settings, program).await?),
            None => None,
        };
        let client = Rc::new(Client::new(scenario.address, &scenario.client));
        let address = scenario.address;
        client
            .open(scenario.client.connections.min(scenario.client.in_flight_max))
            .await
            .with_context(|| format!("address: nobody listens on {address}"))?;
        let products = Rc::new(catalog::sample(&client, &scenario.catalog, scenario.queries.sample).await?);
        let pool = match (scenario.queries.source, &scenario.queries.path) {
            (QuerySource::Log, Some(path)) => {
                let path = path.display().to_string().replace("{root}", &server::root().display().to_string());
                let log = catalog::read_log(Path::new(&path))?;
                QueryPool::from_log(Rc::clone(&products), log, &scenario.popularity)
            }
            (QuerySource::Catalog | QuerySource::Log, _) => {
                QueryPool::from_products(Rc::clone(&products), &scenario.popularity, scenario.seed)
            }
        };
        if pool.len() == 0 {
            bail!("catalog: {} has no products to make queries of", scenario.catalog);
        }
        Ok(Self { scenario, client, products, pool, server })
    }
}
