"""The League's structure in its office: chapters and terms of office; every change is in the audit log.

Chapters follow the permissions of groups. Terms of office follow offices alone, or permissions could make offices.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.utils import timezone
from wagtail.admin.views import generic
from wagtail.admin.views.generic.history import HistoryView
from wagtail.admin.views.generic.usage import UsageView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import BasePermissionPolicy

from accounts.models import User
from members.filters.office import OfficeTermFilter
from members.forms.structure import OfficeTermForm
from members.models import Chapter, OfficeTerm, terms_in_office
from members.permissions.offices import appoints, may_appoint, sees_terms
from members.services import structure as services


class OfficeTermPolicy(BasePermissionPolicy):
    """Who looks at terms of office and who gives them, by offices: superusers like everybody else."""

    def user_has_permission(self, user: User, action: str) -> bool:
        if action == "view":
            return sees_terms(user)
        return action in {"add", "change", "delete"} and appoints(user)

    def user_has_permission_for_instance(self, user: User, action: str, instance: OfficeTerm) -> bool:
        if action == "view":
            return self.user_has_permission(user, action)
        return self.user_has_permission(user, action) and may_appoint(
            user, person_id=instance.user_id, chapter_id=instance.chapter_id
        )

    def instances_user_has_any_permission_for(self, user: User, actions: Sequence[str]) -> QuerySet[OfficeTerm]:
        if not self.user_has_any_permission(user, actions):
            return OfficeTerm.objects.none()
        return terms_in_office(user)


class StructureCreateView(generic.CreateView):
    @transaction.atomic
    def save_instance(self) -> Any:
        thing = super().save_instance()
        services.note_added(thing, actor=self.request.user, at=timezone.now())
        return thing


class StructureEditView(generic.EditView):
    @transaction.atomic
    def save_instance(self) -> Any:
        before = services.stored_values(self.form.instance)
        thing = super().save_instance()
        services.note_changed(thing, before=before, actor=self.request.user, at=timezone.now())
        return thing


class StructureDeleteView(generic.DeleteView):
    @transaction.atomic
    def delete_action(self) -> None:
        services.note_removed(self.object, actor=self.request.user, at=timezone.now())
        super().delete_action()


class StructureViewSet(ModelViewSet):
    add_view_class = StructureCreateView
    edit_view_class = StructureEditView
    delete_view_class = StructureDeleteView
    copy_view_enabled = False


class ChapterViewSet(StructureViewSet):
    model = Chapter
    icon = "site"
    form_fields = ["country", "name_ru", "name_en", "city", "founded_on"]
    list_display = ["name_ru", "country", "city"]
    inspect_view_enabled = True


class OfficeTermCreateView(StructureCreateView):
    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "actor": self.request.user}


class OfficeTermIndexView(generic.IndexView):
    def get_base_queryset(self) -> QuerySet[OfficeTerm]:
        return terms_in_office(self.request.user).select_related("user", "chapter")


class OfficeTermEditView(StructureEditView):
    def get_queryset(self) -> QuerySet[OfficeTerm]:
        return terms_in_office(self.request.user)

    def get_object(self, queryset: Any = None) -> OfficeTerm:
        return _appointed(self, super().get_object(queryset), "change")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "actor": self.request.user}


class OfficeTermDeleteView(StructureDeleteView):
    def get_queryset(self) -> QuerySet[OfficeTerm]:
        return terms_in_office(self.request.user)

    def get_object(self, queryset: Any = None) -> OfficeTerm:
        return _appointed(self, super().get_object(queryset), "delete")


def _appointed(view: Any, term: OfficeTerm, action: str) -> OfficeTerm:
    if not view.user_has_permission_for_instance(action, term):
        raise PermissionDenied
    return term


class OfficeTermHistoryView(HistoryView):
    def get_base_object_queryset(self) -> QuerySet[OfficeTerm]:
        return terms_in_office(self.request.user)


class OfficeTermUsageView(UsageView):
    def get_base_object_queryset(self) -> QuerySet[OfficeTerm]:
        return terms_in_office(self.request.user)


class OfficeTermViewSet(StructureViewSet):
    model = OfficeTerm
    icon = "group"
    index_view_class = OfficeTermIndexView
    history_view_class = OfficeTermHistoryView
    usage_view_class = OfficeTermUsageView
    add_view_class = OfficeTermCreateView
    edit_view_class = OfficeTermEditView
    delete_view_class = OfficeTermDeleteView
    list_display = ["user", "role", "chapter", "starts_on", "ends_on"]
    filterset_class = OfficeTermFilter

    def get_form_class(self, for_update: bool = False) -> type[ModelForm]:
        return OfficeTermForm
