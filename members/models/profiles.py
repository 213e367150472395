"""Members' profiles and the directory's index of them.

What may be seen of a profile is said once in `members.rules.privacy` and once, for lists, in `ProfileQuerySet`.
"""

import uuid
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Case, Exists, F, Func, IntegerField, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from members.choices import LISTED_STANDINGS, Audience, PracticeArea, ProfileField, TagKind, WorkLanguage
from members.models.chapters import Chapter, SafetyProfile
from members.models.memberships import Membership
from members.rules.privacy import Safety, Sight
from pages.models import private_storage

# No folded word has a letter twice in a row: all words that begin with a prefix stand before the prefix and this.
AFTER_ALL = "zz"
# What a person says of himself with yes or no, and all that a person says of himself: columns of a profile.
TRAITS = ("has_jury_experience", "does_pro_bono", "accepts_referrals", "is_trainer", "is_mentor")
DESCRIPTION = (
    "region",
    "city",
    "bio",
    "areas",
    "languages",
    "courts",
    "publications",
    *TRAITS,
    "admitted_year",
    "phone",
    "telegram",
)
# What a row of the directory shows, apart from the person and the chapter.
ROW_FIELDS = (
    "public_id",
    "city",
    "region",
    "areas",
    "languages",
    *TRAITS,
    "photo",
    "name_audience",
    "audiences",
    "sort_name",
)
LANGUAGE_LABELS = dict(WorkLanguage.choices)


@lru_cache(maxsize=16)
def _area_labels(language: str | None) -> dict[str, str]:
    """Return the names of practice areas in the active language: a page prints dozens of them."""
    return {code: str(label) for code, label in PracticeArea.choices}


def read_safety() -> Safety:
    """Return what the countries' safety profiles allow: one query."""
    rows = list(SafetyProfile.objects.all())
    return Safety(
        public=frozenset(row.country for row in rows if row.directory_public_allowed),
        photo=frozenset(row.country for row in rows if row.photo_allowed),
        counted=frozenset(row.country for row in rows if row.chapter_size_shown),
    )


def sight_of(viewer: Viewer) -> Sight:
    """Return what of a viewer decides what is seen in the directory. Read once per loaded person."""
    if not isinstance(viewer, User) or not viewer.is_active:
        return Sight(safety=read_safety())
    kept: Sight | None = getattr(viewer, "_sight", None)
    if kept is None:
        row = (
            Membership.objects.filter(user=viewer.pk, standing__in=LISTED_STANDINGS)
            .values_list("chapter_id", "chapter__parent_id")
            .first()
        )
        chapters = frozenset(pk for pk in row or () if pk is not None)
        kept = Sight(viewer.pk, is_member=row is not None, chapter_ids=chapters, safety=read_safety())
        viewer._sight = kept  # type: ignore[attr-defined]  # a memo for the length of a request
    return kept


def _level(sight: Sight) -> Combinable:
    return F("level") if sight.is_member else Value(Audience.PUBLIC.value)


