//! Question: what does a hit in Redis or Memcached take, seen from HTTP, and how much of that is the server's own answer?
//!
//! Corpus: the demo catalog, 5,000 products; 300 pages of 20 (about 7 KB each). Storefind asks its tier always and has the
//! least memory tier that there is, so that most requests go on to the remote one. Each request that the remote tier
//! answered is paired with a GET of the same bytes by the client library, over a connection that is open already. One
//! request at a time; all processes share this machine. The figures are the medians of 15 rounds with their range.
//!
//! Run: `cargo bench --bench tier_hit` (needs Debian's packages `redis-server` and `memcached`)

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

#[path = "tier_hit/process.rs"]
mod process;

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use memcache::exp::AsyncMemcache;
use redis::aio::MultiplexedConnection;
use storefind::cache::key::Key;
use storefind::cache::tier::remote::RemoteKey;

use process::{Server, start};

/// Rounds, and pages asked for in each.
const ROUNDS: usize = 15;
const PAGES: usize = 300;
/// The fewest answers of the remote tier that make a round.
const PAIRS_MIN: usize = 50;
/// A tier may not be given up because a machine is busy.
const DEADLINE: &str = "100ms";

/// Rounds that may come to nothing: the first fills the tier.
const ATTEMPTS_MAX: usize = ROUNDS * 2;
/// What is asked for, in pages of different sizes.
const WORDS: [&str; 15] = [
    "laptop", "phone", "shoe", "shirt", "book", "camera", "desk", "lamp", "bag", "watch", "kettle", "toy", "cream",
    "tent", "cable",
];

