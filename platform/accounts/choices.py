from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Language(models.TextChoices):
    """Languages a person may prefer. Interfaces exist for those in settings.LANGUAGES."""

    RUSSIAN = "ru", _("Russian")
    ENGLISH = "en", _("English")
    KAZAKH = "kk", _("Kazakh")
    KYRGYZ = "ky", _("Kyrgyz")
    TAJIK = "tg", _("Tajik")
    UZBEK = "uz", _("Uzbek")
    TURKMEN = "tk", _("Turkmen")


# The five capitals of our chapters first, then the other zones of the region.
HOME_ZONES: dict[str, str | Promise] = {
    "Asia/Almaty": _("Almaty, Astana"),
    "Asia/Bishkek": _("Bishkek"),
    "Asia/Dushanbe": _("Dushanbe"),
    "Asia/Ashgabat": _("Ashgabat"),
    "Asia/Tashkent": _("Tashkent"),
    "Asia/Samarkand": _("Samarkand"),
    "Asia/Aqtau": _("Aktau"),
    "Asia/Aqtobe": _("Aktobe"),
    "Asia/Atyrau": _("Atyrau"),
    "Asia/Qostanay": _("Kostanay"),
    "Asia/Qyzylorda": _("Kyzylorda"),
    "Asia/Oral": _("Oral"),
}

# Where colleagues most often live or travel.
COMMON_ZONES: dict[str, str | Promise] = {
    "Europe/Moscow": _("Moscow"),
    "Europe/Istanbul": _("Istanbul"),
    "Asia/Tbilisi": _("Tbilisi"),
    "Asia/Dubai": _("Dubai"),
    "Europe/Berlin": _("Berlin"),
    "Europe/Vilnius": _("Vilnius"),
    "Europe/Warsaw": _("Warsaw"),
    "Europe/Zurich": _("Geneva, Zurich"),
    "Europe/London": _("London"),
    "America/New_York": _("New York"),
    "UTC": _("Coordinated Universal Time"),
}

CONTINENTS: dict[str, str | Promise] = {
    "Europe": pgettext_lazy("part of the world", "Europe"),
    "Asia": pgettext_lazy("part of the world", "Asia"),
    "Africa": pgettext_lazy("part of the world", "Africa"),
    "America": pgettext_lazy("part of the world", "America"),
    "Australia": pgettext_lazy("part of the world", "Australia"),
    "Pacific": pgettext_lazy("part of the world", "Pacific Ocean"),
    "Indian": pgettext_lazy("part of the world", "Indian Ocean"),
    "Atlantic": pgettext_lazy("part of the world", "Atlantic Ocean"),
}

Option = tuple[str, str]
Group = tuple[str | Promise, list[Option]]


@lru_cache(maxsize=1)
def _inhabited_zones() -> tuple[str, ...]:
    """Read the zones that belong to a country; the database also holds hundreds of old spellings."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    return tuple(sorted(line.split("\t")[2] for line in table.splitlines() if not line.startswith("#")))


def _offset(name: str, at: datetime) -> str:
    offset = ZoneInfo(name).utcoffset(at) or timedelta()
    sign = "−" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")


@lru_cache(maxsize=1)
def _offsets(at: datetime) -> dict[str, str]:
    names = {*HOME_ZONES, *COMMON_ZONES, *_inhabited_zones()}
    return {name: _offset(name, at) for name in names}


def time_zone_choices() -> list[Group]:
    """Return the zones for a select, with today's offset: ours, the common ones, the rest by continent."""
    offsets = _offsets(datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0))

    def named(zones: dict[str, str | Promise]) -> list[Option]:
        return [(name, f"{label} ({offsets[name]})") for name, label in zones.items()]

    def rest(continent: str) -> list[Option]:
        return [
            (name, f"{name.partition('/')[2].replace('_', ' ')} ({offsets[name]})")
            for name in _inhabited_zones()
            if name.startswith(f"{continent}/") and name not in HOME_ZONES and name not in COMMON_ZONES
        ]

    return [
        (_("Central Asia"), named(HOME_ZONES)),
        (_("Elsewhere"), named(COMMON_ZONES)),
        *((label, rest(continent)) for continent, label in CONTINENTS.items()),
    ]
