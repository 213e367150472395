"""The documents of an application: handed in one by one, listed, removed, and read by their owner."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from members.choices import ApplicationStatus
from members.forms.applications import DocumentForm
from members.models import ApplicationDocument
from members.services import applications as services
from members.services.documents import FileRefused
from members.views.progress import next_url, own_application, step_context

# Until the chapter takes an application, and while it asks: the service says the same.
OPEN_FOR_FILES = frozenset({ApplicationStatus.DRAFT, ApplicationStatus.SUBMITTED, ApplicationStatus.INFO_REQUESTED})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def document_list(request: UserRequest, application_id: int) -> HttpResponse:
    """List what was handed in and take one more file."""
    application = own_application(request.user, application_id)
    if application.status not in OPEN_FOR_FILES:
        messages.info(request, _("The chapter is working with these documents: they cannot be changed now."))
        return redirect("application:detail", application.pk)
    form = DocumentForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            kind, upload = form.cleaned_data["kind"], form.cleaned_data["file"]
            try:
                document = services.add_document(
                    application, actor=request.user, kind=kind, upload=upload, at=timezone.now()
                )
            except FileRefused as refused:
                form.add_error("file", refused.sentence)
            except services.TransitionRefused as refused:
                form.add_error(None, refused.sentence)
            else:
                messages.success(request, _("“%(name)s” has been added.") % {"name": document.name})
                return redirect("application:documents", application.pk)
        status = 422
    context = {
        **step_context(application, "documents"),
        "form": form,
        "is_draft": application.status == ApplicationStatus.DRAFT,
        "can_remove": application.status in {ApplicationStatus.DRAFT, ApplicationStatus.SUBMITTED},
        "next_url": next_url(application, "documents"),
        "documents": application.documents.filter(purged_at=None).order_by("pk"),
    }
    return render(request, "members/application/step_documents.html", context, status=status)


@login_required
@require_POST
def document_remove(request: UserRequest, application_id: int, document_id: int) -> HttpResponse:
    """Take a document back."""
    document = _own_document(request, application_id, document_id)
    try:
        services.remove_document(document, actor=request.user, at=timezone.now())
    except services.TransitionRefused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("“%(name)s” has been removed.") % {"name": document.name})
    return redirect("application:documents", application_id)


@never_cache
@login_required
@require_safe
def document_download(request: UserRequest, application_id: int, document_id: int) -> HttpResponse | FileResponse:
    """Hand out an own document; nobody else's is found."""
    document = _own_document(request, application_id, document_id)
    if document.purged_at is not None or not document.file:
        messages.info(request, _("The file was deleted when its time was over."))
        return redirect("application:detail", application_id)
    return FileResponse(
        document.file.open("rb"), as_attachment=True, filename=document.name, content_type=document.content_type
    )


def _own_document(request: UserRequest, application_id: int, document_id: int) -> ApplicationDocument:
    application = own_application(request.user, application_id)
    return get_object_or_404(application.documents.select_related("application"), pk=document_id)
