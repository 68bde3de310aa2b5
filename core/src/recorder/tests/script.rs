//! A life of three gateways on one store and one spool: one that lives through an outage and is closed, one that is killed,
//! and one that finds what is left. A disk and a store that fail at a given step go with it.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use rustix::io::Errno;
use tempfile::TempDir;

use super::super::{Begin, Draft, Encoder, Owner, Parts, Patience, Recorder, Redaction, Running};
use crate::{
    clock,
    config::{Durability, RecorderConfig},
    crypto::DataKey,
    error::{Error, ErrorCode, Result},
    pricing::PriceBook,
    provider::Endpoint,
    spool::{Spool, disk::Disk},
    store::{
        Store, StoreOptions,
        gate::{Gate, Step, Watch},
    },
    tasks::Background,
    types::{
        request::CallOptions,
        tenant::Capture,
        verify::{InstanceReport, VerifyReport},
    },
};

/// How long anything may take that is not measured.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Requests of each part of the script.
const BEFORE: usize = 3;
const MEANWHILE: usize = 12;
const KILLED: usize = 4;

/// How a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing of it happens.
    Refused,
    /// Half of it is written.
    Short,
    /// It happens, and is said to have failed.
    Late,
    /// From then on nothing works.
    Lasting,
    /// Nothing of it happens, and no answer comes.
    Silent,
    /// It happens, and no answer comes.
    LateSilent,
}

/// Which step fails, and how.
#[derive(Debug)]
pub(super) struct Plan {
    fault: Fault,
    at: u64,
    steps: AtomicU64,
    armed: AtomicBool,
    /// The store is away, whatever the plan says.
    away: AtomicBool,
}

impl Plan {
    pub(super) fn new(fault: Fault, at: u64) -> Arc<Self> {
        let (steps, armed, away) = (AtomicU64::new(0), AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { fault, at, steps, armed, away })
    }

    /// Whether the script was long enough for the fault to happen.
    pub(super) fn has_struck(&self) -> bool {
        self.steps.load(Ordering::SeqCst) > self.at
    }

    /// Whether the store is away.
    pub(super) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn strike(&self) -> Option<Fault> {
        if !self.armed.load(Ordering::SeqCst) {
            return None;
        }
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        (step == self.at || step > self.at && self.fault == Fault::Lasting).then_some(self.fault)
    }

    fn on_disk<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self.strike() {
            None => work(),
            Some(Fault::Late) => work().and(Err(Errno::IO.into())),
            Some(Fault::Lasting) => Err(Errno::IO.into()),
            Some(_) => Err(Errno::NOSPC.into()),
        }
    }
}

/// The file system of this machine.
#[derive(Debug)]
struct Sound;

impl Disk for Sound {}

/// A file system that fails as planned.
#[derive(Debug)]
struct Faulty(Arc<Plan>);

impl Disk for Faulty {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.0.on_disk(|| Sound.create_directory(path))
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        self.0.on_disk(|| Sound.create(path))
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        self.0.on_disk(|| Sound.open(path))
    }

    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        match self.0.strike() {
            None => Sound.write(file, bytes),
            Some(Fault::Short) => Sound.write(file, &bytes[..bytes.len() / 2]).and(Err(Errno::NOSPC.into())),
            Some(Fault::Late) => Sound.write(file, bytes).and(Err(Errno::IO.into())),
            Some(_) => Err(Errno::NOSPC.into()),
        }
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        self.0.on_disk(|| Sound.truncate(file, length))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.0.on_disk(|| Sound.sync_directory(path))
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.0.on_disk(|| Sound.sync(file))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.on_disk(|| Sound.read(path))
    }

    fn read_head(&self, path: &Path, length: usize) -> io::Result<Vec<u8>> {
        self.0.on_disk(|| Sound.read_head(path, length))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        self.0.on_disk(|| Sound.list(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.on_disk(|| Sound.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.on_disk(|| Sound.remove(path))
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.0.on_disk(|| Sound.remove_directory(path))
    }
}

/// A store that fails as planned. A step strikes once: before it happens, or after.
#[derive(Debug)]
struct Unreliable(Arc<Plan>);

impl Watch for Unreliable {
    fn before(&self, _: Step) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            if self.0.away.load(Ordering::SeqCst) {
                return Err(lost());
            }
            match self.0.fault {
                Fault::Late | Fault::LateSilent => Ok(()),
                _ => self.fail().await,
            }
        })
    }

    fn after(&self, _: Step) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            match self.0.fault {
                Fault::Late | Fault::LateSilent => self.fail().await,
                _ => Ok(()),
            }
        })
    }
}

