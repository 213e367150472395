"""Small files that look like documents and say that they are none: nothing real stands in the demo world."""

import io

from PIL import Image, ImageDraw

PDF, PNG = "application/pdf", "image/png"
SPECIAL = str.maketrans("", "", "()\\")


def make_pdf(*lines: str) -> bytes:
    """Return a page with some lines in Latin letters; what has none is left out."""
    spoken = [
        line.encode("ascii", "ignore").decode().replace("\\", "").translate({40: None, 41: None}) for line in lines
    ]
    text = "BT /F1 16 Tf 60 760 Td 26 TL " + " ".join(f"({line}) Tj T*" for line in spoken) + " ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    output, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(output))
        output += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    tail = f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(output)}\n%%EOF\n"
    return f"{output}xref\n0 {count}\n0000000000 65535 f \n{table}{tail}".encode("ascii")


def make_png(*lines: str) -> bytes:
    """Return a picture with some lines in Latin letters."""
    picture = Image.new("L", (480, 300), 245)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((8, 8, 471, 291), outline=90)
    for number, line in enumerate(lines):
        draw.text((32, 36 + 36 * number), line.encode("ascii", "ignore").decode(), fill=30)
    output = io.BytesIO()
    picture.save(output, "PNG")
    return output.getvalue()
