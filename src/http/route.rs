//! Which family of routes a path belongs to, told from its text alone, and what a key needs for it.
//!
//! Metrics need a label and cross-origin headers a decision for every answer, also for those that the router refuses.
//! Looking at the path costs some ten nanoseconds, less than carrying the matched route through an extension.
//! Invariant: the set is closed, so a label can never be made from what a caller sends.

use axum::http::Method;

use crate::config::Scope;

/// A family of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// `/v1/{catalog}/search`
    Search,
    /// `/v1/{catalog}/autocomplete`
    Autocomplete,
    /// `/v1/{catalog}/products`
    Products,
    /// `/v1/{catalog}/products/{id}`
    Product,
    /// `/v1/{catalog}/live`
    Live,
    /// `/v1/{catalog}/settings`
    Settings,
    /// `/v1/{catalog}/events`
    Events,
    /// `/v1/{catalog}/analytics` and what is below it
    Analytics,
    /// `/v1/{catalog}/rules` and what is below it
    Rules,
    /// `/v1/stats`
    Stats,
    /// `/v1/admin/…`
    Admin,
    /// `/metrics`
    Metrics,
    /// `/healthz`, `/readyz`
    Health,
    /// Pages and whatever else.
    Other,
}

impl Route {
    /// All families, in the order of their numbers.
    pub const ALL: [Self; 14] = [
        Self::Search,
        Self::Autocomplete,
        Self::Products,
        Self::Product,
        Self::Live,
        Self::Settings,
        Self::Events,
        Self::Analytics,
        Self::Rules,
        Self::Stats,
        Self::Admin,
        Self::Metrics,
        Self::Health,
        Self::Other,
    ];

    /// The family of a path.
    pub fn of(path: &str) -> Self {
        let Some(rest) = path.strip_prefix("/v1/") else {
            return match path {
                "/metrics" => Self::Metrics,
                "/healthz" | "/readyz" => Self::Health,
                _ => Self::Other,
            };
        };
        match rest.split_once('/') {
            Some((_, "search")) => Self::Search,
            Some((_, "autocomplete")) => Self::Autocomplete,
            Some((_, "products")) => Self::Products,
            Some((_, "live")) => Self::Live,
            Some((_, "settings")) => Self::Settings,
            Some((_, "events")) => Self::Events,
            Some((_, "analytics" | "analytics/dismiss")) => Self::Analytics,
            Some((_, "rules" | "rules/history" | "rules/undo" | "rules/preview")) => Self::Rules,
            Some(("admin", _)) => Self::Admin,
            Some((_, rest)) if rest.starts_with("products/") => Self::Product,
            None if rest == "stats" => Self::Stats,
            _ => Self::Other,
        }
    }

    /// The label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Autocomplete => "autocomplete",
            Self::Products => "products",
            Self::Product => "product",
            Self::Live => "live",
            Self::Settings => "settings",
            Self::Events => "events",
            Self::Analytics => "analytics",
            Self::Rules => "rules",
            Self::Stats => "stats",
            Self::Admin => "admin",
            Self::Metrics => "metrics",
            Self::Health => "health",
            Self::Other => "other",
        }
    }

    /// Whether browsers of other origins may call it.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Search | Self::Autocomplete | Self::Events)
    }

    /// What a key needs for a request of this family: the one place where routes meet scopes.
    ///
    /// | scope | opens |
    /// | --- | --- |
    /// | `search` | search, autocomplete; also what storefronts report of them, events |
    /// | `write` | products (reading and exporting them, too) and live fields |
    /// | `merchandise` | settings, rules, analytics |
    /// | `admin` | statistics, metrics, backup, rebuild, tiers: what concerns every catalog |
    /// | any | what lies below `/v1/` and does not exist |
    /// | no key | `/healthz`, `/readyz`, and pages, which are files without data |
    pub fn need<'a>(self, method: &Method, path: &'a str) -> Need<'a> {
        let in_catalog = |scope| Need::Scope(scope, Reach::Catalog(catalog_segment(path)));
        match self {
            // A preflight carries no key. It is answered without looking at anything.
            Self::Search | Self::Autocomplete | Self::Events if method == Method::OPTIONS => Need::Nothing,
            Self::Search | Self::Autocomplete | Self::Events => in_catalog(Scope::Search),
            Self::Products | Self::Product | Self::Live => in_catalog(Scope::Write),
            Self::Settings | Self::Rules | Self::Analytics => in_catalog(Scope::Merchandise),
            Self::Stats | Self::Admin | Self::Metrics => Need::Scope(Scope::Admin, Reach::Server),
            // A route that is added to the router and forgotten here is closed to strangers.
            Self::Other if path.starts_with("/v1") => Need::Key,
            Self::Health | Self::Other => Need::Nothing,
        }
    }
}

