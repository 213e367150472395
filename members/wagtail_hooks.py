from wagtail import hooks
from wagtail.permissions import register_permission_policy

from members.models import OfficeTerm
from members.viewsets import MembersViewSetGroup
from members.viewsets.structure import OfficeTermPolicy

register_permission_policy(OfficeTerm, OfficeTermPolicy(OfficeTerm))


@hooks.register("register_admin_viewset")
def register_members() -> MembersViewSetGroup:
    return MembersViewSetGroup()
