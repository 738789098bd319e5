"""What to do next: how many codes to check, what to claim, whom to buy from, who could step in."""
