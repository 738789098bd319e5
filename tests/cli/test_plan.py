"""`kmanalysis plan trial` on the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run():
    def run(*arguments):
        done = CliRunner().invoke(app.app, ["plan", "trial", *map(str, arguments)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


@pytest.mark.parametrize(("claim", "confidence", "codes"), [(0.99, 0.95, 299), (0.95, 0.95, 59), (0.99, 0.99, 459)])
def test_codes_without_a_failure(run, claim, confidence, codes):
    done = run("--claim", claim, "--confidence", confidence, "--lang", "en")
    assert done.exit_code == 0
    assert f"check {codes} codes, none of them dead" in done.stdout
    facts = json.loads(run("--claim", claim, "--confidence", confidence, "--format", "json").stdout)
    assert [row["codes"] for row in facts["sizes"]] == [codes]


def test_a_small_trial_is_told_to_prove_nothing(run):
    done = run("--claim", "0.99", "--confidence", "0.95", "--price", "10", "--budget", "500", "--sample", "0.1", "--lang", "en")
    assert "at least 54.9% of what the supplier sends" in done.stdout
    assert "10% dead codes passes this check 59% of the time" in done.stdout
    assert "for 99% this check proves nothing" in done.stdout
    assert "什么也证明不了" in run("--price", "10").stdout
    facts = json.loads(run("--format", "json").stdout)
    assert facts["sample"] == {
        "codes": 50, "checked": 5, "process_lower": 0.54928, "lot_lower": 0.58, "poor_passes": 0.59049,
        "is_shown": False, "is_shown_of_lot": False, "lot_needed": 48,
    }  # fmt: skip
    assert (facts["risk_plan"], facts["sequential"]["clean_codes"], facts["asked"]["price"]) == ({"n": 628, "c": 2}, 326, "10.00")


def test_a_lot_and_failures_have_their_column(run):
    done = run("--lot", "50", "--failures", "1", "--lang", "en")
    assert "Codes to check in a lot of 50" in done.stdout
    assert "CN¥480.00" in done.stdout


def test_the_operator_s_standards_are_in_force(run, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('"trial.valid_share" = 0.95\n', encoding="utf-8")
    assert "check 59 codes" in run("--standards", own, "--lang", "en").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--claim", "1"), "claim must lie between 0 and 1"),
        (("--claim", "0.999"), "must be above the claim 0.999"),
        (("--price", "ten"), "price must be an amount, found 'ten'"),
        (("--price", "0"), "must be above 0"),
        (("--format", "xml"), "Choose one of: table, json."),
    ],
)
def test_what_cannot_be_planned_ends_with_2(run, arguments, sentence):
    done = run(*arguments, "--lang", "en")
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("lang", "sentence"), [("zh", "测试应验多少张卡密"), ("en", "How many codes a trial has to check")])
def test_help_is_in_the_language_asked_for(lang, sentence):
    command = [sys.executable, "-m", "kmanalysis", "plan", "trial", "--lang", lang, "--help"]
    assert sentence in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
