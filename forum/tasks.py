"""Leaves: ids in, one service called, safe to run twice. Each has a sweeper in the beat schedule or is one."""

from celery import shared_task


@shared_task
def note_day() -> None:
    """Keep where the clock of publications stood when the day began; the first call of a day decides."""
    from forum import services  # noqa: PLC0415 -- leaf
    from members.models import league_day  # noqa: PLC0415 -- leaf

    services.note_day(league_day())


@shared_task(queue="bulk")
def recount_forum(after: int = 0) -> None:
    """Put counters right that are wrong, some threads at a time; the next ones go on in the next task."""
    from forum.services import recounting  # noqa: PLC0415 -- leaf

    found = recounting.recount_forum(after=after)
    if found.after is not None:
        recount_forum.delay_on_commit(found.after)
