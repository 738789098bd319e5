import tempfile

import nbformat

from kmanalysis.report.runner.scrub import reproducible_notebook, reproducible_text


def test_a_text_tells_nothing_of_machine_or_run(tmp_path):
    text = f"\x1b[31m{tmp_path}/slice/orders.parquet <A at 0x7f00deadbeef> /usr/lib/python3/site-packages/a/b.py {tempfile.gettempdir()}/ipykernel_12/345.py:1"
    assert reproducible_text(text, tmp_path) == "/slice/orders.parquet <A at 0x…> a/b.py cell:1"


def test_a_notebook_is_the_same_whenever_it_ran(tmp_path):
    def ran(number):
        outputs = [
            nbformat.v4.new_output("stream", text=f"{tmp_path}/{number}/x\n"),
            nbformat.v4.new_output("error", ename="E", evalue=f"at 0x7f00dead{number:04x}", traceback=[f"{tmp_path}/{number}/y"]),
            nbformat.v4.new_output("display_data", {"text/plain": f"<A at 0x7f00dead{number:04x}>", "text/html": "<p>"}),
        ]
        cell = nbformat.v4.new_code_cell("a", outputs=outputs, metadata={"papermill": {"duration": number}, "execution": {}, "tags": ["kept"]})
        marker = nbformat.v4.new_markdown_cell("An Exception was encountered", metadata={"tags": ["papermill-error-cell-tag"]})
        return reproducible_notebook(nbformat.v4.new_notebook(cells=[marker, cell], metadata={"papermill": {"duration": number}}), tmp_path / str(number))

    assert nbformat.writes(ran(1)) == nbformat.writes(ran(2))
    (cell,) = ran(1).cells
    assert cell.metadata == {"tags": ["kept"]}
    assert [output.output_type for output in cell.outputs] == ["stream", "error", "display_data"]


def test_long_words_are_no_harder_than_others():
    text = "x" * 1_000_000
    assert reproducible_text(f"{text} {text}ipykernel_1/2.py") == f"{text} cell"
    assert len(reproducible_text("/a" * 500_000)) == 3
