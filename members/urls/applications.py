from django.urls import path

from members.views import applications, documents, joining, references, steps

app_name = "application"

urlpatterns = [
    path("", joining.membership_home, name="home"),
    path("apply/", applications.application_start, name="start"),
    path("applications/<int:application_id>/", applications.application_detail, name="detail"),
    path("applications/<int:application_id>/person/", steps.step_person, name="person"),
    path("applications/<int:application_id>/licence/", steps.step_licence, name="licence"),
    path("applications/<int:application_id>/practice/", steps.step_practice, name="practice"),
    path("applications/<int:application_id>/documents/", documents.document_list, name="documents"),
    path(
        "applications/<int:application_id>/documents/<int:document_id>/",
        documents.document_download,
        name="document_download",
    ),
    path(
        "applications/<int:application_id>/documents/<int:document_id>/remove/",
        documents.document_remove,
        name="document_remove",
    ),
    path("applications/<int:application_id>/referees/", steps.step_referees, name="referees"),
    path("applications/<int:application_id>/check/", applications.application_check, name="check"),
    path("applications/<int:application_id>/submitted/", applications.application_submitted, name="submitted"),
    path("applications/<int:application_id>/answers/", applications.application_answer, name="answer"),
    path("applications/<int:application_id>/withdraw/", applications.application_withdraw, name="withdraw"),
    path("applications/<int:application_id>/appeal/", applications.application_appeal, name="appeal"),
    path("applications/<int:application_id>/revive/", applications.application_revive, name="revive"),
    path(
        "applications/<int:application_id>/referees/<int:reference_id>/replace/",
        references.reference_replace,
        name="reference_replace",
    ),
    path("references/<str:token>/", references.reference_detail, name="reference"),
]
