//! A long run in which everything goes wrong now and then, and nothing may add up to anything: every request leaves one
//! trace, and the process does not grow.
//!
//! `make test` makes some thousand requests, beside other tests. `make soak` makes a million, alone in its process, and
//! holds it to its size: their number is in `LIBGATEWAY_TEST_SOAK`.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead as _, BufReader, Lines, Read as _},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use libgateway::{Gateway, NewTenant, ProviderConfig, StatusClass, TenantHandle};
use libgateway_tests::{
    Backend, FreshStore, TENANT,
    alone::resident_kib,
    checks::assert_adds_up,
    config,
    direct::{Direct, LOCK},
    run_within,
};
use serde_json::{Value, json};
use tokio::{runtime::Handle, time::sleep};
use upstream::{BeforeHeaders, Options, Recording, Script, Upstream};

/// Requests where nothing else is said.
const REQUESTS: u64 = 10_000;
/// After each part everything is written, and looked at.
const PARTS: u64 = 20;
const AT_ONCE: u64 = 32;
/// For how long the store is locked.
const MOMENT: Duration = Duration::from_millis(300);
/// The same where there is time for it: longer than any statement waits.
const OUTAGE: Duration = Duration::from_secs(25);
/// Ends all connections to the database but the one that says so.
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
/// What a million requests may leave behind over the second half of them.
const GROWTH_KIB: u64 = 2 << 10;
const PATIENCE: Duration = Duration::from_secs(300);
const TIME: Duration = Duration::from_secs(4 * 3_600);

/// The upstream, in a process of its own: what it needs is none of the gateway's.
struct Upstreams {
    process: Child,
    url: String,
    /// It says more, to nobody.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Upstreams {
    fn start() -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "soak::serves_until_its_input_ends", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| line.unwrap().strip_prefix("serves ").map(str::to_owned)).expect("its URL");
        Self { process, url, _output: lines }
    }
}

