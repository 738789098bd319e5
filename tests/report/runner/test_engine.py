"""The papermill engine: outputs as ipykernel's, ends as a report needs them."""

import subprocess
import sys

import nbformat
import pytest

from kmanalysis.report.making.task import CAN_FORK, Failure
from kmanalysis.report.runner.engine import MOST_OUTPUT
from tests.report.runner.cells import outputs, printed, shape, written

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="nothing can be forked here")

ALIKE = (
    "import sys, warnings, pandas as pd\nfrom IPython.display import HTML, Markdown, clear_output, display, update_display",
    "print('out'); print('err', file=sys.stderr); 1 + 1",
    "display(Markdown('**a**'), metadata={'alt': 'A'}); print('between'); display(HTML('<p>b</p>')); pd.DataFrame({'a': [1.5, None]})",
    "handle = display('first', display_id=True); display('second', display_id='mine'); print('after')",
    "handle.update(HTML('<b>changed</b>')); update_display('mine too', display_id='mine')",
    "print('gone'); clear_output(); print('stays')",
    "print('gone with the next'); clear_output(wait=True); display('next')",
    "warnings.warn('a note'); 'quiet';",
    "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
    "task = asyncio.create_task(asyncio.sleep(0, 'from the task'))",
    "await task",
    "%precision 2\n1 / 3",
    "%%capture held\nprint('held')",
    "%%writefile told.txt\ntold",
    "!cat told.txt",
    "_, In[2][:5], len(Out)",
    "import matplotlib.pyplot as plt\nprint('before'); plt.plot([1, 2]); plt.show(); print('behind'); lines = plt.plot([2, 1])",
    "%matplotlib inline\n%config InlineBackend.figure_formats = ['png']\nfigure, ax = plt.subplots(); display(figure); print('drawn')",
    "figure",
    "b'\\x00'; float('nan'), {'a': float('inf')}",
    "class Rich:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n        return data, {'text/html': {'b': 1}}",
    "data = {'text/html': '<i>rich</i>', 'text/plain': 'rich', 'application/json': {'a': [1]}}\nRich()",
    "import ipywidgets\nipywidgets.IntSlider(value=7)",
    "def f(n):\n    return 1 / n\nf(0)",
)


@pytest.fixture(scope="session")
def both(preloader, tmp_path_factory):
    """The cells that are to look alike, run by both engines."""
    from kmanalysis.report.runner.execute import execution

    home = tmp_path_factory.mktemp("both")
    (home / "slice").mkdir()
    path = written(home / "page.ipynb", *ALIKE)
    with preloader.started(execution, path, {}, home / "slice", home / "fork", 120.0, 0, "fork") as answer:
        return answer.recv(), execution(path, {}, home / "slice", home / "papermill", 120.0, 0, "papermill")


def joined(cell_outputs):
    """Outputs with neighbouring parts of a stream joined: a kernel parts them by the clock."""
    whole = []
    for output in cell_outputs:
        if whole and output.output_type == "stream" == whole[-1].output_type and whole[-1].name == output.name:
            whole[-1].text += output.text
        else:
            whole.append(output)
        output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)  # a random id
    return whole


@pytest.mark.parametrize("number", range(len(ALIKE)))
def test_outputs_are_those_of_papermills_own_engine(both, number):
    forked, started = (execution.notebook.cells[number] for execution in both)
    assert joined(forked.outputs) == joined(started.outputs)
    assert forked.execution_count == started.execution_count == number + 1


def test_the_same_failure_is_told(both):
    forked, started = both
    assert forked.failure == started.failure == Failure("error", "ZeroDivisionError: division by zero")


def test_what_is_written_at_descriptor_level_is_kept_where_it_was_written(run):
    execution = run(
        "import os, subprocess, sys\nfrom IPython.display import display",
        "print('one'); os.write(1, b'two\\n'); display(3); os.system('echo four; echo five >&2')",
        "subprocess.run(['echo', 'six'], check=True); print('seven'); subprocess.run(['echo', 'eight'], stdout=sys.stdout, check=True);",
    )
    assert shape(execution) == [
        ("stdout", "one\ntwo\n"),
        ("display_data", "3"),
        ("stdout", "four\n"),
        ("stderr", "five\n"),
        ("execute_result", "0"),
        ("stdout", "six\nseven\neight\n"),
    ]


