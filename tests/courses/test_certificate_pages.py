import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from courses import services
from courses.forms import VerificationForm
from courses.models import Certificate
from tests.courses.pages import links_of, main_of, said, text_of
from tests.factories.accounts import UserFactory
from tests.factories.courses import CertificateFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("home_pages")]

NOW = timezone.now()
CODE = "7k3m9x2q4wvb8r1t"


@pytest.fixture
def certificate(learner: User) -> Certificate:
    return CertificateFactory(public_id=CODE, serial="CALL-2026-00418", enrolment__user=learner)


# Verification


def test_certificate_verify_shows_every_printed_field(client: Client, certificate: Certificate) -> None:
    response = client.get(f"/en/verify/{CODE}/")

    text = text_of(response)
    assert "This certificate is genuine and in force." in text
    for phrase in (
        "Status Valid",
        "Number CALL-2026-00418",
        "Holder Айгуль Нурпеисова",
        "Course Суд присяжных в Казахстане",
        "Taken 1 September 2026 – 2 October 2026",
        "Professional development 10 h",
        "Facilitators Чолпон Осмонова",
        "Issued 3 October 2026",
    ):
        assert phrase in text.replace("\xa0", " "), phrase


def test_certificate_verify_leaves_out_what_is_not_printed(client: Client, certificate: Certificate) -> None:
    Certificate.objects.update(cpd_minutes=0, facilitators=[])

    response = client.get(f"/en/verify/{CODE}/")

    assert "Professional development" not in text_of(response)
    assert "Facilitators" not in text_of(response)
    assert certificate.enrolment.user.email not in response.content.decode()


def test_certificate_verify_revoked(client: Client, certificate: Certificate) -> None:
    moment = dt.datetime(2026, 11, 5, 9, tzinfo=dt.UTC)
    services.revoke_certificate(certificate, reason="Issued by mistake", at=moment)

    text = text_of(client.get(f"/en/verify/{CODE}/"))

    assert "This certificate was revoked on 5 November 2026 and is not in force." in text
    assert "Reason: Issued by mistake" in text
    assert "Status Revoked" in text
    assert "genuine" not in text


def test_certificate_verify_superseded_leads_to_the_newer_one(client: Client, certificate: Certificate) -> None:
    new = services.reissue_certificate(certificate, at=NOW)

    response = client.get(f"/en/verify/{CODE}/")

    assert "This certificate was replaced by a newer one and is not in force." in text_of(response)
    assert "Status Superseded" in text_of(response)
    assert f"/en/verify/{new.public_id}/" in links_of(response)
    assert "genuine and in force" in text_of(client.get(f"/en/verify/{new.public_id}/"))


def test_certificate_verify_does_not_mind_capitals(client: Client, certificate: Certificate) -> None:
    assert "CALL-2026-00418" in text_of(client.get(f"/verify/{CODE.upper()}/"))


@pytest.mark.parametrize("code", ["7k3m9x2q4wvb8r1s", "x", "Айгуль", "<script>", "9" * 200, "CALL-2026-00418", "%25"])
def test_certificate_verify_unknown_code(client: Client, certificate: Certificate, code: str) -> None:
    response = client.get(f"/en/verify/{code}/")

    assert response.status_code == 404
    assert "There is no certificate with this code." in text_of(response)
    assert main_of(response).find("input", {"name": "public_id"}) is not None
    assert "<script>" not in response.content.decode()
    assert "Нурпеисова" not in text_of(response)


@pytest.mark.parametrize("code", [CODE, "unknown"])
def test_certificate_verify_is_kept_out_of_search_engines_and_referrers(
    client: Client, certificate: Certificate, code: str
) -> None:
    response = client.get(f"/verify/{code}/")

    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "no-referrer"


def test_certificate_verify_needs_no_session(client: Client, certificate: Certificate) -> None:
    response = client.get(f"/verify/{CODE}/")

    assert response.status_code == 200
    assert not response.cookies


