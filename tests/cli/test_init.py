import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kmanalysis.assets import notebooks_folder
from kmanalysis.cli import app
from kmanalysis.cli.operator_folder import make_operator_folder
from kmanalysis.errors import UsageError
from kmanalysis.explorers import lab
from kmanalysis.standards import load_standards
from kmanalysis.words import languages

NAME = "货源 100%'s"


def run(*arguments):
    done = CliRunner().invoke(app.app, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def sh_commands(page):
    """The commands of a page's sh blocks, one a line, remarks left out."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    return [command for block in blocks for line in block.splitlines() if (command := shlex.split(line, comments=True))]


def option(command):
    """Options of a command with their values."""
    return {name: value for name, value in pairwise(command) if name.startswith("--")}


@pytest.fixture(params=languages())
def made(request, tmp_path, monkeypatch):
    done = run("init", tmp_path / NAME, "--lang", request.param)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / NAME)
    monkeypatch.chdir(tmp_path / NAME)
    return tmp_path / NAME


def test_it_holds_what_its_page_says(made):
    page = (made / "README.md").read_text(encoding="utf-8")
    places = re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE)
    assert sorted(places) == sorted(entry.name + ("/" if entry.is_dir() else "") for entry in made.iterdir() if entry.name not in (".gitignore", "README.md"))
    assert {path.name for path in (made / "notebooks").iterdir()} == {path.name for path in notebooks_folder().glob("*.ipynb")}
    assert list(made.parent.iterdir()) == [made]


def test_commands_of_its_page_work(made, monkeypatch):
    commands = sh_commands((made / "README.md").read_text(encoding="utf-8"))
    assert [command[:2] for command in commands] == [["kmanalysis", name] for name in ("load", "check", "score", "report", "lab")]
    for command in commands[:3]:
        done = run(*command[1:])
        assert done.exit_code == 0, done.stderr
    # The report is what the monthly run makes, which is run below.
    script = (made / "schedule" / "monthly.sh").read_text(encoding="utf-8")
    monthly = shlex.split(next(line for line in script.splitlines() if '" report --' in line))
    assert option(commands[3]) | {"--month": "$month", "--lang": option(monthly)["--lang"]} == option(monthly)
    # The lab would stay open: what it would open is looked at instead.
    asked = []
    monkeypatch.setattr(lab, "run_lab", lambda *given: asked.append(given) or 0)
    assert run(*commands[4][1:]).exit_code == 0
    assert [path.resolve() for path in asked[0][:2]] == [made / "notebooks", made / "data"]


def test_its_standards_differ_from_the_defaults(made):
    assert load_standards(made / "standards.toml").changed == ("service.first_response", "grade.S.points")


def test_the_other_mapping_reads_an_export_of_its_own_headings(made):
    run(*sh_commands((made / "README.md").read_text(encoding="utf-8"))[0][1:])
    mapping = (made / "mappings" / "tickets.toml").read_text(encoding="utf-8")
    headings = [re.search(r'"([^"]+)"', line)[1] for line in mapping.splitlines() if " = { from" in line]
    kind = re.search(r'values = \{ "([^"]+)"', mapping)[1]
    supplier = (made / "exports" / "orders_example.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[1]
    row = ["T1", supplier, "A1001", "2026-10-05 12:10:00", "2026-10-05 12:14:00", "2026-10-05 13:00:00", kind]
    (made / "exports" / "tickets.csv").write_text("\n".join(map(",".join, (headings, row))) + "\n", encoding="utf-8")
    done = run("load", "exports/tickets.csv", "--mapping", "mappings/tickets.toml", "--into", "data")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert (made / "data" / "tickets.parquet").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
@pytest.mark.parametrize("made", ["zh"], indirect=True)
def test_the_monthly_run_works_from_anywhere(made):
    line = (made / "schedule" / "crontab").read_text(encoding="utf-8").splitlines()[-1]
    # cron takes a percent sign for the end of the command unless it is escaped.
    command = shlex.split(line.replace(r"\%", "%"))[5:]
    assert command == [str(made / "schedule" / "monthly.sh")]
    assert os.access(command[0], os.X_OK)
    run(*sh_commands((made / "README.md").read_text(encoding="utf-8"))[0][1:])
    done = subprocess.run(
        [*command, "--month", "2026-10", "--notebook", "05_reputation"], cwd=made.parent, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    page = (made / "reports" / "2026-10" / "05_reputation.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN"' in page
    assert "云杉数卡" in page
    assert json.loads((made / "reports" / "2026-10" / "manifest.json").read_text(encoding="utf-8"))["month"] == "2026-10"


def test_units_name_the_script(made):
    unit = (made / "schedule" / "kmanalysis-report.service").read_text(encoding="utf-8")
    assert f'ExecStart="{str(made / "schedule" / "monthly.sh").replace("%", "%%")}"' in unit.splitlines()
    assert "OnCalendar=*-*-02 03:30:00 Asia/Shanghai" in (made / "schedule" / "kmanalysis-report.timer").read_text(encoding="utf-8")
    if (verifier := shutil.which("systemd-analyze")) is not None:
        done = subprocess.run([verifier, "calendar", "*-*-02 03:30:00 Asia/Shanghai"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_no_place_is_left_unfilled(made):
    texts = {path: path.read_text(encoding="utf-8") for path in made.rglob("*") if path.is_file() and path.suffix != ".ipynb"}
    assert [path.name for path, text in texts.items() if re.search(r"@[A-Z_]+@", text)] == []


def test_both_languages_hold_the_same_files(tmp_path):
    made = {lang: make_operator_folder(tmp_path / lang, lang) for lang in languages()}
    kept = {lang: sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) for lang, folder in made.items()}
    assert kept["zh"] == kept["en"]


def test_a_folder_that_holds_files_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("mine", encoding="utf-8")
    done = run("init", tmp_path / "mine", "--lang", "en")
    assert done.exit_code == 2
    assert done.stderr == "Error: mine holds files already. Name a new or empty folder.\n"
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["note.txt"]
    assert run("init", tmp_path / "mine" / "note.txt").exit_code == 2


def test_what_came_meanwhile_is_not_written_over(tmp_path, monkeypatch):
    from kmanalysis.cli import operator_folder

    fill = operator_folder.fill

    def slow(made, folder, lang):
        fill(made, folder, lang)
        folder.mkdir()
        (folder / "note.txt").write_text("mine", encoding="utf-8")

    monkeypatch.setattr(operator_folder, "fill", slow)
    with pytest.raises(UsageError, match="holds files already"):
        make_operator_folder(tmp_path / "mine", "en")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["mine", "mine/note.txt"]


def test_an_empty_folder_is_filled_and_a_failure_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    make_operator_folder(tmp_path / "mine", "en")
    assert (tmp_path / "mine" / "README.md").is_file()

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="disk full"):
        make_operator_folder(tmp_path / "other", "en")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_folder_that_one_stands_in_stays_the_same_folder(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before = (tmp_path / "here").stat().st_ino
    assert run("init", ".").exit_code == 0
    assert (tmp_path / "here").stat().st_ino == before
    assert Path("README.md").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    assert run("init", ".").exit_code == 2


def test_its_folder_must_be_one_that_can_be_made(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run("init", tmp_path / "file" / "mine", "--lang", "en")
    assert (done.exit_code, Path(tmp_path / "file").read_text()) == (2, "")
