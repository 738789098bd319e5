from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from kmanalysis.errors import KmError
from kmanalysis.opening import open_workbook
from kmanalysis.slices import SLICE_VARIABLE, add_to_slice, asked_frames, complete_slice, is_awaiting, open_slice, save_slice
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook, frame

ORDERS = [{"order_id": "before", "ordered_at": "2026-09-30 15:59:59"}, {"order_id": "first", "ordered_at": "2026-09-30 16:00:00"}]


@frame("test_slices.order_count")
def order_count(workbook: Workbook) -> pd.DataFrame:
    return pd.DataFrame({"supplier_id": ["s1"], "orders": [workbook.value_of(workbook.in_month("orders").count())]})


def test_a_slice_holds_its_frames_and_no_engine(workbook_of, tmp_path, monkeypatch):
    workbook = workbook_of({"orders": ORDERS}, standards={"service.first_response": {"limit": 300}})
    finished = {order_count.name: order_count(workbook)}
    save_slice(tmp_path / "slice", workbook, finished, workbook.suppliers)
    monkeypatch.setenv(SLICE_VARIABLE, str(tmp_path / "slice"))
    page = open_workbook(month="2026-10", lang="en")
    assert order_count(page).equals(order_count(workbook))
    assert (page.month, page.names, page.first_month) == (workbook.month, workbook.names, workbook.first_month)
    assert (page.standards.digest, page.standards.changed) == (workbook.standards.digest, ("service.first_response",))
    assert not page.has_engine
    with pytest.raises(KmError, match="Table orders is not part of this page"):
        page.table("orders")


def test_which_frames_were_asked_for_is_noted(workbook_of, tmp_path):
    workbook = workbook_of({"orders": ORDERS})
    save_slice(tmp_path / "slice", workbook, {order_count.name: order_count(workbook), "t.other": order_count(workbook)}, workbook.suppliers)
    assert asked_frames(tmp_path / "asked") == ()
    for _ in range(2):
        page = open_slice(tmp_path / "slice", Words("zh"), tmp_path / "asked")
        assert page.holds(order_count)
        order_count(page)
        order_count(page)
    assert asked_frames(tmp_path / "asked") == (order_count.name,)


def test_a_slice_is_the_same_bytes_each_time(workbook_of, tmp_path):
    workbook = workbook_of({"orders": ORDERS})
    for name in ("one", "two"):
        save_slice(tmp_path / name, workbook, {"f": order_count(workbook)}, workbook.suppliers)
    written = [{path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())} for name in ("one", "two")]
    assert written[0] == written[1]
    assert open_slice(tmp_path / "one", Words("zh")).suppliers == workbook.suppliers


def test_who_asks_for_a_frame_that_is_awaited_gets_it_when_it_is_there(workbook_of, tmp_path):
    workbook = workbook_of({"orders": ORDERS})
    save_slice(tmp_path / "slice", workbook, {}, workbook.suppliers, awaited=[order_count.name, "never.comes"])
    page = open_slice(tmp_path / "slice", Words("zh"))
    assert page.holds(order_count)
    assert is_awaiting(tmp_path / "slice")
    with ThreadPoolExecutor() as pool:
        asked, missing = pool.submit(order_count, page), pool.submit(page.finished, "never.comes", order_count)
        with pytest.raises(TimeoutError):
            asked.result(0.1)
        add_to_slice(tmp_path / "slice", order_count.name, order_count(workbook))
        assert asked.result().equals(order_count(workbook))
        assert not missing.done()
        complete_slice(tmp_path / "slice")
        with pytest.raises(KeyError):
            missing.result()
    assert not is_awaiting(tmp_path / "slice")
