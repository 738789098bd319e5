"""How long the proof takes: a month's purchases of many SKUs split over many suppliers, and what a cap on a supplier's share costs.

`python benchmarks/allocation.py [--skus 200] [--suppliers 30] [--cap 0.4] [--seed 0]`
"""

import argparse
import time
from decimal import Decimal

import numpy as np

from kmanalysis.decisions.allocation.model import Offer, Problem, Source, Tier
from kmanalysis.decisions.allocation.splits import allocate, with_cap


def market(skus: int, suppliers: int, seed: int) -> Problem:
    """A market in which one supplier is 6 % under the others, each SKU has a few sellers with stock for a part, and tiers begin above ¥50 000."""
    rng = np.random.default_rng(seed)
    base = np.exp(rng.uniform(np.log(500), np.log(8000), skus))
    demand = np.maximum((rng.lognormal(5, 1, skus) * 3).astype(int), 1)
    level = rng.uniform(-0.03, 0.03, suppliers)
    level[0] = -0.06
    sells = rng.random((suppliers, skus)) < 0.4
    sells[0] = True
    price = np.rint(base * (1 + level[:, None] + rng.normal(0, 0.01, (suppliers, skus)))).astype(int)
    stock = rng.integers(1, 4, (suppliers, skus)) * demand // 2 + 1
    tiers = ((Tier(5_000_000, Decimal("0.05")),), (Tier(5_000_000, Decimal("0.05")), Tier(20_000_000, Decimal("0.08"))), ())
    kind = rng.choice(3, suppliers, p=[0.65, 0.3, 0.05])
    fees = rng.choice(["0", "0", "0", "0", "0.0123"], suppliers)
    minimum = rng.choice([0, 1_000, 10_000, 50_000, 100_000], suppliers)
    sources = tuple(Source(f"S{i:02d}", int(minimum[i]), Decimal(str(fees[i])), tiers[kind[i]]) for i in range(suppliers))
    offers = tuple(Offer(f"S{i:02d}", f"G{j:03d}", int(price[i, j]), int(stock[i, j])) for i in range(suppliers) for j in range(skus) if sells[i, j])
    return Problem(tuple((f"G{j:03d}", int(demand[j])) for j in range(skus)), sources, offers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skus", type=int, default=200)
    parser.add_argument("--suppliers", type=int, default=30)
    parser.add_argument("--cap", type=Decimal, default=Decimal("0.4"))
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    problem = market(chosen.skus, chosen.suppliers, chosen.seed)
    print(f"{chosen.skus} SKUs × {chosen.suppliers} suppliers, {len(problem.offers)} offers")
    costs = {}
    for name, cap in (("without a cap", None), (f"cap {chosen.cap}", chosen.cap)):
        started = time.perf_counter()
        found = allocate(with_cap(problem, cap), ())
        costs[name] = found.cost
        largest = max(bill.list_amount for bill in found.bills.values()) / sum(bill.list_amount for bill in found.bills.values())
        print(f"{name}: {time.perf_counter() - started:.1f} s, gap {found.gap}, cost ¥{found.cost / 100:,.2f}, largest share {largest:.1%}")
    free, bound = costs.values()
    print(f"the cap costs ¥{(bound - free) / 100:,.2f} ({(bound - free) / free:.2%})")


if __name__ == "__main__":
    main()
