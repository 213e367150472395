"""Member cards: what the square code on a card leads to."""

import secrets
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Viewer
from members.choices import CardRevocation
from members.models.memberships import Membership


def new_card_token() -> str:
    """Return a fresh token for the code of a card: 128 bits, which nobody guesses."""
    return secrets.token_urlsafe(16)


class CardTokenQuerySet(models.QuerySet["CardToken"]):
    def current(self) -> Self:
        return self.filter(revoked_at__isnull=True)

    def visible_to(self, user: Viewer) -> Self:
        """Keep the cards of the memberships that a person may see."""
        return self.filter(membership__in=Membership.objects.visible_to(user).values("pk"))


class CardToken(models.Model):
    """A card of a member; at most one of a membership is current.

    The token is kept as it is printed, not hashed. It is no secret of the holder: whoever is shown the card may read
    it, all that it opens is the public status page, and the card must be printed anew from it on any day.
    """

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="cards", verbose_name=_("membership")
    )
    token = models.CharField(max_length=32, unique=True, default=new_card_token, editable=False)
    shows_name = models.BooleanField(_("the status page shows the name"), default=False)
    issued_at = models.DateTimeField(_("issued"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    revocation = models.CharField(
        _("reason"), max_length=10, choices=CardRevocation.choices, blank=True, editable=False
    )
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = CardTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("member card")
        verbose_name_plural = _("member cards")
        constraints = [
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(revoked_at__isnull=True),
                name="members_card_one_current_per_membership",
                violation_error_message=_("This member has a card already."),
            )
        ]

    def __str__(self) -> str:
        return str(self.membership)

    def get_absolute_url(self) -> str:
        return reverse("card:check", args=[self.token])
