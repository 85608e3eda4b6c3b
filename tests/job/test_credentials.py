"""Laws of credentials: found in any text, never shown, and quickly."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job.text.credentials import excerpt, masked, secrets

BODY = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"
SECRETS = [
    "sk-" + BODY,
    "AKIA" + "ABCDEFGH12345678",
    "ghp_" + BODY,
    "github_pat_" + BODY,
    "glpat-" + BODY,
    "xoxb-" + BODY,
    "AIza" + BODY,
    "whsec_" + BODY,
    "eyJ" + BODY + ".eyJ" + BODY + "." + BODY,
    "Bearer " + BODY,
    "api_key: " + BODY,
    'PASSWORD = "' + BODY,
    "https://user:" + BODY + "@example.org",
    "-----BEGIN RSA PRIVATE KEY-----",
]
PLAIN = st.text(st.characters(categories=["L", "Z", "P"]), max_size=40)


@given(before=PLAIN, secret=st.sampled_from(SECRETS), after=PLAIN)
def test_a_secret_is_masked_wherever_it_stands(before, secret, after):
    text = f"{before} {secret} {after}"
    hidden = masked(text)
    assert len(hidden) == len(text)
    assert BODY[6:] not in hidden
    assert hidden.startswith(before)


@pytest.mark.parametrize("secret", [s for s in SECRETS if s.endswith(BODY)])
def test_a_long_secret_is_masked_to_its_end(secret):
    assert "Z9" not in masked(secret + "Z9" * 3_000)


@given(st.text(max_size=200))
def test_masking_keeps_the_length_and_what_is_no_secret(text):
    hidden = masked(text)
    assert len(hidden) == len(text)
    if not list(secrets(text)):
        assert hidden == text


@given(
    secret=st.sampled_from(SECRETS[:-1]),
    before=st.integers(0, 4_000),
    column=st.integers(1, 8_000),
)
def test_a_cut_line_shows_no_more_of_a_secret_than_a_whole_one(secret, before, column):
    line = "x " * before + secret + " y" * 1_000
    snippet, cut = excerpt(line, column)
    assert BODY[6:16] not in snippet
    assert len(snippet) <= 601
    assert snippet.replace("*", "") == "" or cut + len(snippet) <= len(line)


def test_the_end_of_a_run_of_characters_that_began_before_the_cut_is_hidden():
    snippet, _ = excerpt("a1" * 5_000, 8_000)
    assert set(snippet) <= {"*", "a", "1"}
    assert snippet.startswith("*")


@pytest.mark.parametrize(
    "text",
    ["token=" * 150_000, "eyJaaaaaaaaaaa-" * 60_000, "key-secret-" * 90_000, "a://b:" * 150_000],
)
def test_no_text_takes_long_to_search(text):
    started = time.process_time()
    masked(text)
    assert time.process_time() - started < 5
