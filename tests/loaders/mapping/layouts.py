"""Layouts of the exports that operators have: their headings, with rows of our own below them, and which heading is which canonical column."""

# ruff: noqa: E501 (rows of an export stand on one line)

from __future__ import annotations

from dataclasses import dataclass

Right = dict[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Layout:
    """``right`` names the heading of each canonical column that the file holds, or several of which any is right. What it does not name, the file has not."""

    table: str
    text: str
    right: Right
    suffix: str = ".csv"


LAYOUTS = {
    "alipay, account": Layout(
        "purchases",
        """支付宝交易记录明细查询
账号:[buyer@example.com]
起始日期:[2026-10-01 00:00:00]    终止日期:[2026-11-01 00:00:00]
---------------------------------交易记录明细列表------------------------------------
交易号,商家订单号,交易创建时间,付款时间,最近修改时间,交易来源地,类型,交易对方,商品名称,金额（元）,收/支,交易状态,服务费（元）,成功退款（元）,备注,资金状态
2026100122001400011001\t,P20261001001\t,2026-10-01 09:01:10,2026-10-01 09:01:32,2026-10-01 09:01:33,其他,即时到账交易,杭州点卡商行,Q币 100,95.00,支出,交易成功,0.00,0.00,,已支出
2026100222001400011002\t,P20261002001\t,2026-10-02 10:11:10,2026-10-02 10:11:42,2026-10-02 10:11:43,其他,即时到账交易,成都数卡网络,视频月卡,1225.50,支出,交易成功,0.00,0.00,,已支出
2026100322001400011003\t,P20261003001\t,2026-10-03 11:21:10,2026-10-03 11:21:52,2026-10-03 11:21:53,其他,即时到账交易,杭州点卡商行,Q币 50,47.50,支出,交易成功,0.00,0.00,急,已支出
""",
        {
            "purchase_id": ("交易号", "商家订单号"),
            "supplier_id": "交易对方",
            "sku": "商品名称",
            "purchased_at": ("付款时间", "交易创建时间"),
            "paid_amount": "金额（元）",
        },
    ),
    "alipay, app": Layout(
        "purchases",
        """交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,交易订单号,商家订单号,备注,
2026-10-05 12:00:01,充值缴费,星河卡券,xin***@example.com,游戏点卡批发,支出,500.00,余额宝,交易成功,2026100522001420021001\t,T2001\t,,
2026-10-06 13:00:02,充值缴费,海豚数码,hai***@example.com,会员年卡,支出,1288.00,余额宝,交易成功,2026100622001420021002\t,T2002\t,,
2026-10-07 14:00:03,充值缴费,星河卡券,xin***@example.com,游戏点卡批发,支出,350.50,余额宝,交易成功,2026100722001420021003\t,T2003\t,,
""",
        {
            "purchase_id": ("交易订单号", "商家订单号"),
            "supplier_id": "交易对方",
            "sku": "商品说明",
            "purchased_at": "交易时间",
            "paid_amount": "金额",
        },
    ),
    "wechat pay, account": Layout(
        "purchases",
        """微信支付账单明细,,,,,,,,,,
微信昵称：[数卡采购],,,,,,,,,,
共3笔记录,,,,,,,,,,
----------------------微信支付账单明细列表--------------------,,,,,,,,,,
交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注
2026-10-08 08:15:21,商户消费,卡易购,"Q币 200元",支出,¥190.00,零钱,支付成功,"4200002026100801001","KY1008001","/"
2026-10-09 09:16:22,商户消费,卡易购,"网易点卡",支出,¥28.50,零钱,支付成功,"4200002026100901002","KY1009001","/"
2026-10-10 10:17:23,扫二维码付款,老周,"收款方备注:二维码收款",支出,¥1000.00,招商银行(0001),已转账,"1000039801202610101003","1000039801003","/"
""",
        {
            "purchase_id": ("交易单号", "商户单号"),
            "supplier_id": "交易对方",
            "sku": "商品",
            "purchased_at": "交易时间",
            "paid_amount": "金额(元)",
            "currency": "金额(元)",
        },
    ),
    "wechat pay, merchant": Layout(
        "orders",
        """交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注
`2026-10-01 10:00:01,`wx8888888888888888,`1900000001,`0,`,`4200001001202610010000001,`A20261001001,`oUpF8uMuAJO_M2pxb1Q9zNjWeS61,`JSAPI,`SUCCESS,`OTHERS,`CNY,`9.90,`0.00,`0,`0,`0.00,`0.00,`,`,`Q币10,`,`0.06000,`0.60%,`9.90,`0.00,`
`2026-10-01 11:00:02,`wx8888888888888888,`1900000001,`0,`,`4200001001202610010000002,`A20261001002,`oUpF8uMuAJO_M2pxb1Q9zNjWeS62,`JSAPI,`SUCCESS,`CMB_DEBIT,`CNY,`19.80,`0.00,`0,`0,`0.00,`0.00,`,`,`视频周卡,`,`0.12000,`0.60%,`19.80,`0.00,`
`2026-10-02 12:00:03,`wx8888888888888888,`1900000001,`0,`,`4200001001202610020000003,`A20261002001,`oUpF8uMuAJO_M2pxb1Q9zNjWeS63,`NATIVE,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`5030001,`R1001,`9.90,`0.00,`ORIGINAL,`SUCCESS,`Q币10,`,`-0.06000,`0.60%,`0.00,`9.90,`
""",
        {
            "order_id": "商户订单号",
            "sku": "商品名称",
            "ordered_at": "交易时间",
            "amount": ("订单金额", "应结订单金额"),
            "currency": "货币种类",
            "status": "交易状态",
            "buyer_digest": "用户标识",
        },
    ),
    "jd, shop": Layout(
        "orders",
        """订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,订单状态,订单类型,下单帐号,客户姓名,客户地址,联系电话,订单备注,付款确认时间
290000000001,100001,爱奇艺年卡,1,在线支付,2026-10-03 10:22:33,199.00,199.00,189.00,0.00,199.00,完成,SOP,jd_aaa1,张三,北京朝阳,13800001111,,2026-10-03 10:23:00
290000000002,100002,QQ会员月卡,2,在线支付,2026-10-03 11:22:33,10.00,20.00,19.00,0.00,20.00,完成,SOP,jd_aaa2,李四,上海浦东,13800002222,,2026-10-03 11:23:00
290000000003,100001,爱奇艺年卡,1,在线支付,2026-10-04 12:22:33,199.00,199.00,189.00,0.00,199.00,已取消,SOP,jd_aaa3,王五,广州天河,13800003333,勿电,2026-10-04 12:23:00
""",
        {
            "order_id": "订单号",
            "sku": "商品ID",
            "ordered_at": ("下单时间", "付款确认时间"),
            "quantity": "订购数量",
            "amount": ("订单金额", "应付金额"),
            "status": "订单状态",
            "buyer_digest": ("下单帐号", "联系电话"),
        },
    ),
    "taobao, orders": Layout(
        "orders",
        """订单编号,买家会员名,买家支付宝账号,支付单号,支付详情,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址,运送方式,联系电话,联系手机,订单创建时间,订单付款时间,宝贝标题,宝贝种类,物流单号,物流公司,订单备注,宝贝总数量,店铺Id,店铺名称,订单关闭原因
2100000000000000001,tb_one,one@example.com,2026100122001401,支付宝,30.00,0.00,0,30.00,0,30.00,0,交易成功,,王一,浙江杭州,虚拟物品,,'13800000001,2026-10-01 10:00:00,2026-10-01 10:00:31,Q币30个自动充值,1,,,,1,101,数卡小店,
2100000000000000002,tb_two,two@example.com,2026100122001402,支付宝,95.00,0.00,0,95.00,0,95.00,0,交易成功,快,王二,浙江宁波,虚拟物品,,'13800000002,2026-10-01 11:00:00,2026-10-01 11:00:41,Q币100个自动充值,1,,,,1,101,数卡小店,
2100000000000000003,tb_three,three@example.com,2026100222001403,支付宝,60.00,0.00,0,60.00,0,0.00,0,交易关闭,,王三,江苏南京,虚拟物品,,'13800000003,2026-10-02 12:00:00,,Q币30个自动充值,1,,,,2,101,数卡小店,买家不想要了
""",
        {
            "order_id": "订单编号",
            "sku": "宝贝标题",
            "ordered_at": ("订单付款时间", "订单创建时间"),
            "quantity": "宝贝总数量",
            "amount": ("买家实际支付金额", "总金额"),
            "status": "订单状态",
            "failure_cause": "订单关闭原因",
            "buyer_digest": ("买家会员名", "联系手机"),
        },
    ),
    "taobao, lines": Layout(
        "orders",
        """订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码
2100000000000000001,Q币30个自动充值,30.00,1,QB30,面值:30,,,交易成功,QB30
2100000000000000002,Q币100个自动充值,95.00,1,QB100,面值:100,,,交易成功,QB100
2100000000000000002,视频周卡,9.90,2,VW1,时长:7天,,,交易成功,VW1
""",
        {"order_id": "订单编号", "quantity": "购买数量", "sku": ("商家编码", "外部系统编号"), "status": "订单状态"},
    ),
    "1688, purchases": Layout(
        "purchases",
        """订单编号,买家公司名,买家会员名,卖家公司名,卖家会员名,货品总价(元),运费(元),涨价或折扣(元),实付款(元),订单状态,订单创建时间,订单付款时间,发货方,收货人姓名,收货地址,邮编,联系电话,联系手机,货品标题,单价(元),数量,单位,货号,型号,Offer ID,SKU ID,单品货号,货品种类,买家留言
3300000000000000001,我司,buyer01,义乌点卡批发部,yiwu_dk,900.00,0.00,-10.00,890.00,交易成功,2026-10-01 09:00:00,2026-10-01 09:05:00,卖家,赵六,义乌,322000,,13800000011,Q币100充值卡,90.00,10,张,QB100,,600001,500001,D1,1,
3300000000000000002,我司,buyer01,深圳会员批发,sz_vip,500.00,0.00,0.00,500.00,交易成功,2026-10-02 10:00:00,2026-10-02 10:06:00,卖家,赵六,深圳,518000,,13800000012,视频月卡,10.00,50,张,VM01,,600002,500002,D2,1,
3300000000000000003,我司,buyer01,义乌点卡批发部,yiwu_dk,450.00,0.00,-5.00,445.00,交易成功,2026-10-03 11:00:00,2026-10-03 11:07:00,卖家,赵六,义乌,322000,,13800000013,Q币50充值卡,45.00,10,张,QB50,,600003,500003,D3,1,急
""",
        {
            "purchase_id": "订单编号",
            "supplier_id": ("卖家公司名", "卖家会员名"),
            "sku": ("SKU ID", "单品货号", "货号", "Offer ID"),
            "purchased_at": ("订单付款时间", "订单创建时间"),
            "quantity": "数量",
            "list_amount": "货品总价(元)",
            "discount_amount": "涨价或折扣(元)",
            "paid_amount": "实付款(元)",
        },
    ),
    "cmb, bank": Layout(
        "purchases",
        """# 招商银行交易记录
# 账号: [6225********0001]
# 起始日期: [20261001]   终止日期: [20261031]
交易日期,交易时间,收入,支出,余额,交易类型,交易备注
"\t20261009","\t09:12:01","","1200.00","8800.00","转账汇款","义乌点卡批发部"
"\t20261012","\t10:13:02","","350.00","8450.00","转账汇款","深圳会员批发"
"\t20261015","\t11:14:03","","99.50","8350.50","快捷支付","货款"
""",
        {"purchased_at": "交易日期", "paid_amount": "支出"},
    ),
    "icbc, bank": Layout(
        "purchases",
        """明细查询文件下载
卡号: 6222********0002,,卡别名:
交易日期,摘要,交易场所,交易国家或地区简称,钞/汇,交易金额(收入),交易金额(支出),交易币种,记账金额(收入),记账金额(支出),记账币种,余额,对方户名,对方账户
2026-10-02,转账,网上银行,CHN,钞,,"2,000.00",人民币,,"2,000.00",人民币,"18,000.00",义乌点卡批发部,6222********1111
2026-10-04,转账,网上银行,CHN,钞,,"1,000.00",人民币,,"1,000.00",人民币,"17,000.00",深圳会员批发,6222********2222
2026-10-09,转账,网上银行,CHN,钞,,"500.00",人民币,,"500.00",人民币,"16,500.00",义乌点卡批发部,6222********1111
""",
        {
            "purchased_at": "交易日期",
            "supplier_id": "对方户名",
            "paid_amount": ("交易金额(支出)", "记账金额(支出)"),
            "currency": ("交易币种", "记账币种"),
        },
    ),
    "ccb, company account": Layout(
        "purchases",
        """账号,账户名称,交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,对方账号,对方开户机构,记账日期,摘要,备注,账户明细编号-交易流水号,企业流水号,凭证种类,凭证号
4405000001,我司,20261011 10:20:31,3000.00,0.00,27000.00,人民币元,义乌点卡批发部,6217000001,建行义乌支行,20261011,货款,,1001-44000001,,,
4405000001,我司,20261013 11:21:32,1500.00,0.00,25500.00,人民币元,深圳会员批发,6217000002,建行深圳支行,20261013,货款,,1002-44000002,,,
4405000001,我司,20261020 12:22:33,800.00,0.00,24700.00,人民币元,义乌点卡批发部,6217000001,建行义乌支行,20261020,货款,,1003-44000003,,,
""",
        {
            "purchase_id": "账户明细编号-交易流水号",
            "supplier_id": "对方户名",
            "purchased_at": "交易时间",
            "paid_amount": "借方发生额（支取）",
            "currency": "币种",
        },
    ),
    "shopify, orders": Layout(
        "orders",
        """Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Notes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Id,Tags,Risk Level,Source,Lineitem discount,Phone
#1001,a1@example.com,paid,2026-10-01 10:00:05 +0800,fulfilled,2026-10-01 10:01:00 +0800,no,USD,10.00,0.00,0.00,10.00,,0.00,,2026-10-01 10:00:00 +0800,1,Game card 10,10.00,,GC10,false,false,fulfilled,Ann,,,Card,r1,0.00,Nimbus Cards,5550000000001,,Low,web,0.00,
#1002,a2@example.com,paid,2026-10-01 11:00:05 +0800,fulfilled,2026-10-01 11:02:00 +0800,no,USD,20.00,0.00,0.00,20.00,,0.00,,2026-10-01 11:00:00 +0800,2,Game card 10,10.00,,GC10,false,false,fulfilled,Bob,,,Card,r2,0.00,Nimbus Cards,5550000000002,,Low,web,0.00,
#1003,a3@example.com,refunded,2026-10-02 12:00:05 +0800,unfulfilled,,yes,USD,30.00,0.00,0.00,30.00,,0.00,,2026-10-02 12:00:00 +0800,1,Game card 30,30.00,,GC30,false,false,pending,Cem,,2026-10-03 09:00:00 +0800,Card,r3,30.00,Aurora Keys,5550000000003,,Low,web,0.00,
""",
        {
            "order_id": ("Name", "Id"),
            "supplier_id": "Vendor",
            "sku": "Lineitem sku",
            "ordered_at": "Paid at",
            "delivered_at": "Fulfilled at",
            "quantity": "Lineitem quantity",
            "amount": "Total",
            "currency": "Currency",
            "status": ("Financial Status", "Fulfillment Status"),
            "buyer_digest": "Email",
        },
    ),
    "shopify, products": Layout(
        "products",
        """Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price,Status
game-card-10,Game card 10,<p>ten</p>,Nimbus Cards,Gift Cards,Game card,new,true,Title,Default,GC10,0,100,10.00,12.00,active
game-card-30,Game card 30,<p>thirty</p>,Nimbus Cards,Gift Cards,Game card,,true,Title,Default,GC30,0,80,30.00,33.00,active
video-month,Video month,<p>video</p>,Aurora Keys,Gift Cards,Membership,,true,Title,Default,VM01,0,55,5.00,6.00,active
""",
        {"sku": "Variant SKU", "name": "Title", "category": ("Product Category", "Type"), "brand": "Vendor"},
    ),
    "woocommerce, orders": Layout(
        "orders",
        """Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Company (Billing),Email (Billing),Phone (Billing),Payment Method Title,Cart Discount Amount,Order Subtotal Amount,Order Shipping Amount,Order Refund Amount,Order Total Amount,Order Total Tax Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost,Coupon Code,Discount Amount
7001,Completed,2026-10-01 10:00,,Ann,A,,ann@example.com,,Card,0,10,0,0,10,0,GC10,1,Game card 10,1,10,,0
7002,Completed,2026-10-01 11:30,,Bob,B,,bob@example.com,,Card,0,20,0,0,20,0,GC10,1,Game card 10,2,10,,0
7003,Refunded,2026-10-02 12:45,late,Cem,C,,cem@example.com,,Card,0,30,0,30,30,0,GC30,1,Game card 30,1,30,,0
""",
        {
            "order_id": "Order Number",
            "sku": "SKU",
            "ordered_at": "Order Date",
            "quantity": "Quantity (- Refund)",
            "amount": "Order Total Amount",
            "status": "Order Status",
            "buyer_digest": ("Email (Billing)", "Phone (Billing)"),
        },
    ),
    "woocommerce, products": Layout(
        "products",
        """ID,Type,SKU,Name,Published,Is featured?,Visibility in catalog,Short description,Tax status,In stock?,Stock,Regular price,Sale price,Categories,Tags,Brands
11,simple,GC10,Game card 10,1,0,visible,ten,none,1,100,10,,Game cards,new,Nimbus
12,simple,GC30,Game card 30,1,0,visible,thirty,none,1,80,30,29,Game cards,,Nimbus
13,simple,VM01,Video month,1,1,visible,video,none,1,55,5,,Memberships,,Aurora
""",
        {"sku": "SKU", "name": "Name", "category": "Categories", "brand": "Brands"},
    ),
    "woocommerce, analytics": Layout(
        "orders",
        """Date,Order #,Status,Customer,Customer type,Product(s),Items sold,Coupon(s),N. Revenue,Attribution
2026-10-01 10:00:00,7001,Completed,Ann A,new,1× Game card 10,1,,10,Direct
2026-10-01 11:30:00,7002,Completed,Bob B,new,2× Game card 10,2,,20,Direct
2026-10-02 12:45:00,7003,Refunded,Cem C,returning,1× Game card 30,1,,30,Organic
""",
        {
            "order_id": "Order #",
            "sku": "Product(s)",
            "ordered_at": "Date",
            "quantity": "Items sold",
            "amount": "N. Revenue",
            "status": "Status",
            "buyer_digest": "Customer",
        },
    ),
    "zendesk, tickets": Layout(
        "tickets",
        """Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,Submitter,Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Assigned at,Organization,Due date,Initially assigned at,Solved at,Resolution time,Satisfaction Score,Group stations,Assignee stations,Reopens,Replies,First reply time in minutes,First reply time in minutes within business hours,First resolution time in minutes,Full resolution time in minutes
1,501,Ann,9001,,ann@example.com,example.com,Ann,Kim,Support,Code does not work,code,Solved,Normal,Web,Problem,2026-10-01 10:00,2026-10-01 12:00,2026-10-01 10:01,Nimbus Cards,,2026-10-01 10:01,2026-10-01 11:30,2,Good,1,1,0,2,15,15,90,90
1,502,Bob,9002,,bob@example.com,example.com,Bob,Kim,Support,Not received,late,Solved,High,Mail,Incident,2026-10-02 09:00,2026-10-02 12:00,2026-10-02 09:05,Aurora Keys,,2026-10-02 09:05,2026-10-02 11:00,2,,1,1,0,1,25,25,120,120
1,503,Cem,9003,,cem@example.com,example.com,Cem,Lee,Support,A question,ask,Open,Low,Chat,Question,2026-10-03 14:00,2026-10-03 15:00,2026-10-03 14:02,Nimbus Cards,,2026-10-03 14:02,,,,1,1,0,0,,,,
""",
        {"ticket_id": "Id", "supplier_id": "Organization", "opened_at": "Created at", "resolved_at": "Solved at", "kind": "Ticket type"},
    ),
    "zendesk, explore": Layout(
        "tickets",
        """Ticket ID,Ticket status,Ticket type,Ticket organization name,Ticket created - Timestamp,Ticket solved - Timestamp,Requester name,Assignee name,First reply time (min),Full resolution time (hrs)
501,Solved,Problem,Nimbus Cards,2026-10-01T10:00:00,2026-10-01T11:30:00,Ann,Kim,15,1.5
502,Solved,Incident,Aurora Keys,2026-10-02T09:00:00,2026-10-02T11:00:00,Bob,Kim,25,2
503,Open,Question,Nimbus Cards,2026-10-03T14:00:00,,Cem,Lee,,
""",
        {
            "ticket_id": "Ticket ID",
            "supplier_id": "Ticket organization name",
            "opened_at": "Ticket created - Timestamp",
            "resolved_at": "Ticket solved - Timestamp",
            "kind": "Ticket type",
        },
    ),
    "uptimerobot, logs": Layout(
        "probes",
        """Event,Monitor,Date-Time,Reason,Duration,Duration (in mins.)
Down,Nimbus API,2026-10-03 04:00:10,Connection Timeout,"0 hrs, 12 mins",12
Up,Nimbus API,2026-10-03 04:12:10,OK,"100 hrs, 0 mins",6000
Down,Aurora shop,2026-10-05 08:30:00,HTTP 503,"0 hrs, 3 mins",3
""",
        {"supplier_id": "Monitor", "probed_at": "Date-Time", "is_up": "Event"},
    ),
    "uptimerobot, response times": Layout(
        "probes",
        """Monitor,Date-Time,Status,Response Time (ms)
Nimbus API,2026-10-03 04:00:00,Up,231
Nimbus API,2026-10-03 04:05:00,Up,245
Aurora shop,2026-10-03 04:00:00,Down,0
""",
        {"supplier_id": "Monitor", "probed_at": "Date-Time", "is_up": "Status", "latency_ms": "Response Time (ms)"},
    ),
    "our labels, purchases": Layout(
        "purchases",
        """采购单号,供货商编号,商品编号,测试编号,采购时间,采购数量,实收数量,原价金额,优惠金额,实付金额,币种
P1,S01,K01,,2026-10-01 10:00:00,10,10,100.00,5.00,95.00,CNY
P2,S02,K02,,2026-10-02 10:00:00,20,19,220.00,0.00,220.00,CNY
P3,S01,K01,T1,2026-10-03 10:00:00,5,5,50.00,2.50,47.50,CNY
""",
        {
            "purchase_id": "采购单号",
            "supplier_id": "供货商编号",
            "sku": "商品编号",
            "trial_id": "测试编号",
            "purchased_at": "采购时间",
            "quantity": "采购数量",
            "received_quantity": "实收数量",
            "list_amount": "原价金额",
            "discount_amount": "优惠金额",
            "paid_amount": "实付金额",
            "currency": "币种",
        },
    ),
    "our labels, orders": Layout(
        "orders",
        """订单号,供货商编号,商品编号,采购单号,付款时间,承诺发货时间,发卡时间,发卡时间为上限,失败时间,购买数量,订单金额,成本金额,币种,订单状态,失败原因,责任方,买家摘要
O1,S01,K01,P1,2026-10-01 10:00:00,2026-10-01 10:10:00,2026-10-01 10:00:30,否,,1,10.00,9.50,CNY,已交付,,,kd1:00000000000000000000000000000001
O2,S02,K02,P2,2026-10-01 11:00:00,2026-10-01 11:10:00,,否,2026-10-01 11:05:00,1,11.00,10.50,CNY,失败,缺货,供货商,kd1:00000000000000000000000000000002
O3,S01,K01,P1,2026-10-01 12:00:00,2026-10-01 12:10:00,2026-10-01 12:00:40,否,,2,20.00,19.00,CNY,已交付,,,kd1:00000000000000000000000000000003
""",
        {
            "order_id": "订单号",
            "supplier_id": "供货商编号",
            "sku": "商品编号",
            "purchase_id": "采购单号",
            "ordered_at": "付款时间",
            "promised_at": "承诺发货时间",
            "delivered_at": "发卡时间",
            "delivered_is_upper_bound": "发卡时间为上限",
            "failed_at": "失败时间",
            "quantity": "购买数量",
            "amount": "订单金额",
            "cost_amount": "成本金额",
            "currency": "币种",
            "status": "订单状态",
            "failure_cause": "失败原因",
            "at_fault": "责任方",
            "buyer_digest": "买家摘要",
        },
    ),
    "our labels, tickets in English": Layout(
        "tickets",
        """Ticket ID,Supplier ID,Order ID,Opened at,First human response at,Resolved at,Reshipped at,Kind of ticket,At fault,Staged
T1,S01,O1,2026-10-01 10:00:00Z,2026-10-01 10:05:00Z,2026-10-01 11:00:00Z,,invalid_code,supplier,false
T2,S02,O2,2026-10-02 10:00:00Z,2026-10-02 10:15:00Z,2026-10-02 12:00:00Z,2026-10-02 11:00:00Z,not_delivered,supplier,false
T3,S01,,2026-10-03 10:00:00Z,2026-10-03 10:25:00Z,2026-10-03 10:30:00Z,,question,buyer,true
""",
        {
            "ticket_id": "Ticket ID",
            "supplier_id": "Supplier ID",
            "order_id": "Order ID",
            "opened_at": "Opened at",
            "first_response_at": "First human response at",
            "resolved_at": "Resolved at",
            "reshipped_at": "Reshipped at",
            "kind": "Kind of ticket",
            "at_fault": "At fault",
            "is_staged": "Staged",
        },
    ),
    "pinduoduo, orders": Layout(
        "orders",
        """商品,订单号,订单状态,商品总价(元),邮费(元),店铺优惠折扣(元),平台优惠折扣(元),用户实付金额(元),商家实收金额(元),商品数量(件),发货时间,确认收货时间,商品id,商品规格,样式ID,商家编码-规格维度,商家编码-商品维度,支付方式,支付时间,拼单成功时间,快递单号,售后状态,商家备注
Q币10个,261001-000000000000001,已收货,9.90,0.00,0.00,0.00,9.90,9.90,1,2026-10-01 10:00:40,2026-10-02 10:00:40,700001,10个,800001,QB10,QB,微信,2026-10-01 10:00:01,2026-10-01 10:00:02,,无售后,
Q币30个,261001-000000000000002,已收货,29.90,0.00,1.00,0.00,28.90,28.90,1,2026-10-01 11:00:40,2026-10-02 11:00:40,700001,30个,800002,QB30,QB,支付宝,2026-10-01 11:00:01,2026-10-01 11:00:03,,无售后,
视频周卡,261002-000000000000003,退款成功,9.90,0.00,0.00,0.00,9.90,9.90,2,2026-10-02 12:00:40,,700002,7天,800003,VW1,VW,微信,2026-10-02 12:00:01,2026-10-02 12:00:02,,退款成功,催
""",
        {
            "order_id": "订单号",
            "sku": ("商家编码-规格维度", "商品id", "样式ID"),
            "ordered_at": ("支付时间", "拼单成功时间"),
            "delivered_at": "发货时间",
            "quantity": "商品数量(件)",
            "amount": "用户实付金额(元)",
            "status": "订单状态",
        },
    ),
    "douyin, orders": Layout(
        "orders",
        """主订单编号,子订单编号,选购商品,商品规格,商品数量,商品ID,商家编码,商品单价,订单应付金额,运费,优惠总金额,收件人,收件人手机号,订单提交时间,支付完成时间,承诺发货时间,发货时间,订单完成时间,订单状态,售后状态
6900000000000000001,6900000000000000011,视频月卡,30天,1,3500001,VM01,15.00,15.00,0,0,赵*,*******1111,2026-10-01 10:00:00,2026-10-01 10:00:09,2026-10-03 10:00:00,2026-10-01 10:00:39,2026-10-08 10:00:39,已完成,-
6900000000000000002,6900000000000000012,音乐年卡,365天,1,3500002,MY01,88.00,80.00,0,8,钱*,*******2222,2026-10-01 11:00:00,2026-10-01 11:00:08,2026-10-03 11:00:00,2026-10-01 11:00:38,2026-10-08 11:00:38,已完成,-
6900000000000000003,6900000000000000013,视频月卡,30天,2,3500001,VM01,15.00,30.00,0,0,孙*,*******3333,2026-10-02 12:00:00,2026-10-02 12:00:07,2026-10-04 12:00:00,,,已关闭,退款成功
""",
        {
            "order_id": ("主订单编号", "子订单编号"),
            "sku": ("商品ID", "商家编码"),
            "ordered_at": ("支付完成时间", "订单提交时间"),
            "promised_at": "承诺发货时间",
            "delivered_at": "发货时间",
            "quantity": "商品数量",
            "amount": "订单应付金额",
            "status": "订单状态",
            "buyer_digest": "收件人手机号",
        },
    ),
    "erp, purchase orders": Layout(
        "purchases",
        """采购订单明细表,,,,,,,,,
单据编号,单据日期,供应商编码,供应商名称,物料编码,物料名称,采购数量,入库数量,含税单价,价税合计
CG-202610-0001,2026/10/01,V001,义乌点卡批发部,QB100,Q币100充值卡,10,10,90.00,900.00
CG-202610-0002,2026/10/02,V002,深圳会员批发,VM01,视频月卡,50,50,10.00,500.00
CG-202610-0003,2026/10/03,V001,义乌点卡批发部,QB50,Q币50充值卡,10,9,45.00,450.00
""",
        {
            "purchase_id": "单据编号",
            "supplier_id": "供应商编码",
            "sku": "物料编码",
            "purchased_at": "单据日期",
            "quantity": "采购数量",
            "received_quantity": "入库数量",
            "list_amount": "价税合计",
        },
    ),
    "supplier's quotes": Layout(
        "quotes",
        """供应商,商品编码,商品名称,更新时间,供货价,库存
S01,QB100,Q币100,2026-10-01 09:00:00,90.00,100
S01,VM01,视频月卡,2026-10-01 09:00:00,10.00,50
S02,QB100,Q币100,2026-10-01 09:30:00,91.50,300
""",
        {"supplier_id": "供应商", "sku": "商品编码", "quoted_at": "更新时间", "unit_price": "供货价"},
    ),
    "stock readings": Layout(
        "stock_snapshots",
        """供货商ID,SKU编码,时间,可用库存,采集成功
S01,QB100,2026-10-01 09:00:00,100,1
S01,VM01,2026-10-01 09:00:00,0,1
S02,QB100,2026-10-01 09:30:00,300,1
""",
        {"supplier_id": "供货商ID", "sku": "SKU编码", "observed_at": "时间", "quantity": "可用库存", "scan_ok": "采集成功"},
    ),
    "card stock": Layout(
        "codes",
        """卡密ID,商品编号,供应商编号,卡密,出库时间,订单号,状态
1,QB100,S01,QB-AAAA-0001,2026-10-01 10:00:30,O1,已售
2,QB100,S01,QB-AAAA-0002,2026-10-01 11:00:30,O2,已售
3,VM01,S02,VM-BBBB-0003,2026-10-01 12:00:30,O3,已售
""",
        {"code_id": "卡密ID", "sku": "商品编号", "supplier_id": "供应商编号", "code_digest": "卡密", "issued_at": "出库时间", "order_id": "订单号"},
    ),
    "fees of a platform": Layout(
        "fees",
        """业务流水号,供应商编号,发生时间,费用项目,金额,备注
F1,S01,2026-10-01 10:00:00,restock,5.00,
F2,S02,2026-10-02 10:00:00,api,12.50,月费
F3,S01,2026-10-03 10:00:00,handling,1.00,
""",
        {"fee_id": "业务流水号", "supplier_id": "供应商编号", "charged_at": "发生时间", "kind": "费用项目", "amount": "金额"},
    ),
    "after-sales of a shop": Layout(
        "tickets",
        """退款编号,订单编号,商品标题,退款金额,退款类型,售后类型,退款的申请时间,退款完结时间,退款状态,买家会员名
R1,O1,Q币100,95.00,全额退款,仅退款,2026-10-01 12:00:00,2026-10-01 15:00:00,退款成功,tb_one
R2,O2,视频月卡,10.00,全额退款,仅退款,2026-10-02 12:00:00,2026-10-02 16:00:00,退款成功,tb_two
R3,O3,Q币100,95.00,部分退款,仅退款,2026-10-03 12:00:00,,退款关闭,tb_three
""",
        {"ticket_id": "退款编号", "order_id": "订单编号", "opened_at": "退款的申请时间", "resolved_at": "退款完结时间", "kind": "售后类型"},
    ),
    "licences": Layout(
        "documents",
        """证书编号,资质类型,授权方,被授权方,授权范围,有效期自,有效期至
D1,ip_authorisation,腾讯,S01,brand:QQ,2026-01-01,2026-12-31
D2,business_licence,市场监管局,S01,*,2020-05-01,
D3,ip_authorisation,S01,平台,brand:QQ,2026-02-01,2026-12-31
""",
        {
            "document_id": "证书编号",
            "kind": "资质类型",
            "licensor": "授权方",
            "licensee": "被授权方",
            "scope": "授权范围",
            "valid_from": "有效期自",
            "valid_to": "有效期至",
        },
    ),
    "payments abroad": Layout(
        "purchases",
        """Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,To Email Address,Transaction ID,Item Title,Quantity,Balance
10/13/2026,09:00:01,CST,Nimbus Cards,Express Checkout Payment,Completed,USD,-100.00,0.00,-100.00,us@example.com,nimbus@example.com,5AB00001CD,Game card 10,10,900.00
10/14/2026,10:00:02,CST,Aurora Keys,Express Checkout Payment,Completed,USD,-50.00,0.00,-50.00,us@example.com,aurora@example.com,5AB00002CD,Video month,10,850.00
10/15/2026,11:00:03,CST,Nimbus Cards,Express Checkout Payment,Completed,USD,-30.00,0.00,-30.00,us@example.com,nimbus@example.com,5AB00003CD,Game card 30,1,820.00
""",
        {
            "purchase_id": "Transaction ID",
            "supplier_id": "Name",
            "purchased_at": "Date",
            "quantity": "Quantity",
            "paid_amount": ("Gross", "Net"),
            "currency": "Currency",
        },
    ),
    "suppliers": Layout(
        "suppliers",
        """供应商编号,供应商名称,合作模式,起批金额,预付款,币种,来源渠道,联系人,备注
S01,义乌点卡批发部,代发,100,0,CNY,行业展会,周一,
S02,深圳会员批发,批发,500,1000,CNY,熟人介绍,周二,
S03,成都数卡网络,代理,0,0,CNY,其他,周三,新
""",
        {
            "supplier_id": "供应商编号",
            "name": "供应商名称",
            "supply_mode": "合作模式",
            "min_order": "起批金额",
            "prepayment": "预付款",
            "currency": "币种",
            "channel": "来源渠道",
        },
    ),
    "statement with a title, workbook": Layout(
        "purchases",
        """本期账单明细(人民币),,
交易日期,交易描述,交易金额
2026-10-09,商户 A,5.90
2026-10-12,商户 B,12.00
2026-10-15,商户 A,7.00
""",
        {"purchased_at": "交易日期", "paid_amount": "交易金额"},
        ".xlsx",
    ),
    "youzan, orders": Layout(
        "orders",
        """订单号,订单状态,订单类型,买家付款时间,商品名称,商品编码,商品单价,商品数量,商品实付金额,订单实付金额,收货人/提货人,收货人手机号/提货人手机号,买家备注,交易成功时间,发货时间
E1001,交易完成,普通订单,2026-10-01 10:00:05,视频月卡,VM01,15.00,1,15.00,15.00,赵,13800000001,,2026-10-08 10:00:05,2026-10-01 10:00:35
E1002,交易完成,普通订单,2026-10-01 11:00:05,音乐年卡,MY01,88.00,1,88.00,88.00,钱,13800000002,,2026-10-08 11:00:05,2026-10-01 11:00:35
E1003,交易关闭,普通订单,2026-10-02 12:00:05,视频月卡,VM01,15.00,2,30.00,30.00,孙,13800000003,催,,2026-10-02 12:00:35
""",
        {
            "order_id": "订单号",
            "status": "订单状态",
            "ordered_at": "买家付款时间",
            "sku": ("商品编码", "商品名称"),
            "quantity": "商品数量",
            "amount": ("订单实付金额", "商品实付金额"),
            "buyer_digest": "收货人手机号/提货人手机号",
            "delivered_at": "发货时间",
        },
    ),
    "stripe, payments": Layout(
        "orders",
        """id,Description,Seller Message,Created date (UTC),Amount,Amount Refunded,Currency,Converted Amount,Fee,Status,Customer ID,Customer Email,Captured,Card ID
ch_001,Game card 10,Payment complete.,2026-10-01 10:00,10.00,0.00,usd,10.00,0.59,Paid,cus_1,a@example.com,true,card_1
ch_002,Game card 30,Payment complete.,2026-10-01 11:00,30.00,0.00,usd,30.00,1.17,Paid,cus_2,b@example.com,true,card_2
ch_003,Game card 10,Payment complete.,2026-10-02 12:00,10.00,10.00,usd,10.00,0.59,Refunded,cus_3,c@example.com,true,card_3
""",
        {
            "order_id": "id",
            "sku": "Description",
            "ordered_at": "Created date (UTC)",
            "amount": ("Amount", "Converted Amount"),
            "currency": "Currency",
            "status": "Status",
            "buyer_digest": ("Customer Email", "Customer ID"),
        },
    ),
    "amazon, orders": Layout(
        "orders",
        """amazon-order-id,merchant-order-id,purchase-date,last-updated-date,order-status,fulfillment-channel,sales-channel,product-name,sku,asin,item-status,quantity,currency,item-price,item-tax,shipping-price
111-0000001-0000001,,2026-10-01T10:00:00+00:00,2026-10-02T10:00:00+00:00,Shipped,Amazon,amazon.com,Game card 10,GC10,B000000001,Shipped,1,USD,10.00,0.00,0.00
111-0000002-0000002,,2026-10-01T11:00:00+00:00,2026-10-02T11:00:00+00:00,Shipped,Amazon,amazon.com,Game card 30,GC30,B000000002,Shipped,2,USD,60.00,0.00,0.00
111-0000003-0000003,,2026-10-02T12:00:00+00:00,2026-10-03T12:00:00+00:00,Cancelled,Amazon,amazon.com,Game card 10,GC10,B000000001,Cancelled,1,USD,10.00,0.00,0.00
""",
        {
            "order_id": "amazon-order-id",
            "ordered_at": "purchase-date",
            "status": ("order-status", "item-status"),
            "sku": ("sku", "asin"),
            "quantity": "quantity",
            "currency": "currency",
            "amount": "item-price",
        },
    ),
    "ebay, orders": Layout(
        "orders",
        """Sales Record Number,Order Number,Buyer Username,Buyer Name,Buyer Email,Item Number,Item Title,Custom Label,Quantity,Sold For,Total Price,Sale Date,Paid On Date,Shipped On Date
101,12-00001-00001,u1,Ann,ann@example.com,3500001,Game card 10,GC10,1,$10.00,$10.00,Oct-13-26,Oct-13-26,Oct-13-26
102,12-00002-00002,u2,Bob,bob@example.com,3500002,Game card 30,GC30,1,$30.00,$30.00,Oct-14-26,Oct-14-26,Oct-14-26
103,12-00003-00003,u3,Cem,cem@example.com,3500001,Game card 10,GC10,2,$10.00,$20.00,Oct-15-26,Oct-15-26,
""",
        {
            "order_id": ("Order Number", "Sales Record Number"),
            "buyer_digest": ("Buyer Email", "Buyer Username", "Buyer Name"),
            "sku": ("Custom Label", "Item Number"),
            "quantity": "Quantity",
            "amount": ("Total Price", "Sold For"),
            "currency": ("Total Price", "Sold For"),
            "ordered_at": ("Paid On Date", "Sale Date"),
            "delivered_at": "Shipped On Date",
        },
    ),
    "freshdesk, tickets": Layout(
        "tickets",
        """Ticket ID,Subject,Status,Priority,Source,Type,Agent,Group,Created time,Due by Time,Resolved time,Closed time,Last updated time,Initial response time,Time tracked,First response time (in hrs),Resolution time (in hrs),Full name,Email,Company Name
1,Code invalid,Closed,Low,Email,Problem,Kim,Support,2026-10-01 10:00:00,2026-10-04 10:00:00,2026-10-01 12:00:00,2026-10-01 12:30:00,2026-10-01 12:30:00,2026-10-01 10:20:00,0:10,0.33,2,Ann,ann@example.com,Nimbus
2,Late,Open,High,Portal,Incident,Lee,Support,2026-10-02 10:00:00,2026-10-05 10:00:00,,,2026-10-02 12:30:00,2026-10-02 10:40:00,0:20,0.66,,Bob,bob@example.com,Aurora
3,Ask,Closed,Low,Email,Question,Kim,Support,2026-10-03 10:00:00,2026-10-06 10:00:00,2026-10-03 11:00:00,2026-10-03 12:30:00,2026-10-03 12:30:00,2026-10-03 10:10:00,0:05,0.16,1,Cem,cem@example.com,Nimbus
""",
        {
            "ticket_id": "Ticket ID",
            "opened_at": "Created time",
            "resolved_at": ("Resolved time", "Closed time"),
            "first_response_at": "Initial response time",
            "kind": "Type",
            "supplier_id": "Company Name",
        },
    ),
    "erp, receipts": Layout(
        "purchases",
        """日期,单据编号,供应商,存货编码,存货名称,规格型号,计量单位,应收数量,实收数量,单价,金额,采购订单号,仓库,制单人
2026-10-01,CIN0001,义乌点卡批发部,QB100,Q币100充值卡,,张,10,10,90,900,CG001,主仓,李
2026-10-02,CIN0002,深圳会员批发,VM01,视频月卡,,张,50,49,10,490,CG002,主仓,李
2026-10-03,CIN0003,义乌点卡批发部,QB50,Q币50充值卡,,张,10,10,45,450,CG003,主仓,李
""",
        {
            "purchased_at": "日期",
            "purchase_id": ("采购订单号", "单据编号"),
            "supplier_id": "供应商",
            "sku": "存货编码",
            "quantity": "应收数量",
            "received_quantity": "实收数量",
            "paid_amount": "金额",
        },
    ),
    "card stock with numbers and passwords": Layout(
        "codes",
        """序号,商品名称,卡号,密码,面值,有效期,状态,入库时间,售出时间,订单编号
1,Q币100,AAAA0001,BBBB0001,100,2027-12-31,已售,2026-09-01 10:00:00,2026-10-01 10:00:30,O1
2,Q币100,AAAA0002,BBBB0002,100,2027-12-31,已售,2026-09-01 10:00:00,2026-10-01 11:00:30,O2
3,Q币50,AAAA0003,BBBB0003,50,2027-12-31,已售,2026-09-01 10:00:00,2026-10-02 12:00:30,O3
""",
        {"code_id": "序号", "sku": "商品名称", "code_digest": ("密码", "卡号"), "issued_at": "售出时间", "order_id": "订单编号"},
    ),
    "checks by a script": Layout(
        "probes",
        """check_name,timestamp,status,response_time_ms,probe
Nimbus API,1790000000,up,231,EU1
Nimbus API,1790000300,up,245,EU2
Aurora shop,1790000600,down,0,EU1
""",
        {"supplier_id": "check_name", "probed_at": "timestamp", "is_up": "status", "latency_ms": "response_time_ms"},
    ),
    "price list of a sourcing site": Layout(
        "quotes",
        """日期,货源站,商品编号,商品名,进价(元),零售价(元),库存
2026-10-01,S01,QB100,Q币100,90.00,95.00,100
2026-10-02,S01,VM01,视频月卡,10.00,15.00,50
2026-10-03,S02,QB100,Q币100,91.50,95.00,300
""",
        {"quoted_at": "日期", "supplier_id": "货源站", "sku": ("商品编号", "商品名"), "unit_price": "进价(元)"},
    ),
    "contracts of an office": Layout(
        "contracts",
        """合同编号,合同名称,甲方,乙方,签订日期,生效日期,到期日期,合同金额,状态
HT001,点卡供货合同,我司,义乌点卡批发部,2026-01-01,2026-01-05,2026-12-31,100000,履行中
HT002,会员供货合同,我司,深圳会员批发,2026-02-01,2026-02-05,2026-12-31,50000,履行中
""",
        {"contract_id": "合同编号", "supplier_id": "乙方", "signed_on": "签订日期", "valid_from": "生效日期", "valid_to": "到期日期"},
    ),
}
