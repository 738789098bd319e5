"""The claims ledger: what is to claim, what was claimed before, and what a correction changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.decisions.claims import FRAMES, LINES_SHOWN, claim_day, claim_lines, claims_owed, claims_to_make, recorded_claims
from kmanalysis.errors import UsageError
from kmanalysis.times import Month

FAILED = datetime(2026, 10, 12, 1)
DAY = timedelta(days=1)


def failure(order="o1", failed=FAILED, cost="100", **more):
    plain = {"at_fault": "supplier", "status": "failed", "cost_amount": cost, "amount": "120"}
    return {"order_id": order, "ordered_at": failed - timedelta(hours=1), "failed_at": failed} | plain | more


def reship(order="o1", sent=FAILED + timedelta(hours=2), **more):
    return {"ticket_id": f"t-{order}", "order_id": order, "opened_at": sent - timedelta(hours=1), "reshipped_at": sent, "kind": "invalid_code", **more}


def paid(order="o1", amount="30", at=FAILED + 3 * DAY, **more):
    return {"compensation_id": f"p-{order}-{amount}", "order_id": order, "kind": "damages", "amount": amount, "paid_at": at, **more}


def only(found):
    assert len(found) == 1, f"{len(found)} rows"
    return found.iloc[0]


def as_claims(lines, on="2026-11-01"):
    """What export records of the lines, as rows for a folder."""
    rows = recorded_claims(lines, date.fromisoformat(on))
    return rows.astype("object").where(rows.notna(), None).to_dict("records")


def test_one_failure_earns_one_remedy(workbook_of):
    lines = claims_to_make(workbook_of({"orders": [failure("o1"), failure("o2")], "tickets": [reship("o1")]})).set_index("order_id")
    assert lines["claim_amount"].to_dict() == {"o1": Decimal("10.0000"), "o2": Decimal("30.0000")}
    assert lines["clause"].to_dict() == {"o1": "compensation", "o2": "damages"}
    assert lines["ticket_ids"].fillna("").to_dict() == {"o1": "t-o1", "o2": ""}


def test_the_ledger_holds_all_months_until_now_and_tells_the_month_apart(workbook_of):
    workbook = workbook_of({"orders": [failure("o1", FAILED - 40 * DAY), failure("o2"), failure("o3", datetime(2026, 10, 31, 1))]})
    owed = only(claims_owed(workbook))  # the deadline of the third lies in November
    assert (owed["failures"], owed["due_amount"], owed["month_outstanding_amount"]) == (1, 30, 30)
    assert (owed["outstanding_amount"], owed["claim_amount"], owed["claims"]) == (60, 60, 2)
    assert only(claims_owed(workbook.at(Month(2026, 11))))["claim_amount"] == 90


def test_what_was_paid_is_not_claimed_and_what_is_left_is(workbook_of):
    workbook = workbook_of({"orders": [failure("o1"), failure("o2")], "compensations": [paid("o1"), paid("o2", "12.5")]})
    line = only(claims_to_make(workbook))
    assert (line["order_id"], line["claim_amount"], line["compensation_ids"]) == ("o2", Decimal("17.5000"), "p-o2-12.5")


def test_unknown_fault_and_unknown_amounts_are_listed_apart(workbook_of):
    workbook = workbook_of({"orders": [failure("o1", at_fault="unknown"), failure("o2", cost_amount=None)]})
    assert claims_to_make(workbook).empty
    assert claim_lines(workbook).set_index("order_id")["state"].to_dict() == {"o1": "unknown_fault", "o2": "unknown_amount"}
    owed = only(claims_owed(workbook))
    assert (owed["unknown_fault"], owed["unknown_fault_amount"], owed["unknown_amounts"], owed["outstanding_amount"]) == (1, 30, 1, 0)


def test_a_claim_is_the_digest_of_contract_and_event_whatever_the_clause(workbook_of):
    contract = {"contracts": [{"contract_id": "c1", "valid_from": "2026-01-01"}]}
    damages = only(claims_to_make(workbook_of({"orders": [failure()], **contract})))
    compensation = only(claims_to_make(workbook_of({"orders": [failure()], "tickets": [reship()], **contract})))
    without = only(claims_to_make(workbook_of({"orders": [failure()]})))
    assert damages["claim_id"] == compensation["claim_id"] != without["claim_id"]


def test_what_was_claimed_is_not_claimed_again_in_any_later_month(workbook_of):
    given = {"orders": [failure("o1"), failure("o2", FAILED + 30 * DAY)]}
    claimed = as_claims(claims_to_make(workbook_of(given)))
    workbook = workbook_of(given | {"claims": claimed})
    assert claims_to_make(workbook).empty
    assert only(claims_owed(workbook))["claimed_amount"] == 30
    later = workbook.at(Month(2026, 11))
    assert list(claims_to_make(later)["order_id"]) == ["o2"]
    assert claims_to_make(workbook.at(Month(2027, 3)))["order_id"].tolist() == ["o2"]


def test_a_claim_that_another_entered_counts_whatever_it_is_called(workbook_of):
    claimed = [{"claim_id": "by-hand", "event_id": "o1", "clause": "赔偿", "amount": "30", "claimed_on": "2026-10-20"}]
    assert claims_to_make(workbook_of({"orders": [failure()], "claims": claimed})).empty


@pytest.mark.parametrize(
    ("changed", "difference", "reason"),
    [
        ({"compensations": [paid("o1", "30", FAILED + 30 * DAY)]}, "-30", "paid"),
        ({"compensations": [paid("o1", "10.01", FAILED + 30 * DAY)]}, "-10.01", "paid"),
        ({"tickets": [reship()]}, "-20", "corrected"),  # a good code that had not been noted
        ({"orders": [failure(cost="200")]}, "30", "corrected"),
        ({"orders": [failure(at_fault="buyer")]}, "-30", "withdrawn"),
        ({"orders": [failure(at_fault="unknown")]}, "-30", "withdrawn"),
        ({"orders": [failure(failed_at=None, at_fault=None, status="delivered")]}, "-30", "withdrawn"),
    ],
)
def test_a_corrected_event_shows_as_an_adjustment_that_is_made_once(workbook_of, changed, difference, reason):
    given = {"orders": [failure()]}
    claimed = as_claims(claims_to_make(workbook_of(given)))
    corrected = given | changed | {"claims": claimed}
    workbook = workbook_of(corrected, month="2026-11")
    lines = claims_to_make(workbook)
    line = only(lines)
    assert (line["state"], line["reason"], line["claim_amount"]) == ("adjustment", reason, Decimal(difference))
    assert line["adjusts"] == claimed[0]["claim_id"] != line["claim_id"]
    owed = only(claims_owed(workbook))
    assert (owed["adjustments"], owed["adjustment_amount"], owed["new_amount"]) == (1, Decimal(difference), 0)
    adjusted = as_claims(lines, "2026-12-01")
    assert adjusted[0]["clause"] == f"adjustment:{claimed[0]['claim_id']}"
    settled = workbook_of(corrected | {"claims": [*claimed, *adjusted]}, month="2026-12")
    assert claims_to_make(settled).empty
    # An older month's ledger leaves to the later one what that one has settled.
    assert claims_to_make(settled.at(Month(2026, 10))).empty


def test_a_second_correction_is_a_second_adjustment(workbook_of):
    claimed = as_claims(claims_to_make(workbook_of({"orders": [failure()]})))
    for cost, on, month in (("200", "2026-12-01", "2026-11"), ("50", "2027-01-01", "2026-12")):
        claimed += as_claims(claims_to_make(workbook_of({"orders": [failure(cost=cost)], "claims": claimed}, month=month)), on)
    assert [row["amount"] for row in claimed] == [30, 30, -45]
    assert len({row["claim_id"] for row in claimed}) == 3
    assert {row["clause"] for row in claimed[1:]} == {f"adjustment:{claimed[0]['claim_id']}"}


def test_an_order_that_moves_to_another_supplier_is_taken_back_and_claimed_there(workbook_of):
    claimed = as_claims(claims_to_make(workbook_of({"orders": [failure()]})))
    lines = claims_to_make(workbook_of({"orders": [failure(supplier_id="s2")], "claims": claimed}, month="2026-11")).set_index("supplier_id")
    assert lines["claim_amount"].to_dict() == {"s1": -30, "s2": 30}
    assert lines["claim_id"].nunique() == 2
    assert claimed[0]["claim_id"] not in set(lines["claim_id"])


def test_an_order_that_the_folder_no_longer_holds_says_nothing(workbook_of):
    claimed = as_claims(claims_to_make(workbook_of({"orders": [failure()]})))
    assert claims_to_make(workbook_of({"claims": claimed, "orders": [failure("o9", at_fault="buyer")]}, month="2026-11")).empty


def test_claims_on_other_things_are_left_alone(workbook_of):
    other = [{"claim_id": "r1", "event_id": "o1", "clause": "restock", "amount": "5", "claimed_on": "2026-10-20"}]
    assert claims_to_make(workbook_of({"orders": [failure(at_fault="buyer")], "claims": other})).empty


def test_one_supplier_alone_and_one_that_there_is_not(workbook_of):
    workbook = workbook_of({"orders": [failure("o1"), failure("o2", supplier_id="s2")]})
    assert list(claims_to_make(workbook, ("s2",))["order_id"]) == ["o2"]
    with pytest.raises(UsageError, match="s9"):
        claims_to_make(workbook, ("s9",))


def test_the_page_lists_the_largest_lines(workbook_of):
    workbook = workbook_of({"orders": [failure(f"o{number:03}", cost=str(number + 1)) for number in range(LINES_SHOWN + 5)]})
    found = claim_lines(workbook)
    assert len(found) == LINES_SHOWN
    assert found["claim_amount"].is_monotonic_decreasing
    assert only(claims_owed(workbook))["claims"] == LINES_SHOWN + 5


def test_frames_keep_their_values_in_a_slice(workbook_of, tmp_path):
    for function in FRAMES:
        for rows in ({"orders": [failure()]}, {"suppliers": [{"supplier_id": "s1"}]}):
            found = function(workbook_of(rows))
            found.to_parquet(tmp_path / "kept.parquet", index=False)
            pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "kept.parquet"), found, check_dtype=False)


def test_the_day_of_the_claims():
    assert claim_day(Month(2026, 10)) == date(2026, 11, 1)
    assert claim_day(Month(2026, 10), "2026-12-03") == date(2026, 12, 3)
    with pytest.raises(UsageError, match="not over"):
        claim_day(Month(2026, 10), "2026-10-31")
    with pytest.raises(UsageError, match=r"3\.11"):
        claim_day(Month(2026, 10), "3.11.2026")


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.decimals("0.01", "999", places=2), st.sampled_from(["supplier", "unknown", "buyer"]), st.booleans(),
            st.one_of(st.none(), st.decimals(0, 99, places=2)), st.one_of(st.none(), st.decimals(0, 99, places=2)),
        ),
        min_size=1,
        max_size=12,
    )
)  # fmt: skip
def test_after_an_export_the_claims_are_what_is_owed(workbook_of, drawn):
    """The sum of an event's lines is what is outstanding for it, whatever was claimed before: replayed in plain decimals."""
    orders, tickets, payments, claims, owed = [], [], [], [], {}
    for number, (cost, fault, is_reshipped, payment, claimed) in enumerate(drawn):
        name = f"o{number:02}"
        orders.append(failure(name, cost=str(cost), at_fault=fault))
        tickets += [reship(name)] if is_reshipped else []
        payments += [paid(name, str(payment))] if payment is not None else []
        if claimed is not None:
            claims.append({"claim_id": f"c{number}", "event_id": name, "clause": "damages", "amount": str(claimed), "claimed_on": "2026-10-25"})
        due = (cost * Decimal("0.1" if is_reshipped else "0.3")).quantize(Decimal("0.01"), ROUND_HALF_UP)
        owed[name] = max(due - (payment or 0), Decimal(0)) if fault == "supplier" else Decimal(0)
    lines = claims_to_make(workbook_of({"orders": orders, "tickets": tickets, "compensations": payments, "claims": claims}))
    before = {row["event_id"]: Decimal(row["amount"]) for row in claims}
    expected = {name: amount - before.get(name, 0) for name, amount in owed.items() if amount != before.get(name, 0)}
    assert dict(zip(lines["order_id"], lines["claim_amount"], strict=True)) == expected
