"""The report's pages as a reader opens them: from the file, in Chromium, on a phone and on a screen, by day and by night."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on this machine")]

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "screenshots" / "pages"
WIDTHS = (360, 768, 1280, 1920)
SHOWN = (360, 1280)
LANGUAGES = ("zh", "en")
MOST_BYTES = {"index.html": 150_000}
PAGE_BYTES = 400_000
SUPPLIER = "suppliers/S10.html"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The samples' report in each language: the folder of its month."""
    folders = {}
    for lang in LANGUAGES:
        out = tmp_path_factory.mktemp(lang)
        if folders:  # what is counted is the same in every language
            shutil.copytree(next(iter(folders.values())).parent / ".kept", out / ".kept")
        command = [sys.executable, "-m", "kmanalysis", "report", "--data", "data/samples", "--month", "2026-10", "--out", str(out), "--lang", lang]
        # One supplier's page will do: the others are made by the same notebook.
        portfolio = [part for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")) for part in ("--notebook", path.stem)]
        subprocess.run([*command, *portfolio, "--supplier", "S10"], cwd=ROOT, check=True, capture_output=True)
        folders[lang] = out / "2026-10"
    return folders


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield launched
        launched.close()


def pages_of(folder: Path) -> list[str]:
    return [path.name for path in sorted(folder.glob("*.html"))] + [SUPPLIER]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pages_ask_for_nothing_and_say_nothing_on_the_console(reports, browser, lang):
    found = {}
    for name in pages_of(reports[lang]):
        page = browser.new_page()
        said, asked = [], []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto((reports[lang] / name).as_uri())
        outside = [address for address in asked[1:] if not address.startswith("data:")]
        if said or outside:
            found[name] = (said, outside)
        page.close()
    assert found == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_scrolls_sideways(reports, browser, lang):
    found = []
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        for name in pages_of(reports[lang]):
            page.goto((reports[lang] / name).as_uri())
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                needed = page.evaluate("document.documentElement.scrollWidth")
                if needed > width:
                    found.append((name, width, scheme, needed))
                if width in SHOWN or name == "index.html":
                    shot = SHOTS / lang / f"{Path(name).stem}-{width}-{scheme}.png"
                    shot.parent.mkdir(parents=True, exist_ok=True)
                    page.screenshot(path=shot)
        context.close()
    assert found == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_is_in_the_bar_of_a_desktop(reports, browser, lang):
    page = browser.new_page()
    page.goto((reports[lang] / "09_review.html").as_uri())
    for width in (1024, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        bar, links = page.locator("nav.pages").bounding_box(), page.locator("nav.pages a")
        assert links.count() == 12
        for link in links.all():
            box = link.bounding_box()
            assert bar["x"] - 1 <= box["x"] <= bar["x"] + bar["width"] - box["width"] + 1, (width, link.inner_text())
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_reader_is_shut_out(reports, browser, lang, scheme):
    found = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    for name in pages_of(reports[lang]):
        page.goto((reports[lang] / name).as_uri())
        # By night nothing but the colours is another.
        options = {"resultTypes": ["violations"]} | ({"runOnly": ["color-contrast"]} if scheme == "dark" else {})
        violations = axe.Axe().run(page, options=options).response["violations"]
        found += [
            (name, one["id"], one["impact"], one["nodes"][0]["html"][:160], len(one["nodes"])) for one in violations if one["impact"] in ("serious", "critical")
        ]
    context.close()
    assert found == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_link_leads_somewhere(reports, browser, lang):
    page = browser.new_page()
    broken = []
    for name in pages_of(reports[lang]):
        page.goto((reports[lang] / name).as_uri())
        inside = page.evaluate(
            "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1)).filter(id => !document.getElementById(id))"
        )
        beside = page.evaluate("[...document.querySelectorAll('a[href]:not([href^=\"#\"])')].map(a => a.getAttribute('href'))")
        here = (reports[lang] / name).parent
        broken += [(name, f"#{anchor}") for anchor in inside]
        broken += [(name, address) for address in set(beside) if not (here / unquote(address)).is_file()]
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        broken += [(name, f"twice: {anchor}") for anchor in {one for one in ids if ids.count(one) > 1}]
    page.close()
    assert broken == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pages_are_light(reports, lang):
    sizes = {name: (reports[lang] / name).stat().st_size for name in pages_of(reports[lang])}
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES.get(name, PAGE_BYTES)} == {}
