"""The staff's page of routes."""

from django.urls import path

from backend.staff_api import auth, cases, clock, inbox, worklist

urlpatterns = [
    path("login", auth.Login.as_view()),
    path("otp/enrol", auth.OtpEnrol.as_view()),
    path("otp/confirm", auth.OtpConfirm.as_view()),
    path("logout", auth.Logout.as_view()),
    path("me", auth.Me.as_view()),
    path("sessions", auth.Sessions.as_view()),
    path("sessions/<uuid:uid>/end", auth.SessionEnd.as_view()),
    path("worklist", worklist.Worklist.as_view()),
    path("worklist/counts", worklist.WorklistCounts.as_view()),
    path("cases", worklist.CaseList.as_view()),
    path("cases/search", worklist.CaseSearch.as_view()),
    path("cases/<str:number>", cases.CaseDetail.as_view()),
    path("cases/<str:number>/reveal", cases.CaseReveal.as_view()),
    path("cases/<str:number>/accept", cases.Accept.as_view()),
    path("cases/<str:number>/decline", cases.Decline.as_view()),
    path("cases/<str:number>/finish", cases.Finish.as_view()),
    path("cases/<str:number>/decide", cases.Decide.as_view()),
    path("cases/<str:number>/deliver", cases.Deliver.as_view()),
    path("cases/<str:number>/conclude", cases.Conclude.as_view()),
    path("cases/<str:number>/clock", clock.Clock.as_view()),
    path("cases/<str:number>/suspend", clock.Suspend.as_view()),
    path("cases/<str:number>/resume", clock.Resume.as_view()),
    path("cases/<str:number>/extensions", clock.ProposeExtension.as_view()),
    path("cases/<str:number>/extend", clock.Extend.as_view()),
    path("cases/<str:number>/extensions/refuse", clock.RefuseExtension.as_view()),
    path("cases/<str:number>/terminate", clock.Terminate.as_view()),
    path("cases/<str:number>/steps/<slug:key>/claim", cases.Claim.as_view()),
    path("cases/<str:number>/steps/<slug:key>/release", cases.Release.as_view()),
    path("cases/<str:number>/steps/<slug:key>/pass", cases.Pass.as_view()),
    path("cases/<str:number>/steps/<slug:key>/reject", cases.Reject.as_view()),
    path("cases/<str:number>/steps/<slug:key>/return", cases.Return.as_view()),
    path("inbox", inbox.Inbox.as_view()),
    path("inbox/read", inbox.InboxRead.as_view()),
    path("audit", cases.Audit.as_view()),
]
