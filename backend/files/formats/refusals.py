"""Why a file is refused (拒收原因), each with what its sender can do next."""

from backend.core.errors import Invalid


class TypeUnknown(Invalid):
    code = "file_type_unknown"
    title = "只接收 JPEG、PNG 图片和 PDF 文件, 请另存为其中一种后重新上传"


class HeicPicture(Invalid):
    code = "file_is_heic"
    title = (
        "这是 HEIC 照片, 暂不能接收: 请在微信里选图时不勾选「原图」, 或在手机「设置-相机-格式」"
        "选「兼容性最佳」后重拍, 得到 JPEG 再上传"
    )


class NotAsDeclared(Invalid):
    code = "file_not_as_declared"
    title = "文件内容与它的扩展名不符, 请用原来的应用另存为 JPEG、PNG 或 PDF 后重新上传"


class TooManyBytes(Invalid):
    code, title = "file_too_large", "文件过大, 请压缩图片或分成几份后上传"


class PictureTooLarge(Invalid):
    code, title = "picture_too_large", "图片像素过大, 请缩小尺寸或重新拍照 (不用高像素模式) 后上传"


class PictureMoves(Invalid):
    code, title = "picture_moves", "不接收动图, 请截取其中一张静止图片上传"


class Damaged(Invalid):
    code, title = "file_damaged", "文件不完整或已损坏, 请重新拍照、扫描或导出后上传"


class TooHeavy(Invalid):
    code, title = "file_too_heavy", "文件展开后过大, 无法检查, 请重新扫描或导出为普通 PDF 后上传"


class PdfScript(Invalid):
    code, title = "pdf_has_script", "PDF 中含有脚本或自动动作, 请用「打印为 PDF」另存后上传"


class PdfLaunch(Invalid):
    code, title = "pdf_launches", "PDF 会启动其他程序, 不能接收, 请用「打印为 PDF」另存后上传"


class PdfAttachment(Invalid):
    code, title = "pdf_has_attachment", "PDF 中夹带了其他文件, 请去掉附件, 或把附件单独上传"


class PdfForm(Invalid):
    code, title = "pdf_has_xfa", "PDF 是动态表单 (XFA), 请填好后用「打印为 PDF」另存再上传"


class PdfMedia(Invalid):
    code, title = "pdf_has_media", "PDF 中含有音视频或三维内容, 请用「打印为 PDF」另存后上传"


class PdfLocked(Invalid):
    code, title = "pdf_locked", "PDF 已加密, 请去掉密码和权限限制后上传"


class PdfTooLong(Invalid):
    code, title = "pdf_too_long", "PDF 页数过多, 请只上传需要的页, 或分成几份上传"


class PdfReachesOut(Invalid):
    code, title = (
        "pdf_reaches_out",
        "PDF 引用了外部文件或网址来取内容, 请用「打印为 PDF」另存后上传",
    )


BY_CODE: dict[str, type[Invalid]] = {kind.code: kind for kind in (
    TypeUnknown, HeicPicture, NotAsDeclared, TooManyBytes, PictureTooLarge, PictureMoves, Damaged,
    TooHeavy, PdfScript, PdfLaunch, PdfAttachment, PdfForm, PdfMedia, PdfLocked, PdfTooLong,
    PdfReachesOut,
)}  # fmt: skip
