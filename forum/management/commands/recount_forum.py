from typing import Any

from django.core.management.base import BaseCommand

from forum.services.recounting import recount_forum


class Command(BaseCommand):
    help = "Count threads, posts and places on the clock anew, put right what is wrong, and say what was."

    def handle(self, *args: Any, **options: Any) -> None:
        faults, after = 0, 0
        while True:
            found = recount_forum(after=after)
            for sentence in found.faults:
                self.stdout.write(sentence)
            faults += len(found.faults)
            if found.after is None:
                break
            after = found.after
        self.stdout.write(f"{faults} rows were put right.")
