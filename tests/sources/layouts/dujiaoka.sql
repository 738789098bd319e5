CREATE TABLE goods_group (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, gp_name varchar(200) NOT NULL, is_open tinyint(1) NOT NULL DEFAULT 1, ord int NOT NULL DEFAULT 1,
  created_at timestamp NULL DEFAULT NULL, updated_at timestamp NULL DEFAULT NULL, deleted_at timestamp NULL DEFAULT NULL
) ENGINE=InnoDB;
CREATE TABLE goods (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, group_id int NOT NULL, gd_name varchar(200) NOT NULL, gd_description varchar(200) NOT NULL DEFAULT '',
  gd_keywords varchar(200) NOT NULL DEFAULT '', picture text, retail_price decimal(10,2) DEFAULT 0.00, actual_price decimal(10,2) NOT NULL DEFAULT 0.00,
  in_stock int NOT NULL DEFAULT 0, sales_volume int DEFAULT 0, ord int DEFAULT 1, buy_limit_num int NOT NULL DEFAULT 0, buy_prompt text, description text,
  type tinyint(1) NOT NULL DEFAULT 1, wholesale_price_cnf text, other_ipu_cnf text, api_hook text, is_open tinyint(1) NOT NULL DEFAULT 1,
  created_at timestamp NULL DEFAULT NULL, updated_at timestamp NULL DEFAULT NULL, deleted_at timestamp NULL DEFAULT NULL
) ENGINE=InnoDB;
CREATE TABLE carmis (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY, goods_id int NOT NULL, status tinyint(1) NOT NULL DEFAULT 1, is_loop tinyint(1) NOT NULL DEFAULT 0,
  carmi text NOT NULL, created_at timestamp NULL DEFAULT NULL, updated_at timestamp NULL DEFAULT NULL, deleted_at timestamp NULL DEFAULT NULL,
  KEY idx_goods_id (goods_id)
) ENGINE=InnoDB;
CREATE TABLE orders (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, order_sn varchar(150) NOT NULL, goods_id int NOT NULL, coupon_id int DEFAULT 0, title varchar(200) NOT NULL,
  type tinyint(1) NOT NULL DEFAULT 1, goods_price decimal(10,2) NOT NULL DEFAULT 0.00, buy_amount int NOT NULL DEFAULT 1,
  coupon_discount_price decimal(10,2) NOT NULL DEFAULT 0.00, wholesale_discount_price decimal(10,2) NOT NULL DEFAULT 0.00,
  total_price decimal(10,2) NOT NULL DEFAULT 0.00, actual_price decimal(10,2) NOT NULL DEFAULT 0.00, search_pwd varchar(200) DEFAULT '',
  email varchar(200) NOT NULL, info text, pay_id int DEFAULT NULL, buy_ip varchar(50) NOT NULL, trade_no varchar(200) DEFAULT '', status tinyint(1) NOT NULL DEFAULT 1,
  coupon_ret_back tinyint(1) NOT NULL DEFAULT 0, created_at timestamp NULL DEFAULT NULL, updated_at timestamp NULL DEFAULT NULL,
  deleted_at timestamp NULL DEFAULT NULL, UNIQUE KEY idx_order_sn (order_sn)
) ENGINE=InnoDB;
