//! Whatever happens in whatever order to gateways on one store and one spool, every request that was accepted is in the
//! store once in the end. The model is as simple as that: it counts what each gateway accepted.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::script::{Fault, Life, PATIENCE, Plan, World};
use crate::{clock, recorder::Draft, store::tests::control::tenant_record, types::retention::Retention};

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A request that ends at once: answered, given up by its caller, or refused before an upstream was asked.
    Request(usize),
    /// A request that goes on.
    Begin,
    /// The oldest request that goes on is answered.
    Answer,
    /// The oldest request that goes on is given up by its caller.
    GiveUp,
    StoreGoesAway,
    StoreComesBack,
    /// All that has ended is in the store, if that is there.
    Flush,
    /// The gateway is closed while requests go on, and another one opened.
    Close,
    /// The gateway is killed, and another one opened.
    Kill,
    /// Another one is opened beside it, which finds what earlier ones left, and is closed.
    Visit,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..4_usize).prop_map(Event::Request),
        4 => Just(Event::Begin),
        3 => Just(Event::Answer),
        1 => Just(Event::GiveUp),
        1 => Just(Event::StoreGoesAway),
        2 => Just(Event::StoreComesBack),
        1 => Just(Event::Flush),
        1 => Just(Event::Close),
        2 => Just(Event::Kill),
        1 => Just(Event::Visit),
    ]
}

/// What is known of a gateway: how many requests it accepted, by its instance.
type Accepted = BTreeMap<u64, u64>;

/// The gateway that lives, and its requests that go on.
struct Present {
    life: Life,
    open: Vec<Draft>,
    accepted: u64,
}

impl Present {
    fn of(world: &World) -> Self {
        Self { life: world.open_soundly(), open: Vec::new(), accepted: 0 }
    }

    /// Its end, and what it had accepted by then. Whoever waits for a request that goes on is gone afterwards.
    async fn end(self, how: Event, past: &mut Accepted) {
        let instance = match how {
            Event::Kill => self.life.kill(self.open).await,
            _ => {
                let instance = self.life.close().await;
                drop(self.open);
                instance
            }
        };
        past.insert(instance, self.accepted);
    }
}

async fn live(url: &str, events: &[Event]) {
    let plan = Plan::new(Fault::Refused, u64::MAX);
    let world = World::of(url, &plan).await;
    let mut past = Accepted::new();
    let mut now = Present::of(&world);
    let mut is_away = false;
    for event in events {
        match event {
            Event::Request(kind) => {
                now.life.request(*kind).await;
                now.accepted += 1;
            }
            Event::Begin => {
                now.open.extend(now.life.draft());
                now.accepted += 1;
            }
            Event::Answer if !now.open.is_empty() => now.open.remove(0).complete().reached().await,
            Event::GiveUp if !now.open.is_empty() => drop(now.open.remove(0)),
            Event::Answer | Event::GiveUp => {}
            Event::StoreGoesAway => is_away = true,
            Event::StoreComesBack => is_away = false,
            Event::Flush if is_away => {}
            Event::Flush => assert!(now.life.flush(PATIENCE).await, "not everything came into the store"),
            Event::Close | Event::Kill => {
                let before = std::mem::replace(&mut now, Present::of(&world));
                before.end(*event, &mut past).await;
            }
            Event::Visit => {
                let visitor = world.open_soundly().close().await;
                past.insert(visitor, 0);
            }
        }
        plan.set_away(is_away);
    }
    now.end(Event::Kill, &mut past).await;
    plan.set_away(false);

    let report = world.end().await;
    assert!(report.holds, "{report:?}");
    for (instance, accepted) in past.into_iter().filter(|(_, accepted)| *accepted > 0) {
        let Some(found) = report.instances.iter().find(|one| one.instance == instance) else {
            panic!("nothing is known of {instance}: {report:?}");
        };
        assert_eq!((found.accepted, found.persisted), (accepted, accepted), "{found:?}");
        assert_eq!((found.missing, found.doubled, found.pending, found.spooled), (0, 0, 0, 0), "{found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_kept_once_whatever_happens(events in proptest::collection::vec(event(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(live("sqlite::memory:", &events));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_retention_removed_does_not_come_back_from_the_spool_of_a_killed_gateway() {
    let world = World::of("sqlite::memory:", &Plan::new(Fault::Refused, u64::MAX)).await;
    let mut acme = tenant_record("acme");
    let life = world.open_soundly();
    acme.tenant.created_at = life.owner.since;
    acme.tenant.retention = Retention { traces: Some(1), ..Retention::default() };
    world.store.create_tenant(&acme).await.unwrap();
    for number in 0..4 {
        life.request(number).await;
    }
    assert!(life.flush(PATIENCE).await);
    // The store's books say how far it has come.
    assert!(world.verify(&life).await.holds);

    let limited = world.store.limited_tenants(Retention::default(), clock::now(), (None, 10)).await.unwrap();
    let cutoff = world.store.cutoff(&limited[0], clock::now()).await.unwrap().unwrap();
    assert_eq!(world.store.trim(&limited[0], cutoff, 100).await.unwrap().traces, 3);
    let instance = life.kill(Vec::new()).await;

    let report = world.end().await;
    let found = report.instances.iter().find(|one| one.instance == instance).unwrap();
    assert_eq!((found.accepted, found.persisted, found.expired, found.missing), (4, 1, 3, 0), "{report:?}");
}
