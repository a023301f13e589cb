"""What staff are told of admission, exit and refused work (准入、退出、拒办)."""

from notifications.kind import Kind

PROCEDURES = (
    Kind(
        key="staff.procedure_waits",
        title="准入退出待办",
        group="staff",
        sentences=(
            "{subject}到了{stage}阶段, 等您办理。",
            "最后一日: {due_on}。",
            "请在工作台的“事项准入与退出”里办理。",
        ),
        plain=("有一件准入退出申请等您办理。",),
    ),
    Kind(
        key="staff.procedure_overdue",
        title="准入退出超期",
        group="staff",
        sentences=(
            "{subject}的{stage}已经超过最后一日 {due_on}。",
            "请尽快办理, 并说明超期的原因。",
        ),
        plain=("准入退出申请超期了, 请尽快办理。",),
    ),
    Kind(
        key="staff.procedure_answered",
        title="准入退出有答复",
        group="staff",
        sentences=(
            "{subject}: {answer}。",
            "意见: {reason}。",
            "请在工作台里查看下一步。",
        ),
        plain=("准入退出申请有答复了。",),
    ),
    Kind(
        key="staff.work_refused",
        title="社区拒办未准入事项",
        group="staff",
        sentences=(
            "{place}拒办了{asked_by}交办的未准入工作。",
            "请核实: 应当准入的, 通知该单位申请; 不应准入的, 通知其停止交办。",
        ),
        plain=("有社区拒办未准入的工作, 请核实。",),
    ),
)
