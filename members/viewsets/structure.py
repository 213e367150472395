"""The League's structure in its office: chapters, members, terms of office."""

from wagtail.admin.viewsets.model import ModelViewSet

from members.models import Chapter, OfficeTerm, Profile


class ChapterViewSet(ModelViewSet):
    model = Chapter
    icon = "site"
    form_fields = ["country", "name_ru", "name_en", "city", "founded_on"]
    list_display = ["name_ru", "country", "city"]
    inspect_view_enabled = True


class ProfileViewSet(ModelViewSet):
    model = Profile
    icon = "user"
    form_fields = ["user", "chapter", "city"]
    list_display = ["user", "chapter", "city"]
    list_filter = ["chapter"]


class OfficeTermViewSet(ModelViewSet):
    model = OfficeTerm
    icon = "group"
    form_fields = ["user", "role", "chapter", "starts_on", "ends_on"]
    list_display = ["user", "role", "chapter", "starts_on", "ends_on"]
    list_filter = ["role", "chapter"]
