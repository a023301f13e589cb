"""What notices about the clock say (时限的告知): standing still, going on, more days, an end."""

from notifications.kind import IN_WRITING, Kind

CLOCKS = (
    Kind(
        key="case.suspended",
        title="进入特别程序, 暂停计时",
        group="case",
        template="A",
        status="特别程序中",
        statutory=True,
        sentences=(
            "您申请的「{item}」需要{reason}, 办事编号尾号 {tail}。",
            "预计需要 {expected_days} 天, 这段时间不计入办理时限。",
            "{advice}。",
            IN_WRITING,
            "完成后会通知您, 并告诉您新的办结日期; 超过预计时间的, 会向您说明。",
        ),
        notes=("{reason}约{expected_days}天, 暂停计时", "进入特别程序, 暂停计时"),
        plain=("要做{reason}, 大约 {expected_days} 天。这几天不算时间。",),
    ),
    Kind(
        key="case.resumed",
        title="恢复计时, 继续办理",
        group="case",
        template="A",
        sentences=(
            "您申请的「{item}」的特别程序已经完成, 接着往下办, 办事编号尾号 {tail}。",
            "一共停了 {stood_days} 天。",
            "现在最迟 {due_on} 办结。",
            "{advice}。",
            "您现在不用做什么, 有结果会通知您。",
        ),
        notes=("继续办理, 最迟{due_md}办结", "特别程序完成, 继续办理"),
        plain=("接着办了。最迟 {due_on} 有结果。", "接着办了。有结果会通知您。"),
    ),
    Kind(
        key="case.extended",
        title="办理期限延长",
        group="case",
        template="A",
        status="已延期",
        sms="办理期限延长, 最迟{due_md}",
        needs_sms=True,
        statutory=True,
        sentences=(
            "您申请的「{item}」经负责人批准延长 {more_days} 天, 办事编号尾号 {tail}。",
            "理由: {reason}。",
            "现在最迟 {due_on} 办结。",
            IN_WRITING,
            "您不用另外做什么; 对延期有疑问的, 可以联系承办部门。",
        ),
        notes=("延长{more_days}天, 最迟{due_md}办结", "办理期限延长, 请看理由"),
        plain=("要多等 {more_days} 天。最迟 {due_on} 有结果。",),
    ),
    Kind(
        key="case.terminated",
        title="办理已终止",
        group="case",
        template="A",
        status="已终止",
        sms="办理已终止",
        needs_sms=True,
        statutory=True,
        sentences=(
            "「{item}」的办理已经终止, 办事编号尾号 {tail}。",
            "原因: {reason}。",
            "{remedy}",
            "需要帮忙的, 可以到社区便民服务站, 由工作人员说明和代办。",
        ),
        notes=("办理已终止, 请看原因和怎么办",),
        plain=("这件事不再办了。请点开看原因。",),
    ),
    Kind(
        key="case.calendar_changed",
        title="放假安排公布, 办结日期有变",
        group="case",
        sentences=(
            "国务院公布了放假安排, 您申请的「{item}」现在最迟 {due_on} 办结, 办事编号尾号 {tail}。",
            "只会提前, 不会比原来答应您的晚; 您不用做什么。",
        ),
        plain=("办结日期提前了, 最迟 {due_on}。",),
    ),
    Kind(
        key="staff.case_light",
        title="办件全件临期提醒",
        group="staff",
        sentences=(
            "「{item}」(办事编号尾号 {tail}) 全件{light_text}。",
            "承诺办结日: {due_on}。",
            "超期不能删除, 只能说明; 请在工作台里查看各环节并尽快办结。",
        ),
        plain=("全件{light_text}, 请尽快办结。",),
    ),
    Kind(
        key="staff.extension_asked",
        title="延期申请待批准",
        group="staff",
        sentences=(
            "「{item}」(办事编号尾号 {tail}) 的「{step_name}」申请延期 {more_days} 天, 等您批准。",
            "批准后理由会告知申请人。",
            "请在承诺办结日以前批准或不批准, 过期不能再延。",
        ),
        plain=("申请延期 {more_days} 天, 请批复。",),
    ),
    Kind(
        key="staff.unanswered",
        title="收件五个工作日未答复",
        group="staff",
        sentences=(
            "「{item}」(办事编号尾号 {tail}) 收件后五个工作日没有答复申请人, 停在「{step_name}」。",
            "{told}。",
            "请在工作台里查看并督促办理。",
        ),
        plain=("五个工作日没有答复, {told}。",),
    ),
    Kind(
        key="staff.overlong",
        title="特别程序超过预计时间",
        group="staff",
        sentences=(
            "「{item}」(办事编号尾号 {tail}) 的「{step_name}」因{why}停表已 {stood_days} 天, "
            "超过告知申请人的 {expected_days} 天。",
            "请尽快恢复计时, 或向申请人说明原因。",
        ),
        plain=("停表超过预计, 请恢复计时或说明原因。",),
    ),
)
