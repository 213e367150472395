"""Bulk import in the League's office: upload, verdicts, decisions, confirmation, progress, undoing."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from accounts.models import User
from members.choices import BatchStatus, RowDecision, RowState, RowVerdict
from members.forms.imports import ImportForm
from members.models import ImportBatch, ImportRow, import_chapters
from members.permissions.bulk import can_import
from members.rules.import_columns import COLUMNS
from members.rules.import_problems import sentence
from members.services import imports, office
from members.viewsets.records import OfficeViewSet, page_context, paginate

REFRESH = "3"  # seconds between two looks at a batch that a task works on
CHANGED = gettext_lazy("Somebody has moved this import on in the meantime. This is how it stands now.")


def _batch(request: UserRequest, pk: int) -> ImportBatch:
    if not can_import(request.user):
        raise PermissionDenied
    batches = ImportBatch.objects.visible_to(request.user).select_related("chapter", "uploaded_by", "confirmed_by")
    return get_object_or_404(batches, pk=pk)


def _detail(batch: ImportBatch) -> HttpResponse:
    return redirect("memberimport:detail", batch.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: UserRequest) -> HttpResponse:
    """Show the imports of one's office, the columns that a file has, and the form to upload one."""
    if not can_import(request.user):
        raise PermissionDenied
    form = ImportForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        file, chapter = form.cleaned_data["file"], form.cleaned_data["chapter"]
        try:
            batch = imports.upload_import(file, name=file.name, chapter=chapter, actor=request.user, at=timezone.now())
        except imports.FileRefused as refusal:
            form.add_error("file", sentence(refusal.code, refusal.params))
        else:
            return _detail(batch)
    batches = ImportBatch.objects.visible_to(request.user).select_related("chapter", "uploaded_by")
    context = {
        **page_context(_("Imports of members"), icon="upload", trail=[]),
        **paginate(request, batches.order_by("-created_at", "-pk"), 20),
        "form": form,
        "held": _held(request.user),
        "columns": [
            (key, _(label), required, _(hint) if hint else "", example)
            for key, label, required, hint, example in COLUMNS
        ],
    }
    return TemplateResponse(
        request, "members/admin/import_list.html", context, status=422 if request.method == "POST" else 200
    )


def _held(user: User) -> list[tuple[int, str, int]]:
    """Return the imports of which rows wait for the League, and how many, for who imports for it."""
    if None not in import_chapters(user):
        return []
    rows = ImportRow.objects.filter(state=RowState.HELD, batch__purged_at=None).order_by("batch")
    return list(rows.values_list("batch", "batch__name").annotate(number=Count("pk"))[:50])


@require_safe
def import_template(request: UserRequest, kind: str) -> HttpResponse:
    """Hand out an empty table with the heading and one example."""
    if not can_import(request.user):
        raise PermissionDenied
    types = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    if kind not in types:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="members.{kind}"'}
    return HttpResponse(imports.template_file(kind), content_type=types[kind], headers=headers)


