"""The offline pages: HTML, index, PDF."""
