-- The traces of all tenants in the order of their time, for whoever operates the gateway.
CREATE INDEX gw_traces_time ON gw_traces (created_ms, id);
