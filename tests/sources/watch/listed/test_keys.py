"""Secrets: read from where the list says, and shown by nothing."""

from __future__ import annotations

import pickle

import pytest

from kmanalysis.errors import UsageError
from kmanalysis.sources.watch.listed.keys import Secret, file_secret, variable_secret

WHERE = {"file": "watch.toml", "place": "upstream[1].app_key_file"}


def test_a_secret_is_printed_as_a_mask():
    secret = Secret("s3cret")
    assert f"{secret} {secret!r} {[secret]}" == "*** *** [***]"
    assert secret.reveal() == "s3cret"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_file_is_read_by_its_owner_alone(tmp_path):
    path = tmp_path / "key"
    path.write_text("s3cret\n", encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        file_secret("key", tmp_path, **WHERE)
    path.chmod(0o600)
    assert file_secret("key", tmp_path, **WHERE).reveal() == "s3cret"


@pytest.mark.parametrize("content", ["", "two\nlines", "x" * 5000])
def test_what_can_be_no_secret_is_refused(tmp_path, content):
    path = tmp_path / "key"
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(UsageError):
        file_secret("key", tmp_path, **WHERE)


def test_a_variable_that_is_not_set_is_an_error():
    with pytest.raises(UsageError, match="not set"):
        variable_secret("SHOP_KEY", {}, **WHERE)
    assert variable_secret("SHOP_KEY", {"SHOP_KEY": " s3cret "}, **WHERE).reveal() == "s3cret"
