import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.sums import PLACE_FOR_SUM, SUM_KEY, add_sum, check_sums
from kmanalysis.loaders.store import RowGroups


def written(path, rows=100):
    table = pa.table({"a": [f"x{number}" for number in range(rows)]})
    with RowGroups(path, table.schema) as file:
        file.write(table)
    return path


def test_the_same_rows_give_the_same_sum_and_can_be_read(tmp_path):
    one, other = written(tmp_path / "a.parquet"), written(tmp_path / "b.parquet")
    assert one.read_bytes() == other.read_bytes()
    assert pq.ParquetFile(one).metadata.metadata[SUM_KEY.encode()] not in (b"00000000", b"")
    assert pq.read_table(one, page_checksum_verification=True).num_rows == 100
    check_sums([one, other])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_flipped_bit_outside_of_the_sum_s_key_is_noticed(tmp_path, data):
    path = written(tmp_path / "a.parquet")
    content = bytearray(path.read_bytes())
    place, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))
    key = content.rfind(SUM_KEY.encode())
    content[place] ^= 1 << bit
    path.write_bytes(bytes(content))
    # Without the key no sum is found; then nothing else has changed.
    if not key <= place < key + len(SUM_KEY) + 2:
        with pytest.raises(DataError, match=r"a\.parquet is not as it was written"):
            check_sums([path])


def test_a_file_is_looked_at_again_once_it_has_changed(tmp_path):
    path = written(tmp_path / "a.parquet")
    check_sums([path])
    content = bytearray(path.read_bytes())
    content[20] ^= 4
    path.write_bytes(bytes(content))
    os.utime(path, ns=(1, 1))
    with pytest.raises(DataError, match="not as it was written"):
        check_sums([path])


def test_files_of_others_have_no_sum_and_pass(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    check_sums([tmp_path / "a.parquet", tmp_path / "b.parquet"])


def test_a_large_file_is_summed_over_all_its_blocks(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table({"a": range(1_500_000)})
    with path.open("w+b") as file:
        writer = pq.ParquetWriter(file, table.schema, compression="none", use_dictionary=False)
        writer.add_key_value_metadata(PLACE_FOR_SUM)
        writer.write_table(table)
        writer.close()
        add_sum(file)
    check_sums([path])
    for place in (4 << 20, (4 << 20) - 1, (8 << 20) + 1):
        content = bytearray(path.read_bytes())
        content[place] ^= 1
        (tmp_path / "b.parquet").write_bytes(bytes(content))
        with pytest.raises(DataError):
            check_sums([tmp_path / "b.parquet"])