@require_safe
def import_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show how far a batch is, what it does with which rows, and what may be done with it.

    That it was opened is on record; a page that renews itself while the batch runs is not opened again.
    """
    batch = _batch(request, pk)
    if not batch.is_running:
        office.view_import(batch, actor=request.user, at=timezone.now())
    verdict, state = request.GET.get("verdict", ""), request.GET.get("state", "")
    rows = batch.rows.select_related("candidate").order_by("number")
    if verdict in RowVerdict.values:
        rows = rows.filter(verdict=verdict)
    if state in RowState.values:
        rows = rows.filter(state=state)
    counts = _counts(batch)
    context = {
        **page_context(batch.name, icon="upload", trail=[(reverse("memberimport:index"), _("Imports of members"))]),
        **paginate(request, rows),
        **counts,
        "batch": batch,
        "refusal": sentence(batch.problem, batch.problem_params) if batch.problem else "",
        "verdict": verdict,
        "state": state,
        "has_held": any(value == RowState.HELD for value, _label, _number in counts["states"]),
        "may_confirm": batch.status == BatchStatus.CHECKED,
        "may_undo": batch.status == BatchStatus.DONE and batch.purged_at is None,
    }
    context["rows"] = [_row(row) for row in context["page"]]
    response = TemplateResponse(request, "members/admin/import_detail.html", context)
    if batch.is_running:
        response["Refresh"] = REFRESH
    return response


def _counts(batch: ImportBatch) -> dict[str, Any]:
    """Return how many rows have each verdict and each state: one query."""
    verdicts: dict[str, int] = {}
    states: dict[str, int] = {}
    undecided = 0
    groups = batch.rows.order_by().values_list("verdict", "state", "decision").annotate(number=Count("pk"))
    for verdict, state, decision, number in groups:
        verdicts[verdict] = verdicts.get(verdict, 0) + number
        states[state] = states.get(state, 0) + number
        undecided += number if verdict == RowVerdict.DUPLICATE and not decision else 0
    return {
        "verdicts": [(one.value, one.label, verdicts[one]) for one in RowVerdict if one in verdicts],
        "states": [(one.value, one.label, states[one]) for one in RowState if one in states],
        "undecided": undecided,
    }


def _row(row: ImportRow) -> dict[str, Any]:
    labels = {key: _(label) for key, label, *_rest in COLUMNS}
    decisions = [
        (choice.value, choice.label)
        for choice in RowDecision
        # Beyond the likeness itself a problem is what keeps the person on record from being updated.
        if choice != RowDecision.UPDATE or (row.candidate_id is not None and len(row.problems) == 1)
    ]
    return {
        "row": row,
        "problems": [sentence(code, params) for code, params in row.problems],
        "changes": [(labels[key], before, after) for key, before, after in row.changes],
        "decisions": decisions if row.verdict == RowVerdict.DUPLICATE else [],
    }


@require_POST
def import_row_decide(request: UserRequest, pk: int, row_id: int) -> HttpResponse:
    """Say what happens to one possible duplicate."""
    batch = _batch(request, pk)
    row = get_object_or_404(batch.rows.select_related("batch"), pk=row_id)
    decision = request.POST.get("decision", "")
    if decision not in RowDecision.values:
        messages.error(request, _("Choose what happens to line %(line)s.") % {"line": row.number})
        return _detail(batch)
    try:
        imports.decide_row(row, decision=RowDecision(decision), actor=request.user, at=timezone.now())
    except imports.BatchNotReady:
        messages.error(request, CHANGED)
    except imports.RowRefused as refusal:
        messages.error(request, sentence(refusal.code, refusal.params))
    return redirect(f"{reverse('memberimport:detail', args=[batch.pk])}?verdict=duplicate#row-{row.pk}")


@require_POST
def import_leave_out(request: UserRequest, pk: int) -> HttpResponse:
    """Leave out every possible duplicate that waits for a decision."""
    batch = _batch(request, pk)
    try:
        count = imports.decide_all(batch, actor=request.user, at=timezone.now())
    except imports.BatchNotReady:
        messages.error(request, CHANGED)
    else:
        text = ngettext("%(count)s row will be left out.", "%(count)s rows will be left out.", count)
        messages.success(request, text % {"count": count})
    return _detail(batch)


@require_POST
def import_confirm(request: UserRequest, pk: int) -> HttpResponse:
    """Start the import of what was checked."""
    batch = _batch(request, pk)
    try:
        imports.confirm_import(batch, version=_version(request), actor=request.user, at=timezone.now())
    except (imports.BatchChanged, imports.BatchNotReady):
        messages.error(request, CHANGED)
    except imports.RowsUndecided as waiting:
        text = ngettext(
            "%(count)s possible duplicate waits for your decision. Decide it, or leave it out.",
            "%(count)s possible duplicates wait for your decision. Decide them, or leave them out.",
            waiting.count,
        )
        messages.error(request, text % {"count": waiting.count})
        return redirect(f"{reverse('memberimport:detail', args=[batch.pk])}?verdict=duplicate")
    else:
        messages.success(request, _("The import runs. This page shows how far it is; you may leave it."))
    return _detail(batch)


@require_http_methods(["GET", "HEAD", "POST"])
def import_undo(request: UserRequest, pk: int) -> HttpResponse:
    """Say what undoing means, and undo a batch."""
    batch = _batch(request, pk)
    if request.method == "POST":
        try:
            imports.start_undo(batch, version=_version(request), actor=request.user, at=timezone.now())
        except (imports.BatchChanged, imports.BatchNotReady):
            messages.error(request, CHANGED)
        else:
            messages.success(request, _("The import is being undone. Rows that somebody touched since stay."))
        return _detail(batch)
    if batch.status != BatchStatus.DONE:
        return _detail(batch)
    trail = [
        (reverse("memberimport:index"), _("Imports of members")),
        (reverse("memberimport:detail", args=[batch.pk]), batch.name),
    ]
    context = {
        **page_context(_("Undo an import"), icon="undo", trail=trail),
        "batch": batch,
        "done": batch.rows.filter(state=RowState.DONE).count(),
    }
    return TemplateResponse(request, "members/admin/import_undo.html", context)


def _version(request: UserRequest) -> int:
    value = request.POST.get("version", "")
    return int(value) if value.isdecimal() else -1


class ImportViewSet(OfficeViewSet):
    name = "memberimport"
    icon = "upload"
    menu_label = gettext_lazy("Imports")
    permission = staticmethod(can_import)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", import_list, name="index"),
            path("template.<slug:kind>", import_template, name="template"),
            path("<int:pk>/", import_detail, name="detail"),
            path("<int:pk>/rows/<int:row_id>/", import_row_decide, name="row_decide"),
            path("<int:pk>/leave-out/", import_leave_out, name="leave_out"),
            path("<int:pk>/confirm/", import_confirm, name="confirm"),
            path("<int:pk>/undo/", import_undo, name="undo"),
        ]
