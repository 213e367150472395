from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import UserRequest, unlisted
from courses import services
from courses.forms import VerificationForm
from courses.models import Certificate
from courses.services.certificate_pdf import TextNotPrintable


@login_required
@require_safe
def certificate_list(request: UserRequest) -> HttpResponse:
    """List one's own certificates."""
    certificates = (
        Certificate.objects.visible_to(request.user)
        .select_related("superseded_by", "enrolment__run__course")
        .order_by("-issued_on", "-pk")
    )
    return render(request, "courses/certificate_list.html", {"certificates": certificates})


@login_required
@require_safe
def certificate_pdf(request: UserRequest, public_id: str) -> HttpResponse | FileResponse:
    """Hand out the file to its holder; made on the spot if the worker has not got to it yet."""
    certificate = get_object_or_404(Certificate.objects.visible_to(request.user), public_id=public_id)
    try:
        services.ensure_pdf(certificate)
    except TextNotPrintable:
        messages.error(
            request,
            _("The file cannot be made: a name has a letter that cannot be printed. Write to the League’s office."),
        )
        return redirect("courses:certificate_list")
    return FileResponse(
        certificate.pdf.open("rb"),
        as_attachment=True,
        filename=f"{certificate.serial}.pdf",
        content_type="application/pdf",
    )


@require_safe
def certificate_lookup(request: HttpRequest) -> HttpResponse:
    """Ask for the code of a certificate and lead to its page. There is no search by name."""
    form = VerificationForm(request.GET if "public_id" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect("courses:certificate_verify", form.cleaned_data["public_id"])
    return render(request, "courses/certificate_lookup.html", {"form": form})


@unlisted
@require_safe
def certificate_verify(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show every printed field of a certificate and whether it stands, to whoever holds its code."""
    certificate = Certificate.objects.select_related("superseded_by").filter(public_id=public_id.lower()).first()
    if certificate is None:
        form = VerificationForm(initial={"public_id": public_id[:64]})
        return render(request, "courses/certificate_lookup.html", {"form": form, "unknown": public_id[:64]}, status=404)
    return render(request, "courses/certificate_verify.html", {"certificate": certificate})
