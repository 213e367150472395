"""No address whose key is a secret reaches the log."""

import logging
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from members.http import SECRETS, MaskTokens
from members.models.applications import new_token
from members.models.cpd import new_public_id

# Parts of an address that name something to who is signed in and may see it, and open nothing by themselves.
NO_SECRETS = {
    "directory:member_detail",
    "directory:member_contact",
    "directory:member_photo",
    "courses:lesson_done",
    "courses:attempt_create",
}
TOKEN, PUBLIC_ID = new_token(), new_public_id()
SIGNED = f"MTI:{TOKEN}:{TOKEN}"
VALUES = {
    "account_confirm_email": {"key": SIGNED},
    "account_reset_password_from_key": {"uidb36": "1a", "key": TOKEN},
    "wagtailadmin_password_reset_confirm": {"uidb64": "MTI", "token": TOKEN},
    "notifications:unsubscribe": {"token": SIGNED},
    "application:reference": {"token": TOKEN},
    "card:check": {"token": TOKEN},
    "cpd:verify": {"public_id": PUBLIC_ID},
    "cpd:transcript_pdf": {"public_id": PUBLIC_ID},
    "cpd:transcript_revoke": {"public_id": PUBLIC_ID},
    "courses:certificate_pdf": {"public_id": PUBLIC_ID},
    "courses:certificate_verify": {"public_id": PUBLIC_ID},
}


def walk(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield the name of each address with the names of its parameters."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            groups = getattr(getattr(pattern.pattern, "regex", None), "groupindex", {})
            yield f"{namespace}{pattern.name or ''}", set(pattern.pattern.converters) | set(groups)
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from walk(pattern, inner)


def masked(message: str, *args: object) -> str:
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, message, args, None)
    assert MaskTokens().filter(record)
    return record.getMessage()


def test_every_address_with_a_key_is_masked_or_known_to_hold_no_secret() -> None:
    with_key = {
        name
        for name, parameters in walk(get_resolver())
        if any(
            word in one for one in parameters for word in ("token", "key", "public_id", "uid", "secret", "signature")
        )
    }

    assert with_key == set(VALUES) | NO_SECRETS
    assert set(SECRETS) == set(VALUES) | {"courses:certificate_lookup"}


@pytest.mark.parametrize("name", VALUES)
def test_the_key_of_a_link_is_in_no_line(name: str) -> None:
    path = reverse(name, kwargs=VALUES[name])

    for line in (masked("Not Found: %s", path), masked('"GET %s HTTP/1.1" 404 12', path), masked(f"/en{path}?a=1")):
        assert TOKEN not in line
        assert PUBLIC_ID not in line
        assert "…" in line


def test_a_code_that_was_looked_up_is_in_no_line() -> None:
    assert PUBLIC_ID not in masked('"GET /verify/?public_id=%s&a=1 HTTP/1.1" 200', PUBLIC_ID)


@pytest.mark.parametrize(
    "path",
    [
        "/membership/card/card.pdf",
        "/membership/card/replace/",
        "/membership/cpd/transcripts/",
        "/account/password/reset/key/done/",
    ],
)
def test_other_addresses_stay_as_they_are(path: str) -> None:
    assert masked("Not Found: %s", path) == f"Not Found: {path}"
