"""Inputs drawn by grammar and by mutation, given to the readers: what they say must be what was written, or a sentence that refuses it."""
