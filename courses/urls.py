from django.urls import path

from courses import views

app_name = "courses"

urlpatterns = [
    path("learn/runs/<int:run_id>/enrol/", views.enrolment_create, name="enrolment_create"),
    path("learn/<int:enrolment_id>/continue/", views.enrolment_continue, name="enrolment_continue"),
    path("learn/<int:enrolment_id>/withdraw/", views.enrolment_withdraw, name="enrolment_withdraw"),
    path("learn/<int:enrolment_id>/lessons/<uuid:unit_key>/done/", views.lesson_done, name="lesson_done"),
    path("learn/<int:enrolment_id>/quizzes/<uuid:unit_key>/start/", views.attempt_create, name="attempt_create"),
    path("learn/attempts/<uuid:attempt_id>/", views.attempt_detail, name="attempt_detail"),
    path("learn/attempts/<uuid:attempt_id>/save/", views.attempt_save, name="attempt_save"),
    path("learn/certificates/", views.certificate_list, name="certificate_list"),
    path("learn/certificates/<str:public_id>.pdf", views.certificate_pdf, name="certificate_pdf"),
    path("verify/", views.certificate_lookup, name="certificate_lookup"),
    path("verify/<str:public_id>/", views.certificate_verify, name="certificate_verify"),
]