/// What a request needs, where keys are configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need<'a> {
    /// Not even a key.
    Nothing,
    /// A key, whatever it may do.
    Key,
    /// A key with this scope, as far as this.
    Scope(Scope, Reach<'a>),
}

/// How far a request reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach<'a> {
    /// Into one catalog: the segment of the path that names it, as it was sent.
    Catalog(&'a str),
    /// Over all of them.
    Server,
}

/// The segment of `/v1/{catalog}/…` that names the catalog.
fn catalog_segment(path: &str) -> &str {
    let rest = path.strip_prefix("/v1/").unwrap_or_default();
    rest.split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_one_family() {
        for (path, route) in [
            ("/v1/shop/search", Route::Search),
            ("/v1/shop/autocomplete", Route::Autocomplete),
            ("/v1/shop/products", Route::Products),
            ("/v1/shop/products/a%2Fb", Route::Product),
            ("/v1/shop/settings", Route::Settings),
            ("/v1/shop/rules", Route::Rules),
            ("/v1/shop/rules/undo", Route::Rules),
            ("/v1/shop/rules/other", Route::Other),
            ("/v1/stats", Route::Stats),
            ("/v1/shop/events", Route::Events),
            ("/v1/shop/analytics", Route::Analytics),
            ("/v1/shop/analytics/dismiss", Route::Analytics),
            ("/v1/shop/analytics/other", Route::Other),
            ("/v1/shop/live", Route::Live),
            ("/v1/admin/backup", Route::Admin),
            ("/v1/shop/live/1", Route::Other),
            ("/v1/shop/search/", Route::Other),
            ("/v1/", Route::Other),
            ("/", Route::Other),
            ("", Route::Other),
            ("/readyz", Route::Health),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    #[test]
    fn each_family_needs_one_scope_and_what_is_unknown_below_v1_a_key() {
        use Scope::{Admin, Merchandise, Search, Write};
        let shop = |scope| Need::Scope(scope, Reach::Catalog("shop"));
        let server = Need::Scope(Admin, Reach::Server);
        for (method, path, need) in [
            (Method::GET, "/v1/shop/search", shop(Search)),
            (Method::POST, "/v1/shop/search", shop(Search)),
            (Method::OPTIONS, "/v1/shop/search", Need::Nothing),
            (Method::GET, "/v1/shop/autocomplete", shop(Search)),
            (Method::GET, "/v1/shop/products", shop(Write)),
            (Method::OPTIONS, "/v1/shop/products", shop(Write)),
            (Method::GET, "/v1/shop/products/1", shop(Write)),
            (Method::POST, "/v1/shop/live", shop(Write)),
            (Method::GET, "/v1/shop/settings", shop(Merchandise)),
            (Method::POST, "/v1/shop/events", shop(Search)),
            (Method::OPTIONS, "/v1/shop/events", Need::Nothing),
            (Method::GET, "/v1/shop/analytics", shop(Merchandise)),
            (Method::POST, "/v1/shop/analytics/dismiss", shop(Merchandise)),
            (Method::POST, "/v1/shop/rules/preview", shop(Merchandise)),
            (Method::GET, "/v1/stats", server),
            (Method::POST, "/v1/admin/backup", server),
            (Method::GET, "/metrics", server),
            // `admin` is no catalog, but this asks for one.
            (Method::GET, "/v1/admin/search", Need::Scope(Search, Reach::Catalog("admin"))),
            (Method::GET, "/v1/shop/nonsense", Need::Key),
            (Method::GET, "/v1", Need::Key),
            (Method::GET, "/v1//search", Need::Scope(Search, Reach::Catalog(""))),
            (Method::GET, "/healthz", Need::Nothing),
            (Method::GET, "/", Need::Nothing),
            (Method::GET, "/dashboard", Need::Nothing),
        ] {
            assert_eq!(Route::of(path).need(&method, path), need, "{method} {path}");
        }
    }
}
