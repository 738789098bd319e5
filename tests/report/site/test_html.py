import html
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kmanalysis.errors import DataError
from kmanalysis.report.site.html import Heading, headings, month_name, outside_parts, page
from kmanalysis.report.site.notebook_html import notebook_body
from kmanalysis.times import Month
from kmanalysis.words import Words

ZH, EN = Words("zh"), Words("en")
SHELL = {"title": "T", "month": "M", "home": "index.html", "is_home": False, "links": [], "contents": [], "crumb": "", "has_title": True, "failure": None}


def body(*cells):
    return notebook_body(new_notebook(cells=list(cells)), EN)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ('<a href="https://example.com">x</a>', "<a href='https://example.com'>"),
        ('<a href="//example.com">x</a>', "<a href='//example.com'>"),
        ('<a href="java\tscript:alert(1)">x</a>', "<a href='java\\tscript:alert(1)'>"),
        ('<img src="x.png">', "<img src='x.png'>"),
        ("<p onclick=go()>x</p>", "<p onclick='go()'>"),
        ("<style>p { background: url(http://x) }</style>", "p { background: url(http://x) }"),
        ("<style>@import 'x'</style>", "@import 'x'"),
        ('<p style="background:url(//x)">x</p>', "<p style='background:url(//x)'>"),
        ('<meta http-equiv="refresh" content="0">', "<meta http-equiv='refresh'>"),
        ("<iframe srcdoc=x></iframe>", "<iframe>"),
        ('<svg><use href="http://x#a"/></svg>', "<use href='http://x#a'>"),
    ],
)
def test_what_leads_outside_is_found(text, found):
    assert outside_parts(text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        '<a href="suppliers/%E4%BE%9B.html">x</a><a href="#a">x</a><a href="../index.html">x</a>',
        '<img alt="" src="data:image/svg+xml;base64,AAAA">',
        "<style>p { background: url(data:image/png;base64,AA) }</style>",
        "<p>see https://example.com and &lt;script&gt;</p>",
    ],
)
def test_what_stays_inside_passes(text):
    assert outside_parts(text) == []


def test_a_page_with_a_script_is_not_made():
    with pytest.raises(DataError, match="offline page may not: <script>"):
        page("page.html.j2", EN, **SHELL, provenance=(), body="<script></script>")


def test_a_page_states_its_policy_language_and_origin():
    made = page("page.html.j2", ZH, **SHELL, provenance=(("数据", "abc"),), body="<p>x</p>").decode()
    assert '<html lang="zh-CN">' in made
    assert "default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:; base-uri &#39;none&#39;; form-action &#39;none&#39;" in made
    assert "<dt>数据</dt><dd>abc</dd>" in made
    assert '"PingFang SC", "Microsoft YaHei", "Noto Sans SC"' in made


def test_code_is_folded_away_and_cells_that_show_nothing_join_the_next():
    made = body(new_code_cell("a = 1"), new_code_cell("b = 2"), new_code_cell("c", outputs=[new_output("stream", name="stdout", text="3 < 4\n")]))
    assert made.count("<details") == 1
    assert '<pre class="plain" tabindex="0">3 &lt; 4\n</pre>' in made
    assert made.index("3 &lt; 4") < made.index("<details")


def test_a_picture_carries_its_text_and_is_part_of_the_page():
    svg = "<svg><title>old &amp; new</title></svg>"
    titled = new_output("display_data", data={"image/svg+xml": svg})
    own = new_output("display_data", data={"image/svg+xml": "<svg/>"}, metadata={"alt": 'a "bar"'})
    plain = new_output("display_data", data={"image/png": "AAAA\n"})
    made = body(new_markdown_cell("## Prices"), new_code_cell("x", outputs=[titled, own, plain]))
    assert 'alt="old &amp; new" src="data:image/svg+xml,%3Csvg%3E%3Ctitle%3Eold &amp;amp; new%3C/title%3E%3C/svg%3E"' in made
    assert 'alt="a &quot;bar&quot;"' in made or "alt='a \"bar\"'" in made
    assert 'alt="Prices" src="data:image/png;base64,AAAA"' in made


@pytest.mark.parametrize("text", ["卡盟 ¥1", 'it\'s "5 %" of #1', "&lt;b&gt; &amp;amp; %3C", "+ ? = http://a.b https://c"])
def test_a_picture_in_a_page_is_the_picture_that_was_drawn(text):
    told = html.escape(text)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><style>a[b*="c: #d"]{{e:f}}</style>\n<text x="1"\ny="2" title="{told}">{told}</text></svg>'
    made = body(new_code_cell("x", outputs=[new_output("display_data", data={"image/svg+xml": svg})]))
    address = html.unescape(re.search(r'src="data:image/svg\+xml,([^"]*)"', made)[1])
    assert not {"<", ">", "#", "\n"} & set(address)
    assert not re.search("https?:", address)
    drawn, shown = (ElementTree.canonicalize(found.replace("\n", " ")) for found in (svg, unquote(address)))
    assert shown == drawn


def test_headings_of_text_and_of_results_make_the_contents():
    shown = new_output("display_data", data={"text/markdown": "## 得分 <i>x</i>", "text/plain": ""})
    made = body(new_markdown_cell("# Page\n\n## One\n\n### Deep"), new_code_cell("x", outputs=[shown]))
    assert headings(made) == [Heading(2, "section-1", "One"), Heading(3, "section-2", "Deep"), Heading(2, "section-3", "得分 x")]


def test_only_texts_in_the_reader_s_language_are_shown():
    made = body(new_markdown_cell("中文", metadata={"tags": ["zh"]}), new_markdown_cell("English", metadata={"tags": ["en"]}), new_markdown_cell("both"))
    assert "English" in made
    assert "both" in made
    assert "中文" not in made


def test_an_error_is_shown_as_text():
    made = body(new_code_cell("x", outputs=[new_output("error", ename="ValueError", evalue="<b>", traceback=["<i>", "end"])]))
    assert "ValueError: &lt;b&gt;" in made
    assert "<i>" not in made


def test_widgets_and_scripts_of_a_cell_are_left_out():
    data = {"application/vnd.jupyter.widget-view+json": {}, "application/javascript": "alert(1)", "text/plain": "the plain form"}
    made = body(new_code_cell("x", outputs=[new_output("display_data", data=data)]))
    assert "the plain form" in made
    assert "alert" not in made


def test_a_month_is_written_as_its_reader_writes_it():
    assert (month_name(Month(2026, 10), ZH), month_name(Month(2026, 10), EN)) == ("2026年10月", "October 2026")
