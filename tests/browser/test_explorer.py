"""The explorer in JupyterLab, in Chromium: what its widgets show is what the batch gives for the same standards."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from time import monotonic, sleep

import pytest

from kmanalysis.assets import notebooks_folder, samples_folder

ROOT = Path(__file__).parent.parent.parent
PICTURES = ROOT / "screenshots"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
TOKEN = "explorer"
MONTH = "2026-10"
ROWS = ".km-drill-rows .dt-container tbody tr"
PATIENCE = 120
"""Seconds that a machine under load may take for a step."""

IS_IDLE = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Chromium")]


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """A folder of one notebook, the explorer's: what a test writes lies beside it."""
    folder = tmp_path_factory.mktemp("notebooks")
    shutil.copy(notebooks_folder() / "explore.ipynb", folder)
    return folder


@pytest.fixture(scope="module")
def address(notebooks, tmp_path_factory):
    """A JupyterLab that `kmanalysis lab` opened, with settings of its own."""
    own = tmp_path_factory.mktemp("jupyter")
    settings = own / "settings" / "@jupyterlab"
    # All cells stand on the page at once, whether they are in view or not.
    _setting(settings / "notebook-extension" / "tracker.jupyterlab-settings", {"windowingMode": "none"})
    _setting(settings / "apputils-extension" / "notification.jupyterlab-settings", {"fetchNews": "false", "checkForUpdates": False})
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"}
    places |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    environment = os.environ | {name: str(own / folder) for name, folder in places.items()}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}", "--allow-root", "--expose-app-in-browser"]
    command = [sys.executable, "-m", "kmanalysis", "lab", "--data", str(samples_folder()), "--notebooks", str(notebooks), "--lang", "zh", "--", *options]
    log = own / "log"
    with log.open("w") as written:
        process = subprocess.Popen(command, env=environment, stdout=written, stderr=written, start_new_session=True)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _setting(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    end = monotonic() + PATIENCE
    while monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url):
                return
        except (urllib.error.URLError, ConnectionError):
            sleep(0.2)
    pytest.fail(f"JupyterLab did not answer: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def page(address):
    """The explorer's notebook, run from top to end."""
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1440, "height": 1000}, locale="zh-CN")
        opened.set_default_timeout(PATIENCE * 1000)
        opened.requests_out = []
        opened.on("request", lambda request: _is_local(request.url, address) or opened.requests_out.append(request.url))
        opened.goto(f"{address}/lab/tree/explore.ipynb?token={TOKEN}")
        opened.wait_for_function("window.jupyterapp && window.jupyterapp.shell.currentWidget && window.jupyterapp.shell.currentWidget.sessionContext")
        opened.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.ready")
        opened.evaluate("window.jupyterapp.shell.collapseLeft()")
        opened.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        opened.wait_for_selector(".km-export-write")
        yield opened
        browser.close()


def _is_local(url: str, address: str) -> bool:
    return url.startswith((address, address.replace("http", "ws", 1), "data:", "blob:", "about:"))


def picture(page, name: str) -> None:
    page.screenshot(path=PICTURES / f"explorer-{name}.png")


def grades_on(page) -> dict[str, str]:
    """Grades by supplier, as the table of what if shows them."""
    return dict(page.eval_on_selector_all("tr[data-supplier]", "rows => rows.map(row => [row.dataset.supplier, row.dataset.grade])"))


