@echo off
chcp 65001 >nul
set PYTHONUTF8=1
where py >nul 2>nul
if errorlevel 1 goto plain
set /p V=<"%~dp0python-version.txt"
py -%V% "%~dp0start.py" %*
goto end
:plain
where python >nul 2>nul
if errorlevel 1 goto none
python "%~dp0start.py" %*
goto end
:none
echo Python is not installed / 未安装 Python
type "%~dp0python-version.txt"
:end
pause
