import re
from html import unescape
from html.parser import HTMLParser

import pytest

from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.report.site.index import State, index_page
from kmanalysis.report.site.pages import all_pages
from kmanalysis.standards import override_standards
from tests.report.small import judged_workbook

HOSTILE = ('=HYPERLINK("http://x","y")', "<img src=x onerror=alert(1)>", "🦄" * 3000, "</style><script>alert(1)</script>", "{{ 7 * 7 }}", "$\\frac{")


class Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.parts.append(data)


def read(workbook, states=None, receipts=()):
    page = index_page(workbook, states or {}, list(receipts), ()).decode()
    reader = Text()
    reader.feed(re.sub(r"<style>.*?</style>", "", page, flags=re.S))
    return page, re.sub(r"\s+", " ", " ".join(reader.parts)), reader.tags


def test_the_month_in_a_screenful():
    vetoed = {"compliance__grey_listings": {"value": 2.0}}
    _, text, _ = read(
        judged_workbook({"S01": 99.0, "S02": 78.0, "S03": 99.0, "S04": 20.0}, {"S01": 78.0, "S02": 78.0, "S03": 99.0, "S04": 20.0}, lang="en", S03=vetoed)
    )
    assert "October 2026" in text
    assert "Grade S 1 " in text
    assert "Grade A 1 " in text
    assert re.search(r"Rose ?供货商 S01 A → S", text)
    assert re.search(r"Must go ?供货商 S03 Grey listings", text)
    order = [text.rindex(f"供货商 {supplier}") for supplier in ("S01", "S02", "S04", "S03")]
    assert order == sorted(order)


def test_what_hostile_names_say_is_shown_as_text():
    names = {f"S{place:02d}": name for place, name in enumerate(HOSTILE)}
    page, text, tags = read(judged_workbook(dict.fromkeys(names, 90.0), names=names))
    for name in HOSTILE:
        assert name in unescape(text)
    assert "script" not in tags
    assert "img" not in tags
    assert "<script" not in page


def test_failed_and_outdated_pages_are_named(workbook, notebooks_of):
    pages = all_pages(notebooks_of("fine", "small", "supplier"), workbook)
    states = {pages[0]: State("0" * 32, "timeout"), pages[1]: State("0" * 32, "ok", is_outdated=True), pages[2]: State("0" * 32, "ok")}
    page, text, _ = read(workbook, states)
    assert "有 1 个页面未能完整生成" in text
    assert "月度概览 超过允许时长" in text
    assert "根据更早的数据生成" in text
    assert '<a href="suppliers/S01.html">供货商 S01</a>' in page
    assert "suppliers/S02.html" not in page


def test_rejected_and_doubtful_rows_are_told(workbook):
    receipts = [Receipt("orders", "orders.csv", 12, 10, new=10, rejected={"not_a_number": 2}, doubts={"orphan": 3}), Receipt("codes", "codes.csv", 0, 0)]
    _, text, _ = read(workbook, receipts=receipts)
    assert "共读取 1 张数据表、12 行；拒收 2 行（未计入），存疑保留 3 行。" in text


def test_own_standards_are_told_beside_the_defaults():
    standards = override_standards({"grade.S.points": {"value": 90}}, file="own.toml")
    _, text, _ = read(judged_workbook({"S01": 99.0}, standards=standards, lang="en"))
    assert "grade.S.points" in text
    assert re.search(r"90\b.*\b88\b", text)
    assert "Standards of your own" not in read(judged_workbook({"S01": 99.0}, lang="en"))[1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_name_is_spoken(lang):
    _, text, _ = read(judged_workbook({"S01": 99.0, "S02": 20.0}, lang=lang))
    assert re.findall(r"\b(?:column|short|page|failure|reason|table)\.\w+", text) == []


def test_a_supplier_without_any_data_has_no_score_and_no_zero():
    nothing = {measure.replace(".", "__"): {"value": float("nan"), "n": 0} for measure in judged_workbook({"S01": 90.0}).standards.measures}
    page, text, _ = read(judged_workbook({"S01": 90.0}, S01=nothing))
    assert "证据不足" in text
    assert page.count('class="m n"') == 5
    assert '<span class="reason">证据不足</span></th><td>—</td><td>—</td>' in page
