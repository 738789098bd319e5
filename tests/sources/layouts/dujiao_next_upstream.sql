CREATE TABLE product_mappings (
  id bigint PRIMARY KEY, connection_id bigint NOT NULL, local_product_id bigint NOT NULL, upstream_product_id bigint NOT NULL, upstream_status varchar(16) NOT NULL DEFAULT 'active',
  is_active boolean NOT NULL DEFAULT true, last_synced_at timestamptz, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz
);
CREATE TABLE sku_mappings (
  id bigint PRIMARY KEY, product_mapping_id bigint NOT NULL, local_sku_id bigint NOT NULL, upstream_sku_id bigint NOT NULL, upstream_price decimal(20,2) NOT NULL DEFAULT 0,
  upstream_stock bigint NOT NULL DEFAULT 0, upstream_is_active boolean NOT NULL DEFAULT true, stock_synced_at timestamptz, created_at timestamptz, updated_at timestamptz,
  deleted_at timestamptz
);
CREATE TABLE procurement_orders (
  id bigint PRIMARY KEY, connection_id bigint NOT NULL, local_order_id bigint NOT NULL, local_order_no varchar(64), upstream_order_no varchar(64), status varchar(20) NOT NULL,
  upstream_amount decimal(20,2) NOT NULL DEFAULT 0, upstream_currency varchar(10) NOT NULL DEFAULT '', local_sell_amount decimal(20,2) NOT NULL DEFAULT 0,
  currency varchar(10) NOT NULL, error_message text, retry_count bigint NOT NULL DEFAULT 0, upstream_payload text, trace_id varchar(64), created_at timestamptz,
  updated_at timestamptz, deleted_at timestamptz
);
CREATE TABLE reconciliation_jobs (
  id bigint PRIMARY KEY, connection_id bigint NOT NULL, type varchar(20) NOT NULL, status varchar(20) NOT NULL, time_range_start timestamptz, time_range_end timestamptz,
  total_count bigint NOT NULL DEFAULT 0, matched_count bigint NOT NULL DEFAULT 0, mismatched_count bigint NOT NULL DEFAULT 0, result_json text,
  started_at timestamptz, finished_at timestamptz, created_at timestamptz, updated_at timestamptz
);
CREATE TABLE reconciliation_items (
  id bigint PRIMARY KEY, job_id bigint NOT NULL, procurement_order_id bigint, local_order_no varchar(64), upstream_order_no varchar(64), local_status varchar(20),
  upstream_status varchar(20), local_amount decimal(20,2) NOT NULL DEFAULT 0, upstream_amount decimal(20,2) NOT NULL DEFAULT 0, mismatch_type varchar(40),
  resolved boolean NOT NULL DEFAULT false, resolved_by bigint, resolved_at timestamptz, remark text, created_at timestamptz
);
