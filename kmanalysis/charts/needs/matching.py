"""Charts and tables of steps 1 to 3: who fits the needs profile, how far outreach came, and the qualification list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd
from IPython.display import HTML
from matplotlib.axes import Axes

from kmanalysis.charts.kit.cells import Row, category_name, cell, is_missing, supplier_name
from kmanalysis.charts.kit.forms import stacked
from kmanalysis.charts.kit.style import BLUE, GREEN, GREY, PURPLE, RED, SKY
from kmanalysis.charts.kit.tables import MOST_ROWS, Table, table
from kmanalysis.charts.kit.text import html
from kmanalysis.standards import Standards
from kmanalysis.words import MISSING, Words

SYMBOLS: Mapping[str, str] = {"met": "✓", "missed": "✗", "unknown": "?", "fits": "✓", "fails": "✗", "unproven": "?"}
CLASSES: Mapping[str, str] = {"met": "met", "missed": "missed", "unknown": "unproven", "fits": "met", "fails": "missed", "unproven": "unproven"}
ORDER: Mapping[str, int] = {"fits": 0, "unproven": 1, "fails": 2}
NAMED = 6
"""Suppliers that a sentence names, at most."""

CURRENCY = "needs.wholesale_minimum"
"""The standard whose unit is the currency that the profile speaks in."""


def opening(fits: pd.DataFrame, match: pd.DataFrame, profile: pd.DataFrame, words: Words, names: Mapping[str, str]) -> HTML:
    """Who fits and who does not, and why, in a few sentences; the frames as `needs.fits`, `needs.match` and `needs.profile` give them."""
    if profile.empty:
        return html(f"<p>{escape(words.text('There is no needs profile: nobody can be matched against it. Write one as needs.toml into the folder.'))}</p>")
    counts = fits["state"].value_counts()
    musts = match[match["is_must"].astype(bool)]
    lead = words.text(
        "{fits} of {all} suppliers meet every must-have; {fails} miss at least one; of {unproven} it is not known.",
        **{state: int(counts.get(state, 0)) for state in ORDER},
        all=len(fits),
    )
    if musts.empty:
        lead = words.text("The needs profile has no must-have: every supplier fits, and the wishes tell them apart.")
    lines = [_about(profile, words)]
    for state, sign in (("missed", words.text("missed by")), ("unknown", words.text("not known of"))):
        for need in _needs(musts):
            who = list(musts.loc[(_key(musts) == need["key"]) & (musts["state"] == state), "supplier_id"])
            if who:
                lines.append(words.entry(need_name(need, words), f"{sign} {_named(who, names, words)}"))
    for state in ("fits", "unproven"):
        who = list(fits.loc[fits["state"] == state, "supplier_id"])
        if who and not musts.empty:
            lines.append(words.entry(words.name(f"value.{state}"), _named(who, names, words)))
    return html(f"<p><strong>{escape(lead)}</strong></p><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines if line)}</ul>")


def _about(profile: pd.DataFrame, words: Words) -> str:
    told = []
    for subject in ("positioning", "audience", "daily_orders"):
        of_subject = profile[profile["subject"] == subject]
        parts = [category_name(str(value), words) for value in of_subject["value" if subject == "daily_orders" else "item"].dropna()]
        if parts:
            told.append(f"{words.name(f'value.{subject}')} {words.join(parts)}")
    return words.text("The platform: {about}.", about=words.join(told)) if told else ""


def _named(suppliers: Sequence[str], names: Mapping[str, str], words: Words) -> str:
    more = words.text(" and {count} more", count=len(suppliers) - NAMED) if len(suppliers) > NAMED else ""
    return words.join([supplier_name(supplier, names) for supplier in suppliers[:NAMED]]) + more


def need_name(need: Row, words: Words) -> str:
    """A line of the profile in words: what is asked, and how much of it. ``need`` has subject, item, value and unit."""
    value = str(need["value"]) if isinstance(need["value"], str) else ""
    match need["unit"]:
        case "listings":
            return f"{words.name('value.' + need['subject'])} {category_name(need['item'], words)}"
        case "orders":
            return f"{words.name('value.daily_orders')} ≥\u00a0{_amount_text(value, words)}"
        case "amount":
            return f"{words.name('need.' + need['item'])} ≤\u00a0{_amount_text(value, words)}"
        case "seconds":
            told = words.duration(float(value)) if _is_number(value) else value or MISSING
            return f"{words.name('need.' + need['item'])} ≤\u00a0{told}"
        case "":
            return str(need["item"])
        case "modes":
            value = words.join([words.name(f"value.{mode.strip()}") for mode in value.split(";") if mode.strip()])
    return f"{words.name('need.' + need['item'])} {value}".rstrip()


def _amount_text(value: str, words: Words) -> str:
    return words.number(float(value), 2) if _is_number(value) else value or MISSING


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def _key(match: pd.DataFrame) -> pd.Series:
    return match["subject"] + "\x1f" + match["item"]


def _needs(match: pd.DataFrame) -> Sequence[Row]:
    """The lines of the profile that suppliers are matched against, must-haves first."""
    lines = match.assign(key=_key(match)).drop_duplicates("key").sort_values("is_must", ascending=False, kind="stable")
    return lines.to_dict("records")


def need_counts(match: pd.DataFrame, words: Words) -> pd.DataFrame:
    """How many suppliers meet each line of the profile, in words: a plain frame."""
    lines = _needs(match)
    counts = pd.crosstab(_key(match), match["state"]) if lines else pd.DataFrame()
    counts = counts.reindex(index=[line["key"] for line in lines], columns=["met", "missed", "unknown"], fill_value=0)
    counts.index = pd.Index([_starred(line, words) for line in lines])
    counts.columns = pd.Index([words.name("met"), words.name("missed"), words.name("value.unknown_yet")])
    return counts


def _starred(line: Row, words: Words) -> str:
    return ("★ " if line["is_must"] else "") + need_name(line, words)


def matrix(match: pd.DataFrame, fits: pd.DataFrame, standards: Standards, words: Words, names: Mapping[str, str]) -> Table:
    """Suppliers × needs: a symbol and the evidence, those that fit first; ``match`` and ``fits`` as `needs.match` and `needs.fits` give them."""
    title = words.text("Suppliers against the needs profile")
    if match.empty:
        return table(pd.DataFrame(), title, empty=words.text("There is no needs profile, so there is none to match."))
    order = fits.assign(place=fits["state"].map(ORDER)).sort_values(["place", "wishes_met", "supplier_id"], ascending=[True, False, True])
    shown = list(order["supplier_id"].head(MOST_ROWS))
    currency = standards[CURRENCY].unit
    told = match.assign(key=_key(match), told=[_evidence(row, currency, words) for row in match.to_dict("records")], mark=match["state"].map(CLASSES))
    lines = _needs(match)
    keys = [line["key"] for line in lines]
    cells = told.pivot(index="supplier_id", columns="key", values="told").loc[shown, keys].reset_index(drop=True)
    marks = told.pivot(index="supplier_id", columns="key", values="mark").loc[shown, keys].reset_index(drop=True)
    headings = {line["key"]: _starred(line, words) for line in lines}
    states = list(order["state"].head(MOST_ROWS))
    cells.insert(0, "state", [f"{SYMBOLS[state]} {words.name(f'value.{state}')}" for state in states])
    marks.insert(0, "state", [CLASSES[state] for state in states])
    cells.insert(0, "who", [supplier_name(supplier, names) for supplier in shown])
    marks.insert(0, "who", "")
    headings |= {"who": words.text("Supplier"), "state": words.text("All must-haves")}
    signs = words.text("★ must-have. ✓ met, ✗ missed, ? unknown: nothing shows it yet.")
    cut = words.text("The first {shown} of {all}.", shown=len(shown), all=len(order)) if len(shown) < len(order) else ""
    return table(cells.rename(columns=headings), title, classes=marks.rename(columns=headings), note=" ".join(part for part in (signs, cut) if part))


def _evidence(row: Row, currency: str, words: Words) -> str:
    return " ".join(part for part in (SYMBOLS[row["state"]], _found(row, currency, words)) if part)


def _found(row: Row, currency: str, words: Words) -> str:
    found = row["found"]
    if not isinstance(found, str) or row["unit"] == "flag":
        return ""
    match row["unit"]:
        case "seconds":
            return f"{words.share(float(found))} n={words.number(row['n'])}"
        case "amount":
            return words.money(float(found), currency)
        case "listings" | "orders":
            return words.number(float(found))
        case "modes":
            return words.name(f"value.{found}")
    return found


def volume(fits: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """How the asked orders a day, the smallest purchase and the prepayment suit each supplier; ``fits`` as `needs.fits` gives them."""
    headings = [
        *(words.text("Supplier"), words.text("Most orders on one day"), words.text("Orders a day asked"), words.text("Units in stock")),
        *(words.name("suppliers.min_order"), words.text("Minimum order lasts (days)")),
        *(words.name("suppliers.prepayment"), words.text("Prepayment lasts (days)")),
    ]
    rows = fits.sort_values(["min_order_days", "supplier_id"], ascending=[False, True], na_position="last").head(MOST_ROWS).to_dict("records")
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            *(words.number(row[column]) for column in ("largest_day_orders", "daily_orders", "stock_units")),
            *(part for name in ("min_order", "prepayment") for part in (_money(row, name, words), _days(row[f"{name}_days"], words))),
        ]
        for row in rows
    ]
    note = words.text("Lasts: so many days of the asked orders, at this supplier's mean cost of an order this month, are bought for the amount.")
    empty = words.text("There is no needs profile, so there is none to match.")
    return table(
        pd.DataFrame(cells, columns=headings), words.text("Volume and entry conditions"), numbers=headings[1:], note=note if cells else "", empty=empty
    )


def _money(row: Row, column: str, words: Words) -> str:
    return cell(row[column], column, words, row["currency"] if isinstance(row["currency"], str) else "")


def _days(days: float, words: Words) -> str:
    return f"< {words.number(0.1, 1)}" if 0 < days < 0.1 else words.number(days, 1)


def outreach(funnel: pd.DataFrame, words: Words, ax: Axes | None = None) -> Axes:
    """Contacts by channel and how far they came; ``funnel`` as `needs_outreach.funnel` gives it."""
    looks = {
        "contract": (words.name("value.contract"), GREEN, ""),
        "trial": (words.name("value.trial"), SKY, "//"),
        "qualified": (words.name("value.qualified"), BLUE, ""),
        "replied": (words.name("value.replied"), PURPLE, "--"),
        "contacted": (words.name("value.contacted"), GREY, ""),
        "lost": (words.name("value.lost"), RED, "xx"),
    }
    each = funnel[funnel["channel"] != "all"]
    counts = each.pivot(index="channel", columns="stage", values="ended").reset_index()
    counts["lost"] = counts["channel"].map(each.groupby("channel")["lost"].first())
    counts["label"] = [words.name(f"value.{channel}") for channel in counts["channel"]]
    title = words.text("How far contacts came, by channel (number of contacts)")
    if counts.empty:
        counts = pd.DataFrame()
    note = words.text("Each contact stands at the furthest stage that it reached.")
    return stacked(counts, looks, title, words, {}, ax, note=note)


def conversions(funnel: pd.DataFrame, standards: Standards, words: Words) -> Table:
    """The funnel in numbers: contacts that reached each stage, and the share of those before it; ``funnel`` as `needs_outreach.funnel` gives it."""
    title = words.text("From contact to contract, by channel")
    if funnel.empty:
        return table(pd.DataFrame(), title, empty=words.text("No contact is on record."))
    order = [*(channel for channel in dict.fromkeys(funnel["channel"]) if channel != "all"), "all"]
    told = funnel.assign(told=[_step(row, "", words) for row in funnel.to_dict("records")])
    cells = told.pivot(index="channel", columns="step", values="told").loc[order]
    stages = funnel.drop_duplicates("step").sort_values("step")
    last = funnel[funnel["step"] == stages["step"].max()].set_index("channel").loc[order].to_dict("records")
    cells.columns = pd.Index([words.name(f"value.{stage}") for stage in stages["stage"]])
    cells.insert(0, words.name("outreach.channel"), [words.name(f"value.{channel}") for channel in order])
    cells[words.text("contract, of all contacted")] = [_step(row, "_of_all", words) for row in last]
    cells[words.name("value.lost")] = [words.number(row["lost"]) for row in last]
    note = words.text(
        "Contacts, and their share of those that reached the stage before, with exact bounds at {confidence} each. A lost contact counts as contacted "
        "alone, and an open one may still go on.",
        confidence=words.share(standards.value("counting.confidence")),
    )
    return table(cells.reset_index(drop=True), title, note=note)


def _step(row: Row, suffix: str, words: Words) -> str:
    share = row["share_of_all" if suffix else "share"]
    if is_missing(share):
        return words.number(row["contacts"])
    bounds = f"{words.share(row[f'lower{suffix}'], 0)}–{words.share(row[f'upper{suffix}'], 0)}"
    return f"{words.number(row['contacts'])} · {words.share(share, 0)} ({bounds})"


def entry_conditions(found: pd.DataFrame, words: Words) -> Table:
    """What contacts asked for before the first purchase; ``found`` as `needs_outreach.entry_conditions` gives it."""
    headings = [words.name("outreach.channel"), words.text("Condition"), words.text("Contacts that named it"), words.text("Median"), words.text("Range")]
    cells = []
    for row in found.to_dict("records"):
        lowest, median, highest = (cell(row[column], column, words, row["currency"]) for column in ("lowest_amount", "median_amount", "highest_amount"))
        named = f"{words.number(row['asked'])} / {words.number(row['contacts'])}"
        cells.append([words.name(f"value.{row['channel']}"), words.name(f"suppliers.{row['condition']}"), named, median, f"{lowest} – {highest}"])
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("Entry conditions asked, by channel"),
        numbers=headings[2:],
        empty=words.text("No contact named a smallest order or a prepayment."),
    )


def marketplace(found: pd.DataFrame, standards: Standards, words: Words) -> Table:
    """The contacts of the B2B marketplace against what is asked of them there; ``found`` as `needs_outreach.marketplace` gives it."""
    headings = [
        *(words.name("outreach.name"), words.name("outreach.stage"), words.name("outreach.marketplace_certified")),
        *(words.name("outreach.marketplace_years"), words.text("Verdict")),
    ]
    order = {"missed": 0, "unknown": 1, "met": 2}
    rows = found.assign(place=found["state"].map(order)).sort_values(["place", "contact_id"])
    cells = [
        [
            str(row["name"]),
            words.name(f"value.{row['stage']}"),
            cell(row["marketplace_certified"], "marketplace_certified", words),
            words.number(row["marketplace_years"], 1),
            f"{SYMBOLS[row['state']]} {words.name(_state_name(row['state']))}",
        ]
        for row in rows.head(MOST_ROWS).to_dict("records")
    ]
    finished = pd.DataFrame(cells, columns=headings)
    marks = pd.DataFrame("", index=finished.index, columns=headings)
    marks[headings[4]] = [CLASSES[state] for state in rows["state"].head(MOST_ROWS)]
    asked = words.text(
        "Asked for: certified by the marketplace, at least {years} years there.", years=words.number(standards.value("outreach.marketplace_years"))
    )
    title = words.text("Contacts of the B2B marketplace")
    return table(finished, title, classes=marks, numbers=[headings[3]], note=asked, empty=words.text("No contact came from a B2B marketplace."))


def _state_name(state: str) -> str:
    return "value.unknown_yet" if state == "unknown" else state
