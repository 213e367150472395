"""National licences of advocates and what was found when they were checked. Rules per country are dated data."""

import datetime as dt
from collections.abc import Collection
from typing import Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Viewer
from members.choices import OPEN_STATUSES, CheckMethod, Country, LicenceState, OfficeRole
from members.models.offices import offices_of


class LicenceRuleQuerySet(models.QuerySet["LicenceRule"]):
    def in_force(self, country: str, on: dt.date) -> "LicenceRule | None":
        """Return the rule of a country on a day, the latest where several hold."""
        rules = self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), country=country, starts_on__lte=on)
        return rules.order_by("-starts_on", "-pk").first()


class LicenceRule(models.Model):
    """What an advocate of a country shows, and how it is checked: a dated record, not code."""

    country = models.CharField(_("country"), max_length=2, choices=Country.choices)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    document_ru = models.CharField(_("the document, in Russian"), max_length=120)
    document_en = models.CharField(_("the document, in English"), max_length=120)
    body_ru = models.CharField(_("who admits, in Russian"), max_length=120)
    body_en = models.CharField(_("who admits, in English"), max_length=120)
    hint_ru = models.CharField(_("hint beside the number, in Russian"), max_length=200, blank=True)
    hint_en = models.CharField(_("hint beside the number, in English"), max_length=200, blank=True)
    number_pattern = models.CharField(
        _("form of the number (regular expression)"), max_length=120, blank=True, help_text=_("Empty: not known.")
    )
    needs_territory = models.BooleanField(_("a regional bar is named"), default=False)
    needs_valid_until = models.BooleanField(_("it expires"), default=False)
    remind_days = models.PositiveSmallIntegerField(_("reminder before it expires, days"), default=180)
    recheck_days = models.PositiveSmallIntegerField(_("checked again after, days"), default=365)
    methods = models.JSONField(_("ways of checking it"), default=list, blank=True)
    may_contact_authority = models.BooleanField(_("the authority may be asked"), default=True)
    check_note_ru = models.TextField(_("how it is checked, in Russian"), max_length=1000, blank=True)
    check_note_en = models.TextField(_("how it is checked, in English"), max_length=1000, blank=True)

    objects = LicenceRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule on licences")
        verbose_name_plural = _("rules on licences")
        constraints = [
            models.UniqueConstraint(fields=["country", "starts_on"], name="members_licencerule_one_per_start"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="members_licencerule_ends_after_start",
                violation_error_message=_("A rule cannot end before it starts."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_country_display()}, {self.starts_on}"

    def _in(self, field: str) -> str:
        return str(getattr(self, f"{field}_{'en' if get_language() == 'en' else 'ru'}"))

    @property
    def document(self) -> str:
        return self._in("document")

    @property
    def body(self) -> str:
        return self._in("body")

    @property
    def hint(self) -> str:
        return self._in("hint")

    @property
    def check_note(self) -> str:
        return self._in("check_note")


def _concerning(chapter_ids: Collection[int | None]) -> Q:
    """Return the condition of a licence that these chapters deal with.

    It is a member's of theirs; or, while its holder is no member anywhere, the one with which he applies to them.
    """
    members = Q(user__membership__chapter__in=chapter_ids) | Q(user__membership__chapter__parent__in=chapter_ids)
    path = "user__applications"
    applied_to = Q(**{f"{path}__chapter__in": chapter_ids}) | Q(**{f"{path}__chapter__parent__in": chapter_ids})
    with_it = Q(
        user__membership__isnull=True,
        user__applications__licence=F("pk"),
        user__applications__submitted_at__isnull=False,
        user__applications__status__in=OPEN_STATUSES,
    )
    return members | (applied_to & with_it)


class LicenceQuerySet(models.QuerySet["Licence"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own licences and, for officers, what concerns their chapters (`_concerning`)."""
        if not user.is_authenticated:
            return self.none()
        offices = offices_of(user)
        if offices.reaches_league:
            return self
        reached = Q(user=user.pk)
        ids = offices.chapter_ids
        if ids:
            reached |= _concerning(ids)
        return self.filter(pk__in=self.model._default_manager.filter(reached).values("pk"))

    def in_office(self, user: Viewer) -> Self:
        """Keep what reviewers and officers of a chapter, registrars and the board see; never one's own."""
        return self._handled_by(
            user, OfficeRole.CHAPTER_REVIEWER, OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR, OfficeRole.BOARD
        )

    def checkable_by(self, user: Viewer) -> Self:
        """Keep what this person checks: a chapter's reviewers and officers do, and the registrar."""
        return self._handled_by(user, OfficeRole.CHAPTER_REVIEWER, OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR)

    def _handled_by(self, user: Viewer, *roles: OfficeRole) -> Self:
        if not user.is_authenticated:
            return self.none()
        others = self.exclude(user=user.pk)
        ids = offices_of(user).chapters_with(*roles)
        if None in ids:
            return others
        return others.filter(pk__in=self.model._default_manager.filter(_concerning(ids)).values("pk"))

    def due_for_check(self, on: dt.date) -> Self:
        """Keep those whose next check has come."""
        return self.filter(recheck_on__lte=on)


class Licence(models.Model):
    """An advocate's national licence as stated by the person, with the result of the latest check."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="licences", verbose_name=_("person")
    )
    country = models.CharField(_("country"), max_length=2, choices=Country.choices)
    body = models.CharField(_("issued by"), max_length=160, blank=True)
    number = models.CharField(
        _("number"), max_length=40, validators=[RegexValidator(r"^[\w№/. -]+$", _("Letters, digits, / . - only."))]
    )
    territory = models.CharField(_("regional bar"), max_length=120, blank=True)
    issued_on = models.DateField(_("issued"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=LicenceState.choices, default=LicenceState.UNCHECKED, editable=False
    )
    checked_on = models.DateField(_("checked"), null=True, editable=False)
    recheck_on = models.DateField(_("to be checked again"), null=True, editable=False)

    objects = LicenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("licence")
        verbose_name_plural = _("licences")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "country", "number"],
                name="members_licence_once_per_person",
                violation_error_message=_("This licence is on record already."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("issued_on")),
                name="members_licence_valid_after_issue",
                violation_error_message=_("A licence cannot expire before it was issued."),
            ),
        ]
        indexes = [
            models.Index(fields=["recheck_on"], name="members_licence_recheck"),
            models.Index(fields=["country", "number"], name="members_licence_number"),
        ]

    def __str__(self) -> str:
        return self.number


class LicenceCheck(models.Model):
    """What somebody found when checking a licence, how and when. It is never edited; a new check is a new row."""

    licence = models.ForeignKey(Licence, on_delete=models.CASCADE, related_name="checks", verbose_name=_("licence"))
    state = models.CharField(_("result"), max_length=12, choices=LicenceState.choices)
    method = models.CharField(_("how"), max_length=10, choices=CheckMethod.choices)
    evidence = models.CharField(_("what was seen, and where"), max_length=500)
    board_note = models.CharField(_("note of the board"), max_length=500, blank=True)  # an unverifiable one needs it
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("checked by")
    )
    checked_at = models.DateTimeField(_("checked"))

    class Meta:
        verbose_name = _("check of a licence")
        verbose_name_plural = _("checks of licences")

    def __str__(self) -> str:
        return f"{self.licence}: {self.get_state_display()}"