impl Unreliable {
    async fn fail(&self) -> Result<()> {
        match self.0.strike() {
            None => Ok(()),
            Some(Fault::Silent | Fault::LateSilent) => std::future::pending().await,
            Some(_) => Err(lost()),
        }
    }
}

/// What a broken connection and a deadlock are to whoever waits for a statement.
fn lost() -> Error {
    Error::new(ErrorCode::StoreUnavailable, "the connection to the store broke")
}

/// What the script left.
pub(super) struct Outcome {
    pub(super) report: VerifyReport,
    pub(super) closed: InstanceReport,
    /// `None` when nothing of it was written down anywhere.
    pub(super) killed: Option<InstanceReport>,
    /// Everything was in the store before the first one was closed.
    pub(super) flushed: bool,
}

/// Lives through it all. `disk` and `store` say what fails.
pub(super) async fn play(url: &str, disk: &Arc<Plan>, store: &Arc<Plan>) -> Outcome {
    let world = World::of(url, store).await;
    let [first, second] = [(); 2].map(|()| world.open(Arc::new(Faulty(Arc::clone(disk)))));
    let plans = [disk, store];
    plans.iter().for_each(|plan| plan.armed.store(true, Ordering::SeqCst));

    for number in 0..BEFORE {
        first.request(number).await;
    }
    store.set_away(true);
    for number in 0..MEANWHILE {
        first.request(number).await;
    }
    store.set_away(false);
    // What a disk has that answers no more cannot be read back: it waits there for the next gateway.
    let patience = if disk.fault == Fault::Lasting { PATIENCE / 100 } else { PATIENCE };
    let flushed = first.flush(patience).await || patience < PATIENCE;
    let closed = first.close().await;

    let mut open = Vec::new();
    for number in 0..KILLED {
        second.request(number).await;
        open.extend(second.draft());
    }
    let killed = second.kill(open).await;
    // Whoever comes next may fail at it, too, or not even be able to begin.
    if let Ok(spool) = world.spool(Arc::new(Faulty(Arc::clone(disk)))) {
        let third = world.open_on(Some(spool));
        third.has_looked().await;
        third.close().await;
    }
    plans.iter().for_each(|plan| plan.armed.store(false, Ordering::SeqCst));

    let report = world.end().await;
    let of = |instance| report.instances.iter().find(|one| one.instance == instance).cloned();
    Outcome { closed: of(closed).unwrap(), killed: of(killed), flushed, report: report.clone() }
}

/// A store and a spool, on which gateways live.
pub(super) struct World {
    pub(super) store: Store,
    background: Background,
    directory: TempDir,
}

impl World {
    /// `plan` says when the store fails.
    pub(super) async fn of(url: &str, plan: &Arc<Plan>) -> Self {
        let options = StoreOptions {
            url: url.to_owned(),
            migrate: crate::config::Migrate::Auto,
            pool_size: Some(2),
            now: clock::now(),
        };
        let gate = Gate(Some(Arc::new(Unreliable(Arc::clone(plan)))));
        let store = Store::open_behind(gate, &options).await.unwrap();
        let background = Background::start("libgateway").unwrap();
        Self { store, background, directory: tempfile::tempdir().unwrap() }
    }

