"""The market: trends, demand and assortment."""
