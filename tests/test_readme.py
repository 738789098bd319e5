"""Every command of the READMEs works: each is run as it stands, or in a cheaper form where it says why."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import kmanalysis as km
from kmanalysis.cli import app
from kmanalysis.explorers import lab
from kmanalysis.samples import make_samples

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh-CN.md")
FINISHED = """
[source]
encoding = "utf-8"
timezone = "Asia/Shanghai"

[tables.orders.columns]
order_id = { from = "order" }
supplier_id = { from = "supplier" }
sku = { key = ["product"] }
ordered_at = { from = "paid at" }
quantity = { from = "units" }
amount = { from = "amount" }
currency = { constant = "CNY" }
status = { from = "state" }
"""


def blocks(readme, language):
    text = (ROOT / readme).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def commands(readme):
    """The lines of the sh blocks without their remarks, a list a block."""
    return [[bare for line in block.splitlines() if (bare := re.sub(r"\s+#.*", "", line).strip())] for block in blocks(readme, "sh")]


def inline(readme):
    """Commands that stand in the text, as `kmanalysis …` or `make …`."""
    text = re.sub(r"^```.*?^```", "", (ROOT / readme).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [spoken for spoken in re.findall(r"`([^`\n]+)`", text) if spoken.split()[0] in ("kmanalysis", "make") and " " in spoken]


@pytest.fixture
def run(monkeypatch):
    """Runs one line of a README in the current folder; gives its exit code and what it printed."""

    def run(line, *further):
        words = shlex.split(line)
        if words[0] == "kmanalysis":
            done = CliRunner().invoke(app.app, [*words[1:], *further])
            assert done.exception is None or isinstance(done.exception, SystemExit), (line, done.exception)
            return done.exit_code, done.stdout + done.stderr
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def make_runs(target):
    """What `make` would run for a target: installing takes minutes and the network, and the tests run in what it installed."""
    done = subprocess.run(["make", "-n", "-o", ".venv/.ready", target], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_both_say_the_same_commands():
    english, chinese = map(commands, READMES)
    assert [[line.replace(" --lang en", "") for line in block] for block in english] == chinese
    assert blocks("README.md", "python") == blocks("README.zh-CN.md", "python")
    assert sorted(inline("README.md")) == sorted(inline("README.zh-CN.md"))


def test_every_block_of_commands_is_one_that_is_run_here():
    plain = re.findall(r"^```(\w*)\n", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [kind for kind in plain if kind] == ["sh", "python", "sh", "sh", "toml"]


def test_the_first_hour(run, tmp_path, monkeypatch):
    begin, *lines = commands("README.md")[0]
    assert begin == "make report"
    assert ".venv/bin/kmanalysis report --data data/samples --month 2026-10 --out reports" in make_runs("report")
    assert lines.pop(0) == ". .venv/bin/activate"
    assert "-m venv --clear .venv" in (ROOT / "Makefile").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    # A crontab that is a file of the test's own.
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin" / "crontab"
    stub.write_text(f'#!/usr/bin/env bash\nif [ "$1" = -l ]; then cat "{tmp_path}/kept"; else cat > "{tmp_path}/new"; fi\n', encoding="utf-8")
    stub.chmod(0o755)
    (tmp_path / "kept").write_text("0 1 * * * other\n", encoding="utf-8")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    opened = []
    for line in lines:
        name = line.split()[1]
        if line.startswith("cd "):
            monkeypatch.chdir(name)
        elif line.startswith("kmanalysis lab"):
            # It would stay open: what it would open is looked at.
            monkeypatch.setattr(lab, "run_lab", lambda folder, data, *_: opened.extend([folder.resolve(), data.resolve()]) or 0)
            assert run(line)[0] == 0
        else:
            # One page of the report will do: pages have tests of their own.
            code, told = run(line, *(["--notebook", "05_reputation"] if name == "report" else []))
            assert code == 0, (line, told)
    mine = tmp_path / "mine"
    assert (mine / "reports" / "2026-10" / "index.html").is_file()
    assert (mine / "reports" / "2026-10" / "scorecard.xlsx").is_file()
    assert opened == [mine / "notebooks", mine / "data"]
    kept, remark, job = (tmp_path / "new").read_text(encoding="utf-8").splitlines()
    assert (kept, remark[0], job) == ("0 1 * * * other", "#", f"30 3 2 * * {mine}/schedule/monthly.sh")


def test_your_own_data(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    proposing, loading = commands("README.md")[1]
    shutil.copyfile(ROOT / "kmanalysis" / "cli" / "operator_files" / "en" / "exports" / "orders_example.csv", "orders.csv")
    for table, rows in {"suppliers": ["supplier_id,name", "Spruce Cards,a", "Long River,b"], "products": ["sku,name", "video month,a", "shop month,b"]}.items():
        Path("mydata").mkdir(exist_ok=True)
        Path("mydata", f"{table}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    code, told = run(proposing, "--lang", "en")
    assert code == 2, told
    assert "[tables.orders.columns]" in Path("mydata/mappings/orders.toml").read_text(encoding="utf-8")
    Path("mydata/mappings/orders.toml").write_text(FINISHED, encoding="utf-8")
    code, told = run(loading)
    assert code == 0, told
    assert Path("mydata/orders.parquet").is_file()


def test_decisions(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_samples(tmp_path / "mydata", suppliers=3, months=2, orders=300)
    for line in commands("README.md")[2]:
        code, told = run(line, "--lang", "en")
        assert code == 0, (line, told)
        if "plan trial" in line:
            assert "299" in told


def test_why(tmp_path, monkeypatch):
    # On a small folder: the samples take a while to grade.
    small = km.open_workbook(make_samples(tmp_path / "small", suppliers=3, months=2, orders=300), month="2026-10")
    asked = []
    monkeypatch.setattr(km, "open_workbook", lambda data, month: asked.append((data, month)) or small)
    (block,) = blocks("README.md", "python")
    assert '"S15"' in block
    exec(block.replace('"S15"', '"S03"'), {})
    assert asked == [("data/samples", "2026-10")]
    assert (ROOT / asked[0][0]).is_dir()


@pytest.mark.parametrize("spoken", inline("README.md"))
def test_commands_in_the_text(spoken, tmp_path, monkeypatch):
    """Those in the text are long runs or parts of commands: what they name must be there."""
    words = shlex.split(spoken.rstrip(" …"))
    if words[0] == "make":
        assert make_runs(words[1])
        return
    command = typer.main.get_command(app.app)
    assert words[1] in command.commands
    known = {option for parameter in command.commands[words[1]].params for option in parameter.opts}
    assert [word for word in words[2:] if word.startswith("--") and word not in known] == []


def test_standards_of_the_text_are_accepted(tmp_path):
    (block,) = blocks("README.md", "toml")
    (tmp_path / "mine.toml").write_text(block, encoding="utf-8")
    assert km.standards.load_standards(tmp_path / "mine.toml").changed == ("service.first_response", "grade.S.points")


@pytest.mark.parametrize("readme", READMES)
def test_links_lead_somewhere(readme):
    targets = re.findall(r"\]\(([^)#]+)\)", (ROOT / readme).read_text(encoding="utf-8"))
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []
