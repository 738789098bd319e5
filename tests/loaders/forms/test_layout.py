import pytest

from kmanalysis.loaders.forms.layout import EXAMPLES, form_tables, meant_by, value_names
from kmanalysis.words import Words, languages

LISTED = [(table.name, column) for table in form_tables().values() for column in table.columns.values() if column.type in ("enum", "boolean")]


@pytest.mark.parametrize(("table", "column"), LISTED, ids=[f"{table}.{column.name}" for table, column in LISTED])
def test_words_for_values_come_back_as_the_values(table, column):
    known = meant_by(column)
    for lang in languages():
        named = value_names(column, Words(lang))
        assert len({name.lower() for name in named.values()}) == len(named)
        assert {name: known[name] for name in named.values()} == {name: value for value, name in named.items()}
    assert {value: known[value] for value in column.values} == {value: value for value in column.values}


def test_words_of_two_languages_never_mean_different_values():
    for _, column in LISTED:
        meant = [(name.lower(), value) for lang in languages() for value, name in value_names(column, Words(lang)).items()]
        meant += [(value, value) for value in column.values]
        assert len({name for name, _ in meant}) == len(set(meant)), column.name


def test_every_column_has_its_example():
    assert {name: list(row) for name, row in EXAMPLES.items()} == {name: list(table.columns) for name, table in form_tables().items()}


@pytest.mark.parametrize("lang", languages())
def test_sheets_have_names_that_a_workbook_takes(lang):
    names = [Words(lang).name(table) for table in form_tables()]
    assert len({name.lower() for name in names}) == len(names)
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)
