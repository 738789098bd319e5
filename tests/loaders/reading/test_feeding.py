"""A file's rows on their way to the engine: whatever stops them is raised, and none of them is lost without a word."""

import errno

import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.reading import feeding
from kmanalysis.loaders.reading.text import stage_text


@pytest.mark.parametrize("problem", [OSError(errno.EIO, "input/output error"), OSError(errno.EMFILE, "too many"), MemoryError(), ValueError("odd")])
@pytest.mark.parametrize("whole", [0, 1])
def test_what_stops_a_file_half_way_is_raised(tmp_path, monkeypatch, problem, whole):
    read = feeding.text_chunks

    def failing(*arguments, **options):
        chunks = read(*arguments, **options)
        for _ in range(whole):
            yield next(chunks)
        raise problem

    (tmp_path / "a.csv").write_text("a,b\n1,2\n3,4\n")
    monkeypatch.setattr(feeding, "text_chunks", failing)
    with connect(threads=1, reads=[tmp_path]) as connection, pytest.raises(type(problem)) as told:
        stage_text(connection, tmp_path / "a.csv", "raw")
    assert told.value is problem
