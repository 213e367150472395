"""allauth's letters go the way of everything that tells anybody anything: through `notify`."""

import uuid
from collections.abc import Mapping
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts.adapters import AccountAdapter as BaseAdapter
from accounts.models import User
from notifications.notifications import ACCOUNT_LETTER, ASKED_FOR, SECURITY, seal
from notifications.services import notify

# What a letter needs and an event may hold. Keys and links are secrets: they are made when the letter is.
STORED = ("ip", "user_agent", "from_email", "to_email", "deleted_email")


def owner_of(email: str) -> User | None:
    """Return the person who holds an address, confirmed or not."""
    addresses = EmailAddress.objects.filter(email__iexact=email).select_related("user")
    address = addresses.order_by("-verified", "pk").first()
    return address.user if address else User.objects.filter(email__iexact=email).first()


class AccountAdapter(BaseAdapter):
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put a letter into the outbox. Nobody is written to at an address that belongs to no account."""
        person = context.get("user") or owner_of(email)
        if person is None:
            return
        now = timezone.now()
        kind = ACCOUNT_LETTER if template_prefix in ASKED_FOR else SECURITY
        with transaction.atomic():
            notify(
                kind,
                subject_id=person.pk,
                key=f"{kind.name}:{uuid.uuid4()}",
                collapse_key=f"{kind.name}:{template_prefix}:{now.timestamp()}",
                recipients=[person.pk],
                data={
                    "letter": template_prefix,
                    "to": email,
                    "at": now.isoformat(),
                    "seal": seal(person),
                    **_stored(context),
                },
                at=now,
            )


def _stored(context: Mapping[str, Any]) -> dict[str, str]:
    values = {name: context[name] for name in STORED if context.get(name)}
    return {name: value.email if isinstance(value, EmailAddress) else str(value) for name, value in values.items()}
