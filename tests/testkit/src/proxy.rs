//! A proxy between wallets and their mint that does what networks do: it loses requests and answers,
//! cuts them short, delivers them twice or late. It also kills the wallet at a chosen moment of a
//! request. The programs on both sides are the real ones and know nothing of it.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::Result;
use crate::dice::Dice;
use crate::victim::Victim;

mod message;

use message::Message;

/// How long either side may take before the connection counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The mint never sees it.
    DropRequest,
    /// The mint sees the first half of it, then the connection breaks.
    TruncateRequest,
    /// The mint answers, and the answer is lost.
    DropAnswer,
    /// The wallet gets the first half of the answer, then the connection breaks.
    TruncateAnswer,
    /// The mint gets it twice, one after the other; the wallet gets the first answer.
    TwiceFirst,
    /// The same, and the wallet gets the second answer.
    TwiceSecond,
    /// The mint gets it twice at the same time; the wallet gets one of the answers.
    TwiceAtOnce,
    /// The wallet's connection breaks at once, and the mint gets the request after the next one.
    Late,
    /// The wallet is killed.
    Kill(Moment),
}

impl Fault {
    /// What networks do.
    pub const OF_NETWORKS: [Self; 8] = [
        Self::DropRequest,
        Self::TruncateRequest,
        Self::DropAnswer,
        Self::TruncateAnswer,
        Self::TwiceFirst,
        Self::TwiceSecond,
        Self::TwiceAtOnce,
        Self::Late,
    ];

    /// Returns whether the wallet gets a whole answer all the same.
    #[must_use]
    pub fn is_unnoticed(self) -> bool {
        matches!(
            self,
            Self::TwiceFirst | Self::TwiceSecond | Self::TwiceAtOnce
        )
    }
}

/// When in a request's life the wallet dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It has sent the request; the mint never sees it.
    BeforeMint,
    /// The mint has answered; the wallet has not got the answer.
    AfterMint,
    /// The wallet has just been sent the whole answer.
    AfterAnswer,
}

impl Moment {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BeforeMint, Self::AfterMint, Self::AfterAnswer];
}

/// Which requests meet which faults.
#[derive(Debug)]
enum Plan {
    Script(BTreeMap<usize, Fault>),
    Random(Dice, u64),
}

#[derive(Debug)]
struct State {
    plan: Plan,
    requests: usize,
    faults: usize,
    late: Vec<Message>,
    disagreements: Vec<String>,
    victim: Option<Arc<Victim>>,
    stopped: bool,
}

#[derive(Debug)]
struct Shared {
    mint: SocketAddr,
    state: Mutex<State>,
    victim_is_there: Condvar,
}

