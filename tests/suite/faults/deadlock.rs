//! A transaction of the gateway is the one that PostgreSQL gives up to end a deadlock.

use std::time::Duration;

use libgateway_tests::{Backend, TestGateway, checks::eventually, run_within};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};

use crate::outage::Outage;

/// Every trace that is written takes two locks, in this order: the second one, then the first one.
const TRIGGER: &str = "CREATE FUNCTION lock_both() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN PERFORM pg_advisory_xact_lock(2); PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$; \
    CREATE TRIGGER lock_both BEFORE INSERT ON gw_traces FOR EACH ROW EXECUTE FUNCTION lock_both()";
/// Whether the gateway waits for the first lock.
const WAITS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND NOT granted \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
const DEADLOCKS: &str = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";

async fn number(connection: &mut PgConnection, query: &'static str) -> i64 {
    connection.fetch_one(query).await.unwrap().get(0)
}

#[test]
fn a_batch_that_is_given_up_in_a_deadlock_is_written_once() {
    run_within(Duration::from_secs(120), || async {
        let test = TestGateway::open(Backend::Postgres).await;
        let url = test.store().direct_url();
        let mut other = PgConnection::connect(&url).await.unwrap();
        let mut observer = PgConnection::connect(&url).await.unwrap();
        let name: String = observer.fetch_one("SELECT current_database()").await.unwrap().get(0);
        // Whoever has waited that long looks for a deadlock, and gives up when there is one. The other one never looks.
        let patience = format!("ALTER DATABASE {name} SET deadlock_timeout = '3s'");
        observer.execute(AssertSqlSafe(patience)).await.unwrap();
        let mut outage = Outage::before(test).await;

        observer.execute(sqlx::raw_sql(TRIGGER)).await.unwrap();
        other.execute("BEGIN; SET LOCAL deadlock_timeout = '1h'; SELECT pg_advisory_xact_lock(1)").await.unwrap();
        outage.call(5).await;
        let waits = async || number(&mut observer, WAITS).await == 1;
        eventually("the gateway waits for the first lock", waits).await;
        // Comes back when the gateway has given up.
        other.execute("SELECT pg_advisory_xact_lock(2)").await.unwrap();
        outage.is_told("in favour of another").await;
        outage.call(5).await;
        outage.nothing_is_written();
        assert!(outage.test.gateway.stats().store_retries > 0);
        other.execute("ROLLBACK").await.unwrap();
        outage.is_over().await;
        eventually("the server has counted it", async || number(&mut observer, DEADLOCKS).await == 1).await;
    });
}
