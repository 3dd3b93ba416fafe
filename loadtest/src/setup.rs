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
    /// Whether runs look at the server's breakers all the time: those with faults, and those compared with them.
    pub(crate) watches_breakers: bool,
}

impl Setup {
    pub(crate) async fn prepare(scenario: Scenario, program: &Path) -> anyhow::Result<Self> {
        let (client, server) = Self::begin(&scenario, program).await?;
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
        Ok(Self::new(scenario, client, products, pool, server))
    }

    /// The same with the products and queries of another setup: both then ask the same in the same order.
    pub(crate) async fn prepare_like(other: &Self, scenario: Scenario, program: &Path) -> anyhow::Result<Self> {
        let (client, server) = Self::begin(&scenario, program).await?;
        Ok(Self::new(scenario, client, Rc::clone(&other.products), other.pool.clone(), server))
    }

    async fn begin(scenario: &Scenario, program: &Path) -> anyhow::Result<(Rc<Client>, Option<Server>)> {
        let server = match &scenario.server {
            Some(settings) => Some(Server::start(scenario, settings, program).await?),
            None => None,
        };
        let client = Rc::new(Client::new(scenario.address, &scenario.client).with_keys(&scenario.keys));
        connect(scenario, &client).await?;
        Ok((client, server))
    }

    fn new(
        scenario: Scenario,
        client: Rc<Client>,
        products: Rc<Vec<Product>>,
        pool: QueryPool,
        server: Option<Server>,
    ) -> Self {
        let watches_breakers = scenario.phases.iter().any(|phase| !phase.faults.is_empty());
        Self { scenario, client, products, pool, server, watches_breakers }
    }

    /// Starts a stopped server again and connects anew.
    pub(crate) async fn start_again(&mut self) -> anyhow::Result<()> {
        if let Some(server) = &mut self.server {
            server.start_again().await?;
        }
        connect(&self.scenario, &self.client).await
    }
}

async fn connect(scenario: &Scenario, client: &Client) -> anyhow::Result<()> {
    let connections = scenario.client.connections.min(scenario.client.in_flight_max);
    let address = scenario.address;
    client.open(connections).await.with_context(|| format!("address: nobody listens on {address}"))
}
