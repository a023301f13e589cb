"""The acts (幕): each a thing that happens in the city every day, told and checked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from backend.devstack.story import forms
from backend.devstack.story.clients import Answer, MiniProgram, Tablet, fresh_code, fresh_key
from backend.devstack.story.stage import Stage

ELDER, DAUGHTER, NEIGHBOUR = "li-guihua", "wang-fang", "zhao-deming"
ALLOWANCE, SENIOR_CARD, HOUSING, JOBLESS = "ZY-MZ-001", "ZY-WJ-002", "ZY-ZJ-001", "ZY-RS-004"


def comes_in(stage: Stage) -> None:
    """登录、手机、实名, and what a code may not do."""
    stage.voice.act("一、李桂华打开小程序")
    app = MiniProgram(stage.web, ELDER)
    code = fresh_code("demo", ELDER)
    first = app.write("/login", code=code, device="老人机")
    stage.voice.holds("用微信登录, 得到凭据", first.status == 201, first.body)
    again = app.write("/login", code=code, device="老人机")
    stage.voice.holds("同一个登录码再用就被拒绝", again.status == 409, again.body)
    stage.voice.sees(again["title"])
    app.carry(first["token"])
    phone = app.write("/phone", code=fresh_code("phone", ELDER))
    stage.voice.holds("绑定手机号, 页面只显示脱敏号码", phone.status == 200, phone.body)
    person = stage.people[ELDER]
    _bind(stage, app, ELDER)
    page = app.read("/bootstrap")
    stage.voice.holds("首页一次取齐", page.status == 200)
    stage.voice.holds(
        "首页里没有完整的证件号码和手机号",
        person["id_number"] not in str(page.body) and person["phone"] not in str(page.body),
    )


def _bind(stage: Stage, app: MiniProgram, who: str) -> None:
    person = stage.people[who]
    answer = app.write(
        "/realname",
        name=person["name"],
        id_number=person["id_number"],
        id_type=person["id_type"],
    )
    stage.voice.holds(
        f"{person['name']} 与人口库核验一致, 完成实名", answer.status == 200, answer.body
    )


def applies(stage: Stage) -> None:
    """找到事项、预填、两台设备的草稿、提交, and a second tap."""
    stage.voice.act("二、她要办高龄津贴")
    app = stage.phone_of(ELDER)
    _clear(stage, app, ALLOWANCE)
    for asked in ("高龄补贴", "gljt"):
        found = app.read("/items", q=asked)
        codes = [item["code"] for item in found["results"]]
        stage.voice.holds(f"搜“{asked}”找到高龄津贴", ALLOWANCE in codes, codes)
    form = app.read(f"/items/{ALLOWANCE}/form")
    filled, sources = forms.prefilled(form.body)
    stage.voice.holds("表单已带出大部分内容, 并写明来源", len(filled) >= 5, form.body)
    stage.voice.sees("、".join(f"{label}({source})" for label, source in sources))
    answers = forms.complete(form.body, stage.people[ELDER])
    _conflict(stage, app, answers)
    templates = app.read("/subscribe-templates", scene="submit")
    _subscribe(stage, app, ELDER, templates)
    key = fresh_key()
    body = {"item": ALLOWANCE, "answers": answers, "materials": _papers(stage, app, form)}
    case = app.write("/cases", key=key, **body)
    stage.voice.holds("提交, 当场得到 24 位办事编号", case.status == 201, case.body)
    stage.cases["allowance"] = case["number"]
    stage.voice.sees(f"办事编号 {case['number']}")
    again = app.write("/cases", key=key, **body)
    stage.voice.holds("网络不好又点了一次: 还是同一件", again["number"] == case["number"])
    second = app.write("/cases", key=fresh_key(), **body)
    stage.voice.holds(
        "另起一件被拒绝, 并告知在办的编号",
        second.status == 409 and second.get("number") == case["number"],
        second.body,
    )
    stage.ding(ELDER, case["number"], "已提交")


def _submit(stage: Stage, app: MiniProgram, form: Answer, **body: Any) -> Answer:
    return app.write("/cases", key=fresh_key(), materials=_papers(stage, app, form), **body)


def _papers(stage: Stage, app: MiniProgram, form: Answer) -> dict[str, Any]:
    """See to the materials: what can be photographed is uploaded, and waits for the search."""
    wanted = forms.asked(form.body)
    spared = len(form["materials"]) - len(wanted)
    stage.voice.sees(f"材料 {len(form['materials'])} 项, 其中 {spared} 项不用本人交")
    if not any(way["by"] == "upload" for one in wanted for way in one["choices"]):
        return forms.choices(form.body)
    file = app.hand_in(forms.a_photo())
    stage.voice.holds("拍照上传", file.status == 201, file.body)

    def clean() -> bool:
        return bool(app.read(f"/files/{file['uid']}")["state"] == "clean")

    stage.voice.waits("查毒通过", clean)
    return forms.choices(form.body, photo=file["uid"])


def _clear(stage: Stage, app: MiniProgram, item: str) -> None:
    """Withdraw what an earlier telling left open, so that the story may be told twice."""
    for row in app.read("/cases", status="open", limit=100)["results"]:
        if row["item"] == item:
            app.write(f"/cases/{row['number']}/withdraw", reason="重讲故事")


def _conflict(stage: Stage, app: MiniProgram, answers: dict[str, Any]) -> None:
    other = stage.phone_of(ELDER)
    uid = forms.fresh_uid()
    saved = app.call("PUT", f"/drafts/{uid}", item=ALLOWANCE, answers=answers, revision=0)
    stage.voice.holds("填到一半自动保存草稿", saved.status in (200, 201), saved.body)
    mine = {**answers, "home_visit": True}
    revision = saved["revision"]
    ours = other.call("PUT", f"/drafts/{uid}", item=ALLOWANCE, answers=mine, revision=revision)
    stage.voice.holds("女儿用另一台手机改了同一份草稿", ours.status == 200, ours.body)
    late = app.call("PUT", f"/drafts/{uid}", item=ALLOWANCE, answers=answers, revision=revision)
    stage.voice.holds("两台设备冲突: 提示并保留两边, 不覆盖", late.status == 409, late.body)
    app.write(f"/drafts/{uid}/discard")


def _subscribe(stage: Stage, app: MiniProgram, who: str, templates: Answer) -> None:
    ids = forms.template_ids(templates.body)
    stage.voice.holds("提交前请她允许通知", bool(ids), templates.body)
    for _ in range(8):  # each tap on 允许 earns one message
        for template in ids:
            stage.pockets.subscribe(who, template)
        app.write("/subscriptions", results=dict.fromkeys(ids, "accept"))


def mends(stage: Stage) -> None:
    """一次性告知: asked once for all that is missing, answered line by line on the phone."""
    stage.voice.act("三、社区一次告知要补什么, 她在手机上补")
    number = stage.cases["allowance"]
    worker, app = stage.tablet_of("shiti-worker"), stage.phone_of(ELDER)
    things = worker.read(f"/cases/{number}/defect-catalogue")
    stage.voice.holds("平板列出能要求补的内容和惯用说法", things.status == 200, things.body)
    step, *_ = things["steps"]
    lines = [_defect(one) for one in things["things"] if one["on"] == "field"][:2]
    told = worker.verb(number, f"steps/{step}/request-supplement", defects=lines)
    stage.voice.holds("一次告知两项, 每项写明怎么补", told.status == 200, told.body)
    stage.ding(ELDER, number, "待补正")
    notice = app.read(f"/cases/{number}/supplement")
    for line in notice["lines"]:
        stage.voice.sees(
            f"{line['seq']}. {line['label']}: {line['reason_label']}。{line['remedy']}"
        )
    stage.voice.sees(f"最迟 {notice['due_on']}, 时限从现在起停表")
    _mend(stage, app, number, notice)


def _defect(thing: dict[str, Any]) -> dict[str, Any]:
    reason = thing["reasons"][0]
    remedy = reason["remedy"] or "请核对后重新填写"
    return {"on": thing["on"], "key": thing["key"], "reason": reason["reason"], "remedy": remedy}


def _mend(stage: Stage, app: MiniProgram, number: str, notice: Answer) -> None:
    first, second = (str(line["seq"]) for line in notice["lines"])
    half = app.write(
        f"/cases/{number}/supplement",
        replies={first: "已核对, 填的没有错"},
        revision=notice["revision"],
    )
    stage.voice.holds("先补一项, 还剩一项", half.status == 200 and half["left"] == 1, half.body)
    late = app.write(
        f"/cases/{number}/supplement",
        replies={first: "另一台手机上的旧页面"},
        revision=notice["revision"],
    )
    stage.voice.holds("旧页面不能覆盖刚补的内容(409)", late.status == 409, late.body)
    whole = app.write(f"/cases/{number}/supplement", replies={second: "已核对"}, revision=1)
    stage.voice.holds("补齐, 办件接着办", whole.status == 200 and whole["left"] == 0, whole.body)


def is_handled(stage: Stage) -> None:
    """社区受理、乡镇初审、县级决定、发放办结, each step seen from both sides."""
    stage.voice.act("四、社区受理, 镇里初审, 县里决定")
    number = stage.cases["allowance"]
    app = stage.phone_of(ELDER)
    worker = stage.tablet_of("shiti-worker")
    todo = worker.read("/worklist", limit=100)
    row = _row(stage, todo, number, "石梯社区的待办里有这一件")
    stage.voice.sees(f"{row['item']} · {row['step']} · {row['light']} · 申请人 {row['applicant']}")
    stage.voice.holds("列表里姓名脱敏", stage.name(ELDER) not in str(todo.body), row["applicant"])
    step = forms.step_key(row)
    claim = worker.verb(number, f"steps/{step}/claim")
    stage.voice.holds("社区工作者认领", claim.status == 200, claim.body)
    early = stage.tablet_of("yanjiang-zhen-review").verb(number, "accept")
    stage.voice.holds("镇上看得见, 但不是其职责", early.status == 403, early.body)
    stranger = stage.tablet_of("baohechang-worker").read(f"/cases/{number}")
    stage.voice.holds("别的村看不见(404)", stranger.status == 404, stranger.body)
    accepted = worker.verb(number, "accept", opinion="材料齐全")
    stage.voice.holds("受理, 承诺时限开始", accepted.status == 200, accepted.body)
    stage.ding(ELDER, number, "已受理")
    seen = app.read(f"/cases/{number}")
    stage.voice.sees(seen["headline"] + "\n" + "\n".join(seen["clock"]))
    reviewer = stage.tablet_of("yanjiang-zhen-review")
    passed = _pass(stage, reviewer, number, "雁江镇初审通过")
    late = reviewer.verb(number, f"steps/{passed}/pass", opinion="重复点击")
    stage.voice.holds("手快又点一次: 409, 告诉现状与谁办的", late.status == 409, late.body)
    stage.voice.sees(f"{late['title']}(现状: {late['status_label']}, {late['changed_by']})")
    _race(stage, number)
    stage.ding(ELDER, number, "准予")
    _ends(stage, app, number)
    stage.ding(ELDER, number, "已办结")


def _row(stage: Stage, page: Answer, number: str, claim: str) -> dict[str, Any]:
    rows = [row for row in page["results"] if row["number"] == number]
    stage.voice.holds(claim, rows, page.status)
    return dict(rows[0])


def _pass(stage: Stage, tablet: Tablet, number: str, claim: str) -> str:
    row = _row(stage, tablet.read("/worklist", limit=100, q=number), number, f"{claim}: 在待办里")
    step = forms.step_key(row)
    answer = tablet.verb(number, f"steps/{step}/pass", opinion="情况属实")
    stage.voice.holds(claim, answer.status == 200, answer.body)
    return step


def _race(stage: Stage, number: str) -> None:
    tablets = [stage.tablet_of("yanjiang-mz"), stage.tablet_of("yanjiang-mz-2")]
    with ThreadPoolExecutor(2) as pool:
        both = list(
            pool.map(
                lambda tablet: tablet.verb(
                    number, "decide", outcome="granted", reason="符合高龄津贴条件"
                ),
                tablets,
            )
        )
    stage.voice.holds(
        "民政局两人同时决定: 恰好一人成功, 另一人得到 409",
        sorted(one.status for one in both) == [200, 409],
        [one.body for one in both],
    )


def _ends(stage: Stage, app: MiniProgram, number: str) -> None:
    def concluded() -> bool:
        return bool(app.read(f"/cases/{number}")["status"] == "concluded")

    stage.voice.waits("系统纳入发放并办结", concluded)
    page = app.read(f"/cases/{number}")
    for line in page["timeline"]:
        stage.voice.sees(f"{line['at'][:16]}  {line['text']}")
    inbox = app.read("/inbox", limit=50)
    told = [row for row in inbox["results"] if row.get("case_number") == number]
    stage.voice.holds("收件箱里每一步都有一条, 一条不少不多", len(told) == 7, [*map(str, told)])


def instant(stage: Stage) -> None:
    """即办件: one act at the desk."""
    stage.voice.act("五、赵德明办老年人优待证: 即办, 一次办完")
    app = stage.phone_of(NEIGHBOUR)
    _clear(stage, app, SENIOR_CARD)
    form = app.read(f"/items/{SENIOR_CARD}/form")
    answers = forms.complete(form.body, stage.people[NEIGHBOUR])
    case = _submit(stage, app, form, item=SENIOR_CARD, answers=answers)
    stage.voice.holds("提交", case.status == 201, case.body)
    done = stage.tablet_of("qianjin-worker").verb(case["number"], "finish", opinion="当场制证")
    stage.voice.holds("前进村便民服务站一步办结", done.status == 200, done.body)
    page = app.read(f"/cases/{case['number']}")
    stage.voice.holds("居民看到已办结", page["status"] == "concluded", page.body)


def parallel(stage: Stage) -> None:
    """三个部门并行, 会合之后公示停表."""
    stage.voice.act("六、王芳申请公租房: 三个部门并行核查")
    app = stage.phone_of(DAUGHTER)
    _clear(stage, app, HOUSING)
    form = app.read(f"/items/{HOUSING}/form")
    answers = forms.complete(form.body, stage.people[DAUGHTER])
    case = _submit(stage, app, form, item=HOUSING, answers=answers)
    stage.voice.holds("提交", case.status == 201, case.body)
    number = case["number"]
    taken = stage.tablet_of("lianhua-window").verb(number, "accept", opinion="材料齐全")
    stage.voice.holds("莲花街道窗口受理", taken.status == 200, taken.body)
    _pass(stage, stage.tablet_of("lianhua-review"), number, "街道初审通过")
    now = app.read(f"/cases/{number}")["now"]
    stage.voice.holds("三个部门同时在办", len(now) == 3, now)
    stage.voice.sees("\n".join(f"{one['department']}: {one['step']}" for one in now))
    for name in ("yanjiang-mz", "yanjiang-zj", "yanjiang-ga"):
        _pass(stage, stage.tablet_of(name), number, f"{name} 核查通过")
    page = app.read(f"/cases/{number}")
    stage.voice.holds(
        "三家都通过才进入公示, 公示期间停表(蓝灯)", page["light"] == "blue", page.body
    )
    stage.voice.sees(page["headline"])


def declined(stage: Stage) -> None:
    """不予受理 wants a reason and a remedy."""
    stage.voice.act("七、不予受理也要说清为什么、怎么办")
    app = stage.phone_of(DAUGHTER)
    _clear(stage, app, JOBLESS)
    form = app.read(f"/items/{JOBLESS}/form")
    answers = forms.complete(form.body, stage.people[DAUGHTER])
    case = _submit(stage, app, form, item=JOBLESS, answers=answers)
    stage.voice.holds("王芳提交失业登记", case.status == 201, case.body)
    window = stage.tablet_of("lianhua-window")
    mute = window.verb(case["number"], "decline", reason="")
    stage.voice.holds("不写理由不能退", mute.status in (400, 422), mute.body)
    said = window.verb(case["number"], "decline", reason="仍在原单位参保, 暂不属于失业")
    stage.voice.holds("写明理由, 不予受理", said.status == 200, said.body)
    page = app.read(f"/cases/{case['number']}")
    stage.voice.holds("居民看到理由和复议、诉讼途径", "复议" in page["remedy"], page.body)
    stage.voice.sees(f"{page['reason']}\n{page['remedy']}")


def papers(stage: Stage) -> None:
    """文书: receipts, notices and the decision as PDF, and what a change to one comes to."""
    stage.voice.act("八、每一步都有书面凭证, 谁都能验真")
    number, app = stage.cases["allowance"], stage.phone_of(ELDER)

    def ready() -> list[dict[str, Any]]:
        rows = app.read(f"/cases/{number}/papers")["results"]
        return rows if len(rows) >= 4 and all(row["ready"] for row in rows) else []

    rows = stage.voice.waits("凭证、补正告知、受理通知、决定书都已生成", ready)
    for row in rows if isinstance(rows, list) else []:
        stage.voice.sees(f"{row['title']} · {row['number']} · {row['office']}")
    uid = app.read(f"/cases/{number}/papers")["results"][0]["uid"]
    link = app.write(f"/cases/{number}/papers/{uid}/link")
    file = app.open_link(link["url"])
    stage.voice.holds("一分钟内有效的链接打开 PDF", file.startswith(b"%PDF"), link.body)
    said = app.check_paper(file)
    stage.voice.holds("拿着文件的人验真: 是真的", said["result"] == "genuine", said.body)
    middle = len(file) // 2
    forged = file[:middle] + bytes([file[middle] ^ 1]) + file[middle + 1 :]
    said = app.check_paper(forged)
    stage.voice.holds("改动一个字节就验不过", said["result"] != "genuine", said.body)
    stage.voice.sees(said["why"])


def looked_up(stage: Stage) -> None:
    """自助查询: without login, by number and last four; three errors lock."""
    stage.voice.act("九、没有手机也能查: 办事编号加证件后四位")
    number = stage.cases["allowance"]
    kiosk = MiniProgram(stage.web, ELDER)
    last4 = stage.people[ELDER]["id_number"][-4:]
    found = kiosk.write("/lookup", number=number, last4=last4)
    stage.voice.holds("查到进度, 没有个人信息", found.status == 200, found.body)
    stage.voice.holds("结果里没有姓名", stage.name(ELDER) not in str(found.body))
    slip = number[:-1] + str((int(number[-1]) + 1) % 10)
    typo = kiosk.write("/lookup", number=slip, last4=last4)
    stage.voice.holds("输错一位, 校验位立刻指出", typo.status == 422, typo.body)
    wrong = [kiosk.write("/lookup", number=number, last4="0000") for _ in range(3)]
    stage.voice.holds("后四位不对一律说查不到", wrong[0].status in (403, 404, 422), wrong[0].body)
    locked = kiosk.write("/lookup", number=number, last4=last4)
    stage.voice.holds("错三次锁定, 对了也要等", locked.status != 200, locked.body)


def refused(stage: Stage) -> None:
    """Bad input is told field by field, and nothing breaks."""
    stage.voice.act("十、填错了, 一次说全")
    app = stage.phone_of(ELDER)
    answers = {"phone": "12345", "division_code": "不存在", "多出来的": 1}
    wrong = app.write("/cases", key=fresh_key(), item=ALLOWANCE, answers=answers)
    stage.voice.holds("全部错误一次列出, 各在其栏", wrong.status == 422, wrong.body)
    for name, sentence in list(wrong["fields"].items())[:4]:
        stage.voice.sees(f"{name}: {sentence}")
    stranger = MiniProgram(stage.web, ELDER).read("/cases")
    stage.voice.holds("没有登录什么也看不到", stranger.status == 401, stranger.body)


ALL: tuple[Callable[[Stage], None], ...] = (
    comes_in,
    applies,
    mends,
    is_handled,
    instant,
    parallel,
    declined,
    papers,
    looked_up,
    refused,
)
