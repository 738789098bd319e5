import pyarrow as pa

from kmanalysis.loaders.checking.stamp import STAMP_KEY, is_stamped, stamp, stamped_schema
from kmanalysis.tables import tables


def test_only_the_tables_own_schema_with_todays_stamp_is_trusted():
    schema = stamped_schema(tables()["orders"])
    assert is_stamped(schema, tables()["orders"])
    assert not is_stamped(schema, tables()["quotes"])
    assert not is_stamped(schema.remove_metadata(), tables()["orders"])
    assert not is_stamped(schema.with_metadata({STAMP_KEY: "0" * 32}), tables()["orders"])
    assert not is_stamped(schema.set(0, pa.field("order_id", pa.int64())), tables()["orders"])
    assert len(stamp()) == 32
