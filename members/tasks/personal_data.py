"""Copies of personal data, and what is let go of when its time is over."""

from celery import shared_task
from django.utils import timezone


@shared_task(queue="bulk")
def build_export(request_id: int) -> bool:
    """Make one copy of a person's data."""
    from members.models import DataRequest  # noqa: PLC0415 -- leaf
    from members.services import personal_data  # noqa: PLC0415 -- leaf

    return personal_data.build_export(DataRequest.objects.get(pk=request_id), at=timezone.now())


@shared_task(queue="bulk")
def build_waiting_exports() -> int:
    """Make the copies that a lost message left unmade."""
    from members.services import personal_data  # noqa: PLC0415 -- leaf

    return personal_data.build_waiting_exports(at=timezone.now())


@shared_task(queue="bulk")
def apply_retention() -> dict[str, int]:
    """Let go of everything whose time is over."""
    from members.services import retention  # noqa: PLC0415 -- leaf

    return retention.apply_retention(at=timezone.now())


@shared_task(queue="bulk")
def purge_files() -> int:
    """Delete the files of what was reduced; `apply_retention` does it too."""
    from members.services import retention  # noqa: PLC0415 -- leaf

    return retention.purge_files(at=timezone.now())
