from io import BytesIO, StringIO

import pandas as pd
import pyarrow.parquet as pq

from kmanalysis.measures.observation import observed
from kmanalysis.report.sheets.data_files import csv_text, measures_parquet, scorecard_csv
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.tables import MEASURES, SCORECARD


def test_a_text_that_a_spreadsheet_would_run_is_defused_and_a_number_is_not():
    frame = pd.DataFrame({"name": ["=1+1", "+x", "-x", "@x", "\tx", "x=1", None], "value": [-1.0, 2, 3, 4, 5, 6, float("nan")]})
    assert csv_text(frame) == "name,value\n'=1+1,-1.0\n'+x,2.0\n'-x,3.0\n'@x,4.0\n'\tx,5.0\nx=1,6.0\n,\n"


def test_the_scorecard_has_every_standard_measure_of_every_supplier(workbook):
    read = pd.read_csv(StringIO(scorecard_csv(scorecard(workbook))))
    assert list(read.columns) == list(SCORECARD)
    assert read.groupby("supplier_id")["measure"].agg(list).map(sorted).map(tuple).nunique() == 1
    assert sorted(read["measure"].unique()) == sorted(workbook.standards.measures)
    assert sorted(read["supplier_id"].unique()) == ["S01", "S02", "S03"]


def test_measures_go_through_parquet_unchanged(workbook):
    content = measures_parquet(observed(workbook))
    assert content == measures_parquet(observed(workbook))
    read = pq.read_table(BytesIO(content)).to_pandas()
    pd.testing.assert_frame_equal(read, observed(workbook)[list(MEASURES)], check_dtype=False)
