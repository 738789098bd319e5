"""Signatures of the protocols. All are the platforms' own, MD5 included: nothing else would be accepted."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import md5, sha256
from urllib.parse import unquote_plus, urlencode

from kmanalysis.sources.watch.listed.keys import Secret


def form_signature(form: Mapping[str, str], key: Secret) -> str:
    """Signature of a form as acg-faka and its V4 interface take it: the fields by name, empty ones left out, and the key at the end."""
    ordered = sorted((name, value) for name, value in form.items() if value and name != "sign")
    text = unquote_plus(f"{urlencode(ordered)}&key={key.reveal()}")
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def request_signature(method: str, path: str, seconds: int, body: bytes, key: Secret) -> str:
    """Signature of a request as dujiao-next takes it; ``path`` is without its query, ``seconds`` since 1970."""
    text = f"{method}\n{path}\n{seconds}\n{md5(body, usedforsecurity=False).hexdigest()}"
    return hmac.new(key.reveal().encode(), text.encode(), sha256).hexdigest()
