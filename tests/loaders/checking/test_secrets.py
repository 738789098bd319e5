import errno
import multiprocessing
import os
import re
from hashlib import blake2b

import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.secrets import (
    ID_FILE,
    IGNORED,
    KEY_BYTES,
    KEY_FILE,
    digest,
    existing_key,
    file_name,
    key_id,
    key_of,
    replace_key,
    stored_id,
    without_secrets,
    write_no_key,
)

KEY = bytes(range(32))


def test_a_digest_is_keyed_blake2b():
    assert digest("ABCD-1234", KEY) == "kd1:" + blake2b(b"ABCD-1234", key=KEY, digest_size=16).hexdigest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" ABCD-1234 ", "ABCD-1234"),
        ("ＡＢＣＤ-1234", "ABCD-1234"),
        ("Buyer@Example.COM", "buyer@example.com"),
        ("138 0013 8000", "13800138000"),
        ("+86-138-0013-8000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("(+86)138.0013.8000", "13800138000"),
        ("138\u200b0013\u200b8000", "13800138000"),
        ("138–0013–8000", "13800138000"),
        ("ABCD\u200b-1234", "ABCD-1234"),
        ("Ｂｕｙｅｒ＠example.com", "buyer@example.com"),
    ],
)
def test_spellings_of_one_secret_have_one_digest(one, other):
    assert digest(one, KEY) == digest(other, KEY)


def test_codes_differ_by_case_and_keys_differ_at_all():
    assert len({digest("abcd", KEY), digest("ABCD", KEY), digest("abcd", KEY[::-1])}) == 3


def test_what_folding_would_change_in_a_code_or_a_name_is_kept():
    assert digest("阿·买", KEY) != digest("阿.买", KEY)
    assert digest("AB–12", KEY) != digest("AB-12", KEY)


def test_a_text_and_a_column_have_one_digest_of_a_contact():
    assert without_secrets("找 138 0013\u00a08000 或 Boss@Shop.cn", KEY) == f"找 {digest('13800138000', KEY)} 或 {digest('boss@shop.cn', KEY)}"


def test_a_file_name_shows_a_few_digits_of_a_digest():
    assert file_name("张三13800138000.csv", KEY) == f"张三kd1-{digest('13800138000', KEY)[4:12]}.csv"
    assert file_name("张三13800138000.csv", None) == "张三___.csv"
    assert file_name("导出 2026-10.csv", KEY) == "导出 2026-10.csv"


def test_a_digest_stays_as_it_is():
    assert digest(digest("x", KEY), KEY) == digest("x", KEY)


@pytest.mark.parametrize("text", ["找张三 13800138000 处理", "mail a.b+c@qq.com now", "全角１３８００１３８０００", "＋８６ 138-0013-8000", "ａ＠ｂ．com"])
def test_contacts_inside_a_text_become_digests(text):
    cleaned = without_secrets(text, KEY)
    assert re.search(r"kd1:[0-9a-f]{32}", cleaned)
    assert not re.search(r"138[\s-]?0013|@|１３８|＠", cleaned)
    assert "***" in without_secrets(text, None)


@pytest.mark.parametrize("text", ["订单 202610011234567890", "价格 13.80", "12345678901", "12800138000", "a@b"])
def test_other_numbers_stay(text):
    assert without_secrets(text, KEY) == text


def test_the_key_is_made_once_and_for_its_owner(tmp_path):
    assert existing_key(tmp_path) is None
    key = key_of(tmp_path)
    assert key == key_of(tmp_path) == existing_key(tmp_path)
    assert len(key) == 32
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([".gitignore", KEY_FILE, ID_FILE])
    assert (tmp_path / ".gitignore").read_text() == f"{KEY_FILE}\n"
    assert stored_id(tmp_path) == key_id(key)


def test_processes_that_race_get_one_key(tmp_path):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert len(set(pool.map(key_of, [tmp_path] * 8, chunksize=1))) == 1


