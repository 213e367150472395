import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

PERSON = {
    "email": "Officer@Example.org",
    "name_native": "Бакыт Осмонов",
    "name_latin": "Bakyt Osmonov",
    "language": "ky",
    "time_zone": "Asia/Bishkek",
}


@pytest.fixture
def admin(client: Client, settings: Settings) -> Client:
    settings.REQUIRE_STAFF_MFA = False
    client.force_login(UserFactory(is_superuser=True, email="boss@example.org"))
    return client


def test_people_are_listed_and_found_by_name(admin: Client) -> None:
    UserFactory(name_native="Жибек Асанова")

    found = admin.get(reverse("wagtailusers_users:index"), {"q": "Жибек"})
    assert "Жибек Асанова" in found.content.decode()
    missed = admin.get(reverse("wagtailusers_users:index"), {"q": "Никто"})
    assert "Жибек Асанова" not in missed.content.decode()


def test_person_is_added_with_our_fields(admin: Client) -> None:
    group = Group.objects.create(name="Authors")
    assert admin.get(reverse("wagtailusers_users:add")).status_code == 200

    data = {**PERSON, "password1": PASSWORD, "password2": PASSWORD, "groups": [group.pk]}
    response = admin.post(reverse("wagtailusers_users:add"), data)

    assert response.status_code == 302, response.context["form"].errors
    person = User.objects.get(email="officer@example.org")
    assert (person.name_native, person.language) == ("Бакыт Осмонов", "ky")
    assert person.check_password(PASSWORD)
    assert list(person.groups.all()) == [group]
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_person_is_not_added_twice(admin: Client) -> None:
    UserFactory(email="officer@example.org")

    data = {**PERSON, "password1": PASSWORD, "password2": PASSWORD}
    response = admin.post(reverse("wagtailusers_users:add"), data)

    assert response.status_code == 200
    assert "email" in response.context["form"].errors


def test_person_is_edited_and_a_new_address_waits_for_confirmation(admin: Client) -> None:
    person = UserFactory(email="before@example.org", is_verified=True)
    url = reverse("wagtailusers_users:edit", args=[person.pk])
    assert admin.get(url).status_code == 200

    response = admin.post(url, {**PERSON, "is_active": "on"})

    assert response.status_code == 302, response.context["form"].errors
    person.refresh_from_db()
    assert (person.email, person.time_zone) == ("officer@example.org", "Asia/Bishkek")
    assert person.check_password(PASSWORD)
    address = EmailAddress.objects.get(user=person)
    assert (address.email, address.verified) == ("officer@example.org", False)


def test_edit_without_a_new_address_keeps_the_confirmation(admin: Client) -> None:
    person = UserFactory(email="officer@example.org", is_verified=True)

    admin.post(reverse("wagtailusers_users:edit", args=[person.pk]), {**PERSON, "is_active": "on"})

    assert EmailAddress.objects.get(user=person).verified


def test_admin_account_page_does_not_ask_for_first_and_last_name(admin: Client) -> None:
    page = admin.get(reverse("wagtailadmin_account")).content.decode()

    assert "first_name" not in page
