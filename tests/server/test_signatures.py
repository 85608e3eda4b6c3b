"""Signatures, judged by the package that defines Standard Webhooks."""

import base64
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from runner.server.signatures import (
    SignatureRefusedError,
    fresh_secret,
    keys_of,
    signed_headers,
    verify,
)

SECRET = fresh_secret()
BODY = '{"type": "task_run.status", "é": 1}'.encode()


def signed(body=BODY, secret=SECRET, at=None, message="msg_1"):
    moment = datetime.fromtimestamp(time.time() if at is None else at, tz=UTC)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message, moment, body.decode()),
    }


def refused(headers, body=BODY, secret=SECRET, now=None):
    with pytest.raises(SignatureRefusedError) as caught:
        verify(secret, headers, body, time.time() if now is None else now)
    return str(caught.value)


@given(st.text(alphabet=st.characters(codec="utf-8")), st.text("abc_123", min_size=1))
def test_what_we_sign_the_package_verifies(text, message):
    body = text.encode()
    headers = signed_headers(SECRET, message, int(time.time()), body)
    assert (
        Webhook(SECRET).sign(
            message, datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=UTC), text
        )
        == headers["webhook-signature"]
    )


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_what_the_package_signs_we_verify(text):
    assert verify(SECRET, signed(text.encode()), text.encode(), time.time()) == "msg_1"


def test_one_good_signature_of_several_is_enough():
    headers = signed()
    good = headers["webhook-signature"]
    bad = signed(secret=fresh_secret())["webhook-signature"]
    for several in (f"{bad} {good}", f"{good} {bad}", f"v1a,xyz {bad} {good}", f"  {good}  "):
        assert verify(SECRET, {**headers, "webhook-signature": several}, BODY, time.time())
    refused({**headers, "webhook-signature": f"{bad} {bad}"})


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_or_changed_header_is_refused(name):
    headers = signed()
    refused({**headers, name: ""})
    refused({key: value for key, value in headers.items() if key != name})
    refused({**headers, name: headers[name] + "1"})


def test_a_changed_body_is_refused():
    assert refused(signed(), BODY + b" ") == "No signature is good"
    refused(signed(), b"")


def test_another_version_is_no_signature():
    headers = signed()
    other = headers["webhook-signature"].replace("v1,", "v2,")
    refused({**headers, "webhook-signature": other})


@pytest.mark.parametrize(("away", "is_good"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)])  # fmt: skip
def test_five_minutes_either_way(away, is_good):
    headers = signed(at=1_000_000)
    if is_good:
        assert verify(SECRET, headers, BODY, 1_000_000 + away)
    else:
        assert "timestamp" in refused(headers, now=1_000_000 + away)


@pytest.mark.parametrize("moment", ["", "now", "-5", "1e9", "१२३", "9" * 5000])
def test_a_timestamp_is_a_whole_number(moment):
    refused({**signed(), "webhook-timestamp": moment})


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()))  # fmt: skip
def test_no_header_breaks_it(headers):
    refused(headers)


def test_the_secret_may_be_raw_as_in_the_vendors_examples():
    raw = "whsec_not base64!"
    in_base64 = "whsec_" + base64.b64encode(raw.encode()).decode()
    assert verify(raw, signed(secret=in_base64), BODY, time.time())
    assert keys_of("whsec_AAAA")[0] == b"\0\0\0"
