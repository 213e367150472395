import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError

from accounts import services
from accounts.models import User
from accounts.permissions import can_open_admin
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

PROFILE = {"name_native": "Рустам", "name_latin": "Rustam", "language": "tg", "time_zone": "Asia/Dushanbe"}


def test_update_profile_stores_the_profile_and_nothing_else() -> None:
    user = UserFactory()
    user.email = "unsaved@example.org"

    services.update_profile(user, **PROFILE)

    stored = User.objects.get()
    assert {field: getattr(stored, field) for field in PROFILE} == PROFILE
    assert stored.email != "unsaved@example.org"


@pytest.mark.parametrize("wrong", [{"language": "xx"}, {"time_zone": "Dushanbe"}, {"name_native": ""}])
def test_update_profile_refuses_what_may_never_be(wrong: dict[str, str]) -> None:
    user = UserFactory(name_native="Рустам")

    with pytest.raises(ValidationError):
        services.update_profile(user, **{**PROFILE, **wrong})

    assert User.objects.get().language == "ru"


def test_replace_address_takes_the_old_one_away_and_waits_for_the_new_one() -> None:
    user = UserFactory(email="old@example.org", is_verified=True)

    services.replace_address(user, email="New@Example.org")

    assert User.objects.get().email == "new@example.org"
    address = EmailAddress.objects.get()
    assert (address.email, address.primary, address.verified) == ("new@example.org", True, False)


def test_replace_address_keeps_further_addresses() -> None:
    user = UserFactory(email="old@example.org", is_verified=True)
    EmailAddress.objects.create(user=user, email="second@example.org", verified=True)

    services.replace_address(user, email="second@example.org")

    address = EmailAddress.objects.get()
    assert (address.email, address.primary, address.verified) == ("second@example.org", True, False)


def test_find_address_prefers_the_confirmed_claim() -> None:
    claimant, owner = UserFactory(), UserFactory()
    EmailAddress.objects.create(user=claimant, email="shared@example.org", verified=False)
    EmailAddress.objects.create(user=owner, email="shared@example.org", verified=True)

    assert services.find_address("shared@example.org").user == owner


def test_find_address_notes_the_address_of_an_account_made_by_hand() -> None:
    user = UserFactory(email="hand@example.org")

    address = services.find_address("hand@example.org")

    assert address.user == user
    assert not address.verified


def test_find_address_returns_an_unsaved_record_for_strangers() -> None:
    address = services.find_address("nobody@example.org")

    assert address.user_id is None
    assert not EmailAddress.objects.exists()


def test_can_open_admin_only_with_the_permission() -> None:
    assert not can_open_admin(UserFactory())
    assert can_open_admin(UserFactory(is_superuser=True))
    assert not can_open_admin(UserFactory(is_superuser=True, is_active=False))
