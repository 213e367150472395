from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from members.choices import OfficeRole
from members.models import Chapter, league_day
from members.services.structure import appoint_from_server


class Command(BaseCommand):
    help = "Give a person an office from today on. For the first members of the board; the audit log keeps it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address with which the person signs in")
        parser.add_argument("role", choices=OfficeRole.values)
        parser.add_argument("--chapter", metavar="CODE", help="the country of the chapter, for example KZ")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"], is_active=True).first()
        if user is None:
            raise CommandError("Nobody signs in with this address.")
        chapter = None
        if options["chapter"]:
            chapter = Chapter.objects.national().filter(country=options["chapter"].upper()).first()
            if chapter is None:
                raise CommandError("There is no chapter of this country.")
        role = OfficeRole(options["role"])
        try:
            term = appoint_from_server(user, role=role, chapter=chapter, on=league_day(), at=timezone.now())
        except ValidationError as invalid:
            raise CommandError(" ".join(invalid.messages)) from invalid
        self.stdout.write(f"{user.email} holds the office {role.value} from {term.starts_on} on.")
