"""Addresses that letters come back from: a score that rises and falls, and the ledger behind it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MailAddress(models.Model):
    """What is known of an address. While it cools nothing is sent to it."""

    address = models.EmailField(_("address"), unique=True)  # in lower case
    score = models.PositiveSmallIntegerField(_("score"), default=0)
    cooling_until = models.DateTimeField(_("nothing is sent until"), null=True, blank=True)
    coolings = models.PositiveSmallIntegerField(_("times it has cooled"), default=0)

    class Meta:
        verbose_name = _("address that bounces")
        verbose_name_plural = _("addresses that bounce")

    def __str__(self) -> str:
        return self.address


class Bounce(models.Model):
    """A letter that came back, by the report's own Message-ID, so that the same report counts once."""

    address = models.ForeignKey(MailAddress, on_delete=models.CASCADE, related_name="bounces")
    report_id = models.CharField(max_length=255, unique=True)
    status = models.CharField(_("status"), max_length=12, help_text=_("RFC 3463, such as 5.1.1."))
    is_hard = models.BooleanField(_("for good"))
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("returned letter")
        verbose_name_plural = _("returned letters")

    def __str__(self) -> str:
        return f"{self.address_id} {self.status}"
