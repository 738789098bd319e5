"""The review's frames on a folder that knows its suppliers and nothing else: empty or 'unknown', never a failure, and fit for Parquet."""

from io import BytesIO

from kmanalysis.decisions import actions, backups, corrective, dependence, drift, review, robustness

FRAMES = [function for module in (actions, corrective, review, drift, robustness, backups, dependence) for function in module.FRAMES]


def test_a_folder_without_events_gives_frames_and_decides_nothing(workbook_of):
    unseen = workbook_of({"suppliers": [{"supplier_id": "s1"}, {"supplier_id": "s2"}]})
    found = {compute.name: compute(unseen) for compute in FRAMES}
    for frame in found.values():
        frame.to_parquet(BytesIO(), index=False)
    assert {name for name, frame in found.items() if len(frame)} == {"decisions.actions", "decisions.month_on_month"}
    decided = found["decisions.actions"]
    assert decided[["supplier_id", "action", "reason", "measures"]].to_dict("list") == {
        "supplier_id": ["s1", "s2"],
        "action": ["keep", "keep"],
        "reason": ["lacks_evidence", "lacks_evidence"],
        "measures": ["", ""],
    }
