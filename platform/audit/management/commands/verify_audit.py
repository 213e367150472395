"""The proof that the audit log is as it was written. Keep the head that it prints elsewhere: on paper, in a letter."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit import services
from audit.services import Problem, Verification

SENTENCES = {
    Problem.GAP: "An event is missing before number %(number)s (id %(id)s), or its number was changed.",
    Problem.CHANGED: "A field of event %(number)s (id %(id)s) was changed, or the hash of the one before it.",
    Problem.DETAIL: "The details of event %(number)s (id %(id)s) were changed.",
    Problem.EMPTIED: "The details of event %(number)s (id %(id)s) were emptied, and no later event says so.",
    Problem.REMOVED: "Events from number %(number)s on were removed from the end of the log.",
    Problem.HEAD: "The head of the log does not match its last event, number %(number)s.",
    Problem.UNSEALED: "Event with the id %(id)s has waited for more than five minutes to be sealed: "
    "is the worker running? Seal with `manage.py verify_audit --seal` and look again.",
}


class Command(BaseCommand):
    help = "Prove that no event of the audit log was changed, removed or inserted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", default="", help="a hash noted earlier: prove that it is in the chain")
        parser.add_argument("--seal", action="store_true", help="seal what waits before looking")

    def handle(self, *args: Any, **options: Any) -> None:
        known_head = options["head"].strip().lower()
        if known_head and not re.fullmatch(r"[0-9a-f]{64}", known_head):
            raise CommandError("A head is 64 digits and letters from a to f: copy the whole hash.")
        at = timezone.now()
        if options["seal"]:
            while services.seal(at=at):
                pass
        result = services.verify(at=at, known_head=known_head)
        self.stdout.write(f"events: {result.count}")
        self.stdout.write(f"head: {result.head_hash}")
        self.stdout.write(f"time: {at.isoformat(timespec='seconds')}")
        if sentence := _what_is_wrong(result):
            raise CommandError(sentence, returncode=1)
        self.stdout.write("The chain is whole.")


def _what_is_wrong(result: Verification) -> str:
    if result.problem is not None:
        return SENTENCES[result.problem] % {"number": result.number, "id": result.event_id}
    if result.has_known_head is False:
        return "The head that you named is not in the chain: the log was rewritten, or the hash is another log's."
    return ""
