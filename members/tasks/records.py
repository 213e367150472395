"""Imports, exports and the search for duplicates."""

from celery import shared_task
from django.utils import timezone


@shared_task
def advance_import(batch_id: int) -> None:
    """Work on an import for a while; what is left goes on in the next task."""
    from members.services import imports  # noqa: PLC0415 -- leaf

    imports.advance_import(batch_id, at=timezone.now())


@shared_task
def write_export(export_id: int) -> None:
    """Write the file of an export."""
    from members.services import exports  # noqa: PLC0415 -- leaf

    exports.write_export(export_id, at=timezone.now())


@shared_task
def sweep_files() -> None:
    """Go on with imports and exports that lost their worker, and delete the files whose time is over."""
    from members.services import exports, imports  # noqa: PLC0415 -- leaf

    now = timezone.now()
    imports.pick_up_imports(at=now)
    imports.purge_imports(at=now)
    exports.pick_up_exports(at=now)


@shared_task
def find_duplicates() -> int:
    """Look at the people who were not looked at for longest, and open cases for those who are on record twice."""
    from members.services import duplicates  # noqa: PLC0415 -- leaf

    return duplicates.index_due_people(at=timezone.now())


@shared_task
def find_duplicates_of(user_id: int) -> int:
    """Open cases for a person who has just submitted an application; `find_duplicates` makes good what was lost."""
    from members.services import duplicates  # noqa: PLC0415 -- leaf

    return duplicates.index_people([user_id], at=timezone.now())
