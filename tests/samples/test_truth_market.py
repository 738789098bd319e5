"""The market finds what was planted: which category emerges, which fades, and nothing else."""

import pandas as pd
import pytest

from kmanalysis.assets import samples_folder
from kmanalysis.opening import open_workbook
from kmanalysis.samples import make_samples
from kmanalysis.samples.goods import GROWTH
from kmanalysis.steps.market.assortment import fading, gaps
from kmanalysis.steps.market.demand import known_buyers, pairs
from kmanalysis.steps.market.trends import category_trends, sku_trends


@pytest.fixture(scope="module")
def workbook(samples):
    return samples


@pytest.fixture(scope="module")
def truth():
    return pd.read_csv(samples_folder() / "truth.csv")


def planted(truth):
    told = truth[(truth["slug"] == "market") & (truth["measure"] == "category")]["expected"].str.split(":", expand=True)
    return dict(zip(told[1], told[0], strict=True))


def test_the_categories_that_move_are_the_planted_ones(workbook, truth):
    found = category_trends(workbook).set_index("category")
    moving = found[found["status"].isin(["emerging", "fading"])]
    assert moving["status"].to_dict() == planted(truth)
    assert set(found["status"].drop(moving.index)) == {"steady", "unproven"}
    # 10 % more and 10 % less a month were planted: the intervals hold both.
    for category, growth in (("ai_tool", 0.10), ("software", -0.10)):
        assert found.loc[category, "lower"] <= growth <= found.loc[category, "upper"]


def test_no_sku_moves_that_is_not_of_such_a_category(workbook, truth):
    found = sku_trends(workbook)
    moving = found[found["status"].isin(["emerging", "fading"])]
    assert len(moving) > 0
    assert moving["status"].tolist() == moving["category"].map(planted(truth)).tolist()
    assert set(fading(workbook)["category"]) == {"software"}


def test_what_one_supplier_alone_sells_is_seen(workbook, truth):
    alone = truth[truth["measure"] == "backup"].set_index("supplier_id")["expected"].to_dict()
    found = gaps(workbook)
    sold = found[found["suppliers"] == 1]
    assert {supplier: f"none:{sku}" for supplier, sku in zip(sold["only_supplier"], sold["sku"], strict=True)} == alone
    # What nobody sells is of the same few-ordered category: growth so far, no proof, so to be watched and no gap.
    assert found["sku"].tolist() == ["G25", "G26", "G24"]
    assert not found["is_gap"].any()


def test_the_planted_pair_is_the_only_one_bought_together(workbook):
    found = pairs(workbook)
    more = found[found["is_more"]]
    assert more[["level", "first", "second"]].values.tolist() == [["sku", "G01", "G04"]]
    assert more["lower"].iloc[0] > 4
    # A third of the orders has a known buyer.
    assert known_buyers(workbook)["known_share"].iloc[0] == pytest.approx(0.35, abs=0.01)


def test_with_more_orders_the_third_planted_growth_is_proven_as_well(tmp_path):
    # A category of few orders that grows by 20 % a month: to be watched in the small samples, a gap in larger ones. Nothing else moves.
    folder = make_samples(tmp_path / "larger", orders=100_000, seed=2, format="parquet")
    workbook = open_workbook(folder, month="2026-10")
    found = category_trends(workbook).set_index("category")
    called = {category: "emerging" if growth > 1 else "fading" for category, growth in GROWTH.items()}
    assert found["status"].to_dict() == {category: called.get(category, "steady") for category in found.index}
    for category, growth in GROWTH.items():
        assert found.loc[category, "lower"] <= growth - 1 <= found.loc[category, "upper"]
    told = gaps(workbook)
    assert sorted(told.loc[told["is_gap"], "sku"]) == ["G24", "G25", "G26"]
    more = pairs(workbook).query("is_more")
    assert more[["first", "second"]].values.tolist() == [["G01", "G04"]]
