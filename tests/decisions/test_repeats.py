"""Repeated codes told apart: the supplier's, the platform's own race, and those that are meant."""

from dataclasses import replace

import pytest

from kmanalysis.decisions.exceptions import all_exceptions, exception_checks, exception_sums
from kmanalysis.decisions.repeats import allowed_cases, repeat_counts, unsure_of

DIGESTS = {letter: "kd1:" + letter * 32 for letter in "abcdef"}


def issued(letter, *days, **more):
    return [{"code_id": f"{letter}{day}", "code_digest": DIGESTS[letter], "issued_at": f"2026-10-{day:02} 00:00:00", "order_id": f"o{letter}{day}"} | more
            for day in days]  # fmt: skip


def found(workbook):
    return all_exceptions(workbook)[["kind", "order_id", "earlier_order_id"]].values.tolist()


def test_repeats_on_the_operators_list_are_counted_and_are_no_exceptions(workbook_of):
    allowed = [
        {"allowance_id": "1", "code_digest": DIGESTS["a"], "reason": "one link for all"},
        {"allowance_id": "2", "sku": "k2", "reason": "a shared account"},
        {"allowance_id": "3", "sku": "k3", "code_digest": DIGESTS["d"], "reason": "for this one alone"},
    ]
    codes = [
        *issued("a", 2, 3, 4), *issued("b", 2, 3, 4, sku="k2"), *issued("c", 2, 3), *issued("d", 2, 3, sku="k3"), *issued("d", 5, 6),
        *issued("e", 2, 3, is_shared_use="true"),
    ]  # fmt: skip
    empty = dict.fromkeys(("sku", "code_digest"))
    workbook = workbook_of({"codes": codes, "allowed_repeats": [empty | line for line in allowed]})
    assert found(workbook) == [["repeated_code", "oc3", "oc2"], ["repeated_code", "od6", "od5"]]
    counts = repeat_counts(workbook)
    assert counts.values.tolist() == [
        ["listed", "a shared account", 1, 2],
        ["listed", "for this one alone", 1, 1],
        ["listed", "one link for all", 1, 2],
        ["marked", "", 1, 1],
        ["supplier", "", 2, 2],
    ]
    checks = exception_checks(workbook).set_index("kind")
    assert (checks.loc["repeated_code", "allowed"], checks.loc["repeated_code", "unsure"]) == (allowed_cases(counts), "") == (6, "")
    assert checks["allowed"].sum() == 6


def test_the_platforms_race_is_told_apart_from_the_suppliers_repeat(workbook_of):
    codes = [*issued("a", 2), *issued("a", 3, is_platform_race="true"), *issued("a", 9), *issued("b", 4, is_platform_race="true"), *issued("b", 5)]
    workbook = workbook_of({"codes": codes})
    assert found(workbook) == [["repeated_code", "oa9", "oa2"], ["platform_race", "oa3", "oa2"], ["platform_race", "ob5", "ob4"]]
    assert exception_sums(workbook)[["kind", "cases"]].values.tolist() == [["repeated_code", 1], ["platform_race", 2]]


@pytest.mark.parametrize("marked", ["a30", "a31"])
def test_a_race_is_of_the_month_of_its_later_order(workbook_of, marked):
    rows = [
        {"code_id": "a30", "code_digest": DIGESTS["a"], "issued_at": "2026-09-30 23:59:59", "order_id": "oa30"},
        {"code_id": "a31", "code_digest": DIGESTS["a"], "issued_at": "2026-10-01 00:00:00", "order_id": "oa31"},
    ]
    codes = [row | ({"is_platform_race": "true"} if row["code_id"] == marked else {}) for row in rows]
    workbook = workbook_of({"codes": codes})
    assert found(workbook) == [["platform_race", "oa31", "oa30"]]
    assert found(workbook.at(workbook.month - 1)) == []


def test_it_is_said_where_nothing_tells_which_repeats_are_meant(workbook_of):
    workbook = workbook_of({"codes": issued("a", 2, 3)})
    codes = {"codes": frozenset(("code_digest", "issued_at"))}
    workbook.attached = replace(workbook.attached, given=codes)
    assert unsure_of(workbook) == ["codes.is_shared_use", "allowed_repeats"]
    assert exception_checks(workbook).set_index("kind").loc["repeated_code", "unsure"] == "codes.is_shared_use;allowed_repeats"
    workbook.attached = replace(workbook.attached, given=codes | {"allowed_repeats": frozenset(("sku", "reason"))})
    assert unsure_of(workbook) == []
