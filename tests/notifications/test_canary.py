"""Nothing of a sealed thing leaves the site, whatever goes wrong on the way."""

import pickle
import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.serializers import serialize
from django.utils import timezone

from accounts.models import User
from notifications import services, tasks
from notifications.choices import Verdict
from notifications.models import Delivery, Message, Reader
from notifications.registry import Notice
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, tell
from tests.notifications.kinds import DIGESTED, TEST_KIND
from tests.notifications.kinds import kind as declare

pytestmark = pytest.mark.django_db

CANARY = "Қанарейка-7391"


@pytest.fixture
def people() -> tuple[User, User, User]:
    """A reader, an actor and a sealed subject; the names of the last two must not be seen anywhere."""
    reader = UserFactory(name_native="Reader", language="ru")
    never_quiet(reader)
    return reader, UserFactory(name_native=f"Actor {CANARY}"), UserFactory(name_native=f"Sealed {CANARY}")


def everything(caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    """Everything that the pipeline writes: rows, letters whole, cache, log."""
    for model in apps.get_app_config("notifications").get_models():
        yield serialize("json", model._default_manager.all())
    for letter in mail.outbox:
        yield letter.message().as_string()
        yield str(letter.body) + "".join(str(content) for content, _kind in letter.alternatives)
        yield str(letter.extra_headers) + letter.subject
    yield caplog.text
    if settings.REDIS_URL:
        client = cache._cache.get_client()  # type: ignore[attr-defined]  # of the Redis backend
        for key in client.scan_iter():
            yield repr(key) + (repr(client.get(key)) if client.type(key) == b"string" else "")
    else:
        yield repr({key: pickle.loads(value) for key, value in cache._cache.items()})  # type: ignore[attr-defined]  # noqa: S301 -- our own cache in memory


def assert_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    for text in everything(caplog):
        assert CANARY not in text


def test_letter_about_a_sealed_thing(people: tuple[User, User, User], caplog: pytest.LogCaptureFixture) -> None:
    reader, actor, sealed = people
    services.expand(tell(reader, subject=sealed, actor=actor).pk)

    Message.objects.update(due_at=timezone.now())
    services.deliver_due()

    assert len(mail.outbox) == 1
    assert_no_trace(caplog)


def test_letters_about_all_sealed_things_are_alike(people: tuple[User, User, User]) -> None:
    reader, actor, sealed = people
    other = UserFactory(name_native="Sealed and much longer than the first one")
    for subject, kind in ((sealed, TEST_KIND), (other, declare("tests.other"))):
        services.expand(tell(reader, subject=subject, actor=actor, kind=kind).pk)
        Message.objects.unfinished().update(due_at=timezone.now())
        services.deliver_due()

    first, second = mail.outbox
    token = r"/unsubscribe/[^/]+/"
    assert first.subject == second.subject
    assert _without(token, first.body) == _without(token, second.body)


def _without(pattern: str, text: object) -> str:
    return re.sub(pattern, "", str(text))


def test_digest_with_a_sealed_thing(people: tuple[User, User, User], caplog: pytest.LogCaptureFixture) -> None:
    reader, actor, sealed = people
    services.expand(tell(reader, subject=sealed, actor=actor, kind=DIGESTED).pk)
    services.expand(tell(reader, subject=UserFactory(name_native="Open"), kind=DIGESTED).pk)
    Reader.objects.update(digest_due_at=timezone.now())

    services.make_due_digests(at=timezone.now())
    services.deliver_due()

    assert "Open" in mail.outbox[0].body
    assert_no_trace(caplog)


def _fails(notice: Notice) -> str:
    raise ValueError(f"cannot print {notice.subject.title} of {notice.actor}")


def _fails_to_load(user: User, ids: object) -> dict[str, object]:
    raise LookupError(f"no row for {CANARY}")


@pytest.mark.parametrize("error", ["line", "load"])
def test_errors_name_their_class_alone(
    people: tuple[User, User, User], caplog: pytest.LogCaptureFixture, error: str
) -> None:
    reader, actor, _sealed = people
    discreet = UserFactory(name_native=f"Open {CANARY}")
    changes = {"line": {"line": _fails}, "load": {"load": _fails_to_load}}[error]
    services.expand(tell(reader, subject=discreet, actor=actor, kind=declare(f"tests.fails.{error}", **changes)).pk)

    Message.objects.update(due_at=timezone.now())
    services.deliver_due()

    assert Delivery.objects.get(channel="mail").verdict == Verdict.WAITING
    assert "Error" in caplog.text
    assert_no_trace(caplog)


def test_task_carries_only_an_id(people: tuple[User, User, User], monkeypatch: pytest.MonkeyPatch) -> None:
    reader, actor, sealed = people
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(tasks.expand_event, "delay", lambda *arguments: sent.append(arguments))
    event = tell(reader, subject=sealed, actor=actor)

    tasks.nudge(event.pk)

    assert sent == [(event.pk,)]


def test_title_floor_hides_the_actor_and_the_text(people: tuple[User, User, User]) -> None:
    reader, actor, _sealed = people
    Reader.objects.filter(user=reader).update(mail_floor=1)
    subject = UserFactory(name_native="Open question")
    services.expand(tell(reader, subject=subject, actor=actor).pk)

    Message.objects.update(due_at=timezone.now())
    services.deliver_due()

    letter = mail.outbox[0]
    assert letter.subject == "News about Open question (1)"
    assert "Paragraph about" not in letter.body
    assert CANARY not in letter.message().as_string()
