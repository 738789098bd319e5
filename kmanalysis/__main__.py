"""`python -m kmanalysis`."""

from kmanalysis.cli import main

main()
