"""Offices give permissions for as long as their term runs: nobody has to remember to take them away."""

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import Permission
from django.db import models

from accounts.models import User
from members.choices import OFFICE_GROUPS, OfficeRole
from members.models import offices_of


class OfficeBackend(BaseBackend):
    """Grants the permissions of the groups that belong to a person's offices of today."""

    def get_group_permissions(self, user_obj: User, obj: models.Model | None = None) -> set[str]:  # type: ignore[override]  # our own user
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        kept: set[str] | None = getattr(user_obj, "_office_permissions", None)
        if kept is None:
            groups = {OFFICE_GROUPS[OfficeRole(role)] for role, _chapter in offices_of(user_obj).held}
            rows = Permission.objects.filter(group__name__in=groups) if groups else Permission.objects.none()
            kept = {f"{app}.{name}" for app, name in rows.values_list("content_type__app_label", "codename")}
            user_obj._office_permissions = kept  # type: ignore[attr-defined]  # a memo for the length of a request
        return kept