def test_a_key_that_others_can_read_is_refused(tmp_path):
    key_of(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(DataError, match=r"Run: chmod 600 \.kmanalysis-key"):
        key_of(tmp_path)


@pytest.mark.parametrize("content", ["", "abcd", "not hex"])
def test_a_broken_key_is_refused_not_replaced(tmp_path, content):
    path = tmp_path / KEY_FILE
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(DataError, match="this is no key of 32 bytes"):
        key_of(tmp_path)
    assert path.read_text() == content


def test_a_folder_with_a_key_and_no_id_gets_it(tmp_path):
    key = key_of(tmp_path)
    (tmp_path / ID_FILE).unlink()
    assert stored_id(tmp_path) == ""
    assert key_of(tmp_path) == key
    assert stored_id(tmp_path) == key_id(key)


def test_what_git_ignores_already_is_left(tmp_path):
    (tmp_path / ".gitignore").write_text("*.tmp")
    key_of(tmp_path)
    (tmp_path / ID_FILE).unlink()
    key_of(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == f"*.tmp\n{KEY_FILE}\n"


def test_digests_of_another_key_or_none_are_no_ground_for_a_new_one(tmp_path):
    key = key_of(tmp_path)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(DataError, match=f"digests under key {key_id(key)} are here, but the key is missing"):
        key_of(tmp_path)
    assert not (tmp_path / KEY_FILE).exists()
    other = replace_key(tmp_path)
    assert key_of(tmp_path) == other != key
    (tmp_path / KEY_FILE).write_text(key.hex())
    with pytest.raises(DataError, match=f"is key {key_id(key)}, but the digests here were made under key {key_id(other)}"):
        key_of(tmp_path)


def test_digests_that_nobody_has_a_key_of_are_no_hindrance(tmp_path):
    write_no_key(tmp_path)
    assert key_id(key_of(tmp_path)) == stored_id(tmp_path)


def test_an_id_says_nothing_of_its_key():
    assert len({key_id(bytes([number]) * 32) for number in range(50)}) == 50
    assert re.fullmatch("[0-9a-f]{8}", key_id(KEY))
    assert key_id(KEY) not in KEY.hex()


@pytest.mark.parametrize("content", [b"\x00\xff\x00", b"none of them", b"0123456", b"x" * 100_000])
def test_a_damaged_id_is_refused_and_says_how_to_mend_it(tmp_path, content):
    key = key_of(tmp_path)
    (tmp_path / ID_FILE).write_bytes(content)
    with pytest.raises(DataError, match=rf"{ID_FILE} holds no id of a key.*remove {ID_FILE}") as told:
        key_of(tmp_path)
    assert "\\x" not in repr(str(told.value))
    (tmp_path / ID_FILE).unlink()
    assert key_of(tmp_path) == key
    assert stored_id(tmp_path) == key_id(key)


def test_an_ignore_file_in_any_encoding_is_added_to(tmp_path):
    (tmp_path / IGNORED).write_bytes("报表/".encode("gb18030"))
    key_of(tmp_path)
    assert (tmp_path / IGNORED).read_bytes() == "报表/".encode("gb18030") + f"\n{KEY_FILE}\n".encode()


def test_a_wrong_key_is_never_taken_for_the_right_one_on_the_way_to_a_new_one(tmp_path, monkeypatch):
    key_of(tmp_path)
    (tmp_path / KEY_FILE).write_text("00" * KEY_BYTES)
    (tmp_path / KEY_FILE).chmod(0o600)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(os, "replace", lambda *_: raised(full))
    with pytest.raises(OSError, match="No space"):
        replace_key(tmp_path)
    monkeypatch.undo()
    with pytest.raises(DataError, match="but the digests here were made under key"):
        key_of(tmp_path)
    new = replace_key(tmp_path)
    assert key_of(tmp_path) == new


def raised(problem):
    raise problem
