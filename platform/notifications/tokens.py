"""Signed words for links that work without signing in (RFC 8058)."""

from django.core import signing
from django.urls import reverse
from django.utils.crypto import salted_hmac

from accounts.models import User
from notifications.registry import all_kinds

SALT = "notifications.unsubscribe"
CODE_LENGTH = 12


class BadToken(ValueError):
    """Raised for a token that we never gave out, or that names a kind or an account which is gone."""


def unsubscribe_path(user: User, kind: str) -> str:
    """Return the address that turns off letters of a kind, or the digest where the kind is empty.

    It has no date: a letter may be read years later, and one who wants no more letters shall not be told to sign in.
    So it is the same in every letter, and a letter that is sent once more is the same letter.
    The kind is hidden in a code of fixed length: who reads over a shoulder learns nothing of a confidential letter.
    """
    token = signing.Signer(salt=SALT).sign_object([user.pk, _code(kind)])
    return reverse("notifications:unsubscribe", args=[token])


def read_unsubscribe(token: str) -> tuple[User, str]:
    """Return the person and the kind of a token. Raises BadToken."""
    try:
        pk, code = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadToken from error
    user = User.objects.filter(pk=pk, is_active=True).first()
    names = {_code(name): name for name in ("", *(kind.name for kind in all_kinds()))}
    if user is None or code not in names:
        raise BadToken
    return user, names[code]


def _code(kind: str) -> str:
    return salted_hmac(SALT, kind).hexdigest()[:CODE_LENGTH]
