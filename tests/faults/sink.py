"""A mail server of its own process that takes letters, refuses them or hangs up, as a file tells it.

The first line on its standard output is its port. The mood is a JSON file that is read for every letter: answers and
how probable each is; what is left over to one is taken with 250. Every letter that comes gets a line in the log:
answer, recipient, Message-ID, subject. The line is written before the answer, as by a mail server that has taken a
letter over; it is not forced to the disk, since only processes are killed here, never the machine.
"""

import asyncio
import contextlib
import json
import os
import random
import sys
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN = "taken"  # 250
TAKEN_AND_DROPPED = "taken-dropped"  # taken over, but the line breaks before the answer
DROPPED = "dropped"  # the line breaks and nothing was taken
SLOWNESS = 0.02  # seconds at most before a letter is taken, and again before the answer: time to be killed in
REFUSALS = {
    "421": "421 4.3.2 The service is closing",
    "450": "450 4.2.1 The mailbox is busy",
    "550": "550 5.1.1 No such mailbox",
    "554": "554 5.7.1 Refused by policy",
}


class Sink:
    def __init__(self, log: Path, mood: Path) -> None:
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.mood = mood

    def _answer(self) -> str:
        mood = json.loads(self.mood.read_text())
        return random.choices([*mood, TAKEN], [*mood.values(), max(0.0, 1 - sum(mood.values()))])[0]

    async def handle_RCPT(  # noqa: N802 -- the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Refuse half of what is refused already here, before the letter itself."""
        envelope.answer = self._answer()
        if envelope.answer in REFUSALS and random.random() < 0.5:
            os.write(self.log, f"{envelope.answer}\t{address}\t\t\n".encode())
            return REFUSALS[envelope.answer]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- the same
        letter = message_from_bytes(envelope.content or b"")
        answer: str = envelope.answer
        await asyncio.sleep(random.uniform(0, SLOWNESS))
        line = "\t".join((answer, envelope.rcpt_tos[0], letter["Message-ID"], letter["Subject"]))
        os.write(self.log, f"{line}\n".encode())
        await asyncio.sleep(random.uniform(0, SLOWNESS))
        if answer in (DROPPED, TAKEN_AND_DROPPED):
            server.transport.abort()
            raise asyncio.CancelledError
        return REFUSALS.get(answer, "250 OK")


async def serve(log: Path, mood: Path) -> None:
    sink = Sink(log, mood)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, hostname="sink.invalid", loop=loop), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
