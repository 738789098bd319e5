"""What a trial plan says in sentences: for the command line and the page alike."""

from __future__ import annotations

import pandas as pd

from kmanalysis.decisions.trials.plans import TrialRequest, budget_sample, curves, lot_allowance, risk_plan, sequential, sequential_points, sizes
from kmanalysis.statistics.sampling import MOST_CODES
from kmanalysis.statistics.sprt import performance
from kmanalysis.words import MISSING, Words


def claim_sentences(asked: TrialRequest, words: Words) -> list[str]:
    """How many codes show the claim: of the process, and of the lot where one is named."""
    rows = sizes(asked)
    row = rows.iloc[-1]
    claim, confidence = words.share(asked.claim, 2), words.share(asked.confidence, 2)
    texts = []
    if row["codes"] is None or row.isna()["codes"]:
        texts.append(words.text("More than {most} codes would be needed to show this claim.", most=words.number(MOST_CODES)))
    else:
        fields = {
            "confidence": confidence,
            "claim": claim,
            "codes": words.number(int(row["codes"])),
            "cost": words.money(row["cost_amount"], asked.currency),
            "price": words.money(asked.price, asked.currency),
        }
        if asked.failures:
            texts.append(
                words.text(
                    "To show at {confidence} confidence that at least {claim} of what a supplier sends is valid, check {codes} codes,"
                    " of which at most {failures} may be dead: {cost} at {price} a code.",
                    failures=asked.failures,
                    **fields,
                )
            )
        else:
            texts.append(
                words.text(
                    "To show at {confidence} confidence that at least {claim} of what a supplier sends is valid, check {codes} codes,"
                    " none of them dead: {cost} at {price} a code.",
                    **fields,
                )
            )
    if asked.lot is None:
        return texts
    allowed = lot_allowance(asked)
    if row.isna()["lot_codes"]:
        texts.append(
            words.text(
                "In a lot of {lot} codes the claim allows {allowed} dead ones: {failures} refute it, however many are checked.",
                lot=words.number(asked.lot),
                allowed=allowed,
                failures=asked.failures,
            )
        )
    else:
        texts.append(
            words.text(
                "To show the same of a lot of {lot} codes alone (the claim allows it {allowed} dead ones), check {codes} of them, of which at most"
                " {failures} may be dead.",
                lot=words.number(asked.lot),
                allowed=allowed,
                codes=words.number(int(row["lot_codes"])),
                failures=asked.failures,
            )
        )
    return texts


def sample_sentences(asked: TrialRequest, words: Words) -> list[str]:
    """What the sample that the budget and the share give can show at best, and what it lets pass."""
    found = budget_sample(asked)
    budget, price = words.money(asked.budget, asked.currency), words.money(asked.price, asked.currency)
    if found is None:
        return [words.text("{budget} buys no code at {price}.", budget=budget, price=price)]
    counts = {"codes": words.number(found.codes), "checked": words.number(found.checked)}
    claim = words.share(asked.claim, 2)
    texts = [
        words.text(
            "A purchase of {budget} at {price} is {codes} codes; {share} of them, {checked}, are checked. If not one is dead, that shows (at {confidence}"
            " confidence) that at least {process} of what the supplier sends is valid, and at least {lot} of these {codes}.",
            budget=budget,
            price=price,
            share=words.share(asked.sample_share),
            confidence=words.share(asked.confidence, 2),
            process=words.share(found.process_lower),
            lot=words.share(found.lot_lower),
            **counts,
        ),
        words.text(
            "A supplier with {dead} dead codes passes this check {passes} of the time.",
            dead=words.share(1 - asked.poor),
            passes=words.share(found.poor_passes, 0),
        ),
    ]
    if found.is_shown:
        texts.append(words.text("This shows {claim}.", claim=claim))
    elif found.is_shown_of_lot:
        texts.append(words.text("This shows {claim} of the codes bought, and nothing yet of those that the supplier will send.", claim=claim))
    else:
        texts.append(words.text("So for {claim} this check proves nothing; it can only refute it.", claim=claim))
    if not found.is_shown_of_lot and found.lot_needed is not None:
        texts.append(
            words.text("To clear these {codes} codes, {needed} of them must be checked without a dead one.", codes=counts["codes"], needed=found.lot_needed)
        )
    return texts


