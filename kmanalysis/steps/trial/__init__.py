"""Step 4: trial purchases, their codes and questions."""
