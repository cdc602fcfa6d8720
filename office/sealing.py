"""Numbers that must not lie open: sealed at rest, found by a keyed digest.

Why so: docs/decisions/0020-identity-numbers.md.

Keys come from ``settings.IDENTITY_KEYS``: the first seals and digests what is written, the others still
open and find what was written before, until ``rotate_identity_keys`` has gone over all rows.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterable

NONCE_BYTES: Final = 12
MARK_BYTES: Final = 4


class SealBroken(ValueError):  # noqa: N818 - said aloud, it is the reason
    """No key of this installation opens the text: a key is missing, or the row was tampered with."""


class _Key(NamedTuple):
    mark: bytes
    cipher: AESGCM
    digest: bytes


@lru_cache(maxsize=16)
def _key(secret: str) -> _Key:
    """Three independent values of one secret; the mark says which key sealed a row, nothing more."""
    uses = ("seal", "digest", "mark")
    texts = (f"guikou:{use}:{secret}" for use in uses)
    derived = [hashlib.sha256(text.encode()).digest() for text in texts]
    return _Key(derived[2][:MARK_BYTES], AESGCM(derived[0]), derived[1])


def _keys() -> list[_Key]:
    return [_key(secret) for secret in settings.IDENTITY_KEYS]


def seal(text: str, *, about: str) -> bytes:
    """``text`` encrypted by the current key; ``about`` (the kind of document) is bound to it, not hidden."""
    key = _keys()[0]
    nonce = secrets.token_bytes(NONCE_BYTES)
    return key.mark + nonce + key.cipher.encrypt(nonce, text.encode(), about.encode())


def unseal(sealed: bytes, *, about: str) -> str:
    """What :func:`seal` was given. Raises :class:`SealBroken`."""
    sealed = bytes(sealed)
    mark, nonce, body = sealed[:MARK_BYTES], sealed[MARK_BYTES : MARK_BYTES + NONCE_BYTES], sealed[16:]
    for key in _keys():
        if key.mark == mark:
            try:
                return key.cipher.decrypt(nonce, body, about.encode()).decode()
            except InvalidTag:
                break
    raise SealBroken("an identity number can't be opened with the keys of this installation")


def sealed_by_current_key(sealed: bytes) -> bool:
    """Whether a rotation of keys has nothing to do with this row."""
    return bytes(sealed)[:MARK_BYTES] == _keys()[0].mark


def current_mark() -> bytes:
    """How a row sealed by the current key begins."""
    return _keys()[0].mark


def digest(text: str, *, about: str) -> uuid.UUID:
    """What ``text`` is found by: 128 bits of a keyed hash, equal for equal text and kind only."""
    return _digest(_keys()[0], text, about)


def digests(text: str, *, about: str) -> list[uuid.UUID]:
    """The digest by every key, the current one first: for looking up while keys are being rotated."""
    return [_digest(key, text, about) for key in _keys()]


def digests_of(texts: Iterable[tuple[str, str]]) -> list[tuple[uuid.UUID, ...]]:
    """:func:`digests` of many (text, kind), the keys looked up once."""
    keys = _keys()
    return [tuple(_digest(key, text, about) for key in keys) for text, about in texts]


def _digest(key: _Key, text: str, about: str) -> uuid.UUID:
    return uuid.UUID(bytes=hmac.digest(key.digest, f"{about}|{text}".encode(), "sha256")[:16])
