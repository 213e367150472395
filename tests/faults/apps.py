import datetime as dt

from django.apps import AppConfig


def seconds(number: float) -> dt.timedelta:
    return dt.timedelta(seconds=number)


class FaultsConfig(AppConfig):
    name = "tests.faults"
    label = "faults"

    def ready(self) -> None:
        """Live faster: what takes hours on the platform takes seconds here.

        A lease stays longer than the time-out of the channel, and all pauses together longer than an outage.
        """
        from notifications.services import delivery, expansion  # noqa: PLC0415 -- needs the models

        expansion.LEASE = seconds(3)
        delivery.LEASE = seconds(5)
        delivery.RECONCILE = seconds(1)
        delivery.PAUSES = [seconds(number) for number in (0.5, 1, 3, 8, 20)]
