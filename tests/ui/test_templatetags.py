import datetime
from types import SimpleNamespace

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from ui.forms import GalleryForm

NO_BREAK_SPACE = "\u00a0"


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


@pytest.fixture(autouse=True)
def _english() -> object:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    "source",
    [
        '{% icon "bell" colour="red" %}',
        '{% icon "bell" "l" %}',
        "{% avatar %}",
        '{% avatar "Айгуль Нурпеисова" %}',
        '{% tag "Valid" kind="ok" %}',
        "{% progress value=1 maximum=2 %}",
        '{% gauge 1 2 label="x" %}',
        '{% notice level="ok" %}x{% endnotice %}',
        '{% panel title="x" %}x{% endpanel %}',
        "{% sec_head %}{% endsec_head %}",
        "{% empty %}x{% endempty %}",
        '{% btn "x" %}x{% endbtn %}',
        '{% btn onclick="x()" %}x{% endbtn %}',
        "{% fold %}x{% endfold %}",
        '{% callout kicker="x" %}x{% endcallout %}',
        "{% field form.name form.email %}",
        "{% error_summary %}",
        "{% pager %}",
        "{% minutes total=5 unit='h' %}",
    ],
)
def test_component_refuses_unknown_or_missing_arguments(source: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        Template(source)


def test_icon_is_hidden_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in render('{% icon "bell" %}')
    labelled = render('{% icon "lock" label=label %}', label="Locked <b>")
    assert 'role="img" aria-label="Locked &lt;b&gt;"' in labelled
    assert "ui/icons.svg#i-bell" in render('{% icon "bell" %}')


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Айгуль Нурпеисова", "АН"), ("Айгуль Сериковна Нурпеисова", "АН"), ("Aigul", "A"), ("", "")],
)
def test_avatar_shows_initials(name: str, initials: str) -> None:
    assert f">{initials}</span>" in render("{% avatar name=name %}", name=name)


def test_text_of_components_is_escaped() -> None:
    hostile = "<script>alert(1)</script>"
    html = render(
        "{% tag text %}{% count 4 label=text %}{% notice %}{{ text }}{% endnotice %}"
        "{% panel heading=text id=text %}{% endpanel %}{% btn href=text %}{{ text }}{% endbtn %}"
        "{% fold summary=text %}{{ text }}{% endfold %}{% crumbs trail %}",
        text=hostile,
        trail=[(hostile, hostile)],
    )

    assert "<script>" not in html


def test_block_component_keeps_markup_of_its_content() -> None:
    assert "<b>now</b>" in render("{% notice %}<b>now</b>{% endnotice %}")
    assert "<small>all</small>" in render('{% sec_head heading="x" %} <small>all</small> {% endsec_head %}')
    assert "<i>go</i>" in render("{% btn %} <i>go</i> {% endbtn %}")


@pytest.mark.parametrize(
    ("tone", "icon"),
    [("", "info"), ("ok", "circle-check"), ("bad", "circle-x"), ("accent", "triangle-alert")],
)
def test_notice_chooses_icon_by_tone(tone: str, icon: str) -> None:
    html = render("{% notice tone=tone %}x{% endnotice %}", tone=tone)

    assert f"#i-{icon}" in html
    assert ("data-tone" in html) is bool(tone)


def test_btn_is_link_with_href_and_submit_button_without() -> None:
    link = render('{% btn href="/courses/" kind="second" %}Courses{% endbtn %}')
    button = render('{% btn name="answer" value="later" wide=True %}Later{% endbtn %}')

    assert link == '<a class="btn" href="/courses/" data-kind="second">Courses</a>\n'
    assert button == ('<button class="btn" type="submit" name="answer" value="later" data-wide>Later</button>\n')


def test_gauge_never_rounds_up_to_done() -> None:
    assert "99&nbsp;%" in render('{% gauge value=199 maximum=200 label="x" %}')
    assert "0&nbsp;%" in render('{% gauge value=0 maximum=0 label="x" %}')


def test_pager_keeps_the_query_string() -> None:
    request = RequestFactory().get("/courses/", {"subject": "jury", "page": "2"})

    html = render("{% pager page_obj %}", page_obj=Paginator(range(90), 10).get_page(2), request=request)

    assert 'href="?subject=jury&amp;page=3" rel="next"' in html
    assert '<span aria-current="page">' in html


