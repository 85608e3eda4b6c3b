"""Signatures of webhooks in the Standard Webhooks scheme: made, and verified."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Mapping

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
VERSION = "v1"

_LONGEST_HEADER = 4_096


class SignatureRefusedError(Exception):
    """A webhook whose signature is missing, wrong or too old; the message says which."""


def fresh_secret() -> str:
    """Return a new secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def signed_headers(secret: str, message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a webhook sent at a moment (seconds since 1970)."""
    signature = _signature(keys_of(secret)[0], message_id, str(seconds), body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"{VERSION},{signature}",
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """Return the id of a webhook that holds a good signature of our secret.

    Args:
        secret: The receiver's; see `keys_of`.
        headers: By name in lower case.
        body: As it came.
        now: The moment, in seconds since 1970.

    Raises:
        SignatureRefusedError: no signature is good, or the webhook is older or newer than five
            minutes.
    """
    message_id = headers.get("webhook-id", "")
    moment = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (message_id and moment and given):
        raise SignatureRefusedError("A header is missing")
    if max(map(len, (message_id, moment, given))) > _LONGEST_HEADER:
        raise SignatureRefusedError("A header is too long")
    if not (moment.isascii() and moment.isdigit()):
        raise SignatureRefusedError("The timestamp is no number")
    if abs(now - int(moment)) > TOLERANCE_SECONDS:
        raise SignatureRefusedError("The timestamp is too far from now")
    expected = [_signature(key, message_id, moment, body).encode() for key in keys_of(secret)]
    good = False
    for each in given.split():
        version, _, signature = each.partition(",")
        for ours in expected:
            # Every pair is compared, so that the time taken tells nothing.
            good |= hmac.compare_digest(ours, signature.encode()) and version == VERSION
    if not good:
        raise SignatureRefusedError("No signature is good")
    return message_id


def keys_of(secret: str) -> list[bytes]:
    """Return the keys that a secret may stand for, the likeliest first.

    Standard Webhooks decodes the base64 after `whsec_`; the vendor's own examples take the text
    as it is.
    """
    text = secret.strip()
    bare = text.removeprefix(PREFIX)
    keys: list[bytes] = []
    with contextlib.suppress(binascii.Error, ValueError):
        keys.append(base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True))
    keys += [text.encode(), bare.encode()]
    return [key for key in dict.fromkeys(keys) if key]


def _signature(key: bytes, message_id: str, moment: str, body: bytes) -> str:
    text = b"%b.%b.%b" % (message_id.encode(), moment.encode(), body)
    return base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
