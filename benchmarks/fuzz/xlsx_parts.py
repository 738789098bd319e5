"""A writer of xlsx files part by part: cells written in every way that the format knows, which no one program uses all of."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from random import Random
from xml.sax.saxutils import escape, quoteattr

from kmanalysis.loaders.reading.package import column_letters

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DATE_STYLE = 1
_STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="170" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="170" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


@dataclass
class XlsxCell:
    """A cell: its ``kind`` (the attribute t), what stands in it as XML, and its style."""

    kind: str = ""
    inner: str = ""
    style: int = 0


@dataclass
class XlsxSheet:
    """A sheet: rows by number from 1, of cells by column from 0."""

    name: str
    rows: Mapping[int, Mapping[int, XlsxCell]]
    state: str = ""


@dataclass
class Texts:
    """The shared texts of a workbook."""

    items: list[str] = field(default_factory=list)

    def cell(self, item: str) -> XlsxCell:
        """A cell of that item, which is XML."""
        if item not in self.items:
            self.items.append(item)
        return XlsxCell("s", f"<v>{self.items.index(item)}</v>")


def text_item(text: str, draw: Random | None = None) -> str:
    """A text as XML of an item: plain, or in pieces of several fonts with a reading beside it."""
    if draw and len(text) > 1 and draw.random() < 0.3:
        cut = draw.randrange(1, len(text))
        return f'<r><t xml:space="preserve">{_markup(text[:cut])}</t></r><r><rPr><b/></rPr><t xml:space="preserve">{_markup(text[cut:])}</t></r>' + (
            '<rPh sb="0" eb="1"><t>yomi</t></rPh>' if draw.random() < 0.3 else ""
        )
    return f'<t xml:space="preserve">{_markup(text)}</t>'


def _markup(text: str) -> str:
    return escape(text).replace("\r", "&#13;")


def xlsx_bytes(sheets: Sequence[XlsxSheet], texts: Texts, *, is_1904: bool = False, numbered: bool = True, prefix: str = "") -> bytes:
    """The workbook. ``numbered``: rows and cells say where they stand, else each follows the one before."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        kinds = {"xl/workbook.xml": "sheet.main", "xl/styles.xml": "styles", "xl/sharedStrings.xml": "sharedStrings"}
        kinds |= {f"xl/worksheets/sheet{number}.xml": "worksheet" for number in range(1, len(sheets) + 1)}
        overrides = "".join(
            f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
            for part, kind in kinds.items()
        )
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        )
        book.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)]
        book.writestr("xl/_rels/workbook.xml.rels", _relations([*targets, ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]))
        listed = "".join(
            f'<sheet name={quoteattr(sheet.name)} sheetId="{number}" r:id="rId{number}"{f" state={quoteattr(sheet.state)}" if sheet.state else ""}/>'
            for number, sheet in enumerate(sheets, 1)
        )
        properties = '<workbookPr date1904="1"/>' if is_1904 else ""
        book.writestr("xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}">{properties}<sheets>{listed}</sheets></workbook>')
        book.writestr("xl/styles.xml", _STYLES)
        items = "".join(f"<si>{item}</si>" for item in texts.items)
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}" count="{len(texts.items)}" uniqueCount="{len(texts.items)}">{items}</sst>')
        for number, sheet in enumerate(sheets, 1):
            book.writestr(f"xl/worksheets/sheet{number}.xml", _sheet(sheet, numbered, prefix))
    return target.getvalue()


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for number, (kind, target) in enumerate(targets, 1))
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _sheet(sheet: XlsxSheet, numbered: bool, prefix: str) -> str:
    p = f"{prefix}:" if prefix else ""
    rows, last = [], 0
    for number, cells in sorted(sheet.rows.items()):
        if not numbered:
            rows += [f"<{p}row></{p}row>"] * (number - last - 1)
        written, before = [], -1
        for column, cell in sorted(cells.items()):
            if not numbered:
                written += [f"<{p}c/>"] * (column - before - 1)
            place = f' r="{column_letters(column)}{number}"' if numbered else ""
            kind = f' t="{cell.kind}"' * bool(cell.kind) + f' s="{cell.style}"' * bool(cell.style)
            inner = cell.inner
            if p:
                inner = inner.replace("</", "\0").replace("<", f"<{p}").replace("\0", f"</{p}")
            written.append(f"<{p}c{place}{kind}>{inner}</{p}c>")
            before = column
        rows.append(f"<{p}row" + (f' r="{number}"' if numbered else "") + f">{''.join(written)}</{p}row>")
        last = number
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    return f'<?xml version="1.0" encoding="UTF-8"?><{p}worksheet {name}="{MAIN}"><{p}sheetData>{"".join(rows)}</{p}sheetData></{p}worksheet>'
