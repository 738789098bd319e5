"""Fuzzing of the readers with generated and mutated inputs: each must be read as written, or refused with a clear error."""
