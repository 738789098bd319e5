import stat

import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from kmanalysis.loaders.checking.secrets import ID_FILE, KEY_FILE, existing_key, key_id, key_of, stored_id


def run(*arguments):
    done = CliRunner().invoke(app.app, [*map(str, arguments), "--lang", "en"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def folder(tmp_path):
    key_of(tmp_path / "data")
    return tmp_path / "data"


def test_show_says_which_key_and_never_the_key(folder):
    done = run("key", "show", "--data", folder)
    assert done.exit_code == 0
    assert done.stdout == f"Key {key_id(existing_key(folder))}: {folder / KEY_FILE}\n"
    assert existing_key(folder).hex() not in done.output
    assert "Keep a copy" in done.stderr


def test_show_says_that_the_key_is_missing_or_another(folder):
    known = stored_id(folder)
    (folder / KEY_FILE).write_text("00" * 32)
    done = run("key", "show", "--data", folder)
    assert (done.exit_code, known in done.stderr) == (1, True)
    (folder / KEY_FILE).unlink()
    done = run("key", "show", "--data", folder)
    assert (done.exit_code, done.stdout, known in done.stderr) == (1, "", True)
    (folder / ID_FILE).unlink()
    assert "There is no key yet" in run("key", "show", "--data", folder).stderr


def test_export_writes_it_for_its_owner(folder, tmp_path):
    target = tmp_path / "copy"
    done = run("key", "export", target, "--data", folder)
    assert (done.exit_code, done.stdout) == (0, f"{target}\n")
    assert target.read_bytes() == (folder / KEY_FILE).read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    again = run("key", "export", target, "--data", folder)
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)
    nowhere = run("key", "export", target / "x", "--data", folder)
    assert (nowhere.exit_code, "was not found" in nowhere.stderr) == (2, True)
    (folder / KEY_FILE).unlink()
    assert "has no key" in run("key", "export", tmp_path / "other", "--data", folder).stderr


def test_rotate_asks_first(folder):
    before = existing_key(folder)
    asked = run("key", "rotate", "--data", folder)
    assert (asked.exit_code, "Export the old key first, and add --yes" in asked.stderr) == (2, True)
    assert existing_key(folder) == before
    done = run("key", "rotate", "--data", folder, "--yes")
    assert done.exit_code == 0
    assert existing_key(folder) != before
    assert done.stdout == f"New key: {stored_id(folder)}\n"
    assert key_of(folder) == existing_key(folder)


def test_rotate_forgets_a_lost_key_when_told(folder):
    known = stored_id(folder)
    (folder / KEY_FILE).unlink()
    refused = run("key", "rotate", "--data", folder, "--yes")
    assert (refused.exit_code, "add --forget" in refused.stderr) == (2, True)
    (folder / KEY_FILE).write_text("00" * 32)
    (folder / KEY_FILE).chmod(0o600)
    refused = run("key", "rotate", "--data", folder, "--yes")
    assert (refused.exit_code, f"made under key {known}" in refused.stderr) == (1, True)
    assert run("key", "rotate", "--data", folder, "--yes", "--forget").exit_code == 0
    assert stored_id(folder) == key_id(key_of(folder)) != known


def test_a_folder_that_is_not_there(tmp_path):
    for arguments in (["show"], ["export", tmp_path / "x"], ["rotate"]):
        done = run("key", *arguments, "--data", tmp_path / "no")
        assert (done.exit_code, "was not found" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
