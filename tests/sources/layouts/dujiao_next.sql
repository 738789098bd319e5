CREATE TABLE categories (
  id bigint PRIMARY KEY, parent_id bigint NOT NULL DEFAULT 0, slug text NOT NULL, name_json json NOT NULL, icon text, sort_order bigint, is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz, deleted_at timestamptz
);
CREATE TABLE site_connections (
  id bigint PRIMARY KEY, name text NOT NULL, base_url text NOT NULL, api_key text, api_secret text, protocol text, status text, last_ping_at timestamptz,
  last_ping_ok boolean, exchange_rate decimal(20,8) DEFAULT 1, price_markup_percent decimal(10,2), auto_sync_price boolean, created_at timestamptz, updated_at timestamptz
);
CREATE TABLE products (
  id bigint PRIMARY KEY, category_id bigint NOT NULL, slug text NOT NULL, title_json json NOT NULL, description_json json, content_json json, instructions_json json,
  price_amount decimal(20,2) NOT NULL DEFAULT 0, cost_price_amount decimal(20,2) NOT NULL DEFAULT 0, fulfillment_type varchar(20) NOT NULL DEFAULT 'auto',
  is_mapped boolean NOT NULL DEFAULT false, is_active boolean DEFAULT true, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz
);
CREATE TABLE product_skus (
  id bigint PRIMARY KEY, product_id bigint NOT NULL, sku_code varchar(64) NOT NULL, spec_values_json json, price_amount decimal(20,2) NOT NULL DEFAULT 0,
  cost_price_amount decimal(20,2) NOT NULL DEFAULT 0, is_active boolean DEFAULT true, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz
);
CREATE TABLE orders (
  id bigint PRIMARY KEY, order_no text NOT NULL, parent_id bigint, user_id bigint NOT NULL DEFAULT 0, guest_email text, guest_password varchar(200), guest_locale varchar(20),
  status text NOT NULL, currency text NOT NULL, total_amount decimal(20,2) NOT NULL DEFAULT 0, refunded_amount decimal(20,2) NOT NULL DEFAULT 0, client_ip varchar(64),
  paid_at timestamptz, canceled_at timestamptz, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz
);
CREATE TABLE order_items (
  id bigint PRIMARY KEY, order_id bigint NOT NULL, product_id bigint NOT NULL, sku_id bigint NOT NULL DEFAULT 0, title_json json NOT NULL, sku_snapshot_json json,
  unit_price decimal(20,2) NOT NULL DEFAULT 0, cost_price decimal(20,2) NOT NULL DEFAULT 0, quantity bigint NOT NULL, total_price decimal(20,2) NOT NULL DEFAULT 0,
  manual_form_submission_json json, fulfillment_type text NOT NULL, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz
);
CREATE TABLE fulfillments (
  id bigint PRIMARY KEY, order_id bigint NOT NULL, type text NOT NULL, status text NOT NULL, payload text, logistics_json json, delivered_by bigint, delivered_at timestamptz,
  created_at timestamptz, updated_at timestamptz, deleted_at timestamptz
);
CREATE TABLE card_secrets (
  id bigint PRIMARY KEY, product_id bigint NOT NULL, sku_id bigint NOT NULL DEFAULT 0, batch_id bigint, secret text NOT NULL, status text NOT NULL, order_id bigint,
  reserved_at timestamptz, used_at timestamptz, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz
);
