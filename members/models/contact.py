"""Messages between members through the site: neither side learns the other's address."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Viewer
from members.choices import OfficeRole
from members.models.offices import offices_of


class ContactMessageQuerySet(models.QuerySet["ContactMessage"]):
    def exchanged_by(self, user: Viewer) -> Self:
        """Keep what a person wrote or received; not what came from somebody whom the person has blocked since."""
        if not user.is_authenticated:
            return self.none()
        blocks = ContactBlock.objects.filter(owner=user.pk, blocked=OuterRef("sender"))
        return self.filter(Q(sender=user.pk) | (Q(recipient=user.pk) & ~Exists(blocks)))

    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own messages and, for the registrar, those of other people that were reported."""
        if not user.is_authenticated:
            return self.none()
        own = Q(sender=user.pk) | Q(recipient=user.pk)
        if (OfficeRole.REGISTRAR, None) in offices_of(user).held:
            own |= Q(reported_at__isnull=False)
        return self.filter(own)


class ContactMessage(models.Model):
    """What one member wrote to another."""

    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sent_messages", verbose_name=_("sender")
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="messages", verbose_name=_("recipient")
    )
    text = models.TextField(_("message"), max_length=3000)
    sent_at = models.DateTimeField(_("sent"))
    read_at = models.DateTimeField(_("read"), null=True)
    reported_at = models.DateTimeField(_("reported"), null=True)
    report_reason = models.CharField(_("what is wrong"), max_length=500, blank=True)

    objects = ContactMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message between members")
        verbose_name_plural = _("messages between members")
        constraints = [
            models.CheckConstraint(
                condition=~Q(sender=F("recipient")),
                name="members_contactmessage_two_people",
                violation_error_message=_("A message needs two people."),
            )
        ]
        indexes = [
            models.Index(fields=["sender", "-sent_at"], name="members_message_sent"),
            models.Index(fields=["recipient", "-sent_at"], name="members_message_received"),
        ]

    def __str__(self) -> str:
        return f"{self.sender_id} → {self.recipient_id}"

    def get_absolute_url(self) -> str:
        return reverse("profiles:message_detail", args=[self.pk])


class ContactBlock(models.Model):
    """That a member takes no messages from another one."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact_blocks")
    blocked = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("blocked sender")
        verbose_name_plural = _("blocked senders")
        constraints = [models.UniqueConstraint(fields=["owner", "blocked"], name="members_contactblock_once")]

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.blocked_id}"
