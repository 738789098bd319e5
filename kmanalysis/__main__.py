"""`python -m kmanalysis`."""

from kmanalysis.cli.app import main

main()
