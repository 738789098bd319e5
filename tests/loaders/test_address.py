from pathlib import Path

import pytest

from kmanalysis.errors import UsageError
from kmanalysis.loaders.address import Address, local_folder, place_of


@pytest.mark.parametrize("text", ["hdfs://host:8020/data", "s3a://bucket/a//b c/数据", "hdfs:///data/", "viewfs://c/[1]*?{a,b}%20#x"])
def test_an_address_stays_as_it_was_written(text):
    place = place_of(text)
    assert place == Address(text) == place_of(place)
    assert str(place) == text


def test_an_address_has_the_name_of_its_last_part():
    assert [place_of(text).name for text in ("hdfs://host/a/数据", "s3a://bucket/b/", "s3a://bucket")] == ["数据", "b", "bucket"]


@pytest.mark.parametrize("text", ["data", "/data/2026 [1]", "C:/data", "C://data", "a:b", "data/hdfs:/x"])
def test_what_is_no_address_is_a_folder_of_this_machine(text):
    assert place_of(text) == place_of(Path(text)) == local_folder(text) == Path(text)


@pytest.mark.parametrize(("text", "path"), [("file:///a b/数据", "/a b/数据"), ("FILE:///a%20b", "/a%20b")])
def test_a_file_address_is_a_folder_of_this_machine(text, path):
    assert local_folder(text) == place_of(text) == Path(path)


@pytest.mark.parametrize("text", ["file://data", "file://host/data"])
def test_a_file_address_is_followed_by_a_whole_path(text):
    with pytest.raises(UsageError, match="file:///data"):
        place_of(text)


def test_who_needs_a_folder_of_this_machine_refuses_an_address():
    with pytest.raises(UsageError, match="hdfs://host/data is an address"):
        local_folder("hdfs://host/data")
