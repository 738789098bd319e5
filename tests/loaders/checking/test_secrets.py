import multiprocessing
import re
from hashlib import blake2b

import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.secrets import KEY_FILE, digest, existing_key, key_of, looks_like_code, without_contacts

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
    ],
)
def test_spellings_of_one_secret_have_one_digest(one, other):
    assert digest(one, KEY) == digest(other, KEY)


def test_codes_differ_by_case_and_keys_differ_at_all():
    assert len({digest("abcd", KEY), digest("ABCD", KEY), digest("abcd", KEY[::-1])}) == 3


def test_a_digest_stays_as_it_is():
    assert digest(digest("x", KEY), KEY) == digest("x", KEY)


@pytest.mark.parametrize("text", ["找张三 13800138000 处理", "mail a.b+c@qq.com now", "全角１３８００１３８０００", "＋８６ 138-0013-8000", "ａ＠ｂ．com"])
def test_contacts_inside_a_text_become_digests(text):
    cleaned = without_contacts(text, KEY)
    assert re.search(r"kd1:[0-9a-f]{32}", cleaned)
    assert not re.search(r"138[\s-]?0013|@|１３８|＠", cleaned)
    assert "***" in without_contacts(text, None)


@pytest.mark.parametrize("text", ["订单 202610011234567890", "价格 13.80", "12345678901", "12800138000", "a@b"])
def test_other_numbers_stay(text):
    assert without_contacts(text, KEY) == text


@pytest.mark.parametrize(
    ("text", "is_code"),
    [("ABCD-1234-EFGH", True), ("A1B2C3D4E5", True), ("123456789012345", True), ("2026-10-01T25:00:00Z", False), ("delivered", False), ("12.5", False)],
)
def test_what_may_be_a_code(text, is_code):
    assert looks_like_code(text) == is_code


def test_the_key_is_made_once_and_for_its_owner(tmp_path):
    assert existing_key(tmp_path) is None
    key = key_of(tmp_path)
    assert key == key_of(tmp_path) == existing_key(tmp_path)
    assert len(key) == 32
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


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
