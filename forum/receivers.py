"""People ask about their data: the forum answers."""

from django.utils.translation import gettext_lazy as _

from forum.services import personal_data
from members.registry.personal_data import register_eraser, register_export

register_export("forum.threads", _("Threads that you started"), personal_data.threads_of)
register_export("forum.posts", _("Your posts in the forum"), personal_data.posts_of)
register_export("forum.versions", _("Earlier texts of your posts"), personal_data.versions_of)
register_export("forum.drafts", _("Drafts of posts"), personal_data.drafts_of)
register_export("forum.reactions", _("Your reactions to posts"), personal_data.reactions_of)
register_export("forum.mentions", _("Posts that name you"), personal_data.mentions_of)
register_export("forum.reading", _("What you read and follow in the forum"), personal_data.reading_of)
register_export("forum.marks", _("What you read and follow in rooms"), personal_data.marks_of)
register_export("forum.mark", _("What you marked as read everywhere"), personal_data.mark_of)
register_export("forum.seats", _("Rooms in which you have a seat"), personal_data.seats_of)
register_export("forum.reports", _("Posts that you reported"), personal_data.reports_of)
register_export("forum.warnings", _("Warnings of moderators to you"), personal_data.warnings_of)
register_export("forum.bans", _("When you could not write"), personal_data.bans_of)
register_export("forum.ignored", _("Members whose posts you have folded"), personal_data.ignored_of)
register_eraser("forum", personal_data.forget_writer)