    /// Brings home what all who lived here have left, and looks whether the books of each hold.
    pub(super) async fn end(self) -> VerifyReport {
        let last = self.open_soundly();
        last.has_looked().await;
        let report = self.verify(&last).await;
        last.close().await;
        self.store.close().await;
        self.background.leave();
        report
    }

    pub(super) async fn verify(&self, life: &Life) -> VerifyReport {
        let (recorder, store) = (life.recorder.clone(), self.store.clone());
        self.background.run(async move { recorder.verify(&store).await }).await.unwrap()
    }

    /// A gateway whose disk does not fail.
    pub(super) fn open_soundly(&self) -> Life {
        self.open(Arc::new(Sound))
    }

    fn spool(&self, disk: Arc<dyn Disk>) -> Result<Spool> {
        Spool::open_on(disk, &self.directory.path().join("spool"), 1 << 30)
    }

    fn open(&self, disk: Arc<dyn Disk>) -> Life {
        self.open_on(Some(self.spool(disk).unwrap()))
    }

    fn open_on(&self, spool: Option<Spool>) -> Life {
        let config = RecorderConfig { flush_ms: 1, batch_rows: 2, ..RecorderConfig::default() };
        let encoder = Encoder::new(Arc::new(PriceBook::new(&[])), Redaction(None)).unwrap();
        let patience = Patience { silent: Duration::from_millis(10), dead: Duration::from_millis(20) };
        let parts = Parts { config, durability: Durability::Sync, spool, encoder, store: self.store.clone(), patience };
        let (recorder, running) = Recorder::start(parts, &self.background);
        let owner = Owner {
            tenant: "acme".parse().unwrap(),
            since: clock::now(),
            data_key: Arc::new(DataKey::generate().unwrap()),
            prices: None,
        };
        Life { recorder, running, owner }
    }
}

/// A gateway, as far as its recorder is.
pub(super) struct Life {
    recorder: Recorder,
    running: Running,
    pub(super) owner: Owner,
}

impl Life {
    fn begin(&self) -> Draft {
        let begin = Begin {
            owner: self.owner.clone(),
            api_key_id: None,
            capture: Capture::Full,
            endpoint: Endpoint::Chat,
            stream: false,
            request: Bytes::from_static(b"{\"model\":\"gpt-4o\",\"messages\":[]}"),
            options: CallOptions::default(),
            started: Instant::now(),
        };
        self.recorder.begin(begin).unwrap()
    }

    /// A request that ends: answered, refused before an upstream was asked, or given up by its caller.
    pub(super) async fn request(&self, number: usize) {
        let draft = self.begin();
        if number % 4 == 3 {
            let refusal = Error::new(ErrorCode::InvalidField, "refused");
            return draft.fail(&refusal).reached().await;
        }
        draft.intend();
        match number % 4 {
            2 => drop(draft),
            _ => draft.complete().reached().await,
        }
    }

    /// A request that does not end.
    pub(super) fn draft(&self) -> Option<Draft> {
        let draft = self.begin();
        draft.intend();
        Some(draft)
    }

    /// Whether everything came into the store.
    pub(super) async fn flush(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if self.recorder.flush(Duration::from_millis(20)).await.is_complete() {
                return true;
            }
        }
        false
    }

    async fn has_looked(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.recorder.stats().recovery.passes == 0 {
            assert!(Instant::now() < deadline, "the spool is not looked through");
            // A counter is all there is to see of it.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(super) async fn close(self) -> u64 {
        self.recorder.close(Instant::now() + Duration::from_millis(200));
        self.running.writing.await.unwrap();
        for task in [self.running.recovery, self.running.books] {
            task.abort();
            drop(task.await);
        }
        self.recorder.stats().instance
    }

    /// Nothing of it runs any more, and nothing was written down. Its requests are still open.
    pub(super) async fn kill(self, open: Vec<Draft>) -> u64 {
        for task in [self.running.writing, self.running.recovery, self.running.books] {
            task.abort();
            drop(task.await);
        }
        let instance = self.recorder.stats().instance;
        drop((self.recorder, open));
        instance
    }
}
