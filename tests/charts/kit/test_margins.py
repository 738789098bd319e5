import numpy as np
import pandas as pd
import pytest

from kmanalysis.charts.kit.forms import legend_below, row_axis, share_map
from kmanalysis.charts.kit.style import chart, new_axes, picture, set_title


@chart
def labelled(rows, told, *, above="", label="", has_legend=False):
    """Bars with what the charts put around theirs: names, a column at the right, a line that is named above, a legend."""
    ax = new_axes(None, rows=rows)
    ax.barh(range(rows), range(rows), label="已付" if has_legend else None)
    for row in range(rows):
        ax.annotate(told, (1, row), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center")
    if above:
        ax.annotate(above, (0, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom", annotation_clip=False)
    row_axis(ax, ["供货商 · a long name"] * rows)
    ax.set_xlabel(label)
    legend_below(ax, 1)
    return set_title(ax, "Title 标题", "A note under it")


@pytest.mark.parametrize("rows", [1, 3, 25])
@pytest.mark.parametrize("told", ["", "n=1", "✗ 10,000,000 件 n=208"])
@pytest.mark.parametrize("label", ["", "CNY"])
@pytest.mark.parametrize("has_legend", [False, True])
def test_axes_are_as_large_as_the_texts_leave_them(rows, told, label, has_legend, around):
    ax = labelled(rows, told, above="标准 ≤ 100%", label=label, has_legend=has_legend)
    picture(ax)
    figure = ax.get_figure()
    standing, outside = around(ax)
    floor = outside[-1].y1 if has_legend else 0
    assert standing.x0 == pytest.approx(3, abs=0.1)
    assert standing.x1 == pytest.approx(figure.bbox.x1 - 3, abs=2)
    assert floor < standing.y0 < floor + 7
    assert outside[1].y0 - 12 < standing.y1 < outside[1].y0


def test_scale_of_colours_stands_beside_the_map_and_is_as_high(zh, around):
    @chart
    def mapped():
        ax = new_axes(None, rows=4)
        share_map(ax, pd.DataFrame(np.linspace(0, 1, 12).reshape(3, 4)), zh, low=0.0)
        row_axis(ax, ["S01 云杉数卡"] * 3)
        return set_title(ax, "map")

    ax = mapped()
    picture(ax)
    scale = ax.get_figure().axes[1]
    assert (scale.bbox.y0, scale.bbox.y1) == pytest.approx((ax.bbox.y0, ax.bbox.y1))
    assert ax.bbox.x1 < scale.bbox.x0
    assert around(ax)[0].x1 == pytest.approx(ax.get_figure().bbox.x1 - 3, abs=0.1)


def test_label_of_an_axis_lies_under_its_numbers():
    ax = labelled(3, "", label="CNY")
    picture(ax)
    numbers = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
    assert ax.xaxis.label.get_window_extent().y1 < min(box.y0 for box in numbers)


def test_legend_has_the_columns_that_there_is_room_for(around):
    @chart
    def named(labels):
        ax = new_axes(None, rows=3)
        for label in labels:
            ax.barh(0, 1, label=label)
        legend_below(ax, len(labels))
        return set_title(ax, "named")

    counts = []
    for labels in (["已付", "仍欠", "已核验", "未核验"], ["under a day", "one to three days", "three days to a week", "more than a week"], ["long " * 8] * 2):
        ax = named(labels)
        picture(ax)
        counts.append(len({round(text.get_window_extent().x0) for text in ax.get_figure().legends[0].get_texts()}))
    assert counts == [4, 2, 1]
