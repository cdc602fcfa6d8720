"""Seals open with the keys of this installation alone; digests find what any of them wrote."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office import sealing
from office.sealing import SealBroken, digest, digests, seal, sealed_by_current_key, unseal

OLD, NEW, OTHER = ("key-of-a-test-" + word * 20 for word in ("old", "new", "other"))


@pytest.fixture(autouse=True)
def keys(settings) -> None:
    settings.IDENTITY_KEYS = [OLD]


@given(text=st.text(max_size=60), about=st.text(max_size=20))
def test_what_is_sealed_comes_out_again(text: str, about: str) -> None:
    assert unseal(seal(text, about=about), about=about) == text


def test_no_two_seals_are_equal_and_none_holds_the_text() -> None:
    seals = {seal("110105194912310028", about="resident") for _ in range(50)}
    assert len(seals) == 50
    assert not any(b"110105" in sealed for sealed in seals)


@pytest.mark.parametrize("place", [0, 3, 4, 15, 16, -1])
def test_a_changed_byte_breaks_the_seal(place: int) -> None:
    sealed = bytearray(seal("110105194912310028", about="resident"))
    sealed[place] ^= 1
    with pytest.raises(SealBroken):
        unseal(bytes(sealed), about="resident")


def test_the_kind_of_document_is_bound_to_it() -> None:
    with pytest.raises(SealBroken):
        unseal(seal("AB123456", about="passport"), about="officer")
    assert digest("AB123456", about="passport") != digest("AB123456", about="officer")


@pytest.mark.parametrize("sealed", [b"", b"abc", b"x" * 15, b"x" * 40])
def test_what_is_no_seal_is_said_to_be_none(sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        unseal(sealed, about="resident")


def test_digests_are_stable_and_need_the_key(settings) -> None:
    first = digest("110105194912310028", about="resident")
    assert first == digest("110105194912310028", about="resident")
    settings.IDENTITY_KEYS = [OTHER]
    assert digest("110105194912310028", about="resident") != first
    # Written down once: a change of the derivation would lose every number already sealed.
    settings.IDENTITY_KEYS = ["a-key-for-this-test-alone"]
    assert digest("110105194912310028", about="resident") == uuid.UUID("0774a38c-b7cb-e923-7484-f0bfbc7bd801")


def test_a_seal_of_long_ago_still_opens(settings) -> None:
    settings.IDENTITY_KEYS = ["a-key-for-this-test-alone"]
    assert (
        unseal(
            bytes.fromhex(
                "7c12c0c89db3f0c4d715a1b98a8b7b9627093ca3dd7d7a7a8c7a95aa7f24d3d3a75029124bf66c6706f091b515cc4d6c1553"
            ),
            about="resident",
        )
        == "110105194912310028"
    )


def test_while_keys_are_changed_both_open_and_find(settings) -> None:
    old = seal("110105194912310028", about="resident")
    old_digest = digest("110105194912310028", about="resident")
    settings.IDENTITY_KEYS = [NEW, OLD]
    assert unseal(old, about="resident") == "110105194912310028"
    assert not sealed_by_current_key(old)
    new = seal("110105194912310028", about="resident")
    assert sealed_by_current_key(new)
    assert new.startswith(sealing.current_mark())
    assert digests("110105194912310028", about="resident") == [
        digest("110105194912310028", about="resident"),
        old_digest,
    ]
    settings.IDENTITY_KEYS = [NEW]
    with pytest.raises(SealBroken):
        unseal(old, about="resident")


def test_no_key_tells_of_another() -> None:
    marks, seal_keys = set(), set()
    for secret in (OLD, NEW, OTHER):
        key = sealing._key(secret)
        marks.add(key.mark)
        seal_keys.add(key.digest)
        assert not key.digest.startswith(key.mark)
    assert len(marks) == len(seal_keys) == 3
