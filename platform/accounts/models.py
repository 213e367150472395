import unicodedata
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import Language


def validate_time_zone(value: str) -> None:
    """Raise ValidationError unless `value` is a name of the IANA time zone database."""
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a known time zone."), params={"value": value})


NAME_SCRIPTS = ("LATIN", "CYRILLIC", "MODIFIER LETTER", "COMBINING")
NAME_SIGNS = frozenset(" -.,()'’‘ʼʻ`´·–\u00a0")


def validate_name(value: str) -> None:
    """Raise ValidationError unless a name can be printed on a certificate.

    Certificates are printed in fonts that have every Latin and Cyrillic letter of the region's languages.
    """
    for character in value:
        if character in NAME_SIGNS or character.isdecimal():
            continue
        if not unicodedata.name(character, "").startswith(NAME_SCRIPTS):
            raise ValidationError(
                _("Write the name in Latin or Cyrillic letters: “%(character)s” cannot be printed on a certificate."),
                params={"character": character},
            )


def validate_latin_name(value: str) -> None:
    """Raise ValidationError for a letter that is not Latin, as in a passport."""
    if any("CYRILLIC" in unicodedata.name(character, "") for character in value):
        raise ValidationError(_("Write this name in Latin letters only."))
    validate_name(value)


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Lower the whole address: two spellings of one address are one person here."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=self.normalize_email(email))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account; without a password nobody can sign in to it by one."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account that may do everything."""
        return self.create_user(email, password, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person's identity: how to sign in, how to be called, in which language and time zone.

    Membership of the League is not here but in `members`.
    """

    email = models.EmailField(
        _("e-mail"), unique=True, error_messages={"unique": _("An account with this address exists.")}
    )
    name_native = models.CharField(
        _("name"),
        max_length=150,
        validators=[validate_name],
        help_text=_("As you write it in your own language. It is shown to colleagues."),
    )
    name_latin = models.CharField(
        _("name in Latin letters"),
        max_length=150,
        blank=True,
        validators=[validate_latin_name],
        help_text=_("As in your passport. It is printed on certificates in English."),
    )
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.RUSSIAN)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default=settings.TIME_ZONE, validators=[validate_time_zone]
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name_native"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="accounts_user_email_ci_unique",
                violation_error_message=_("An account with this address exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name_native or self.email

    def clean(self) -> None:
        super().clean()
        self.email = type(self).objects.normalize_email(self.email)

    def get_full_name(self) -> str:
        """Return the name shown to colleagues; Wagtail and allauth ask for it by this name."""
        return self.name_native

    def get_short_name(self) -> str:
        return self.name_native

    @property
    def name_for_english(self) -> str:
        return self.name_latin or self.name_native

    @property
    def interface_language(self) -> str:
        """Return the language of pages and mail: the person's own if there is one, else the default."""
        return self.language if self.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


# Whoever looks at a page: the argument of every `visible_to`.
Viewer = User | AnonymousUser
