//! How remote servers are written: one URL, several hosts separated by commas.
//!
//! Owns the text forms of `cache.redis.url` and `cache.memcached.url`. It connects to nothing and resolves no name.
//! Invariant: a [`SecretUrl`] shows its password to nobody who does not ask for it by name.

use super::problem::redact;

/// The port of Memcached where none is written.
const MEMCACHED_PORT: u16 = 11_211;
/// Servers of one tier; more is a slip of the pen.
const SERVERS_MAX: usize = 64;

/// A URL that may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The whole URL, for whoever connects.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&redact(&self.0))
    }
}

impl std::fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&redact(&self.0))
    }
}

/// Reads `redis[s]://[[user]:password@]host[:port][,host[:port]…][/db]`: one URL for each host.
pub(super) fn redis(text: &str) -> Result<Vec<SecretUrl>, String> {
    let expected = || "expected \"redis://[:password@]host:port[/db]\", or \"rediss://…\" with TLS".to_owned();
    let (scheme, rest) = text.trim().split_once("://").ok_or_else(expected)?;
    if !matches!(scheme, "redis" | "rediss") {
        return Err(expected());
    }
    // A password may hold an `@`; a host cannot.
    let (login, rest) = rest.rsplit_once('@').map_or(("", rest), |(login, rest)| (login, rest));
    let (hosts, db) = rest.split_once('/').unwrap_or((rest, ""));
    if !(db.is_empty() || db.parse::<u16>().is_ok()) {
        return Err("the database behind the `/` is a number such as 0".into());
    }
    let login = if login.is_empty() { String::new() } else { format!("{login}@") };
    let db = if db.is_empty() { String::new() } else { format!("/{db}") };
    let url = |host: String| SecretUrl(format!("{scheme}://{login}{host}{db}"));
    Ok(self::hosts(hosts, 6_379).map_err(|_| expected())?.into_iter().map(url).collect())
}

/// Reads `memcache://host[:port][,host[:port]…]`: `host:port` of each.
pub(super) fn memcached(text: &str) -> Result<Vec<String>, String> {
    let expected = || "expected \"memcache://host:port\", several servers separated by commas".to_owned();
    let rest = text.trim().strip_prefix("memcache://").ok_or_else(expected)?;
    if rest.contains('@') {
        return Err("Memcached is spoken to without a password: keep it in a private network".into());
    }
    hosts(rest.strip_suffix('/').unwrap_or(rest), MEMCACHED_PORT).map_err(|_| expected())
}

/// The hosts of a list, each with a port.
fn hosts(text: &str, port: u16) -> Result<Vec<String>, ()> {
    let host = |written: &str| -> Result<String, ()> {
        let written = written.trim();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        if written.is_empty() || !written.bytes().all(allowed) {
            return Err(());
        }
        // Brackets hold an IPv6 address; the port stands behind them.
        let name_end = written.rfind(']').map_or(0, |end| end + 1);
        match written[name_end..].rsplit_once(':') {
            Some((name, digits)) => match digits.parse::<u16>() {
                Ok(1..) if name_end > 0 || !name.is_empty() && !name.contains(':') => Ok(written.to_owned()),
                _ => Err(()),
            },
            None => Ok(format!("{written}:{port}")),
        }
    };
    let hosts: Vec<_> = text.split(',').map(host).collect::<Result<_, _>>()?;
    if hosts.len() > SERVERS_MAX { Err(()) } else { Ok(hosts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn redis_urls(text: &str, expected: Option<&[&str]>) {
        let urls = redis(text).ok();
        let urls: Option<Vec<_>> = urls.as_ref().map(|urls| urls.iter().map(SecretUrl::secret).collect());
        assert_eq!(urls.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_redis_url_names_one_server_or_several_with_one_login() {
        redis_urls("redis://127.0.0.1:6379", Some(&["redis://127.0.0.1:6379"]));
        redis_urls("redis://cache", Some(&["redis://cache:6379"]));
        redis_urls("rediss://user:p@ss@cache:1/2", Some(&["rediss://user:p@ss@cache:1/2"]));
        redis_urls("redis://[::1]:7000,[::1]/3", Some(&["redis://[::1]:7000/3", "redis://[::1]:6379/3"]));
        redis_urls("redis://:x@a:1, b:2", Some(&["redis://:x@a:1", "redis://:x@b:2"]));
        for bad in ["", "cache:6379", "http://cache", "redis://", "redis://a:0", "redis://a:x", "redis://a,,b"] {
            redis_urls(bad, None);
        }
        redis_urls("redis://a:1/x", None);
        redis_urls("redis://a:1:2", None);
    }

    #[test]
    fn a_memcached_url_names_servers_and_no_password() {
        let servers = |text: &str| memcached(text).ok();
        assert_eq!(servers("memcache://a:1,b"), Some(vec!["a:1".into(), "b:11211".into()]));
        assert_eq!(servers("memcache://[::1]:5/"), Some(vec!["[::1]:5".into()]));
        for bad in ["memcached://a", "memcache://", "memcache://u:p@a:1", "memcache://a:99999", "a:11211"] {
            assert_eq!(servers(bad), None, "{bad}");
        }
        let many = vec!["a:1"; SERVERS_MAX + 1].join(",");
        assert_eq!(servers(&format!("memcache://{many}")), None);
        assert_eq!(servers(&format!("memcache://{}", &many[4..])).map(|servers| servers.len()), Some(SERVERS_MAX));
    }

    #[test]
    fn a_url_hides_its_password_unless_asked_for_it() {
        let url = redis("redis://:hunter2@cache:6379").expect("a URL").remove(0);
        assert!(!format!("{url} {url:?}").contains("hunter2") && url.secret().contains("hunter2"));
    }
}
