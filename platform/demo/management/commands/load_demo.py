from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from demo.loader import StrangersLearnHere, StrangersWriteHere, load_demo, read_demo, remove_demo
from demo.loader.people import DEMO_PASSWORD
from demo.sources import ContentError


class Command(BaseCommand):
    help = (
        "Load the demo world: chapters, accounts, site, news, three courses, the forum."
        " Loads what is missing, nothing twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reset",
            action="store_true",
            help="remove the site's pages, the forum, all learning records and the demo accounts first",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo accounts share a documented password, so they are refused where DEBUG is off.")
        address = urlsplit(settings.WAGTAILADMIN_BASE_URL)
        try:
            files = read_demo()
            with transaction.atomic():
                if options["reset"]:
                    remove_demo([person["email"] for person in files.people])
                created = load_demo(
                    files, hostname=address.hostname or "localhost", port=address.port or 80, at=timezone.now()
                )
        except ContentError as error:  # a key that is missing is noticed when it is asked for, in the middle of loading
            raise CommandError(f"{error} Nothing was loaded.") from error
        except StrangersLearnHere as error:
            raise CommandError(
                f"Learning records of {error.count} people outside the demo would be lost, so nothing was removed."
                " Start afresh with another database, or remove their enrolments first."
            ) from error
        except StrangersWriteHere as error:
            raise CommandError(
                f"Posts or reactions of {error.count} people outside the demo would be lost, so nothing was removed."
                " Start afresh with another database."
            ) from error
        if created:
            self.stdout.write(f"The demo world is loaded: {', '.join(created)}.")
        else:
            self.stdout.write("The demo world is there already.")
        self.stdout.write(f"Accounts, all with the password “{DEMO_PASSWORD}”:")
        for person in files.people:
            self.stdout.write(f"  {person['email']:<28} {person['role']}")
