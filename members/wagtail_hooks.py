from django.http import HttpRequest
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component
from wagtail.permissions import register_permission_policy

from accounts.http import UserRequest
from members.models import OfficeTerm
from members.permissions.audit import can_read_site_history
from members.viewsets import MembersViewSetGroup
from members.viewsets.structure import OfficeTermPolicy
from members.viewsets.waiting import WaitingPanel

register_permission_policy(OfficeTerm, OfficeTermPolicy(OfficeTerm))


@hooks.register("register_admin_viewset")
def register_members() -> MembersViewSetGroup:
    return MembersViewSetGroup()


@hooks.register("construct_reports_menu")
def hide_site_history(request: UserRequest, menu_items: list[MenuItem]) -> None:
    """The report is in the menu of those who may open it."""
    if not can_read_site_history(request.user):
        menu_items[:] = [item for item in menu_items if item.name != "site-history"]


@hooks.register("construct_homepage_panels")
def show_what_waits(_request: HttpRequest, panels: list[Component]) -> None:
    panels.append(WaitingPanel())
