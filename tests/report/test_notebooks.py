import pytest

from kmanalysis.errors import DataError, UsageError
from kmanalysis.report.notebooks import check_parameters, report_notebooks


def test_parameters_and_heading_are_read(notebooks_of):
    found = notebooks_of("fine", "supplier")
    assert list(found) == ["fine", "supplier"]
    assert found["fine"].parameters == {"month", "lang"}
    assert found["supplier"].parameters == {"month", "lang", "supplier"}
    assert found["fine"].heading == "月度概览"
    assert found["supplier"].is_of_supplier


def test_an_untagged_parameters_cell_is_an_error_before_anything_runs(notebooks_of):
    with pytest.raises(DataError, match="0 cells have the tag 'parameters'"):
        notebooks_of("untagged")


def test_an_unknown_parameter_is_an_error_before_anything_runs(notebooks_of):
    with pytest.raises(DataError, match=r"fine\.ipynb: its parameters cell does not set mouth\. It sets: lang, month\."):
        check_parameters(notebooks_of("fine")["fine"], {"mouth": "2026-10"})


def test_a_line_with_two_targets_sets_no_parameter(notebooks_of):
    # papermill does not see such a line either, and would warn alone.
    assert notebooks_of("doubled")["doubled"].parameters == frozenset()


def test_a_file_that_is_no_notebook_is_an_error(tmp_path):
    (tmp_path / "bad.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"bad\.ipynb: not a notebook"):
        report_notebooks(tmp_path)


def test_a_folder_without_notebooks_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="No notebook was found"):
        report_notebooks(tmp_path)
