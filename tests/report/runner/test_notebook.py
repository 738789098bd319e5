"""A notebook's process: nothing of one reaches the next, and each is like a kernel that was started."""

import json

import pytest

from kmanalysis.report.making.task import CAN_FORK
from tests.report.runner.cells import outputs, printed

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
    "variables": sorted(name for name in os.environ if name != "PYTEST_CURRENT_TEST" and not name.startswith("JPY_")),
    "folder": os.path.basename(os.getcwd()),
    "path": [os.path.basename(place) for place in sys.path],
    "modules": "left_behind" in sys.modules,
    "recursion": sys.getrecursionlimit(),
    "hash": hash("the same in all"),
    "errors": np.geterr(),
    "precision": decimal.getcontext().prec,
    "settings": {name: str(value) for name, value in mpl.rcParams.items()},
    "rows": pd.get_option("display.max_rows"),
    # Filters for a library's own warnings come with the library, which a forked notebook has imported already.
    "filters": sorted(str(held[:2]) for held in warnings.filters if held[2].__module__ == "builtins" and held[3] is None),
    "level": logging.getLogger().level,
    "builtins": sorted(dir(builtins)),
    "patched": str(divmod),
    "ink": style.INK,
    "version": kmanalysis.__version__,
    "tables": duckdb.sql("show tables").fetchall(),
    "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP)],
    "collector": gc.isenabled(),
    "arguments": len(sys.argv),
    "threads": sorted(thread.name for thread in threading.enumerate()),
    "descriptors": len(os.listdir("/dev/fd")),
}))
"""

OWN_TO_A_SERVER = {"arguments", "threads", "descriptors"}
"""What a kernel has that listens: its connection file, its threads, its sockets."""

DRAW = """
import random, numpy as np
print(random.random(), np.random.rand())
"""

PICTURES = """
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.show()
plt.plot([2, 1])
"""


def test_nothing_of_a_notebook_reaches_the_next_and_a_forked_one_is_like_a_started_one(run):
    first, worst, last = (json.loads(printed(run(*cells))) for cells in ((LOOK,), (POISON, LOOK), (LOOK,)))
    # Each poison is seen where it was given: the look would see it elsewhere too.
    assert {name for name in first if worst[name] == first[name]} <= {"hash", "descriptors"}
    assert last == first
    started = json.loads(printed(run(LOOK, engine="papermill")))
    assert {name: value for name, value in started.items() if name not in OWN_TO_A_SERVER} == {
        name: value for name, value in first.items() if name not in OWN_TO_A_SERVER
    }


def test_notebooks_share_no_random_numbers(run):
    first, second = (printed(run(DRAW)).split() for _ in range(2))
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_pictures_of_the_inline_backend_are_all_there(run):
    def shown(execution):
        assert execution.failure is None
        return [output.data["image/svg+xml"] for output in outputs(execution) if "image/svg+xml" in output.get("data", {})]

    forked = shown(run(PICTURES))
    assert len(forked) == 2
    assert shown(run(PICTURES, engine="papermill")) == forked


def test_a_notebook_finds_no_descriptor_but_its_own(run):
    # The standard streams, the channel, and the folder that is being read.
    assert json.loads(printed(run("import os\nprint([*map(int, sorted(os.listdir('/dev/fd'), key=int))])")))[:4] == [0, 1, 2, 3]
    assert json.loads(printed(run(LOOK)))["descriptors"] <= 8


def test_libraries_see_a_notebook(run):
    code = "print(get_ipython().__class__.__name__, 'IPKernelApp' in get_ipython().config, __name__)"
    assert printed(run(code)) == "ZMQInteractiveShell True __main__\n"


def test_no_module_is_kept_from_a_notebook(run):
    assert printed(run("import sys\nprint([name for name, module in sys.modules.items() if module is None])")) == "[]\n"


def test_what_a_notebook_defines_can_be_sent_to_its_children(run):
    code = "import multiprocessing\ndef double(n):\n    return 2 * n"
    pool = "with multiprocessing.get_context('fork').Pool(1) as pool: print(pool.map(double, [1, 2]))"
    assert printed(run(code, pool)) == "[2, 4]\n"