impl Drop for Upstreams {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

/// The other process's own work. It is no test, and ignored among them.
#[test]
#[ignore = "the other tests start it"]
fn serves_until_its_input_ends() {
    let upstream = Upstream::start_with(Options::default().recording(Recording::Off)).unwrap();
    let data = json!({"choices": [{"index": 0, "delta": {"content": "x"}}]});
    for script in [
        Script::chat("It saves a hop, a process and a queue. ".repeat(10)).on_model("ok"),
        Script::stream(["one ", "two ", "three"]).on_model("stream"),
        Script::error(400, "no").on_model("bad"),
        Script::error(500, "broken").on_model("failing"),
        Script::no_answer(BeforeHeaders::Reset).on_model("reset"),
        Script::no_answer(BeforeHeaders::Hang).on_model("hang"),
        Script::stream(["a", "b", "c"]).reset_after(300).on_model("cut"),
        Script::sse([data]).hang_after(10_000).on_model("endless"),
    ] {
        upstream.fallback(script);
    }
    println!("serves {}", upstream.url());
    drop(std::io::stdin().read_to_end(&mut Vec::new()));
}

fn body(model: &str) -> Value {
    let content = "How does a gateway that is linked save time? ".repeat(5);
    json!({"model": model, "messages": [{"role": "user", "content": content}]})
}

/// Makes a request, and says how it ended for its caller. Six of eighty do not end well, each in its way.
async fn request(tenant: &TenantHandle, number: u64) -> StatusClass {
    match number % 80 {
        7 => class_of(tenant.chat(body("bad")).await.map(drop)),
        17 => class_of(tenant.chat(body("failing")).await.map(drop)),
        27 => class_of(tenant.chat(body("reset")).await.map(drop)),
        37 => read(tenant, "cut").await,
        47 => {
            let left = tokio::time::timeout(Duration::from_millis(20), tenant.chat(body("hang"))).await;
            assert!(left.is_err(), "a model that hangs answered");
            StatusClass::Cancelled
        }
        57 => {
            let mut stream = tenant.chat_stream(body("endless")).await.expect("a stream");
            stream.next_chunk().await.expect("a piece").expect("a piece");
            StatusClass::Cancelled
        }
        number if number % 8 == 0 => read(tenant, "stream").await,
        _ => class_of(tenant.chat(body("ok")).await.map(drop)),
    }
}

async fn read(tenant: &TenantHandle, model: &str) -> StatusClass {
    let read = async {
        let mut stream = tenant.chat_stream(body(model)).await?;
        while let Some(chunk) = stream.next_chunk().await {
            chunk?;
        }
        Ok(())
    };
    class_of(read.await)
}

fn class_of(result: libgateway::Result<()>) -> StatusClass {
    result.map_or_else(|error| StatusClass::of_error(error.code()), |()| StatusClass::Ok)
}

/// Takes the store away, again and again, until it is over: it is locked for a moment, its connections are cut where it has
/// any. `first` says for how long it is locked at first.
async fn disturb(direct: &mut Direct, over: &AtomicBool, first: Duration) {
    let mut moment = first;
    while !over.load(Ordering::Acquire) {
        direct.execute(LOCK[0], LOCK[1]).await;
        sleep(std::mem::replace(&mut moment, MOMENT)).await;
        direct.execute("ROLLBACK", "ROLLBACK").await;
        direct.execute("", CUT).await;
        sleep(Duration::from_millis(1_200)).await;
    }
}

/// What the process has after a part.
#[derive(Debug)]
struct Sample {
    resident_kib: u64,
    descriptors: usize,
    tasks: usize,
}

impl Sample {
    fn take() -> Self {
        let descriptors = fs::read_dir("/proc/self/fd").expect("what the system knows").count();
        Self { resident_kib: resident_kib(), descriptors, tasks: Handle::current().metrics().num_alive_tasks() }
    }
}

async fn open(store: &FreshStore, url: &str) -> (Gateway, TenantHandle) {
    let mut config = config(store);
    config.recorder.flush_ms = 100;
    // The failures are meant: no provider is to be passed over for them.
    config.breaker.failures = 0;
    let gateway = Gateway::open(config.clone()).await.unwrap();
    let mut provider = ProviderConfig { kind: "openai".into(), api_key: Some("k".into()), ..ProviderConfig::default() };
    provider.settings.base_url = Some(format!("{url}/v1"));
    let tenant = NewTenant { id: Some(TENANT.parse().unwrap()), provider: Some(provider), ..NewTenant::default() };
    gateway.create_tenant(tenant).await.unwrap();
    gateway.close(PATIENCE).await.unwrap();
    // One that made no change forgets nothing; a call that is dropped while its tenant is looked up leaves no trace.
    let gateway = Gateway::open(config).await.unwrap();
    let acme = gateway.tenant(TENANT).unwrap();
    acme.get_provider_for_tenant(None).await.unwrap();
    (gateway, acme)
}

async fn soak(backend: Backend) {
    let given = env::var("LIBGATEWAY_TEST_SOAK").ok().map(|number| number.parse::<u64>().expect("a number"));
    let requests = given.unwrap_or(REQUESTS);
    let (store, upstreams) = (backend.fresh(), Upstreams::start());
    let (gateway, acme) = open(&store, &upstreams.url).await;
    let (begun, mut direct) = (Instant::now(), Direct::to(&store).await);
    let (next, mut seen, mut samples) = (AtomicU64::new(0), BTreeMap::new(), Vec::new());
    for part in 1..=PARTS {
        let (end, over) = (requests * part / PARTS, AtomicBool::new(false));
        let worker = || async {
            let mut classes = BTreeMap::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return classes;
                }
                *classes.entry(request(&acme, number).await).or_insert(0_u64) += 1;
            }
        };
        let work = async {
            let done = join_all((0..AT_ONCE).map(|_| worker())).await;
            over.store(true, Ordering::Release);
            done
        };
        let first = if given.is_some() && part % 7 == 3 { OUTAGE } else { MOMENT };
        let (done, ()) = tokio::join!(work, disturb(&mut direct, &over, first));
        next.store(end, Ordering::Relaxed);
        for (class, count) in done.into_iter().flatten() {
            *seen.entry(class).or_insert(0) += count;
        }
        gateway.flush(PATIENCE).await.unwrap();
        samples.push(Sample::take());
        report(&gateway, begun, samples.last().expect("a sample"));
    }

    let stats = gateway.stats();
    assert_adds_up(&stats);
    assert_eq!(seen.values().sum::<u64>(), requests);
    assert_eq!(stats.by_class, seen, "as the callers saw it");
    assert_eq!((stats.accepted, stats.persisted, stats.in_flight, stats.dropped.len()), (requests, requests, 0, 0));
    assert!(stats.store_error.is_none() && stats.spool_error.is_none(), "{stats:?}");
    assert!(stats.store_retries > 0 || given.is_none() && backend == Backend::Sqlite, "the store was never away");
    let verified = gateway.verify().await.unwrap();
    assert!(verified.holds, "{verified:?}");
    gateway.close(PATIENCE).await.unwrap();
    for count in ["count(*)", "count(DISTINCT id)"] {
        let query = format!("SELECT {count} FROM gw_traces");
        assert_eq!(direct.number(&query, &query).await, requests as i64, "{count}");
    }
    if given.is_some() {
        flat(&samples);
    }
}

fn report(gateway: &Gateway, begun: Instant, sample: &Sample) {
    let (stats, Sample { resident_kib, descriptors, tasks }) = (gateway.stats(), sample);
    println!(
        "{:>9} requests after {:>5} s: {:>7.1} MiB resident, {descriptors} descriptors, {tasks} tasks; the store was away for {} tries",
        stats.accepted,
        begun.elapsed().as_secs(),
        *resident_kib as f64 / 1024.0,
        stats.store_retries,
    );
}

/// The middle one of three: at a single moment the allocator may hold more, or less.
fn resident(samples: &[Sample]) -> u64 {
    let mut sizes: Vec<_> = samples.iter().map(|sample| sample.resident_kib).collect();
    sizes.sort_unstable();
    sizes[1]
}

/// Over the second half nothing has grown.
fn flat(samples: &[Sample]) {
    let (half, end) = (&samples[samples.len() / 2 - 1], &samples[samples.len() - 1]);
    let grown =
        resident(&samples[samples.len() - 3..]).saturating_sub(resident(&samples[samples.len() / 2 - 2..][..3]));
    println!("grown by {grown} KiB over the second half; at most {GROWTH_KIB} are promised");
    assert!(grown <= GROWTH_KIB, "{samples:?}");
    // Each connection in the pool has a descriptor and a task, and there are as many as there were calls at once.
    let room = AT_ONCE as usize;
    assert!(end.descriptors <= half.descriptors + room && end.tasks <= half.tasks + room, "{samples:?}");
}

#[test]
fn a_long_run_loses_nothing_and_leaves_nothing_behind_on_sqlite() {
    run_within(TIME, || soak(Backend::Sqlite));
}

#[test]
fn a_long_run_loses_nothing_and_leaves_nothing_behind_on_postgres() {
    run_within(TIME, || soak(Backend::Postgres));
}
