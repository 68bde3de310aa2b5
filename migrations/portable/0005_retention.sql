-- How long a tenant's traces are kept; NULL is what the gateway's configuration says.
ALTER TABLE gw_tenants ADD COLUMN retention_days BIGINT;
ALTER TABLE gw_tenants ADD COLUMN retention_traces BIGINT;
