import base64
import re
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from kmanalysis.charts.kit.style import BLUE, chart, new_axes, nothing, picture, set_title

ROOT = Path(__file__).parents[2]


@chart
def named(title, ax=None):
    ax = new_axes(ax, rows=3)
    ax.plot([0, 1], [0, 1], color=BLUE)
    return set_title(ax, title, "note")


def test_picture_is_the_same_bytes_in_another_process():
    program = (
        "from kmanalysis.charts.kit.style import *\n"
        "@chart\n"
        "def named():\n"
        "    ax = new_axes(None, rows=3)\n"
        "    ax.scatter([0, 1], [0, 1])\n"
        "    return set_title(ax, '卡盟', 'note')\n"
        "print(picture(named()).svg)\n"
    )
    runs = {subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True).stdout for _ in range(2)}
    assert len(runs) == 1
    assert b"<text" in runs.pop()


def test_picture_holds_no_clock_and_asks_for_nothing_outside():
    svg = picture(named("卡盟货源")).svg
    assert re.findall(r"\d{4}-\d{2}-\d{2}T", svg) == []
    assert set(re.findall(r'"(https?://[^"]+)"', svg)) == {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}
    assert "<script" not in svg
    assert "@import" not in svg


def test_chinese_and_signs_are_in_the_fonts():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = picture(named("卡盟货源 − ¥ ✓ ✗ ⚠ ▲ ▼ ◀ ≥ ± → ↓")).svg
    assert "卡盟货源 − ¥ ✓ ✗ ⚠ ▲ ▼ ◀ ≥ ± → ↓" in svg


def test_text_stays_text_and_names_the_readers_fonts_once():
    svg = picture(named("卡盟货源")).svg
    assert svg.count("font-family") == 1
    assert "font-family:'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC'" in svg


@pytest.mark.parametrize("name", ["$\\frac{$", "100 % <b>&amp;", "a_b^c", "\\alpha $x$", "{curly} %s %(x)d"])
def test_a_name_is_a_name(name):
    assert name in picture(named(name)).alt


def test_dark_pages_change_every_neutral_colour():
    svg = picture(named("x")).svg
    rules = svg[svg.index("prefers-color-scheme: dark") : svg.index("</style>")]
    drawn = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", svg[svg.index("</style>") :]))
    assert {colour for colour in drawn if colour not in rules} == {BLUE}


def test_reader_settings_stay_as_they_are():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mpl.MatplotlibDeprecationWarning)
        before = dict(mpl.rcParams)
        picture(named("x"))
        assert dict(mpl.rcParams) == before


def test_given_axes_are_drawn_on_and_keep_their_figure():
    figure = Figure(figsize=(7, 3))
    left, right = figure.subplots(1, 2)
    assert named("left", ax=left) is left
    assert tuple(figure.get_size_inches()) == (7, 3)
    assert left.get_title(loc="left") == "left\nnote"
    assert right.get_title(loc="left") == ""


def test_alternative_text_goes_with_the_picture():
    shown = picture(named("热销在线率"))
    data, metadata = shown._repr_mimebundle_()
    assert metadata == {"alt": "热销在线率 note"}
    assert data["text/plain"] == "热销在线率 note"
    assert "<title>热销在线率 note</title>" in data["image/svg+xml"]


def test_nothing_is_a_sentence_and_no_plot():
    shown = picture(nothing(None, "Title", "There is none."))
    assert shown.alt == "Title There is none."
    assert re.findall(r"<text[^>]*>(.*?)</text>", shown.svg) == ["Title", "There is none."]


def test_pixels_of_a_picture_survive_the_shortening_of_numbers():
    @chart
    def mapped():
        ax = new_axes(None, rows=3)
        ax.pcolormesh([[0.1, 0.2], [0.3, 0.4]], rasterized=True)
        return set_title(ax, "map")

    encoded = re.findall(r"data:image/png;base64,\s*([^\"]+)", picture(mapped()).svg)
    assert [base64.b64decode(found)[:4] for found in encoded] == [b"\x89PNG"]


def test_bars_of_one_kind_say_once_how_they_look():
    @chart
    def drawn():
        ax = new_axes(None, rows=3)
        ax.barh(range(50), range(50), color="#0173b2", hatch="//", edgecolor="#fefefe")
        ax.scatter(range(50), range(50), s=4)
        return set_title(ax, "bars")

    svg = picture(drawn()).svg
    assert len(re.findall(r"<path d=[^>]*/>", svg)) >= 50
    assert len(re.findall("<g [^>]*stroke: #fefefe", svg)) == 1
    assert svg.count("stroke: #fefefe") == 3  # and the hatching
    # Everything that is called by its name is there, under a short one.
    called = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    assert called
    assert called <= set(re.findall(r' id="([^"]+)"', svg))
    assert all(len(name) <= 3 for name in called)
