"""What a lesson is made of. Each block has a template in courses/blocks/, a preview and a test."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.contrib.table_block.blocks import TableBlock as WagtailTableBlock
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail_localize.segments import StringSegmentValue

from courses.choices import QuestionKind
from pages.blocks import DocumentBlock, ImageBlock, ProseBlock

TEXT_FEATURES = ["bold", "italic", "link", "ol", "ul"]


class CaseStudyBlock(blocks.StructBlock):
    """A fictional case to think through."""

    heading = blocks.CharBlock(label=_("heading"))
    text = blocks.RichTextBlock(label=_("text"), features=[*TEXT_FEATURES, "blockquote"])
    is_fictional = blocks.BooleanBlock(
        label=_("invented for training"),
        required=False,
        default=True,
        help_text=_("The page says that the case is training material."),
    )

    class Meta:
        icon = "folder-open-inverse"
        label = _("Case study")
        template = "courses/blocks/case_study.html"
        preview_value = {
            "heading": "The lamp at the warehouse",
            "text": "<p>The witness said that he knew the man from forty metres away.</p>",
            "is_fictional": True,
        }


class StatuteBlock(blocks.StructBlock):
    """A rule of law: quoted or told in our words, with its source and the day its text was read."""

    citation = blocks.CharBlock(label=_("citation"), help_text=_("For example: art. 631 CPC of Kazakhstan"))
    source = blocks.CharBlock(label=_("source"))
    in_force_on = blocks.DateBlock(label=_("as in force on"))
    url = blocks.URLBlock(label=_("official text"), required=False)
    is_paraphrase = blocks.BooleanBlock(
        label=_("told in our words"),
        required=False,
        default=True,
        help_text=_("Clear this only for a literal quotation."),
    )
    text = blocks.RichTextBlock(label=_("text"), features=TEXT_FEATURES)

    class Meta:
        icon = "openquote"
        label = _("Statute")
        template = "courses/blocks/statute.html"
        preview_value = {
            "citation": "art. 14 ICCPR",
            "source": "International Covenant on Civil and Political Rights",
            "in_force_on": dt.date(2026, 1, 1),
            "url": "",
            "is_paraphrase": True,
            "text": "<p>Everyone is equal before courts.</p>",
        }


class MediaBlock(blocks.StructBlock):
    """A recording. Nothing of it is loaded before the reader asks for it; its length and size are on the button."""

    kind = blocks.ChoiceBlock(label=_("kind"), choices=[("video", _("Video")), ("audio", _("Audio"))], default="video")
    title = blocks.CharBlock(label=_("title"))
    file = DocumentChooserBlock(label=_("file"))
    minutes = blocks.IntegerBlock(label=_("length, minutes"), min_value=1)
    transcript = blocks.RichTextBlock(label=_("transcript"), features=["bold", "italic"])

    class Meta:
        icon = "media"
        label = _("Video or audio")
        template = "courses/blocks/media.html"


class KeyPointsBlock(blocks.StructBlock):
    """What to take along from a lesson."""

    points = blocks.ListBlock(blocks.CharBlock(label=_("point")), label=_("points"), min_num=1, max_num=7)

    class Meta:
        icon = "list-ul"
        label = _("Key points")
        template = "courses/blocks/key_points.html"
        preview_value = {"points": ["One fact, one question.", "The source is in your hand."]}


class ReflectionBlock(blocks.StructBlock):
    """A question to answer for oneself, on paper or on one's own case."""

    prompt = blocks.RichTextBlock(label=_("prompt"), features=TEXT_FEATURES)

    class Meta:
        icon = "edit"
        label = _("Reflection")
        template = "courses/blocks/reflection.html"
        preview_value = {"prompt": "<p>Which fact of your last case was never disputed?</p>"}


