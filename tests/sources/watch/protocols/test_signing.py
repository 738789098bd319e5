"""Signatures, against texts that were signed by hand."""

from __future__ import annotations

import hashlib
import hmac

from kmanalysis.sources.watch.listed.keys import Secret
from kmanalysis.sources.watch.protocols.signing import form_signature, request_signature

KEY = Secret("K3y")


def test_a_form_is_signed_by_name_without_what_is_empty():
    signed = hashlib.md5("app_id=7&code=月 卡&num=1&key=K3y".encode()).hexdigest()
    assert form_signature({"num": "1", "race": "", "code": "月 卡", "app_id": "7", "sign": "x"}, KEY) == signed


def test_a_form_without_fields_signs_the_key_alone():
    assert form_signature({}, KEY) == hashlib.md5(b"&key=K3y").hexdigest()


def test_a_request_is_signed_with_its_path_and_time():
    text = f"GET\n/api/v1/upstream/products\n1764300000\n{hashlib.md5(b'').hexdigest()}"
    assert request_signature("GET", "/api/v1/upstream/products", 1764300000, b"", KEY) == hmac.new(b"K3y", text.encode(), hashlib.sha256).hexdigest()
