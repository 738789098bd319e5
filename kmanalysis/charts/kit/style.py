"""How every chart looks: font, colours and sizes, and how an Axes becomes a picture that is the same bytes each time.

Charts set their style around themselves and draw on figures of their own: nothing of the reader's matplotlib is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, wraps
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, ParamSpec

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from kmanalysis.charts.kit.lengths import wrapped
from kmanalysis.charts.kit.margins import set_margins

INK, MUTED, GRID, PAPER = "#1f2328", "#59636e", "#d8dee4", "#fefefe"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = "#0173b2", "#de8f05", "#029e73", "#d55e00", "#8a63d2", "#56b4e9", "#949494"

VERDICT_LOOKS = MappingProxyType({"met": (GREEN, "o"), "missed": (RED, "X"), "unproven": (ORANGE, "D"), "no_data": (GREY, ".")})
"""Colour and marker of a verdict: told apart without colour as well."""

WIDTH = 4.3
"""Inches: narrow enough that the text is still read where a phone shrinks the picture."""

ROW = 0.26
"""Inches that a supplier's row takes."""

RASTER_MARKS = 300
"""Beyond so many marks a layer is drawn as pixels, which is smaller."""

TITLE_COLUMNS, NOTE_COLUMNS = 46, 58
"""Half-width characters that a line of the title, and of the note under it, takes."""

_OWN, _TITLE = "kmanalysis", "title"
_PIXELS = 520
_PIXEL_DPI = 160
_READERS_FONTS = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', 'Noto Sans CJK SC', sans-serif"
_DARK = {INK: "#e6edf3", MUTED: "#9da7b3", GRID: "#3d444d", PAPER: "#161b22"}

P = ParamSpec("P")


@cache
def font() -> str:
    """The name of the Chinese font that comes with the package's dependencies, made known to matplotlib."""
    spec = find_spec("zhplot")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("zhplot, which carries the Chinese font, is not installed.")
    # Found without importing it: the import would change the reader's own settings.
    fontManager.addfont(Path(spec.submodule_search_locations[0]) / "fonts" / "NotoSansSC-Regular.ttf")
    return "Noto Sans SC"


@cache
def _settings() -> dict[Any, Any]:
    theme: dict[Any, Any] = sns.axes_style("ticks") | sns.plotting_context("paper")
    return theme | {
        # The second has the signs (✗ ⚠ ▲) that the first lacks.
        "font.family": [font(), "DejaVu Sans"],
        "font.size": 10,
        "axes.titlesize": 12,
        "axes.labelsize": 10,
        "xtick.labelsize": 9.5,
        "ytick.labelsize": 9.5,
        "legend.fontsize": 9.5,
        "axes.titlelocation": "left",
        "axes.unicode_minus": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.facecolor": PAPER,
        "axes.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "text.color": INK,
        "axes.labelcolor": MUTED,
        "axes.edgecolor": GRID,
        "axes.titlecolor": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "ytick.labelcolor": INK,
        "xtick.major.size": 3,
        "ytick.major.size": 0,
        "axes.linewidth": 0.8,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        # A name with $ or a backslash is a name.
        "text.parse_math": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "kmanalysis",
        "savefig.bbox": None,
        "figure.dpi": 100,
        "savefig.dpi": _PIXEL_DPI,
    }


def chart(draw: Callable[P, Axes]) -> Callable[P, Axes]:
    """Marks a function that draws a chart: it runs in this style, whatever the reader's own settings."""

    @wraps(draw)
    def drawn(*args: P.args, **keywords: P.kwargs) -> Axes:
        with mpl.rc_context(_settings()):
            return draw(*args, **keywords)

    return drawn


def new_axes(ax: Axes | None, *, rows: float = 10) -> Axes:
    """The Axes given, else one on a new figure that is high enough for so many rows."""
    if ax is not None:
        return ax
    figure = Figure(figsize=(WIDTH, round(0.6 + ROW * max(rows, 3), 2)), layout="constrained", label=_OWN)
    return figure.subplots()


def set_title(ax: Axes, title: str, note: str = "") -> Axes:
    """Title and, in smaller letters under it, what a reader must know of the picture; both are its text for who cannot see it."""
    figure = ax.get_figure()
    above, under = wrapped(title, TITLE_COLUMNS), wrapped(note, NOTE_COLUMNS)
    if isinstance(figure, Figure) and figure.get_label() == _OWN:
        # At the figure's edge and not at the axis, which long names push to the right.
        taken = 0.1 + 0.22 * len(above) + 0.17 * len(under)
        height = figure.get_figheight() + taken
        figure.set_figheight(height)
        figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - taken / height))
        figure.text(0.02, 1 - 0.06 / height, "\n".join(above), va="top", fontsize=12, linespacing=1.3, in_layout=False, gid=_TITLE)
        figure.text(0.02, 1 - (0.09 + 0.22 * len(above)) / height, "\n".join(under), va="top", fontsize=9.5, color=MUTED, linespacing=1.25, in_layout=False)
    else:
        ax.set_title("\n".join([*above, *under]), loc="left")
    ax.set_label(f"{title} {note}".strip())
    return ax


