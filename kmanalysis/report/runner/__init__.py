"""How notebooks are run: one process a page."""

# Before any module here: papermill loads the engine, by its entry point, while it is itself imported.
import papermill as papermill
