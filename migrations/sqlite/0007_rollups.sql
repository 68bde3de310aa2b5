-- What traces add up to. A row is a pack of cells; those of a tenant, kind and step stand side by side in the order of time,
-- as they are read. What is read seldom comes last.
CREATE TABLE gw_rollups (
    tenant_id TEXT NOT NULL,
    kind      INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    start_ms  INTEGER NOT NULL,
    counts    BLOB NOT NULL,
    latency   BLOB,
    ttfb      BLOB,
    ttft      BLOB,
    overhead  BLOB,
    speed     BLOB,
    PRIMARY KEY (tenant_id, kind, step, start_ms)
) WITHOUT ROWID;

-- What is not in there yet: five minutes of one tenant in one batch of traces. Written with the traces, folded later.
CREATE TABLE gw_rollup_deltas (
    tenant_id TEXT NOT NULL,
    start_ms  INTEGER NOT NULL,
    id        BLOB NOT NULL,
    counts    BLOB NOT NULL,
    api_keys  BLOB NOT NULL,
    latency   BLOB,
    ttfb      BLOB,
    ttft      BLOB,
    overhead  BLOB,
    speed     BLOB,
    PRIMARY KEY (tenant_id, start_ms, id)
) WITHOUT ROWID;

-- Who does what only one may do, and until when.
CREATE TABLE gw_leases (
    name       TEXT NOT NULL PRIMARY KEY,
    holder     INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
);
INSERT INTO gw_leases (name, holder, expires_ms) VALUES ('rollups', 0, 0);

-- Before that instant traces have been removed: rollups cannot be made of them again.
ALTER TABLE gw_tenants ADD COLUMN traces_since_ms INTEGER;
