"""Trials: how many codes to check, and the verdict on what was seen."""
