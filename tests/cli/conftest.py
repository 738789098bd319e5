import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app


@pytest.fixture
def run():
    """Runs a command: ``run("score", "--data", folder)`` gives its exit code and what it printed; what is no exit is raised."""

    def run(*arguments):
        done = CliRunner().invoke(app.app, [str(argument) for argument in arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run
