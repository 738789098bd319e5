"""Lookups of a second file: found in the mapping's folder alone, with headings and keys that are clear."""

import pytest

from kmanalysis.errors import MappingError
from kmanalysis.loaders.mapping.lookups import is_of_file, lookup_of_file

GOODS = {"file": "goods.csv", "key": "货号", "value": "供货商"}


def looked(folder, **changes):
    return lookup_of_file(GOODS | changes, folder, "m.toml", "lookups.goods")


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8", ","), ("gb18030", ","), ("utf-8-sig", "\t"), ("utf-16", ";")])
def test_keys_and_values_of_a_text_table(tmp_path, encoding, delimiter):
    rows = [["货号", "名称", "供货商"], ["A1", "x", "S1"], [" a2 ", '"y"', "S2"], ["", "z", "S3"], ["A1", "again", "S1"], ["A3", "", ""]]
    (tmp_path / "goods.csv").write_bytes("".join(delimiter.join(row) + "\r\n" for row in rows).encode(encoding))
    assert looked(tmp_path) == {"a1": "S1", "a2": "S2", "a3": ""}


def test_a_key_with_two_values_is_refused(tmp_path):
    (tmp_path / "goods.csv").write_text("货号,供货商\nA1,S1\na1,S2\n", encoding="utf-8")
    with pytest.raises(MappingError, match=r"m\.toml: lookups\.goods: goods\.csv, line 3: 'a1' has another value above"):
        looked(tmp_path)


def test_a_heading_that_it_lacks_is_refused(tmp_path):
    (tmp_path / "goods.csv").write_text("货号,供货\nA1,S1\n", encoding="utf-8")
    with pytest.raises(MappingError, match=r"lookups\.goods\.value: goods\.csv has no column '供货商'\. Nearest heading there: 供货"):
        looked(tmp_path)
    (tmp_path / "goods.csv").write_text("", encoding="utf-8")
    with pytest.raises(MappingError, match="Nearest heading there: —"):
        looked(tmp_path)


def test_no_way_leads_out_of_the_folder(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "goods.csv").write_text("货号,供货商\nA1,S1\n", encoding="utf-8")
    (inside / "link.csv").symlink_to(tmp_path / "goods.csv")
    for name in ("../goods.csv", str(tmp_path / "goods.csv"), "link.csv", "", ".", "none.csv", "../inside/../goods.csv"):
        with pytest.raises(MappingError, match="is no file in the mapping's own folder"):
            looked(inside, file=name)
    with pytest.raises(MappingError, match="is no file in the mapping's own folder"):
        lookup_of_file(GOODS, None, "m.toml", "lookups.goods")
    (inside / "below").mkdir()
    (inside / "below" / "goods.csv").write_text("货号,供货商\nA1,S1\n", encoding="utf-8")
    assert looked(inside, file="below/goods.csv") == {"a1": "S1"}


def test_what_names_a_file():
    assert is_of_file(GOODS)
    assert not is_of_file({"file": "S1", "key": "S2"})
    assert not is_of_file({"file": 1, "key": "a", "value": "b"})
