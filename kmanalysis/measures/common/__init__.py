"""What several dimensions or steps need."""
