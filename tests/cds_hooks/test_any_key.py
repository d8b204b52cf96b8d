"""JSON Web Keys that clients publish: whatever stands in one, it is a key or the one error, and spoils no other key."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.cds_hooks.trust import KeyProblem, read_key, read_keys
from tests.cds_hooks.tokens import EC_KEY, EC_KID, RSA_KEY, RSA_KID, key_set

EC, RSA = key_set((EC_KEY, EC_KID))["keys"][0], key_set((RSA_KEY, RSA_KID))["keys"][0]

ODD: dict[str, Any] = {
    "no object": [],
    "null": None,
    "no kid": {**EC, "kid": None},
    "kid a number": {**EC, "kid": 5},
    "key_ops a number": {**EC, "key_ops": 5},
    "key_ops a text": {**EC, "key_ops": "verify"},
    "key_ops of numbers": {**EC, "key_ops": [1, None]},
    "key_ops for signing": {**EC, "key_ops": ["sign"]},
    "use a list": {**EC, "use": ["sig"]},
    "use for encryption": {**EC, "use": "enc"},
    "alg of another kind": {**EC, "alg": "ES256"},
    "alg a list": {**EC, "alg": []},
    "kty a list": {**EC, "kty": []},
    "x not base64": {**EC, "x": "é"},
    "x a number": {**EC, "x": 7},
    "x too short": {**EC, "x": "AA"},
    "x missing": {name: value for name, value in EC.items() if name != "x"},
    "x is y: not on the curve": {**EC, "x": EC["y"]},
    "n empty": {**RSA, "n": ""},
    "n even": {**RSA, "n": "AAAA"},
    "n null": {**RSA, "n": None},
    "n endless": {**RSA, "n": "A" * 400_000},
    "e null": {**RSA, "e": None},
    "e zero": {**RSA, "e": "AA"},
    "e even": {**RSA, "e": "Ag"},
    "e endless": {**RSA, "e": "_" * 400_000},
    "a private key": {**EC, "d": "AAAA"},
    "oct": {"kty": "oct", "kid": "k", "k": "c2VjcmV0"},
    "another curve": {**EC, "crv": "P-256"},
    "another kind": {**EC, "kty": "OKP", "crv": "Ed25519"},
    "nested": {**EC, "x": [[[[]]]]},
}
SOUND: dict[str, Any] = {
    "key_ops null": {**EC, "key_ops": None},
    "alg and use null": {**RSA, "alg": None, "use": None},
    "key_ops to verify": {**RSA, "key_ops": ["verify", "anything"]},
    "d null": {**EC, "d": None},
    "members that nobody knows": {**RSA, "x5c": [5], "exp": 1e300, "": {}},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_an_odd_key_is_told_and_spoils_no_other(odd: Any) -> None:
    with pytest.raises(KeyProblem):
        read_key(odd)
    for order in ([odd, EC, RSA], [EC, odd, RSA], [EC, RSA, odd]):
        found = read_keys(json.dumps({"keys": order}).encode())
        assert [(key.kid, key.algorithm) for key in found] == [(EC_KID, "ES384"), (RSA_KID, "RS384")]


@pytest.mark.parametrize("sound", SOUND.values(), ids=SOUND.keys())
def test_what_is_odd_and_harmless_is_a_key(sound: Any) -> None:
    assert read_key(sound).kid in (EC_KID, RSA_KID)
    assert len(read_keys(json.dumps({"keys": [sound]}).encode())) == 1


@pytest.mark.parametrize("number", ["1e999", "9" * 5_000, "-0.0e-5000"])
def test_a_number_that_is_none_spoils_no_other_key(number: str) -> None:
    text = json.dumps({"keys": [EC]}).replace('{"keys": [', f'{{"keys": [{{"kid": {number}}}, ')
    assert [key.kid for key in read_keys(text.encode())] == [EC_KID]


@pytest.mark.parametrize(
    "document", [b"", b"null", b"[]", b"{}", b'{"keys": null}', b'{"keys": {}}', b"\xff", b"[" * 9_999]
)
def test_what_is_no_key_set_is_told(document: bytes) -> None:
    with pytest.raises(KeyProblem):
        read_keys(document)


ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ["kty", "kid", "use", "alg", "key_ops", "crv", "x", "y", "n", "e", "d", "oth", "x5c"]
BASE64URL = st.text("ABCxyz019-_=+/ é", max_size=80)
CHANGES = st.dictionaries(st.sampled_from(MEMBERS), ANY_VALUE | BASE64URL, max_size=4)


@settings(max_examples=1_000)
@given(st.sampled_from([EC, RSA, {}]), CHANGES, st.sets(st.sampled_from(MEMBERS), max_size=2))
@example(EC, {"key_ops": None}, set())
def test_any_key_is_a_key_or_the_one_error(start: dict[str, Any], changes: dict[str, Any], gone: set[str]) -> None:
    jwk = {name: value for name, value in {**start, **changes}.items() if name not in gone}
    with suppress(KeyProblem):
        assert read_key(jwk).algorithm in ("ES384", "RS384")


@settings(max_examples=300)
@given(ANY_VALUE, ANY_VALUE)
def test_any_document_is_keys_or_the_one_error(document: Any, entry: Any) -> None:
    for made in (document, {"keys": document}, {"keys": [entry, EC]}):
        with suppress(KeyProblem):
            read_keys(json.dumps(made).encode())
    assert EC_KID in [key.kid for key in read_keys(json.dumps({"keys": [entry, EC]}).encode())]


@settings(max_examples=300)
@given(st.binary())
def test_any_bytes_are_keys_or_the_one_error(document: bytes) -> None:
    with suppress(KeyProblem):
        read_keys(document)
