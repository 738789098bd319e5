"""Sentences as cells show them."""

from __future__ import annotations

from IPython.display import HTML, Markdown


def markdown(text: str) -> Markdown:
    """Markdown, set as a page's text."""
    return Markdown(text)


def html(text: str) -> HTML:
    """HTML, shown as it is: what data holds must be escaped in it."""
    return HTML(text)
