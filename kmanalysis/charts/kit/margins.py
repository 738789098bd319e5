"""Where the Axes of a chart stand on its figure: as large as its texts leave it, each of them measured once, or again where it asks for other ticks.

A chart has one Axes, perhaps a scale of colours beside it and a legend under it. matplotlib's own layout knows grids of Axes, and measures
every text five times over for them; it stays the layout of who draws on an Axes of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

_EDGE = 3.0
"""Points that stay free at the figure's edges and between its parts."""

_SCALE_GAP, _SCALE_WIDTH = 7.0, 6.0
"""Points between the Axes and the scale of colours, and its width."""

_ROUNDS, _TRIES = 6, 3


@dataclass(frozen=True)
class _Mark:
    """What a text takes in one direction: its place along the Axes (0 to 1), and how far it reaches before and behind that."""

    place: float
    before: float
    behind: float


def set_margins(figure: Figure, renderer: RendererBase, top: float = 1.0) -> None:
    """Puts the figure's Axes, and what stands beside it, where no text is cut off. Above ``top`` (a share of the height) stands the title."""
    ax, *scales = figure.axes
    width, height = figure.bbox.width, figure.bbox.height
    floor, roof = _EDGE + _legends(figure, renderer), top * height - _EDGE
    _place(figure, ax, scales, Bbox.from_extents(width * 0.25, min(floor + 20, roof - 1), width * 0.85, roof))
    for _ in range(_TRIES):
        ticks = _ticks(figure)
        boxes = [(text, text.get_window_extent(renderer)) for text in _texts(figure.axes)]
        texts = [(text.get_transform().transform(text.get_unitless_position()), box) for text, box in boxes if box.width > 0]
        across = [_mark(anchor[0], box.intervalx, ax.bbox.intervalx) for anchor, box in texts]
        upright = [_mark(anchor[1], box.intervaly, ax.bbox.intervaly) for anchor, box in texts]
        under, beside = _label(ax.xaxis, 1, renderer, upright), _label(ax.yaxis, 0, renderer, across)
        left, right = _room(_EDGE, width - _EDGE, [*across, _Mark(0, beside[1], 0)])
        bottom, above = _room(floor, roof, [*upright, _Mark(0, under[1], 0)])
        _place(figure, ax, scales, Bbox.from_extents(left, bottom, right, above))
        ax.xaxis.set_label_coords(0.5, -under[0] / ax.bbox.height)
        ax.yaxis.set_label_coords(-beside[0] / ax.bbox.width, 0.5)
        # Some axes have more ticks where they are longer: those have not been measured yet.
        if ticks == _ticks(figure):
            break


def _ticks(figure: Figure) -> list[list[float]]:
    return [list(axis.get_ticklocs()) for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]


def _legends(figure: Figure, renderer: RendererBase) -> float:
    """The height that the legends under the Axes take."""
    return sum(legend.get_window_extent(renderer).height + 2 * _EDGE for legend in figure.legends)


def _place(figure: Figure, ax: Axes, scales: Iterable[Axes], box: Bbox) -> None:
    """Puts the Axes in the box, and the scales of colours to its right, as high as it."""
    to_shares = figure.transFigure.inverted()
    ax.set_position(box.transformed(to_shares))
    for scale in scales:
        scale.set_box_aspect(None)
        scale.set_position(Bbox.from_extents(box.x1 + _SCALE_GAP, box.y0, box.x1 + _SCALE_GAP + _SCALE_WIDTH, box.y1).transformed(to_shares))


def _texts(all_axes: Iterable[Axes]) -> Iterator[Text]:
    """The texts in the Axes and at their ticks, those that are out of view left out."""
    for ax in all_axes:
        yield from ax.texts
        if not ax.axison:
            continue
        for direction, axis in enumerate((ax.xaxis, ax.yaxis)):
            first, last = sorted(axis.get_view_interval())
            slack = (last - first) * 1e-6
            for label in axis.get_ticklabels(which="both"):
                # The axis need not measure it again to find the place of its own label, which is settled here.
                label.set_in_layout(False)
                if first - slack <= label.get_position()[direction] <= last + slack:
                    yield label


def _mark(anchor: float, extent: Iterable[float], axes: Iterable[float]) -> _Mark:
    (low, high), (start, end) = extent, axes
    # What is anchored outside keeps its distance.
    place = min(max((anchor - start) / (end - start), 0.0), 1.0)
    point = start + place * (end - start)
    return _Mark(place, point - low, high - point)


def _label(axis: Axis, direction: int, renderer: RendererBase, marks: Iterable[_Mark]) -> tuple[float, float]:
    """How far from the Axes the axis's own label begins and ends, beyond what stands there."""
    begin = max((mark.before for mark in marks if mark.place == 0), default=0.0) + axis.labelpad
    deep = axis.label.get_window_extent(renderer).size[direction] if axis.label.get_text() else 0.0
    return begin, begin + deep if deep else 0.0


def _room(low: float, high: float, marks: Iterable[_Mark]) -> tuple[float, float]:
    """The longest stretch between ``low`` and ``high`` with all marks between them as well."""
    size = high - low
    for _ in range(_ROUNDS):
        start = low + max(max(mark.before - mark.place * size, 0.0) for mark in marks)
        end = high - max(max(mark.behind - (1 - mark.place) * size, 0.0) for mark in marks)
        size = max(end - start, 1.0)
    return start, start + size
