from typing import Any

from django.core.management.base import BaseCommand

from members.models import Profile
from members.services.profiles import index_profile


class Command(BaseCommand):
    help = "Write the directory's index anew for every profile, after rows came in past the application."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for profile in Profile.objects.select_related("user").prefetch_related("tags").iterator(chunk_size=500):
            index_profile(profile)
            count += 1
        self.stdout.write(f"{count} profiles are indexed.")
