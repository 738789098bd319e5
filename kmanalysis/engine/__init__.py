"""The engine: connections, the queries asked of them, memory and spill files."""