/// A running proxy. Dropping it stops it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy of the mint at `http://host:port` that does nothing wrong yet.
    ///
    /// # Errors
    /// When the address is wrong or no port is to be had.
    pub fn start(mint: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            mint: mint.trim_start_matches("http://").parse()?,
            state: Mutex::new(State {
                plan: Plan::Script(BTreeMap::new()),
                requests: 0,
                faults: 0,
                late: Vec::new(),
                disagreements: Vec::new(),
                victim: None,
                stopped: false,
            }),
            victim_is_there: Condvar::new(),
        });
        let for_thread = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || accept(&listener, &for_thread));
        Ok(Self {
            address,
            shared,
            accepting: Some(accepting),
        })
    }

    /// Returns where wallets find the mint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, request number `n` (from 1) meets a fault for each pair of the script.
    pub fn script(&self, script: impl IntoIterator<Item = (usize, Fault)>) {
        self.plan(Plan::Script(script.into_iter().collect()));
    }

    /// From now on, one request in `n` meets one of [`Fault::OF_NETWORKS`].
    pub fn random(&self, dice: Dice, n: u64) {
        self.plan(Plan::Random(dice, n));
    }

    /// From now on there are no faults; what was held back is delivered.
    pub fn calm(&self) {
        self.script([]);
        self.shared.deliver_late();
    }

    fn plan(&self, plan: Plan) {
        let mut state = self.shared.state();
        (state.plan, state.requests, state.faults) = (plan, 0, 0);
    }

    /// Returns how many requests came since the plan was made.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.shared.state().requests
    }

    /// Returns how many of them met a fault.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.shared.state().faults
    }

    /// Every POST that the mint got more than once and answered differently, since the start. There
    /// must be none: nothing else goes on at the mint, and all of them may be repeated.
    #[must_use]
    pub fn disagreements(&self) -> Vec<String> {
        self.shared.state().disagreements.clone()
    }

    /// Runs a command that may be killed by [`Fault::Kill`], and waits for its end.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(&self, command: &mut Command) -> Result<ExitStatus> {
        let victim = Victim::spawn(command)?;
        self.shared.state().victim = Some(Arc::clone(&victim));
        self.shared.victim_is_there.notify_all();
        let status = victim.wait();
        self.shared.state().victim = None;
        status
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.state().stopped = true;
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.state().stopped {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A broken connection, on either side, breaks the wallet's: that is all a network says.
            let _ = shared.serve(&stream);
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one of the wallet's connections until a fault breaks it.
    fn serve(&self, mut stream: &TcpStream) -> Result<()> {
        patient(stream)?;
        let mut reader = BufReader::new(stream);
        while let Some(request) = Message::read(&mut reader)? {
            let fault = self.next_fault();
            let Some(answer) = self.carry(&request, fault)? else {
                return Ok(());
            };
            match fault {
                Some(Fault::TruncateAnswer) => {
                    stream.write_all(&answer.first_half())?;
                    return Ok(());
                }
                Some(Fault::Kill(Moment::AfterAnswer)) => {
                    stream.write_all(&answer.bytes())?;
                    return self.kill();
                }
                Some(_) | None => stream.write_all(&answer.bytes())?,
            }
        }
        Ok(())
    }

    /// Counts a request; gives its fault.
    fn next_fault(&self) -> Option<Fault> {
        let mut state = self.state();
        state.requests += 1;
        let number = state.requests;
        let fault = match &mut state.plan {
            Plan::Script(script) => script.get(&number).copied(),
            Plan::Random(dice, n) => {
                let fault = dice.pick(&Fault::OF_NETWORKS).copied();
                fault.filter(|_| dice.one_in(*n))
            }
        };
        state.faults += usize::from(fault.is_some());
        fault
    }

    /// Takes a request to the mint, or not; gives the answer that the wallet may see.
    fn carry(&self, request: &Message, fault: Option<Fault>) -> Result<Option<Message>> {
        Ok(match fault {
            Some(Fault::DropRequest) => None,
            Some(Fault::TruncateRequest) => {
                self.connect()?.write_all(&request.first_half())?;
                None
            }
            Some(Fault::DropAnswer) => {
                self.ask(request)?;
                None
            }
            Some(Fault::TwiceFirst | Fault::TwiceSecond) => {
                let answers = (self.ask(request)?, self.ask(request)?);
                self.compare(request, &answers.0, &answers.1);
                let first = fault == Some(Fault::TwiceFirst);
                Some(if first { answers.0 } else { answers.1 })
            }
            Some(Fault::TwiceAtOnce) => {
                let (one, other) = std::thread::scope(|scope| {
                    let other = scope.spawn(|| self.ask(request));
                    (self.ask(request), other.join())
                });
                let (one, other) = (one?, other.map_err(|_| "a thread panicked")??);
                self.compare(request, &one, &other);
                Some(one)
            }
            Some(Fault::Late) => {
                self.state().late.push(request.clone());
                None
            }
            Some(Fault::Kill(Moment::BeforeMint)) => {
                self.kill()?;
                None
            }
            Some(Fault::Kill(Moment::AfterMint)) => {
                self.ask(request)?;
                self.kill()?;
                None
            }
            Some(Fault::TruncateAnswer | Fault::Kill(Moment::AfterAnswer)) | None => {
                Some(self.ask(request)?)
            }
        })
    }

    /// Asks the mint, and then brings it what is late.
    fn ask(&self, request: &Message) -> Result<Message> {
        let answer = self.ask_once(request)?;
        self.deliver_late();
        Ok(answer)
    }

    fn ask_once(&self, request: &Message) -> Result<Message> {
        let mut stream = self.connect()?;
        stream.write_all(&request.bytes())?;
        let answer = Message::read(&mut BufReader::new(&stream))?;
        Ok(answer.ok_or("the mint closed the connection without an answer")?)
    }

    fn deliver_late(&self) {
        let late = std::mem::take(&mut self.state().late);
        for request in late {
            // Nobody waits for these answers.
            let _ = self.ask_once(&request);
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.mint)?;
        patient(&stream)?;
        Ok(stream)
    }

    /// Notes two different answers to one POST. (A GET may tell the time.)
    fn compare(&self, request: &Message, one: &Message, other: &Message) {
        let same = one.status() == other.status() && one.body == other.body;
        if !same && request.is_post() {
            let (asked, one, other) = (request.first_line(), one.first_line(), other.first_line());
            let disagreement = format!("{asked}: {one}, and {other}");
            self.state().disagreements.push(disagreement);
        }
    }

    /// Kills the wallet. It may have been started so recently that it is not known yet.
    fn kill(&self) -> Result<()> {
        let waiting = self
            .victim_is_there
            .wait_timeout_while(self.state(), PATIENCE, |state| state.victim.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        let victim = waiting.0.victim.clone();
        drop(waiting);
        victim.ok_or("there is nobody to kill")?.kill()
    }
}

fn patient(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))
}
