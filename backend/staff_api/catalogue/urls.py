"""The catalogue's pages of the staff's door (目录治理)."""

from django.urls import path

from backend.staff_api.catalogue import admissions, drafts, exits, items, refusals

urlpatterns = [
    path("catalogue/admissions", admissions.Admissions.as_view()),
    path("catalogue/admissions/<uuid:uid>", admissions.AdmissionDetail.as_view()),
    path("catalogue/admissions/<uuid:uid>/resubmit", admissions.AdmissionResubmit.as_view()),
    path("catalogue/admissions/<uuid:uid>/vet", admissions.AdmissionVet.as_view()),
    path("catalogue/admissions/<uuid:uid>/return", admissions.AdmissionReturn.as_view()),
    path("catalogue/admissions/<uuid:uid>/refuse", admissions.AdmissionRefuse.as_view()),
    path("catalogue/admissions/<uuid:uid>/approve", admissions.AdmissionApprove.as_view()),
    path("catalogue/admissions/<uuid:uid>/withdraw", admissions.AdmissionWithdraw.as_view()),
    path("catalogue/exits", exits.Exits.as_view()),
    path("catalogue/exits/<uuid:uid>", exits.ExitDetail.as_view()),
    path("catalogue/exits/<uuid:uid>/cases", exits.ExitCases.as_view()),
    path("catalogue/exits/<uuid:uid>/resubmit", exits.ExitResubmit.as_view()),
    path("catalogue/exits/<uuid:uid>/vet", exits.ExitVet.as_view()),
    path("catalogue/exits/<uuid:uid>/return", exits.ExitReturn.as_view()),
    path("catalogue/exits/<uuid:uid>/refuse", exits.ExitRefuse.as_view()),
    path("catalogue/exits/<uuid:uid>/approve", exits.ExitApprove.as_view()),
    path("catalogue/exits/<uuid:uid>/withdraw", exits.ExitWithdraw.as_view()),
    path("catalogue/refusals", refusals.Refusals.as_view()),
    path("catalogue/refusals/<uuid:uid>/answer", refusals.RefusalAnswer.as_view()),
    path("catalogue/items", items.CatalogueItems.as_view()),
    path("catalogue/items/<slug:code>", items.CatalogueItem.as_view()),
    path("catalogue/items/<slug:code>/diff", items.VersionDiff.as_view()),
    path("catalogue/items/<slug:code>/suspend", items.ItemSuspend.as_view()),
    path("catalogue/items/<slug:code>/resume", items.ItemResume.as_view()),
    path("catalogue/items/<slug:code>/call-off", items.ItemCallOff.as_view()),
    path("catalogue/items/<slug:code>/drafts", items.ItemDrafts.as_view()),
    path("catalogue/drafts", drafts.VersionDrafts.as_view()),
    path("catalogue/drafts/<uuid:uid>", drafts.VersionDraftDetail.as_view()),
    path("catalogue/drafts/<uuid:uid>/validate", drafts.VersionDraftValidate.as_view()),
    path("catalogue/drafts/<uuid:uid>/simulate", drafts.VersionDraftSimulate.as_view()),
    path("catalogue/drafts/<uuid:uid>/sign-off", drafts.VersionDraftSignOff.as_view()),
    path("catalogue/drafts/<uuid:uid>/try-out", drafts.VersionDraftTryOut.as_view()),
    path("catalogue/drafts/<uuid:uid>/publish", drafts.VersionDraftPublish.as_view()),
    path("catalogue/drafts/<uuid:uid>/discard", drafts.VersionDraftDiscard.as_view()),
]
