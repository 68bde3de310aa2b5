-- By what traces were priced, kept once for all traces of a tenant with the same price; `id` follows from the content.
CREATE TABLE gw_price_rules (
    tenant_id TEXT   NOT NULL,
    id        BIGINT NOT NULL,
    rule      TEXT   NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
ALTER TABLE gw_traces ADD COLUMN price_rule BIGINT;
-- Counts of the provider that no leaf has, as JSON.
ALTER TABLE gw_traces ADD COLUMN usage_extra TEXT;
-- A tenant's own prices, as JSON; NULL where it has none.
ALTER TABLE gw_tenants ADD COLUMN prices TEXT;