@chart
def nothing(ax: Axes | None, title: str, sentence: str) -> Axes:
    """A picture that says that there is nothing to show, instead of an empty plot."""
    ax = new_axes(ax, rows=0)
    figure = ax.get_figure()
    if isinstance(figure, Figure) and figure.get_label() == _OWN:
        figure.set_figheight(0.12)
    ax.set_axis_off()
    return set_title(ax, title, sentence)


@dataclass(frozen=True)
class Picture:
    """A chart as SVG with a text for who cannot see it; JupyterLab and the report show it."""

    svg: str = field(repr=False)
    alt: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict[str, str], dict[str, str]]:
        return {"image/svg+xml": self.svg, "text/plain": self.alt}, {"alt": self.alt}


def picture(ax: Axes) -> Picture:
    """The figure of a chart as a `Picture`: the same bytes each time, readable on light and on dark pages."""
    figure = ax.get_figure()
    if not isinstance(figure, Figure):
        raise TypeError("The Axes stands on no figure.")
    alt = str(ax.get_label())
    with mpl.rc_context(_settings()):
        return Picture(_for_readers(_drawn(figure, alt)), alt)


def _drawn(figure: Figure, title: str) -> str:
    """The figure as SVG, as ``savefig`` would write it, but laid out and drawn by one renderer: what one has measured another does not know."""
    target = StringIO()
    FigureCanvasSVG(figure)
    figure.set_dpi(FigureCanvasSVG.fixed_dpi)
    metadata = {"Date": None, "Creator": None, "Title": title}
    paper = RendererSVG(figure.bbox.width, figure.bbox.height, target, image_dpi=_PIXEL_DPI, metadata=metadata)  # type: ignore[no-untyped-call]
    # Draws as pixels what asks for it; a renderer in all but its type.
    renderer: Any = MixedModeRenderer(figure, figure.get_figwidth(), figure.get_figheight(), _PIXEL_DPI, paper)  # type: ignore[no-untyped-call]
    engine = figure.get_layout_engine()
    if engine is not None:
        if figure.get_label() == _OWN:
            *_, height = engine.get()["rect"]
            set_margins(figure, renderer, height)
        else:
            engine.execute(figure)
        figure.set_layout_engine(None)
    figure.draw(renderer)
    renderer.finalize()
    return target.getvalue()


def _for_readers(svg: str) -> str:
    """The SVG without what no reader needs, with the readers' own fonts, and colours that follow a dark page."""
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r' id="[A-Za-z0-9.]+_\d+"| transform="rotate\(-0 [^"]*"|(?<=[";]) ?font-family: [^;]*;|font-family: [^;]*; ', "", svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    # A hundredth of a point is seen by nobody. Only in attributes: a text keeps its digits.
    svg = re.sub(r' (?:d|x|y)="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]).replace("\n", ""), svg)
    # Marks of one kind say once how they look, and a name that is often called is short.
    svg = re.sub(r"<g>\n(<path [^>]*/>\n)</g>\n", r"\1", svg)
    svg = re.sub(r'<(?:use|path) [^>]*?((?: clip-path="[^"]*")? style="[^"]*")/>\n(?:<(?:use|path) [^>]*?\1/>\n)+', _alike, svg)
    names = {name: f"m{number}" for number, name in enumerate(dict.fromkeys(re.findall(r' id="([mhp][0-9a-f]{10})"', svg)))}
    svg = re.sub(r'(?<= id=")[mhp][0-9a-f]{10}(?=")|(?<=#)[mhp][0-9a-f]{10}(?=["\)])', lambda found: names[found[0]], svg)
    width, height = (float(found) for found in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
    svg = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', f'width="{_PIXELS}" height="{_PIXELS * height / width:.0f}"', svg, count=1)
    dark = "".join(f'[style*="fill: {old}"]{{fill:{new}!important}}[style*="stroke: {old}"]{{stroke:{new}!important}}' for old, new in _DARK.items())
    rules = f"text{{font-family:{_READERS_FONTS}}}#{_TITLE} text{{font-weight:600}}@media screen and (prefers-color-scheme: dark){{{dark}}}"
    return svg.replace("<defs>", f"<style>{rules}</style><defs>", 1)


def _alike(marks: re.Match[str]) -> str:
    return f"<g{marks[1]}>\n" + marks[0].replace(f"{marks[1]}/>", "/>") + "</g>\n"
