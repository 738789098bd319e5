"""The process that runs the batch."""

import subprocess
import sys


def test_it_imports_nothing_that_only_a_page_s_own_process_uses():
    told = subprocess.run([sys.executable, "-c", "import sys, kmanalysis.report.report; print(*sys.modules)"], check=True, capture_output=True, text=True)
    assert set(told.stdout.split()) & {"matplotlib", "seaborn", "papermill", "nbconvert", "IPython", "ibis"} == set()
