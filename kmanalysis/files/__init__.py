"""The files of this machine: written whole or not at all, refused by the system in sentences, and TOML that people write."""