def test_pager_of_one_page_is_empty() -> None:
    assert not render("{% pager page_obj %}", page_obj=Paginator(range(3), 10).get_page(1)).strip()


def test_field_ties_hint_and_error_to_the_input() -> None:
    form = GalleryForm(GalleryForm.WRONG_ANSWERS)

    html = render("{% field form.licence %}", form=form)

    assert 'aria-describedby="id_licence_helptext id_licence_error"' in html
    assert 'id="id_licence_helptext"' in html
    assert 'id="id_licence_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'class="input"' in html


def test_field_lays_out_choices_with_legend_and_labels() -> None:
    form = GalleryForm(GalleryForm.WRONG_ANSWERS)

    html = render('{% field form.answer kind="option" %}', form=form)

    assert "<legend" in html
    assert html.count('<label class="option"') == 2
    assert 'for="id_answer_1"' in html
    assert "checked" in html


def test_field_says_what_is_optional() -> None:
    html = render("{% field form.why %}{% field form.name %}", form=GalleryForm())

    assert html.count("(optional)") == 1


def test_form_fields_prints_every_field_once() -> None:
    class Hidden(GalleryForm):
        token = forms.CharField(widget=forms.HiddenInput)

    html = render("{% form_fields form %}", form=Hidden())

    for name in ("licence", "email", "country", "why", "agree", "token"):
        assert html.count(f'name="{name}"') == 1


def test_error_summary_leads_to_the_fields() -> None:
    form = GalleryForm(GalleryForm.WRONG_ANSWERS)
    form.add_error(None, "The two do not go together.")

    html = render("{% error_summary form %}", form=form)

    assert 'role="alert"' in html
    assert 'href="#id_licence"' in html
    assert 'href="#id_subjects_0"' in html
    assert "<li>The two do not go together.</li>" in html


def test_error_summary_of_valid_form_is_empty() -> None:
    assert not render("{% error_summary form %}", form=GalleryForm()).strip()


def test_date_block_shows_day_and_month() -> None:
    html = render("{% date_block day %}", day=datetime.date(2026, 9, 16))

    assert 'datetime="2026-09-16"' in html
    assert "<b>16</b>sep" in html
    with translation.override("ru"):
        assert "<b>16</b>сен" in render("{% date_block day %}", day=datetime.date(2026, 9, 16))


@pytest.mark.parametrize(
    ("language", "total", "text"),
    [
        ("en", 0, "0 min"),
        ("en", 45, "45 min"),
        ("en", 60, "1 h"),
        ("en", 95, "1 h 35 min"),
        ("ru", 45, "45 мин"),
        ("ru", 120, "2 ч"),
        ("ru", 95, "1 ч 35 мин"),
    ],
)
def test_minutes_are_said_in_the_readers_language(language: str, total: int, text: str) -> None:
    with translation.override(language):
        assert render("{% minutes total %}", total=total) == text.replace(" ", NO_BREAK_SPACE)


@pytest.mark.parametrize(
    ("language", "size", "text"),
    [
        ("en", 0, "0 KB"),
        ("en", 900, "0.9 KB"),
        ("en", 48_000, "48 KB"),
        ("en", 3_140_000, "3.1 MB"),
        ("en", 22_000_000, "22 MB"),
        ("ru", 22_000_000, "22 МБ"),
        ("ru", 3_140_000, "3,1 МБ"),
        ("ru", 2_000_000_000, "2 ГБ"),
    ],
)
def test_file_size_is_said_in_the_readers_language(language: str, size: int, text: str) -> None:
    with translation.override(language):
        assert render("{% file_size size %}", size=size) == text.replace(" ", NO_BREAK_SPACE)


def test_toasts_tell_success_from_problems() -> None:
    messages = [
        SimpleNamespace(level_tag="success"),
        SimpleNamespace(level_tag="error"),
    ]

    html = render("{% toasts messages %}", messages=messages)

    assert 'role="status"' in html
    assert html.count("toast") - html.count("toasts") == 1
    assert 'data-tone="bad"' in html
