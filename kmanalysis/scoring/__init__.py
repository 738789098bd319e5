"""From what was observed to what it means: verdicts and points, dimension scores, grades, and the answer to "why?"."""
