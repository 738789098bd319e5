"""What to do: the review, its actions, claims, backups, plans."""
