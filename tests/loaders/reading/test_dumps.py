import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.dumps import refuse_dump

MYSQLDUMP = "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8 */;\nDROP TABLE IF EXISTS `acg_order`;\nCREATE TABLE `acg_order` (\n  `id` int\n);\n"
PG_DUMP = "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\nCOPY public.orders (id, order_no) FROM stdin;\n1\tDJ1\n\\.\n"


@pytest.mark.parametrize(
    ("text", "table"),
    [
        (MYSQLDUMP, "acg_order"),
        (PG_DUMP, "orders"),
        ("INSERT INTO `carmis` VALUES (1,2,'SECRET');\n", "carmis"),
        ('PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE IF NOT EXISTS "goods" (id int);\n', "goods"),
        ("PGDMP\x01\x0e binary", "orders"),
    ],
)
def test_a_dump_is_refused_with_the_commands_that_help(tmp_path, text, table):
    path = tmp_path / "backup.txt"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        refuse_dump(path)
    told = str(caught.value)
    assert told.startswith("backup.txt is a dump in SQL, not a table.")
    assert f'mysql --batch -e "SELECT * FROM {table}" DATABASE > {table}.tsv (and escape = "\\\\" under [source]' in told
    assert f"\\copy {table} TO '{table}.csv' CSV HEADER" in told
    assert "kmanalysis pull" in told
    assert "SECRET" not in told


def test_the_suffix_alone_is_enough(tmp_path):
    path = tmp_path / "backup.sql"
    path.write_text("# nothing known\n")
    with pytest.raises(DataError, match="is a dump in SQL"):
        refuse_dump(path)


@pytest.mark.parametrize("text", ["", "Set,Name\nCopy Cat,1\n", "-- 导出 --\n订单号,数量\n1,2\n", 'id,sql\n1,"INSERT INTO x VALUES (1)"\n'])
def test_a_table_is_no_dump(tmp_path, text):
    path = tmp_path / "raw.csv"
    path.write_text(text, encoding="utf-8")
    refuse_dump(path)