def test_what_threads_and_forked_children_print_is_kept(run):
    execution = run(
        "import multiprocessing, threading\nfrom IPython.display import display",
        "thread = threading.Thread(target=lambda: (print('thread'), display('shown')))\nthread.start(); thread.join()",
        "child = multiprocessing.get_context('fork').Process(target=print, args=('child',))\nchild.start(); child.join()",
    )
    assert shape(execution) == [("stdout", "thread\n"), ("display_data", "'shown'"), ("stdout", "child\n")]


def test_more_than_a_pipe_holds_is_all_there(run):
    text = printed(run("print('x' * 1_000_000); print('end')"))
    assert len(text) == 1_000_005
    assert text.endswith("x\nend\n")


def test_text_that_is_no_unicode_is_told_anyhow(run):
    execution = run("import os\nprint('\\udcff 库'); os.write(1, b'\\xff\\n');")
    assert printed(execution) == "\\udcff 库\n�\n"


def test_input_is_refused(run):
    assert run("print('asked')", "input('? ')").failure.text.startswith("StdinNotImplementedError")
    assert run("import getpass\ngetpass.getpass()").failure.text.startswith("StdinNotImplementedError")
    assert printed(run("import sys\nprint(repr(sys.stdin.read()))")) == "''\n"


def test_a_notebook_may_end_itself(run):
    ended = run("print('before')\nimport sys\nsys.exit()", "print('never')")
    assert ended.failure is None
    assert "before\n" in [output.get("text") for output in outputs(ended)]
    assert "never" not in str(outputs(ended))
    assert run("raise SystemExit(3)").failure == Failure("error", "SystemExit: 3")
    assert run("import os\nos._exit(0)").failure == Failure("kernel_died", "Kernel died")


def test_an_interrupt_is_an_error_of_the_cell(run):
    execution = run("import os, signal\nprint('before')\nos.kill(os.getpid(), signal.SIGINT)")
    assert execution.failure.text.startswith("KeyboardInterrupt")
    assert shape(execution) == [("stdout", "before\n"), ("error", "KeyboardInterrupt")]


def test_an_error_that_is_expected_does_not_end_the_notebook(run):
    expected = nbformat.v4.new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    execution = run(expected, "print('went on')")
    # Papermill itself tells of it at the end.
    assert execution.failure == Failure("error", "ZeroDivisionError: division by zero")
    assert shape(execution) == [("error", "ZeroDivisionError"), ("stdout", "went on\n")]


@pytest.mark.parametrize(
    "way",
    ["os.kill(os.getpid(), signal.SIGKILL)", "ctypes.string_at(0)", "os.abort()", "os.closerange(3, 1000)\nprint('more')", "os.write(3, b'{}\\n\\n')"],
    ids=["killed", "segfault", "abort", "closed", "garbled"],
)
def test_a_process_that_dies_or_cannot_be_understood_keeps_what_it_showed(run, way):
    execution = run(f"import ctypes, os, signal\nfrom IPython.display import display\ndisplay('shown'); print('printed', end='')\n{way}\nprint('never')")
    assert execution.failure.kind == "kernel_died"
    assert shape(execution)[0] == ("display_data", "'shown'")
    assert shape(execution)[1][1].startswith("printed")


def test_a_process_that_dies_is_noticed_though_a_child_holds_its_channel(run):
    child = "import os, signal, time\nif os.fork() == 0:\n    time.sleep(3600)\nos.kill(os.getpid(), signal.SIGKILL)"
    assert run(child, timeout=3000.0).failure == Failure("kernel_died", "Kernel died")


@pytest.mark.parametrize(
    "loop",
    [
        "while True: pass",
        "import signal\nfor number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}: signal.signal(number, signal.SIG_IGN)\nwhile True: pass",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "import threading\nthreading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=False).start()\nthreading.Event().wait()",
        "import os\nos.write(3, b'half a message')\nwhile True: pass",
        "await __import__('asyncio').sleep(3600)",
    ],
    ids=["endless", "deaf", "stopped", "threads", "half", "awaiting"],
)
def test_a_notebook_that_never_ends_is_ended_and_keeps_what_it_showed(run, loop):
    execution = run("print('first')", f"print('printed', end='')\n{loop}", "print('never')", timeout=2.0)
    assert execution.failure == Failure("timeout", "")
    assert shape(execution) == [("stdout", "first\n"), ("stdout", "printed")]


