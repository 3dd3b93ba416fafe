//! Question: how much of bare axum's rate does a memory hit over HTTP reach?
//!
//! Corpus: the demo catalog, 5,000 products; one search URL, asked before the clock starts, so that every request is
//! a hit. The bare server is axum's own `serve` in a process of its own, which answers the same bytes with the same
//! headers and encoding. wrk drives both in turns, 64 connections; the figure is the median of the rounds' ratios with
//! their range. Server and generator share the machine's cores.
//!
//! Run: `cargo bench --bench http_hit` (needs Debian's package `wrk`)

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

#[path = "tier_hit/process.rs"]
mod process;

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::routing::get;

use process::{Server, start};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pairs of rounds, and how long each server is driven in one.
const ROUNDS: usize = 15;
const ROUND_SECONDS: u32 = 3;
const CONNECTIONS: u32 = 64;
const PATH: &str = "/v1/demo/search?q=laptop&facets=brand";
const ENCODINGS: [&str; 2] = ["identity", "gzip"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--bare") {
        return bare();
    }
    let data = tempfile::tempdir()?;
    let program = env!("CARGO_BIN_EXE_storefind");
    let mut demo = Command::new(program);
    demo.args(["demo", "--products", "5000", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
    let (_storefind, address) = start(&mut demo)?;
    for encoding in ENCODINGS {
        let answer = settled_answer(&address, encoding)?;
        let mut bare = Command::new(std::env::current_exe()?);
        let (_bare, bare_address) = start_with_input(bare.arg("--bare"), &answer)?;
        let mut ratios = Vec::with_capacity(ROUNDS);
        let (mut hits, mut bares) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            bares.push(drive(&bare_address, encoding)?);
            hits.push(drive(&address, encoding)?);
            ratios.push(hits[hits.len() - 1] / bares[bares.len() - 1]);
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "{encoding}, {} bytes of body: hit {:.0}/s, bare axum {:.0}/s, ratio {:.3} ({:.3}–{:.3})",
            answer.body.len(),
            median(hits),
            median(bares),
            ratios[ROUNDS / 2],
            ratios[0],
            ratios[ROUNDS - 1],
        );
    }
    Ok(())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Requests a second that wrk reaches.
fn drive(address: &str, encoding: &str) -> Result<f64, Box<dyn Error>> {
    let output = Command::new("wrk")
        .args(["-t", "1", "-c", &CONNECTIONS.to_string(), "-d", &format!("{ROUND_SECONDS}s")])
        .args(["-H", &format!("Accept-Encoding: {encoding}"), &format!("http://{address}{PATH}")])
        .output()
        .map_err(|error| format!("wrk (Debian's package wrk): {error}"))?;
    let text = String::from_utf8(output.stdout)?;
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("not every request was answered:\n{text}").into());
    }
    let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    Ok(rate.ok_or("wrk printed no rate")?.trim().parse()?)
}

fn start_with_input(command: &mut Command, answer: &Answer) -> Result<(Server, String), Box<dyn Error>> {
    command.stdin(Stdio::piped());
    let mut server = Server(command.stdout(Stdio::piped()).spawn()?);
    let mut input = server.0.stdin.take().ok_or("no standard input")?;
    input.write_all(&u32::try_from(answer.head.len())?.to_le_bytes())?;
    input.write_all(answer.head.as_bytes())?;
    input.write_all(&answer.body)?;
    drop(input);
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().ok_or("no standard output")?).read_line(&mut line)?;
    Ok((server, line.trim().to_owned()))
}

/// An answer as it went over the wire.
struct Answer {
    head: String,
    body: Vec<u8>,
}

/// Asks until the catalog stands still and the answer is a hit. The log begins with its start event.
fn settled_answer(address: &str, encoding: &str) -> Result<Answer, Box<dyn Error>> {
    for _ in 0..600 {
        let answer = ask(address, encoding)?;
        if answer.head.contains("; hit;") && answer.head.contains("storefind-sequence: 5001\r\n") {
            return Ok(answer);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err("the demo never settled".into())
}

fn ask(address: &str, encoding: &str) -> Result<Answer, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {PATH} HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or("no end of headers")?;
    let body = bytes.split_off(end + 4);
    Ok(Answer { head: String::from_utf8(bytes)?.to_lowercase(), body })
}

/// The bare server: reads an answer from standard input and gives it to everybody.
fn bare() -> Result<(), Box<dyn Error>> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let (length, rest) = input.split_at(4);
    let (head, body) = rest.split_at(u32::from_le_bytes(length.try_into()?) as usize);
    let mut headers = HeaderMap::new();
    for line in std::str::from_utf8(head)?.lines().skip(1) {
        let Some((name, value)) = line.split_once(": ") else { continue };
        // The server writes these itself.
        if !matches!(name, "content-length" | "date" | "connection") {
            headers.append(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
        }
    }
    let body = axum::body::Bytes::copy_from_slice(body);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let answer = move || {
            let (headers, body) = (headers.clone(), body.clone());
            async move { (headers, body) }
        };
        let router = axum::Router::new().route("/v1/{catalog}/search", get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        axum::serve(listener, router).await?;
        Ok(())
    })
}
