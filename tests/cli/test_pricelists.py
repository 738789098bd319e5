import pandas as pd
import pytest

from kmanalysis.loaders.pricelists.review import FILE
from tests.loaders.pricelists.lists import csv_list, folder_in, quotes


def test_a_price_list_by_way_of_the_review(run, tmp_path):
    folder = folder_in(tmp_path / "data")
    path = csv_list(
        tmp_path / "S01.csv", "商品,价格(元),零售价\n—— 视频 ——,,\n腾讯视频月卡,15 (满100),25\n腾讯视频会员年卡,150,\nQ币 50 元卡,缺货,\n备注：含税,,\n"
    )
    load = ("load", path, "--supplier", "S01", "--date", "2026-11-01", "--into", folder)
    done = run(*load)
    assert done.exit_code == 1
    assert "S01.csv → 报价：读取 3 行" in done.stdout
    assert "待核对、未读入（尚未确认是哪个商品）：1 行" in done.stdout
    for told in (
        "B4：视频 腾讯视频会员年卡 待核对，可能是：G02 腾讯视频年卡",
        "备注：15 (满100)",
        "Q币 50 元卡: 缺货",
        "C1：未读取的列：零售价",
        "—— 视频 ——",
        "含税",
        FILE,
    ):
        assert told in done.stderr
    review = pd.read_csv(folder / FILE, dtype="str").assign(state="accepted")
    review.to_csv(folder / FILE, index=False)
    done = run(*load)
    # What the supplier does not offer is no fault.
    assert done.exit_code == 0, done.stderr
    assert quotes(folder) == {("S01", "G01"): "15 CNY", ("S01", "G02"): "150 CNY"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--supplier", "S01"), "--supplier, --date"),
        (("--date", "2026-11-01"), "--supplier, --date"),
        (("--supplier", "S01", "--date", "soon"), "2026-11-01"),
        (("--supplier", "S01", "--date", "0001-01-01"), "2026-11-01"),
        (("--supplier", "S01", "--date", "2026-11-01", "--as", "orders"), "--as"),
        (("--supplier", "S01", "--date", "2026-11-01", "--mapping", "m.toml"), "--mapping"),
    ],
)
def test_options_that_do_not_fit_a_price_list(run, tmp_path, options, told):
    done = run("load", csv_list(tmp_path / "a.csv", "商品,价格\n月卡,1\n"), "--into", folder_in(tmp_path / "data"), *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_list_without_anything_to_read_fails(run, tmp_path):
    done = run(
        "load", csv_list(tmp_path / "a.csv", "甲,乙\n"), "--into", folder_in(tmp_path / "data"), "--supplier", "S01", "--date", "2026-11-01", "--lang", "en"
    )
    assert done.exit_code == 1
    assert "no table of prices was found" in done.stderr


def test_what_was_loaded_is_told_though_a_later_file_cannot_be(run, tmp_path):
    folder = folder_in(tmp_path / "data")
    goods = {"a.csv": "腾讯视频月卡", "b.csv": "腾讯视频会员年卡", "c.csv": "别的"}
    lists = [csv_list(tmp_path / name, f"商品,价格\n{good},15\n") for name, good in goods.items()]
    done = run("load", *lists, csv_list(tmp_path / "d.pdf", ""), "--supplier", "S01", "--date", "2026-11-01", "--into", folder, "--lang", "en")
    assert done.exit_code == 1
    assert [name in done.stdout for name in (*goods, "d.pdf")] == [True, True, True, False]
    assert "open, not loaded until you confirm which product is meant: 1" in done.stdout
    assert (done.stderr.count(f"Say in {FILE}"), "d.pdf" in done.stderr) == (1, True)
    assert quotes(folder) == {("S01", "G01"): "15 CNY"}
