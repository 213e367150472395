from django.db import models
from django.utils.translation import gettext_lazy as _


class Country(models.TextChoices):
    """The five countries of the League (ISO 3166-1 alpha-2)."""

    KAZAKHSTAN = "KZ", _("Kazakhstan")
    KYRGYZSTAN = "KG", _("Kyrgyzstan")
    TAJIKISTAN = "TJ", _("Tajikistan")
    TURKMENISTAN = "TM", _("Turkmenistan")
    UZBEKISTAN = "UZ", _("Uzbekistan")


class OfficeRole(models.TextChoices):
    """Offices that people hold for a term."""

    CHAPTER_OFFICER = "chapter_officer", _("chapter officer")
    REGISTRAR = "registrar", _("registrar")
