"""Measure the house: who imports whom, on which floors, and how large things are. `python tools/house.py` prints it.

The rules stand in docs/design/0008-rooms.md; tests/test_house.py holds the package to them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent / "matcher"
#: rooms from the ground up; rooms of one row do not know each other
FLOORS = [
    {"words", "_version"}, {"base"}, {"geo", "executors"}, {"tables", "programs"}, {"model", "stable"},
    {"facts", "market"}, {"policy"}, {"problem"}, {"proof"}, {"outcome", "methods"}, {"show"}, {"files"}, {"advised"},
    {"plan"}, {"solver", "checking", "programmes"}, {"renewal", "online"}, {"advice"}, {"study"}, {"service"},
    {"cli"}, {"__init__", "__main__"},
]  # fmt: skip
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
#: the market is a library of its own: it knows nothing of counties and schools
MARKET_WING, MARKET_MAY_USE = {"programs", "executors", "stable", "market"}, {"words", "base", "geo"}
#: who judges or shows a plan cannot reach what made it
JUDGES, MAKERS = {"proof", "outcome", "show", "files", "advised", "plan", "checking"}, {"methods", "solver", "programs"}
#: the doors that open upward: users hold on to `Instance.from_frames`, and ask a plan itself for advice
DOORS = {("model", "files"), ("advised", "advice")}
#: packages that take long to load, and so are imported where they are used
HEAVY = {
    "pandas",
    "scipy",
    "ortools",
    "matplotlib",
    "openpyxl",
    "python_calamine",
    "pyproj",
    "IPython",
    "numba",
    "bokeh",
}


class Import(NamedTuple):
    """One name that a file imports; `to` is a room of ours, or a package of others."""

    path: str
    line: int
    module: str
    name: str
    typed: bool
    inside: bool

    @property
    def room(self) -> str:
        """The room that imports."""
        return self.path.split("/")[0].removesuffix(".py")

    @property
    def is_ours(self) -> bool:
        """Whether the name is of this package."""
        return self.module.split(".")[0] == "matcher"

    @property
    def to(self) -> str:
        """The room imported from."""
        return (f"{self.module}.{self.name}".split(".")[1:2] or ["__init__"])[0]

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.name} from {self.module}"


def sources(package: Path = PACKAGE) -> dict[str, ast.Module]:
    """Return the syntax tree of every file, by its path in the package."""
    return {
        path.relative_to(package).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(package.rglob("*.py"))
    }


def imports(trees: dict[str, ast.Module]) -> Iterator[Import]:
    """Yield every name that is imported."""
    for path, tree in trees.items():
        yield from _imports(path, tree, typed=False, inside=False)


def _imports(path: str, block: ast.AST, typed: bool, inside: bool) -> Iterator[Import]:
    """Yield the names imported in a block: whether for types alone, and whether in a function."""
    for node in ast.iter_child_nodes(block):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(path, node.lineno, node.module or "", alias.name, typed, inside)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                module, _, name = alias.name.rpartition(".")
                yield Import(path, node.lineno, module or name, name, typed, inside)
        elif not isinstance(node, ast.expr):  # no expression holds an import
            for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            yield from _imports(path, node, typed or for_types, inside or isinstance(node, ast.FunctionDef))


def upward(found: list[Import]) -> list[Import]:
    """Return the imports that point up, across the wings, or from who judges to who makes; types may name the plan."""
    return [
        each
        for each in found
        if each.is_ours
        and each.to in FLOOR
        and each.to != each.room
        and (each.room, each.to) not in DOORS
        and not (each.typed and each.name == "Plan")
        and (
            FLOOR[each.to] >= FLOOR[each.room]
            or (each.room in MARKET_WING and each.to not in MARKET_WING | MARKET_MAY_USE)
            or (each.room in JUDGES and each.to in MAKERS)
        )
    ]


def inside_functions(found: list[Import]) -> list[Import]:
    """Return our own imports inside functions, but for the door and the commands."""
    return [
        each
        for each in found
        if each.is_ours and each.inside and each.room != "cli" and (each.room, each.to) not in DOORS
    ]


def heavy_at_top(found: list[Import]) -> list[Import]:
    """Return the heavy packages of others that a file loads when it is imported."""
    return [each for each in found if each.module.split(".")[0] in HEAVY and not each.inside and not each.typed]


def circles(trees: dict[str, ast.Module], found: list[Import]) -> list[list[str]]:
    """Return the sets of files that need each other at run time, largest first; the door does not count."""
    names = {f"matcher.{path[:-3].replace('/', '.')}".removesuffix(".__init__"): path for path in trees}
    needs: dict[str, set[str]] = {path: set() for path in trees}
    for each in found:
        if each.is_ours and not each.typed and (each.room, each.to) not in DOORS:
            full = f"{each.module}.{each.name}"
            to = names.get(full, names.get(each.module))
            if to is not None and to != "__init__.py":
                needs[each.path].add(to)
    return sorted((sorted(part) for part in _components(needs) if len(part) > 1), key=len, reverse=True)


def _components(needs: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected components (R. Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for to in sorted(needs[node]):
            if to not in index:
                visit(to)
                low[node] = min(low[node], low[to])
            elif to in stack:
                low[node] = min(low[node], index[to])
        if low[node] == index[node]:
            part = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            found.append(part)

    for node in needs:
        if node not in index:
            visit(node)
    return found


def repeated_classes(trees: dict[str, ast.Module]) -> dict[str, list[str]]:
    """Return the class names that stand for two classes, with the files that have them."""
    homes: dict[str, list[str]] = {}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(path)
    return {name: paths for name, paths in sorted(homes.items()) if len(paths) > 1}


def module_lines(package: Path = PACKAGE) -> dict[str, int]:
    """Return the number of lines of every file."""
    paths = sorted(package.rglob("*.py"))
    return {path.relative_to(package).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}


def function_lines(trees: dict[str, ast.Module]) -> dict[str, int]:
    """Return the number of lines of every function without its docstring."""
    found = {}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body
                found[f"{path}:{node.name}:{node.lineno}"] = (node.end_lineno or 0) - body[0].lineno + 2
    return found


def assemblies(trees: dict[str, ast.Module]) -> list[str]:
    """Return the functions that put levels of a plan or matching together: those that call `Level` or `Level.of`."""
    found = set()
    for path, tree in trees.items():
        for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Level", "Level.of"):
                    found.add(f"{path}:{function.name}")
    return sorted(found)


def main() -> None:
    """Print the figures."""
    trees = sources()
    found = list(imports(trees))
    ours = [each for each in found if each.is_ours and each.to in FLOOR]
    arrows = {(each.room, each.to) for each in ours if each.to != each.room and not each.typed}
    rooms = {path.split("/")[0].removesuffix(".py") for path in trees}
    lines, functions = module_lines(), function_lines(trees)
    public = ast.literal_eval(
        next(
            node.value
            for node in trees["__init__.py"].body
            if isinstance(node, ast.AnnAssign | ast.Assign) and "_HOME" in ast.unparse(node).split("=")[0]
        )
    )
    print(f"circles of files at run time       {len(circles(trees, found))}")
    print(f"imports upward                     {len(upward(found))}")
    print(f"own imports inside functions       {len(inside_functions(found))} besides cli.py and the one door")
    print(f"heavy packages at the top of files {len(heavy_at_top(found))}")
    typed = [each for each in found if each.typed and not each.path.endswith("__init__.py")]
    faces = sum(each.typed for each in found) - len(typed)
    print(f"TYPE_CHECKING imports              {len(typed)}, and {faces} names that packages load when asked for")
    print(f"rooms, floors, arrows              {len(rooms)}, {len(FLOORS)}, {len(arrows)}")
    print(f"public names at the top            {len(public) + 1}")
    print(f"places that assemble levels        {len(assemblies(trees))}: {', '.join(assemblies(trees))}")
    print(f"class names that name two classes  {len(repeated_classes(trees))}: {', '.join(repeated_classes(trees))}")
    print(f"files, lines                       {len(lines)}, {sum(lines.values())}")
    print(f"median, largest file               {median(lines.values()):.0f}, {max(lines.values())}")
    print(f"median, largest function           {median(functions.values()):.0f}, {max(functions.values())}")


if __name__ == "__main__":
    main()