def batch_grades(*options: str) -> dict[str, str]:
    """Grades by supplier, as `kmanalysis score` gives them."""
    command = [sys.executable, "-m", "kmanalysis", "score", "--data", str(samples_folder()), "--month", MONTH, "--grades", "--format", "json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {row["supplier_id"]: row["grade"] or "" for row in json.loads(done.stdout)["grades"] if row["month"] == MONTH}


def test_the_menus_are_chinese_and_no_cell_failed(page):
    assert page.locator(".lm-MenuBar-itemLabel").first.inner_text() == "文件"
    assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    picture(page, "opened")


def test_a_slider_moves_a_grade(page):
    page.wait_for_selector("tr[data-supplier]")
    before = grades_on(page)
    assert before == batch_grades()
    slider = page.locator(".km-stability-delivery_time-value .noUi-handle")
    slider.scroll_into_view_if_needed()
    slider.press("End")
    page.wait_for_function("document.querySelectorAll('tr.down').length > 0")
    after = grades_on(page)
    assert after != before
    assert set(after) == set(before)
    picture(page, "what-if")


def test_what_was_written_gives_the_batch_the_grades_that_are_shown(page, notebooks):
    page.locator(".km-export-write").scroll_into_view_if_needed()
    page.locator(".km-export-write").click()
    page.wait_for_selector(".km-export-told pre")
    written = notebooks / "standards.toml"
    assert str(written) in page.locator(".km-export-told").inner_text()
    assert batch_grades("--standards", str(written)) == grades_on(page)
    picture(page, "export")


def test_a_drill_down_shows_rows(page):
    measure = page.locator(".km-drill-measure select")
    measure.scroll_into_view_if_needed()
    delivery = measure.locator("option").evaluate_all("options => options.findIndex(option => option.textContent.includes('发卡'))")
    assert delivery >= 0
    measure.select_option(index=delivery)
    page.wait_for_function(f"document.querySelectorAll('{ROWS}').length > 5")
    _changing_rows(page, page.locator("button.km-drill-next"))
    assert "kd1:" not in page.locator(".km-drill-rows").inner_text()
    page.locator(".km-drill-rows").scroll_into_view_if_needed()
    picture(page, "drill-down")
    page.locator(".km-drill-rows input[type=search]").fill("zzzz")
    page.wait_for_function(f"document.querySelectorAll('{ROWS}').length === 1")


def test_rows_are_sorted_by_what_they_stand_for(page):
    page.locator(".km-drill-rows input[type=search]").fill("")
    page.wait_for_function(f"document.querySelectorAll('{ROWS}').length > 5")
    _changing_rows(page, page.locator("button.km-drill-previous"))
    _changing_rows(page, page.locator(".km-drill-rows .dt-container thead th", has_text="时长"))
    told = page.locator(f"{ROWS} td:last-child").all_inner_texts()
    seconds = [float(text.split()[0]) * {"秒": 1, "分钟": 60, "小时": 3600}[text.split()[1]] for text in told if text != "从未"]
    assert seconds == sorted(seconds)
    assert told == [text for text in told if text != "从未"] + ["从未"] * told.count("从未")


def _changing_rows(page, pressed) -> None:
    """Presses something, and waits until another row stands first."""
    first = page.locator(ROWS).first.inner_text()
    pressed.click()
    page.wait_for_function("([rows, first]) => ![null, undefined, first].includes(document.querySelector(rows)?.innerText)", arg=[ROWS, first])


def test_two_suppliers_stand_beside_one_another(page):
    rows = page.locator(".km-compare-rows .dt-container tbody tr")
    page.locator(".km-compare-rows").scroll_into_view_if_needed()
    assert rows.count() > 20
    picture(page, "compare")


def test_the_price_board_marks_breaches(page):
    board = page.locator(".km-board-table")
    board.scroll_into_view_if_needed()
    rows = board.locator("tbody tr").count()
    assert {"▲", "✓"} <= set(board.inner_text())
    picture(page, "board")
    page.locator(".km-board-breaches input").check()
    page.wait_for_function(f"document.querySelectorAll('.km-board-table tbody tr').length < {rows}")
    page.locator(".km-board-breaches input").uncheck()


def test_a_form_says_what_is_wrong(page):
    table = page.locator(".km-forms-table select")
    table.scroll_into_view_if_needed()
    table.select_option(label="费用")
    page.wait_for_function("document.querySelector('.km-forms-fields')?.innerText.includes('费用编号')")
    picture(page, "form")
    page.locator("button.km-forms-save").click()
    # The samples stay as they are; what is wrong with a cell has tests of its own.
    page.wait_for_function("document.querySelector('.km-forms-result')?.innerText.includes('样例')")


def test_the_trial_desk_accepts_and_rejects(page):
    decided = page.locator(".km-desk-decision [data-decision]")
    decided.scroll_into_view_if_needed()
    assert decided.get_attribute("data-decision") == "go_on"
    _enter(page, "valid", 326, "accept")
    picture(page, "accepted")
    page.get_by_role("button", name="清空", exact=True).click()
    page.wait_for_selector("[data-decision=go_on]")
    _enter(page, "invalid", 3, "reject")
    picture(page, "rejected")


def _enter(page, outcome: str, times: int, decision: str) -> None:
    # What is typed while the kernel works waits until it is done, and a click does not: it would be taken first.
    page.wait_for_function(IS_IDLE)
    field = page.locator(".km-desk-times input")
    field.fill(str(times))
    field.press("Enter")
    page.locator(f"button.km-desk-{outcome}").click()
    page.wait_for_selector(f"[data-decision={decision}]")
    page.wait_for_selector(".km-desk-picture svg")


def test_what_was_set_survives_a_second_run(page):
    before = grades_on(page)
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function("!document.querySelector('.jp-Notebook .jp-InputPrompt')?.innerText.includes('*')")
    page.wait_for_function(IS_IDLE)
    page.wait_for_selector("tr.down")
    assert grades_on(page) == before
    assert re.search("reject", page.locator(".km-desk-decision [data-decision]").get_attribute("data-decision"))


def test_nothing_was_asked_of_another_place(page):
    assert page.requests_out == []
