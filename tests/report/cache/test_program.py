"""What of the program a result depends on."""

import ast
from pathlib import Path

import pytest

from kmanalysis.assets import notebooks_folder
from kmanalysis.report.cache.program import LEFT_OUT, LEFT_OUT_WORDS, MESSAGES, PACKAGE, REMEMBERED, program_digest
from kmanalysis.words import languages

CODE = '''"""What it holds."""

LIMIT = 3
"""What it is."""


def more(value):
    """What it gives."""
    if value > LIMIT:
        raise ValueError("Too much.")
    return value + 1
'''
FILES = {
    "measures/price.py": CODE,
    "loaders/folder.py": CODE,
    "cli/app.py": CODE,
    "report/progress.py": CODE,
    "explorers/lab.py": CODE,
    "standards.toml": "# Why.\n[price]\nlimit = 3\n",
    "locale/zh/charts.po": 'msgid "Price"\nmsgstr "价格"\n',
    "locale/zh/cli.po": 'msgid "Month"\nmsgstr "月份"\n',
    "locale/zh/loaders.po": 'msgid "name:reason.empty"\nmsgstr "空"\n\nmsgid "{file} is empty."\nmsgstr "{file} 是空的。"\n',
    "report/site/page.html.j2": "<p>{{ title }}</p>\n",
    "report/site/style.css": "p { margin: 0 }\n",
}


@pytest.fixture
def package(tmp_path):
    for path, content in FILES.items():
        (tmp_path / "package" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "package" / path).write_text(content, encoding="utf-8")
    return tmp_path / "package"


def changes(package, path, old, new, kept=None):
    """Whether the digest is another where a file says something else."""
    before, content = program_digest(kept, package), (package / path).read_text(encoding="utf-8")
    assert old in content
    (package / path).write_text(content.replace(old, new), encoding="utf-8")
    after = program_digest(kept, package)
    (package / path).write_text(content, encoding="utf-8")
    assert program_digest(kept, package) == before
    return after != before


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("measures/price.py", "LIMIT = 3", "LIMIT = 4"),
        ("measures/price.py", "value + 1", "value - 1"),
        ("measures/price.py", "Too much.", "Far too much."),
        ("loaders/folder.py", "value + 1", "value - 1"),
        ("loaders/folder.py", "ValueError", "KeyError"),
        ("standards.toml", "limit = 3", "limit = 4"),
        ("locale/zh/charts.po", "价格", "售价"),
        ("locale/zh/loaders.po", '空"', '无"'),
        ("report/site/page.html.j2", "title", "crumb"),
        ("report/site/style.css", "0", "1px"),
    ],
)
def test_what_decides_a_result_is_part_of_it(package, path, old, new):
    assert changes(package, path, old, new)
    assert changes(package, path, old, new, package.with_name("kept"))


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("measures/price.py", '"""What it holds."""', '"""What else it holds."""'),
        ("measures/price.py", '    """What it gives."""\n', ""),
        ("measures/price.py", '"""What it is."""\n', "# What it is.\n\n"),
        ("measures/price.py", "value + 1", "(value + 1)  # the next one"),
        ("loaders/folder.py", "Too much.", "Far too much."),
        ("cli/app.py", "LIMIT = 3", "LIMIT = 4"),
        ("report/progress.py", "LIMIT = 3", "LIMIT = 4"),
        ("explorers/lab.py", "LIMIT = 3", "LIMIT = 4"),
        ("standards.toml", "# Why.", "# Why not."),
        ("locale/zh/charts.po", 'msgid "Price"', '# A heading.\nmsgid "Price"'),
        ("locale/zh/cli.po", "月份", "月"),
        ("locale/zh/loaders.po", "是空的", "没有内容"),
    ],
)
def test_what_no_result_depends_on_is_no_part_of_it(package, path, old, new):
    assert not changes(package, path, old, new)
    assert not changes(package, path, old, new, package.with_name("kept"))


def test_a_file_that_has_another_name_is_noticed(package):
    before = program_digest(None, package)
    (package / "measures" / "price.py").rename(package / "measures" / "prices.py")
    assert program_digest(None, package) != before


def test_what_is_remembered_is_believed_as_it_was_written_alone(package):
    kept = package.with_name("kept")
    before = program_digest(kept, package)
    memory = (kept / REMEMBERED).read_text(encoding="utf-8")
    digest = memory.split('"')[3]
    assert len(digest) == 32
    (kept / REMEMBERED).write_text(memory.replace(digest, "0" * 32), encoding="utf-8")
    assert program_digest(kept, package) == before
    assert (kept / REMEMBERED).read_text(encoding="utf-8") == memory


def sentences(path):
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {line.removeprefix("msgid ").strip('"') for line in lines if line.startswith("msgid")} - {""}


def texts(node):
    """The texts in a part of the program, errors apart."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if not isinstance(node, ast.Raise):
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


def test_no_page_says_what_the_left_out_catalogues_hold():
    left_out = {PACKAGE / name for name in LEFT_OUT}
    sources = [path for path in PACKAGE.rglob("*.py") if not left_out & {path, *path.parents} and path.relative_to(PACKAGE).parts[0] != MESSAGES]
    said = {text for path in sources for text in texts(ast.parse(path.read_bytes()))} - {"Reading {folder}"}  # of the progress
    shown = "".join(path.read_text(encoding="utf-8") for path in [*PACKAGE.rglob("*.j2"), *Path(notebooks_folder()).glob("*.ipynb")])
    for lang in languages():
        silent = {sentence for name in LEFT_OUT_WORDS for sentence in sentences(PACKAGE / "locale" / lang / f"{name}.po")}
        silent |= {sentence for sentence in sentences(PACKAGE / "locale" / lang / f"{MESSAGES}.po") if not sentence.startswith("name:")}
        assert {sentence for sentence in silent if f'"{sentence}"' in shown} == set()
        assert silent & said == set()
