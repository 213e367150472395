"""Applications as far as the pages bring them: the texts of consent, files, a draft that can be sent."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts.models import User
from members.choices import ConsentKind, DocumentKind
from members.models import Application, ConsentText, LicenceRule
from members.services import applications as services
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory
from tests.factories.membership import ConsentTextFactory, LicenceRuleFactory, TierFactory


def picture(name: str = "scan.png", color: str = "white") -> SimpleUploadedFile:
    """Return a small picture; two colours are two files."""
    content = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(content, "PNG")
    return SimpleUploadedFile(name, content.getvalue(), content_type="image/png")


def make_texts() -> list[ConsentText]:
    """Make a text in force for each kind of consent."""
    return [ConsentTextFactory(kind=kind, text_en=f"I agree to {kind}.") for kind in ConsentKind]


def make_draft(user: User | None = None) -> Application:
    """Return a draft that lacks nothing but the consents."""
    user = user or UserFactory(is_verified=True)
    chapter, tier, at = ChapterFactory(), TierFactory(), timezone.now()
    if LicenceRule.objects.in_force(chapter.country, at.date()) is None:
        LicenceRuleFactory()
    application = services.start_application(user, at=at)
    steps = {
        "person": {"birth_year": 1985, "phone": "", "chapter": chapter, "city": "Алматы"},
        "licence": {"number": "0123456", "issued_on": at.date().replace(year=2015)},
        "practice": {"tier": tier, "areas": ["jury"], "languages": ["ru", "kk"], "motivation": "Учиться вместе."},
        "referees": {
            "referees": [
                {"name": "Данияр Абенов", "email": "first@example.org", "language": "ru"},
                {"name": "Гульнара Асанова", "email": "second@example.org", "language": "en"},
            ]
        },
    }
    for step, data in steps.items():
        application = services.save_step(application, actor=user, step=step, data=data, at=at)
    for kind, color in ((DocumentKind.IDENTITY, "white"), (DocumentKind.LICENCE, "blue")):
        services.add_document(application, actor=user, kind=kind, upload=picture(f"{kind}.png", color), at=at)
    application.refresh_from_db()
    return application


def make_submitted(user: User | None = None) -> Application:
    """Return an application that has just been sent."""
    texts = make_texts()
    application = make_draft(user)
    person, at = application.user, timezone.now()
    services.give_consents(application, actor=person, texts=texts, at=at)
    application.refresh_from_db()
    return services.submit_application(application, actor=person, version=application.version, at=at)