class HasTag(Func):
    """Whether the directory's index has a row of a profile for an audience of some level.

    It is `Exists(ProfileTag.objects.filter(...))` in SQL of its own: a page asks up to a dozen of these, and the ORM's
    own subqueries cost half a millisecond each to build.
    """

    output_field = BooleanField()

    def __init__(
        self,
        profile: Combinable,
        level: Combinable,
        *,
        kind: str,
        codes: tuple[str, ...] = (),
        between: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(profile, level)
        self.kind, self.codes, self.between = str(kind), codes, between

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # a template is not used
        profile, level = self.source_expressions
        profile_sql, profile_params = compiler.compile(profile)
        level_sql, level_params = compiler.compile(level)
        if self.between is None:
            code_sql, code_params = f"tag.code IN ({', '.join(['%s'] * len(self.codes))})", self.codes
        else:
            code_sql, code_params = "tag.code >= %s AND tag.code < %s", self.between
        table = connection.ops.quote_name(ProfileTag._meta.db_table)
        sql = (
            f"EXISTS(SELECT 1 FROM {table} tag WHERE tag.profile_id = {profile_sql}"  # noqa: S608 -- names of our own; values are parameters
            f" AND tag.kind = %s AND {code_sql} AND tag.audience >= {level_sql})"
        )
        return sql, [*profile_params, self.kind, *code_params, *level_params]


class ProfileQuerySet(models.QuerySet["Profile"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Keep one's own profile and those of which the viewer sees the name in the directory."""
        sight = sight_of(viewer)
        listed = self.model.objects.listed_for(sight)
        if sight.user_id is None:
            return self.filter(pk__in=listed.values("pk"))
        return self.filter(Q(user=sight.user_id) | Q(pk__in=listed.values("pk")))

    def listed_for(self, sight: Sight) -> Self:
        """Keep active members, also in grace, whose name the viewer sees: the directory."""
        standing = Membership.objects.filter(user=OuterRef("user"), standing__in=LISTED_STANDINGS)
        if not sight.is_member:
            return self.filter(
                Exists(standing),
                user__is_active=True,
                name_audience=Audience.PUBLIC,
                chapter__country__in=sight.safety.public,
            )
        own = When(chapter__in=sight.chapter_ids, then=Value(Audience.CHAPTER.value))
        level = Case(own, default=Value(Audience.MEMBERS.value), output_field=IntegerField())
        return self.alias(level=level).filter(Exists(standing), user__is_active=True, name_audience__gte=F("level"))

    def tagged(self, sight: Sight, kind: TagKind, codes: Iterable[str]) -> Self:
        """Keep of `listed_for` those of whom the viewer may know one of these things; the hidden finds nobody."""
        wanted = tuple(codes)
        return self.filter(HasTag(F("pk"), _level(sight), kind=kind, codes=wanted)) if wanted else self.none()

    def beginning_with(self, sight: Sight, word: str) -> Self:
        """Keep of `listed_for` those with a word in name, city, region or practice areas, as the viewer sees them."""
        return self.filter(HasTag(F("pk"), _level(sight), kind=TagKind.WORD, between=(word, word + AFTER_ALL)))

    def after(self, sort_name: str, pk: int) -> Self:
        """Keep those that stand behind a place in the directory's order."""
        return self.filter(Q(sort_name__gt=sort_name) | Q(sort_name=sort_name, pk__gt=pk), sort_name__gte=sort_name)

    def for_directory(self) -> Self:
        """Fetch what a row of the directory shows, in the directory's order."""
        people = ("user__name_native", "user__name_latin", "user__email", "chapter__country")
        rows = self.select_related("user", "chapter").only(*ROW_FIELDS, "user_id", "chapter_id", *people)
        return rows.order_by("sort_name", "pk")


def photo_path(profile: "Profile", filename: str) -> str:
    """Return where a photograph lies in the private storage: under a name that says nothing."""
    return f"photos/{uuid.uuid4().hex}.jpg"


class Profile(models.Model):
    """What makes an account a member's: the chapter it belongs to, and what colleagues may know of the person.

    Deleting an account deletes its profile; a chapter with people in it cannot be deleted. `sort_name` and the tags
    are the directory's index, which `members.services.profiles.index_profile` alone writes.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile", verbose_name=_("person")
    )
    chapter = models.ForeignKey(Chapter, on_delete=models.PROTECT, related_name="profiles", verbose_name=_("chapter"))
    # In addresses: a number would tell how many members there are.
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    city = models.CharField(_("city"), max_length=80, blank=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    bio = models.TextField(_("about the practice"), max_length=2000, blank=True)
    areas = models.JSONField(_("practice areas"), default=list, blank=True)
    languages = models.JSONField(_("working languages"), default=list, blank=True)
    courts = models.TextField(_("courts"), max_length=1000, blank=True, help_text=_("One on each line."))
    publications = models.TextField(_("publications"), max_length=3000, blank=True, help_text=_("One on each line."))
    has_jury_experience = models.BooleanField(_("I have experience of jury trials"), default=False)
    does_pro_bono = models.BooleanField(_("I take cases pro bono"), default=False)
    accepts_referrals = models.BooleanField(_("I accept referrals from colleagues"), default=False)
    is_trainer = models.BooleanField(_("I am a trainer of the League"), default=False)
    is_mentor = models.BooleanField(_("I am a mentor"), default=False)
    admitted_year = models.PositiveSmallIntegerField(
        _("year of admission to the bar"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1950), MaxValueValidator(2100)],
    )
    phone = models.CharField(
        _("phone"),
        max_length=30,
        blank=True,
        validators=[RegexValidator(r"^\+?[0-9][0-9 ()-]{4,28}$", _("Write the number as +7 701 000 00 00."))],
    )
    telegram = models.CharField(
        "Telegram",
        max_length=33,
        blank=True,
        validators=[RegexValidator(r"^@?[A-Za-z][A-Za-z0-9_]{4,31}$", _("Write the name as @advocate."))],
    )
    photo = models.FileField(upload_to=photo_path, storage=private_storage, blank=True, editable=False)
    photo_small = models.FileField(upload_to=photo_path, storage=private_storage, blank=True, editable=False)
    # The public ids of the certificates that the member shows.
    certificates = models.JSONField(default=list, blank=True, editable=False)
    pseudonym = models.CharField(
        _("pseudonym in the forum"),
        max_length=40,
        blank=True,
        help_text=_("It is never shown together with your name or in the directory."),
    )
    pseudonym_key = models.CharField(max_length=120, blank=True, default="", editable=False)  # folded
    accepts_messages = models.BooleanField(
        _("members may write to me through the site"),
        default=True,
        help_text=_("They never learn your address, nor you theirs."),
    )
    name_audience = models.PositiveSmallIntegerField(choices=Audience.choices, default=Audience.MEMBERS, editable=False)
    # {"phone": 1}: what the member chose; the name's has a column of its own, for lists.
    audiences = models.JSONField(default=dict, blank=True, editable=False)
    sort_name = models.CharField(max_length=150, default="", editable=False)

    objects = ProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        constraints = [
            models.UniqueConstraint(
                fields=["pseudonym_key"], condition=~Q(pseudonym_key=""), name="members_profile_pseudonym_once"
            ),
        ]
        indexes = [models.Index(fields=["sort_name", "id"], name="members_profile_directory")]

    def __str__(self) -> str:
        return str(self.user)

    def get_absolute_url(self) -> str:
        return reverse("directory:member_detail", args=[self.public_id])

    @property
    def chosen(self) -> dict[str, int]:
        """The audiences that the member chose, by field; those of other fields are the defaults."""
        return {**self.audiences, ProfileField.NAME: self.name_audience}

    @property
    def area_labels(self) -> list[str]:
        labels = _area_labels(get_language())
        return [labels[code] for code in self.areas if code in labels]

    @property
    def language_labels(self) -> list[str]:
        return [LANGUAGE_LABELS[code] for code in self.languages if code in LANGUAGE_LABELS]

    @property
    def court_lines(self) -> list[str]:
        return [line.strip() for line in self.courts.splitlines() if line.strip()]

    @property
    def publication_lines(self) -> list[str]:
        return [line.strip() for line in self.publications.splitlines() if line.strip()]


class ProfileTag(models.Model):
    """One thing that the directory finds a profile by, and who may know it. What nobody may know has no row."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="tags")
    kind = models.CharField(max_length=8, choices=TagKind.choices)
    code = models.CharField(max_length=80)
    audience = models.PositiveSmallIntegerField(choices=Audience.choices)

    class Meta:
        verbose_name = _("entry of the directory’s index")
        verbose_name_plural = _("entries of the directory’s index")
        constraints = [
            models.UniqueConstraint(fields=["profile", "kind", "code"], name="members_profiletag_once"),
            models.CheckConstraint(condition=Q(audience__gt=Audience.NOBODY), name="members_profiletag_for_somebody"),
        ]
        indexes = [models.Index(fields=["kind", "code", "profile", "audience"], name="members_profiletag_find")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.code}"
