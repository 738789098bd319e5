"""Every sentence and name that a person may read stands in both catalogues, once, and with the same places to fill."""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from kmanalysis import errors
from kmanalysis.loaders.forms.layout import form_tables
from kmanalysis.words import languages

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kmanalysis"
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.KmError)}
CHINESE = re.compile(r"[\u3400-\u9fff]")


def sources() -> dict[str, str]:
    """Python that people's words come out of: modules, and the notebooks' code cells."""
    found = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
        found |= {f"notebooks/{notebook.name}#{number}": "".join(cell["source"]) for number, cell in enumerate(cells)}
    return found


def calls(source: str) -> Iterator[tuple[int, str, ast.expr, set[str | None]]]:
    """Calls that say something: line, what is called (`text`, `name` or an error), first argument, names of the others."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and (kind := kind_of(node.func)):
            yield node.lineno, kind, node.args[0], {keyword.arg for keyword in node.keywords}


def kind_of(called: ast.expr) -> str:
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    if name in ERRORS:
        return "error"
    speaks = isinstance(called, ast.Attribute) and ast.unparse(called.value).split(".")[-1].lower().startswith("words")
    return name if speaks and name in ("text", "name") else ""


def strings(source: str) -> Iterator[tuple[int, str]]:
    """Literal strings, with their lines; docstrings apart."""
    nodes = list(ast.walk(ast.parse(source)))
    remarks = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in remarks:
            yield node.lineno, node.value


def literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def said(*kinds: str) -> dict[str, list[str]]:
    """Literal sentences or names by where they are said."""
    found = defaultdict(list)
    for path, source in sources().items():
        for line, kind, first, _ in calls(source):
            if kind in kinds and (sentence := literal(first)) is not None:
                found[sentence].append(f"{path}:{line}")
    return found


def entries(lang: str) -> list[tuple[str, str, str]]:
    """Key, text and file of each entry of a language."""
    found = []
    for path in sorted((PACKAGE / "locale" / lang).glob("*.po")):
        with path.open("rb") as file:
            found += [(str(entry.id), str(entry.string), path.name) for entry in read_po(file, abort_invalid=True) if entry.id]
    return found


def places_to_fill(text: str) -> set[str]:
    return {re.split(r"[.\[]", field)[0] for _, field, _, _ in Formatter().parse(text) if field is not None}


def test_sentences_are_translated():
    translated = {key for key, text, _ in entries("zh") if text}
    missing = {sentence: where for sentence, where in said("text", "error").items() if sentence not in translated}
    assert missing == {}


def test_names_that_are_asked_for_exist():
    known = set.intersection(*({key for key, _, _ in entries(lang)} for lang in ("zh", "en")))
    assert {name: where for name, where in said("name").items() if f"name:{name}" not in known} == {}


def test_errors_say_a_sentence_that_can_be_translated():
    assert [
        f"{path}:{line}" for path, source in sources().items() for line, kind, first, _ in calls(source) if kind == "error" and literal(first) is None
    ] == []


def test_translations_fill_the_same_places():
    differing = [(key, text) for key, text, _ in entries("zh") if not key.startswith("name:") and places_to_fill(key) != places_to_fill(text)]
    assert differing == []


def test_sentences_are_given_the_fields_that_they_name():
    lacking = {}
    for path, source in sources().items():
        for line, kind, first, given in calls(source):
            sentence = literal(first)
            if kind != "name" and sentence is not None and None not in given and (absent := places_to_fill(sentence) - given):
                lacking[f"{path}:{line}"] = absent
    assert lacking == {}


def test_names_stand_in_both_languages():
    zh, en = ({key for key, _, _ in entries(lang) if key.startswith("name:")} for lang in ("zh", "en"))
    assert (zh - en, en - zh) == (set(), set())


@pytest.mark.parametrize("lang", languages())
def test_no_key_has_two_texts(lang):
    texts = defaultdict(set)
    for key, text, _ in entries(lang):
        texts[key].add(text)
    assert {key: found for key, found in texts.items() if len(found) > 1} == {}


@pytest.mark.parametrize("lang", languages())
def test_no_entry_is_empty(lang):
    assert [(file, key) for key, text, file in entries(lang) if not text] == []


def test_chinese_sentences_are_chinese():
    plain = [(file, key) for key, text, file in entries("zh") if not key.startswith("name:") and re.search(r"[A-Za-z]{4}", key) and not CHINESE.search(text)]
    assert plain == []


def test_no_translation_is_left_over():
    spoken = {text for source in sources().values() for _, text in strings(source)}
    templates = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*")) if path.suffix in (".html", ".j2", ".jinja"))
    known = spoken | meanings()
    unused = [(file, key) for key, _, file in entries("zh") if not key.startswith("name:") and key not in known and key not in templates]
    assert unused == []


def meanings() -> set[str]:
    """What tables.toml says of the tables and columns that a form explains."""
    return {meaning for table in form_tables().values() for meaning in (table.meaning, *(column.meaning for column in table.columns.values()))}


def test_what_a_form_explains_is_translated():
    assert meanings() - {key for key, text, _ in entries("zh") if text} == set()


def test_code_holds_no_chinese_words():
    # What exports call things, what gives a secret away, the samples' names and a reference page's heading are data, not words of ours.
    exempt = ("kmanalysis/detector/", "kmanalysis/loaders/", "kmanalysis/samples/", "kmanalysis/reference")
    spoken = [(path, line, text) for path, source in sources().items() if not path.startswith(exempt) for line, text in strings(source)]
    assert [f"{path}:{line}" for path, line, text in spoken if CHINESE.search(text)] == []


def test_calls_that_speak_are_found():
    source = 'words.text("A {b}", b=1)\nself.words.name("met")\nax.text(0, 1, "x")\nraise DataError("Bad {row}.", row=2)\ncolumn.name("day")\n'
    assert [(kind, literal(first)) for _, kind, first, _ in calls(source)] == [("text", "A {b}"), ("name", "met"), ("error", "Bad {row}.")]
    assert places_to_fill("{found!r} of {a.b[0]} {n:,}") == {"found", "a", "n"}
