//! A gateway before, during and after a fault of its store: the same for every fault.

use std::{collections::BTreeSet, time::Duration};

use libgateway::{HealthStatus, TraceId};
use libgateway_tests::{
    TestGateway,
    checks::{assert_adds_up, assert_traced, eventually, eventually_within},
    hello,
};
use serde_json::Value;

/// How long the way back may take on a busy machine.
pub(crate) const RECOVERY: Duration = Duration::from_secs(60);

pub(crate) struct Outage {
    pub(crate) test: TestGateway,
    ids: BTreeSet<TraceId>,
    /// How many of them are in the store since before the fault.
    before: usize,
}

impl Outage {
    /// A gateway that works. It is opened anew: one that made the tenant would look at its own changes once more, and
    /// forget the tenant.
    pub(crate) async fn before(test: TestGateway) -> Self {
        let mut outage = Self { test: test.reopen().await, ids: BTreeSet::new(), before: 0 };
        outage.call(3).await;
        outage.test.flush().await;
        outage.is_well().await;
        outage
    }

    async fn is_well(&mut self) {
        let well = async || self.test.gateway.health().status == HealthStatus::Ok;
        eventually(&format!("it is well: {:?}", self.test.gateway.health()), well).await;
        self.before = self.ids.len();
    }

    /// Calls whose tenant is in memory: whatever the store does, they are answered.
    pub(crate) async fn call(&mut self, count: usize) {
        for _ in 0..count {
            self.call_with(&hello()).await;
        }
    }

    /// One such call.
    pub(crate) async fn call_with(&mut self, body: &Value) {
        let answer = self.test.chat(body.clone()).await;
        self.ids.insert(answer.expect("an answer, whatever the store does").trace_id);
    }

    /// Health says what is wrong, in words that tell nobody where the store is.
    pub(crate) async fn is_told(&self, words: &str) {
        let told = async || {
            let health = self.test.gateway.health();
            let reasons = health.reasons.concat();
            assert!(!reasons.contains("127.0.0.1"), "{reasons}");
            health.status == HealthStatus::Degraded && reasons.contains(words)
        };
        let stats = self.test.gateway.stats();
        eventually_within(RECOVERY, &format!("health says {words:?}; {stats:?}"), told).await;
    }

    /// Nothing that was called for since the fault began is in the store yet, and nothing is lost.
    pub(crate) fn nothing_is_written(&self) {
        let stats = self.test.gateway.stats();
        let waiting = self.ids.len() - self.before;
        let expected = (self.before as u64, waiting as u64);
        assert_eq!((stats.persisted, stats.pending + stats.spooled), expected, "{stats:?}");
        assert_adds_up(&stats);
    }

    /// The fault is over: each call is traced once, and all is well.
    pub(crate) async fn is_over(&mut self) {
        self.test
            .gateway
            .flush(RECOVERY)
            .await
            .unwrap_or_else(|error| panic!("{error}: {:?}", self.test.gateway.stats()));
        self.call(3).await;
        self.test.flush().await;
        assert_traced(&self.test.acme, &self.ids).await;
        assert_eq!(self.test.upstream.requests().len(), self.ids.len());
        let stats = self.test.gateway.stats();
        assert_eq!((stats.persisted, stats.dead_lettered, stats.dropped.len()), (stats.accepted, 0, 0), "{stats:?}");
        assert_eq!((stats.pending, stats.spooled, stats.store_error), (0, 0, None));
        self.is_well().await;
    }
}
