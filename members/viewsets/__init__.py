"""The League's office in Wagtail's admin."""

from django.utils.translation import gettext_lazy
from wagtail.admin.viewsets.model import ModelViewSetGroup

from members.viewsets.announcements import AnnouncementViewSet
from members.viewsets.applications import ApplicationViewSet
from members.viewsets.audit import AuditViewSet
from members.viewsets.cards import CardViewSet
from members.viewsets.committees import CommitteeViewSet
from members.viewsets.cpd import CpdRuleViewSet, CpdViewSet
from members.viewsets.dues import DuesViewSet
from members.viewsets.duplicates import DuplicateViewSet
from members.viewsets.exports import ExportViewSet
from members.viewsets.imports import ImportViewSet
from members.viewsets.licences import LicenceViewSet
from members.viewsets.memberships import MembershipViewSet
from members.viewsets.reports import ReportViewSet
from members.viewsets.retention import RetentionViewSet
from members.viewsets.structure import ChapterViewSet, OfficeTermViewSet
from members.viewsets.transfers import TransferViewSet


class MembersViewSetGroup(ModelViewSetGroup):
    menu_label = gettext_lazy("Members")
    menu_icon = "group"
    menu_order = 300
    items = (
        ApplicationViewSet,
        MembershipViewSet,
        TransferViewSet,
        DuesViewSet,
        LicenceViewSet,
        ReportViewSet,
        ChapterViewSet,
        OfficeTermViewSet,
        AnnouncementViewSet,
        AuditViewSet,
        RetentionViewSet,
        CommitteeViewSet,
        CpdViewSet,
        CpdRuleViewSet,
        CardViewSet,
        DuplicateViewSet,
        ImportViewSet,
        ExportViewSet,
    )
