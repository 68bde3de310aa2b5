-- Traces in the order they were written. `seq` is explicit so that VACUUM keeps it: the bodies refer to it.
CREATE TABLE gw_traces (
    seq                 INTEGER NOT NULL PRIMARY KEY,
    tenant_id           TEXT NOT NULL,
    created_ms          INTEGER NOT NULL,
    id                  BLOB NOT NULL,
    ended_ms            INTEGER NOT NULL,
    request_id          TEXT,
    upstream_request_id TEXT,
    provider            TEXT,
    requested_model     TEXT,
    deployment          TEXT,
    model               TEXT,
    endpoint            TEXT NOT NULL,
    stream              INTEGER NOT NULL,
    status_class        INTEGER NOT NULL,
    status_code         INTEGER,
    error_code          INTEGER,
    latency_us          INTEGER NOT NULL,
    ttfb_us             INTEGER,
    ttft_us             INTEGER,
    overhead_us         INTEGER NOT NULL,
    input_uncached      INTEGER,
    cache_read          INTEGER,
    cache_write_5m      INTEGER,
    cache_write_1h      INTEGER,
    audio_in            INTEGER,
    image_in            INTEGER,
    output_text         INTEGER,
    reasoning           INTEGER,
    audio_out           INTEGER,
    image_out           INTEGER,
    usage_source        INTEGER NOT NULL,
    flags               INTEGER NOT NULL,
    chunk_count         INTEGER,
    cost_pico_usd       INTEGER,
    price_version       TEXT,
    attempt_count       INTEGER NOT NULL,
    user_id             TEXT,
    session_id          TEXT,
    api_key_id          TEXT,
    metadata            TEXT
);

-- Serves both the pages of a tenant and the idempotency of inserts.
CREATE UNIQUE INDEX gw_traces_key ON gw_traces (tenant_id, created_ms, id);
CREATE INDEX gw_traces_model ON gw_traces (tenant_id, model, created_ms, id);
CREATE INDEX gw_traces_status ON gw_traces (tenant_id, status_class, created_ms, id) WHERE status_class <> 0;
CREATE INDEX gw_traces_request ON gw_traces (tenant_id, request_id, created_ms, id) WHERE request_id IS NOT NULL;
CREATE INDEX gw_traces_user ON gw_traces (tenant_id, user_id, created_ms, id) WHERE user_id IS NOT NULL;
CREATE INDEX gw_traces_session ON gw_traces (tenant_id, session_id, created_ms, id) WHERE session_id IS NOT NULL;

-- Encrypted content, apart from the rows so that scans do not read it.
CREATE TABLE gw_trace_bodies (
    seq      INTEGER NOT NULL PRIMARY KEY,
    request  BLOB,
    response BLOB,
    attempts BLOB
);
