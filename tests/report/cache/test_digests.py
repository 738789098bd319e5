import json

import pytest

from kmanalysis.report.cache.digests import content_digest, file_digest, mapping_digest, read_sealed, sealed

FACTS = {"name": "货源", "pages": [{"path": "a.html", "digest": "0" * 32}], "rows": {"a": 1}, "none": None}


def test_a_sealed_document_gives_its_facts_back(tmp_path):
    (tmp_path / "facts.json").write_bytes(sealed(FACTS))
    assert read_sealed(tmp_path / "facts.json") == FACTS
    assert sealed(dict(reversed(FACTS.items()))) == sealed(FACTS)


def test_one_flipped_bit_anywhere_unseals_it(tmp_path):
    content = sealed(FACTS)
    for place in range(len(content)):
        for bit in range(8):
            altered = bytearray(content)
            altered[place] ^= 1 << bit
            (tmp_path / "facts.json").write_bytes(altered)
            assert read_sealed(tmp_path / "facts.json") == {}, (place, bit)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"1", b'{"digest": 1}', b"[" * 100_000, b'{"a": "\\ud800"}', b"\xff", json.dumps(FACTS).encode()])
def test_what_is_no_sealed_document_has_no_facts(tmp_path, content):
    (tmp_path / "facts.json").write_bytes(content)
    assert read_sealed(tmp_path / "facts.json") == {}
    assert read_sealed(tmp_path) == read_sealed(tmp_path / "none") == {}


def test_digests_of_content_and_file_agree(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    assert file_digest(tmp_path / "file") == content_digest(b"x" * 3_000_000)
    assert mapping_digest({"a": "1", "b": "2"}) == mapping_digest({"b": "2", "a": "1"}) != mapping_digest({"a": "2", "b": "1"})
