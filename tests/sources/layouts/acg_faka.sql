CREATE TABLE acg_category (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(255) NOT NULL, sort smallint NOT NULL DEFAULT 0, create_time datetime NOT NULL,
  owner int unsigned NOT NULL DEFAULT 0, icon varchar(255), status tinyint unsigned NOT NULL DEFAULT 1, hide tinyint unsigned NOT NULL DEFAULT 0
) ENGINE=InnoDB;
CREATE TABLE acg_commodity (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, category_id int unsigned NOT NULL, name varchar(255) NOT NULL, description text, cover varchar(255),
  factory_price decimal(10,2) unsigned NOT NULL DEFAULT 0.00, price decimal(10,2) unsigned NOT NULL DEFAULT 0.00,
  user_price decimal(10,2) unsigned NOT NULL DEFAULT 0.00, status tinyint unsigned NOT NULL DEFAULT 0, owner int unsigned NOT NULL DEFAULT 0,
  create_time datetime NOT NULL, code varchar(64) NOT NULL, delivery_way tinyint unsigned NOT NULL DEFAULT 0, delivery_message varchar(255),
  leave_message varchar(255), config text, widget text
) ENGINE=InnoDB;
CREATE TABLE acg_order (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, owner int unsigned NOT NULL DEFAULT 0, trade_no char(22) NOT NULL,
  amount decimal(10,2) unsigned NOT NULL, commodity_id int unsigned NOT NULL, card_id int unsigned, card_num int unsigned NOT NULL, pay_id int unsigned NOT NULL DEFAULT 1,
  create_time datetime NOT NULL, create_ip varchar(64) NOT NULL, create_device tinyint unsigned NOT NULL DEFAULT 0, pay_time datetime, status tinyint unsigned NOT NULL DEFAULT 0,
  secret mediumtext, password varchar(255), contact varchar(64), delivery_status tinyint unsigned NOT NULL DEFAULT 0, pay_url varchar(255), coupon_id int unsigned,
  cost decimal(10,2) unsigned NOT NULL DEFAULT 0.00, widget text
) ENGINE=InnoDB;
CREATE TABLE acg_card (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, owner int unsigned NOT NULL DEFAULT 0, commodity_id int unsigned NOT NULL, draft varchar(255),
  secret varchar(760) NOT NULL, create_time datetime NOT NULL, purchase_time datetime, order_id int unsigned, status tinyint unsigned NOT NULL DEFAULT 0
) ENGINE=InnoDB;
