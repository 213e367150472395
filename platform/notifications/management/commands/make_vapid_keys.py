import base64
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print a new pair of keys for browser push, as two lines for .env. With it every browser is turned on anew."

    def handle(self, *args: Any, **options: Any) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        secret = key.private_numbers().private_value.to_bytes(32, "big")
        self.stdout.write(f"VAPID_PUBLIC_KEY={_text(point)}")
        self.stdout.write(f"VAPID_PRIVATE_KEY={_text(secret)}")


def _text(value: bytes) -> str:
    """Return base64url without padding, as browsers want it."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
