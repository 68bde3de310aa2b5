-- Traces, by month in UTC. The library makes the partitions ahead; what falls outside them goes to the default one.
-- Every key contains tenant_id, so that the table can be sharded by tenant.
CREATE TABLE gw_traces (
    tenant_id           TEXT COLLATE "C" NOT NULL,
    created_ms          BIGINT NOT NULL,
    id                  UUID NOT NULL,
    ended_ms            BIGINT NOT NULL,
    request_id          TEXT COLLATE "C",
    upstream_request_id TEXT COLLATE "C",
    provider            TEXT COLLATE "C",
    requested_model     TEXT COLLATE "C",
    deployment          TEXT COLLATE "C",
    model               TEXT COLLATE "C",
    endpoint            TEXT COLLATE "C" NOT NULL,
    stream              SMALLINT NOT NULL,
    status_class        SMALLINT NOT NULL,
    status_code         SMALLINT,
    error_code          SMALLINT,
    latency_us          BIGINT NOT NULL,
    ttfb_us             BIGINT,
    ttft_us             BIGINT,
    overhead_us         BIGINT NOT NULL,
    input_uncached      BIGINT,
    cache_read          BIGINT,
    cache_write_5m      BIGINT,
    cache_write_1h      BIGINT,
    audio_in            BIGINT,
    image_in            BIGINT,
    output_text         BIGINT,
    reasoning           BIGINT,
    audio_out           BIGINT,
    image_out           BIGINT,
    usage_source        SMALLINT NOT NULL,
    flags               INTEGER NOT NULL,
    chunk_count         BIGINT,
    cost_pico_usd       BIGINT,
    price_version       TEXT COLLATE "C",
    attempt_count       INTEGER NOT NULL,
    user_id             TEXT COLLATE "C",
    session_id          TEXT COLLATE "C",
    api_key_id          TEXT COLLATE "C",
    metadata            TEXT,
    request             BYTEA,
    response            BYTEA,
    attempts            BYTEA,
    PRIMARY KEY (tenant_id, created_ms, id)
) PARTITION BY RANGE (created_ms);

-- The content is compressed and encrypted before it comes here: trying to compress it again is wasted.
ALTER TABLE gw_traces
    ALTER COLUMN request SET STORAGE EXTERNAL,
    ALTER COLUMN response SET STORAGE EXTERNAL,
    ALTER COLUMN attempts SET STORAGE EXTERNAL;

CREATE INDEX gw_traces_model ON gw_traces (tenant_id, model, created_ms, id);
CREATE INDEX gw_traces_status ON gw_traces (tenant_id, status_class, created_ms, id) WHERE status_class <> 0;
CREATE INDEX gw_traces_request ON gw_traces (tenant_id, request_id, created_ms, id) WHERE request_id IS NOT NULL;
CREATE INDEX gw_traces_user ON gw_traces (tenant_id, user_id, created_ms, id) WHERE user_id IS NOT NULL;
CREATE INDEX gw_traces_session ON gw_traces (tenant_id, session_id, created_ms, id) WHERE session_id IS NOT NULL;

CREATE TABLE gw_traces_default PARTITION OF gw_traces DEFAULT;
