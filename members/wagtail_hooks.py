from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup

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


class MembersViewSetGroup(ModelViewSetGroup):
    menu_label = _("Members")
    menu_icon = "group"
    menu_order = 300
    items = (ChapterViewSet, ProfileViewSet, OfficeTermViewSet)


@hooks.register("register_admin_viewset")
def register_members() -> MembersViewSetGroup:
    return MembersViewSetGroup()
