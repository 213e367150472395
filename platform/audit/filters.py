"""What the audit log is searched by."""

import django_filters
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet

from audit.models import AuditEvent


class AuditEventFilterSet(WagtailFilterSet):
    """Action by its beginning, people by their numbers, a subject by kind and number, and days."""

    action = django_filters.CharFilter(label=_("Action begins with"), lookup_expr="startswith")
    person_id = django_filters.NumberFilter(label=_("Number of the person concerned"), min_value=1)
    actor_id = django_filters.NumberFilter(label=_("Number of the person who acted"), min_value=1)
    subject_type = django_filters.CharFilter(label=_("Kind of subject, such as members.application"))
    subject_id = django_filters.CharFilter(label=_("Number of the subject"))
    at = django_filters.DateFromToRangeFilter(label=_("Days"), widget=DateRangePickerWidget)

    class Meta:
        model = AuditEvent
        fields: list[str] = []
