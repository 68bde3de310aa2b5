-- What traces add up to. A row is a pack of cells.
CREATE TABLE gw_rollups (
    tenant_id TEXT COLLATE "C" NOT NULL,
    kind      SMALLINT NOT NULL,
    step      SMALLINT NOT NULL,
    start_ms  BIGINT NOT NULL,
    counts    BYTEA NOT NULL,
    latency   BYTEA,
    ttfb      BYTEA,
    ttft      BYTEA,
    overhead  BYTEA,
    speed     BYTEA,
    PRIMARY KEY (tenant_id, kind, step, start_ms)
);

-- What every question reads stays in the row as long as it fits; the rest is apart, and not worth compressing.
ALTER TABLE gw_rollups
    ALTER COLUMN counts SET STORAGE MAIN,
    ALTER COLUMN latency SET STORAGE MAIN,
    ALTER COLUMN ttfb SET STORAGE EXTERNAL,
    ALTER COLUMN ttft SET STORAGE EXTERNAL,
    ALTER COLUMN overhead SET STORAGE EXTERNAL,
    ALTER COLUMN speed SET STORAGE EXTERNAL;

-- What is not in there yet: five minutes of one tenant in one batch of traces. Written with the traces, folded later.
CREATE TABLE gw_rollup_deltas (
    tenant_id TEXT COLLATE "C" NOT NULL,
    start_ms  BIGINT NOT NULL,
    id        UUID NOT NULL,
    counts    BYTEA NOT NULL,
    api_keys  BYTEA NOT NULL,
    latency   BYTEA,
    ttfb      BYTEA,
    ttft      BYTEA,
    overhead  BYTEA,
    speed     BYTEA,
    PRIMARY KEY (tenant_id, start_ms, id)
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000);

-- Who does what only one may do, and until when.
CREATE TABLE gw_leases (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder     BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);
INSERT INTO gw_leases (name, holder, expires_ms) VALUES ('rollups', 0, 0);

-- Before that instant traces have been removed: rollups cannot be made of them again.
ALTER TABLE gw_tenants ADD COLUMN traces_since_ms BIGINT;
