#!/bin/sh
# Double-click, or give it workbooks to plan.
here=$(dirname "$(readlink -f "$0")")
python=python$(cat "$here/python-version.txt")
command -v "$python" >/dev/null || python=python3
exec "$python" "$here/start.py" "$@"
