"""Step 5: the terms in force, restocking and runs of failures."""
