-- Names sort by their bytes, as they do in SQLite, whatever the database's own collation is.
ALTER TABLE gw_tenants
    ALTER COLUMN id TYPE TEXT COLLATE "C";
ALTER TABLE gw_providers
    ALTER COLUMN tenant_id TYPE TEXT COLLATE "C",
    ALTER COLUMN name TYPE TEXT COLLATE "C";
ALTER TABLE gw_api_keys
    ALTER COLUMN id TYPE TEXT COLLATE "C",
    ALTER COLUMN tenant_id TYPE TEXT COLLATE "C";
