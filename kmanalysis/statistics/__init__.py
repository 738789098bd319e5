"""Intervals and survival curves: arrays in, numbers out."""
