"""Kernels that are forked: the same as started ones, and nothing passes from one to the next."""

import json
import os
import subprocess
import sys
import time

import nbformat
import papermill
import pytest

from kmanalysis.report.runner import kernels
from kmanalysis.report.runner.execute import Failure, executed
from kmanalysis.report.runner.forks import CAN_FORK, Client, ForkError, Origin, Zygote
from kmanalysis.report.runner.provisioner import NAME, is_known

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="nothing can be forked here")

POISON = """
import builtins, decimal, gc, logging, os, random, signal, sys, threading, time, warnings
import duckdb, matplotlib as mpl, numpy as np, pandas as pd, seaborn as sns
import kmanalysis
from kmanalysis.charts.kit import style
left_behind = "a name"
os.environ["LEFT_BEHIND"] = "a variable"
os.chdir("/")
sys.argv.append("left behind")
sys.path.insert(0, "/left/behind")
sys.modules["left_behind"] = sys
sys.setrecursionlimit(4321)
random.seed(1); np.random.seed(1)
np.seterr(all="raise")
decimal.getcontext().prec = 5
mpl.rcParams["lines.linewidth"] = 77
mpl.rcParams["svg.hashsalt"] = "left behind"
sns.set_theme(style="dark")
pd.set_option("display.max_rows", 7)
warnings.filterwarnings("error", message="left behind")
logging.getLogger().setLevel(1)
builtins.left_behind = 1
builtins.divmod = None
style.INK = "left behind"
kmanalysis.__version__ = "left behind"
duckdb.sql("create table left_behind as select 1 as a")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
gc.disable()
threading.Thread(target=time.sleep, args=(60,), daemon=True, name="left behind").start()
"""

LOOK = """
import builtins, decimal, gc, json, logging, os, random, signal, sys, threading, warnings
import duckdb, matplotlib as mpl, numpy as np, pandas as pd
import kmanalysis
from kmanalysis.charts.kit import style
print(json.dumps({
    "names": sorted(name for name in globals() if "left" in name),
    "variables": sorted(set(os.environ) - {"PYTEST_CURRENT_TEST"}),
    "folder": os.path.basename(os.getcwd()),
    "arguments": len(sys.argv),
    "path": [os.path.basename(place) for place in sys.path],
    "modules": "left_behind" in sys.modules,
    "recursion": sys.getrecursionlimit(),
    "hash": hash("the same in all"),
    "errors": np.geterr(),
    "precision": decimal.getcontext().prec,
    "settings": {name: str(value) for name, value in mpl.rcParams.items()},
    "rows": pd.get_option("display.max_rows"),
    "filters": sorted(str(held[0]) for held in warnings.filters),
    "level": logging.getLogger().level,
    "builtins": sorted(dir(builtins)),
    "patched": str(divmod),
    "ink": style.INK,
    "version": kmanalysis.__version__,
    "tables": duckdb.sql("show tables").fetchall(),
    "signals": [str(signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP)],
    "collector": gc.isenabled(),
    "threads": sorted(thread.name for thread in threading.enumerate()),
}))
"""

DRAW = """
import random, numpy as np
print(random.random(), np.random.rand())
"""

PICTURES = """
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.show()
plt.plot([2, 1])
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder for a module's runs."""
    folder = tmp_path_factory.mktemp("zygote")
    (folder / "slice").mkdir()
    return folder


@pytest.fixture
def run(home):
    """Runs code in a kernel of its own: ``run("cell", "cell")`` gives what was executed."""

    def run(*cells, memory=0, timeout=120.0):
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
        )
        path = home / "page.ipynb"
        path.write_text(nbformat.writes(notebook), encoding="utf-8")
        return executed(path, {}, home / "slice", home / "page", timeout, memory)

    return run


def written(path, *cells):
    metadata = {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=metadata)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    return path