def test_time_is_counted_for_the_page_and_not_for_the_cell(run):
    execution = run(*["import time\ntime.sleep(1.5)"] * 20, timeout=4.0)
    assert execution.failure == Failure("timeout", "")


def test_a_page_s_time_begins_when_all_that_it_shows_is_there(run, tmp_path):
    waiting = tmp_path / "slice" / "awaited"
    waiting.touch()
    arrives = f"import pathlib, time\ntime.sleep(6)\npathlib.Path({str(waiting)!r}).unlink()"
    # The cells after the one that waited have the whole time as well.
    waited = run(arrives, "time.sleep(2)", "print('last')", timeout=5.0)
    assert waited.failure is None
    assert waited.notebook.cells[-1].outputs[0].text == "last\n"
    assert run("import time\ntime.sleep(600)", timeout=1.0).failure == Failure("timeout", "")


def test_a_notebook_that_prints_without_end_is_ended(run):
    execution = run("print('first')", "while True: print('x' * 100_000)")
    assert execution.failure.kind == "memory"
    assert f"{MOST_OUTPUT >> 20} MiB" in execution.failure.text
    assert shape(execution)[0] == ("stdout", "first\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux caps private memory")
def test_a_notebook_gets_no_more_memory_than_it_may(run):
    execution = run("import numpy as np", "held = np.ones(8 << 30, dtype='u1')", memory=2 << 30)
    assert execution.failure.kind == "memory"
    assert "8.00 GiB" in execution.failure.text
    assert run("held = []\nwhile True: held.append(bytearray(64 << 20))", memory=2 << 30).failure.kind == "memory"
    # What it may have it gets.
    assert printed(run("print(len(bytearray(1 << 30)))", memory=2 << 30)) == f"{1 << 30}\n"


def test_exit_handlers_run(run, tmp_path):
    told = tmp_path / "told"
    execution = run(f"import atexit, pathlib\natexit.register(lambda: (print('late'), pathlib.Path({str(told)!r}).write_text('ended')));")
    assert printed(execution) == ""
    assert told.read_text() == "ended"


def test_a_notebook_is_not_waited_for_that_does_not_end(run):
    assert printed(run("import threading\nthreading.Thread(target=threading.Event().wait).start()\nprint('left')")) == "left\n"


def test_widgets_fall_back_to_text(run):
    execution = run(
        "import ipywidgets\noutput = ipywidgets.Output()\nwith output: print('inside')\nslider = ipywidgets.IntSlider(value=7)\nslider.value = 8\nslider",
        "print('went on')",
    )
    assert "IntSlider(value=8)" in outputs(execution)[-2].data["text/plain"]
    assert printed(execution).endswith("went on\n")


def test_papermill_knows_the_engine_by_its_name(tmp_path):
    path, done = written(tmp_path / "page.ipynb", "import os\nprint(os.getppid())"), tmp_path / "done.ipynb"
    call = f"papermill.execute_notebook({str(path)!r}, {str(done)!r}, {{'a': 1}}, engine_name='kmanalysis', progress_bar=False)"
    code = f"import os, papermill, kmanalysis.report.runner.execute\n{call}\nprint(os.getpid())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    notebook = nbformat.read(done, as_version=4)
    assert [cell.source for cell in notebook.cells] == ["# Parameters\na = 1\n", "import os\nprint(os.getppid())"]
    assert notebook.cells[1].outputs[0].text == ran.stdout
    assert notebook.cells[1].metadata.papermill.status == "completed"
    assert notebook.metadata.papermill.exception is None
    assert notebook.metadata.language_info.name == "python"


@pytest.mark.parametrize("first", ["papermill", "kmanalysis.report.runner.engine", "kmanalysis.report.making.pool"])
def test_papermill_loads_the_engine_whichever_is_imported_first(first):
    code = f"import {first}, papermill.engines, kmanalysis.report.runner.engine as engine\nprint(engine.ForkEngine.__name__)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "ForkEngine\n"


def test_signals_of_the_batch_do_not_reach_a_notebook(run):
    assert printed(run("import os, signal\nprint(os.getpgrp() == os.getppid(), signal.getsignal(signal.SIGTERM).name)")) == "True SIG_DFL\n"
