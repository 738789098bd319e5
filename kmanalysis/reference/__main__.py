"""`python -m kmanalysis.reference FOLDER` writes the reference pages into a folder."""

import sys
from pathlib import Path

from kmanalysis.reference.docs import write_reference

write_reference(Path(sys.argv[1]))