class TableBlock(WagtailTableBlock):
    """A table whose cells wagtail-localize can translate; Wagtail's own would stay in the source language."""

    def get_translatable_segments(self, value: dict[str, Any] | None) -> list[StringSegmentValue]:
        """List the caption and every cell that holds text."""
        if not value:
            return []
        segments = [StringSegmentValue("caption", value["table_caption"])] if value.get("table_caption") else []
        segments += [
            StringSegmentValue(f"{row_number}-{column}", cell)
            for row_number, row in enumerate(value["data"])
            for column, cell in enumerate(row)
            if cell
        ]
        return segments

    def restore_translated_segments(self, value: dict[str, Any], segments: list[StringSegmentValue]) -> dict[str, Any]:
        """Put translated cells back in their places."""
        for segment in segments:
            if segment.path == "caption":
                value["table_caption"] = segment.render_text()
            else:
                row, column = map(int, segment.path.split("-"))
                value["data"][row][column] = segment.render_text()
        return value

    class Meta:
        icon = "table"
        label = _("Table")
        template = "courses/blocks/table.html"
        preview_value = {
            "data": [["Votes", "Verdict"], ["6", "guilty"]],
            "first_row_is_table_header": True,
            "first_col_is_header": False,
            "table_caption": "Votes of eleven",
        }


class OptionBlock(blocks.StructBlock):
    text = blocks.CharBlock(label=_("answer"))
    is_correct = blocks.BooleanBlock(label=_("right"), required=False)

    class Meta:
        icon = "tick"
        label = _("Answer")


class QuestionBlock(blocks.StructBlock):
    """One question. Its id, and the ids of its answers, are the same in all languages."""

    kind = blocks.ChoiceBlock(label=_("kind"), choices=QuestionKind.choices, default=QuestionKind.SINGLE)
    text = blocks.TextBlock(label=_("question"), rows=2)
    options = blocks.ListBlock(
        OptionBlock(),
        label=_("answers"),
        default=[],
        help_text=_("For a statement that is true or false: two answers, first “true”, then “false”."),
    )
    explanation = blocks.TextBlock(label=_("explanation"), rows=3)
    source = blocks.CharBlock(label=_("article or source"))

    def clean(self, value: Any) -> Any:
        """Refuse a question that nobody could answer rightly."""
        result = super().clean(value)
        right = sum(option["is_correct"] for option in result["options"])
        total = len(result["options"])
        problem = None
        if total < 2:
            problem = _("A question needs at least two answers.")
        elif result["kind"] == QuestionKind.TRUE_FALSE and total != 2:
            problem = _("A true-or-false question has exactly two answers.")
        elif result["kind"] == QuestionKind.MULTIPLE and right == 0:
            problem = _("Mark at least one answer as right.")
        elif result["kind"] != QuestionKind.MULTIPLE and right != 1:
            problem = _("Mark exactly one answer as right.")
        if problem:
            raise StructBlockValidationError(block_errors={"options": ValidationError(problem)})
        return result

    class Meta:
        icon = "help"
        label = _("Question")


class QuizBlock(blocks.StructBlock):
    """Questions that a learner answers in attempts.

    The block's id is the identity of the quiz in every language. Nothing of it but the title and the rules is in the
    lesson's page: questions are served by an attempt, answers only after it.
    """

    title = blocks.CharBlock(label=_("title"))
    pass_mark = blocks.IntegerBlock(label=_("pass mark, per cent"), default=70, min_value=1, max_value=100)
    attempt_limit = blocks.IntegerBlock(
        label=_("attempts"), default=3, min_value=0, max_value=20, help_text=_("0 means without limit.")
    )
    questions = blocks.ListBlock(QuestionBlock(), label=_("questions"), min_num=1, max_num=40, collapsed=True)

    class Meta:
        icon = "form"
        label = _("Quiz")
        template = "courses/blocks/quiz.html"
        preview_value = {
            "title": "Check yourself",
            "pass_mark": 70,
            "attempt_limit": 3,
            "questions": [
                {
                    "kind": "single",
                    "text": "How many jurors sit?",
                    "options": [
                        {"text": "Ten", "is_correct": True},
                        {"text": "Twelve", "is_correct": False},
                    ],
                    "explanation": "One judge and ten jurors.",
                    "source": "art. 632 CPC",
                }
            ],
        }


class LessonStream(blocks.StreamBlock):
    """The body of a lesson."""

    prose = ProseBlock()
    case_study = CaseStudyBlock()
    statute = StatuteBlock()
    media = MediaBlock()
    image = ImageBlock()
    document = DocumentBlock()
    key_points = KeyPointsBlock()
    reflection = ReflectionBlock()
    table = TableBlock()
    quiz = QuizBlock()
