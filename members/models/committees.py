"""Committees and working groups: the unit by which rooms and collections are opened to people."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from members.choices import CommitteeKind, CommitteeRole, OfficeRole, Standing
from members.models.chapters import Chapter, league_day
from members.models.memberships import Membership
from members.models.offices import offices_of

# Who counts as one of a committee. A suspended member keeps the seat; what a suspension closes, the place itself says.
SEATED = (Standing.ACTIVE, Standing.GRACE, Standing.SUSPENDED)


class CommitteeQuerySet(models.QuerySet["Committee"]):
    def current(self, on: dt.date) -> Self:
        """Keep those that exist on that day."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on)

    def visible_to(self, user: Viewer) -> Self:
        """Keep the listed ones for members, the unlisted for who sits in them, and all that a person's office runs."""
        if not user.is_authenticated:
            return self.none()
        seats = CommitteeMember.objects.filter(committee=OuterRef("pk")).seated(user, league_day())
        visible = Q(Exists(seats)) | Q(pk__in=self.model.objects.in_office(user).values("pk"))
        if Membership.objects.filter(user=user.pk, standing__in=SEATED).exists():
            visible |= Q(is_listed=True)
        return self.filter(visible)

    def in_office(self, user: Viewer) -> Self:
        """Keep what the office of this person runs: its chapters' committees, or all of them."""
        if not user.is_authenticated:
            return self.none()
        chapters = offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR, OfficeRole.BOARD)
        if None in chapters:
            return self
        return self.filter(Q(chapter__in=chapters) | Q(chapter__parent__in=chapters))

    def with_member(self, user: User, on: dt.date) -> Self:
        """Keep those in which a person sits on a day: what rooms and collections are opened by."""
        seats = CommitteeMember.objects.filter(committee=OuterRef("pk")).seated(user, on)
        return self.filter(Exists(seats))

    def for_list(self) -> Self:
        return self.select_related("chapter").order_by("name_ru", "pk")


class Committee(models.Model):
    """A standing committee or a working group, of the League or of a chapter. One that ended is kept."""

    name_ru = models.CharField(_("name in Russian"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)
    kind = models.CharField(_("kind"), max_length=14, choices=CommitteeKind.choices, default=CommitteeKind.COMMITTEE)
    description_ru = models.TextField(_("what it does, in Russian"), max_length=1000, blank=True)
    description_en = models.TextField(_("what it does, in English"), max_length=1000, blank=True)
    chapter = models.ForeignKey(
        Chapter,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="committees",
        verbose_name=_("chapter"),
        help_text=_("Empty for a committee of the whole League."),
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True, editable=False)
    is_listed = models.BooleanField(
        _("listed"), default=True, help_text=_("Otherwise only its members and the office see it.")
    )
    version = models.PositiveIntegerField(default=0, editable=False)  # rises with every change

    objects = CommitteeQuerySet.as_manager()

    class Meta:
        verbose_name = _("committee")
        verbose_name_plural = _("committees and working groups")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="members_committee_ends_after_start",
                violation_error_message=_("A committee cannot end before it starts."),
            )
        ]

    def __str__(self) -> str:
        return self.name_in(get_language())

    def get_absolute_url(self) -> str:
        return reverse("committee:detail", args=[self.pk])

    def name_in(self, language: str | None) -> str:
        """Return the name in English for English, else in Russian."""
        return self.name_en if language == "en" else self.name_ru

    @property
    def description(self) -> str:
        return self.description_en if get_language() == "en" else self.description_ru

    def is_over(self, on: dt.date) -> bool:
        return self.ends_on is not None and self.ends_on < on

    def is_member(self, user: User, on: dt.date) -> bool:
        """Whether a person sits in it on a day."""
        return self.members.seated(user, on).exists()


class CommitteeMemberQuerySet(models.QuerySet["CommitteeMember"]):
    def current(self, on: dt.date) -> Self:
        """Keep the seats that are held on that day, the first and the last included."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on)

    def open(self) -> Self:
        """Keep the seats that have no last day."""
        return self.filter(ends_on__isnull=True)

    def seated(self, user: User, on: dt.date) -> Self:
        """Keep the seats of a person who is still a member of the League, in committees that exist on that day."""
        return (
            self.current(on)
            .filter(Q(committee__ends_on__isnull=True) | Q(committee__ends_on__gte=on))
            .filter(user=user.pk, user__is_active=True, user__membership__standing__in=SEATED)
        )


class CommitteeMember(models.Model):
    """Somebody's seat in a committee, in one role, from a day until a day."""

    committee = models.ForeignKey(
        Committee, on_delete=models.PROTECT, related_name="members", verbose_name=_("committee")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="committee_seats", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=10, choices=CommitteeRole.choices, default=CommitteeRole.MEMBER)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)

    objects = CommitteeMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a committee")
        verbose_name_plural = _("members of committees")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="members_committeemember_ends_after_start",
                violation_error_message=_("A seat cannot end before it starts."),
            ),
            models.UniqueConstraint(
                fields=["committee", "user"],
                condition=Q(ends_on__isnull=True),
                name="members_committeemember_one_seat",
                violation_error_message=_("This person sits in the committee already."),
            ),
            models.UniqueConstraint(
                fields=["committee"],
                condition=Q(ends_on__isnull=True, role=CommitteeRole.CHAIR),
                name="members_committeemember_one_chair",
                violation_error_message=_("A committee has one chair."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.committee}: {self.user}"
