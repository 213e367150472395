from django.forms import ModelForm
from django.utils.functional import cached_property
from wagtail.admin.views.account import NameEmailSettingsPanel
from wagtail.users.views.users import IndexView, UserViewSet

from accounts.forms.admin import PersonCreationForm, PersonEditForm

# Wagtail's panel asks for a first and a last name; here people change their name on the account page.
NameEmailSettingsPanel.is_active = lambda self: False


class PersonIndexView(IndexView):
    @cached_property
    def search_fields(self) -> set[str]:
        return {"email", "name_native", "name_latin"}


class PersonViewSet(UserViewSet):
    """Wagtail's management of people; AdminUsersConfig names it."""

    index_view_class = PersonIndexView

    def get_form_class(self, for_update: bool = False) -> type[ModelForm]:
        return PersonEditForm if for_update else PersonCreationForm
