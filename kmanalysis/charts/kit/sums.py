"""Money of several suppliers and currencies, in the order and the words in which sentences and tables tell it."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from kmanalysis.decisions.exceptions import OF_NO_SUPPLIER
from kmanalysis.words import MISSING, Words


def by_money(sums: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The sums of each supplier, those first on whose exceptions most money hangs; without the kinds that say nothing against a supplier."""
    sums = sums[~sums["kind"].isin(OF_NO_SUPPLIER)]
    of_suppliers = [(str(supplier), of_one) for supplier, of_one in sums.groupby("supplier_id", sort=True)]
    return sorted(of_suppliers, key=lambda found: (-float(sum(found[1]["amount"].dropna())), -int(found[1]["cases"].sum()), found[0]))


def money_in_all(sums: pd.DataFrame, words: Words) -> str:
    """The amounts by currency; a dash where there is none."""
    amounts = {str(currency): sum(of_one["amount"].dropna(), Decimal(0)) for currency, of_one in sums.groupby("currency", sort=True)}
    return " + ".join(words.money(amount, currency) for currency, amount in amounts.items()) or MISSING
