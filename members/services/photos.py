"""Photographs of members: made anew from the pixels alone, so that place, time and camera do not come along."""

import datetime as dt
import io
import warnings
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models.fields.files import FieldFile
from PIL import Image, ImageOps

from accounts.models import User
from audit.services import record
from members.models import Profile, read_safety

LARGEST_FILE = 5 * 1024 * 1024  # bytes
MOST_PIXELS = 50_000_000
SMALLEST_SIDE = 200
LARGE, SMALL = 640, 160
FORMATS = ("JPEG", "PNG", "WEBP")


class PhotoTooLarge(Exception):
    """Raised for a file above five megabytes or a picture of too many pixels."""


class PhotoUnreadable(Exception):
    """Raised for what is no JPEG, PNG or WebP picture, whatever its name says."""


class PhotoTooSmall(Exception):
    """Raised for a picture on which nobody could be recognised."""


class PhotoNotAllowed(Exception):
    """Raised where the country's safety profile lets no photograph be shown: then none is kept either."""


def render_square(file: BinaryIO, size: int) -> tuple[bytes, ...]:
    """Return a picture as squares from its middle, large and small, as JPEG without anything but pixels.

    Raises PhotoTooLarge, PhotoTooSmall, PhotoUnreadable.
    """
    if size > LARGEST_FILE:
        raise PhotoTooLarge
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise PhotoTooLarge
                if min(picture.size) < SMALLEST_SIDE:
                    raise PhotoTooSmall
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PhotoTooLarge from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise PhotoUnreadable from error
    return tuple(_encode(upright, side) for side in (LARGE, SMALL))


def _encode(picture: Image.Image, side: int) -> bytes:
    # A new image of the same pixels: Pillow carries profiles and comments of the old one along.
    square = ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS)
    bare = Image.new("RGB", square.size)
    bare.paste(square)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


@transaction.atomic
def save_photo(profile: Profile, *, file: BinaryIO, size: int, actor: User, at: dt.datetime) -> Profile:
    """Keep a photograph in place of the one before.

    Raises PhotoNotAllowed, PhotoTooLarge, PhotoTooSmall, PhotoUnreadable; then the old one stays.
    """
    locked = Profile.objects.select_for_update().select_related("chapter").get(pk=profile.pk)
    if locked.chapter.country not in read_safety().photo:
        raise PhotoNotAllowed
    large, small = render_square(file, size)
    _forget_files(locked)
    locked.photo.save("photo", ContentFile(large), save=False)
    locked.photo_small.save("photo", ContentFile(small), save=False)
    locked.save(update_fields=["photo", "photo_small"])
    _record("members.photo_saved", locked, actor=actor, at=at)
    return locked


@transaction.atomic
def remove_photo(profile: Profile, *, actor: User, at: dt.datetime) -> Profile:
    """Delete a photograph with its files."""
    locked = Profile.objects.select_for_update().get(pk=profile.pk)
    if not locked.photo:
        return locked
    _forget_files(locked)
    locked.photo = locked.photo_small = ""
    locked.save(update_fields=["photo", "photo_small"])
    _record("members.photo_removed", locked, actor=actor, at=at)
    return locked


def _forget_files(profile: Profile) -> None:
    """Delete the files once the change is committed: a rollback must find them."""
    for file in (profile.photo, profile.photo_small):
        if file:
            _delete_on_commit(file)


def _delete_on_commit(file: FieldFile) -> None:
    storage, name = file.storage, file.name
    transaction.on_commit(lambda: storage.delete(str(name)))


def _record(action: str, profile: Profile, *, actor: User, at: dt.datetime) -> None:
    record(action, actor=actor, subject=profile, at=at, person=profile.user_id, chapter=profile.chapter_id)
