from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Draft(models.Model):
    """What somebody has written and not sent. The revision keeps two windows from overwriting each other."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    scope = models.CharField(_("where"), max_length=40)  # "thread:12", "room:3", "post:45"
    title = models.CharField(_("title"), max_length=160, blank=True)
    source = models.TextField(_("text"), blank=True)
    revision = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField(_("saved"))

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [models.UniqueConstraint(fields=["user", "scope"], name="forum_draft_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.scope}"