# The form


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        CODE.upper(),
        f"  {CODE} ",
        "7k3m 9x2q 4wvb 8r1t",
        "7K3M-9X2Q-4WVB-8R1T",
        f"https://members.example.org/ru/verify/{CODE}/",
        f"members.example.org/verify/{CODE}",
        f"https://members.league-of-lawyers-of-central-asia.example.org/en/verify/{CODE}/",
        "7k3m9x2q4wvb8rlt",
        "7k3m9x2q4wvb8rIt",
    ],
)
def test_certificate_lookup_forgives_how_a_code_is_typed(client: Client, certificate: Certificate, typed: str) -> None:
    response = client.get("/en/verify/", {"public_id": typed})

    assert (response.status_code, response.get("Location")) == (302, f"/en/verify/{CODE}/")


def test_certificate_lookup_reads_the_letter_o_as_zero() -> None:
    form = VerificationForm({"public_id": "O0oO"})

    assert form.is_valid()
    assert form.cleaned_data["public_id"] == "0000"


def test_certificate_lookup_without_a_code(client: Client) -> None:
    response = client.get("/en/verify/")

    assert response.status_code == 200
    assert "Type the code printed on the certificate" in text_of(response)
    assert "Type the code that is printed" not in text_of(response)


@pytest.mark.parametrize("typed", ["", "   ", "/", "///", "---", " - / "])
def test_certificate_lookup_of_nothing(client: Client, typed: str) -> None:
    response = client.get("/en/verify/", {"public_id": typed})

    assert response.status_code == 200
    assert "Type the code that is printed on the certificate." in text_of(response)


@pytest.mark.parametrize("name", ["Айгуль Нурпеисова", "Нурпеисова", "CALL-2026-00418"])
def test_certificates_cannot_be_searched_by_name(client: Client, certificate: Certificate, name: str) -> None:
    for parameters in ({"public_id": name}, {"name": name}, {"q": name}, {"holder_name": name}):
        response = client.get("/en/verify/", parameters, follow=True)

        assert CODE not in response.content.decode()
        assert "Суд присяжных" not in response.content.decode()


# One's own


def test_certificate_list_shows_ones_own(signed_in: Client, certificate: Certificate) -> None:
    CertificateFactory(serial="CALL-2026-00999", course_title="Чужой курс")

    response = signed_in.get("/en/learn/certificates/")

    assert "CALL-2026-00418" in text_of(response)
    assert "Чужой курс" not in text_of(response)
    assert f"/en/learn/certificates/{CODE}.pdf" in links_of(response)
    assert f"/en/verify/{CODE}/" in links_of(response)


def test_certificate_list_offers_no_file_of_what_does_not_stand(signed_in: Client, certificate: Certificate) -> None:
    new = services.reissue_certificate(certificate, at=NOW)

    links = links_of(signed_in.get("/en/learn/certificates/"))

    assert [link for link in links if link.endswith(".pdf")] == [f"/en/learn/certificates/{new.public_id}.pdf"]


def test_certificate_list_without_certificates(signed_in: Client) -> None:
    assert "No certificates yet" in text_of(signed_in.get("/en/learn/certificates/"))


def test_certificate_pdf(signed_in: Client, certificate: Certificate) -> None:
    response = signed_in.get(f"/en/learn/certificates/{CODE}.pdf")

    content = b"".join(response.streaming_content)
    response.close()
    assert content.startswith(b"%PDF-")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="CALL-2026-00418.pdf"'


def test_certificate_pdf_with_a_letter_that_cannot_be_printed(signed_in: Client, certificate: Certificate) -> None:
    Certificate.objects.update(holder_name="李")

    response = signed_in.get(f"/en/learn/certificates/{CODE}.pdf")

    assert response.url == "/en/learn/certificates/"
    assert said(response) == [
        "The file cannot be made: a name has a letter that cannot be printed. Write to the League’s office."
    ]


@pytest.mark.parametrize("who", [{}, {"is_superuser": True}])
def test_certificate_pdf_of_somebody_else_does_not_exist(
    client: Client, certificate: Certificate, who: dict[str, bool]
) -> None:
    client.force_login(UserFactory(**who))

    assert client.get(f"/learn/certificates/{CODE}.pdf").status_code == 404


def test_certificate_pdf_of_an_unknown_code(signed_in: Client) -> None:
    assert signed_in.get("/learn/certificates/nothing.pdf").status_code == 404
