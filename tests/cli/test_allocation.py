"""`kmanalysis plan allocation` as it is typed."""

import ctypes
import json
import os
from io import StringIO

import pandas as pd
import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from kmanalysis.cli.plan import only_ours_on_stdout
from kmanalysis.samples import make_samples


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_samples(tmp_path_factory.mktemp("data") / "small", suppliers=20, months=2, orders=600)


@pytest.fixture
def run():
    def run(*arguments):
        done = CliRunner().invoke(app.app, ["plan", "allocation", *(str(argument) for argument in arguments)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


def test_the_plan_says_its_proof_and_what_the_cap_costs(run, data):
    done = run("--data", data, "--lang", "en", "--cap", "0.4")
    assert done.exit_code == 0
    assert "proven: no split is cheaper" in done.stdout
    assert "The cap of 40% on a supplier's share: costs" in done.stdout
    assert "Last month's split would cost" in done.stdout
    assert "What to buy where" in done.stdout


def test_json_holds_all_of_it(run, data):
    plan = json.loads(run("--data", data, "--format", "json").stdout)
    assert set(plan) == {"scenarios", "lines", "suppliers"}
    assert plan["scenarios"][0]["state"] == "planned"
    assert sum(line["units"] for line in plan["lines"]) == sum(line["last_units"] for line in plan["lines"])


def test_a_demand_of_ones_own_is_planned(run, data, tmp_path):
    file = tmp_path / "demand.csv"
    file.write_text("sku,quantity\nG01,50\n", encoding="utf-8")
    done = run("--data", data, "--demand", file, "--format", "csv", "--cap", "1")
    lines = pd.read_csv(StringIO(done.stdout))
    assert lines.loc[lines["units"] > 0, ["sku", "units"]].to_numpy().tolist() == [["G01", 50]]


def test_no_split_ends_with_1_and_names_what_conflicts(run, data):
    done = run("--data", data, "--lang", "en", "--cap", "0.01")
    assert done.exit_code == 1
    assert "Leaving out any one of these makes one possible: Share cap." in done.stdout


@pytest.mark.parametrize("arguments", [("--cap", "40"), ("--floor", "C"), ("--format", "xml"), ("--demand", "no-such-file.csv")])
def test_arguments_that_cannot_be_used_end_with_2(run, data, arguments):
    done = run("--data", data, *arguments)
    assert done.exit_code == 2
    assert done.stdout == ""


def test_what_the_solver_itself_writes_does_not_stand_between_the_data(capfd):
    with only_ours_on_stdout():
        os.write(1, b"from a library")
        ctypes.CDLL(None).puts(b"and from C")
    print("ours")
    found = capfd.readouterr()
    assert found.out == "ours\n"
    assert "from a library" in found.err
    assert "and from C" in found.err
