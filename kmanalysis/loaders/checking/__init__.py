"""What a row must be to be kept: casts, rules, receipts, secrets, derived columns, the stamp."""
