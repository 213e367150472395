"""Writing. Whatever is wrong with a place or a form, what somebody has written stays on the page and in a draft."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import UserRequest
from accounts.models import User
from forum import services
from forum.choices import PostState, Right, ThreadState
from forum.forms import (
    ComposerForm,
    EditForm,
    ReactionForm,
    ReplyForm,
    ThreadForm,
    draft_of,
    reply_form,
)
from forum.models import Post, Room, Thread
from forum.permissions import (
    can_accept_answer,
    can_delete_post,
    can_edit_post,
    can_react,
    can_reply,
    can_start_thread,
    has_right,
)
from forum.rules.text import MOST_CHARACTERS, TextEmpty, TextTooLong, parse, quote
from forum.views.places import find_post, get_post, open_threads, whole_number

# Threads


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def thread_create(request: UserRequest, slug: str) -> HttpResponse:
    """Begin a thread in a room."""
    room = Room.objects.visible_to(request.user).with_right(request.user).filter(slug=slug).first()
    scope = f"room:{Room.objects.filter(slug=slug).values_list('pk', flat=True).first() or 0}"
    if request.method == "POST":
        form = ThreadForm(request.POST, scope=scope)
        if room is None or not has_right(room, Right.START):
            return _text_kept(request, form, status=404 if room is None else 403)
        return _send_thread(request, room, form)
    if room is None:
        raise Http404
    if not can_start_thread(room):
        raise PermissionDenied
    return _thread_page(request, room, ThreadForm(scope=scope, draft=draft_of(request.user, scope)))


def _send_thread(request: UserRequest, room: Room, form: ThreadForm) -> HttpResponse:
    if "save" in request.POST:
        return _save(request, form) or _thread_page(request, room, form, status=409)
    if "preview" in request.POST:
        html = _preview(request, form, Thread(room=room), author=request.user)
        return _thread_page(request, room, form, preview=html)
    if not form.is_valid() or _was_sent_with_another_text(request.user, form):
        _keep(request, form)
        return _thread_page(request, room, form, status=422)
    answers = form.cleaned_data
    try:
        thread = services.start_thread(
            room,
            author=request.user,
            kind=answers["kind"],
            title=answers["title"],
            text=answers["text"],
            tags=answers.get("tags", ()),
            token=answers["token"],
            draft_revision=form.known_revision,
            at=timezone.now(),
        )
    except services.PostRefused as refused:
        form.add_error("text", refused.sentence)
        _keep(request, form)
        return _thread_page(request, room, form, status=422)
    if thread.state == ThreadState.HELD:
        messages.info(request, _held_sentence())
    else:
        messages.success(request, _("The thread is published."))
    return redirect(thread.get_absolute_url())


def _thread_page(
    request: UserRequest, room: Room, form: ThreadForm, *, preview: str = "", status: int = 200
) -> HttpResponse:
    waits = services.must_wait(request.user, room)
    context = {"room": room, "form": form, "preview": preview, "waits": waits}
    return render(request, "forum/thread_create.html", context, status=status)


# Posts


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_create(request: UserRequest, thread_id: int) -> HttpResponse:
    """Reply: the composer at the foot of a thread sends here; answers to a post and quotations are written here."""
    thread = _thread(request.user, thread_id)
    target = _merged_into(request.user, thread_id) if thread is None else None
    if request.method == "POST":
        return _take_reply(request, thread_id, thread, target)
    if target is not None:
        return redirect("forum:post_create", target.pk)
    if thread is None:
        raise Http404
    if not can_reply(thread):
        raise PermissionDenied(_("This thread takes no replies any more.") if thread.is_closed else "")
    form = reply_form(request.user, thread)
    if (quoted := _public_post(request.user, thread, request.GET.get("quote"))) is not None:
        before = f"{form.initial['text'].rstrip()}\n\n" if form.initial.get("text", "").strip() else ""
        form.initial["text"] = before + quote(quoted.source, quoted.no or 0)
    if (answered := _public_post(request.user, thread, request.GET.get("reply_to"))) is not None:
        form.initial["reply_to"] = answered.pk
    return _reply_page(request, thread, form, answered=answered)


def _take_reply(request: UserRequest, thread_id: int, thread: Thread | None, target: Thread | None) -> HttpResponse:
    place = thread or target
    form = ReplyForm(request.POST, scope=f"thread:{thread_id if place is None else place.pk}")
    if place is None or not has_right(place, Right.REPLY):
        return _text_kept(request, form, status=404 if place is None else 403)
    if target is not None:
        draft = draft_of(request.user, form.scope)
        form.renew(revision=draft.revision if draft and draft.source == form.written() else 0, reply_to="")
        _keep(request, form)
        form.add_error(
            None, _("This thread was merged into another one meanwhile. Your text is below: look, and send it here.")
        )
        return _reply_page(request, target, form, status=409)
    return _send_reply(request, place, form)


def _send_reply(request: UserRequest, thread: Thread, form: ReplyForm) -> HttpResponse:
    answered = _public_post(request.user, thread, request.POST.get("reply_to"))
    if "save" in request.POST:
        return _save(request, form) or _reply_page(request, thread, form, answered=answered, status=409)
    if "preview" in request.POST:
        html = _preview(request, form, thread, author=request.user)
        return _reply_page(request, thread, form, answered=answered, preview=html)
    if not form.is_valid() or _was_sent_with_another_text(request.user, form):
        _keep(request, form)
        return _reply_page(request, thread, form, answered=answered, status=422)
    try:
        post = services.post_reply(
            thread,
            author=request.user,
            text=form.cleaned_data["text"],
            reply_to=answered,
            token=form.cleaned_data["token"],
            draft_revision=form.known_revision,
            at=timezone.now(),
        )
    except services.PostRefused as refused:
        form.add_error("text", refused.sentence)
        _keep(request, form)
        return _reply_page(request, thread, form, answered=answered, status=422)
    if post.state == PostState.HELD:
        messages.info(request, _held_sentence())
    else:
        messages.success(request, _("Your reply is published."))
    return redirect(post.get_absolute_url())


def _reply_page(
    request: UserRequest,
    thread: Thread,
    form: ReplyForm,
    *,
    answered: Post | None = None,
    preview: str = "",
    status: int = 200,
) -> HttpResponse:
    waits = services.must_wait(request.user, thread.room)
    context = {"thread": thread, "form": form, "quoted": answered, "preview": preview, "waits": waits}
    return render(request, "forum/post_create.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_edit(request: UserRequest, post_id: int) -> HttpResponse:
    """Change a post, for its author and the moderators of its room."""
    post = find_post(request.user, post_id)
    is_allowed = post is not None and can_edit_post(request.user, post.thread, post)
    scope = f"post:{post_id}"
    if request.method == "POST":
        form = EditForm(request.POST, scope=scope)
        if post is None or not is_allowed:
            return _text_kept(request, form, status=404 if post is None else 403)
        return _change(request, post, form)
    if post is None:
        raise Http404
    if not is_allowed:
        raise PermissionDenied
    draft = draft_of(request.user, scope)
    form = EditForm(scope=scope, draft=draft, initial={"text": post.source, "version": post.version})
    is_older = draft is not None and post.edited_at is not None and draft.saved_at < post.edited_at
    return _edit_page(request, post, form, is_stale=is_older)


def _change(request: UserRequest, post: Post, form: EditForm) -> HttpResponse:
    if "save" in request.POST:
        return _save(request, form) or _edit_page(request, post, form, status=409)
    if "preview" in request.POST:
        return _edit_page(request, post, form, preview=_preview(request, form, post.thread, author=post.author))
    if not form.is_valid():
        _keep(request, form)
        return _edit_page(request, post, form, status=422)
    answers = form.cleaned_data
    try:
        services.edit_post(
            post,
            actor=request.user,
            text=answers["text"],
            version=answers["version"],
            draft_revision=form.known_revision,
            at=timezone.now(),
        )
    except services.PostRefused as refused:
        post.refresh_from_db(fields=["source", "version", "state", "edited_at"])
        if post.source == answers["text"].strip():  # sent twice: the first one has done it
            return redirect(post.get_absolute_url())
        form.add_error("text", refused.sentence)
        is_stale = post.version != answers["version"]
        form.renew(version=post.version)
        _keep(request, form)
        return _edit_page(request, post, form, is_stale=is_stale, status=409 if is_stale else 422)
    messages.success(request, _("The change is saved."))
    return redirect(post.get_absolute_url())


def _edit_page(
    request: UserRequest, post: Post, form: EditForm, *, preview: str = "", is_stale: bool = False, status: int = 200
) -> HttpResponse:
    context = {"thread": post.thread, "post": post, "form": form, "preview": preview, "is_stale": is_stale}
    return render(request, "forum/post_edit.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_delete(request: UserRequest, post_id: int) -> HttpResponse:
    """Take a post back, for its author: once he has confirmed it."""
    post = get_post(request.user, post_id)
    if not can_delete_post(request.user, post.thread, post):
        raise PermissionDenied
    if request.method == "POST":
        services.delete_post(post, actor=request.user, at=timezone.now())
        messages.success(request, _("Your post is deleted."))
        is_open = post.thread.state == ThreadState.LIVE
        return redirect((post.thread if is_open else post.thread.room).get_absolute_url())
    return render(request, "forum/post_delete.html", {"thread": post.thread, "post": post})


@login_required
@require_POST
def post_react(request: UserRequest, post_id: int) -> HttpResponse:
    """Add a reaction to a post, or take it back."""
    post = get_post(request.user, post_id)
    if not can_react(request.user, post.thread, post):
        raise PermissionDenied
    form = ReactionForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    services.react(post, reader=request.user, kind=form.cleaned_data["kind"], at=timezone.now())
    return redirect(post.thread.address_of(post))


@login_required
@require_POST
def post_accept(request: UserRequest, post_id: int) -> HttpResponse:
    """Mark a post as the answer to its question, or take the mark away."""
    post = get_post(request.user, post_id)
    if not can_accept_answer(request.user, post.thread):
        raise PermissionDenied
    if post.thread.answer_id == post.pk:
        services.withdraw_answer(post.thread)
        messages.success(request, _("The question has no accepted answer any more."))
        return redirect(post.thread.address_of(post))
    try:
        services.accept_answer(post, actor=request.user, at=timezone.now())
    except services.PostRefused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("The post is marked as the answer."))
    return redirect(post.thread.address_of(post))


# What they share


def _thread(user: User, thread_id: int) -> Thread | None:
    return open_threads(user).filter(pk=thread_id).first()


def _merged_into(user: User, thread_id: int) -> Thread | None:
    """Return the thread that took the posts of another one, if the person may open it."""
    gone = Thread.objects.filter(pk=thread_id, state=ThreadState.MOVED)
    return open_threads(user).filter(pk__in=gone.values("moved_to")).first()


def _public_post(user: User, thread: Thread, written: str | None) -> Post | None:
    """Return the public post of a thread that an address or a form names; a spoilt number names none."""
    if (number := whole_number(written)) is None:
        return None
    posts = Post.objects.visible_to(user).public().filter(thread=thread)
    return posts.select_related("author").filter(pk=number).first()


def _held_sentence() -> str:
    return _("Your text is kept. A moderator reads first posts before they are published, and you are told of it.")


def _preview(request: UserRequest, form: ComposerForm, thread: Thread, *, author: User) -> str:
    """Return the HTML that a text would become, and keep the text."""
    _keep(request, form)
    if form.has_error("text"):
        return ""
    try:
        return services.render(thread, form.written(), author=author)
    except services.PostRefused as refused:
        form.add_error("text", refused.sentence)
        return ""


def _was_sent_with_another_text(user: User, form: ComposerForm) -> bool:
    """Whether this page has sent another text before: the browser's “back”, not a second press of the button."""
    sent = Post.objects.filter(author=user, client_token=form.cleaned_data["token"]).first()
    if sent is None:
        return False
    try:
        text = parse(form.cleaned_data["text"]).source
    except (TextEmpty, TextTooLong):
        return False
    if text == sent.source or sent.versions.filter(source=text).exists():
        return False
    form.renew(token=uuid.uuid4())
    form.add_error(None, _("This page has sent a text already, and this is another one. Send it again if you mean it."))
    return True


