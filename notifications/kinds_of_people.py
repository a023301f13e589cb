"""What notices say about whose hands a case is in (移送、回避、交接)."""

from notifications.kind import Kind

PEOPLE = (
    Kind(
        key="case.transferred",
        title="申请已移送",
        group="case",
        template="A",
        sentences=(
            "您申请的「{item}」归{to_place}办理, 已经移送过去, 办事编号尾号 {tail}。",
            "原因: {why}。",
            "最迟办结的日期不变。",
            "您不用重新提交, 也不用跑路; 有结果会通知您。",
        ),
        notes=("已移送有权办理的部门, 不用重交",),
        plain=("申请转给该办的地方了。您不用做什么。",),
    ),
    Kind(
        key="staff.nobody_left",
        title="环节无人可办",
        group="staff",
        sentences=(
            "「{item}」(办事编号尾号 {tail}) 的「{step_name}」在{office}已没有人可以办理。",
            "请安排代岗, 或安排新的人员。",
        ),
        plain=("有环节没有人可办, 请安排代岗。",),
    ),
    Kind(
        key="staff.handed_over",
        title="交接给您的工作",
        group="staff",
        sentences=(
            "同事离岗, {count} 个环节交接给您, 已为您认领三十分钟。",
            "请在“我的待办”里接着办理。",
        ),
        plain=("有 {count} 个环节交接给您。",),
    ),
)
