-- What each opening of a gateway has accepted: it numbers its requests from 1, and every number is a trace, is on its
-- way, or is explained below. `settled`: all up to it are no longer on their way. Traces that were removed later are
-- counted; of months that were dropped as a whole only the end is known.
CREATE TABLE gw_instances (
    id            BIGINT   NOT NULL PRIMARY KEY,
    opened_ms     BIGINT   NOT NULL,
    state         SMALLINT NOT NULL,
    has_spool     SMALLINT NOT NULL,
    accepted      BIGINT   NOT NULL,
    settled       BIGINT   NOT NULL,
    expired       BIGINT   NOT NULL DEFAULT 0,
    erased        BIGINT   NOT NULL DEFAULT 0,
    expired_to_ms BIGINT   NOT NULL DEFAULT 0
);

-- Numbers that never became a trace, and why.
CREATE TABLE gw_gaps (
    instance     BIGINT   NOT NULL,
    first_number BIGINT   NOT NULL,
    reason       SMALLINT NOT NULL,
    last_number  BIGINT   NOT NULL,
    PRIMARY KEY (instance, first_number, reason)
);

-- NULL in traces of older versions.
ALTER TABLE gw_traces ADD COLUMN instance BIGINT;
ALTER TABLE gw_traces ADD COLUMN number BIGINT;
CREATE INDEX gw_traces_instance ON gw_traces (instance, number);
