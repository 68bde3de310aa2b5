-- Tenants, their providers and API keys, and what the processes that share a store tell each other.
-- SQLite gives a BYTEA column numeric affinity, which leaves bytes as they are.

-- Counters. `generation` grows with every control write; its row is also the lock that orders those writes.
CREATE TABLE gw_state (
    key   TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO gw_state (key, value) VALUES ('generation', 0);

-- A value that only the holder of a master key can check; never the key.
CREATE TABLE gw_master_keys (
    version     BIGINT NOT NULL PRIMARY KEY,
    check_value BYTEA  NOT NULL
);

-- A deleted tenant stays as a tombstone without its wrapped key, so that other processes see the deletion.
CREATE TABLE gw_tenants (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT,
    status      TEXT   NOT NULL,
    capture     TEXT,
    concurrency BIGINT,
    key_version BIGINT NOT NULL,
    wrapped_key BYTEA,
    generation  BIGINT NOT NULL,
    created_ms  BIGINT NOT NULL,
    updated_ms  BIGINT NOT NULL,
    deleted_ms  BIGINT
);
CREATE INDEX gw_tenants_generation ON gw_tenants (generation);

CREATE TABLE gw_providers (
    tenant_id  TEXT     NOT NULL,
    name       TEXT     NOT NULL,
    kind       TEXT     NOT NULL,
    settings   TEXT     NOT NULL,
    secret     BYTEA,
    is_default SMALLINT NOT NULL,
    created_ms BIGINT   NOT NULL,
    updated_ms BIGINT   NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

-- An admin key has no tenant. The secret itself is never stored.
CREATE TABLE gw_api_keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    hash         BYTEA  NOT NULL,
    tenant_id    TEXT,
    name         TEXT,
    hint         TEXT   NOT NULL,
    scopes       TEXT   NOT NULL,
    status       TEXT   NOT NULL,
    expires_ms   BIGINT,
    created_ms   BIGINT NOT NULL,
    last_used_ms BIGINT,
    generation   BIGINT NOT NULL
);
CREATE UNIQUE INDEX gw_api_keys_hash ON gw_api_keys (hash);
CREATE INDEX gw_api_keys_tenant ON gw_api_keys (tenant_id, id);
CREATE INDEX gw_api_keys_generation ON gw_api_keys (generation);
