"""The kinds about accounts. They stand here because `accounts` lies below this app and knows nothing of it."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from notifications.choices import Channel, Floor, Mode, Urgency
from notifications.registry import Kind, LetterVoid, Notice, OwnLetter, Subject, absolute, register

CONFIRM = frozenset({"account/email/email_confirmation", "account/email/email_confirmation_signup"})
RESET = "account/email/password_reset_key"
KNOWN = "account/email/account_already_exists"
ASKED_FOR = CONFIRM | {RESET, KNOWN}

# What the list on the site says; the letter tells more.
SECURITY_LINES = {
    "account/email/password_changed": gettext_lazy("The password of your account was changed"),
    "account/email/password_reset": gettext_lazy("The password of your account was set anew"),
    "account/email/password_set": gettext_lazy("Your account was given a password"),
    "account/email/email_changed": gettext_lazy("The address of your account was changed"),
    "account/email/email_deleted": gettext_lazy("An address was removed from your account"),
    "account/email/email_confirm": gettext_lazy("An address of your account was confirmed"),
    "mfa/email/recovery_codes_generated": gettext_lazy("New recovery codes were made for your account"),
    "mfa/email/totp_activated": gettext_lazy("An authenticator app was added to your account"),
    "mfa/email/totp_deactivated": gettext_lazy("The authenticator app was removed from your account"),
    "mfa/email/webauthn_added": gettext_lazy("A passkey was added to your account"),
    "mfa/email/webauthn_removed": gettext_lazy("A passkey was removed from your account"),
}


def load_account(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person's own account, which nobody else sees."""
    own = str(user.pk)
    url = reverse("accounts:overview")
    return {own: Subject(title=user.email, url=url, floor=Floor.FULL)} if own in set(ids) else {}


def seal(user: User) -> str:
    """Return a code of password and addresses: a letter that opens the account dies when either is changed."""
    addresses = EmailAddress.objects.filter(user=user).order_by("email").values_list("email", flat=True)
    return salted_hmac("notifications.account", "|".join([user.password, user.email, *addresses])).hexdigest()


def account_letter(user: User, data: Mapping[str, Any]) -> OwnLetter:
    """Write one of allauth's letters; links that open something are made now and were stored nowhere.

    Raises LetterVoid for a link to an account whose password or addresses were changed since it was asked for.
    """
    prefix, to = data["letter"], data["to"]
    if prefix == RESET and not constant_time_compare(data.get("seal", ""), seal(user)):
        raise LetterVoid
    context: dict[str, Any] = {
        **data,
        "person": user,
        "user": user,
        "email": to,
        "timestamp": dt.datetime.fromisoformat(data["at"]),
        "site_text": {"name": _("Central Asian League of Lawyers")},
        "account_url": absolute(reverse("accounts:overview")),
        "signup_url": absolute(reverse("account_signup")),
        "password_reset_url": absolute(reverse("account_reset_password")),
    }
    if prefix in CONFIRM:
        address = EmailAddress.objects.filter(user=user, email=to).first()
        if address is None:
            raise LetterVoid
        if not address.verified:
            context["person"] = None  # whoever reads there may be anybody, and the name is whatever was typed
        key = EmailConfirmationHMAC.create(address).key
        context["activate_url"] = absolute(reverse("account_confirm_email", args=[key]))
    if prefix == RESET:
        uid, token = user_pk_to_url_str(user), default_token_generator.make_token(user)
        context["password_reset_url"] = absolute(
            reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        )
    subject = " ".join(render_to_string(f"{prefix}_subject.txt", context).split())
    return OwnLetter(to=to, subject=subject, body=render_to_string(f"{prefix}_message.txt", context).strip() + "\n")


def _security_line(notice: Notice) -> str:
    line = SECURITY_LINES.get(notice.data.get("letter", ""))
    return str(line) if line is not None else _("Something about the security of your account has changed")


ACCOUNT_LETTER = register(
    Kind(
        name="accounts.letter",
        label=gettext_lazy("Letters that you ask for: confirming an address, choosing a new password"),
        group=gettext_lazy("Your account"),
        load=load_account,
        line=lambda notice: _("You asked for a letter about your account"),
        action=gettext_lazy("Open your account"),
        reason=gettext_lazy("You get this letter because somebody used your address on our site."),
        urgency=Urgency.SECURITY,
        modes={Channel.MAIL: Mode.INSTANT},
        locked=frozenset({Channel.MAIL}),
        window=dt.timedelta(0),
        lifetime=dt.timedelta(hours=12),
        icon="key-round",
        letter=account_letter,
    )
)

SECURITY = register(
    Kind(
        name="accounts.security",
        label=gettext_lazy("Changes of password, address and second factor"),
        group=gettext_lazy("Your account"),
        load=load_account,
        line=_security_line,
        action=gettext_lazy("Open your account"),
        reason=gettext_lazy("You get this letter because the security of your account has changed."),
        urgency=Urgency.SECURITY,
        modes={Channel.SITE: Mode.INSTANT, Channel.MAIL: Mode.INSTANT, Channel.PUSH: Mode.OFF},
        locked=frozenset({Channel.SITE, Channel.MAIL}),
        window=dt.timedelta(0),
        lifetime=dt.timedelta(days=3),
        icon="shield-check",
        letter=account_letter,
    )
)
