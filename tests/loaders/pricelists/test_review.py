import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.pricelists.review import FILE, Reviewed, read_review
from kmanalysis.loaders.store import put_in_place

HEAD = "supplier_id,spelling,state,sku\n"


def written(folder, rows):
    review = read_review(folder, {"A"})
    for row in rows:
        review.ask(row)
    put_in_place(review.written(folder), folder)
    return read_review(folder, {"A"})


def test_what_was_asked_is_there_again_and_asked_once(tmp_path):
    rows = [Reviewed("S01", "=Q币 50", sku="A", name="甲", score="83.3"), Reviewed("S02", "Q币 50")]
    again = written(tmp_path, rows)
    assert [again.of("S01", "＝q币  50"), again.of("S02", "q币 50"), again.of("S03", "q币 50")] == [*rows, None]
    assert again.written(tmp_path) == []
    assert "'=Q币 50" in (tmp_path / FILE).read_text(encoding="utf-8-sig")


def test_what_the_operator_wrote_stays(tmp_path):
    (tmp_path / FILE).write_text(HEAD + "S01,Q币,open,A\n,月卡,Accepted,A\n", encoding="utf-8")
    review = written(tmp_path, [Reviewed("S01", "Q币", sku="B"), Reviewed("S01", "别的")])
    assert review.of("S01", "Q币").sku == "A"
    assert review.of("S09", "月卡").state == "accepted"


def test_the_operator_s_own_columns_stay(tmp_path):
    head, rows = "Note,supplier_id,spelling,state,sku,name,score,others,Who,\n", "询过,S01,Q币,open,A,甲,83.3,,'=王,旁注\n,S01,点券,open,,,,,,\n"
    (tmp_path / FILE).write_text(head + rows, encoding="utf-8")
    written(tmp_path, [Reviewed("S01", "月卡")])
    assert (tmp_path / FILE).read_text(encoding="utf-8-sig").splitlines() == [
        "supplier_id,spelling,state,sku,name,score,others,Note,Who,",
        "S01,Q币,open,A,甲,83.3,,询过,'=王,旁注",
        "S01,月卡,open,,,,,,,",
        "S01,点券,open,,,,,,,",
    ]
    assert read_review(tmp_path, {"A"}).written(tmp_path) == []


def test_a_spelling_of_one_supplier_goes_before_that_of_all(tmp_path):
    (tmp_path / FILE).write_text(HEAD + ",月卡,accepted,A\nS01,月卡,rejected,\n", encoding="utf-8")
    review = read_review(tmp_path, {"A"})
    assert [review.of(supplier, "月卡").state for supplier in ("S01", "S02")] == ["rejected", "accepted"]


def test_a_review_that_excel_saved_in_its_own_encoding(tmp_path):
    (tmp_path / FILE).write_bytes((HEAD.replace(",", ";") + "S01;月卡;rejected;\n").encode("gb18030"))
    assert read_review(tmp_path, set()).of("S01", "月卡").state == "rejected"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("spelling,sku\n", "supplier_id, state"),
        (HEAD + "S01,月卡,yes,A\n", "open, accepted, rejected"),
        (HEAD + "S01,月卡,accepted,B\n", "'B'"),
        (HEAD + "S01,月卡,accepted,\n", "''"),
        (HEAD + "S01,月卡,open,\nS01,月 卡,open,\nS01,月  卡,open,\n", "'月  卡' appears twice"),
    ],
)
def test_a_faulty_review_is_refused(tmp_path, text, told):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        read_review(tmp_path, {"A"})
    assert told in str(raised.value)
