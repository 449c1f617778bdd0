"""What the parsers of arguments, TOML, JSON, CSV and XML say in English, in Chinese."""

from __future__ import annotations

import re
from typing import Final

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("cli.help.help", "show this help and exit", "显示本帮助"),
    ("cli.help.version", "show the version and exit", "显示版本"),
    ("cli.usage", "usage: ", "用法："),
    ("cli.positional", "positional arguments", "位置参数"),
    ("cli.options", "options", "选项"),
)

#: what a parser says -> the same in Chinese; `\1` and so on are what it names
_SAID: Final[tuple[tuple[str, str], ...]] = (
    # arguments of the command line
    (r"the following arguments are required: (.*)", r"缺少参数：\1"),
    (r"unrecognized arguments: (.*)", r"无法识别的参数：\1"),
    (r"argument (.*?): invalid choice: (.*) \(choose from (.*)\)", r"参数 \1 的值 \2 不在可选值之列（\3）"),
    (r"argument (.*?): invalid (?:int|float) value: (.*)", r"参数 \1 的值 \2 不是数字"),
    (r"argument (.*?): expected one argument", r"参数 \1 缺少取值"),
    (r"argument (.*?): expected at least one argument", r"参数 \1 至少需要一个取值"),
    (r"argument (.*?): expected (\d+) arguments?", r"参数 \1 需要 \2 个取值"),
    (r"argument (.*?): ignored explicit argument (.*)", r"参数 \1 不接受取值 \2"),
    (r"argument (.*?): not allowed with argument (.*)", r"参数 \1 不能与 \2 同时使用"),
    (r"ambiguous option: (.*) could match (.*)", r"参数 \1 不明确，可能是 \2"),
    # TOML
    (r"(.*) \(at line (\d+), column (\d+)\)", r"第 \2 行第 \3 列：\1"),
    (r"(.*) \(at end of document\)", r"文件末尾：\1"),
    (r"Expected '=' after a key in a key/value pair", "键名后应为“=”"),
    (r"Expected newline or end of document after a statement", "一条语句之后应换行"),
    (r"Invalid statement", "语句无效"),
    (r"Invalid value", "值无效"),
    (r"Invalid initial character for a key part", "键名的首字符无效"),
    (r"Cannot overwrite a value", "同一键重复赋值"),
    (r"Cannot declare (.*) twice", r"重复声明 \1"),
    (r"Cannot (?:mutate|redefine|namespace).*", "不能再次定义已有的内容"),
    (r"Duplicate inline table key (.*)", r"行内表中键 \1 重复"),
    (r"Unclosed (?:array|inline table)", "括号没有闭合"),
    (r"Unterminated string", "引号没有闭合"),
    (r"Expected ('[^']*') at the end of .*", r"缺少 \1"),
    (r"Expected (.*)", r"此处应为 \1"),
    (r"Illegal character (.*)", r"字符 \1 不允许出现"),
    (r"Found invalid character (.*)", r"字符 \1 不允许出现"),
    (r"Unescaped '\\' in a string|Invalid hex value", "转义写法有误"),
    # JSON
    (r"(.*): line (\d+) column (\d+) \(char \d+\)", r"第 \2 行第 \3 列：\1"),
    (r"Expecting value", "此处应有值"),
    (r"Expecting property name enclosed in double quotes", "此处应为双引号括起的名称"),
    (r"Expecting (.*) delimiter", r"此处应有分隔符 \1"),
    (r"Extra data", "结尾之后还有内容"),
    (r"Invalid control character at", "含有控制字符"),
    (r"Invalid \\(?:escape|uXXXX escape)(.*)", "转义写法有误"),
    (r"Unterminated string starting at", "引号没有闭合"),
    (r"not an object", "不是对象"),
    (r"Exceeds the limit .*", "数字位数过多"),
    (r"'utf-8' codec can't decode .*", "不是 UTF-8 文本"),
    # CSV, zip, XML and the system
    (r"unexpected end of data", "数据中断"),
    (r"'(.*)' expected after '(.*)'", r"“\2”之后应为“\1”"),
    (r"field larger than field limit \((\d+)\)", r"单元格超过 \1 个字符"),
    (r"line contains NUL", "含有空字符"),
    (r"the file is empty", "文件为空"),
    (r"File is not a zip file", "不是工作簿文件"),
    (r"Bad CRC-32 for file (.*)", r"其中的 \1 已损坏"),
    (r"(.*): line (\d+), column (\d+)", r"第 \2 行第 \3 列：\1"),
    (r"not well-formed \(invalid token\)|mismatched tag|no element found", "内容不完整或已损坏"),
    (r"unclosed token|syntax error", "内容不完整或已损坏"),
    (r"it declares entities", "含有实体声明"),
    (r"no workbook in it", "其中没有工作簿"),
    (r"no part (.*)", r"缺少部件 \1"),
    (r"No such file or directory", "文件不存在"),
    (r"Permission denied", "没有权限"),
    (r"Is a directory", "是文件夹"),
)  # fmt: skip
_PATTERNS: Final = tuple((re.compile(english, re.DOTALL), chinese) for english, chinese in _SAID)
#: parts of a reason within another
_DEEPEST: Final = 3


def in_chinese(reason: str, depth: int = _DEEPEST) -> str:
    """Return what a parser said, in Chinese where it is known."""
    for pattern, chinese in _PATTERNS:
        found = pattern.fullmatch(reason)
        if found is not None:
            said = found.expand(chinese)
            inner = found[1] if found.re.groups and chinese.endswith(r"：\1") and depth else None
            return said if inner is None else said.replace(inner, in_chinese(inner, depth - 1))
    return reason
