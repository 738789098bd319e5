"""The explorers' models; they know no widget."""