def sequential_sentences(asked: TrialRequest, words: Words) -> list[str]:
    """The sequential plan: when it accepts and ends, and how many codes it takes on average."""
    plan = sequential(asked)
    points = sequential_points(asked)
    poor = performance(plan, 1 - asked.poor).iloc[0]
    return [
        words.text(
            "One code after the other ({good} against {claim}, risks α {alpha} and β {beta}): accept after {clean} clean codes,"
            " reject as soon as {second} of the first ones are dead, decide at code {last} at the latest.",
            good=words.share(asked.good, 2),
            claim=words.share(asked.claim, 2),
            alpha=words.share(asked.alpha),
            beta=words.share(asked.beta),
            clean=words.number(plan.clean_items),
            second=int(plan.reject_number(1)),
            last=words.number(plan.last or 0),
        ),
        words.text(
            "Codes that it takes on average: {good} from a supplier at {good_share}, {bad} from one at {claim}, {poor} from one at {poor_share}."
            " Its gain is early rejection.",
            good=words.number(points["exact_codes"].iloc[1]),
            bad=words.number(points["exact_codes"].iloc[3]),
            poor=words.number(poor["expected_items"]),
            good_share=words.share(asked.good, 2),
            claim=words.share(asked.claim, 2),
            poor_share=words.share(asked.poor, 2),
        ),
    ]


def risk_sentences(asked: TrialRequest, words: Words) -> list[str]:
    """The smallest plan by two risks."""
    found = risk_plan(asked)
    shares = {"aql": words.share(1 - asked.good, 2), "ltpd": words.share(1 - asked.claim, 2)}
    if found is None:
        return [words.text("No plan keeps both risks for {aql} and {ltpd} dead codes.", **shares)]
    return [
        words.text(
            "With a producer's risk of {alpha} at {aql} dead codes (AQL) and a consumer's risk of {beta} at {ltpd} (LTPD): check {n} codes,"
            " accept with at most {c} dead.",
            alpha=words.share(asked.alpha),
            beta=words.share(asked.beta),
            n=words.number(found.n),
            c=found.c,
            **shares,
        )
    ]


def sentences(asked: TrialRequest, words: Words) -> list[str]:
    """All that the plan says, the claim first."""
    return [sentence for part in (claim_sentences, sample_sentences, sequential_sentences, risk_sentences) for sentence in part(asked, words)]


def size_cells(asked: TrialRequest, words: Words) -> pd.DataFrame:
    """`sizes` in words; the lot's columns only where there is a lot."""
    rows = sizes(asked).to_dict("records")
    cells = {
        words.text("Dead ones allowed"): [words.number(row["failures"]) for row in rows],
        words.text("Codes to check"): [_count(row["codes"], words) for row in rows],
        words.text("Cost of the codes"): [_money(row["cost_amount"], asked, words) for row in rows],
    }
    if asked.lot is not None:
        cells[words.text("Codes to check in a lot of {lot}", lot=words.number(asked.lot))] = [_count(row["lot_codes"], words) for row in rows]
        cells[words.text("Cost in the lot")] = [_money(row["lot_cost_amount"], asked, words) for row in rows]
    return pd.DataFrame(cells, dtype="object")


def curve_cells(asked: TrialRequest, words: Words) -> pd.DataFrame:
    """`curves` in words: how often each way of checking accepts a supplier."""
    found = curves(asked)
    sample = budget_sample(asked)
    headings = {
        "claim": words.text("By the claim's codes"),
        "sample": words.text("By {checked} codes, none dead", checked=words.number(sample.checked) if sample else MISSING),
        "sequential": words.text("One after the other"),
    }
    cells = {words.text("Valid codes of the supplier"): [words.share(share, 2) for share in found["good_share"]]}
    cells |= {heading: [words.share(share) for share in found[column]] for column, heading in headings.items()}
    return pd.DataFrame(cells, dtype="object")


def point_cells(asked: TrialRequest, words: Words) -> pd.DataFrame:
    """`sequential_points` in words."""
    found = sequential_points(asked)
    return pd.DataFrame(
        {
            words.text("Valid codes of the supplier"): [words.share(share, 2) for share in found["good_share"]],
            words.text("Accepted (Wald)"): [words.share(share) for share in found["acceptance"]],
            words.text("Codes on average (Wald)"): [words.number(codes, 1) for codes in found["expected_codes"]],
            words.text("Accepted (with its end)"): [words.share(share) for share in found["exact_acceptance"]],
            words.text("Codes on average (with its end)"): [words.number(codes, 1) for codes in found["exact_codes"]],
        },
        dtype="object",
    )


def _count(number: int, words: Words) -> str:
    return MISSING if pd.isna(number) else words.number(int(number))


def _money(amount: object, asked: TrialRequest, words: Words) -> str:
    return MISSING if amount is None else words.money(amount, asked.currency)  # type: ignore[arg-type]