def _keep(request: UserRequest, form: ComposerForm) -> bool:
    """Keep a text as a draft; return whether it is. The draft of another window is not overwritten but shown."""
    try:
        draft = services.save_draft(
            author=request.user,
            scope=form.scope,
            title=form.written("title"),
            text=form.written(),
            revision=form.known_revision,
            at=timezone.now(),
        )
    except services.DraftStale as stale:
        form.other = stale.current
        form.renew(revision=stale.current.revision)
        return False
    form.renew(revision=draft.revision if draft is not None else 0)
    return draft is not None


def _save(request: UserRequest, form: ComposerForm) -> HttpResponse | None:
    """Keep a text because its author asks for it; None where another window's draft is in the way."""
    is_kept = _keep(request, form)
    if form.other is not None:
        return None
    if is_kept:
        messages.success(request, _("The draft is saved."))
    else:
        messages.info(request, _("There is no text to keep: the draft is empty."))
    return redirect(request.path)


def _text_kept(request: UserRequest, form: ComposerForm, *, status: int) -> HttpResponse:
    """Answer a text for a place that does not take it: nothing is lost, and nothing is said about the place."""
    if not form.has_text:
        if status == 404:
            raise Http404
        raise PermissionDenied
    text = form.written()
    context = {
        "form": form,
        "text": text,
        "is_kept": _keep(request, form),
        "is_cut": len(text) > MOST_CHARACTERS,
    }
    return render(request, "forum/text_kept.html", context, status=status)
