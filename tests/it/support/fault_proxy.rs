//! A TCP proxy on loopback that does to answers what networks and dying servers do.
//!
//! It stands between Storefind and a real Redis or Memcached. What a client sends passes unharmed; what the server
//! answers suffers the fault that is set at that moment. Everything ends when the proxy is dropped.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::SockRef;

/// How often a thread that waits looks whether it is to end.
const LOOK: Duration = Duration::from_millis(20);

/// What befalls the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Each piece comes so much later.
    Delay(Duration),
    /// Nothing comes any more, and connections stay open.
    Stall,
    /// Connections are reset, old and new ones.
    Reset,
    /// Each connection ends after so many bytes of answers.
    CutAfter(u64),
    /// Bytes come as many as the server sent, but others.
    Garbage,
}

/// See the module.
pub struct FaultProxy {
    address: SocketAddr,
    state: Arc<State>,
    accepting: Option<JoinHandle<()>>,
}

struct State {
    upstream: SocketAddr,
    fault: Mutex<Fault>,
    changed: Condvar,
    ended: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    pumps: Mutex<Vec<JoinHandle<()>>>,
    accepted: AtomicU64,
}

impl FaultProxy {
    /// A proxy before this server, which may come later.
    pub fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let state = Arc::new(State {
            upstream,
            fault: Mutex::new(Fault::None),
            changed: Condvar::new(),
            ended: AtomicBool::new(false),
            open: Mutex::default(),
            pumps: Mutex::default(),
            accepted: AtomicU64::new(0),
        });
        let accepting = std::thread::spawn({
            let state = Arc::clone(&state);
            move || state.accept(&listener)
        });
        Self { address, state, accepting: Some(accepting) }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on this befalls the answers, also those that are held back.
    pub fn set(&self, fault: Fault) {
        *self.state.fault.lock().unwrap() = fault;
        self.state.changed.notify_all();
        if fault == Fault::Reset {
            self.state.close_all();
        }
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> u64 {
        self.state.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        self.state.changed.notify_all();
        // Wakes the accepting thread.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
        self.state.close_all();
        for pump in self.state.pumps.lock().unwrap().drain(..) {
            drop(pump.join());
        }
    }
}

impl State {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.has_ended() {
                return;
            }
            let Ok(client) = client else { continue };
            self.accepted.fetch_add(1, Ordering::Relaxed);
            if self.fault() == Fault::Reset {
                reset(&client);
                continue;
            }
            // A server that is away looks like one that resets.
            match TcpStream::connect(self.upstream) {
                Ok(server) => self.join(client, server),
                Err(_) => reset(&client),
            }
        }
    }

    fn join(self: &Arc<Self>, client: TcpStream, server: TcpStream) {
        for stream in [&client, &server] {
            stream.set_nodelay(true).expect("a socket");
        }
        let (from_client, from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        self.open.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
        let questions = std::thread::spawn(move || pass(from_client, server));
        let state = Arc::clone(self);
        let answers = std::thread::spawn(move || state.harm(from_server, client));
        self.pumps.lock().unwrap().extend([questions, answers]);
    }

    /// Passes answers on as the fault of the moment wants it.
    fn harm(&self, mut server: TcpStream, mut client: TcpStream) {
        let mut buffer = [0; 16 << 10];
        let mut passed = 0;
        while let Ok(read @ 1..) = server.read(&mut buffer) {
            let piece = &mut buffer[..read];
            let fault = self.after_stall();
            match fault {
                Fault::None => {}
                Fault::Delay(delay) => self.wait(delay),
                Fault::Stall | Fault::Reset => break,
                Fault::CutAfter(bytes) if passed + read as u64 > bytes => {
                    let left = usize::try_from(bytes.saturating_sub(passed)).expect("less than was read");
                    drop(client.write_all(&piece[..left]));
                    break;
                }
                Fault::CutAfter(_) => {}
                // Neither protocol begins an answer so, nor has lines of it.
                Fault::Garbage => piece.iter_mut().for_each(|byte| *byte = 0x80 | (*byte ^ 0x55)),
            }
            passed += read as u64;
            if client.write_all(piece).is_err() {
                break;
            }
        }
        for stream in [&server, &client] {
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// The fault of the moment; while that is a stall, waits for another.
    fn after_stall(&self) -> Fault {
        let mut fault = self.fault.lock().unwrap();
        while *fault == Fault::Stall && !self.has_ended() {
            fault = self.changed.wait_timeout(fault, LOOK).unwrap().0;
        }
        *fault
    }

    /// Waits, but not beyond the end.
    fn wait(&self, delay: Duration) {
        let until = Instant::now() + delay;
        while Instant::now() < until && !self.has_ended() {
            std::thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
        }
    }

    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    fn close_all(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            reset(&stream);
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    // Either side may end at any moment.
    drop(std::io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Write));
}

/// Lets the connection end with a reset once its last handle is dropped.
fn reset(stream: &TcpStream) {
    drop(SockRef::from(stream).set_linger(Some(Duration::ZERO)));
}

/// A server that answers with what it is sent.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || pass(stream.try_clone().unwrap(), stream));
        }
    });
    address
}

fn ask(stream: &mut TcpStream, text: &str) -> std::io::Result<String> {
    stream.write_all(text.as_bytes())?;
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn every_fault_is_what_it_says() {
    let proxy = FaultProxy::start(echo());
    let connect = || {
        let stream = TcpStream::connect(proxy.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    };
    let mut stream = connect();
    assert_eq!(ask(&mut stream, "one").unwrap(), "one");
    proxy.set(Fault::Garbage);
    assert_ne!(ask(&mut stream, "two").unwrap(), "two");
    proxy.set(Fault::Delay(Duration::from_millis(50)));
    let began = Instant::now();
    assert_eq!(ask(&mut stream, "three").unwrap(), "three");
    assert!(began.elapsed() >= Duration::from_millis(50));

    proxy.set(Fault::Stall);
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(ask(&mut stream, "four").is_err(), "nothing comes");
    proxy.set(Fault::None);
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut held = [0; 4];
    stream.read_exact(&mut held).unwrap();
    assert_eq!(&held, b"four", "what was held back comes when the stall ends");

    proxy.set(Fault::CutAfter(6));
    let mut cut = connect();
    assert_eq!(ask(&mut cut, "five").unwrap(), "five");
    cut.write_all(b"six").unwrap();
    let mut rest = String::new();
    cut.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "si");

    proxy.set(Fault::Reset);
    assert!(ask(&mut stream, "seven").is_err());
    assert!(ask(&mut connect(), "eight").is_err());
    assert_eq!(proxy.accepted(), 3);
}
