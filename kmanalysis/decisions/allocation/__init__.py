"""Next month's purchases as a mixed-integer programme."""
