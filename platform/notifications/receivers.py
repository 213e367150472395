from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from accounts.models import User
from notifications.models import Event


@receiver(post_delete, sender=User)
def forget_person(instance: User, **_kwargs: Any) -> None:
    """What was told to a deleted person alone goes with them: account letters hold addresses."""
    Event.objects.filter(recipients=[instance.pk]).delete()
