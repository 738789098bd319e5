"""What was planted is in the committed samples: counted by slow and obvious pandas, apart from the measures."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kmanalysis.assets import samples_folder
from kmanalysis.standards import default_standards
from kmanalysis.tables import tables
from kmanalysis.times import Month, day_kind

LAST = Month(2026, 10)
STANDARDS = default_standards()


@pytest.fixture(scope="module")
def data():
    frames = {}
    for name, table in tables().items():
        if not (samples_folder() / f"{name}.csv").exists():
            continue
        frame = pd.read_csv(samples_folder() / f"{name}.csv")
        for column, declared in table.columns.items():
            if declared.type in ("timestamp", "date"):
                frame[column] = pd.to_datetime(frame[column])
        if table.event_time:
            frame["month"] = (frame[table.event_time] + pd.Timedelta(hours=8)).dt.strftime("%Y-%m")
        frames[name] = frame
    return frames


@pytest.fixture(scope="module")
def truth():
    return pd.read_csv(samples_folder() / "truth.csv")


def role(truth, slug):
    return truth.loc[truth["slug"] == slug, "supplier_id"].iloc[0]


def rows(frame, **values):
    for column, value in values.items():
        frame = frame[frame[column] == value]
    return frame


def of(frame, supplier, month="2026-10"):
    return frame[(frame["supplier_id"] == supplier) & (frame["month"] == month)]


def seconds(frame, start, end):
    return (frame[end] - frame[start]).dt.total_seconds()


def test_the_truth_names_suppliers_measures_and_months_that_exist(data, truth):
    assert set(truth["supplier_id"].dropna()) <= set(data["suppliers"]["supplier_id"])
    assert set(truth["month"]) <= set(data["orders"]["month"])
    assert set(truth.loc[truth["measure"].str.contains(".", regex=False), "measure"]) <= set(STANDARDS.measures)
    assert len(data["suppliers"]) == 20
    assert sorted(data["orders"]["month"].unique()) == ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]


def test_every_good_is_hot_and_every_core_good_that_is_sold_has_three_to_seven_quotes(data):
    orders, products = data["orders"], data["products"]
    assert orders["sku"].nunique() <= STANDARDS.value("counting.hot_skus")
    quoted = data["quotes"][data["quotes"]["month"] == "2026-10"].groupby("sku")["supplier_id"].nunique()
    core = set(products.loc[products["is_core"], "sku"])
    assert set(quoted[quoted.index.isin(core)].between(3, 7)) == {True}
    assert quoted["G24"] == 1
    assert set(products["sku"]) - set(data["listings"]["sku"]) == {"G25", "G26"}


def test_nothing_wants_for_readings(data):
    per_month = data["stock_snapshots"].groupby(["supplier_id", "month"]).size()
    probes = data["probes"].groupby(["supplier_id", "month"]).size()
    thin = per_month.index.get_level_values(0) == "S14"
    assert per_month[~thin].min() >= 100
    assert probes[probes.index.get_level_values(0) != "S14"].min() >= 100
    snapshots = data["stock_snapshots"].query("supplier_id != 'S14' and scan_ok").sort_values("observed_at")
    gaps = snapshots.groupby(["supplier_id", "sku"])["observed_at"].diff().dropna()
    assert gaps.max() <= pd.Timedelta(seconds=STANDARDS.value("counting.reading_cap"))
    between = data["probes"].query("supplier_id != 'S14'").sort_values("probed_at").groupby("supplier_id")["probed_at"].diff().dropna()
    assert between.max() <= pd.Timedelta(seconds=STANDARDS.value("counting.probe_cap"))


@pytest.mark.parametrize("slug", ["excellent", "excellent_niche"])
def test_the_excellent_suppliers_are_always_there(data, truth, slug):
    supplier = role(truth, slug)
    stock = rows(data["stock_snapshots"], supplier_id=supplier)
    assert stock["quantity"].min() >= 20_000
    assert rows(data["orders"], supplier_id=supplier, failure_cause="stock_out").empty
    tickets = of(data["tickets"], supplier).query("not is_staged")
    assert (seconds(tickets, "opened_at", "first_response_at") <= 600).all()
    assert (seconds(tickets, "opened_at", "resolved_at") <= 7200).all()
    assert of(data["orders"], supplier)["status"].eq("delivered").mean() > 0.98


def test_the_niche_supplier_sells_one_category(data, truth):
    listed = rows(data["listings"], supplier_id=role(truth, "excellent_niche"))
    assert set(data["products"].set_index("sku").loc[listed["sku"], "category"]) == {"ai_tool"}


def test_a_low_price_hides_its_fees(data, truth):
    supplier = role(truth, "hidden_fees")
    bought, fees = of(data["purchases"], supplier), of(data["fees"], supplier)
    assert not fees["is_disclosed"].any()
    assert fees["amount"].sum() / bought["paid_amount"].sum() == pytest.approx(0.23, abs=0.001)
    prices = data["quotes"].query("month == '2026-10'").groupby(["sku", "supplier_id"])["unit_price"].mean().unstack()
    market = prices.drop(columns=supplier).median(axis=1)[prices[supplier].notna()]
    assert ((prices[supplier] / market).dropna() < 0.9).all()


def test_papers_hold_for_all_but_two(data, truth):
    papers = data["documents"]
    at_end = pd.Timestamp("2026-10-31")
    run_out = set(papers.loc[papers["valid_to"] < at_end, "licensee"])
    assert run_out == {role(truth, "expired_licence"), role(truth, "broken_chain")}
    holders = data["products"].groupby("family")["rights_holder"].first()
    listed = data["listings"].merge(data["products"], on="sku")
    broken = set()
    for supplier, family in listed[["supplier_id", "family"]].drop_duplicates().itertuples(index=False):
        party = supplier
        for _ in range(int(STANDARDS.value("counting.authorisation_links"))):
            link = papers[(papers["licensee"] == party) & (papers["scope"] == f"family:{family}") & (papers["kind"] == "ip_authorisation")]
            link = link[(link["valid_to"] >= at_end) & (link["verified_at"] < pd.Timestamp("2026-05-01"))]
            party = link["licensor"].iloc[0] if len(link) else None
            if party in (None, holders[family]):
                break
        if party != holders[family]:
            broken.add(supplier)
    assert broken == {role(truth, "broken_chain"), role(truth, "thin")}
    grey = data["listings"].query("grey_kind.notna() and grey_kind != 'none'")
    assert set(grey["supplier_id"]) == {role(truth, "broken_chain")}
    assert len(grey) == 2


def test_one_runs_dry_on_hot_goods_that_the_platform_still_sells(data, truth):
    supplier = role(truth, "runs_dry")
    stock = of(data["stock_snapshots"], supplier)
    dry = stock[stock["quantity"] == 0]
    assert 0.1 < len(dry) / len(stock) < 0.25
    others = data["orders"][data["orders"]["month"].isin(["2026-07", "2026-08", "2026-09"]) & (data["orders"]["supplier_id"] != supplier)]
    assert set(dry["sku"]) <= set(others["sku"])


def test_orders_fail_after_stock_out_at_one_alone(data, truth):
    rate = data["orders"].query("month == '2026-10'").groupby("supplier_id")["failure_cause"].apply(lambda causes: (causes == "stock_out").mean())
    assert list(rate[rate > 0].index) == [role(truth, "oversold")]
    assert rate.max() == pytest.approx(0.042, abs=0.002)


def test_one_server_is_down_apart_from_the_outage_of_all(data, truth):
    probes = data["probes"].query("month == '2026-10'")
    common = probes["probed_at"].between("2026-10-13 19:00", "2026-10-13 20:00:00")
    assert set(probes.loc[common & ~probes["is_up"], "supplier_id"]) == set(data["suppliers"]["supplier_id"])
    assert not probes.loc[common, "is_up"].any()
    down = probes[~common].groupby("supplier_id")["is_up"].apply(lambda up: (~up).sum())
    assert down.idxmax() == role(truth, "outages")
    assert down.max() >= 4
    assert down.drop(role(truth, "outages")).max() <= 2


def test_one_is_slow_by_night_weekend_and_holiday_alone(data, truth):
    tickets = of(data["tickets"], role(truth, "slow_nights")).query("not is_staged")
    local = tickets["opened_at"] + pd.Timedelta(hours=8)
    is_night = (local.dt.hour >= 22) | (local.dt.hour < 8)
    is_day = ~is_night & (local.dt.date.map(day_kind) == "workday")
    in_time = seconds(tickets, "opened_at", "first_response_at") <= 600
    assert in_time[is_day].mean() >= 0.97
    assert in_time[is_night].mean() <= 0.6
    assert in_time[~is_day].mean() <= 0.6
    assert is_day.sum() >= 10
    assert (~is_day).sum() >= 20


def test_damages_are_paid_by_all_but_one_which_owes_a_known_sum(data, truth):
    failed = data["orders"].query("at_fault == 'supplier'")
    paid = data["compensations"].groupby("order_id")["amount"].sum()
    reshipped = data["tickets"].query("at_fault == 'supplier'").set_index("order_id")["reshipped_at"]
    owing = role(truth, "no_compensation")
    for supplier, orders in failed.groupby("supplier_id"):
        due = (orders["cost_amount"] * (0.1 if supplier != owing else 0.3)).round(2)
        if supplier == owing:
            assert not set(orders["order_id"]) & set(paid.index)
            assert reshipped.loc[orders["order_id"]].isna().all()
            planted = truth.query("measure == 'claims'").set_index("month")["expected"].str.removeprefix("owed:").astype(float)
            assert due.groupby(orders["month"]).sum().round(2).to_dict() == planted.to_dict()
        else:
            share = 2 if supplier == "S20" else 1
            assert np.allclose(paid.loc[orders["order_id"]].to_numpy(), due.to_numpy() * share)
            assert (reshipped.loc[orders["order_id"]].to_numpy() - orders["failed_at"].to_numpy() < np.timedelta64(24, "h")).all()


def test_references_are_confirmed_but_for_the_forged(data, truth):
    confirmed = data["references"].groupby("supplier_id")["outcome"].apply(lambda outcome: (outcome == "confirmed").sum())
    forged, thin = role(truth, "forged_references"), role(truth, "thin")
    assert confirmed[forged] == 5
    assert confirmed[thin] == 0
    assert confirmed.drop([forged, thin]).min() >= 13
    denied = data["references"].query("outcome == 'denied'")
    assert set(denied["supplier_id"]) == {forged}


def test_prices_drift_from_the_planted_day(data, truth):
    supplier = role(truth, "price_drift")
    begins = truth.query("slug == 'price_drift' and expected.str.startswith('drift_begins')")["expected"].iloc[0].split(":")[1]
    assert date.fromisoformat(begins) == date(2026, 8, 15)
    listed = rows(data["listings"], supplier_id=supplier).drop_duplicates("sku").set_index("sku")["cost_price"]
    quotes = rows(data["quotes"], supplier_id=supplier)
    risen = quotes["unit_price"] / quotes["sku"].map(listed) - 1
    local = quotes["quoted_at"] + pd.Timedelta(hours=8)
    assert risen[local < begins].abs().max() < 0.01
    assert risen[local >= "2026-10-20"].min() > 0.09


def test_delivery_slows_from_the_planted_day(data, truth):
    begins = truth.query("slug == 'falling' and expected.str.startswith('drift_begins')")["expected"].iloc[0].split(":")[1]
    orders = rows(data["orders"], supplier_id=role(truth, "falling")).dropna(subset="delivered_at")
    local = orders["ordered_at"] + pd.Timedelta(hours=8)
    waited = seconds(orders, "ordered_at", "delivered_at")
    before, after = waited[local < begins], waited[(local >= begins) & (local < "2026-09-01")]
    assert before.median() == pytest.approx(38, abs=4)
    assert after.median() > 80


def test_the_bad_trial_has_dead_and_repeated_codes(data, truth):
    supplier = role(truth, "bad_trial")
    trial = rows(data["trials"], supplier_id=supplier)["trial_id"].iloc[0]
    checks = rows(data["trial_checks"], trial_id=trial)
    assert checks["outcome"].value_counts().to_dict() == {"valid": 16, "invalid": 4}
    bought = rows(data["purchases"], trial_id=trial)["purchase_id"].iloc[0]
    codes = rows(data["codes"], purchase_id=bought)
    assert len(codes) == 50
    assert len(codes) - codes["code_digest"].nunique() == 3
    earlier = data["codes"][data["codes"]["supplier_id"] != supplier]
    repeated = earlier[earlier["code_digest"].isin(codes["code_digest"])]
    assert list(repeated["supplier_id"]) == ["S19"]
    assert repeated["issued_at"].iloc[0] < codes["issued_at"].min()
    assert repeated["sku"].iloc[0] == codes["sku"].iloc[0]


def test_the_thin_supplier_has_next_to_nothing(data, truth):
    supplier = role(truth, "thin")
    assert len(of(data["orders"], supplier)) < STANDARDS["stability.delivery_time"].minimum_n
    assert rows(data["documents"], licensee=supplier)["verified_at"].isna().all()
    assert rows(data["references"], supplier_id=supplier)["contacted_at"].isna().all()


def test_purchases_of_an_order_come_before_it_and_serve_its_good(data):
    joined = data["orders"].merge(data["purchases"], on="purchase_id", suffixes=("", "_bought"))
    assert len(joined) == len(data["orders"])
    assert (joined["purchased_at"] <= joined["ordered_at"]).all()
    assert (joined["sku"] == joined["sku_bought"]).all()
    mode = data["suppliers"].set_index("supplier_id")["supply_mode"]
    counts = data["orders"].groupby("supplier_id")["purchase_id"].agg(lambda ids: ids.is_unique)
    assert list(counts.index[counts]) == sorted(mode.index[mode == "dropship"])


def test_tiers_are_granted_where_they_are_reached(data):
    month = data["purchases"].groupby(["supplier_id", "month"])[["list_amount", "discount_amount"]].sum()
    reached = month[month["list_amount"] > 50_000].drop(["S17", "S18"])
    assert len(reached) > 60
    assert (reached["discount_amount"] / reached["list_amount"]).round(12).min() >= 0.05
    assert month.loc[["S17", "S18"], "discount_amount"].sum() == 0


def test_secrets_are_digests_and_buyers_come_back(data):
    buyers = data["orders"]["buyer_digest"].dropna()
    assert buyers.str.fullmatch("kd1:[0-9a-f]{32}").all()
    assert data["codes"]["code_digest"].str.fullmatch("kd1:[0-9a-f]{32}").all()
    visits = buyers.value_counts()
    assert (visits > 1).mean() > 0.3
    known = data["orders"].dropna(subset="buyer_digest").groupby("buyer_digest")["sku"].agg(set)
    both, first, second = (known.map(lambda bought, pair=pair: pair <= bought).mean() for pair in ({"G01", "G04"}, {"G01"}, {"G04"}))
    assert both / (first * second) > 1.5


def test_categories_emerge_and_fade(data):
    sold = data["orders"].merge(data["products"][["sku", "category"]], on="sku").groupby(["category", "month"]).size().unstack()
    assert sold.loc["ai_tool"].is_monotonic_increasing
    assert sold.loc["ai_tool"].iloc[-1] > 1.4 * sold.loc["ai_tool"].iloc[0]
    assert sold.loc["software"].iloc[-1] < 0.75 * sold.loc["software"].iloc[0]


def test_what_is_open_at_the_end_is_there(data):
    end = pd.Timestamp(LAST.end)
    orders, tickets = data["orders"], data["tickets"]
    assert (orders["status"] == "pending").sum() == 4
    assert ((orders["ordered_at"] < end) & (orders["delivered_at"] > end)).sum() == 4
    assert tickets["resolved_at"].isna().sum() >= 4
    assert not set(data["needs"]["subject"]) & {"family", "category"}
    assert sorted(orders["status"].unique()) == ["cancelled", "delivered", "failed", "pending", "refunded"]