def printed(execution):
    assert execution.failure is None, json.dumps(execution.notebook.cells)
    return "".join(output.text for cell in execution.notebook.cells for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


def test_nothing_of_a_kernel_reaches_the_next_and_a_forked_one_is_like_a_started_one(run, monkeypatch):
    before = run(LOOK)
    poisoned = run(POISON, LOOK)
    after = run(LOOK)
    assert before.is_forked
    assert poisoned.is_forked
    assert after.is_forked
    first, worst, last = (json.loads(printed(execution)) for execution in (before, poisoned, after))
    # Each poison is seen where it was given: the look would see it elsewhere too.
    assert {name for name in first if worst[name] == first[name]} == {"hash"}
    assert last == first
    monkeypatch.setattr(kernels, "is_known", lambda: False)
    started = run(LOOK)
    assert not started.is_forked
    assert json.loads(printed(started)) == first


def test_kernels_share_no_random_numbers(run):
    first, second = (printed(run(DRAW)).split() for _ in range(2))
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_pictures_of_the_inline_backend_are_all_there(run, monkeypatch):
    def shown(execution):
        assert execution.failure is None
        return [output.data["image/svg+xml"] for cell in execution.notebook.cells for output in cell.outputs if "image/svg+xml" in output.get("data", {})]

    forked = shown(run(PICTURES))
    assert len(forked) == 2
    monkeypatch.setattr(kernels, "is_known", lambda: False)
    assert shown(run(PICTURES)) == forked


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux caps private memory")
@pytest.mark.parametrize("is_known", [True, False], ids=["forked", "started"])
def test_a_kernel_gets_no_more_memory_than_it_may(run, monkeypatch, is_known):
    monkeypatch.setattr(kernels, "is_known", lambda: is_known)
    execution = run("import numpy as np", "held = np.ones(8 << 30, dtype='u1')", memory=2 << 30)
    assert execution.failure.kind == "memory"
    assert "8.00 GiB" in execution.failure.text
    # What it may have it gets.
    assert printed(run("print(len(bytearray(1 << 30)))", memory=2 << 30)) == f"{1 << 30}\n"


def test_what_a_kernel_started_ends_with_it(run):
    execution = run("import subprocess", "print(subprocess.Popen(['sleep', '3600']).pid)")
    started = int(printed(execution))
    deadline = time.monotonic() + 20
    while _is_running(started) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_running(started)


def _is_running(process):
    # Ended and not yet reaped by its new parent counts as ended.
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False).stdout.strip()
    return bool(found) and not found.startswith("Z")


def test_papermill_as_it_is_uses_the_provisioner_by_its_name(home, monkeypatch):
    from jupyter_client.provisioning import KernelProvisionerFactory

    assert is_known()
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", NAME)
    path = written(home / "plain.ipynb", "import os, sys\nprint(sys.argv[0], os.path.basename(os.getcwd()))")
    done = papermill.execute_notebook(path, None, progress_bar=False, cwd=home)
    assert done.cells[-1].outputs[0].text == f"ipykernel_launcher {home.name}\n"


def test_another_interpreter_is_not_forked():
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "file"]
    known = Origin.of(command, {"A": "1", "IPYTHONDIR": "here"}, b"")
    assert known == Origin.of(command, {"A": "1", "IPYTHONDIR": "there"}, b"")
    assert known != Origin.of(command, {"A": "2"}, b"")
    assert known != Origin.of(command, {"A": "1"}, b"svg.hashsalt: other")
    assert Origin.of(["/usr/bin/other", *command[1:]], {}, b"") is None
    assert Origin.of([sys.executable, "-m", "bash_kernel", "-f", "file"], {}, b"") is None


def test_a_zygote_that_is_gone_gives_no_kernel_and_says_so(home):
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", str(home / "nowhere.json")]
    variables = dict(os.environ)
    origin = Origin.of(command, variables, b"")
    zygote = Zygote(origin, home, variables)
    client = Client(zygote.control, origin)
    launched = client.launch(command, variables, home, 0)
    os.kill(zygote.pid, 9)
    assert launched.wait(20) != 0
    with pytest.raises(ForkError):
        client.launch(command, variables, home, 0)
    zygote.close()


def test_a_notebook_in_the_way_of_time_is_ended(run):
    assert run("while True: pass", timeout=2.0).failure == Failure("timeout", "")
