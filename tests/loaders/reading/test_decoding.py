import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading import decoding as module
from kmanalysis.loaders.reading.decoding import REPLACED, Decoding, decoding, text_chunks

TEXT = "订单号,商品\n1,点卡\n2,会员—𠀀\n"


def found(tmp_path, raw, encoding=""):
    path = tmp_path / "x.csv"
    path.write_bytes(raw)
    read = decoding(path, encoding)
    return read, "".join(text_chunks(path, read))


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_the_encoding_is_found(tmp_path, raw, encoding):
    assert found(tmp_path, raw) == (Decoding(encoding, True), TEXT)


def test_line_ends_become_lf_also_where_a_chunk_ends_between_cr_and_lf(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 4)
    assert found(tmp_path, b"abc\r\ndef\rghi\njkl")[1] == "abc\ndef\nghi\njkl"


def test_utf8_with_a_few_bad_bytes_stays_utf8(tmp_path):
    read, text = found(tmp_path, "一二三四五六七八九十点卡会员".encode() + b"\n\xff\n")
    assert read == Decoding("utf-8", False)
    assert text.endswith(f"\n{REPLACED}\n")


def test_a_stated_encoding_is_taken(tmp_path):
    assert found(tmp_path, "Côte".encode("cp1252"), "cp1252") == (Decoding("cp1252", True), "Côte")


def test_zero_bytes_are_no_text(tmp_path):
    assert found(tmp_path, b"a,b\n1,\x00\n", "utf-8") == (Decoding("utf-8", False), f"a,b\n1,{REPLACED}\n")


def test_a_file_without_lines_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_LINE", 1 << 10)
    monkeypatch.setattr(module, "CHUNK", 1 << 9)
    with pytest.raises(DataError, match=r"x\.csv: a line has more than 1024 characters"):
        found(tmp_path, b"a" * 5000)
