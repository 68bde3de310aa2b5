-- Records that the store refused for good, kept whole so that they can be looked at and written again.
CREATE TABLE gw_dead_letters (
    tenant_id  TEXT   NOT NULL,
    created_ms BIGINT NOT NULL,
    id         TEXT   NOT NULL,
    failed_ms  BIGINT NOT NULL,
    reason     TEXT   NOT NULL,
    record     BYTEA  NOT NULL,
    PRIMARY KEY (tenant_id, created_ms, id)
);
CREATE INDEX gw_dead_letters_failed ON gw_dead_letters (failed_ms, id);
