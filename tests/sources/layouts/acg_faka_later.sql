ALTER TABLE acg_commodity ADD shared_id int unsigned, ADD shared_code varchar(64), ADD shared_premium float(10,2), ADD stock int unsigned, ADD shared_stock json;
ALTER TABLE acg_order ADD user_id int unsigned NOT NULL DEFAULT 0, ADD rent decimal(10,2) unsigned NOT NULL DEFAULT 0.00, ADD race varchar(32), ADD sku json,
  ADD rebate decimal(10,2) unsigned NOT NULL DEFAULT 0.00, ADD pay_cost decimal(10,2) unsigned NOT NULL DEFAULT 0.00, ADD request_no varchar(64);
ALTER TABLE acg_card ADD note varchar(64), ADD race varchar(32), ADD sku json, ADD cost decimal(10,2) unsigned NOT NULL DEFAULT 0.00;
CREATE TABLE acg_shared (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, type tinyint NOT NULL DEFAULT 0, name varchar(64) NOT NULL, domain varchar(128) NOT NULL, app_id varchar(32) NOT NULL,
  app_key varchar(64) NOT NULL, create_time datetime NOT NULL, balance decimal(14,2) NOT NULL DEFAULT 0.00
) ENGINE=InnoDB;
CREATE TABLE acg_ticket (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, ticket_no varchar(32) NOT NULL, user_id int unsigned NOT NULL DEFAULT 0, title varchar(128), type tinyint NOT NULL DEFAULT 0,
  priority tinyint NOT NULL DEFAULT 0, status tinyint NOT NULL DEFAULT 0, commodity_id int unsigned, order_id int unsigned, order_trade_no varchar(32),
  closed_time datetime, create_time datetime NOT NULL
) ENGINE=InnoDB;
CREATE TABLE acg_ticket_message (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, ticket_id int unsigned NOT NULL, sender_type tinyint NOT NULL, kind tinyint NOT NULL DEFAULT 0, content text,
  create_time datetime NOT NULL
) ENGINE=InnoDB;