type Outcome<T> = Result<T, Box<dyn Error>>;
/// Microseconds of an answer over HTTP and of the bare GET beside it, and the bytes of the value.
type Pair = (f64, f64, usize);

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for tier in ["redis", "memcached"] {
        let (_server, port) = start_tier(tier)?;
        let mut bare = runtime.block_on(Bare::connect(tier, port))?;
        let data = tempfile::tempdir()?;
        let scheme = if tier == "redis" { "redis" } else { "memcache" };
        let mut demo = Command::new(env!("CARGO_BIN_EXE_storefind"));
        demo.args(["demo", "--products", "5000", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
        demo.env(format!("STOREFIND_CACHE__{}__URL", tier.to_uppercase()), format!("{scheme}://127.0.0.1:{port}"));
        demo.env("STOREFIND_CACHE__ADMISSION", "always").env("STOREFIND_CACHE__REMOTE_DEADLINE", DEADLINE);
        demo.env("STOREFIND_CACHE__MEMORY__MAX_BYTES", "1MiB");
        let (_demo, address) = start(&mut demo)?;
        let mut http = Http::connect(&address)?;
        http.settle()?;
        let keys = (0..PAGES).map(|page| http.key(page)).collect::<Outcome<Vec<_>>>()?;
        let mut rounds = Vec::with_capacity(ROUNDS);
        for _ in 0..ATTEMPTS_MAX {
            let pairs = round(tier, &keys, &mut http, |key| runtime.block_on(bare.get(key)))?;
            if pairs.len() >= PAIRS_MIN && rounds.len() < ROUNDS {
                rounds.push(pairs);
            }
        }
        report(tier, &rounds)?;
    }
    Ok(())
}

/// Every page once; a pair for each that the remote tier answered.
fn round(
    tier: &str,
    keys: &[RemoteKey],
    http: &mut Http,
    mut get: impl FnMut(&RemoteKey) -> Outcome<usize>,
) -> Outcome<Vec<Pair>> {
    let mut pairs = Vec::with_capacity(PAGES);
    for (page, key) in keys.iter().enumerate() {
        let began = Instant::now();
        let (head, _) = http.ask(&path(page))?;
        let seen = began.elapsed();
        if head.contains("; hit; ") && head.contains(&format!("detail={tier}")) {
            let began = Instant::now();
            let bytes = get(key)?;
            pairs.push((micros(seen), micros(began.elapsed()), bytes));
        }
    }
    Ok(pairs)
}

fn report(tier: &str, rounds: &[Vec<Pair>]) -> Outcome<()> {
    if rounds.len() < ROUNDS {
        return Err(format!("{} rounds of {ROUNDS}: {tier} answered too seldom", rounds.len()).into());
    }
    let pairs = rounds.iter().map(Vec::len).sum::<usize>();
    let bytes = rounds.iter().flatten().map(|pair| pair.2).sum::<usize>() / pairs;
    let of_rounds = |figure: fn(&Pair) -> f64| {
        let mut medians: Vec<f64> = rounds.iter().map(|pairs| median(pairs.iter().map(figure).collect())).collect();
        medians.sort_by(f64::total_cmp);
        (medians[ROUNDS / 2], medians[0], medians[ROUNDS - 1])
    };
    let (seen, least, most) = of_rounds(|pair| pair.0);
    let (bare, bare_least, bare_most) = of_rounds(|pair| pair.1);
    let (ratio, ratio_least, ratio_most) = of_rounds(|pair| pair.0 / pair.1);
    println!(
        "{tier}, {pairs} pairs, values of {bytes} bytes: HTTP {seen:.0} µs ({least:.0}–{most:.0}), bare GET {bare:.0} µs \
         ({bare_least:.0}–{bare_most:.0}), ratio {ratio:.2} ({ratio_least:.2}–{ratio_most:.2})"
    );
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn path(page: usize) -> String {
    format!("/v1/demo/search?q={}&facets=brand&per_page={}", WORDS[page % WORDS.len()], page / WORDS.len() + 10)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The tier's own client, with a connection that is open.
enum Bare {
    Redis(MultiplexedConnection),
    Memcached(AsyncMemcache),
}

impl Bare {
    async fn connect(tier: &str, port: u16) -> Outcome<Self> {
        if tier == "redis" {
            let client = redis::Client::open(format!("redis://127.0.0.1:{port}"))?;
            return Ok(Self::Redis(client.get_multiplexed_async_connection().await?));
        }
        Ok(Self::Memcached(AsyncMemcache::builder().connect_async([format!("127.0.0.1:{port}")]).await?))
    }

    /// The length of the value under a key.
    async fn get(&mut self, key: &RemoteKey) -> Outcome<usize> {
        let value: Option<Vec<u8>> = match self {
            Self::Redis(connection) => redis::cmd("GET").arg(key.as_str()).query_async(connection).await?,
            Self::Memcached(client) => client.get(key.as_str()).await?,
        };
        Ok(value.ok_or("the tier has lost a value")?.len())
    }
}

/// A connection that is kept.
struct Http(BufReader<TcpStream>);

impl Http {
    fn connect(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Headers, in lower case, and body of an answer.
    fn ask(&mut self, path: &str) -> Outcome<(String, Vec<u8>)> {
        self.0.get_mut().write_all(format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n").as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err("the server closed the connection".into());
            }
        }
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).ok_or("no length")?;
        let mut body = vec![0; length.parse()?];
        self.0.read_exact(&mut body)?;
        if !head.starts_with("http/1.1 200") {
            return Err(format!("{path}: {head}").into());
        }
        Ok((head, body))
    }

    /// Asks until the catalog stands still. The log begins with its start event.
    fn settle(&mut self) -> Outcome<()> {
        for _ in 0..600 {
            if self.ask(&path(0))?.0.contains("storefind-sequence: 5001\r\n") {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err("the demo never settled".into())
    }

    /// The key under which the tier holds a page.
    fn key(&mut self, page: usize) -> Outcome<RemoteKey> {
        let (_, body) = self.ask(&format!("{}&explain=cache", path(page)))?;
        let explained: serde_json::Value = serde_json::from_slice(&body)?;
        let key = explained["explain"]["key"].as_str().ok_or("no key is explained")?;
        Ok(RemoteKey::of("demo", &Key::new(key.to_owned())))
    }
}

/// Starts a server of the tier and waits until it listens.
fn start_tier(tier: &str) -> Outcome<(Server, u16)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let port_text = port.to_string();
    let (program, arguments) = match tier {
        "redis" => ("redis-server", ["--bind", "127.0.0.1", "--port", &*port_text, "--save", "", "--appendonly", "no"]),
        _ => ("memcached", ["-l", "127.0.0.1", "-p", &*port_text, "-U", "0", "-u", "nobody"]),
    };
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let server = Server(command.spawn().map_err(|error| format!("{program} (Debian's package): {error}"))?);
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok((server, port));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!("{program} never listened").into())
}
