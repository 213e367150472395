"""Secrets in links of letters that are made anew from a row and the site's key: the database holds only their hash."""

import base64
import datetime as dt

from django.utils.crypto import salted_hmac

from members.models import Reference


def reference_token(reference: Reference) -> str:
    """Return the secret of a referee's link: the same for every try to send the letter, another for every invitation.

    Without the site's key nobody can make it from what the database holds.
    """
    invited_at = reference.invited_at.astimezone(dt.UTC).isoformat() if reference.invited_at is not None else ""
    digest = salted_hmac("members.reference", f"{reference.pk}:{invited_at}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
