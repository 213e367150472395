"""What a fresh installation needs before anybody can apply: groups of offices, reference data of the countries."""

from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.models import Group, Permission
from django.db import models, transaction

from members.choices import OFFICE_GROUPS
from members.models import ConsentText, LicenceRule, SafetyProfile, Tier

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
# File, model, and what makes a row the same one; rows that exist are the office's and stay as they are.
FILES: tuple[tuple[str, type[models.Model], tuple[str, ...]], ...] = (
    ("tiers", Tier, ("code",)),
    ("safety", SafetyProfile, ("country",)),
    ("licences", LicenceRule, ("country", "starts_on")),
    ("consents", ConsentText, ("kind", "version")),
)


@transaction.atomic
def load_reference() -> int:
    """Create the kinds of membership, safety profiles, rules on licences and consents that are missing.

    Returns how many rows were created. What the office has changed since is left alone.
    """
    created = 0
    for name, model, keys in FILES:
        for row in read_reference(name):
            look_up = {key: row[key] for key in keys}
            defaults = {key: value for key, value in row.items() if key not in keys}
            _thing, is_new = model._default_manager.get_or_create(**look_up, defaults=defaults)
            created += is_new
    return created


def read_reference(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of reference data."""
    rows: list[dict[str, Any]] = yaml.safe_load((REFERENCE / f"{name}.yaml").read_text("utf-8"))
    return rows


@transaction.atomic
def create_office_groups() -> dict[str, Group]:
    """Create the group of each office, with access to the office's area; return them by name."""
    access = Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
    groups = {}
    for name in dict.fromkeys(OFFICE_GROUPS.values()):
        groups[name], _created = Group.objects.get_or_create(name=name)
        groups[name].permissions.add(access)
    return groups
